//! What people, calls and customers do to a ticket, and why it may be refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{CallId, Timestamp};

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A person of the department, by link.
    Department,
    /// An agent or clerk.
    #[default]
    Agent,
    /// A supervisor: overrides, reassigns.
    Supervisor,
}

/// Who does it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Named user.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Roles of the company that they hold: `部门负责人`; what they may sign.
    pub holds: Vec<String>,
}

impl Who {
    /// The daemon itself.
    pub fn daemon() -> Who {
        Who { name: "desk".into(), role: Role::Supervisor, holds: Vec::new() }
    }
}

/// Why an act is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A value is missing or cannot be used.
    #[error("{field}: {detail}")]
    Field {
        /// Which.
        field: String,
        /// What is wrong.
        detail: String,
        /// How to mend it.
        hint: String,
    },
    /// Not as things stand.
    #[error("{0}")]
    Conflict(String),
    /// Not by this person.
    #[error("{0}")]
    Forbidden(String),
}

impl Refusal {
    /// A value that is missing or cannot be used.
    pub(super) fn field(field: &str, detail: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal::Field { field: field.to_owned(), detail: detail.into(), hint: hint.into() }
    }
}

/// A call that has to do with a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The call; None: it was placed elsewhere.
    pub call: Option<CallId>,
    /// By the customer.
    pub inbound: bool,
    /// A person answered.
    pub answered: bool,
    /// When it ended.
    pub at: Timestamp,
    /// Who placed or took it, where that is known.
    pub agent: String,
    /// Departments and roles of that agent, where it is known who belongs to which.
    pub departments: Option<Vec<String>>,
}

/// What a verification came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Solved, not solved; None: the customer was not reached.
    pub solved: Option<bool>,
    /// Score given in it.
    pub score: Option<i64>,
    /// Answers to the criteria of the pack.
    pub criteria: BTreeMap<String, bool>,
    /// Role or department of who verifies.
    pub role: String,
    /// What is left over.
    pub leftover: String,
    /// The call.
    pub call: Option<CallId>,
}

/// One thing that is done to a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Fields are filled in; the ticket's own words (`severity`, `category`, `department`, `name`,
    /// `phone`, `matter`, `kind`) among them.
    Edit(BTreeMap<String, String>),
    /// It is given to somebody.
    Assign {
        /// To whom.
        owner: String,
        /// Why.
        reason: String,
    },
    /// The department receives it.
    Acknowledge {
        /// Which department; empty: that of whoever does it.
        department: String,
    },
    /// It is handed to a department.
    HandOver {
        /// Which.
        department: String,
    },
    /// A stage is reported.
    Report {
        /// Its word.
        stage: String,
        /// `done` or `fail`.
        result: String,
        /// What is filled in with it.
        fields: BTreeMap<String, String>,
    },
    /// A next reply is promised.
    Promise {
        /// When.
        at: Timestamp,
        /// What.
        what: String,
    },
    /// A call.
    Call(Attempt),
    /// The customer came with it again (ESC-04).
    Repeat {
        /// The call.
        call: Option<CallId>,
    },
    /// A comment.
    Comment(String),
    /// Somebody is called into the talk with the customer.
    CallIn {
        /// Who.
        who: String,
        /// The call.
        call: CallId,
    },
    /// A file was attached.
    Attach(super::File),
    /// Given to the manager (ESC-01).
    Escalate {
        /// Cause.
        cause: String,
        /// What was done so far.
        process: String,
        /// What the customer wants.
        demand: String,
    },
    /// Reported upward by hand (TKT-36, TKT-40).
    ReportUp,
    /// An approval is signed.
    Approve {
        /// Which.
        approval: String,
        /// Who signed on paper, where a supervisor enters it for them; empty: whoever does it.
        signed_by: String,
        /// What comes with it.
        fields: BTreeMap<String, String>,
    },
    /// Something that was found out changes it.
    Amend(super::Amendment),
    /// It waits for the customer: deadlines rest.
    Wait(String),
    /// Deadlines go on.
    Resume,
    /// Somebody is to call the customer within a time (TKT-42).
    CallBack {
        /// Who.
        by: String,
        /// By when.
        at: Timestamp,
        /// What for.
        what: String,
    },
    /// The meeting is set or has decided (ESC-03).
    Meet(super::Meeting),
    /// Everything is done; the customer is asked.
    Handled,
    /// A verification came to a result.
    Verify(Found),
    /// It is closed.
    Close {
        /// How.
        how: String,
    },
    /// A supervisor closes it without a satisfied customer (TKT-33).
    Override(String),
    /// It is opened again.
    Reopen(String),
    /// It is the same as another, which goes on.
    Join {
        /// Row id of the other.
        into: i64,
        /// Number of the other.
        number: String,
    },
    /// A file was put away after the close (VER-03).
    File,
}

/// The judgement of a verification, for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Solved.
    Passed,
    /// Not solved.
    Failed,
    /// Nobody answered.
    Unreached,
}
