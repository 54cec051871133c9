//! Whether a condition holds for a customer and an event.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::Condition;
use crate::archive::{Customer, Event};

/// Fields every customer has, whatever the pack.
pub(super) const OWN_FIELDS: &[&str] = &["grade", "language", "key_account", "owner", "name", "email"];

impl Condition {
    /// The fields it looks at; of a quotient, both its numbers too.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let parts = parts_of_quotient(&self.field).map(|(above, below)| [above, below]);
        [&*self.field, &*self.differs_from].into_iter().chain(parts.into_iter().flatten())
    }

    /// Whether it holds, where `field` gives the value of a field. An empty value is the same as
    /// none. Texts are compared without regard to case, width and spaces around them, for lists
    /// are typed by people.
    ///
    /// A field written as a quotient, such as `deposit/price`, is the one number divided by the
    /// other, so that a share can be asked for (REM-02); it is missing where either is no number
    /// or the divisor is 0.
    pub fn holds<'a>(&self, field: impl Fn(&str) -> Option<&'a str>) -> bool {
        let value = |name: &str| field(name).map(str::trim).filter(|value| !value.is_empty());
        let here = value(&self.field);
        let number = match here {
            Some(here) => number(here),
            None => quotient(&self.field, value),
        };
        let is_one_of = |list: &[String]| here.is_some_and(|here| list.iter().any(|word| same(here, word)));
        if self.given.is_some_and(|given| given != (here.is_some() || number.is_some())) {
            return false;
        }
        if !self.is.is_empty() && !is_one_of(&self.is) || is_one_of(&self.is_not) {
            return false;
        }
        if let Some(below) = self.below
            && !number.is_some_and(|n| n < below)
        {
            return false;
        }
        if let Some(at_least) = self.at_least
            && !number.is_some_and(|n| n >= at_least)
        {
            return false;
        }
        if self.differs_from.is_empty() {
            return true;
        }
        // What is not known differs from nothing.
        match (here, value(&self.differs_from)) {
            (Some(here), Some(other)) => !same(here, other),
            _ => false,
        }
    }
}

/// Whether all of them hold.
pub fn holds_all<'a>(conditions: &[Condition], field: impl Fn(&str) -> Option<&'a str>) -> bool {
    conditions.iter().all(|condition| condition.holds(&field))
}

/// Whether all of them hold for a customer and, where there is one, an event.
pub fn holds_for(conditions: &[Condition], customer: &Customer, event: Option<&Event>) -> bool {
    holds_all(conditions, |name| field_of(customer, event, name))
}

/// The value a condition sees: the event's, else the customer's, else one of the customer's own
/// (`grade`, `language`, `key_account`, `owner`, `name`, `email`).
pub fn field_of<'a>(customer: &'a Customer, event: Option<&'a Event>, name: &str) -> Option<&'a str> {
    let written = event.and_then(|event| event.fields.get(name)).filter(|value| !value.trim().is_empty());
    written.map(String::as_str).or_else(|| customer.field(name))
}

/// A number, its signs of thousands, currency and percent left out.
fn number(text: &str) -> Option<f64> {
    let plain = plain(text);
    if let Ok(n) = plain.parse::<f64>() {
        return Some(n).filter(|n| n.is_finite());
    }
    let digits: String = plain.chars().filter(|c| !matches!(c, ',' | ' ' | '¥' | '元' | '%')).collect();
    digits.parse().ok().filter(|n: &f64| n.is_finite())
}

/// The two fields of a quotient, without the spaces around them.
pub(super) fn parts_of_quotient(field: &str) -> Option<(&str, &str)> {
    field.split_once('/').map(|(above, below)| (above.trim(), below.trim()))
}

fn quotient<'a>(field: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<f64> {
    let (above, below) = parts_of_quotient(field)?;
    let (above, below) = (number(value(above)?)?, number(value(below)?)?);
    (below != 0.0).then_some(above / below)
}

/// Whether two words mean the same.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || plain(a) == plain(b)
}

/// Small letters of ordinary width; most values are that already and cost nothing.
fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkc().flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        toml::from_str(text).unwrap()
    }

    fn check(text: &str, fields: &[(&str, &str)], expect: bool) {
        let field = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        assert_eq!(condition(text).holds(field), expect, "{text} {fields:?}");
    }

    #[test]
    fn each_test_holds_and_fails() {
        check("field = 'grade'\nis = ['A', 'B']", &[("grade", "B")], true);
        check("field = 'grade'\nis = ['A', 'B']", &[("grade", "C")], false);
        check("field = 'grade'\nis = ['A']", &[], false);
        check("field = 'grade'\nis_not = ['A']", &[("grade", "A")], false);
        check("field = 'grade'\nis_not = ['A']", &[], true);
        check("field = 'score'\ngiven = true", &[("score", " ")], false);
        check("field = 'score'\ngiven = false", &[("score", " ")], true);
        check("field = 'score'\nbelow = 3.0", &[("score", "2.5")], true);
        check("field = 'score'\nbelow = 3.0", &[("score", "3")], false);
        check("field = 'score'\nbelow = 3.0", &[("score", "none")], false);
        check("field = 'score'\nat_least = 3.0", &[("score", "3")], true);
        check("field = 'score'\nat_least = 3.0", &[], false);
        check("field = 'a'\ndiffers_from = 'b'", &[("a", "1"), ("b", "2")], true);
        check("field = 'a'\ndiffers_from = 'b'", &[("a", "1"), ("b", "1 ")], false);
        check("field = 'a'\ndiffers_from = 'b'", &[("a", "1")], false);
    }

    #[test]
    fn imp_05_dirty_text_is_the_same_word() {
        check("field = 'status'\nis = ['已结算']", &[("status", "　已结算 ")], true);
        check("field = 'grade'\nis = ['a']", &[("grade", "Ａ")], true);
        check("field = 'score'\nbelow = 3.0", &[("score", "２")], true);
        check("field = 'severity'\nis = ['Major']", &[("severity", "MAJOR")], true);
    }

    #[test]
    fn rem_02_a_share_of_one_field_in_another_can_be_asked_for() {
        let form = &[("price", "1,000元"), ("deposit", "４00"), ("nothing", "0"), ("word", "half")];
        check("field = 'deposit/price'\nbelow = 0.5", form, true);
        check("field = 'deposit / price'\nbelow = 0.4", form, false);
        check("field = 'deposit/price'\nat_least = 0.4", form, true);
        check("field = 'deposit/price'\ngiven = true", form, true);
        for missing in ["deposit/nothing", "deposit/word", "deposit/none"] {
            check(&format!("field = '{missing}'\nbelow = 0.5"), form, false);
            check(&format!("field = '{missing}'\ngiven = false"), form, true);
        }
    }

    #[test]
    fn all_tests_of_one_condition_must_hold() {
        let text = "field = 'score'\nat_least = 1.0\nbelow = 3.0";
        check(text, &[("score", "2")], true);
        check(text, &[("score", "0")], false);
        check(text, &[("score", "4")], false);
    }
}
