//! Callbacks that no rule brings by itself: added by a person, set by the agent or doctor of
//! another one, promised for an exact time, drawn in a sample.

use jiff::civil::Date;

use super::dates::{Count, Dates};
use super::facts::PolicyRef;
use crate::archive::{Customer, Event};
use crate::base::{CallbackId, Timestamp};
use crate::calendar::{Calendar, Edge, Offset, Sum};
use crate::policy::pack::{Method, Rule};
use crate::policy::{Callback, CallbackState, Origin, Reason, Sums, code};

/// How long after its time a promised call may still be placed before the promise is broken.
/// Ours.
const PROMISE: Offset = Offset { amount: 30, unit: crate::calendar::Unit::Minutes };

/// A callback that a person adds for a day, with a reason (SCH-13, SCH-31).
pub fn manual(
    policy: PolicyRef<'_>,
    calendar: &Calendar,
    rule: &str,
    customer: &Customer,
    day: Date,
    why: &str,
    now: Timestamp,
) -> Option<Callback> {
    let known = policy.pack.rule.get(rule)?;
    let subject = format!("customer:{}+{day}", customer.id);
    let mut callback = blank(policy, rule, known, customer, subject, now);
    (callback.origin, callback.note) = (Origin::Manual, why.to_owned());
    callback.reason = Reason::new(code::MANUAL, why);
    set(&mut callback, on_day(calendar, known, day));
    Some(callback)
}

/// The next callback that the agent or doctor sets in another one (SCH-20). The same day twice
/// is the same callback.
pub fn follow_up(
    policy: PolicyRef<'_>,
    calendar: &Calendar,
    parent: &Callback,
    customer: &Customer,
    day: Date,
    note: &str,
    now: Timestamp,
) -> Option<Callback> {
    let rule = policy.pack.rule.get(&parent.rule)?;
    let subject = format!("{}+{day}", parent.subject);
    let mut callback = blank(policy, &parent.rule, rule, customer, subject, now);
    (callback.origin, callback.note) = (Origin::FollowUp, note.to_owned());
    (callback.event, callback.follows) = (parent.event, Some(parent.id));
    callback.reason = Reason::new(code::DUE, format!("set in {} for {day}", parent.rule));
    set(&mut callback, on_day(calendar, rule, day));
    Some(callback)
}

/// A call promised for an exact time, to be made by the same person (REM-03).
pub fn appointment(
    policy: PolicyRef<'_>,
    calendar: &Calendar,
    parent: &Callback,
    customer: &Customer,
    at: Timestamp,
    who: &str,
    now: Timestamp,
) -> Option<Callback> {
    let rule = policy.pack.rule.get(&parent.rule)?;
    let civil = calendar.civil(at);
    let subject = format!("{}+{}", parent.subject, civil.replace(' ', "T"));
    let mut callback = blank(policy, &parent.rule, rule, customer, subject, now);
    (callback.origin, callback.assignee) = (Origin::Appointment, who.to_owned());
    (callback.event, callback.follows) = (parent.event, Some(parent.id));
    (callback.method, callback.reason) =
        (Method::Phone, Reason::new(code::LATER, format!("promised for {civil}")));
    let deadline = calendar.add(at, PROMISE, Edge::End, None);
    let promised = Sum(vec![format!("promised for {civil}")]);
    let sums = Sums { earliest: promised.clone(), due: promised, deadline: deadline.sum };
    set(&mut callback, Dates { earliest: at, due: at, deadline: deadline.at, sums });
    Some(callback)
}

/// The callback of a unit that was drawn; its dates are counted from the day of the draw.
pub fn drawn(
    policy: PolicyRef<'_>,
    calendar: &Calendar,
    rule: &str,
    customer: &Customer,
    event: &Event,
    day: Date,
    now: Timestamp,
) -> Option<Callback> {
    let known = policy.pack.rule.get(rule)?;
    let subject = format!("{}#{}", event.subject(), event.id);
    let mut callback = blank(policy, rule, known, customer, subject, now);
    (callback.origin, callback.event) = (Origin::Sample, Some(event.id));
    callback.reason = Reason::new(code::DRAWN, format!("in the sample of {day}"));
    let anchor = calendar.start_of(day);
    let count =
        Count { calendar, pack: policy.pack, rule: known, anchor, deadline_anchor: None, step: Offset::ZERO };
    set(&mut callback, count.dates());
    Some(callback)
}

/// From the rule's time of the day to its end: somebody named that day.
fn on_day(calendar: &Calendar, rule: &Rule, day: Date) -> Dates {
    let time = rule.at.as_deref().and_then(super::dates::time_of_day);
    let due = calendar.place(day, Edge::Start, time);
    let named = Sum(vec![format!("{day}, named by a person")]);
    let sums = Sums { earliest: named.clone(), due: named.clone(), deadline: named };
    Dates { earliest: due, due, deadline: calendar.end_of(day), sums }
}

pub(super) fn set(callback: &mut Callback, dates: Dates) {
    callback.earliest = dates.earliest;
    callback.due = dates.due;
    callback.deadline = dates.deadline;
    callback.sums = dates.sums;
}

/// An open callback of a rule, without dates.
pub(super) fn blank(
    policy: PolicyRef<'_>,
    id: &str,
    rule: &Rule,
    customer: &Customer,
    subject: String,
    now: Timestamp,
) -> Callback {
    Callback {
        id: CallbackId(0),
        pack: policy.pack.pack.clone(),
        rule: id.to_owned(),
        version: policy.version.to_owned(),
        customer: customer.id,
        subject,
        occurrence: 0,
        origin: Origin::Event,
        event: None,
        follows: None,
        method: rule.method,
        earliest: now,
        due: now,
        deadline: now,
        sums: Sums::default(),
        state: CallbackState::Open,
        reason: Reason::new(code::DUE, ""),
        outcome: None,
        closed_at: None,
        call: None,
        merged_into: None,
        breached_at: None,
        assignee: rule.caller.person.clone(),
        note: String::new(),
        created_at: now,
    }
}
