//! The engine: one owner of every machine. Feed one input, drain all outputs, sleep until
//! the next wake.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::agents::AgentDesk;
use super::bridge::Bridge;
use super::callbacks::Return;
use super::campaigns::CampaignNote;
use super::canary::Flying;
use super::dial::Dial;
use super::duty::DutyChain;
use super::legs::LegSlot;
use super::outbound::Dialled;
use super::remainder::Remainder;
use super::trunk::Trunk;
use super::{Errand, Hold, Input, Library, Notice, Output, Reserved, Settings, TrunkSettings, Write};
use crate::base::{CallId, CampaignId, ListId, Mono, Now, Rng};
use crate::call::leg;
use crate::call::{self, Call};
use crate::dialer::{self, Campaign, CampaignState, Dialer, Reason};
use crate::media;
use crate::queue::Queues;
use crate::sip::Endpoint;
use crate::sip::endpoint::{Received, SessionId, TransportFailure};

/// Who changes a campaign's state where no person did.
const DIALER: &str = "dialer";

/// A call with its handles in the other machines. Its number is also its media session's.
#[derive(Debug)]
pub(super) struct Slot {
    pub call: Call,
    pub session: Option<SessionId>,
    pub timer: Mono,
}

/// The timer of a call or a leg changes.
pub(super) struct Timed {
    pub number: u64,
    pub old: Mono,
    pub next: Mono,
}

/// The switchboard.
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) library: Library,
    pub(super) rng: Rng,
    pub(super) endpoint: Endpoint,
    pub(super) dialer: Dialer,
    pub(super) trunks: Vec<Trunk>,
    /// Serial of the next trunk.
    pub(super) next_trunk: usize,
    /// Boxed, because the map moves what stands beside a call that comes or goes.
    pub(super) slots: BTreeMap<u64, Box<Slot>>,
    /// Further legs of calls, numbered in one row with them.
    pub(super) legs: BTreeMap<u64, Box<LegSlot>>,
    /// Calls that agents began, until they are reported.
    pub(super) dials: BTreeMap<CallId, Dial>,
    /// By the slot of their call.
    pub(super) bridges: BTreeMap<u64, Bridge>,
    /// Calls whose customer is gone and whose legs talk on, by slot.
    pub(super) remainders: BTreeMap<u64, Remainder>,
    /// Calls in which it changed who hears whom, since the last look at holds.
    pub(super) mixed_anew: BTreeSet<u64>,
    pub(super) by_session: BTreeMap<SessionId, u64>,
    pub(super) by_call: BTreeMap<CallId, u64>,
    /// What the outbound calls are dialled with, for the next trunk.
    pub(super) routes: BTreeMap<CallId, Dialled>,
    timers: BTreeSet<(Mono, u64)>,
    pub(super) next_slot: u64,
    holds: BTreeMap<Hold, Reason>,
    /// Who is behind the changes of state in this pass.
    pub(super) by: String,
    pub(super) campaigns: BTreeMap<CampaignId, CampaignNote>,
    pub(super) desk: AgentDesk,
    pub(super) queues: Queues,
    /// Calls of no list whose attempts are being written.
    pub(super) errands: BTreeMap<CallId, Errand>,
    /// Calls to the numbers of callbacks.
    pub(super) returns: BTreeMap<CallId, Return>,
    /// Who is on duty, by roster.
    pub(super) duty: BTreeMap<String, DutyChain>,
    /// The canary that is under way.
    pub(super) canary: Option<Flying>,
    out: VecDeque<Output>,
}

