//! What a derivation changes.

use super::Dates;
use crate::base::{CallbackId, EventId, Timestamp};
use crate::policy::pack::Method;
use crate::policy::{Callback, CallbackState, Outcome, Reason};

/// One change to the callbacks of a customer.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A callback that did not exist. It carries the state in which it begins: nearly always
    /// open, waiting where something must happen first, closed where that has happened already.
    New(Box<Callback>),
    /// What it waited for has happened: it is owed from then on, by these dates.
    Open {
        /// Which.
        id: CallbackId,
        /// Its dates, counted anew where they hang on what it waited for.
        dates: Dates,
    },
    /// An open one is given up.
    Excuse {
        /// Which.
        id: CallbackId,
        /// How it ends.
        outcome: Outcome,
        /// Why.
        reason: Reason,
        /// When that came to be.
        at: Timestamp,
    },
    /// An open one is fulfilled without a call of its own.
    Satisfy {
        /// Which.
        id: CallbackId,
        /// By what.
        by: Fulfilment,
        /// Through what channel.
        method: Method,
        /// How it ends.
        outcome: Outcome,
        /// Why.
        reason: Reason,
        /// When that came to be.
        at: Timestamp,
    },
    /// Its deadline passed while it was open.
    Breach {
        /// Which.
        id: CallbackId,
        /// The deadline.
        at: Timestamp,
    },
}

/// What fulfilled a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fulfilment {
    /// A visit or an answered questionnaire.
    Event(EventId),
    /// Another callback in which the customer was reached.
    Callback(CallbackId),
}

/// What is to be changed, and when to look again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Derived {
    /// The changes, in the order in which they are to be made.
    pub changes: Vec<Change>,
    /// When time alone may change something: a deadline, the next call of a series.
    pub review_at: Option<Timestamp>,
    /// Events that a rule is for, but of which we learned so long after the deadline that they
    /// are history and owe no callback: the archive that is brought in on the first day.
    pub history: u32,
    /// What kept a rule from being applied, where and how to mend it.
    pub faults: Vec<String>,
}

impl Change {
    /// Makes the change to the callbacks of its customer. `id` numbers one that is new.
    pub fn apply(&self, callbacks: &mut Vec<Callback>, id: CallbackId) {
        let (Change::Open { id: which, .. }
        | Change::Excuse { id: which, .. }
        | Change::Satisfy { id: which, .. }
        | Change::Breach { id: which, .. }) = self
        else {
            if let Change::New(callback) = self {
                callbacks.push(Callback { id, ..Callback::clone(callback) });
            }
            return;
        };
        if let Some(callback) = callbacks.iter_mut().find(|callback| callback.id == *which) {
            self.apply_to(callback);
        }
    }

    /// Makes the change to the one callback that it names; [`Change::New`] changes none.
    pub fn apply_to(&self, callback: &mut Callback) {
        match self {
            Change::New(_) => {}
            Change::Open { dates, .. } => {
                callback.state = CallbackState::Open;
                callback.earliest = dates.earliest;
                callback.due = dates.due;
                callback.deadline = dates.deadline;
                callback.sums = dates.sums.clone();
            }
            Change::Excuse { outcome, reason, at, .. } => {
                close(callback, CallbackState::Excused, *outcome, reason, *at);
            }
            Change::Satisfy { by, method, outcome, reason, at, .. } => {
                close(callback, CallbackState::Done, *outcome, reason, *at);
                callback.method = *method;
                if let Fulfilment::Callback(other) = by {
                    callback.merged_into = Some(*other);
                }
            }
            Change::Breach { at, .. } => callback.breached_at = Some(*at),
        }
    }
}

fn close(callback: &mut Callback, state: CallbackState, outcome: Outcome, reason: &Reason, at: Timestamp) {
    callback.state = state;
    callback.outcome = Some(outcome);
    callback.reason = reason.clone();
    callback.closed_at = Some(at);
}
