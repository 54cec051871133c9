//! A ticket as it stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pack::StageRule;
use crate::base::{CallId, CallbackId, CustomerId, EventId, Timestamp};
use crate::calendar::Sum;

/// Where a ticket stands as a whole; its `state` is the word for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Being worked on.
    #[default]
    Open,
    /// Dealt with; the customer is asked whether it is solved.
    Verifying,
    /// Closed.
    Closed,
    /// The same as another ticket, which goes on.
    Joined,
}

/// A named user and a time: what a signature is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Signature {
    /// Who.
    pub by: String,
    /// When; milliseconds since 1970.
    #[schema(value_type = i64)]
    pub at: Timestamp,
}

/// One stage of a ticket, with the rule as it was when the ticket was opened (TKT-07).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// What it asks for.
    pub rule: StageRule,
    /// What its deadline is counted from; None: that has not happened.
    pub began_at: Option<Timestamp>,
    /// When it must be done.
    pub due: Option<Timestamp>,
    /// How that was computed.
    pub sum: Sum,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// Who did it.
    pub done_by: String,
    /// `done`, `fail`, `promised`, `call`, `skipped`.
    pub result: String,
    /// The call that did it.
    pub call: Option<CallId>,
    /// Its deadline, once that passed while it was owed; stays.
    pub breached_at: Option<Timestamp>,
    /// When it was warned of.
    pub warned_at: Option<Timestamp>,
}

/// A dated promise to the customer (section 6, item 21).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Promise {
    /// Counts a ticket's promises, from 1.
    pub no: u32,
    /// When we call again; milliseconds since 1970.
    #[schema(value_type = i64)]
    pub at: Timestamp,
    /// What was promised.
    pub what: String,
    /// Who promised it.
    pub by: String,
    /// When.
    #[schema(value_type = i64)]
    pub made_at: Timestamp,
    /// When its owner was reminded.
    #[schema(value_type = Option<i64>)]
    pub reminded_at: Option<Timestamp>,
    /// When it was kept.
    #[schema(value_type = Option<i64>)]
    pub kept_at: Option<Timestamp>,
    /// When it was found broken.
    #[schema(value_type = Option<i64>)]
    pub broken_at: Option<Timestamp>,
}

/// One approval that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Approval {
    /// Which.
    pub id: String,
    /// Who and when.
    pub signed: Signature,
}

/// A file that was attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct File {
    /// Its name.
    pub name: String,
    /// `photo`, `scan`, `form`, `receipt` or another word.
    pub kind: String,
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Who attached it, and when.
    pub signed: Signature,
}

/// The meeting that a major ticket calls for (ESC-03).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Meeting {
    /// `2026-03-03`; empty: not set.
    pub date: String,
    /// Who takes part.
    pub participants: String,
    /// What was decided; empty: nothing yet.
    pub decision: String,
}

/// How the verification stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Verification {
    /// When the customer is called; milliseconds since 1970.
    #[schema(value_type = Option<i64>)]
    pub due: Option<Timestamp>,
    /// How that was computed.
    #[schema(value_type = Vec<String>)]
    pub sum: Sum,
    /// Calls in this round that came to nothing.
    pub unreached: u32,
    /// A person calls in place of the robot.
    pub by_person: bool,
    /// The customer said that it is solved.
    pub passed: bool,
    /// Score given in it.
    pub score: Option<i64>,
    /// When the result came.
    #[schema(value_type = Option<i64>)]
    pub at: Option<Timestamp>,
    /// Calls asked for so far: each has a number of its own.
    pub calls: u32,
}

/// While a ticket waits for the customer its deadlines rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
}

/// Points taken off somebody's score (TKT-17).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Points {
    /// Whose.
    pub who: String,
    /// How many; negative.
    pub points: i64,
    /// For what.
    pub why: String,
    /// When; milliseconds since 1970.
    #[schema(value_type = i64)]
    pub at: Timestamp,
}