impl Engine {
    /// An engine without calls or campaigns.
    pub fn new(now: Now, settings: Settings, library: Library, mut rng: Rng) -> Self {
        let choices = settings.trunks.iter().map(|t| t.choice.clone()).collect();
        let new = |(serial, t): (usize, &TrunkSettings)| Trunk::new(now, serial, t.clone());
        let trunks: Vec<Trunk> = settings.trunks.iter().enumerate().map(new).collect();
        let mut engine = Engine {
            endpoint: Endpoint::new(settings.sip.clone(), rng.fork()),
            dialer: Dialer::new(settings.dialer.clone(), choices, rng.fork()),
            desk: AgentDesk::new(now, &settings.agents),
            queues: Queues::new(settings.agents.queues.clone()),
            errands: BTreeMap::new(),
            returns: BTreeMap::new(),
            duty: BTreeMap::new(),
            canary: None,
            next_trunk: trunks.len(),
            trunks,
            settings,
            library: super::canary::with_tones(library),
            rng,
            slots: BTreeMap::new(),
            legs: BTreeMap::new(),
            bridges: BTreeMap::new(),
            remainders: BTreeMap::new(),
            dials: BTreeMap::new(),
            mixed_anew: BTreeSet::new(),
            by_session: BTreeMap::new(),
            by_call: BTreeMap::new(),
            routes: BTreeMap::new(),
            timers: BTreeSet::new(),
            next_slot: 1,
            holds: BTreeMap::new(),
            by: DIALER.to_owned(),
            campaigns: BTreeMap::new(),
            out: VecDeque::new(),
        };
        engine.tell_scripts();
        let registrar = engine.settings.agents.registrar.clone();
        engine.endpoint.set_registrar(now, registrar);
        engine
    }

