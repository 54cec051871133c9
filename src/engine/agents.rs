//! Agents and their phones in the engine: presence in, states out, phones looked after.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Engine, Notice, Write};
use crate::agent::{AgentSettings, AgentView, Agents, Output, Refusal, Rules, State, Wish};
use crate::base::{CallId, Mono, Now};
use crate::call::leg::LegResult;
use crate::media::Codec;
use crate::queue::{Hotline, QueueSettings};
use crate::sip::Destination;
use crate::sip::endpoint::{Ping, PingId};
use crate::sip::registrar::{Binding, Presence, RegistrarSettings};

/// How long an OPTIONS to a phone may stay without an answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(4);
/// Unanswered OPTIONS in a row after which a phone is gone: one datagram may be lost.
const PROBES_LOST: u8 = 2;

/// Between two alarms of numbers that phones may not dial.
const FORBIDDEN_EVERY: Duration = Duration::from_secs(60);

/// What the engine is told of agents; without agents nobody can register.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentsSetup {
    /// Who may register.
    pub registrar: RegistrarSettings,
    /// The agents.
    pub agents: Vec<AgentSettings>,
    /// Times and reasons.
    pub rules: Rules,
    /// Between two OPTIONS to a phone on UDP, which also keep its NAT open; zero: none.
    pub keepalive: Duration,
    /// Codecs for phones, best first.
    pub codecs: Vec<Codec>,
    /// Where callers wait.
    pub queues: Vec<QueueSettings>,
    /// Which numbers lead there; the first that fits wins.
    pub hotlines: Vec<Hotline>,
}

/// Agents, and the OPTIONS to their phones.
pub(super) struct AgentDesk {
    pub agents: Agents,
    probes: BTreeMap<PingId, Destination>,
    lost: BTreeMap<Destination, u8>,
    next_probe: Mono,
    /// Calls of phones that only moved their agent: they leave no record.
    pub code_calls: Vec<CallId>,
    /// Numbers that phones dialled and may not.
    pub forbidden: u64,
    /// Since the last alarm of it: when that was, and how many were not told.
    forbidden_told: Option<(Mono, u64)>,
}

impl AgentDesk {
    pub(super) fn new(now: Now, setup: &AgentsSetup) -> Self {
        AgentDesk {
            agents: Agents::new(now, setup.agents.clone(), setup.rules.clone()),
            probes: BTreeMap::new(),
            lost: BTreeMap::new(),
            next_probe: now.mono,
            code_calls: Vec::new(),
            forbidden: 0,
            forbidden_told: None,
        }
    }

    /// A phone dialled what it may not. What an alarm says of it, if it is time for one: a phone
    /// that tries one number after the other is one alarm a minute.
    pub(super) fn note_forbidden(&mut self, now: Now, agent: &str, number: &str) -> Option<String> {
        self.forbidden += 1;
        let untold = match &mut self.forbidden_told {
            Some((told, untold)) if now.mono.since(*told) < FORBIDDEN_EVERY => {
                *untold += 1;
                return None;
            }
            told => told.replace((now.mono, 0)).map_or(0, |(_, untold)| untold),
        };
        let more =
            if untold > 0 { format!(", and {untold} more since the last alarm") } else { String::new() };
        Some(format!("dial_forbidden: the phone of {agent} may not dial {number}{more}"))
    }

    pub(super) fn next_timeout(&self, setup: &AgentsSetup) -> Option<Mono> {
        let probe = (!setup.keepalive.is_zero() && !setup.agents.is_empty()).then_some(self.next_probe);
        self.agents.next_timeout().into_iter().chain(probe).min()
    }
}

impl Engine {
    /// New agents and rules; who stays keeps state and call.
    pub(super) fn take_agents(&mut self, now: Now) {
        let setup = self.settings.agents.clone();
        self.endpoint.set_registrar(now, setup.registrar);
        self.desk.agents.handle_settings(now, setup.agents, setup.rules);
        self.queues.handle_settings(now, setup.queues);
        self.tell_seats(now);
    }

