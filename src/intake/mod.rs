//! Facts in: rows of files and items of the API become customers of the archive and events
//! that happened to them, by the rules of their pack. One result a row; a bad row stops
//! nothing; taking the same rows in twice changes nothing.

mod by_call;
mod column;
mod expected;
mod import;
mod merge;
mod phones;
mod reconcile;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use by_call::Said;
pub use column::{MAX_COLUMNS, NAMED, guess};
pub use expected::{Check, Checked, REMIND_BEFORE_MINUTES, checks};
pub use import::{Counts, Intake, MAX_ROWS, row_key};
pub use merge::{Update, update};
pub use phones::{MAX_CONTACTS, contacts};
pub use reconcile::{Difference, DifferenceKind, RegisterLine, reconcile};
pub use row::{MAX_CELL_CHARS, MAX_NAME_CHARS, Reader, check_customer};

use crate::archive::{Contact, Standing};
use crate::base::Timestamp;
use crate::calendar::Offset;

/// How rows are read, beside what the pack says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Area code for numbers without one: `021`.
    pub home_area: Option<String>,
    /// IANA zone of the times in the rows; empty means UTC.
    pub timezone: String,
    /// Column to field, as the user says now or said before for the same source. Goes before
    /// the pack's own columns and the known names.
    pub mapping: BTreeMap<String, String>,
    /// When the rows come in.
    pub now: Timestamp,
    /// Who collected the slips; for rows that do not say (IMP-01).
    pub collected_by: String,
    /// Who handed them over; for rows that do not say.
    pub handed_over_by: String,
}

/// What a row says of its customer. Empty and None say nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewCustomer {
    /// The company's own key.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Numbers, best first.
    pub contacts: Vec<Contact>,
    /// Prompt language.
    pub language: String,
    /// Grade.
    pub grade: String,
    /// Windows in which they prefer to be called.
    pub preferred_hours: String,
    /// Windows in which they must not be called.
    pub quiet_hours: String,
    /// Key account.
    pub key_account: Option<bool>,
    /// How often a key account is called.
    pub plan_every: Option<Offset>,
    /// First day of that plan.
    pub plan_from: Option<Timestamp>,
    /// Named owner of the account.
    pub owner: String,
    /// E-mail address.
    pub email: String,
    /// Whether they may be called back.
    pub standing: Option<Standing>,
    /// Everything else, by column.
    pub fields: BTreeMap<String, String>,
}

/// What a row says happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// A kind of the pack.
    pub kind: String,
    /// The source's own key, or one made of what the row says. Never empty.
    pub external_id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Whether a time of day was given.
    pub has_time: bool,
    /// Order, project, vehicle, stay; may be empty.
    pub matter: String,
    /// Everything else, by column.
    pub fields: BTreeMap<String, String>,
    /// When we, or the clerk who took the slip, learned of it.
    pub received_at: Timestamp,
    /// Entered on a later day than received, where the pack asks (IMP-02).
    pub late: bool,
}

/// A word for programs and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Stable word: `no_customer_score`, `missing_field`, `not_a_row`.
    pub code: String,
    /// What is wrong and how to mend it.
    pub text: String,
}

impl Remark {
    /// A remark of that word.
    pub fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Remark { code: code.into(), text: text.into() }
    }
}

/// What a good row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// To whom.
    pub customer: NewCustomer,
    /// What happened; None where the row only tells of a customer.
    pub event: Option<NewEvent>,
    /// What is odd about it all the same.
    pub warnings: Vec<Remark>,
}

/// What became of one row before the store is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct RowResult {
    /// Line of the file; the header is line 1. Place in the list, from 1, for items of the API.
    pub line: u64,
    /// The result.
    pub outcome: Outcome,
}

/// What became of one row before the store is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Good.
    Taken(Box<Fact>),
    /// The same key stands on an earlier line.
    Duplicate {
        /// That line.
        of: u64,
    },
    /// Not asked for, and no error: an unsettled job.
    Skipped(Remark),
    /// Not usable.
    Rejected {
        /// Why, and how to mend it.
        remark: Remark,
        /// The row as the file has it, cut.
        text: String,
    },
}

/// The rows as a whole cannot be read; says why and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IntakeError(pub String);
