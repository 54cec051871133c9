//! Notices that follow from events and from callbacks by another channel.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use serde::Deserialize;

use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::table::date;

/// A department hears of an event: at once, or some days before a date of it (NOT-01, NOT-08).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventNotice {
    /// Pack of the event.
    pub pack: String,
    /// Kind of the event.
    pub kind: String,
    /// Who hears of it: departments, roles, persons, each by a notice of its own.
    pub to: Vec<String>,
    /// Topic of the notice.
    pub topic: String,
    /// Field of the event with the date; empty: it is told at once.
    pub field: String,
    /// Days before that date.
    pub days_before: i64,
    /// Time of that day: `09:00`.
    pub at: Option<Time>,
    /// Time of that day by which it is to be acknowledged; unacknowledged, it becomes a task.
    pub confirm_by: Option<Time>,
}

impl EventNotice {
    /// When it is told of an event, and by when it is to be acknowledged; None where the event
    /// has no date, or the date has passed at `now`.
    pub fn due(
        &self,
        fields: &BTreeMap<String, String>,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Option<(Timestamp, Option<Timestamp>)> {
        let confirm = |day: Date| self.confirm_by.map(|time| calendar.instant(day, time));
        if self.field.is_empty() {
            return Some((now, confirm(calendar.date(now))));
        }
        let written = date::read(fields.get(&self.field)?, calendar.zone()).ok()?;
        let day = calendar.date(written.at).checked_sub(self.days_before.days()).ok()?;
        let at = calendar.instant(day, self.at.unwrap_or(Time::constant(9, 0, 0, 0)));
        (now < calendar.end_of(calendar.date(written.at))).then_some((at, confirm(day)))
    }

    /// Key of its notice about an event to one of those who hear of it: a date that moves is told
    /// anew.
    pub fn key(&self, event: i64, fields: &BTreeMap<String, String>, to: &str) -> String {
        let date = fields.get(&self.field).map_or("", String::as_str);
        format!("event:{event}:{}:{date}:{to}", self.topic)
    }
}

/// Facts of a notice about an event: its own fields, the customer, the title of its kind.
pub fn event_facts(
    title: &str,
    at: &str,
    customer: &str,
    phone: &str,
    matter: &str,
    fields: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut facts = fields.clone();
    let details: Vec<String> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    for (key, value) in [
        ("event", title),
        ("at", at),
        ("customer", customer),
        ("phone", phone),
        ("matter", matter),
        ("details", &details.join("; ")),
    ] {
        facts.insert(key.to_owned(), value.to_owned());
    }
    facts
}

/// Topic of what a customer is told by a callback whose channel is a text message or an e-mail:
/// the rule's own where it has a template, else the one that is given.
pub fn customer_topic(has: &dyn Fn(&str) -> bool, pack: &str, rule: &str, otherwise: &str) -> String {
    let own = format!("customer.{pack}.{rule}");
    if has(&own) { own } else { otherwise.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    }

    #[test]
    fn not_01_the_day_before_at_nine_to_be_confirmed_by_five() {
        let calendar = Calendar::plain(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let text = "pack = \"real_estate\"\nkind = \"signing.scheduled\"\nto = [\"财务部\"]\ntopic = \"t\"\n\
                    field = \"signing_at\"\ndays_before = 1\nat = \"09:00\"\nconfirm_by = \"17:00\"";
        let notice: EventNotice = toml::from_str(text).unwrap();
        let fields: BTreeMap<String, String> =
            [("signing_at".to_owned(), "2026-03-10 14:00".to_owned())].into();
        let due = notice.due(&fields, &calendar, at("2026-03-02 10:00"));
        assert_eq!(due, Some((at("2026-03-09 09:00"), Some(at("2026-03-09 17:00")))));
        assert_eq!(notice.due(&fields, &calendar, at("2026-03-11 00:00")), None, "it is over");
        assert_eq!(notice.due(&BTreeMap::new(), &calendar, at("2026-03-02 10:00")), None);
        let moved: BTreeMap<String, String> = [("signing_at".to_owned(), "2026-03-12".to_owned())].into();
        assert_ne!(notice.key(7, &fields, "财务部"), notice.key(7, &moved, "财务部"));
        let now = at("2026-03-02 10:00");
        assert_eq!(EventNotice::default().due(&fields, &calendar, now), Some((now, None)), "at once");
    }

    #[test]
    fn a_rule_may_have_words_of_its_own_for_the_customer() {
        let has = |topic: &str| topic == "customer.real_estate.loan";
        assert_eq!(
            customer_topic(&has, "real_estate", "loan", "customer.message"),
            "customer.real_estate.loan"
        );
        assert_eq!(
            customer_topic(&has, "billboard_maker", "solution", "customer.message"),
            "customer.message"
        );
    }
}
