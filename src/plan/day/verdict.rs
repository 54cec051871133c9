//! The day's list: one verdict for each callback, and the sums.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::hours::Span;
use crate::base::{CallbackId, CustomerId, PhoneNumber, Timestamp};
use crate::policy::pack::{Method, Mode};
use crate::policy::{Callback, CallbackState, Reason};

/// Who is called on a day, when and how; who is not, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayPlan {
    /// The day.
    pub date: Date,
    /// When the list was made.
    pub made_at: Timestamp,
    /// Calls by their start, then tasks, then what is not called.
    pub rows: Vec<Row>,
    /// When the robot's calls end, and the agents'; None where there are none.
    pub robot_ends: Option<Timestamp>,
    /// The same of the agents' calls.
    pub agents_end: Option<Timestamp>,
    /// How many rows say so: `call`, `task`, or the word of a reason.
    pub counts: BTreeMap<String, u64>,
    /// Due callbacks are done, open or excused, and nothing else.
    pub identity: Identity,
    /// What people should look at before the day begins.
    pub warnings: Vec<Warning>,
}

/// One callback of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The callback; 0 for one that does not exist yet.
    pub callback: CallbackId,
    /// Its pack, rule, subject and occurrence, which name it.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// Subject.
    pub subject: String,
    /// Occurrence.
    pub occurrence: u32,
    /// Version of the pack by which it was made.
    pub version: String,
    /// The customer.
    pub customer: CustomerId,
    /// Name of the customer.
    pub name: String,
    /// When it should be done.
    pub due: Timestamp,
    /// When it must be done.
    pub deadline: Timestamp,
    /// Its deadline has passed.
    pub late: bool,
    /// What happens to it.
    pub verdict: Verdict,
}

/// What happens to a callback on the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is called.
    Call(Box<Call>),
    /// A person does it through another channel.
    Task {
        /// Which.
        method: Method,
        /// Who; empty for anybody.
        assignee: String,
        /// Why, where it began as a call.
        reason: Option<Reason>,
    },
    /// Nothing happens to it on this day.
    Not {
        /// The one reason.
        reason: Reason,
        /// When it can be called next, where that is known.
        next: Option<Timestamp>,
        /// The callback whose call does for this one.
        merged_into: Option<CallbackId>,
    },
}

/// One call of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// When it will be placed, by the estimate; of a promised call its exact time.
    pub start: Timestamp,
    /// The window in which that lies; the call is placed in no other hour than those.
    pub window: Span,
    /// The number.
    pub phone: PhoneNumber,
    /// Keys dialled after the answer; empty for none.
    pub extension: String,
    /// Survey script.
    pub script: String,
    /// Prompt language.
    pub language: String,
    /// Robot or agent.
    pub mode: Mode,
    /// Role of the agents it may be given to.
    pub role: String,
    /// Who is to call; empty for anybody of the role.
    pub assignee: String,
    /// Who must not.
    pub not_by: String,
    /// In whose name.
    pub on_behalf_of: String,
    /// Brand.
    pub brand: String,
    /// Number shown to the customer; empty for the trunk's own.
    pub caller_id: String,
    /// Higher goes first.
    pub priority: u8,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// Persons who are rated, by their function: `{ 设计师 = 王工 }` (SCH-04, SCH-35).
    pub rated: BTreeMap<String, String>,
    /// Other callbacks that this call does for.
    pub joins: Vec<CallbackId>,
}

/// The sums of a day: every due callback is exactly one of the three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Due.
    pub due: u64,
    /// Done.
    pub done: u64,
    /// Open, which waiting is.
    pub open: u64,
    /// Excused for a stored reason.
    pub excused: u64,
}

impl Identity {
    /// Counts callbacks that are due before `end`.
    pub fn of<'a>(callbacks: impl IntoIterator<Item = &'a Callback>, end: Timestamp) -> Identity {
        let mut sums = Identity::default();
        for callback in callbacks.into_iter().filter(|callback| callback.due < end) {
            sums.due += 1;
            match callback.state {
                CallbackState::Done => sums.done += 1,
                CallbackState::Open | CallbackState::Waiting => sums.open += 1,
                CallbackState::Excused => sums.excused += 1,
            }
        }
        sums
    }

    /// Whether `due = done + open + excused`.
    pub const fn holds(&self) -> bool {
        self.due == self.done + self.open + self.excused
    }
}

/// Something that people should look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// Stable word: `capacity`, `deadline`, `hours`, `calendar`.
    pub code: String,
    /// What is wrong and how to mend it.
    pub text: String,
}

impl Verdict {
    /// The word it is counted under.
    pub fn word(&self) -> &str {
        match self {
            Verdict::Call(_) => "call",
            Verdict::Task { .. } => "task",
            Verdict::Not { reason, .. } => &reason.code,
        }
    }

    /// The call, if it is one.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Verdict::Call(call) => Some(call),
            _ => None,
        }
    }

    pub(super) fn not(code: &str, detail: impl Into<String>, next: Option<Timestamp>) -> Verdict {
        Verdict::Not { reason: Reason::new(code, detail), next, merged_into: None }
    }
}

impl Row {
    /// The name of the callback.
    pub fn key(&self) -> (&str, &str, &str, u32) {
        (&self.pack, &self.rule, &self.subject, self.occurrence)
    }
}
