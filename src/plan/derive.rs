//! From facts to callbacks: what comes into being, becomes owed, is taken back or fulfilled.

use std::collections::BTreeMap;

use super::by_hand::{blank, set};
use super::change::{Change, Derived};
use super::dates::Count;
use super::facts::{Facts, PolicyRef, Subject};
use super::fate::{Case, Fate, fate, forbidden, is_open};
use super::milestone;
use super::trigger::{Triggers, Want};
use crate::base::{EventId, Timestamp};
use crate::calendar::{Calendar, Offset};
use crate::policy::pack::{Anchor, Conflict, Rule};
use crate::policy::{Callback, CallbackState, Reason, code};

/// Works out what the facts about one customer change in their callbacks.
///
/// Pure and idempotent: with the changes made, the same facts give no further ones. It is to
/// be asked again when an event or a change of the customer comes in, when a callback is
/// settled (a change of this very answer included), and at [`Derived::review_at`]. What exists
/// is never counted anew: a changed rule is for callbacks that do not exist yet (SCH-14).
pub fn derive(policy: PolicyRef<'_>, calendar: &Calendar, subject: &Subject<'_>, now: Timestamp) -> Derived {
    let facts = Facts::new(policy, calendar, subject, now);
    let mut derived = Derived::default();
    for callback in facts.callbacks {
        review(&facts, callback, &mut derived);
    }
    let found = Triggers::find(&facts);
    derived.history = found.history;
    derived.faults = found.faults;
    derived.look_again(now, found.review_at);
    for want in strictest(&facts, found.wants) {
        let callback = make(&facts, want);
        if is_open(&callback) {
            derived.look_again(now, Some(callback.deadline));
        } else {
            // What follows on its outcome can be derived only once it is stored.
            derived.review_at = Some(now);
        }
        derived.changes.push(Change::New(Box::new(callback)));
    }
    derived
}

impl Derived {
    fn look_again(&mut self, now: Timestamp, at: Option<Timestamp>) {
        if let Some(at) = at.filter(|at| *at > now) {
            self.review_at = Some(self.review_at.map_or(at, |before| before.min(at)));
        }
    }

    fn settled(&mut self, now: Timestamp, change: Change) {
        self.changes.push(change);
        self.review_at = Some(now);
    }
}

/// What becomes of a callback that exists.
fn review(facts: &Facts<'_>, callback: &Callback, derived: &mut Derived) {
    let id = callback.id;
    let mut ended = callback.closed_at;
    if is_open(callback) {
        let rule = facts.rule(&callback.rule);
        let fate = match rule {
            Some(rule) => fate(facts, &Case::of(facts, rule, callback)),
            None => forbidden(facts, None).unwrap_or(Fate::Owed { released: None }),
        };
        match fate {
            Fate::Excused { outcome, reason, at } => {
                ended = Some(at);
                derived.settled(facts.now, Change::Excuse { id, outcome, reason, at });
            }
            Fate::Done { by, method, outcome, reason, at } => {
                ended = Some(at);
                derived.settled(facts.now, Change::Satisfy { id, by, method, outcome, reason, at });
            }
            Fate::Owed { released } if callback.state == CallbackState::Waiting => {
                let dates = reopened(facts, rule, callback, released);
                derived.look_again(facts.now, Some(dates.deadline));
                if dates.deadline <= facts.now {
                    derived.review_at = Some(facts.now);
                }
                derived.changes.push(Change::Open { id, dates });
                return;
            }
            Fate::Owed { .. } | Fate::Waiting(_) => {}
        }
        if ended.is_none() && callback.state == CallbackState::Waiting {
            return;
        }
    }
    if callback.breached_at.is_some() || callback.state == CallbackState::Waiting {
        return;
    }
    if callback.deadline <= ended.unwrap_or(facts.now).min(facts.now) {
        derived.changes.push(Change::Breach { id, at: callback.deadline });
    } else if ended.is_none() {
        derived.look_again(facts.now, Some(callback.deadline));
    }
}

/// The dates of a callback whose waiting is over, counted from what it waited for.
fn reopened(
    facts: &Facts<'_>,
    rule: Option<&Rule>,
    callback: &Callback,
    released: Option<Timestamp>,
) -> super::Dates {
    match (rule, released) {
        (Some(rule), Some(anchor)) if rule.anchor == Anchor::Event => Count {
            calendar: facts.calendar,
            pack: facts.pack(),
            rule,
            anchor,
            deadline_anchor: None,
            step: Offset::ZERO,
        }
        .dates(),
        _ => super::Dates {
            earliest: callback.earliest,
            due: callback.due,
            deadline: callback.deadline,
            sums: callback.sums.clone(),
        },
    }
}

/// Of the rules of a group that want a callback for the same event, the one whose deadline
/// holds (X03).
fn strictest<'a>(facts: &Facts<'_>, wants: Vec<Want<'a>>) -> Vec<Want<'a>> {
    let mut best: BTreeMap<(&str, EventId), usize> = BTreeMap::new();
    let rank = |want: &Want<'_>| {
        let preferred = matches!(&facts.pack().conflict, Conflict::Rule(id) if id == want.id);
        (!preferred, want.dates.deadline)
    };
    for (at, want) in wants.iter().enumerate() {
        if let Some(key) = want.contested() {
            let held = best.entry(key).or_insert(at);
            if rank(want) < rank(&wants[*held]) {
                *held = at;
            }
        }
    }
    if best.is_empty() {
        return wants;
    }
    let loses: Vec<bool> = wants
        .iter()
        .enumerate()
        .map(|(at, want)| want.contested().is_some_and(|key| best.get(&key) != Some(&at)))
        .collect();
    wants.into_iter().zip(loses).filter(|(_, loses)| !loses).map(|(want, _)| want).collect()
}

fn make(facts: &Facts<'_>, want: Want<'_>) -> Callback {
    let reason = because(facts, &want);
    let mut callback = blank(facts.policy, want.id, want.rule, facts.customer, want.subject, facts.now);
    callback.occurrence = want.occurrence;
    callback.origin = want.origin;
    callback.event = want.event.map(|event| event.id);
    callback.follows = want.follows.map(|callback| callback.id);
    callback.assignee = want.assignee;
    callback.reason = reason;
    set(&mut callback, want.dates);
    let mut ended = None;
    match want.fate {
        Fate::Owed { .. } => {}
        Fate::Waiting(reason) => {
            callback.state = CallbackState::Waiting;
            callback.reason = reason;
            return callback;
        }
        Fate::Excused { outcome, reason, at } => {
            ended = Some(at);
            Change::Excuse { id: callback.id, outcome, reason, at }.apply_to(&mut callback);
        }
        Fate::Done { by, method, outcome, reason, at } => {
            ended = Some(at);
            Change::Satisfy { id: callback.id, by, method, outcome, reason, at }.apply_to(&mut callback);
        }
    }
    if callback.deadline <= ended.unwrap_or(facts.now).min(facts.now) {
        callback.breached_at = Some(callback.deadline);
    }
    callback
}

fn because(facts: &Facts<'_>, want: &Want<'_>) -> Reason {
    let mut detail = match (want.event, want.follows) {
        (_, Some(parent)) => format!("after {}", parent.rule),
        (Some(event), None) => format!("{} on {}", event.kind, facts.calendar.date(event.at)),
        (None, None) => facts.calendar.date(want.anchor).to_string(),
    };
    if want.rule.milestone
        && let Some(open) = milestone::left_open(facts, want.event.map_or("", |event| &event.matter))
    {
        detail.push_str("; ask again: ");
        detail.push_str(&open);
    }
    Reason::new(code::DUE, detail)
}
