//! What the engine remembers of its campaigns for those who watch.

use super::Engine;
use crate::base::{CampaignId, Now, Timestamp};
use crate::calendar::Windows;
use crate::dialer::{self, Campaign, CampaignSettings, CampaignState, EntryState, Reason, eta};

/// One campaign as seen from the engine.
#[derive(Debug)]
pub(super) struct CampaignNote {
    state: CampaignState,
    blocked: Option<Reason>,
    windows: Windows,
    settings: CampaignSettings,
    /// Since when it is running, for the pace.
    since: Timestamp,
    finished: u64,
    remaining: Option<u64>,
}

/// One campaign at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignView {
    /// Which.
    pub id: CampaignId,
    /// Where it stands.
    pub state: CampaignState,
    /// Calls reserved or up.
    pub calls: u64,
    /// Why it places no call.
    pub blocked: Option<Reason>,
    /// When it will be done at this pace; None: cannot be told.
    pub eta: Option<Timestamp>,
}

/// Settings are checked when they come in; what slips past has the default windows.
fn windows(settings: &CampaignSettings, dialer: &dialer::Settings) -> Windows {
    settings.windows(&dialer.windows, &dialer.calendar).unwrap_or_else(|_| dialer.windows.clone())
}

impl CampaignNote {
    pub fn of(now: Now, campaign: &Campaign, dialer: &dialer::Settings) -> Self {
        CampaignNote {
            state: campaign.state,
            blocked: None,
            windows: windows(&campaign.settings, dialer),
            settings: campaign.settings.clone(),
            since: now.utc,
            finished: 0,
            remaining: None,
        }
    }
}

impl Engine {
    /// Campaigns that are known, by id.
    pub fn campaigns(&self, now: Now) -> Vec<CampaignView> {
        let view = |(id, note): (&CampaignId, &CampaignNote)| CampaignView {
            id: *id,
            state: note.state,
            calls: self.dialer.calls_of(*id).into(),
            blocked: note.blocked.clone(),
            eta: note
                .remaining
                .filter(|_| note.state == CampaignState::Running)
                .and_then(|left| eta(&note.windows, note.since, now.utc, note.finished, left)),
        };
        self.campaigns.iter().map(view).collect()
    }

    /// What a campaign's customers of today found before this process began: the share that
    /// slows it down is one of the day, not of a run.
    pub fn restore_tally(&mut self, campaign: CampaignId, tally: dialer::Tally) {
        self.dialer.restore_tally(campaign, tally);
    }

    /// What a campaign's customers of today found.
    pub fn tally(&self, campaign: CampaignId) -> Option<dialer::Tally> {
        self.dialer.tally(campaign)
    }

    /// The default windows or the calendar changed.
    pub(super) fn note_windows(&mut self) {
        for note in self.campaigns.values_mut() {
            note.windows = windows(&note.settings, &self.settings.dialer);
        }
    }

    /// Tells the dialler which scripts can be run.
    pub(super) fn tell_scripts(&mut self) {
        self.dialer.handle_scripts(self.library.scripts.keys().cloned().collect());
        let seats = self.seats();
        self.dialer.set_seats(seats);
    }

    /// A campaign was deleted; it was not running.
    pub fn forget_campaign(&mut self, campaign: CampaignId) {
        self.campaigns.remove(&campaign);
    }

    pub(super) fn note_blocked(&mut self, campaign: CampaignId, reason: Option<Reason>) {
        if let Some(note) = self.campaigns.get_mut(&campaign) {
            note.blocked = reason;
        }
    }

    pub(super) fn note_state(&mut self, now: Now, campaign: CampaignId, state: CampaignState) {
        if let Some(note) = self.campaigns.get_mut(&campaign) {
            if state == CampaignState::Running && note.state != state {
                note.since = now.utc;
                note.finished = 0;
            }
            note.state = state;
        }
    }

    pub(super) fn note_remaining(&mut self, campaign: CampaignId, remaining: u64) {
        if let Some(note) = self.campaigns.get_mut(&campaign) {
            note.remaining = Some(remaining);
        }
    }

    pub(super) fn note_finished(&mut self, campaign: CampaignId, state: EntryState) {
        if let Some(note) = self.campaigns.get_mut(&campaign)
            && !matches!(state, EntryState::Pending | EntryState::Dialling)
        {
            note.finished += 1;
            note.remaining = note.remaining.map(|left| left.saturating_sub(1));
        }
    }
}
