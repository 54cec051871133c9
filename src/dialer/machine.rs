//! The dialler's state machine: its inputs. What follows from them is worked out in `serve`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::pace::Pacer;
use super::seats::Seats;
use super::settle::{is_quiet, settle};
use super::transition::transition;
use super::trunk::{Purpose, TrunkStatus, Trunks};
use super::workload::{FETCH_PAUSE, FetchState, PROMISED_REST, REFUSED_REST, Workload};
use super::{
    Action, Campaign, CampaignState, Candidate, Command, Ended, EntryUpdate, Fetched, Health, Reason, Route,
    RouteFailure, TrunkSettings,
};
use crate::base::{CallId, CampaignId, ListId, Mono, Now, PhoneNumber, Rng};
use crate::calendar::{Calendar, Windows};
use crate::policy::code;

/// Most entries fetched at once: a queue of this length is a few hundred kilobytes.
pub const MAX_FETCH: u32 = 1000;

/// Settings of the dialler as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Windows of campaigns that name none.
    pub windows: Windows,
    /// The company's calendar, for campaigns that place no calls on holidays or weekends.
    pub calendar: Arc<Calendar>,
    /// Calls at once over all campaigns; 0 means no limit.
    pub max_calls: u32,
    /// New calls a second over all campaigns; 0 means no limit.
    pub max_cps: f64,
    /// Entries fetched at once; 1 to [`MAX_FETCH`].
    pub fetch_size: u32,
    /// How long a reserved attempt may wait for a trunk before it is released.
    pub reservation_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            windows: Windows::always(),
            calendar: Arc::new(Calendar::plain(TimeZone::UTC)),
            max_calls: 500,
            max_cps: 50.0,
            fetch_size: 200,
            reservation_timeout: Duration::from_secs(5),
        }
    }
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

/// Where a call of the dialler's stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The store was asked to write it.
    Reserving,
    /// Written; waits for its pace or a trunk.
    Waiting,
    /// Ordered from the engine.
    Dialling,
}

/// A call that is counted somewhere.
#[derive(Debug)]
pub(super) struct Slot {
    /// The list call's campaign and entry; None for calls of no list.
    pub work: Option<(CampaignId, Candidate)>,
    pub phase: Phase,
    /// The trunk on which it is counted.
    pub trunk: Option<Arc<str>>,
    pub tried: Vec<Arc<str>>,
    pub group: String,
    /// None where the trunk was not ours to choose.
    pub number: Option<PhoneNumber>,
    pub reserved_at: Mono,
}

/// The dialler. After every `handle_*` ask [`Dialer::poll_action`] until None, then sleep
/// until [`Dialer::next_timeout`].
#[derive(Debug)]
pub struct Dialer {
    pub(super) settings: Settings,
    pub(super) trunks: Trunks,
    pub(super) rng: Rng,
    pub(super) work: BTreeMap<CampaignId, Workload>,
    pub(super) calls: BTreeMap<CallId, Slot>,
    /// Calls that are reserved on disk and not dialled, oldest first.
    pub(super) waiting: VecDeque<CallId>,
    /// Numbers of list calls, so that two campaigns never call one customer at once.
    pub(super) numbers: BTreeSet<PhoneNumber>,
    pub(super) hold: Option<Reason>,
    /// Names of the survey scripts that can be run; None: not known here.
    pub(super) scripts: Option<BTreeSet<String>>,
    /// Agents by the script that would ring them.
    pub(super) seats: BTreeMap<String, Seats>,
    /// Calls whose customer an agent has.
    pub(super) reached: BTreeSet<CallId>,
    pub(super) reserve: Pacer,
    pub(super) dial: Pacer,
    pub(super) actions: VecDeque<Action>,
    pub(super) wake: Option<Mono>,
    pub(super) turn: u64,
}

impl Dialer {
    /// A dialler without campaigns.
    pub fn new(settings: Settings, trunks: Vec<TrunkSettings>, rng: Rng) -> Self {
        Dialer {
            reserve: Pacer::new(settings.max_cps),
            dial: Pacer::new(settings.max_cps),
            trunks: Trunks::new(trunks),
            rng,
            work: BTreeMap::new(),
            calls: BTreeMap::new(),
            waiting: VecDeque::new(),
            numbers: BTreeSet::new(),
            hold: None,
            scripts: None,
            seats: BTreeMap::new(),
            reached: BTreeSet::new(),
            actions: VecDeque::new(),
            wake: None,
            turn: 0,
            settings,
        }
    }

