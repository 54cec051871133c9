//! Evidence on calls: what it is made from, and what was found.

mod find;
mod save;
mod source;

pub use find::{EvidenceRow, FindingFilter, FindingRow, MustAuditRow};
pub use save::{NewEvidence, TRANSCRIPT_WANTED};
pub use source::{CallSource, TicketSource};
