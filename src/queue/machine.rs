//! All queues: inputs, and how a wait ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::caller::{Kind, NewCaller, Stand, Waiting, WaitingView};
use super::figures::Figures;
use super::output::{CallbackFate, Fate, Output};
use super::settings::{Overflow, QueueSettings};
use crate::base::{CallId, Mono, Now};

/// What the queues know of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentFact {
    /// Skills with their level.
    pub skills: BTreeMap<String, u8>,
    /// Languages; empty: every one.
    pub languages: Vec<String>,
    /// Packs; empty: all.
    pub packs: Vec<String>,
    /// Waits for a call.
    pub available: bool,
    /// Works at all: not offline.
    pub present: bool,
    /// Since when it has waited: the end of its last call.
    pub idle_since: Mono,
}

/// An agent, and whom it rings for.
#[derive(Clone, Debug, Default)]
pub(super) struct Seat {
    pub fact: AgentFact,
    /// An offer that has neither failed nor been answered.
    pub offer: Option<CallId>,
    /// Since when.
    pub offered_at: Mono,
    /// The callback that is being dialled for this agent; nobody else is offered meanwhile.
    pub held: Option<CallId>,
}

impl Seat {
    /// Waits for a caller.
    pub(super) fn is_free(&self) -> bool {
        self.fact.available && self.offer.is_none() && self.held.is_none()
    }
}

/// The queues.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    pub(super) queues: BTreeMap<String, (QueueSettings, Figures)>,
    pub(super) waiting: BTreeMap<CallId, Waiting>,
    pub(super) seats: BTreeMap<String, Seat>,
    /// The callback of each number: at most one lives.
    pub(super) live: BTreeMap<String, CallId>,
    pub(super) out: VecDeque<Output>,
    pub(super) turn: u64,
}

impl Queues {
    /// Queues without callers and agents.
    pub fn new(queues: Vec<QueueSettings>) -> Self {
        let queues = queues.into_iter().map(|q| (q.name.clone(), (q, Figures::default()))).collect();
        Queues { queues, ..Queues::default() }
    }

    /// New settings. Figures stay; callers of a queue that is gone go to where its chain ended.
    pub fn handle_settings(&mut self, now: Now, queues: Vec<QueueSettings>) {
        let mut old = std::mem::take(&mut self.queues);
        for settings in queues {
            let figures = old.remove(&settings.name).map(|(_, figures)| figures).unwrap_or_default();
            self.queues.insert(settings.name.clone(), (settings, figures));
        }
        for (name, (settings, _)) in old {
            let calls: Vec<CallId> = self
                .waiting
                .iter()
                .filter(|(_, w)| w.queue == name && w.is_in_line() && w.is_caller())
                .map(|(call, _)| *call)
                .collect();
            for call in calls {
                // Without its queue nobody could keep a place in it.
                let to = if settings.last == Overflow::Callback {
                    Overflow::Voicemail
                } else {
                    settings.last.clone()
                };
                self.send_away(now, call, to);
            }
        }
        self.assign(now);
    }

    /// What is known of an agent now; None: there is no such agent any more.
    pub fn agent_changed(&mut self, now: Now, name: &str, fact: Option<AgentFact>) {
        match fact {
            Some(fact) => {
                let seat = self.seats.entry(name.to_owned()).or_default();
                seat.fact = fact;
                let gone = seat.offer.filter(|_| !seat.fact.present);
                if let Some(call) = gone {
                    self.offer_failed(now, name, call);
                }
            }
            None => {
                if let Some(call) = self.seats.remove(name).and_then(|seat| seat.offer) {
                    self.offer_failed(now, name, call);
                }
            }
        }
        self.assign(now);
    }

