//! The dialler's state machine.

use std::sync::Arc;
use std::time::Duration;

use super::{Action, Campaign, CampaignState, Command, Ended, EntryUpdate, Fetched, Health, Reason, Route};
use super::{RouteFailure, TrunkSettings};
use crate::base::{CallId, CampaignId, ListId, Mono, Now, PhoneNumber, Rng};
use crate::policy::Windows;

/// Settings of the dialler as a whole.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Windows of campaigns that name none.
    pub windows: Windows,
    /// Calls at once over all campaigns; 0 means no limit.
    pub max_calls: u32,
    /// New calls a second over all campaigns; 0 means no limit.
    pub max_cps: f64,
    /// Entries fetched at once.
    pub fetch_size: u32,
    /// How long a reserved attempt may wait for a trunk before it is released.
    pub reservation_timeout: Duration,
}

/// A command or a campaign cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No campaign of that id is known.
    #[error("there is no campaign {0}")]
    UnknownCampaign(CampaignId),
    /// The command does not fit the state.
    #[error("a campaign that is {state} cannot {command}")]
    BadState {
        /// Where it stands.
        state: CampaignState,
        /// What was asked, as a verb.
        command: &'static str,
    },
    /// A setting of the campaign is wrong.
    #[error("campaign setting `{key}`: {problem}")]
    Setting {
        /// Which.
        key: &'static str,
        /// What is wrong and how to mend it.
        problem: String,
    },
}

/// The dialler.
#[derive(Debug)]
pub struct Dialer {}

#[allow(missing_docs, unused_variables)]
impl Dialer {
    /// A dialler without campaigns.
    pub fn new(settings: Settings, trunks: Vec<TrunkSettings>, rng: Rng) -> Self {
        Dialer {}
    }

    /// A campaign as stored: at start, when made, and when its settings change.
    pub fn handle_campaign(&mut self, now: Now, campaign: Campaign) -> Result<(), Error> {
        Ok(())
    }

    /// An order of a person; gives the new state. [`Action::State`] follows.
    pub fn handle_command(
        &mut self,
        now: Now,
        campaign: CampaignId,
        command: Command,
    ) -> Result<CampaignState, Error> {
        Err(Error::UnknownCampaign(campaign))
    }

    /// Rows came into a list: look at it at once.
    pub fn handle_list_changed(&mut self, now: Now, list: ListId) {}

    /// The store's answer to a fetch.
    pub fn handle_candidates(&mut self, now: Now, campaign: CampaignId, fetched: Fetched) {}

    /// The store could not answer a fetch.
    pub fn handle_fetch_failed(&mut self, now: Now, campaign: CampaignId) {}

    /// The store's answer to a reservation.
    pub fn handle_reserved(&mut self, now: Now, reserved: &[CallId], refused: &[(CallId, Reason)]) {}

    /// A trunk did not take the call: the next way, if there is one.
    pub fn handle_route_failed(&mut self, now: Now, call: CallId, failure: RouteFailure) -> Option<Route> {
        None
    }

    /// An inbound call, or one of no list, uses a trunk until [`Dialer::handle_call_ended`].
    /// False if the trunk has no room for it.
    pub fn handle_call_began(&mut self, now: Now, call: CallId, trunk: &str) -> bool {
        true
    }

    /// A way for a call of no list; it counts until [`Dialer::handle_call_ended`].
    pub fn handle_route_wanted(
        &mut self,
        now: Now,
        call: CallId,
        group: &str,
        number: &PhoneNumber,
    ) -> Option<Route> {
        None
    }

    /// A call is over. What becomes of its entry, to be stored with the record.
    pub fn handle_call_ended(&mut self, now: Now, call: CallId, ended: Ended) -> Option<EntryUpdate> {
        None
    }

    /// What the health check of a trunk says.
    pub fn handle_trunk_health(&mut self, now: Now, trunk: &str, health: Health) {}

    /// Trunks after a reload; calls in progress keep their count by name.
    pub fn handle_trunks(&mut self, now: Now, trunks: Vec<TrunkSettings>) {}

    /// Stops all dialling for a reason, or lets it go on.
    pub fn handle_hold(&mut self, now: Now, reason: Option<Reason>) {}

    /// The time of [`Dialer::next_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Now) {}

    /// When to call [`Dialer::handle_timeout`].
    pub fn next_timeout(&self) -> Option<Mono> {
        None
    }

    /// The next thing to do; ask until None after every handler.
    pub fn poll_action(&mut self) -> Option<Action> {
        None
    }

    /// Names of the trunks, in the order of the settings.
    pub fn trunk_names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}
