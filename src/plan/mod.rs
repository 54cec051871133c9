//! Who must be called back, and who is called on a day: pure functions of facts, calendar,
//! policy and ledger.
//!
//! [`derive`] says which callbacks come into being, become owed, are taken back or fulfilled.
//! `(pack, rule, subject, occurrence)` names a callback, so that the same facts give the same
//! callback and never a second one.

mod change;
mod closed;
mod condition;
mod dates;
mod derive;
mod facts;
mod fate;
mod milestone;
mod period;
mod series;
#[cfg(test)]
mod tests;
mod trigger;

pub use change::{Change, Derived, Fulfilment};
pub use closed::{Closed, closed};
pub use condition::{all_hold, holds, lookup};
pub use dates::Dates;
pub use derive::derive;
pub use facts::{PolicyRef, Subject};
pub use milestone::{Milestone, milestones};