    /// A caller comes. False where there is no such queue, or the call waits already: then it
    /// is not kept here.
    pub fn join(&mut self, now: Now, queue: &str, new: NewCaller) -> bool {
        if self.waiting.contains_key(&new.call) {
            return false;
        }
        let Some((settings, figures)) = self.queues.get_mut(queue) else { return false };
        figures.offered += 1;
        let wish_until = new.last_agent.as_ref().map(|_| now.mono + settings.last_agent_wait);
        let first = settings.announce_first;
        let open = settings.hours.as_ref().is_none_or(|hours| hours.is_open(now.utc));
        let (closed, full, most) = (settings.closed.clone(), settings.full.clone(), settings.max_waiting);
        let waiting = self.waiting.values().filter(|w| w.queue == queue && w.is_in_line()).count();
        let call = new.call;
        self.turn += 1;
        let mut waiter = Waiting {
            kind: Kind::Caller,
            queue: queue.to_owned(),
            stand: Stand::Waiting(BTreeSet::new()),
            joined: now,
            came: now,
            entered: now.mono,
            is_head: false,
            turn: self.turn,
            step: 0,
            hops: 0,
            announce_at: if first.is_zero() { Mono::FAR } else { now.mono + first },
            wish_until,
            first_answer: None,
            connected_at: None,
            new,
        };
        // Who calls again while a callback is owed takes its place and is not called as well.
        let kept = self.take_place_of_callback(&waiter.new.number);
        let is_back = kept.is_some();
        if let Some((joined, turn)) = kept {
            (waiter.joined.mono, waiter.turn) = (joined, turn);
        }
        self.waiting.insert(call, waiter);
        if !open {
            self.send_away(now, call, closed);
        } else if waiting >= most && !is_back {
            self.send_away(now, call, full);
        } else {
            self.out.push_back(Output::Music { call });
        }
        self.assign(now);
        true
    }

    /// The caller hung up, or the connected call is over.
    pub fn leave(&mut self, now: Now, call: CallId) {
        let Some(waiting) = self.waiting.get(&call).filter(|w| w.is_caller()) else { return };
        let fate = match &waiting.stand {
            Stand::Connected(agent) => Fate::Answered(agent.clone()),
            // An agent had answered before it vanished: the caller was not lost to the queue.
            _ => Fate::Abandoned,
        };
        if let (Some(at), Some((_, figures))) = (waiting.connected_at, self.queues.get_mut(&waiting.queue)) {
            figures.handled(now.mono.since(at));
        }
        self.end(now, call, fate);
        self.assign(now);
    }

    /// An agent answered. False where nobody rang there: then it is to be hung up on.
    pub fn offer_answered(&mut self, now: Now, agent: &str, call: CallId) -> bool {
        let seat = self.seats.get_mut(agent).filter(|seat| seat.offer == Some(call));
        let (Some(seat), Some(waiting)) = (seat, self.waiting.get_mut(&call)) else { return false };
        let Stand::Waiting(offers) = &mut waiting.stand else { return false };
        if !offers.remove(agent) {
            return false;
        }
        seat.offer = None;
        seat.fact.available = false;
        let others = std::mem::take(offers);
        let first = waiting.first_answer.is_none();
        waiting.first_answer.get_or_insert(now.mono);
        waiting.connected_at = Some(now.mono);
        waiting.stand = Stand::Connected(agent.to_owned());
        let waited = waiting.waited(now);
        if let Some((settings, figures)) = self.queues.get_mut(&waiting.queue).filter(|_| first) {
            figures.answer(waited, settings.service_level);
        }
        self.out.push_back(Output::Connect { agent: agent.to_owned(), call });
        self.withdraw(call, others);
        self.assign(now);
        true
    }

    /// An offer came to nothing: not answered, refused, or the phone vanished. Whoever it was
    /// for stands at the head of the line.
    pub fn offer_failed(&mut self, now: Now, agent: &str, call: CallId) {
        if let Some(seat) = self.seats.get_mut(agent).filter(|seat| seat.offer == Some(call)) {
            seat.offer = None;
            seat.fact.available = false;
        }
        self.free(agent, call);
        self.handle_timeout(now);
    }

    /// Nobody rings at this agent for this one any more.
    pub(super) fn free(&mut self, agent: &str, call: CallId) {
        if let Some(waiting) = self.waiting.get_mut(&call)
            && let Stand::Waiting(offers) = &mut waiting.stand
            && offers.remove(agent)
            && offers.is_empty()
        {
            (waiting.is_head, waiting.wish_until) = (true, None);
        }
    }

    /// The agent of a connected caller vanished: the caller stands at the head of the line.
    pub fn agent_lost(&mut self, now: Now, call: CallId) {
        let Some(waiting) = self.waiting.get_mut(&call) else { return };
        if !matches!(waiting.stand, Stand::Connected(_)) {
            return;
        }
        waiting.stand = Stand::Waiting(BTreeSet::new());
        waiting.is_head = true;
        waiting.connected_at = None;
        // The chain begins anew: it is not the caller's fault.
        (waiting.entered, waiting.step) = (now.mono, 0);
        self.out.push_back(Output::Music { call });
        self.assign(now);
    }

