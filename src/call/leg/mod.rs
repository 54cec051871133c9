//! One more leg of a call: a person of ours, or somebody outside whom we bring in.
//!
//! A [`Leg`] knows nothing of the call that it belongs to. Whoever owns both says when it is
//! rung and when it is let go, and hears once that it is up and once that it is over.

mod interface;
mod machine;
mod outcome;
mod party;
mod state;

#[cfg(test)]
mod tests;

pub use interface::{Accept, Action, Event, LegPlan, Release};
pub use machine::Leg;
pub use outcome::{LegKind, LegRecord, LegResult, Pause};
pub use party::{Listening, Party, Role, is_alone, mixes};
pub use state::LegState;
