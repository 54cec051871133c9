//! Pictures of figures as SVG: colours by class, each part with its words, no style in it.

use std::fmt::Write as _;

use askama::filters::{Html, escape};

/// One part of a bar.
pub(super) struct Part {
    /// Class of its colour.
    pub class: &'static str,
    /// What it is, with its figure.
    pub label: String,
    pub count: i64,
}

/// A text for an attribute or element.
pub(super) fn escaped(text: &str) -> String {
    escape(text, Html).map_or_else(|_| String::new(), |safe| safe.to_string())
}

/// One bar of parts side by side, as wide as what holds it. `label` says what the whole is.
pub(super) fn stacked(label: &str, parts: &[Part]) -> String {
    const WIDTH: f64 = 1_000.0;
    let total: i64 = parts.iter().map(|part| part.count).sum();
    // A picture without a name is none.
    let label = if label.is_empty() { "0" } else { label };
    let mut svg = format!(
        "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"bar-ground\" width=\"1000\" height=\"10\"/>",
        escaped(label)
    );
    let mut x = 0.0;
    for part in parts.iter().filter(|part| part.count > 0) {
        let width = part.count as f64 / total as f64 * WIDTH;
        let _ = write!(
            svg,
            "<rect class=\"{}\" x=\"{x:.1}\" width=\"{width:.1}\" height=\"10\"><title>{}</title></rect>",
            part.class,
            escaped(&part.label)
        );
        x += width;
    }
    svg.push_str("</svg>");
    svg
}

/// A short bar of that class for one row of a table: `count` of `most`.
pub(super) fn spark(class: &str, count: i64, most: i64) -> String {
    let width = if most > 0 { count as f64 / most as f64 * 100.0 } else { 0.0 };
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect width=\"{width:.1}\" height=\"8\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_bar_and_words_are_escaped() {
        let part = |class, count| Part { class, label: format!("<{count}>"), count };
        let svg = stacked("\"all\"", &[part("is-good", 3), part("is-bad", 0), part("is-open", 1)]);
        assert!(svg.contains("class=\"is-good\" x=\"0.0\" width=\"750.0\""), "{svg}");
        assert!(svg.contains("class=\"is-open\" x=\"750.0\" width=\"250.0\""), "{svg}");
        assert!(!svg.contains("is-bad") && !svg.contains("<3>") && !svg.contains("style="), "{svg}");
        assert!(!stacked("", &[]).contains("NaN") && !spark("spark", 1, 0).contains("NaN"));
    }
}
