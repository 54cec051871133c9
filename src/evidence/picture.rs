//! A picture of a call: both lanes over time, holds, and where findings stand.

use std::fmt::Write as _;

use super::{Finding, Severity, Span};

/// Width of the time axis in px.
const WIDTH: f64 = 960.0;
/// Height of a lane in px.
const LANE: f64 = 26.0;
/// Rows of findings that are drawn below the lanes.
const ROWS: usize = 12;

/// Draws a call of `ms` as SVG: our lane, the customer's, and below them the findings that are
/// more than measured, gravest first. `lanes`: turns of ours, of the customer, holds.
pub fn svg(ms: u32, lanes: [&[Span]; 3], findings: &[Finding]) -> String {
    let scale = WIDTH / f64::from(ms.max(1));
    let mut graves: Vec<&Finding> =
        findings.iter().filter(|f| f.severity > Severity::Info && f.span.is_some()).collect();
    graves.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let rows = graves.len().min(ROWS);
    let height = 3.0 * LANE + 14.0 * rows as f64 + 24.0;
    // Writing to a string cannot fail.
    let mut out = String::new();
    let _ = write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="10"><rect width="100%" height="100%" fill="#fff"/>"##
    );
    let colours = ["#2f6fb0", "#5a9e4b", "#d9c27a"];
    for (row, (spans, colour)) in lanes.into_iter().zip(colours).enumerate() {
        let y = row as f64 * LANE + 2.0;
        for span in spans {
            let (x, width) = (f64::from(span.from) * scale, (f64::from(span.ms()) * scale).max(0.5));
            let _ = write!(
                out,
                r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{:.1}" fill="{colour}"/>"#,
                LANE - 6.0
            );
        }
    }
    for (row, finding) in graves.into_iter().take(rows).enumerate() {
        let Some(span) = finding.span else { continue };
        let y = 3.0 * LANE + 14.0 * row as f64 + 2.0;
        let (x, width) = (f64::from(span.from) * scale, (f64::from(span.ms()) * scale).max(2.0));
        let colour = match finding.severity {
            Severity::Critical | Severity::Fail => "#c0392b",
            Severity::Warn => "#e08e2b",
            _ => "#8a8f98",
        };
        let (anchor, at) = if x > WIDTH * 0.7 { ("end", x - 3.0) } else { ("start", x + width + 3.0) };
        let _ = write!(
            out,
            r##"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="11" fill="{colour}"/><text x="{at:.1}" y="{:.1}" text-anchor="{anchor}" fill="#222">{} {}</text>"##,
            y + 9.0,
            finding.detector.titles().0,
            finding.value
        );
    }
    let _ = write!(
        out,
        r##"<text x="2" y="{:.1}" fill="#555">0:00</text><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#555">{}:{:02}</text></svg>"##,
        height - 6.0,
        WIDTH - 2.0,
        height - 6.0,
        ms / 60_000,
        ms / 1_000 % 60
    );
    out
}
