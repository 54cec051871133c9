//! The dialler: campaigns, the day's list, pacing, retries, choice of trunk.
//!
//! [`Dialer`] is a pure machine: it asks for due entries ([`Action::Fetch`]), has attempts
//! written before anything leaves ([`Action::Reserve`]), and orders calls only for attempts
//! that are on disk ([`Action::Dial`]).

mod action;
mod campaign;
mod entry;
pub mod import;
mod machine;
mod trunk;

pub use crate::policy::{Reason, RetryRule};
pub use action::{Action, Command, Ended, Fetched, Order, Route};
pub use campaign::{Campaign, CampaignSettings, CampaignState, MachinePolicy};
pub use entry::{Attempt, Candidate, EntryState, EntryUpdate, NewEntry};
pub use machine::{Dialer, Error, Settings};
pub use trunk::{Health, RouteFailure, TrunkSettings};
