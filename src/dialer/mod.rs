//! The dialler: campaigns, the day's list, pacing, retries, choice of trunk.

mod campaign;
mod entry;

pub use campaign::{Campaign, CampaignSettings, CampaignState, MachinePolicy, RetryRule};
pub use entry::{Attempt, Candidate, EntryState, EntryUpdate, NewEntry, Reason};
