//! What a derivation stands on, arranged so that every question is a binary search.

use crate::archive::{Customer, Event};
use crate::base::{EventId, Timestamp};
use crate::calendar::Calendar;
use crate::policy::pack::{OncePer, Pack, Rule, Target};
use crate::policy::{Callback, CallbackState, Outcome};

/// One version of a pack.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRef<'a> {
    /// The pack.
    pub pack: &'a Pack,
    /// Its version, which every callback made by it carries.
    pub version: &'a str,
}

/// One customer with everything that is known about them.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The customer.
    pub customer: &'a Customer,
    /// Their events of this pack that are known, in any order; a replay leaves out what was
    /// heard of later.
    pub events: &'a [Event],
    /// Their callbacks of this pack, open and closed, in any order.
    pub callbacks: &'a [Callback],
}

/// The subject with its indexes.
pub(super) struct Facts<'a> {
    pub policy: PolicyRef<'a>,
    pub calendar: &'a Calendar,
    pub customer: &'a Customer,
    pub callbacks: &'a [Callback],
    pub now: Timestamp,
    /// Since when the pack's text is in force, where it says so.
    pub effective: Option<Timestamp>,
    /// By kind, then time, then id.
    by_kind: Vec<&'a Event>,
    by_id: Vec<&'a Event>,
    /// By rule, subject, occurrence.
    by_key: Vec<&'a Callback>,
    /// By rule, event, occurrence.
    by_event: Vec<&'a Callback>,
}

impl<'a> Facts<'a> {
    pub fn new(
        policy: PolicyRef<'a>,
        calendar: &'a Calendar,
        subject: &Subject<'a>,
        now: Timestamp,
    ) -> Facts<'a> {
        let mut by_kind: Vec<&Event> = subject.events.iter().collect();
        by_kind.sort_unstable_by(|a, b| (a.kind.as_str(), a.at, a.id).cmp(&(b.kind.as_str(), b.at, b.id)));
        let mut by_id: Vec<&Event> = subject.events.iter().collect();
        by_id.sort_unstable_by_key(|event| event.id);
        let mut by_key: Vec<&Callback> = subject.callbacks.iter().collect();
        by_key.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
        let mut by_event: Vec<&Callback> = by_key.iter().copied().filter(|c| c.event.is_some()).collect();
        by_event.sort_by(|a, b| {
            (a.rule.as_str(), a.event, a.occurrence).cmp(&(b.rule.as_str(), b.event, b.occurrence))
        });
        Facts {
            policy,
            calendar,
            customer: subject.customer,
            callbacks: subject.callbacks,
            now,
            effective: policy
                .pack
                .effective
                .as_deref()
                .and_then(|day| day.trim().parse().ok())
                .map(|day| calendar.start_of(day)),
            by_kind,
            by_id,
            by_key,
            by_event,
        }
    }

    pub fn pack(&self) -> &'a Pack {
        self.policy.pack
    }

    pub fn rule(&self, id: &str) -> Option<&'a Rule> {
        self.policy.pack.rule.get(id)
    }

    /// Events of a kind, earliest first.
    pub fn of_kind(&self, kind: &str) -> &[&'a Event] {
        let from = self.by_kind.partition_point(|event| event.kind.as_str() < kind);
        let len = self.by_kind[from..].partition_point(|event| event.kind == kind);
        &self.by_kind[from..from + len]
    }

    pub fn event(&self, id: EventId) -> Option<&'a Event> {
        self.by_id.binary_search_by_key(&id, |event| event.id).ok().map(|at| self.by_id[at])
    }

    /// The first event of all.
    pub fn first_event(&self) -> Option<&'a Event> {
        self.by_kind.iter().copied().min_by_key(|event| (event.at, event.id))
    }

    /// Callbacks of a rule, by subject and occurrence.
    pub fn of_rule(&self, rule: &str) -> &[&'a Callback] {
        let from = self.by_key.partition_point(|callback| callback.rule.as_str() < rule);
        let len = self.by_key[from..].partition_point(|callback| callback.rule == rule);
        &self.by_key[from..from + len]
    }

    pub fn has(&self, rule: &str, subject: &str, occurrence: u32) -> bool {
        self.by_key.binary_search_by(|callback| key(callback).cmp(&(rule, subject, occurrence))).is_ok()
    }

    /// The last repetition of a series that exists.
    pub fn last_of(&self, rule: &str, subject: &str) -> Option<&'a Callback> {
        let end = self.by_key.partition_point(|callback| key(callback) <= (rule, subject, u32::MAX));
        let last = self.by_key[..end].last()?;
        (last.rule == rule && last.subject == subject).then_some(last)
    }

    /// Whether a rule made a callback for this event. Asked beside the key, because a change
    /// of `once_per` gives another key to the same callback.
    pub fn has_for(&self, rule: &str, event: EventId, occurrence: u32) -> bool {
        let wanted = (rule, Some(event), occurrence);
        self.by_event
            .binary_search_by(|callback| {
                (callback.rule.as_str(), callback.event, callback.occurrence).cmp(&wanted)
            })
            .is_ok()
    }

    /// The matter that a callback is about; empty for the customer as a whole.
    pub fn matter(&self, callback: &Callback) -> &'a str {
        callback.event.and_then(|id| self.event(id)).map_or("", |event| event.matter.as_str())
    }

    /// Callbacks in which the customer was reached, with the moment.
    pub fn answered(&self) -> impl Iterator<Item = (&'a Callback, Timestamp)> + '_ {
        self.callbacks.iter().filter_map(|callback| {
            let reached = matches!(
                callback.outcome,
                Some(Outcome::Satisfied | Outcome::Dissatisfied | Outcome::Reached)
            );
            let theirs = self.rule(&callback.rule).is_none_or(|rule| rule.target == Target::Customer);
            let at = callback.closed_at?;
            (callback.state == CallbackState::Done && reached && theirs).then_some((callback, at))
        })
    }
}

fn key(callback: &Callback) -> (&str, &str, u32) {
    (&callback.rule, &callback.subject, callback.occurrence)
}

/// From when on an event stands: when it happened; of what is still to come, when it was heard of.
pub(super) fn moment(event: &Event) -> Timestamp {
    event.at.min(event.received_at)
}

/// The same where the source gives only a day: the last moment it may mean.
pub(super) fn latest_moment(event: &Event) -> Timestamp {
    const DAY_MS: i64 = 24 * 3_600_000;
    if event.has_time {
        moment(event)
    } else {
        Timestamp(event.at.0.saturating_add(DAY_MS - 1)).min(event.received_at.max(event.at))
    }
}

/// Whether an event concerns what another is about. One that names no matter speaks of the
/// customer as a whole.
pub(super) fn related(rule: &Rule, matter: &str, other: &Event) -> bool {
    let on = &rule.on;
    let of_customer = rule.once_per == OncePer::Customer
        || on.every.is_some()
        || on.yearly.is_some()
        || on.key_account_plan;
    of_customer || matter.is_empty() || other.matter.is_empty() || other.matter == matter
}

/// Words of a subject that stands for the customer.
pub(super) fn of_customer(customer: &Customer) -> String {
    format!("customer:{}", customer.id)
}
