//! What follows from the dialler's inputs: calls, reservations, fetches, states, timers.

use std::cmp::Reverse;
use std::time::Duration;

use super::machine::{MAX_FETCH, Phase, Slot};
use super::settle::{judge, set_aside};
use super::trunk::{DialCheck, GroupState, Purpose};
use super::workload::{FETCH_PAUSE, FETCH_TIMEOUT, FetchState, POLL, Workload};
use super::{Action, Attempt, CampaignState, Candidate, Dialer, EntryUpdate, Order, Reason, Route};
use crate::base::{CallId, CampaignId, Mono, Now, Timestamp};
use crate::policy::{Decision, code};

/// Another call to the same number is up: look again after this long.
const NUMBER_IN_CALL_MS: i64 = 10 * 60_000;
/// A reservation that found no trunk: look again after this long.
const RELEASED_MS: i64 = 60_000;
/// Attempts written in one transaction at most.
const MAX_RESERVE: usize = 64;
/// Entries judged in one run at most; the rest follow at once in the next.
const MAX_JUDGED: usize = 2000;

impl Dialer {
    /// Works out everything that the last input made possible.
    pub(super) fn run(&mut self, now: Now) {
        self.wake = None;
        for id in self.campaign_ids() {
            let Some(work) = self.work.get_mut(&id) else { continue };
            if work.is_running() {
                let changes = work.look_at_window(now.utc);
                let after = Duration::from_millis(changes.millis_since(now.utc).max(0).unsigned_abs());
                self.wake_at(now.mono + after.min(POLL));
            }
        }
        self.dial_waiting(now);
        self.serve(now);
        for id in self.campaign_ids() {
            self.fetch(now, id);
            self.tell_blocked(now, id);
            self.finish(id);
        }
    }

    pub(super) fn wake_at(&mut self, at: Mono) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    fn campaign_ids(&self) -> Vec<CampaignId> {
        self.work.keys().copied().collect()
    }

    /// Dials what is on disk, as pace and trunks allow; releases what may not or cannot be
    /// dialled any more.
    fn dial_waiting(&mut self, now: Now) {
        for call in std::mem::take(&mut self.waiting) {
            match self.may_dial(now, call) {
                Ok(order) => self.actions.push_back(Action::Dial(Box::new(order))),
                Err(Some(reason)) => self.release(now, call, reason),
                Err(None) => self.waiting.push_back(call),
            }
        }
    }

    /// The order for a reserved call; or why it is to be released; or nothing yet.
    fn may_dial(&mut self, now: Now, call: CallId) -> Result<Order, Option<Reason>> {
        let Some(slot) = self.calls.get_mut(&call) else { return Err(Some(Reason::new(code::RELEASED, ""))) };
        let Some((campaign, candidate)) = &slot.work else { return Err(None) };
        let Some(work) = self.work.get_mut(campaign) else { return Err(None) };
        if let Some(hold) = &self.hold {
            return Err(Some(hold.clone()));
        }
        if !work.is_running() {
            return Err(Some(Reason::new(
                code::NOT_RUNNING,
                format!("the campaign is {}", work.campaign.state),
            )));
        }
        if !work.open {
            return Err(Some(Reason::new(
                code::WINDOW_CLOSED,
                "the window closed before the call was placed",
            )));
        }
        let deadline = slot.reserved_at + self.settings.reservation_timeout;
        if now.mono > deadline {
            return Err(Some(Reason::new(code::RELEASED, "no trunk could be had in time")));
        }
        let paced = work.dial.ready_at().max(self.dial.ready_at());
        if now.mono < paced {
            self.wake_at(paced);
            return Err(None);
        }
        let checked = slot.trunk.as_ref().map(|name| self.trunks.take_dial(now.mono, name));
        match checked {
            Some(DialCheck::Go) => {}
            Some(DialCheck::At(at)) => {
                self.wake_at(at.min(deadline + Duration::from_micros(1)));
                return Err(None);
            }
            Some(DialCheck::Gone) | None => {
                if let Some(gone) = slot.trunk.take() {
                    self.trunks.release(&gone);
                }
                slot.trunk = self.trunks.choose(now.mono, &slot.group, &[], Purpose::Dial, &mut self.rng);
                if slot.trunk.is_none() {
                    self.wake_at((now.mono + FETCH_PAUSE).min(deadline + Duration::from_micros(1)));
                    return Err(None);
                }
            }
        }
        work.dial.take(now.mono);
        self.dial.take(now.mono);
        let trunk = slot.trunk.clone().unwrap_or_else(|| "".into());
        let number = self.trunks.dial_string(&trunk, &candidate.details.phone).unwrap_or_default();
        let order = order(call, *campaign, candidate, work, Route { trunk, number });
        slot.phase = Phase::Dialling;
        work.waiting = work.waiting.saturating_sub(1);
        Ok(order)
    }