    /// A campaign as stored: at start, when made, and when its settings change. A campaign
    /// that is known keeps its state.
    pub fn handle_campaign(&mut self, now: Now, campaign: Campaign) -> Result<(), Error> {
        campaign.settings.check()?;
        let windows = campaign.settings.windows(&self.settings.windows, &self.settings.calendar)?;
        match self.work.get_mut(&campaign.id) {
            Some(work) => work.replace(campaign, windows),
            None => {
                self.work.insert(campaign.id, Workload::new(campaign, windows));
            }
        }
        self.run(now);
        Ok(())
    }

    /// An order of a person; gives the new state. [`Action::State`] follows.
    pub fn handle_command(
        &mut self,
        now: Now,
        campaign: CampaignId,
        command: Command,
    ) -> Result<CampaignState, Error> {
        let work = self.work.get_mut(&campaign).ok_or(Error::UnknownCampaign(campaign))?;
        let state = work.campaign.state;
        let Some(next) = transition(state, command) else {
            return Err(Error::BadState { state, command: command.as_str() });
        };
        work.campaign.state = next;
        if next == CampaignState::Running {
            work.fetch_by(now.mono);
        } else {
            work.drop_queue();
        }
        self.actions.push_back(Action::State { campaign, state: next });
        if command == Command::Stop {
            let dialling = |slot: &Slot| {
                slot.phase == Phase::Dialling && slot.work.as_ref().is_some_and(|(c, _)| *c == campaign)
            };
            let up: Vec<CallId> = self.calls.iter().filter(|(_, s)| dialling(s)).map(|(id, _)| *id).collect();
            if !up.is_empty() {
                self.actions.push_back(Action::HangUp(up));
            }
        }
        self.run(now);
        // The last call may have ended before: then the campaign is done already.
        Ok(self.work.get(&campaign).map_or(next, |w| w.campaign.state))
    }

    /// Entries came into a list, by an import, a policy or a person: look at it at once, so
    /// that what is urgent is called within seconds (SCH-03). What is fetched takes its place
    /// by priority before what waits already.
    pub fn handle_list_changed(&mut self, now: Now, list: ListId) {
        for work in self.work.values_mut().filter(|w| w.campaign.list == list) {
            work.look = true;
            work.fetch_by(now.mono);
        }
        self.run(now);
    }

    /// The survey scripts that can be run. An entry whose script is not among them waits, and
    /// says so; no attempt is spent on it.
    pub fn handle_scripts(&mut self, names: BTreeSet<String>) {
        self.scripts = Some(names);
    }

    /// The store's answer to a fetch.
    pub fn handle_candidates(&mut self, now: Now, campaign: CampaignId, fetched: Fetched) {
        if let Some(work) = self.work.get_mut(&campaign)
            && work.is_running()
        {
            let nothing_left = fetched.candidates.is_empty() && fetched.unfinished == 0 && !work.look;
            work.take_in(now, fetched);
            if nothing_left && work.is_idle() && !work.campaign.settings.standing {
                work.campaign.state = CampaignState::Done;
                self.actions.push_back(Action::State { campaign, state: CampaignState::Done });
            }
        } else if let Some(work) = self.work.get_mut(&campaign) {
            work.fetch = FetchState::At(now.mono);
        }
        self.run(now);
    }

    /// The store could not answer a fetch.
    pub fn handle_fetch_failed(&mut self, now: Now, campaign: CampaignId) {
        if let Some(work) = self.work.get_mut(&campaign) {
            work.fetch = FetchState::At(now.mono + 5 * FETCH_PAUSE);
        }
        self.run(now);
    }

