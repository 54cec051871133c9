//! Who must be called back, and who is called on a day: pure functions of facts, calendar,
//! policy and ledger.
//!
//! [`derive`] says which callbacks come into being, become owed, are taken back or fulfilled.
//! `(pack, rule, subject, occurrence)` names a callback, so that the same facts give the same
//! callback and never a second one. [`day`] makes the list of one day from the open callbacks,
//! [`compare`] says what another policy would change in it, [`forecast`] looks ahead, [`rates`]
//! looks back, and [`sample`] draws at random in a way that anybody can repeat.

mod booking;
mod by_hand;
mod change;
mod closed;
mod compare;
mod dates;
mod day;
mod derive;
mod facts;
mod fate;
mod forecast;
mod milestone;
mod period;
mod rate;
pub mod sample;
mod series;
#[cfg(test)]
mod tests;
mod trigger;

pub use booking::{Booked, Demand, WEEKS, demand};
pub use by_hand::{appointment, drawn, follow_up, manual};
pub use change::{Change, Derived, Fulfilment};
pub use closed::{Closed, closed};
pub use compare::{Comparison, Moved, compare};
pub use dates::Dates;
pub use day::{
    Call, Candidate, Capacity, DayPlan, Identity, Ledger, NumberLedger, Row, Span, Today, Verdict, Warning,
    day,
};
pub use derive::derive;
pub use facts::{PolicyRef, Subject};
pub use forecast::forecast;
pub use milestone::{Milestone, milestones};
pub use rate::{Missing, Rate, rates, total};
