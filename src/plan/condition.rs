//! Whether a rule is for an event and its customer.

use std::borrow::Cow;

use crate::archive::{Customer, Event};
use crate::policy::pack::Condition;

/// Where a field is looked for: in the event, then among the customer's fields, then among
/// the columns that every customer has.
pub fn lookup<'a>(
    field: &str,
    event: Option<&'a Event>,
    customer: Option<&'a Customer>,
) -> Option<Cow<'a, str>> {
    if let Some(value) = event.and_then(|event| event.fields.get(field)) {
        return Some(Cow::Borrowed(value));
    }
    let customer = customer?;
    if let Some(value) = customer.fields.get(field) {
        return Some(Cow::Borrowed(value));
    }
    let own = match field {
        "grade" => customer.grade.as_str(),
        "language" => customer.language.as_str(),
        "owner" => customer.owner.as_str(),
        "name" => customer.name.as_str(),
        "email" => customer.email.as_str(),
        "key_account" => {
            if customer.key_account {
                "true"
            } else {
                "false"
            }
        }
        _ => return None,
    };
    Some(Cow::Borrowed(own))
}

/// Whether all of these hold for an event, where there is one, and its customer.
pub fn all_hold(conditions: &[Condition], event: Option<&Event>, customer: Option<&Customer>) -> bool {
    conditions.iter().all(|condition| holds(condition, |field| lookup(field, event, customer)))
}

/// Whether one holds; `value` gives the fields. Missing and empty are the same: below no
/// number, like no word, and different from nothing.
pub fn holds<'a>(condition: &Condition, value: impl Fn(&str) -> Option<Cow<'a, str>>) -> bool {
    let text = value(&condition.field).unwrap_or_default();
    let text = text.trim();
    let is = |word: &String| word.trim() == text;
    let number = || text.parse::<f64>().ok();
    (condition.is.is_empty() || condition.is.iter().any(is))
        && !condition.is_not.iter().any(is)
        && condition.given.is_none_or(|given| given != text.is_empty())
        && condition.below.is_none_or(|limit| number().is_some_and(|n| n < limit))
        && condition.at_least.is_none_or(|limit| number().is_some_and(|n| n >= limit))
        && (condition.differs_from.is_empty() || {
            let other = value(&condition.differs_from).unwrap_or_default();
            !text.is_empty() && !other.trim().is_empty() && other.trim() != text
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn check(condition: &str, expect: bool) {
        let condition: Condition = toml::from_str(condition).unwrap();
        let fields = BTreeMap::from([("score", "2"), ("planned", "5"), ("actual", "7"), ("kind", " 售后 ")]);
        let value = |field: &str| fields.get(field).map(|text| Cow::Borrowed(*text));
        assert_eq!(holds(&condition, value), expect, "{condition:?}");
    }

    #[test]
    fn cnt_03_each_test_of_a_condition_is_asked() {
        check("field = 'kind'\nis = ['售后', '保洁']", true);
        check("field = 'kind'\nis = ['保洁']", false);
        check("field = 'kind'\nis_not = ['售后']", false);
        check("field = 'nothing'\nis_not = ['售后']", true);
        check("field = 'score'\nbelow = 3", true);
        check("field = 'score'\nat_least = 3", false);
        check("field = 'nothing'\nbelow = 3", false);
        check("field = 'score'\ngiven = true", true);
        check("field = 'nothing'\ngiven = false", true);
        check("field = 'nothing'\ngiven = true", false);
        check("field = 'actual'\ndiffers_from = 'planned'", true);
        check("field = 'actual'\ndiffers_from = 'actual'", false);
        check("field = 'actual'\ndiffers_from = 'nothing'", false);
    }
}