    /// The store's answer to a reservation; each attempt must be answered, in one answer or
    /// in several. Where the store could not be asked, refuse with [`code::STORE`].
    pub fn handle_reserved(&mut self, now: Now, reserved: &[CallId], refused: &[(CallId, Reason)]) {
        for call in reserved {
            if let Some(slot) = self.calls.get_mut(call)
                && slot.phase == Phase::Reserving
            {
                slot.phase = Phase::Waiting;
                self.waiting.push_back(*call);
                if let Some(work) = slot.work.as_ref().and_then(|(c, _)| self.work.get_mut(c)) {
                    work.waiting += 1;
                }
            }
        }
        for (call, reason) in refused {
            if self.calls.get(call).is_none_or(|slot| slot.phase != Phase::Reserving) {
                continue;
            }
            if let Some((campaign, candidate)) = self.forget(*call)
                && let Some(work) = self.work.get_mut(&campaign)
            {
                let rest = match reason.code.as_str() {
                    code::STORE => 2 * FETCH_PAUSE,
                    _ if candidate.is_appointment() => PROMISED_REST,
                    _ => REFUSED_REST,
                };
                work.lay_to_rest(candidate.entry, now.mono + rest);
                work.fetch_by(now.mono + rest);
                if candidate.is_appointment() {
                    work.promised_at(now, now.utc + rest);
                }
            }
        }
        self.run(now);
    }

    /// A trunk did not take the call: the next way, if there is one and the hours of campaign
    /// and customer allow it. The call is counted on the new trunk and not on the old.
    pub fn handle_route_failed(&mut self, now: Now, call: CallId, failure: RouteFailure) -> Option<Route> {
        let slot = self.calls.get_mut(&call)?;
        if let Some(name) = slot.trunk.take() {
            self.trunks.release(&name);
            self.trunks.note_failure(now.mono, &name, failure);
            slot.tried.push(name);
        }
        // The next way is another INVITE to the customer: the hours hold for it too.
        let open = slot.work.as_ref().is_none_or(|(campaign, candidate)| {
            self.work.get(campaign).is_none_or(|work| {
                work.windows.is_open(now.utc) && !is_quiet(now.utc, &work.campaign.settings, candidate)
            })
        });
        let route = match &slot.number {
            Some(number) if open => self
                .trunks
                .choose(now.mono, &slot.group, &slot.tried, Purpose::Dial, &mut self.rng)
                .and_then(|trunk| {
                    let number = self.trunks.dial_string(&trunk, number)?;
                    slot.trunk = Some(trunk.clone());
                    Some(Route { trunk, number })
                }),
            _ => None,
        };
        self.run(now);
        route
    }

    /// An inbound call, or one whose trunk is given, uses that trunk until
    /// [`Dialer::handle_call_ended`]. False if the trunk has no room for it.
    pub fn handle_call_began(&mut self, now: Now, call: CallId, trunk: &str) -> bool {
        if self.calls.contains_key(&call) || !self.trunks.begin(trunk) {
            return false;
        }
        self.calls.insert(call, other_call(now, Some(trunk.into()), "", None));
        true
    }

    /// A way for a call of no list, for which a person waits: it does not fail because another call
    /// left in the same moment. It counts until [`Dialer::handle_call_ended`].
    pub fn handle_route_wanted(
        &mut self,
        now: Now,
        call: CallId,
        group: &str,
        number: &PhoneNumber,
    ) -> Option<Route> {
        if self.calls.contains_key(&call) {
            return None;
        }
        let trunk = self.trunks.choose(now.mono, group, &[], Purpose::Person, &mut self.rng)?;
        let text = self.trunks.dial_string(&trunk, number)?;
        self.calls.insert(call, other_call(now, Some(trunk.clone()), group, Some(number.clone())));
        Some(Route { trunk, number: text })
    }

    /// The same by one trunk and no other: it is what the call is about.
    pub fn handle_trunk_wanted(
        &mut self,
        now: Now,
        call: CallId,
        only: &str,
        number: &PhoneNumber,
    ) -> Option<Route> {
        if self.calls.contains_key(&call) {
            return None;
        }
        let others = self.trunks.others(only);
        let trunk = self.trunks.choose(now.mono, "", &others, Purpose::Person, &mut self.rng)?;
        let text = self.trunks.dial_string(&trunk, number)?;
        // Without a number there is no further way when this one fails.
        self.calls.insert(call, other_call(now, Some(trunk.clone()), "", None));
        Some(Route { trunk, number: text })
    }

