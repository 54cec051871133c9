//! Until when a customer is served free of charge, by what their record and their events say.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::pack::WarrantyRules;
use crate::archive::Warranty;
use crate::base::Timestamp;
use crate::calendar::Calendar;

/// The warranty of a customer, and what it was counted from: the day that their record names, else
/// the delivery that it names, else the last event that begins one. Events are kind and time.
pub fn warranty<'a>(
    rules: &WarrantyRules,
    calendar: &Calendar,
    record: &BTreeMap<String, String>,
    events: impl IntoIterator<Item = (&'a str, Timestamp)>,
) -> Option<(Warranty, String)> {
    let named = |name: &str| record.get(name).and_then(|text| date(text));
    let count = |from| Warranty::from_delivery(from, rules.months, rules.anniversary);
    if let Some(until) = named(&rules.ends) {
        return Some((Warranty { until }, rules.ends.clone()));
    }
    if let Some(delivered) = named(&rules.delivered) {
        return Some((count(delivered), rules.delivered.clone()));
    }
    let begins = |(kind, _): &(&str, Timestamp)| rules.from.iter().any(|known| known == kind);
    let (kind, at) = events.into_iter().filter(begins).max_by_key(|(_, at)| *at)?;
    Some((count(calendar.date(at)), kind.to_owned()))
}

/// The first ten characters as a day.
fn date(text: &str) -> Option<Date> {
    text.trim().get(..10)?.replace('/', "-").parse().ok()
}
