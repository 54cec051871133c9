//! Callbacks that are owed, the days on which they are planned, and why.

mod day;
mod draw;
mod edit;
mod find;
mod ledger;
mod mark;
mod recorded;
mod release;
mod reply;
mod settle;
mod subject;
mod version;
mod write;

use jiff::civil::Date;

use super::Error;
use crate::base::{CallbackId, CustomerId, EntryId, EventId, Timestamp};
use crate::policy::pack::Method;
use crate::policy::{Callback, CallbackState, Origin, Outcome, Reason};

pub use day::{DayPlanRow, DayPlanState, Verdict, VerdictCount, VerdictRow, Word};
pub use draw::Draw;
pub use edit::{Edit, NewCallback};
pub use find::Breach;
pub use ledger::EntryLedger;
pub use mark::{Mark, MarkKind, MarkRow};
pub use recorded::{RecordedDay, RecordedInput};
pub use release::{ReleaseEntry, Released};
pub use reply::{EventAnswerRow, ReplyRow};
pub use settle::{Ending, Settling};
pub use subject::Subject;
pub use version::PolicyVersion;
pub use write::Changes;
pub(super) use write::insert as insert_callbacks;

/// A callback as stored: with what the dialler has of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Stored {
    /// The callback.
    pub callback: Callback,
    /// Its entry, once it was released to the dialler.
    pub entry: Option<EntryId>,
    /// The last day on whose list it stood.
    pub released_day: Option<Date>,
    /// A person keeps it off the list of this day.
    pub held_day: Option<Date>,
}

/// A callback `b` with all its columns; a FROM clause follows.
macro_rules! callback_columns {
    () => {
        "b.id, b.pack, b.rule, b.version, b.customer_id, b.subject, b.occurrence, b.origin, b.event_id, b.follows,
         b.method, b.earliest, b.due, b.deadline, b.sums, b.state, b.reason, b.detail, b.outcome, b.closed_at,
         b.call_id, b.merged_into, b.breached_at, b.assignee, b.note, b.created_at, b.entry_id, b.released_day,
         b.held_day"
    };
}
pub(super) use callback_columns;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    pack: String,
    rule: String,
    version: String,
    customer_id: i64,
    subject: String,
    occurrence: i64,
    origin: String,
    event_id: Option<i64>,
    follows: Option<i64>,
    method: String,
    earliest: i64,
    due: i64,
    deadline: i64,
    sums: String,
    state: String,
    reason: String,
    detail: String,
    outcome: Option<String>,
    closed_at: Option<i64>,
    call_id: Option<String>,
    merged_into: Option<i64>,
    breached_at: Option<i64>,
    assignee: String,
    note: String,
    created_at: i64,
    entry_id: Option<i64>,
    released_day: Option<String>,
    held_day: Option<String>,
}

impl TryFrom<Row> for Stored {
    type Error = Error;

    fn try_from(row: Row) -> Result<Stored, Error> {
        let id = row.id;
        let bad = |what: &str, word: &str| corrupt(id, format!("unknown {what} `{word}`"));
        let day = |text: Option<String>| {
            text.map(|t| t.parse::<Date>().map_err(|e| corrupt(id, e.to_string()))).transpose()
        };
        let call =
            row.call_id.map(|c| c.parse::<crate::base::CallId>().map_err(|e| corrupt(id, e.to_string())));
        let outcome = row.outcome.map(|word| Outcome::parse(&word).ok_or_else(|| bad("outcome", &word)));
        let callback = Callback {
            id: CallbackId(id),
            pack: row.pack,
            rule: row.rule,
            version: row.version,
            customer: CustomerId(row.customer_id),
            subject: row.subject,
            occurrence: u32::try_from(row.occurrence).unwrap_or(0),
            origin: Origin::parse(&row.origin).ok_or_else(|| bad("origin", &row.origin))?,
            event: row.event_id.map(EventId),
            follows: row.follows.map(CallbackId),
            method: Method::parse(&row.method).ok_or_else(|| bad("method", &row.method))?,
            earliest: Timestamp(row.earliest),
            due: Timestamp(row.due),
            deadline: Timestamp(row.deadline),
            sums: serde_json::from_str(&row.sums).map_err(|e| corrupt(id, format!("sums: {e}")))?,
            state: CallbackState::parse(&row.state).ok_or_else(|| bad("state", &row.state))?,
            reason: Reason::new(&row.reason, row.detail),
            outcome: outcome.transpose()?,
            closed_at: row.closed_at.map(Timestamp),
            call: call.transpose()?,
            merged_into: row.merged_into.map(CallbackId),
            breached_at: row.breached_at.map(Timestamp),
            assignee: row.assignee,
            note: row.note,
            created_at: Timestamp(row.created_at),
        };
        Ok(Stored {
            callback,
            entry: row.entry_id.map(EntryId),
            released_day: day(row.released_day)?,
            held_day: day(row.held_day)?,
        })
    }
}

fn corrupt(id: i64, detail: String) -> Error {
    Error::Corrupt { what: "callback", detail: format!("{id}: {detail}") }
}

/// Rows as callbacks. One row that something else wrote must not keep the others from being
/// called: it is told of and passed over.
pub(super) fn all(rows: Vec<Row>) -> Vec<Stored> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        match Stored::try_from(row) {
            Ok(stored) => found.push(stored),
            Err(error) => tracing::error!(%error, "a callback is passed over"),
        }
    }
    found
}

/// The text of a value as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Refused(format!("cannot be written as JSON: {e}")))
}
