//! Whether conditions of a pack hold for a row.

use crate::policy::pack::Condition;
use crate::table::header::half_width;

/// Whether all conditions hold, where `field` gives the value of a field.
///
/// A field written as a quotient, such as `deposit/price`, is the one number divided by the
/// other, so that a share can be asked for; it is missing where either is no number or the
/// divisor is 0.
pub fn holds<'a>(conditions: &[Condition], field: impl Fn(&str) -> Option<&'a str>) -> bool {
    conditions.iter().all(|condition| one(condition, &field))
}

fn one<'a>(condition: &Condition, field: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let text = field(&condition.field).map(half_width).filter(|text| !text.is_empty());
    let number = match &text {
        Some(text) => number(text),
        None => quotient(&condition.field, field),
    };
    let is_there = text.is_some() || number.is_some();
    let text = text.as_deref().unwrap_or_default();
    let among = |words: &[String]| words.iter().any(|word| half_width(word).eq_ignore_ascii_case(text));
    let other = || field(&condition.differs_from).map(half_width).unwrap_or_default();
    (condition.is.is_empty() || among(&condition.is))
        && (condition.is_not.is_empty() || !among(&condition.is_not))
        && condition.given.is_none_or(|given| given == is_there)
        && condition.below.is_none_or(|limit| number.is_some_and(|n| n < limit))
        && condition.at_least.is_none_or(|limit| number.is_some_and(|n| n >= limit))
        && (condition.differs_from.is_empty() || other() != text)
}

/// A number with its signs of thousands, currency and percent left out.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '¥' | '元' | '%')).collect();
    plain.parse().ok().filter(|n: &f64| n.is_finite())
}

fn quotient<'a>(name: &str, field: &impl Fn(&str) -> Option<&'a str>) -> Option<f64> {
    let (above, below) = name.split_once('/')?;
    let value = |name: &str| field(name.trim()).map(half_width).and_then(|text| number(&text));
    let (above, below) = (value(above)?, value(below)?);
    (below != 0.0).then_some(above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(text: &str) -> Vec<Condition> {
        #[derive(serde::Deserialize)]
        struct File {
            when: Vec<Condition>,
        }
        toml::from_str::<File>(text).unwrap().when
    }

    #[test]
    fn every_part_of_every_condition_must_hold() {
        let row = |name: &str| match name {
            "status" => Some("已结算"),
            "score" => Some("３"),
            "price" => Some("1,000元"),
            "deposit" => Some("400"),
            "planned" => Some("2026-03-02"),
            "actual" => Some("2026-03-05"),
            "empty" => Some("  "),
            _ => None,
        };
        for (text, expect) in [
            (r#"when = [{ field = "status", is = ["已结算", "settled"] }]"#, true),
            (r#"when = [{ field = "status", is_not = ["已结算"] }]"#, false),
            (r#"when = [{ field = "empty", given = false }, { field = "nothing", given = false }]"#, true),
            (r#"when = [{ field = "score", given = true, below = 4 }]"#, true),
            (r#"when = [{ field = "score", at_least = 3 }]"#, true),
            (r#"when = [{ field = "nothing", below = 4 }]"#, false),
            (r#"when = [{ field = "status", below = 4 }]"#, false),
            (r#"when = [{ field = "actual", differs_from = "planned" }]"#, true),
            (r#"when = [{ field = "planned", differs_from = "planned" }]"#, false),
            (r#"when = [{ field = "deposit/price", below = 0.5 }]"#, true),
            (r#"when = [{ field = "deposit/price", below = 0.4 }]"#, false),
            (r#"when = [{ field = "deposit/nothing", below = 0.5 }]"#, false),
            (r#"when = [{ field = "score", given = true }, { field = "status", is = ["x"] }]"#, false),
            ("when = []", true),
        ] {
            assert_eq!(holds(&when(text), row), expect, "{text}");
        }
    }
}