    /// A call is over. What becomes of its entry, to be stored with the record.
    pub fn handle_call_ended(&mut self, now: Now, call: CallId, ended: Ended) -> Option<EntryUpdate> {
        let done = self.forget(call);
        let update = done.and_then(|(campaign, candidate)| {
            let work = self.work.get_mut(&campaign)?;
            let update = settle(now.utc, &work.campaign.settings, &work.windows, &candidate, ended);
            work.note_promise(now, &update);
            let again = update.due_at.map(|due| due.millis_since(now.utc).max(0).unsigned_abs());
            // Not at once, for the record is on its way to the store.
            let pause = again.map_or(FETCH_PAUSE, |ms| FETCH_PAUSE.max(Duration::from_millis(ms)));
            if again.is_some() || work.is_idle() {
                work.fetch_by(now.mono + pause);
            }
            Some(update)
        });
        self.run(now);
        update
    }

    /// What the health check of a trunk says.
    pub fn handle_trunk_health(&mut self, now: Now, trunk: &str, health: Health) {
        self.trunks.set_health(trunk, health);
        self.run(now);
    }

    /// Campaigns are held off a trunk, and why, or may dial through it again.
    pub fn handle_trunk_held(&mut self, now: Now, trunk: &str, reason: Option<Reason>) {
        self.trunks.set_held(trunk, reason);
        self.run(now);
    }

    /// Whether a trunk takes a call that is about itself.
    pub fn is_ready(&self, now: Now, trunk: &str) -> bool {
        self.trunks.is_ready(now.mono, trunk)
    }

    /// Why campaigns are held off a trunk; None: they are not.
    pub fn trunk_held(&self, trunk: &str) -> Option<&Reason> {
        self.trunks.held(trunk)
    }

    /// Trunks after a reload; calls in progress keep their count by name.
    pub fn handle_trunks(&mut self, now: Now, trunks: Vec<TrunkSettings>) {
        self.trunks.replace(trunks);
        self.run(now);
    }

    /// Settings after a reload.
    pub fn handle_settings(&mut self, now: Now, settings: Settings) {
        self.reserve.set_rate(settings.max_cps);
        self.dial.set_rate(settings.max_cps);
        self.settings = settings;
        for work in self.work.values_mut() {
            let calendar = &self.settings.calendar;
            if let Ok(windows) = work.campaign.settings.windows(&self.settings.windows, calendar) {
                let campaign = work.campaign.clone();
                work.replace(campaign, windows);
            }
        }
        self.run(now);
    }

    /// Stops all dialling for a reason, or lets it go on.
    pub fn handle_hold(&mut self, now: Now, reason: Option<Reason>) {
        self.hold = reason;
        self.run(now);
    }

    /// The time of [`Dialer::next_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Now) {
        self.run(now);
    }

    /// When to call [`Dialer::handle_timeout`].
    pub fn next_timeout(&self) -> Option<Mono> {
        self.wake
    }

    /// The next thing to do; ask until None after every handler.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What each trunk is doing, by name.
    pub fn trunks(&self, now: Now) -> Vec<TrunkStatus> {
        self.trunks.status(now.mono)
    }

    /// Where a campaign stands; None if it is not known.
    pub fn state(&self, campaign: CampaignId) -> Option<CampaignState> {
        self.work.get(&campaign).map(|w| w.campaign.state)
    }

    /// Calls reserved or up for a campaign.
    pub fn calls_of(&self, campaign: CampaignId) -> u32 {
        self.work.get(&campaign).map_or(0, |w| w.in_flight)
    }

    /// Takes a call out of every count. Its campaign and entry, for list calls.
    pub(super) fn forget(&mut self, call: CallId) -> Option<(CampaignId, Candidate)> {
        let slot = self.calls.remove(&call)?;
        self.reached.remove(&call);
        if let Some(trunk) = &slot.trunk {
            self.trunks.release(trunk);
        }
        let (campaign, candidate) = slot.work?;
        self.numbers.remove(&candidate.details.phone);
        if slot.phase == Phase::Waiting {
            self.waiting.retain(|id| *id != call);
        }
        if let Some(work) = self.work.get_mut(&campaign) {
            work.in_flight = work.in_flight.saturating_sub(1);
            if slot.phase == Phase::Waiting {
                work.waiting = work.waiting.saturating_sub(1);
            }
            work.taken.remove(&candidate.entry);
        }
        Some((campaign, candidate))
    }
}

fn other_call(now: Now, trunk: Option<Arc<str>>, group: &str, number: Option<PhoneNumber>) -> Slot {
    Slot {
        work: None,
        phase: Phase::Dialling,
        trunk,
        tried: Vec::new(),
        group: group.to_owned(),
        number,
        reserved_at: now.mono,
    }
}
