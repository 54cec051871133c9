//! What follows from the dialler's inputs: calls, reservations, fetches, states, timers.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use super::machine::{MAX_FETCH, Phase, Slot};
use super::settle::{is_quiet, judge, set_aside};
use super::trunk::{DialCheck, GroupState, Purpose};
use super::workload::{FETCH_PAUSE, FETCH_TIMEOUT, FetchState, POLL, Workload};
use super::{Action, Attempt, CampaignState, Candidate, Dialer, EntryUpdate, Order, Reason, Route};
use crate::base::{CallId, CampaignId, Mono, Now, Timestamp};
use crate::policy::{Decision, code};

/// Another call to the same number is up: look again after this long.
const NUMBER_IN_CALL_MS: i64 = 10 * 60_000;
/// The same where the customer was promised this call.
const PROMISED_AGAIN_MS: i64 = 10_000;
/// The script of an entry does not exist: people may add it.
const NO_SCRIPT_MS: i64 = 10 * 60_000;
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
        if is_quiet(now.utc, &work.campaign.settings, candidate) {
            let detail = "the customer's quiet hours began before the call was placed";
            return Err(Some(Reason::new(code::QUIET_HOURS, detail)));
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
        let pause = match reason.code.as_str() {
            code::RELEASED if candidate.is_appointment() => PROMISED_AGAIN_MS,
            code::RELEASED => RELEASED_MS,
            _ => 0,
        };
        let at = Timestamp(now.utc.0.saturating_add(pause));
        let due = work.windows.next_opening(at).unwrap_or(at);
        work.lay_to_rest(candidate.entry, now.mono + 2 * FETCH_PAUSE);
        work.fetch_by(now.mono + 2 * FETCH_PAUSE);
        let update = set_aside(&candidate, Some(due), reason);
        work.note_promise(now, &update);
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

    /// The campaign to serve next: promised calls first, then by priority, equals in turn.
    fn pick(&mut self, now: Now) -> Option<CampaignId> {
        let list_calls = self.work.values().map(|w| w.in_flight).fold(0, u32::saturating_add);
        if self.settings.max_calls > 0 && list_calls >= self.settings.max_calls {
            return None;
        }
        let mut later: Vec<Mono> = Vec::new();
        let mut best: Option<(bool, Reverse<u8>, u64, CampaignId)> = None;
        for (id, work) in &self.work {
            if !work.is_running()
                || !work.open
                || work.queue.is_empty()
                || !work.has_room(now.utc)
                || !self.has_seat(work)
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
                    let priority = Reverse(work.campaign.settings.priority);
                    let rank = (!work.leads_with_promise(), priority, work.served, *id);
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
        best.map(|(.., id)| id)
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
        let decision = judge(now.utc, &work.campaign.settings, &work.windows, &candidate);
        let no_script = no_script(self.scripts.as_ref(), work, &candidate);
        let later = |ms: i64| {
            let at = Timestamp(now.utc.0.saturating_add(ms));
            Some(work.windows.next_opening(at).unwrap_or(at))
        };
        let (until, because) = match decision {
            Decision::Call { .. } if self.numbers.contains(&candidate.details.phone) => {
                let promised = candidate.is_appointment();
                let reason = Reason::new(code::NUMBER_IN_CALL, "this number is in another call");
                (later(if promised { PROMISED_AGAIN_MS } else { NUMBER_IN_CALL_MS }), reason)
            }
            Decision::Call { .. } if no_script.is_some() => {
                let detail = no_script.unwrap_or_default();
                (later(NO_SCRIPT_MS), Reason::new(code::NO_SCRIPT, detail))
            }
            Decision::Call { because } => {
                let group = work.campaign.settings.trunk_group.clone();
                let chosen = self.trunks.choose(now.mono, &group, &[], Purpose::Reserve, &mut self.rng);
                if chosen.is_none() {
                    // `pick` saw a trunk ready, so this is unreachable; but an entry is never lost.
                    work.queue.push_front(candidate);
                    return None;
                }
                let mut attempt = self.reserve_one(now, campaign, candidate, group, chosen)?;
                attempt.detail = because.detail;
                attempts.push(attempt);
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
        let update = set_aside(&candidate, until, because);
        work.note_promise(now, &update);
        Some(update)
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
            caps: work.campaign.settings.caps_per_number().at(now.utc, &work.windows),
            detail: String::new(),
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
        // What is urgent is looked for whatever waits already.
        let must = work.must_look(now);
        let wanted = |at: Mono| if low { Some(at) } else { must.map(|must| must.max(at)) };
        match work.fetch {
            FetchState::Asked(at, _) => self.wake_at(at + FETCH_TIMEOUT + Duration::from_micros(1)),
            FetchState::At(at) if wanted(at).is_some_and(|at| at <= now.mono) => {
                // Entries of the queue are still pending in the store and come again.
                let again = u32::try_from(work.taken.len()).unwrap_or(0);
                let limit = if work.open { size.saturating_add(again) } else { 1 };
                work.fetch = FetchState::Asked(now.mono, limit);
                work.look = false;
                let list = work.campaign.list;
                self.actions.push_back(Action::Fetch { campaign: id, list, limit });
                self.wake_at(now.mono + FETCH_TIMEOUT + Duration::from_micros(1));
            }
            FetchState::At(at) => {
                if let Some(at) = wanted(at) {
                    self.wake_at(at);
                }
            }
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
        if let Some(reason) = self.why_no_seat(work).filter(|_| !work.queue.is_empty()) {
            return Some(reason);
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

/// What the entry says, or the campaign where the entry says nothing.
pub(super) fn own_or<'a>(own: &'a str, campaign: &'a str) -> &'a str {
    if own.is_empty() { campaign } else { own }
}

/// What is wrong where the candidate's script is not among those that can be run.
fn no_script(known: Option<&BTreeSet<String>>, work: &Workload, candidate: &Candidate) -> Option<String> {
    let script = own_or(&candidate.details.terms.script, &work.campaign.settings.script);
    known
        .filter(|known| !known.contains(script))
        .map(|_| format!("script `{script}` does not exist: add it, or name another"))
}

fn order(call: CallId, campaign: CampaignId, candidate: &Candidate, work: &Workload, route: Route) -> Order {
    let settings = &work.campaign.settings;
    let (details, terms) = (&candidate.details, &candidate.details.terms);
    Order {
        call,
        campaign,
        candidate: candidate.clone(),
        route,
        script: own_or(&terms.script, &settings.script).to_owned(),
        language: own_or(&details.language, &settings.language).to_owned(),
        ring: Duration::from_secs(u64::from(settings.ring_seconds)),
        extension_pause: Duration::from_millis(settings.extension_pause_ms.into()),
        extension_wait: Duration::from_secs(settings.extension_wait_seconds.into()),
        caller_id: settings.caller_id.clone(),
        caller_name: own_or(&terms.caller_name, &settings.caller_name).to_owned(),
        machine: settings.machine,
    }
}
