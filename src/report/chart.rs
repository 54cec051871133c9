//! A figure drawn as bars, as SVG.

use super::{Counted, Kind};

/// Pixels of a bar's row, of the names left of it, of the longest bar, and of the numbers.
const ROW: usize = 24;
const NAMES: usize = 180;
const BARS: usize = 400;
const NUMBERS: usize = 120;
/// Lines that are drawn: more cannot be read.
const MOST: usize = 40;

/// The lines of a figure, or the figure itself where it is not split, as horizontal bars. What
/// cannot be said has no bar.
pub fn svg(figure: &Counted) -> String {
    let own = [(figure.title.as_str(), figure.value, figure.numerator, figure.denominator)];
    let lines: Vec<(&str, Option<f64>, u64, u64)> = match figure.groups.is_empty() {
        true => own.to_vec(),
        false => figure
            .groups
            .iter()
            .take(MOST)
            .map(|g| (g.name.as_str(), g.value, g.numerator, g.denominator))
            .collect(),
    };
    let largest = match figure.kind {
        Kind::Share => 100.0,
        _ => lines.iter().filter_map(|l| l.1).fold(0.0, f64::max),
    };
    let (width, height) = (NAMES + BARS + NUMBERS, ROW * (lines.len() + 2));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <text x=\"8\" y=\"{}\" font-weight=\"bold\">{}</text>\n",
        ROW - 6,
        escape(&figure.title)
    );
    for (place, (name, value, numerator, denominator)) in lines.iter().enumerate() {
        let top = ROW * (place + 1);
        let base = top + ROW - 8;
        let bar =
            value.filter(|_| largest > 0.0).map_or(0.0, |v| (v / largest).clamp(0.0, 1.0) * BARS as f64);
        let unit = if figure.kind == Kind::Share { " %" } else { "" };
        let said = match (value, figure.kind) {
            (None, _) => "—".to_owned(),
            (Some(value), Kind::Count) => format!("{value}"),
            (Some(value), _) => format!("{value}{unit} ({numerator}/{denominator})"),
        };
        out.push_str(&format!(
            "<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{NAMES}\" y=\"{}\" width=\"{bar:.1}\" height=\"{}\" fill=\"#4472c4\"/>\
             <text x=\"{:.1}\" y=\"{base}\">{said}</text>\n",
            NAMES - 8,
            escape(if name.is_empty() { "（无）" } else { name }),
            top + 3,
            ROW - 6,
            NAMES as f64 + bar + 6.0,
        ));
    }
    out.push_str("</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
