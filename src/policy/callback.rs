//! A callback that is owed: by which rule, until when, and how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Reason;
use super::pack::Method;
use crate::base::{CallId, CallbackId, CustomerId, EventId, Timestamp};
use crate::calendar::Sum;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every word, in the order of the reports.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word in files, the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// The value of that word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// Where a callback stands. Every due callback is exactly one of done, open (which
    /// waiting is) and excused: nothing else, and nothing is lost.
    CallbackState {
        /// Another thing must happen first.
        Waiting = "waiting",
        /// Owed.
        Open = "open",
        /// Done.
        Done = "done",
        /// Given up for a reason that is stored: refused, cancelled, do-not-call.
        Excused = "excused",
    }
}

words! {
    /// Where a callback comes from (SCH-13).
    Origin {
        /// An event by a rule.
        Event = "event",
        /// A repetition of a series.
        Series = "series",
        /// Another callback's outcome.
        Outcome = "outcome",
        /// A period of the calendar, or so long after the last.
        Period = "period",
        /// A key account's own plan.
        Plan = "plan",
        /// A random sample.
        Sample = "sample",
        /// Set by the agent or doctor in another callback (SCH-20).
        FollowUp = "follow_up",
        /// Promised for an exact time (REM-03).
        Appointment = "appointment",
        /// Added by a person with a reason.
        Manual = "manual",
    }
}

words! {
    /// How a callback that is not open any more ended.
    Outcome {
        /// Reached, and nothing was dissatisfied.
        Satisfied = "satisfied",
        /// Reached, and some answer was dissatisfied.
        Dissatisfied = "dissatisfied",
        /// Reached, without an answer that is either.
        Reached = "reached",
        /// The customer refused this callback (WIN-03).
        Refused = "refused",
        /// All attempts and channels are spent.
        Unreached = "unreached",
        /// An event took it back: cancelled, came back, superseded.
        Withdrawn = "withdrawn",
        /// The number or the customer may not be called.
        Forbidden = "forbidden",
        /// A person took it out, with a reason.
        Removed = "removed",
    }
}

/// A callback that is owed.
///
/// `(pack, rule, subject, occurrence)` names it: working it out again from the same facts
/// gives the same callback and never a second one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callback {
    /// Row id; 0 for one that is not stored yet.
    pub id: CallbackId,
    /// Policy pack.
    pub pack: String,
    /// Rule of the pack.
    pub rule: String,
    /// Version of the pack by which it was made: the first 12 hex digits of its SHA-256.
    pub version: String,
    /// Whom it is about.
    pub customer: CustomerId,
    /// What it is about, see [`crate::archive::Event::subject`]; with the event's id where a
    /// rule makes one for each event, with the period where it makes one for each period.
    pub subject: String,
    /// Number of the repetition, from 0.
    pub occurrence: u32,
    /// Where it comes from.
    pub origin: Origin,
    /// The event behind it.
    pub event: Option<EventId>,
    /// The callback it follows.
    pub follows: Option<CallbackId>,
    /// By what channel.
    pub method: Method,
    /// Not before.
    pub earliest: Timestamp,
    /// When it should be done.
    pub due: Timestamp,
    /// When it must be done; exclusive, so that a day's end is the next midnight.
    pub deadline: Timestamp,
    /// How the three were computed.
    pub sums: Sums,
    /// Where it stands.
    pub state: CallbackState,
    /// Why.
    pub reason: Reason,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// The call that ended it.
    pub call: Option<CallId>,
    /// The callback whose call does for this one too.
    pub merged_into: Option<CallbackId>,
    /// When its deadline passed while it was open; stays when it is done later (SCH-02).
    pub breached_at: Option<Timestamp>,
    /// Who is to call; empty where anybody of the role may.
    pub assignee: String,
    /// Purpose or note of a person, shown on the card.
    pub note: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Callback {
    /// The callback as it was at a moment before it ended, if it ended after that.
    pub fn reopen_after(&mut self, at: Timestamp) {
        if self.closed_at.is_some_and(|closed| closed > at) {
            self.state = CallbackState::Open;
            self.outcome = None;
            self.closed_at = None;
            self.call = None;
            self.merged_into = None;
        }
        self.breached_at = self.breached_at.filter(|breached| *breached <= at);
    }
}

/// How the dates of a callback were computed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// Of the earliest moment.
    pub earliest: Sum,
    /// Of the due date.
    pub due: Sum,
    /// Of the deadline.
    pub deadline: Sum,
}
