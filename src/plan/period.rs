//! Callbacks that time alone brings: so long after the last, once in each period, by the plan
//! of a key account. They are made on the day on which they are due, and not before.

use jiff::ToSpan;
use jiff::civil::Date;

use super::dates::{at_most_days, times};
use super::facts::{moment, of_customer};
use super::fate::{forbidden, is_open};
use super::trigger::{Draft, Triggers};
use crate::archive::Event;
use crate::base::Timestamp;
use crate::calendar::{Offset, Sum};
use crate::policy::pack::{Every, Period, Rule, Yearly, holds_for};
use crate::policy::{Callback, Origin};

const DAY_MS: i64 = 24 * 3_600_000;

/// So long after the last event of a kind (SCH-16), or after the last callback in which the
/// customer was reached (SCH-36). Who was never reached is counted from when they became known.
pub(super) fn since_last<'a>(triggers: &mut Triggers<'_, 'a>, id: &'a str, rule: &'a Rule, every: &Every) {
    let facts = triggers.facts;
    if forbidden(facts, Some(rule)).is_some() || facts.of_rule(id).iter().any(|callback| is_open(callback)) {
        return;
    }
    let mut follows: Option<&'a Callback> = None;
    let (event, at, learned): (Option<&'a Event>, Timestamp, Timestamp) = if every.since.is_empty() {
        if let Some((callback, at)) = facts.answered().max_by_key(|(callback, at)| (*at, callback.id)) {
            follows = Some(callback);
            (None, at, at)
        } else if let Some(first) = facts.first_event() {
            let known = first.received_at.max(moment(first));
            (Some(first), known, known)
        } else {
            return;
        }
    } else {
        let last = facts.of_kind(&every.since).last().copied();
        let Some(last) = last else { return };
        (Some(last), last.at, last.received_at)
    };
    if !holds_for(&rule.when, facts.customer, event) {
        return;
    }
    let subject = match (follows, event) {
        (Some(callback), _) => format!("{}~{}", of_customer(facts.customer), callback.id),
        (None, event) => {
            format!("{}#{}", of_customer(facts.customer), event.map_or(0, |event| event.id.0))
        }
    };
    if facts.has(id, &subject, 0) {
        return;
    }
    let late_days = if every.since.is_empty() { at_most_days(every.offset).max(0) } else { 0 };
    on_its_day(
        triggers,
        Draft {
            id,
            rule,
            subject,
            occurrence: 0,
            origin: Origin::Period,
            event,
            follows,
            at,
            step: every.offset,
            learned,
            late_days,
        },
    );
}

/// Once a calendar month or year for each customer (SCH-19, SCH-29).
pub(super) fn each_period<'a>(
    triggers: &mut Triggers<'_, 'a>,
    id: &'a str,
    rule: &'a Rule,
    yearly: &'a Yearly,
) {
    let facts = triggers.facts;
    if forbidden(facts, Some(rule)).is_some() || !holds_for(&rule.when, facts.customer, None) {
        return;
    }
    let calendar = facts.calendar;
    let today = calendar.date(facts.now);
    let following = match yearly.period {
        Period::Month => today.first_of_month().checked_add(1.month()),
        Period::Year => today.first_of_year().checked_add(1.year()),
    };
    if let Ok(following) = following
        && let Some(from) = day_in(yearly.period, &yearly.from, following)
    {
        triggers.review(calendar.start_of(from));
    }
    let Some(from) = day_in(yearly.period, &yearly.from, today) else {
        triggers.faults.push(format!("rule `{id}`: `{}` is no first day of a period", yearly.from));
        return;
    };
    let begin = calendar.start_of(from);
    if facts.now < begin {
        return triggers.review(begin);
    }
    let name = match yearly.period {
        Period::Month => from.strftime("%Y-%m").to_string(),
        Period::Year => from.strftime("%Y").to_string(),
    };
    let subject = format!("{}@{name}", of_customer(facts.customer));
    if facts.has(id, &subject, 0) {
        return;
    }
    let draft = Draft {
        id,
        rule,
        subject,
        occurrence: 0,
        origin: Origin::Period,
        event: None,
        follows: None,
        at: begin,
        step: Offset::ZERO,
        learned: begin,
        late_days: 0,
    };
    // Who was reached anywhere in the period is covered, not only since its first day for calls.
    let period = match yearly.period {
        Period::Month => from.first_of_month(),
        Period::Year => from.first_of_year(),
    };
    let Some((anchor, dates, mut fate)) = triggers.counted(&draft) else { return };
    if rule.satisfied_by_any_callback {
        fate = triggers.covered_since(&draft, calendar.start_of(period)).unwrap_or(fate);
    }
    triggers.keep(draft, anchor, dates, fate);
}