    /// Gives a reserved attempt back: its call is closed and its entry due again.
    fn release(&mut self, now: Now, call: CallId, reason: Reason) {
        let Some((campaign, candidate)) = self.forget(call) else { return };
        let Some(work) = self.work.get_mut(&campaign) else { return };
        let pause = if reason.code == code::RELEASED { RELEASED_MS } else { 0 };
        let at = Timestamp(now.utc.0.saturating_add(pause));
        let due = work.windows.next_opening(at).unwrap_or(at);
        work.lay_to_rest(candidate.entry, now.mono + 2 * FETCH_PAUSE);
        work.fetch_by(now.mono + 2 * FETCH_PAUSE);
        let update = set_aside(&candidate, Some(due), reason);
        self.actions.push_back(Action::Release { call, campaign, update });
    }

    /// Reserves attempts for as many due entries as limits and paces allow.
    fn serve(&mut self, now: Now) {
        if self.hold.is_some() {
            return;
        }
        let (mut attempts, mut updates) = (Vec::new(), Vec::new());
        for judged in 0..=MAX_JUDGED {
            if judged == MAX_JUDGED || attempts.len() == MAX_RESERVE {
                self.wake_at(now.mono);
                break;
            }
            let Some(campaign) = self.pick(now) else { break };
            let Some(work) = self.work.get_mut(&campaign) else { break };
            let Some(candidate) = work.queue.pop_front() else { break };
            if let Some(update) = self.consider(now, campaign, candidate, &mut attempts) {
                updates.push(update);
            }
        }
        if !attempts.is_empty() {
            self.actions.push_back(Action::Reserve(attempts));
        }
        if !updates.is_empty() {
            self.actions.push_back(Action::Update(updates));
        }
    }

    /// The campaign to serve next: by priority, equals in turn.
    fn pick(&mut self, now: Now) -> Option<CampaignId> {
        let list_calls = self.work.values().map(|w| w.in_flight).fold(0, u32::saturating_add);
        if self.settings.max_calls > 0 && list_calls >= self.settings.max_calls {
            return None;
        }
        let mut later: Vec<Mono> = Vec::new();
        let mut best: Option<(Reverse<u8>, u64, CampaignId)> = None;
        for (id, work) in &self.work {
            if !work.is_running()
                || !work.open
                || work.queue.is_empty()
                || !work.has_room()
                || work.waiting > 0
            {
                continue;
            }
            let paced = work.reserve.ready_at().max(self.reserve.ready_at());
            if now.mono < paced {
                later.push(paced);
                continue;
            }
            match self.trunks.group_state(now.mono, &work.campaign.settings.trunk_group) {
                GroupState::Ready => {
                    let rank = (Reverse(work.campaign.settings.priority), work.served, *id);
                    if best.is_none_or(|best| rank < best) {
                        best = Some(rank);
                    }
                }
                GroupState::Busy(at) | GroupState::Down(_, at) => later.extend(at),
            }
        }
        if best.is_none() {
            for at in later {
                self.wake_at(at);
            }
        }
        best.map(|(_, _, id)| id)
    }

    /// Judges one entry: an attempt to reserve, or an update that says why not.
    fn consider(
        &mut self,
        now: Now,
        campaign: CampaignId,
        candidate: Candidate,
        attempts: &mut Vec<Attempt>,
    ) -> Option<EntryUpdate> {
        let work = self.work.get_mut(&campaign)?;
        let (until, because) = match judge(now.utc, &work.campaign.settings, &work.windows, &candidate) {
            Decision::Call { .. } if self.numbers.contains(&candidate.details.phone) => {
                let at = Timestamp(now.utc.0.saturating_add(NUMBER_IN_CALL_MS));
                let reason = Reason::new(code::NUMBER_IN_CALL, "this number is in another call");
                (Some(work.windows.next_opening(at).unwrap_or(at)), reason)
            }
            Decision::Call { .. } => {
                let group = work.campaign.settings.trunk_group.clone();
                let chosen = self.trunks.choose(now.mono, &group, &[], Purpose::Reserve, &mut self.rng);
                if chosen.is_none() {
                    // `pick` saw a trunk ready, so this is unreachable; but an entry is never lost.
                    work.queue.push_front(candidate);
                    return None;
                }
                attempts.push(self.reserve_one(now, campaign, candidate, group, chosen)?);
                return None;
            }
            Decision::Wait { until, because } => (Some(until), because),
            Decision::Never { because } => (None, because),
        };
        work.taken.remove(&candidate.entry);
        // The update is on its way to the store: until then a fetch may bring the entry again.
        work.lay_to_rest(candidate.entry, now.mono + 2 * FETCH_PAUSE);
        if let Some(until) = until {
            let after = Duration::from_millis(until.millis_since(now.utc).max(0).unsigned_abs());
            work.fetch_by(now.mono + after.max(2 * FETCH_PAUSE));
        }
        Some(set_aside(&candidate, until, because))
    }

