//! Pictures of scores: a mean with its interval, and a mean over months.

use std::fmt::Write as _;

use super::super::chart::escaped;
use super::score;

/// A mean on the line from 0 to 100 with the interval around it.
pub(super) fn interval(label: &str, mean: f64, ends: Option<(f64, f64)>) -> String {
    let at = |value: f64| value.clamp(0.0, 100.0);
    let mut svg = format!(
        "<svg class=\"interval\" viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"bar-ground\" y=\"5\" width=\"100\" height=\"2\"/>",
        escaped(label)
    );
    if let Some((low, high)) = ends {
        let (low, high) = (at(low), at(high));
        let _ = write!(
            svg,
            "<rect class=\"span\" x=\"{low:.1}\" y=\"3\" width=\"{:.1}\" height=\"6\"/>",
            (high - low).max(0.4)
        );
    }
    let _ =
        write!(svg, "<rect class=\"mean\" x=\"{:.1}\" width=\"1.2\" height=\"12\"/></svg>", at(mean) - 0.6);
    svg
}

/// A mean by month, the oldest first; a month without sheets is a gap.
pub(super) fn trend(label: &str, months: &[(String, Option<f64>)]) -> String {
    const WIDTH: f64 = 120.0;
    const HEIGHT: f64 = 30.0;
    let known: Vec<f64> = months.iter().filter_map(|(_, mean)| *mean).collect();
    let ends = known.iter().copied().reduce(f64::min).zip(known.iter().copied().reduce(f64::max));
    let Some((low, high)) = ends else { return String::new() };
    let (low, high) = ((low - 5.0).max(0.0), (high + 5.0).min(100.0));
    let step = (WIDTH - 8.0) / (months.len().max(2) - 1) as f64;
    let place = |n: usize, mean: f64| {
        let down = if high > low { (high - mean) / (high - low) } else { 0.5 };
        (4.0 + step * n as f64, 4.0 + down * (HEIGHT - 8.0))
    };
    let mut svg = format!(
        "<svg class=\"trend\" viewBox=\"0 0 120 30\" role=\"img\" aria-label=\"{}\">",
        escaped(label)
    );
    let mut path = String::new();
    let mut dots = String::new();
    let mut is_on = false;
    for (n, (month, mean)) in months.iter().enumerate() {
        let Some(mean) = mean else {
            is_on = false;
            continue;
        };
        let (x, y) = place(n, *mean);
        let _ = write!(path, "{}{x:.1} {y:.1}", if is_on { "L" } else { "M" });
        let _ = write!(
            dots,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.4\"><title>{}: {}</title></circle>",
            escaped(month),
            score(*mean)
        );
        is_on = true;
    }
    let _ = write!(svg, "<path d=\"{path}\"/>{dots}</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_stays_on_its_line_and_a_trend_has_gaps() {
        let svg = interval("<82>", 99.9, Some((80.0, 100.0)));
        assert!(
            svg.contains("x=\"80.0\"") && svg.contains("&#60;82&#62;") && !svg.contains("style"),
            "{svg}"
        );
        let months: Vec<(String, Option<f64>)> =
            [Some(80.0), None, Some(90.0), Some(85.0)].map(|mean| ("2026-03".into(), mean)).into();
        let svg = trend("x", &months);
        assert_eq!(svg.matches('M').count(), 2, "{svg}");
        assert_eq!(svg.matches("<circle").count(), 3);
        assert_eq!(trend("x", &[("2026-03".into(), None)]), "");
    }
}