/// The plan of a key account, by the fields of the customer (SCH-30).
pub(super) fn key_account<'a>(triggers: &mut Triggers<'_, 'a>, id: &'a str, rule: &'a Rule) {
    let facts = triggers.facts;
    let customer = facts.customer;
    let (true, Some(every), Some(from)) = (customer.key_account, customer.plan_every, customer.plan_from)
    else {
        return;
    };
    let stopped = forbidden(facts, Some(rule)).is_some() || !holds_for(&rule.when, customer, None);
    if stopped || every.amount <= 0 || !every.unit.is_civil() {
        return;
    }
    let calendar = facts.calendar;
    let (start, today) = (calendar.date(from), calendar.date(facts.now));
    let day = |occurrence| calendar.add_days(start, times(every, occurrence), &mut Sum::default());
    if today < start {
        return triggers.review(calendar.start_of(start));
    }
    let passed_days = facts.now.millis_since(from) / DAY_MS;
    let mut occurrence = u32::try_from(passed_days / at_most_days(every).max(1)).unwrap_or(0);
    while day(occurrence + 1) <= today {
        occurrence += 1;
    }
    triggers.review(calendar.start_of(day(occurrence + 1)));
    // The date is part of the name, so that a plan that is changed names other callbacks.
    let subject = format!("{}@{}", of_customer(customer), day(occurrence));
    if facts.has(id, &subject, occurrence) {
        return;
    }
    let draft = Draft {
        id,
        rule,
        subject,
        occurrence,
        origin: Origin::Plan,
        event: None,
        follows: None,
        at: from,
        step: times(every, occurrence),
        learned: if facts.of_rule(id).is_empty() { facts.now } else { from },
        late_days: 0,
    };
    triggers.want(draft);
}

/// Wants a draft if its day has come; else notes when it will.
fn on_its_day<'a>(triggers: &mut Triggers<'_, 'a>, draft: Draft<'a>) {
    let Some((anchor, dates, fate)) = triggers.counted(&draft) else { return };
    let calendar = triggers.facts.calendar;
    let its_day = calendar.start_of(calendar.date(dates.due));
    if its_day > triggers.facts.now {
        return triggers.review(its_day);
    }
    if dates.deadline.0.saturating_add(draft.late_days * DAY_MS) < triggers.known(draft.learned).0 {
        triggers.history += 1;
        return;
    }
    triggers.keep(draft, anchor, dates, fate);
}

/// The last day of the period that holds `day`, as the rule names it.
pub(super) fn last_day(yearly: &Yearly, day: Date) -> Option<Date> {
    day_in(yearly.period, &yearly.to, day)
}

/// A day such as `11-01` or `31` in the period that holds `near`, clamped to its month.
fn day_in(period: Period, text: &str, near: Date) -> Option<Date> {
    let text = text.trim();
    let (month, day) = match period {
        Period::Month => (near.month(), text),
        Period::Year => {
            let (month, day) = text.split_once('-')?;
            (month.trim().parse().ok()?, day)
        }
    };
    let first = Date::new(near.year(), month, 1).ok()?;
    let day: i8 = day.trim().parse().ok().filter(|day| (1..=31).contains(day))?;
    Date::new(near.year(), month, day.min(first.days_in_month())).ok()
}