    fn reserve_one(
        &mut self,
        now: Now,
        campaign: CampaignId,
        candidate: Candidate,
        group: String,
        trunk: Option<std::sync::Arc<str>>,
    ) -> Option<Attempt> {
        let work = self.work.get_mut(&campaign)?;
        work.reserve.take(now.mono);
        self.reserve.take(now.mono);
        work.in_flight += 1;
        self.turn += 1;
        work.served = self.turn;
        let phone = candidate.details.phone.clone();
        self.numbers.insert(phone.clone());
        let call = CallId::new(now.utc, &mut self.rng);
        let attempt = Attempt {
            call,
            campaign,
            entry: candidate.entry,
            phone: phone.clone(),
            reserved_at: now.utc,
            daily_cap: work.campaign.settings.daily_cap_per_number,
            day_start: work.windows.day_start(now.utc),
        };
        let slot = Slot {
            work: Some((campaign, candidate)),
            phase: Phase::Reserving,
            trunk,
            tried: Vec::new(),
            group,
            number: Some(phone),
            reserved_at: now.mono,
        };
        self.calls.insert(call, slot);
        Some(attempt)
    }

    /// Asks the store for more entries when the queue runs low.
    fn fetch(&mut self, now: Now, id: CampaignId) {
        let held = self.hold.is_some();
        let size = self.settings.fetch_size.clamp(1, MAX_FETCH);
        let Some(work) = self.work.get_mut(&id) else { return };
        if !work.is_running() || held {
            return;
        }
        if let FetchState::Asked(at, _) = work.fetch
            && now.mono > at + FETCH_TIMEOUT
        {
            work.fetch = FetchState::At(now.mono);
        }
        let low = work.queue.len() < usize::try_from(size / 4).unwrap_or(0).max(1);
        match work.fetch {
            FetchState::Asked(at, _) => self.wake_at(at + FETCH_TIMEOUT + Duration::from_micros(1)),
            FetchState::At(at) if low && at <= now.mono => {
                // Entries of the queue are still pending in the store and come again.
                let again = u32::try_from(work.taken.len()).unwrap_or(0);
                let limit = if work.open { size.saturating_add(again) } else { 1 };
                work.fetch = FetchState::Asked(now.mono, limit);
                let list = work.campaign.list;
                self.actions.push_back(Action::Fetch { campaign: id, list, limit });
                self.wake_at(now.mono + FETCH_TIMEOUT + Duration::from_micros(1));
            }
            FetchState::At(at) if low => self.wake_at(at),
            FetchState::At(_) => {}
        }
    }

    /// Says why a campaign as a whole places no call, when that changes.
    fn tell_blocked(&mut self, now: Now, id: CampaignId) {
        let Some(work) = self.work.get(&id) else { return };
        let reason = self.why_blocked(now, work);
        if work.blocked.as_ref() != Some(&reason)
            && let Some(work) = self.work.get_mut(&id)
        {
            work.blocked = Some(reason.clone());
            self.actions.push_back(Action::Blocked { campaign: id, reason });
        }
    }

    fn why_blocked(&self, now: Now, work: &Workload) -> Option<Reason> {
        if !work.is_running() {
            return Some(Reason::new(code::NOT_RUNNING, format!("the campaign is {}", work.campaign.state)));
        }
        if let Some(hold) = &self.hold {
            return Some(hold.clone());
        }
        if !work.open {
            return Some(match work.opens_at() {
                Some(at) => Reason::new(code::WINDOW_CLOSED, format!("opens at {}", work.windows.civil(at))),
                None => Reason::new(code::WINDOW_NEVER, "no calling window opens within a year"),
            });
        }
        if let GroupState::Down(why, _) =
            self.trunks.group_state(now.mono, &work.campaign.settings.trunk_group)
        {
            return Some(Reason::new(code::NO_TRUNK, why));
        }
        let rest = work.rest.filter(|rest| work.is_idle() && rest.unfinished > 0)?;
        let next = rest.next_due?;
        (next > now.utc).then(|| {
            let detail =
                format!("{} entries wait; the first for {}", rest.unfinished, work.windows.civil(next));
            Reason::new(code::NOTHING_DUE, detail)
        })
    }

    /// A campaign that ends gracefully is done with its last call.
    fn finish(&mut self, id: CampaignId) {
        if let Some(work) = self.work.get_mut(&id)
            && work.campaign.state == CampaignState::Ending
            && work.in_flight == 0
        {
            work.campaign.state = CampaignState::Done;
            self.actions.push_back(Action::State { campaign: id, state: CampaignState::Done });
        }
    }
}

fn order(call: CallId, campaign: CampaignId, candidate: &Candidate, work: &Workload, route: Route) -> Order {
    let settings = &work.campaign.settings;
    let language = match candidate.details.language.as_str() {
        "" => settings.language.clone(),
        language => language.to_owned(),
    };
    Order {
        call,
        campaign,
        candidate: candidate.clone(),
        route,
        script: settings.script.clone(),
        language,
        ring: Duration::from_secs(u64::from(settings.ring_seconds)),
        extension_pause: Duration::from_millis(settings.extension_pause_ms.into()),
        extension_wait: Duration::from_secs(settings.extension_wait_seconds.into()),
        caller_id: settings.caller_id.clone(),
        caller_name: settings.caller_name.clone(),
        machine: settings.machine,
    }
}
