//! What goes into the dialler and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use super::{Attempt, CampaignState, Candidate, EntryUpdate, MachinePolicy};
use crate::base::{CallId, CampaignId, Disposition, ListId, Timestamp};
use crate::policy::Reason;

/// An order of a person to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin or begin again.
    Start,
    /// Place no new call; calls in progress go on.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Stop at once: calls in progress are hung up.
    Stop,
    /// End gracefully: no new call, `Done` with the last one.
    End,
}

/// The store's answer to [`Action::Fetch`].
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    /// Entries that are pending and due: promised calls, then by priority (high first), due time, id.
    pub candidates: Vec<Candidate>,
    /// Entries of the list that are pending or dialling and not among `candidates`.
    pub unfinished: u64,
    /// The earliest due time of pending entries that are not among `candidates`.
    pub next_due: Option<Timestamp>,
    /// The earliest time from then on at which a customer is promised a call.
    pub next_exact: Option<Timestamp>,
}

/// How a call ended, as far as the dialler cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Business result.
    pub disposition: Disposition,
    /// The time the customer asked for, with [`Disposition::Later`].
    pub later_at: Option<Timestamp>,
}

/// Which way a call goes: a trunk and the number as that trunk wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Name of the trunk.
    pub trunk: Arc<str>,
    /// User part of the request URI, in the trunk's number format.
    pub number: String,
}

/// A call to be placed at this moment; its attempt is on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The call's id, and the attempt's.
    pub call: CallId,
    /// Whose campaign.
    pub campaign: CampaignId,
    /// Who is called.
    pub candidate: Candidate,
    /// The first way to try; ask [`super::Dialer::handle_route_failed`] for the next.
    pub route: Route,
    /// Survey script, by name: the entry's, or the campaign's.
    pub script: String,
    /// Prompt language: the entry's, or the campaign's.
    pub language: String,
    /// How long to let it ring before CANCEL.
    pub ring: Duration,
    /// How long to wait after the answer before an extension is dialled through.
    pub extension_pause: Duration,
    /// Number shown; empty means the trunk's own.
    pub caller_id: String,
    /// Name shown: the entry's, or the campaign's.
    pub caller_name: String,
    /// What to do when a machine answers.
    pub machine: MachinePolicy,
}

/// What the dialler wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Read due entries; answered by [`super::Dialer::handle_candidates`] or
    /// [`super::Dialer::handle_fetch_failed`].
    Fetch {
        /// For which campaign.
        campaign: CampaignId,
        /// Its list.
        list: ListId,
        /// At most so many.
        limit: u32,
    },
    /// Write these attempts; answered by [`super::Dialer::handle_reserved`].
    Reserve(Vec<Attempt>),
    /// Place this call.
    Dial(Box<Order>),
    /// A reserved attempt will not be dialled: close it as `cancelled`, and the entry so.
    Release {
        /// The attempt.
        call: CallId,
        /// Whose campaign.
        campaign: CampaignId,
        /// What becomes of its entry.
        update: EntryUpdate,
    },
    /// Entries looked at and not called, with the reason.
    Update(Vec<EntryUpdate>),
    /// Why a campaign as a whole places no call; None: nothing is in its way.
    Blocked {
        /// Which.
        campaign: CampaignId,
        /// Why.
        reason: Option<Reason>,
    },
    /// A campaign changed its state.
    State {
        /// Which.
        campaign: CampaignId,
        /// To what.
        state: CampaignState,
    },
    /// End these calls at once: their campaign was stopped.
    HangUp(Vec<CallId>),
}
