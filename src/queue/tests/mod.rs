//! Queues with agents on simulated time. [`Hall`] joins the two machines as the switchboard
//! does: what one says is the other's input.

mod soak;
mod stories;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::agent::{self, AgentSettings, Agents, MayDial, Rules, State};
use crate::base::{CallId, Mono, Now, Rng, Timestamp};

/// Queues, agents, and one clock.
pub(super) struct Hall {
    pub queues: Queues,
    pub agents: Agents,
    pub now: Now,
    pub said: Vec<Output>,
    /// Fate of each caller.
    pub fates: BTreeMap<CallId, Fate>,
    /// Fate of each callback, by the call that asked for it.
    pub callbacks: BTreeMap<CallId, CallbackFate>,
    /// Callbacks that are being dialled: who is kept free for them.
    pub dialling: BTreeMap<CallId, String>,
    next: u64,
}

pub(super) fn agent(name: &str, skills: &[(&str, u8)]) -> AgentSettings {
    AgentSettings {
        name: name.to_owned(),
        extension: format!("8{name}"),
        roles: Vec::new(),
        team: String::new(),
        skills: skills.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect(),
        languages: Vec::new(),
        packs: Vec::new(),
        may_dial: MayDial::default(),
        wrap_up: None,
    }
}

pub(super) fn queue(name: &str) -> QueueSettings {
    QueueSettings { name: name.to_owned(), ..QueueSettings::default() }
}

impl Hall {
    /// These queues and agents; all phones are registered.
    pub fn open(queues: Vec<QueueSettings>, agents: Vec<AgentSettings>) -> Hall {
        Hall::with(queues, agents, Rules { longest_available: DAY, ..Rules::default() })
    }

    pub fn with(queues: Vec<QueueSettings>, agents: Vec<AgentSettings>, rules: Rules) -> Hall {
        let now = Now { mono: Mono::from_millis(1_000), utc: Timestamp(1_772_413_200_000) };
        let names: Vec<String> = agents.iter().map(|a| a.name.clone()).collect();
        let mut hall = Hall {
            queues: Queues::new(queues),
            agents: Agents::new(now, agents, rules),
            now,
            said: Vec::new(),
            fates: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            dialling: BTreeMap::new(),
            next: 0,
        };
        for name in names {
            hall.agents.handle_phones(now, &name, 1, None);
        }
        hall.settle();
        hall
    }

    pub fn call(&mut self) -> CallId {
        self.next += 1;
        CallId::new(self.now.utc, &mut Rng::seeded(self.next))
    }

    /// Somebody with this number comes into a queue.
    pub fn comes(&mut self, queue: &str, number: &str) -> CallId {
        self.comes_as(queue, |call| NewCaller::plain(call, number))
    }

    pub fn comes_as(&mut self, queue: &str, new: impl FnOnce(CallId) -> NewCaller) -> CallId {
        let call = self.call();
        assert!(self.queues.join(self.now, queue, new(call)));
        self.settle();
        call
    }

    pub fn hangs_up(&mut self, call: CallId) {
        let agent = self.agent_of(call);
        self.queues.leave(self.now, call);
        if let Some(agent) = agent {
            self.agents.handle_call_ended(self.now, &agent, call);
        }
        self.settle();
    }

    pub fn agent_of(&self, call: CallId) -> Option<String> {
        let views = self.agents.views(self.now).into_iter();
        views.filter(|v| v.call == Some(call) && v.state == State::OnCall).map(|v| v.name).next()
    }

    /// At whom it rings for this call.
    pub fn rings_at(&self, call: CallId) -> Vec<String> {
        let rings = |v: &agent::AgentView| v.call == Some(call) && v.state == State::Offered;
        self.agents.views(self.now).into_iter().filter(rings).map(|v| v.name).collect()
    }

    pub fn answers(&mut self, name: &str, call: CallId) {
        assert!(self.agents.handle_answered(self.now, name, call), "{name} is not rung");
        self.settle();
        assert!(self.queues.offer_answered(self.now, name, call));
        self.settle();
    }

    pub fn phone(&mut self, name: &str, phones: usize) {
        self.agents.handle_phones(self.now, name, phones, Some("registration_expired"));
        self.settle();
    }

    /// A callback that is dialled is not answered.
    pub fn not_reached(&mut self, call: CallId) {
        self.dialling.remove(&call).expect("it is dialled");
        self.queues.callback_failed(self.now, call);
        self.settle();
    }

    /// A callback that is dialled is answered: the call to its customer.
    pub fn reached(&mut self, callback: CallId) -> CallId {
        self.dialling.remove(&callback).expect("it is dialled");
        let call = self.call();
        assert!(self.queues.callback_reached(self.now, callback, call));
        self.settle();
        call
    }

    /// Moves the clock through every deadline.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        let mut turns = 0;
        loop {
            let next = self.agents.next_timeout().into_iter().chain(self.queues.next_timeout()).min();
            let Some(at) = next.filter(|at| *at <= end.mono) else { break };
            self.now = self.now.after(at.since(self.now.mono));
            self.agents.handle_timeout(self.now);
            self.settle();
            self.queues.handle_timeout(self.now);
            self.settle();
            turns += 1;
            assert!(turns < 100_000, "a deadline that never ends");
        }
        self.now = end;
    }

    pub fn seconds(&mut self, n: u64) {
        self.pass(Duration::from_secs(n));
    }

    /// Passes what one machine says to the other until both are silent.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            if let Some(output) = self.agents.poll() {
                self.hear_agents(output);
            } else if let Some(output) = self.queues.poll() {
                self.hear_queues(output);
            } else {
                return;
            }
        }
        panic!("the machines talk for ever");
    }

    fn hear_agents(&mut self, output: agent::Output) {
        match output {
            agent::Output::Changed(change) => {
                let fact = self.agents.settings(&change.agent).map(|settings| AgentFact {
                    skills: settings.skills.clone(),
                    languages: settings.languages.clone(),
                    packs: settings.packs.clone(),
                    available: self.agents.state(&change.agent) == Some(State::Available),
                    present: self.agents.state(&change.agent) != Some(State::Offline),
                    idle_since: self.agents.idle_since(&change.agent).unwrap_or_default(),
                });
                self.queues.agent_changed(self.now, &change.agent, fact);
            }
            agent::Output::OfferFailed { agent, call, .. } => {
                self.queues.offer_failed(self.now, &agent, call);
            }
            agent::Output::CallLost { call, .. } => self.queues.agent_lost(self.now, call),
            agent::Output::Alarm { .. } => {}
        }
    }

    fn hear_queues(&mut self, output: Output) {
        match &output {
            Output::Offer { agent, call } => {
                if self.agents.offer(self.now, agent, *call).is_err() {
                    self.queues.offer_failed(self.now, agent, *call);
                }
            }
            Output::Withdraw { agent, call } => self.agents.handle_withdrawn(self.now, agent, *call),
            Output::StopDialling { call } => drop(self.dialling.remove(call)),
            Output::Dial { agent, call, .. } => drop(self.dialling.insert(*call, agent.clone())),
            Output::Ended { call, fate, .. } => {
                let before = self.fates.insert(*call, fate.clone());
                assert_eq!(before, None, "{call} ended twice");
            }
            Output::CallbackEnded { call, fate, .. } => {
                assert_eq!(self.callbacks.insert(*call, *fate), None, "callback {call} ended twice");
            }
            _ => {}
        }
        self.said.push(output);
    }
}

pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
