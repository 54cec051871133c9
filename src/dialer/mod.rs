//! The dialler: campaigns, the day's list, pacing, retries, choice of trunk.
//!
//! [`Dialer`] is a pure machine: it asks for due entries ([`Action::Fetch`]), has attempts
//! written before anything leaves ([`Action::Reserve`]), and orders calls only for attempts
//! that are on disk ([`Action::Dial`]).

mod action;
mod campaign;
mod check;
mod entry;
pub mod import;
mod machine;
mod pace;
mod progress;
mod seats;
mod serve;
mod settle;
#[cfg(test)]
mod tests;
mod transition;
mod trunk;
mod workload;

pub use crate::policy::{Reason, RetryRule};
pub use action::{Action, Command, Ended, Fetched, Order, Route};
pub use campaign::{Campaign, CampaignSettings, CampaignState, MachinePolicy};
pub use check::{MAX_ATTEMPTS, MAX_CALLS_PER_SECOND, MAX_EXTENSION_PAUSE_MS, MAX_RING_SECONDS};
pub use entry::{Attempt, Candidate, EntryState, EntryUpdate, NewEntry, Terms, Turn};
pub use machine::{Dialer, Error, MAX_FETCH, Settings};
pub use progress::{Progress, eta};
pub use seats::{Seats, Tally};
pub use settle::{QUIET_HOURS_FIELD, settle};
pub use trunk::{Health, RouteFailure, TrunkSettings, TrunkStatus};