/// A ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticket {
    /// Row id; 0 for one that is not stored yet.
    pub id: i64,
    /// Number for people, in order of a pack's day: `KF20260303-0001`.
    pub number: String,
    /// Policy pack of its customer.
    pub pack: String,
    /// Type.
    pub kind: String,
    /// `ordinary`, `serious` or `major`.
    pub severity: String,
    /// Category, which decides the department.
    pub category: String,
    /// Where it comes from: `call`, `walk_in`, `callback`, a department's name.
    pub source: String,
    /// Where it stands as a whole.
    pub phase: Phase,
    /// The word for people: that of its next stage.
    pub state: String,
    /// Who answers for it; never empty.
    pub owner: String,
    /// Department that handles it; may be empty.
    pub department: String,
    /// Who reported the last stage: may not verify it where the pack says so.
    pub handler: String,
    /// The customer, where they are known.
    pub customer: Option<CustomerId>,
    /// Customer's number; may be empty.
    pub phone: String,
    /// Customer's name.
    pub name: String,
    /// Order, project, vehicle.
    pub matter: String,
    /// `city`, `in_province` or `other_province`.
    pub region: String,
    /// Event of the archive that it came of.
    pub event: Option<EventId>,
    /// Callback in which it was found out.
    pub found_in: Option<CallbackId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the call that opened it ended.
    pub call_end: Option<Timestamp>,
    /// It was opened in a call that is still up.
    pub in_call: bool,
    /// When the department was told.
    pub told_at: Option<Timestamp>,
    /// The department's receipt.
    pub acknowledged: Option<Signature>,
    /// When a person escalated it last.
    pub escalated_at: Option<Timestamp>,
    /// When it was reported upward.
    pub reported_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When it was put into the file: after the close, always last (VER-03).
    pub filed_at: Option<Timestamp>,
    /// Why or how it was closed.
    pub closed_how: String,
    /// Ticket that goes on in its place.
    pub joined_into: Option<i64>,
    /// Everything else, by name.
    pub fields: BTreeMap<String, String>,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
    /// Promises to the customer.
    pub promises: Vec<Promise>,
    /// Approvals that were given.
    pub approvals: Vec<Approval>,
    /// Files.
    pub files: Vec<File>,
    /// Its meeting.
    pub meeting: Option<Meeting>,
    /// Level of escalation, from 0.
    pub level: u32,
    /// Verifications that failed.
    pub cycle: u32,
    /// How often the customer came with it, from 1.
    pub repeat: u32,
    /// Solved on the first contact (TKT-36).
    pub first_contact: bool,
    /// A customer was dissatisfied with this; shown in the manager's list (ESC-08).
    pub dissatisfied: bool,
    /// Stable words of what a person should know: `no_phone`, `repeat`, `missing_lesson`.
    pub flags: BTreeSet<String>,
    /// Points taken off.
    pub points: Vec<Points>,
    /// Deadlines rest.
    pub pause: Option<Pause>,
    /// How the verification stands.
    pub verification: Verification,
    /// When anything last happened to it.
    pub touched_at: Timestamp,
    /// Reminders sent while nothing happened.
    pub urged: u32,
    /// Calls to the customer asked for so far, verifications left out.
    pub calls: u32,
    /// Counts the changes.
    pub version: i64,
}

impl Ticket {
    /// Whether it is still owed.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Verifying)
    }

    /// The value of a field as a condition sees it: the ticket's own words, then its fields.
    pub fn field(&self, name: &str) -> Option<&str> {
        match name {
            "kind" => Some(self.kind.as_str()),
            "severity" => Some(self.severity.as_str()),
            "category" => Some(self.category.as_str()),
            "source" => Some(self.source.as_str()),
            "department" => Some(self.department.as_str()),
            "region" => Some(self.region.as_str()),
            "phone" => Some(self.phone.as_str()),
            "name" => Some(self.name.as_str()),
            "escalated" => Some(if self.escalated_at.is_some() { "true" } else { "false" }),
            other => self.fields.get(other).map(String::as_str),
        }
        .map(str::trim)
        .filter(|value| !value.is_empty())
    }

    /// Takes out the customer and what was said, of a ticket that is closed; times, stages, results and
    /// points stay.
    pub fn forget(&mut self) {
        for text in [&mut self.phone, &mut self.name, &mut self.matter, &mut self.closed_how] {
            text.clear();
        }
        self.fields.clear();
        self.files.clear();
        self.promises.iter_mut().for_each(|promise| promise.what.clear());
        self.points.iter_mut().for_each(|points| points.why.clear());
        if let Some(meeting) = &mut self.meeting {
            (meeting.participants, meeting.decision) = Default::default();
        }
        self.version += 1;
    }

    /// Whether a field says yes.
    pub fn says_yes(&self, name: &str) -> bool {
        self.field(name).is_some_and(|value| matches!(value, "true" | "yes" | "1" | "是" | "满意"))
    }

    /// The earliest deadline that is owed: of a stage, a promise, or the verification.
    pub fn due_at(&self) -> Option<Timestamp> {
        if !self.is_open() {
            return None;
        }
        let stages = self.owed().filter(|stage| !stage.rule.reminder).filter_map(|stage| stage.due);
        let promises = self.promises.iter().filter(|p| p.kept_at.is_none()).map(|p| p.at);
        stages.chain(promises).min()
    }

    /// The next promised reply.
    pub fn next_reply(&self) -> Option<Timestamp> {
        self.promises.iter().filter(|p| p.kept_at.is_none()).map(|p| p.at).min()
    }
}
