//! Rows of registers as they are stored: read chunk by chunk in the order of their time, so that
//! a year needs no more memory than a day.

mod callbacks;
mod calls;
mod findings;
mod note;
mod others;
mod report;
mod sheets;
mod staff;
mod tickets;

pub use callbacks::{AnswerOf, CallbackRecord};
pub use calls::CallRecord;
pub use findings::FindingRecord;
pub use note::NoteRow;
pub use others::{CustomerRecord, DutyRecord, EventRecord, MessageRecord};
pub use report::{ActionRow, NewReport, ReportFilter, ReportLogRow, ReportRow};
pub use sheets::{MustRecord, SheetRecord};
pub use staff::{ExpenseRecord, ShiftRecord};
pub use tickets::TicketRecord;

/// Rows that are read at once.
pub const CHUNK: i64 = 1_000;

/// Rows after the one with this time and id, up to a time, exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// Time of the last row that was read.
    pub at: i64,
    /// Its id: a number, or that of a call.
    pub id: i64,
    /// Id of the last call.
    pub call: String,
    /// Where the period ends; exclusive, in milliseconds since 1970.
    pub to: i64,
}

impl After {
    /// The rows from a moment to another, exclusive.
    pub fn between(from: i64, to: i64) -> After {
        After { at: from - 1, id: i64::MAX, call: "~".into(), to }
    }
}
