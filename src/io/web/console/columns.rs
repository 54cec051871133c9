//! A figure over time as columns.

use std::fmt::Write as _;

use super::chart::escaped;

/// One column.
pub(super) struct Column {
    pub name: String,
    /// As it is said.
    pub said: String,
    /// None: nothing can be said.
    pub value: Option<f64>,
}

/// Columns from the left, as wide as what holds them. `most` is the top of the scale; 0: the largest of them.
pub(super) fn columns(label: &str, columns: &[Column], most: f64) -> String {
    const HEIGHT: f64 = 100.0;
    let largest = columns.iter().filter_map(|column| column.value).fold(0.0, f64::max);
    let most = if most > 0.0 { most } else { largest };
    let wide = 1_000.0 / columns.len().max(1) as f64;
    let mut svg = format!(
        "<svg class=\"columns-picture\" viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        escaped(label)
    );
    for (place, column) in columns.iter().enumerate() {
        let share = column.value.filter(|_| most > 0.0).map_or(0.0, |value| (value / most).clamp(0.0, 1.0));
        let tall = share * (HEIGHT - 2.0);
        let _ = write!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{}: {}</title></rect>",
            place as f64 * wide + wide * 0.12,
            HEIGHT - tall,
            wide * 0.76,
            escaped(&column.name),
            escaped(&column.said)
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_tall_as_their_values_and_escape_their_words() {
        let one = |name: &str, value| Column { name: name.into(), said: "x".into(), value };
        let svg = columns("<all>", &[one("a", Some(50.0)), one("b", Some(100.0)), one("<c>", None)], 100.0);
        assert!(svg.contains("height=\"49.0\"") && svg.contains("height=\"98.0\""), "{svg}");
        assert!(svg.contains("height=\"0.0\"") && !svg.contains("<c>") && !svg.contains("style="), "{svg}");
        assert!(!columns("", &[], 0.0).contains("NaN"));
    }
}