    /// Ends a caller's wait, and what rings for it.
    pub(super) fn end(&mut self, now: Now, call: CallId, fate: Fate) {
        let Some(mut waiting) = self.waiting.remove(&call) else { return };
        if let Stand::Waiting(offers) = &mut waiting.stand {
            let offers = std::mem::take(offers);
            self.withdraw(call, offers);
        }
        if let Some((_, figures)) = self.queues.get_mut(&waiting.queue) {
            match &fate {
                Fate::Abandoned if waiting.first_answer.is_none() => figures.abandoned += 1,
                Fate::Overflowed(_) => figures.overflowed += 1,
                Fate::PromisedCallback => figures.promised += 1,
                Fate::Abandoned | Fate::Answered(_) => {}
            }
        }
        let (queue, joined, waited) = (waiting.queue.clone(), waiting.came.utc, waiting.waited(now));
        self.out.push_back(Output::Ended { call, queue, fate, joined, waited });
    }

    pub(super) fn end_callback(&mut self, call: CallId, fate: CallbackFate) {
        let Some(mut waiting) = self.waiting.remove(&call) else { return };
        if let Stand::Waiting(offers) = &mut waiting.stand {
            let offers = std::mem::take(offers);
            self.withdraw(call, offers);
        }
        self.let_agent_go(call);
        let Waiting { queue, new: NewCaller { number, .. }, .. } = waiting;
        self.live.remove(&number);
        self.out.push_back(Output::CallbackEnded { call, queue, number, fate });
    }

    /// Stops the ringing; the agents are taken to be free again when they are said to be.
    pub(super) fn withdraw(&mut self, call: CallId, agents: BTreeSet<String>) {
        for agent in agents {
            if let Some(seat) = self.seats.get_mut(&agent) {
                seat.offer = None;
                seat.fact.available = false;
            }
            self.out.push_back(Output::Withdraw { agent, call });
        }
    }

    /// Everything that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.expire_offers(now);
        self.announce(now);
        self.overflow(now);
        self.wake_callbacks(now);
        self.assign(now);
    }

    /// When [`Queues::handle_timeout`] is due next.
    pub fn next_timeout(&self) -> Option<Mono> {
        let waits = self.waiting.values().map(|w| self.deadline(w)).min().unwrap_or(Mono::FAR);
        Some(waits.min(self.offer_deadline())).filter(|at| *at < Mono::FAR)
    }

    /// What follows; ask until None after every handler.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Names of all queues.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }

    /// Figures of a queue.
    pub fn figures(&self, queue: &str) -> Option<&Figures> {
        self.queues.get(queue).map(|(_, figures)| figures)
    }

    /// All who wait, in the order of their line; those who are connected are not in it.
    pub fn line(&self) -> Vec<WaitingView> {
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        let mut views = Vec::new();
        for call in self.in_line() {
            let Some(waiting) = self.waiting.get(&call) else { continue };
            let Stand::Waiting(offers) = &waiting.stand else { continue };
            let position = positions.entry(waiting.queue.clone()).or_insert(0);
            *position += 1;
            views.push(WaitingView {
                call,
                queue: waiting.queue.clone(),
                number: waiting.new.number.clone(),
                is_callback: !waiting.is_caller(),
                position: *position,
                since: waiting.joined.utc,
                ringing: offers.iter().cloned().collect(),
            });
        }
        views
    }

    /// A caller who waits turns out to go before others.
    pub fn set_vip(&mut self, now: Now, call: CallId) {
        if let Some(waiting) = self.waiting.get_mut(&call) {
            waiting.new.vip = true;
            self.assign(now);
        }
    }

    /// The queue of a caller who waits or talks; None: there is no such caller.
    pub fn queue_of(&self, call: CallId) -> Option<&str> {
        self.waiting.get(&call).filter(|waiting| waiting.is_caller()).map(|waiting| waiting.queue.as_str())
    }

    /// How many are known: waiting, connected, and callbacks.
    pub fn held(&self) -> usize {
        self.waiting.len()
    }
}
