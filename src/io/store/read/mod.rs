//! Queries of the API and the console. They read; they never write.
//!
//! The pattern: a plain struct with `#[derive(sqlx::FromRow)]` whose columns are `i64`,
//! `f64`, `String` and their options; one SQL text; [`on!`](super::db) picks the driver.
//! Lists come in pages: a row-value comparison with the last row's key, so that page 1,000
//! costs as much as page 1.

mod callbacks;
mod calls;
mod campaigns;
mod entries;
mod imports;
mod ledger;
mod legs;
mod lists;
mod page;
pub(in crate::io::store) mod page_json;
mod placed;
mod today;

pub use callbacks::{CallbackFilter, CallbackRow, RateRow, ScoreRow};
pub use calls::{AnswerRow, CallFilter, CallRow, CallSort};
pub use campaigns::{CampaignRow, OutcomeCount, Pace};
pub(in crate::io::store) use entries::like;
pub use entries::{EntryFilter, EntryRow, EntrySort};
pub use imports::{ImportRow, ImportRowResult};
pub use ledger::{AuditFilter, AuditRow, DeadLetterRow};
pub use legs::{BridgedRow, HoldRow, LegRow, PauseRow};
pub use lists::{ListRow, StateCount};
pub(in crate::io::store) use page::fetch;
pub use page::{Cursor, PAGE_LIMIT, Page};
pub use placed::{PlacedCall, UncoveredCustomer, VisitRow};
pub use today::{CampaignOfDay, Standing};
