//! What became of a callback without a call: taken back, fulfilled by other means, or waiting
//! for something else.

use super::Fulfilment;
use super::facts::{Facts, latest_moment, moment, related};
use crate::archive::{Event, Standing};
use crate::base::{CallbackId, Timestamp};
use crate::policy::pack::{Method, Purpose, Rule, Target};
use crate::policy::{Callback, CallbackState, Origin, Outcome, Reason, code};

/// What became of it.
pub(super) enum Fate {
    /// It is owed.
    Owed {
        /// When that happened for which it waited.
        released: Option<Timestamp>,
    },
    /// Something else must happen first.
    Waiting(Reason),
    /// Nobody owes it any more.
    Excused { outcome: Outcome, reason: Reason, at: Timestamp },
    /// Fulfilled without a call of its own.
    Done { by: Fulfilment, method: Method, outcome: Outcome, reason: Reason, at: Timestamp },
}

/// A callback, made or about to be made, as far as its fate depends on it.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub rule: &'a Rule,
    pub id: CallbackId,
    /// The event behind it.
    pub event: Option<&'a Event>,
    pub matter: &'a str,
    /// What happened before says nothing about it.
    pub since: Timestamp,
    /// When it was made; none for one that is about to be.
    pub created: Option<Timestamp>,
}

impl<'a> Case<'a> {
    /// That of a callback that exists.
    pub fn of(facts: &Facts<'a>, rule: &'a Rule, callback: &Callback) -> Case<'a> {
        let event = callback.event.and_then(|id| facts.event(id));
        let first = callback.origin == Origin::Event && callback.occurrence == 0;
        let since = event.filter(|_| first).map_or(callback.created_at, moment);
        let matter = facts.matter(callback);
        Case { rule, id: callback.id, event, matter, since, created: Some(callback.created_at) }
    }
}

/// What became of it: of what fulfils it and what takes it back, the earlier.
pub(super) fn fate(facts: &Facts<'_>, case: &Case<'_>) -> Fate {
    let done = fulfilled(facts, case);
    let excused = taken_back(facts, case);
    match (done, excused) {
        (Some((done, at)), Some((_, over))) if at <= over => done,
        (Some((done, _)), None) => done,
        (_, Some((excused, _))) => excused,
        (None, None) => forbidden(facts, Some(case.rule)).unwrap_or_else(|| waiting(facts, case)),
    }
}

/// Whether the customer's standing forbids a callback. Who opted out is still called about
/// complaints, is told what they must know, and gets the call they asked for; interviews and
/// tasks of our own people are not the customer's to refuse.
pub(super) fn is_spared(standing: Standing, rule: Option<&Rule>) -> bool {
    let ours = |rule: &Rule| rule.target != Target::Customer || rule.purpose == Purpose::Internal;
    if rule.is_some_and(ours) {
        return false;
    }
    match standing {
        Standing::Active => false,
        Standing::OptedOut => {
            rule.is_none_or(|rule| matches!(rule.purpose, Purpose::Callback | Purpose::Reminder))
        }
        Standing::Gone | Standing::Deceased | Standing::Erased => true,
    }
}

/// The fate of what the customer's standing forbids.
pub(super) fn forbidden(facts: &Facts<'_>, rule: Option<&Rule>) -> Option<Fate> {
    let standing = facts.customer.standing;
    let outcome = match standing {
        _ if !is_spared(standing, rule) => return None,
        Standing::OptedOut => Outcome::Forbidden,
        _ => Outcome::Withdrawn,
    };
    let reason = Reason::new(code::STANDING, format!("the customer is {standing}"));
    Some(Fate::Excused { outcome, reason, at: facts.now })
}

fn taken_back(facts: &Facts<'_>, case: &Case<'_>) -> Option<(Fate, Timestamp)> {
    let cancelled = case
        .rule
        .cancelled_by
        .iter()
        .filter_map(|kind| facts.of_kind(kind).iter().find(|other| counts_after(case, other)))
        .min_by_key(|other| (moment(other), other.id))
        .map(|other| (*other, code::CANCELLED_BY));
    let (other, word) = cancelled.or_else(|| later_visit(facts, case))?;
    let at = moment(other);
    let detail = format!("{} on {}", other.kind, facts.calendar.date(other.at));
    let fate = Fate::Excused { outcome: Outcome::Withdrawn, reason: Reason::new(word, detail), at };
    Some((fate, at))
}

