//! One call's life.

mod record;

pub use record::{CallRecord, Direction, EndedBy, StoredAnswer};