    /// Takes one input; drain [`Engine::poll`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Received { transport, source, connection, bytes } => {
                let received = Received { transport, source, connection, bytes: &bytes };
                self.endpoint.handle_received(now, received);
            }
            Input::ConnectionClosed(id) => {
                self.endpoint.handle_transport_failure(now, TransportFailure::Connection(id));
            }
            Input::SendFailed(to, why) => {
                self.endpoint.handle_transport_failure(now, TransportFailure::Destination(&to, &why));
            }
            Input::Located { trunk, result, local } => self.handle_located(now, trunk, result, local),
            Input::Media(session, event) => self.handle_media(now, session, event),
            Input::Fetched(campaign, Some(fetched)) => {
                self.note_remaining(campaign, fetched.unfinished + fetched.candidates.len() as u64);
                self.dialer.handle_candidates(now, campaign, fetched);
            }
            Input::Fetched(campaign, None) => self.dialer.handle_fetch_failed(now, campaign),
            Input::Reserved(r) => self.handle_reserved(now, &r),
            Input::Speech { call, speech, sound } => {
                self.with_call(now, call, call::Event::Speech { speech, sound });
            }
            Input::Cleared { call, result } => self.handle_cleared(now, call, result),
            Input::Identified { call, caller } => self.handle_identified(now, call, caller),
            Input::Hold(who, reason) => self.hold(now, who, reason),
            Input::Wake => {}
        }
        self.run(now);
    }

    /// A campaign as stored: at the start, when made, and when its settings change.
    pub fn handle_campaign(&mut self, now: Now, campaign: Campaign) -> Result<(), dialer::Error> {
        let note = CampaignNote::of(now, &campaign, &self.settings.dialer);
        let id = campaign.id;
        let result = self.dialer.handle_campaign(now, campaign);
        if result.is_ok() {
            self.campaigns.insert(id, note);
        }
        self.run(now);
        result
    }

    /// An order of a person (`by`: a token's name) to a campaign; gives its new state.
    pub fn command(
        &mut self,
        now: Now,
        campaign: CampaignId,
        command: dialer::Command,
        by: &str,
    ) -> Result<CampaignState, dialer::Error> {
        self.by = by.to_owned();
        let result = self.dialer.handle_command(now, campaign, command);
        self.run(now);
        DIALER.clone_into(&mut self.by);
        result
    }

    /// Rows came into a list, or left it.
    pub fn handle_list_changed(&mut self, now: Now, list: ListId) {
        self.dialer.handle_list_changed(now, list);
        self.run(now);
    }

    /// Ends one call. False if there is none of that id.
    pub fn hang_up(&mut self, now: Now, call: CallId, why: &str) -> bool {
        let known = self.by_call.contains_key(&call);
        self.stop(now, call, why);
        self.run(now);
        known
    }

    /// Ends every call.
    pub fn hang_up_all(&mut self, now: Now, why: &str) {
        let calls: Vec<CallId> = self.by_call.keys().copied().collect();
        for call in calls {
            self.stop(now, call, why);
        }
        self.run(now);
    }

    fn stop(&mut self, now: Now, call: CallId, why: &str) {
        self.stop_remainder(now, call);
        self.with_call(now, call, call::Event::Stop(why.to_owned()));
    }

    /// The next thing to do outside; ask until None after every handler.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Wake`] is due.
    pub fn next_wake(&self) -> Option<Mono> {
        let calls = self.timers.first().map(|(at, _)| *at);
        let trunks = self.trunks.iter().map(|t| t.next_look.min(t.next_locate)).min();
        let agents = self.desk.next_timeout(&self.settings.agents);
        let queues = self.queues.next_timeout();
        [self.endpoint.next_timeout(), self.dialer.next_timeout(), calls, trunks, agents, queues]
            .into_iter()
            .flatten()
            .min()
            .filter(|at| *at < Mono::FAR)
    }

    /// Runs every machine until none has anything to say.
    pub(super) fn run(&mut self, now: Now) {
        if self.endpoint.next_timeout().is_some_and(|at| at <= now.mono) {
            self.endpoint.handle_timeout(now);
        }
        if self.dialer.next_timeout().is_some_and(|at| at <= now.mono) {
            self.dialer.handle_timeout(now);
        }
        self.look_after_trunks(now);
        self.look_after_agents(now);
        if self.queues.next_timeout().is_some_and(|at| at <= now.mono) {
            self.queues.handle_timeout(now);
        }
        self.fire_call_timers(now);
        // Each machine may wake another; a pass without news is the end. The bound only
        // guards against two machines that would wake each other for ever.
        for _ in 0..10_000 {
            let mut news = false;
            while let Some(event) = self.endpoint.poll_event() {
                news = true;
                self.handle_sip(now, event);
            }
            while let Some(action) = self.dialer.poll_action() {
                news = true;
                self.handle_dialer(now, action);
            }
            while let Some(output) = self.desk.agents.poll() {
                news = true;
                self.handle_agent_output(now, output);
            }
            while let Some(output) = self.queues.poll() {
                news = true;
                self.handle_queue_output(now, output);
            }
            if !news {
                break;
            }
        }
        self.note_holds(now);
        while let Some(transmit) = self.endpoint.poll_transmit() {
            self.out.push_back(Output::Transmit(transmit));
        }
    }

    fn fire_call_timers(&mut self, now: Now) {
        while let Some((at, slot)) = self.timers.first().copied() {
            if at > now.mono {
                break;
            }
            self.timers.pop_first();
            if let Some(entry) = self.slots.get_mut(&slot) {
                entry.call.handle_timeout(now, &self.library.prompts);
                self.drain_call(now, slot);
            } else {
                self.fire_leg_timer(now, slot);
            }
        }
    }

    /// Gives a call an event and carries out what it wants.
    pub(super) fn with_call(&mut self, now: Now, call: CallId, event: call::Event) {
        if let Some(slot) = self.by_call.get(&call).copied() {
            self.with_slot(now, slot, event);
        }
    }

    pub(super) fn with_slot(&mut self, now: Now, slot: u64, event: call::Event) {
        if let Some(entry) = self.slots.get_mut(&slot) {
            entry.call.handle_event(now, event, &self.library.prompts);
            self.drain_call(now, slot);
        }
    }

    fn handle_media(&mut self, now: Now, session: media::SessionId, event: media::Event) {
        let number = session.number();
        if self.slots.contains_key(&number) {
            self.with_slot(now, number, call::Event::Media(event));
        } else if self.legs.contains_key(&number) {
            self.with_leg(now, number, leg::Event::Media(event));
        } else if matches!(event, media::Event::Opened(_)) {
            // The call ended while its socket was being bound.
            self.out.push_back(Output::Media(session, media::Command::Close));
        }
    }

    /// Takes a new call in; its first actions follow at once.
    pub(super) fn adopt(&mut self, now: Now, call: Call, session: Option<SessionId>) -> u64 {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.by_call.insert(call.plan().id, slot);
        if let Some(session) = session {
            self.by_session.insert(session, slot);
        }
        self.slots.insert(slot, Box::new(Slot { call, session, timer: Mono::FAR }));
        self.drain_call(now, slot);
        slot
    }

    /// Carries out every action of a call and sets its timer.
    pub(super) fn drain_call(&mut self, now: Now, slot: u64) {
        while let Some(action) = self.slots.get_mut(&slot).and_then(|s| s.call.poll_action()) {
            self.handle_call_action(now, slot, action);
        }
        if let Some(entry) = self.slots.get_mut(&slot) {
            let next = entry.call.next_timeout();
            let old = std::mem::replace(&mut entry.timer, next);
            // With the customer go all who were there for them.
            let over = entry.call.state().is_over(entry.call.answered_at().is_some());
            let id = entry.call.plan().id;
            self.set_timer(Timed { number: slot, old, next });
            if over {
                self.release_dialler(now, id);
                self.leave_queue(now, slot);
                self.end_bridge(now, slot);
            }
        }
    }

    pub(super) fn set_timer(&mut self, timed: Timed) {
        let Timed { number, old, next } = timed;
        if old != next {
            self.timers.remove(&(old, number));
            if next < Mono::FAR {
                self.timers.insert((next, number));
            }
        }
    }

    /// Forgets a call that has been reported.
    pub(super) fn drop_slot(&mut self, slot: u64) {
        if let Some(entry) = self.slots.remove(&slot) {
            self.timers.remove(&(entry.timer, slot));
            self.by_call.remove(&entry.call.plan().id);
            if let Some(session) = entry.session {
                self.by_session.remove(&session);
            }
        }
    }

    /// What the store says of attempts: of lists, and of callbacks.
    fn handle_reserved(&mut self, now: Now, answer: &Reserved) {
        for call in &answer.reserved {
            self.handle_return_reserved(now, *call, None);
            self.handle_errand_reserved(now, *call, None);
        }
        for (call, reason) in &answer.refused {
            self.handle_return_reserved(now, *call, Some(reason));
            self.handle_errand_reserved(now, *call, Some(reason));
        }
        self.dialer.handle_reserved(now, &answer.reserved, &answer.refused);
    }

    /// Whether no call of ours may begin.
    pub(super) fn is_held(&self) -> bool {
        !self.holds.is_empty()
    }

    fn hold(&mut self, now: Now, who: Hold, reason: Option<Reason>) {
        match reason {
            Some(reason) => {
                let word = format!("{}: {}", reason.code, reason.detail);
                if self.holds.insert(who, reason).is_none() && who != Hold::Draining {
                    self.notice(Notice::Alarm { call: None, word });
                }
            }
            None => {
                self.holds.remove(&who);
            }
        }
        self.dialer.handle_hold(now, self.holds.values().next().cloned());
    }

    /// Whether new work is refused.
    pub fn is_draining(&self) -> bool {
        self.holds.contains_key(&Hold::Draining)
    }

    pub(super) fn write(&mut self, write: Write) {
        self.out.push_back(Output::Write(write));
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.out.push_back(Output::Notice(notice));
    }

    pub(super) fn output(&mut self, output: Output) {
        self.out.push_back(output);
    }
}
