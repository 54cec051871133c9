//! One call's life.

mod bridged;
mod interface;
pub mod leg;
mod machine;
mod negotiation;
mod outcome;
mod record;
mod release;
mod setup;
mod state;
mod talk;

use interface::Over;
pub use interface::{Action, Closing, Event, Extension, Plan, Wanted, Way};
pub use machine::Call;
pub use outcome::{Unanswered, unanswered};
pub use record::{
    Bridging, CallRecord, Direction, EndedBy, HungUpFirst, Purpose, RecordingNotice, StepStamp, StoredAnswer,
};
pub use state::State;