/// A customer who came back is not lost: the later event stands in the place of the one that
/// the callback was counted from (SCH-16).
fn later_visit<'a>(facts: &Facts<'a>, case: &Case<'_>) -> Option<(&'a Event, &'static str)> {
    let every = case.rule.on.every.as_ref().filter(|every| !every.since.is_empty())?;
    let event = case.event?;
    let later = facts.of_kind(&every.since).last()?;
    ((later.at, later.id) > (event.at, event.id)).then_some((*later, code::SUPERSEDED))
}

/// Whether an event concerns the callback and came after what is behind it.
fn counts_after(case: &Case<'_>, other: &Event) -> bool {
    if !related(case.rule, case.matter, other) {
        return false;
    }
    match case.event {
        Some(event) if event.id == other.id => false,
        Some(event) if event.kind == other.kind => (moment(other), other.id) > (moment(event), event.id),
        Some(event) => latest_moment(other) >= moment(event),
        None => latest_moment(other) >= case.since,
    }
}

fn fulfilled(facts: &Facts<'_>, case: &Case<'_>) -> Option<(Fate, Timestamp)> {
    let by_event = case
        .rule
        .satisfied_by
        .iter()
        .filter_map(|kind| {
            let later = |other: &&&Event| {
                related(case.rule, case.matter, other)
                    && case.event.is_none_or(|event| event.id != other.id)
                    && latest_moment(other) >= case.since
            };
            facts.of_kind(kind).iter().find(later)
        })
        .min_by_key(|other| (moment(other), other.id));
    if let Some(other) = by_event {
        return Some(done_by_event(facts, case, other));
    }
    let (other, at) = covering(facts, case)?;
    let detail = format!("{} was answered on {}", other.rule, facts.calendar.date(at));
    let fate = Fate::Done {
        by: Fulfilment::Callback(other.id),
        method: other.method,
        outcome: other.outcome.unwrap_or(Outcome::Reached),
        reason: Reason::new(code::SATISFIED_BY, detail),
        at,
    };
    Some((fate, at))
}

fn done_by_event(facts: &Facts<'_>, case: &Case<'_>, other: &Event) -> (Fate, Timestamp) {
    let word = |field: &str| other.fields.get(field).map(|text| text.trim());
    let at = moment(other);
    // A rule for calls that an event fulfils was fulfilled by a visit, unless the event says how.
    let usual = if case.rule.method == Method::Phone { Method::Onsite } else { case.rule.method };
    let detail = format!("{} on {}", other.kind, facts.calendar.date(other.at));
    let fate = Fate::Done {
        by: Fulfilment::Event(other.id),
        method: word("method").and_then(Method::parse).unwrap_or(usual),
        outcome: word("outcome").and_then(Outcome::parse).unwrap_or(Outcome::Reached),
        reason: Reason::new(code::SATISFIED_BY, detail),
        at,
    };
    (fate, at)
}

/// The answered callback that covers this one too, where the rule allows any (SCH-09), or by
/// which a later contact is due anew where it is counted from the last (SCH-36).
fn covering<'a>(facts: &Facts<'a>, case: &Case<'_>) -> Option<(&'a Callback, Timestamp)> {
    let from_last = case.rule.on.every.as_ref().is_some_and(|every| every.since.is_empty());
    let since = match case.created {
        // Those before the making are the ones it was counted from.
        Some(created) if from_last => Timestamp(created.0.saturating_add(1)),
        None if from_last => return None,
        _ if case.rule.satisfied_by_any_callback => case.since,
        _ => return None,
    };
    let same_matter = |callback: &Callback| {
        let other = facts.matter(callback);
        from_last || case.matter.is_empty() || other.is_empty() || other == case.matter
    };
    facts
        .answered()
        .filter(|(callback, at)| *at >= since && callback.id != case.id && same_matter(callback))
        .min_by_key(|(callback, at)| (*at, callback.id))
}

fn waiting(facts: &Facts<'_>, case: &Case<'_>) -> Fate {
    let Some([opened, resolved]) = &case.rule.wait_while_open else { return Fate::Owed { released: None } };
    let last = |kind: &str| {
        let ours = |event: &&&Event| related(case.rule, case.matter, event);
        facts.of_kind(kind).iter().rev().find(ours).copied()
    };
    let Some(open) = last(opened) else { return Fate::Owed { released: None } };
    match last(resolved).filter(|event| latest_moment(event) >= moment(open)) {
        Some(event) => Fate::Owed { released: Some(event.at) },
        None => {
            let since = facts.calendar.date(open.at);
            Fate::Waiting(Reason::new(code::WAITING_FOR, format!("{resolved}, since {opened} on {since}")))
        }
    }
}

/// Whether a callback is owed or will be.
pub(super) fn is_open(callback: &Callback) -> bool {
    matches!(callback.state, CallbackState::Open | CallbackState::Waiting)
}
