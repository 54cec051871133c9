//! One call's life.

mod interface;
mod machine;
mod negotiation;
mod outcome;
mod record;
mod release;
mod setup;
mod state;
mod talk;

use interface::Over;
pub use interface::{Action, Closing, Event, Extension, Plan, Way};
pub use machine::Call;
pub use outcome::{Unanswered, unanswered};
pub use record::{CallRecord, Direction, EndedBy, StepStamp, StoredAnswer};
pub use state::State;