    /// What is due of agents and phones.
    pub(super) fn look_after_agents(&mut self, now: Now) {
        if self.desk.agents.next_timeout().is_some_and(|at| at <= now.mono) {
            self.desk.agents.handle_timeout(now);
        }
        let keepalive = self.settings.agents.keepalive;
        if keepalive.is_zero() || self.desk.next_probe > now.mono {
            return;
        }
        self.desk.next_probe = now.mono + keepalive;
        let on_udp = |phone: &&Binding| !phone.destination.transport.is_reliable();
        let phones: Vec<(Destination, String)> = self
            .endpoint
            .phones()
            .map(|(_, phone)| phone)
            .filter(on_udp)
            .map(|phone| (phone.destination.clone(), phone.contact.as_request_uri().to_string()))
            .collect();
        self.desk.lost.retain(|place, _| phones.iter().any(|(known, _)| known == place));
        for (destination, uri) in phones {
            let ping = Ping {
                destination: destination.clone(),
                uri,
                from: format!("sip:ringback@{}", destination.addr.ip()),
                timeout: PROBE_TIMEOUT,
                auth: None,
            };
            let id = self.endpoint.ping(now, ping);
            self.desk.probes.insert(id, destination);
        }
    }

    /// A phone's answer to an OPTIONS, or none. False where it was no phone that was asked.
    pub(super) fn handle_probe(&mut self, now: Now, id: PingId, answered: bool) -> bool {
        let Some(place) = self.desk.probes.remove(&id) else { return false };
        if answered {
            self.desk.lost.remove(&place);
            return true;
        }
        let lost = self.desk.lost.entry(place.clone()).or_insert(0);
        *lost += 1;
        if *lost >= PROBES_LOST {
            self.desk.lost.remove(&place);
            self.endpoint.drop_phone(now, &place);
        }
        true
    }

    pub(super) fn handle_presence(&mut self, now: Now, presence: Presence) {
        let Some(name) = self.desk.agents.by_extension(&presence.user).map(str::to_owned) else { return };
        let gone = presence.gone.map(|gone| gone.as_str());
        self.desk.agents.handle_phones(now, &name, presence.contacts, gone);
    }

    pub(super) fn handle_agent_output(&mut self, now: Now, output: Output) {
        match output {
            Output::Changed(change) => {
                self.tell_queues(now, &change.agent);
                self.write(Write::AgentState(Box::new(change.clone())));
                self.notice(Notice::Agent(change));
            }
            // The caller still waits, at the head of the line; nobody rings there any more.
            Output::OfferFailed { agent, call, .. } => {
                self.release_agent(now, &agent, call, LegResult::CalledOff);
                self.queues.offer_failed(now, &agent, call);
            }
            Output::CallLost { agent, call, .. } => {
                self.release_agent(now, &agent, call, LegResult::Lost);
            }
            Output::Alarm { agent, word } => {
                self.notice(Notice::Alarm { call: None, word: format!("agent_{word}: {agent}") });
            }
        }
    }

    /// All agents at this moment, by name.
    pub fn agents(&self, now: Now) -> Vec<AgentView> {
        self.desk.agents.views(now)
    }

    /// Times and reasons of all agents.
    pub fn agent_rules(&self) -> &Rules {
        self.desk.agents.rules()
    }

    /// Phones of an extension, best first.
    pub fn phones_of(&self, extension: &str) -> Vec<&Binding> {
        self.endpoint.phones_of(extension)
    }

    /// Numbers that phones dialled and may not.
    pub fn forbidden_dials(&self) -> u64 {
        self.desk.forbidden
    }

    /// Carries out what a person wants of an agent; gives the state after it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn agent_wish(&mut self, now: Now, name: &str, wish: Wish, by: &str) -> Result<State, Refusal> {
        let result = self.desk.agents.handle_wish(now, name, wish, by);
        self.run(now);
        result
    }

    /// The agents' machine, for who offers calls to them; drained in every pass.
    pub fn agents_mut(&mut self) -> &mut Agents {
        &mut self.desk.agents
    }
}
