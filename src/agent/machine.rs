//! All agents: events in, changes out.

use std::collections::{BTreeMap, VecDeque};

use super::dial::{Dialled, digits};
use super::life::{Life, Next};
use super::settings::{AgentSettings, OnRegister, Rules};
use super::state::{Change, State, reason};
use crate::base::{CallId, Mono, Now};

/// Who acts where no person does.
const DAEMON: &str = "daemon";

/// What a person wants of an agent, their own or another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Ready for calls.
    Available,
    /// Not ready, for a reason of the configuration.
    NotReady(String),
    /// Goes home.
    LogOut,
}

/// Why a wish or an offer is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such agent.
    #[error("no agent is called `{0}`")]
    Unknown(String),
    /// No phone is registered.
    #[error("no phone of `{0}` is registered")]
    NoPhone(String),
    /// The configuration does not know the reason.
    #[error("`{0}` is no reason of [agents]: write one of {1}")]
    UnknownReason(String, String),
    /// It cannot be done in this state.
    #[error("`{0}` is {1}")]
    State(String, &'static str),
}

/// What follows for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// An agent moved.
    Changed(Change),
    /// An offer came to nothing: the caller goes back to the head of the queue, and what rings
    /// is to stop.
    OfferFailed {
        /// Who.
        agent: String,
        /// The caller's call.
        call: CallId,
        /// Why.
        reason: String,
    },
    /// The phone vanished, or the call lasted longer than any may: the caller is alone.
    CallLost {
        /// Who.
        agent: String,
        /// The caller's call.
        call: CallId,
        /// Why.
        reason: String,
    },
    /// Somebody must look at this.
    Alarm {
        /// Who.
        agent: String,
        /// Stable word.
        word: &'static str,
    },
}

/// The agents.
#[derive(Clone, Debug)]
pub struct Agents {
    pub(super) agents: BTreeMap<String, Life>,
    rules: Rules,
    out: VecDeque<Output>,
}

impl Agents {
    /// All of them offline.
    pub fn new(now: Now, agents: Vec<AgentSettings>, rules: Rules) -> Self {
        let mut all = Agents { agents: BTreeMap::new(), rules, out: VecDeque::new() };
        agents.into_iter().for_each(|agent| all.add(now, agent));
        all
    }

    /// The history of an agent begins where the daemon begins to know of it.
    fn add(&mut self, now: Now, settings: AgentSettings) {
        let name = settings.name.clone();
        let change = Change {
            agent: name.clone(),
            from: State::Offline,
            since: now.utc,
            to: State::Offline,
            reason: reason::START.to_owned(),
            call: None,
            by: DAEMON.to_owned(),
            at: now.utc,
        };
        self.out.push_back(Output::Changed(change));
        self.agents.insert(name, Life::new(now, settings));
    }

    /// New settings; who stays keeps state and call, who goes is offline for ever.
    pub fn handle_settings(&mut self, now: Now, agents: Vec<AgentSettings>, rules: Rules) {
        self.rules = rules;
        let names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
        for settings in agents {
            match self.agents.get_mut(&settings.name) {
                Some(life) => life.settings = settings,
                None => self.add(now, settings),
            }
        }
        let gone: Vec<String> = self.agents.keys().filter(|name| !names.contains(name)).cloned().collect();
        for name in gone {
            self.leave(now, &name, reason::REMOVED, DAEMON);
            self.agents.remove(&name);
        }
    }

    /// The rules in force.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the phone of an agent dialled.
    pub fn dialled(&self, name: &str, dialled: &str) -> Dialled {
        let Some(life) = self.agents.get(name) else { return Dialled::Forbidden };
        if let Some(order) = self.rules.codes.read(dialled, &self.rules.reasons) {
            return Dialled::Code(order);
        }
        if let Some((reason, number)) = self.rules.codes.read_anyway(dialled, &self.rules.override_reasons) {
            let number = digits(number).filter(|number| life.settings.may_dial.allows(number));
            return number.map_or(Dialled::Forbidden, |number| Dialled::Anyway(number, reason));
        }
        let Some(number) = digits(dialled) else { return Dialled::Forbidden };
        let other = self.agents.values().find(|other| other.settings.extension == number);
        let may = &life.settings.may_dial;
        match other {
            Some(other) if may.agents && other.settings.name != name => {
                Dialled::Agent(other.settings.name.clone())
            }
            Some(_) => Dialled::Forbidden,
            None if may.allows(&number) => Dialled::Outside(number),
            None => Dialled::Forbidden,
        }
    }

    /// Phones of an agent now; `gone` says why the last one went.
    pub fn handle_phones(&mut self, now: Now, name: &str, phones: usize, gone: Option<&str>) {
        let Some(life) = self.agents.get_mut(name) else { return };
        let had = std::mem::replace(&mut life.phones, phones);
        if (had == 0) != (phones == 0) {
            life.phones_since = now.utc;
        }
        match (had, phones) {
            (0, 1..) => self.arrive(now, name),
            (1.., 0) => self.vanish(now, name, gone.unwrap_or("gone")),
            _ => {}
        }
    }

    fn arrive(&mut self, now: Now, name: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        life.lost = None;
        if life.state != State::Offline || life.reason == reason::LOGGED_OUT {
            return;
        }
        match life.resume.take() {
            Some((state, why, until)) if until > now.mono => {
                self.change(now, name, state, &why, None, "phone");
                if let Some(life) = self.agents.get_mut(name) {
                    life.until = until;
                }
            }
            _ => match self.rules.on_register {
                OnRegister::Available => {
                    self.change(now, name, State::Available, reason::REGISTERED, None, "phone");
                }
                OnRegister::NotReady => {
                    self.change(now, name, State::NotReady, reason::REGISTERED, None, "phone");
                }
            },
        }
    }

    /// The last phone is gone. In a call it has a moment to come back: a stream that breaks
    /// is opened anew within seconds while its audio goes on.
    fn vanish(&mut self, now: Now, name: &str, why: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        match life.state {
            State::Offline => {}
            State::OnCall if !self.rules.lost_after.is_zero() => {
                life.lost = Some((now.mono + self.rules.lost_after, why.to_owned()));
            }
            State::NotReady | State::WrapUp => {
                let resume = (life.state, life.reason.clone(), life.until);
                self.leave(now, name, why, "phone");
                if let Some(life) = self.agents.get_mut(name) {
                    life.resume = Some(resume);
                }
            }
            State::Available | State::Offered | State::OnCall => self.leave(now, name, why, "phone"),
        }
    }

    /// Carries out what a person wants; gives the state after it. In a call it waits for the
    /// end of the call, and a wish not to be ready waits for the end of the wrap-up.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn handle_wish(&mut self, now: Now, name: &str, wish: Wish, by: &str) -> Result<State, Refusal> {
        let Some(life) = self.agents.get_mut(name) else { return Err(Refusal::Unknown(name.to_owned())) };
        if let Wish::NotReady(word) = &wish
            && !self.rules.reasons.iter().any(|known| known.word == *word)
        {
            let known: Vec<&str> = self.rules.reasons.iter().map(|known| known.word.as_str()).collect();
            return Err(Refusal::UnknownReason(word.clone(), known.join(", ")));
        }
        if life.phones == 0 && wish != Wish::LogOut {
            return Err(Refusal::NoPhone(name.to_owned()));
        }
        let busy = matches!(life.state, State::Offered | State::OnCall);
        match wish {
            Wish::Available if busy => life.next = None,
            Wish::NotReady(word) if busy || life.state == State::WrapUp => {
                life.next = Some(Next::NotReady(word));
            }
            Wish::LogOut if busy => life.next = Some(Next::LogOut),
            Wish::Available if life.state == State::Available => {}
            Wish::Available if life.state == State::WrapUp && !self.rules.wrap_up_may_end => {
                return Err(Refusal::State(name.to_owned(), "in wrap-up, which ends by itself"));
            }
            Wish::Available => {
                life.next = None;
                self.change(now, name, State::Available, reason::BY_HAND, None, by);
            }
            Wish::NotReady(word) => self.change(now, name, State::NotReady, &word, None, by),
            Wish::LogOut => self.leave(now, name, reason::LOGGED_OUT, by),
        }
        Ok(self.agents.get(name).map_or(State::Offline, |life| life.state))
    }

    /// A caller rings at an agent who is available.
    ///
    /// # Errors
    /// [`Refusal`] where the agent cannot be rung.
    pub fn offer(&mut self, now: Now, name: &str, call: CallId) -> Result<(), Refusal> {
        let Some(life) = self.agents.get_mut(name) else { return Err(Refusal::Unknown(name.to_owned())) };
        if life.state != State::Available {
            return Err(Refusal::State(name.to_owned(), life.state.as_str()));
        }
        life.offered += 1;
        self.change(now, name, State::Offered, reason::OFFER, Some(call), DAEMON);
        Ok(())
    }

    /// The phone answered the offer. False where it was not offered this call: then it is to be
    /// hung up on.
    pub fn handle_answered(&mut self, now: Now, name: &str, call: CallId) -> bool {
        let Some(life) = self.agents.get_mut(name) else { return false };
        if life.state != State::Offered || life.call != Some(call) {
            return false;
        }
        let took = u64::try_from(now.mono.since(life.since.mono).as_millis()).unwrap_or(u64::MAX);
        life.answered += 1;
        life.answer_delay_ms += took;
        life.slowest_answer_ms = life.slowest_answer_ms.max(took);
        self.change(now, name, State::OnCall, reason::CALL, Some(call), "phone");
        true
    }

    /// The phone refused the offer.
    pub fn handle_refused(&mut self, now: Now, name: &str, call: CallId) {
        self.fail_offer(now, name, Some(call), reason::REFUSED);
    }

    /// The caller hung up, or another took the call.
    pub fn handle_withdrawn(&mut self, now: Now, name: &str, call: CallId) {
        let Some(life) = self.agents.get_mut(name) else { return };
        if life.state == State::Offered && life.call == Some(call) {
            self.settle(now, name, reason::WITHDRAWN);
        }
    }

    /// The agent is in a call that was not offered: their own, or one they were pulled into.
    ///
    /// # Errors
    /// [`Refusal`] where the agent is offline, rung or in a call already.
    pub fn handle_call_began(&mut self, now: Now, name: &str, call: CallId) -> Result<(), Refusal> {
        let Some(life) = self.agents.get_mut(name) else { return Err(Refusal::Unknown(name.to_owned())) };
        match life.state {
            State::Offline | State::Offered | State::OnCall => {
                Err(Refusal::State(name.to_owned(), life.state.as_str()))
            }
            State::Available | State::WrapUp | State::NotReady => {
                if life.state == State::NotReady {
                    life.next = Some(Next::NotReady(life.reason.clone()));
                }
                self.change(now, name, State::OnCall, reason::CALL, Some(call), "phone");
                Ok(())
            }
        }
    }

    /// The call is over for the agent.
    pub fn handle_call_ended(&mut self, now: Now, name: &str, call: CallId) {
        let Some(life) = self.agents.get_mut(name) else { return };
        if life.state == State::OnCall && life.call == Some(call) {
            self.end_call(now, name, reason::CALL);
        }
    }

    /// A call that the agent began came to nothing before anybody was called: back to where
    /// it was, without the time after a call.
    pub fn handle_call_undone(&mut self, now: Now, name: &str, call: CallId) {
        let Some(life) = self.agents.get_mut(name) else { return };
        if life.state == State::OnCall && life.call == Some(call) {
            match life.lost.take() {
                Some((_, gone)) => self.leave(now, name, &gone, "phone"),
                None => self.settle(now, name, reason::WITHDRAWN),
            }
        }
    }

    fn end_call(&mut self, now: Now, name: &str, why: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        life.last_call = Some(now.mono);
        if let Some((_, gone)) = life.lost.take() {
            return self.leave(now, name, &gone, "phone");
        }
        if life.next == Some(Next::LogOut) {
            return self.leave(now, name, reason::LOGGED_OUT, DAEMON);
        }
        self.change(now, name, State::WrapUp, why, None, DAEMON);
    }

    /// Everything that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        let due = |life: &Life| life.deadline() <= now.mono;
        let names: Vec<String> =
            self.agents.iter().filter(|(_, life)| due(life)).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.expire(now, &name);
        }
    }

    fn expire(&mut self, now: Now, name: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        if let Some((at, why)) = life.lost.clone()
            && at <= now.mono
        {
            return self.leave(now, name, &why, "phone");
        }
        let (state, call, why) = (life.state, life.call, life.reason.clone());
        match state {
            State::Offline => life.until = Mono::FAR,
            State::Available => {
                self.alarm(name, reason::IDLE_TOO_LONG);
                self.change(now, name, State::NotReady, reason::IDLE_TOO_LONG, None, DAEMON);
            }
            State::Offered => self.fail_offer(now, name, call, reason::NO_ANSWER),
            State::OnCall => {
                self.alarm(name, reason::CALL_TOO_LONG);
                if let Some(call) = call {
                    let (agent, reason) = (name.to_owned(), reason::CALL_TOO_LONG.to_owned());
                    self.out.push_back(Output::CallLost { agent, call, reason });
                }
                self.end_call(now, name, reason::CALL_TOO_LONG);
            }
            State::WrapUp => self.settle(now, name, reason::WRAPPED_UP),
            State::NotReady
                if matches!(why.as_str(), reason::NO_ANSWER | reason::REFUSED)
                    && !self.rules.return_after_no_answer.is_zero() =>
            {
                self.settle(now, name, reason::NO_ANSWER);
            }
            State::NotReady => {
                self.alarm(name, reason::NOT_READY_TOO_LONG);
                self.leave(now, name, reason::NOT_READY_TOO_LONG, DAEMON);
            }
        }
    }

    /// Where an agent goes who has nothing to do.
    fn settle(&mut self, now: Now, name: &str, why: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        match life.next.take() {
            Some(Next::NotReady(word)) => self.change(now, name, State::NotReady, &word, None, DAEMON),
            Some(Next::LogOut) => self.leave(now, name, reason::LOGGED_OUT, DAEMON),
            None => self.change(now, name, State::Available, why, None, DAEMON),
        }
    }

    fn fail_offer(&mut self, now: Now, name: &str, call: Option<CallId>, why: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        let Some(call) = call.filter(|call| life.state == State::Offered && life.call == Some(*call)) else {
            return;
        };
        let (agent, reason) = (name.to_owned(), why.to_owned());
        self.out.push_back(Output::OfferFailed { agent, call, reason });
        match life.next.take() {
            Some(Next::LogOut) => self.leave(now, name, reason::LOGGED_OUT, DAEMON),
            Some(Next::NotReady(word)) => self.change(now, name, State::NotReady, &word, None, DAEMON),
            None => self.change(now, name, State::NotReady, why, None, DAEMON),
        }
    }

    /// To offline, wherever it was: whoever rang or spoke is given back.
    fn leave(&mut self, now: Now, name: &str, why: &str, by: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        (life.lost, life.next, life.resume) = (None, None, None);
        if let Some(call) = life.call {
            let (agent, reason) = (name.to_owned(), why.to_owned());
            let on_call = life.state == State::OnCall;
            if on_call {
                life.last_call = Some(now.mono);
            }
            self.out.push_back(match on_call {
                true => Output::CallLost { agent, call, reason },
                false => Output::OfferFailed { agent, call, reason },
            });
        }
        self.change(now, name, State::Offline, why, None, by);
    }

    fn alarm(&mut self, name: &str, word: &'static str) {
        self.out.push_back(Output::Alarm { agent: name.to_owned(), word });
    }

    fn change(&mut self, now: Now, name: &str, to: State, why: &str, call: Option<CallId>, by: &str) {
        let Some(life) = self.agents.get_mut(name) else { return };
        if (life.state, life.reason.as_str(), life.call) == (to, why, call) && to == State::Offline {
            return;
        }
        let change = Change {
            agent: name.to_owned(),
            from: life.state,
            since: life.since.utc,
            to,
            reason: why.to_owned(),
            call: call.or(life.call),
            by: by.to_owned(),
            at: now.utc,
        };
        let limit = life.limit(&self.rules, to, why);
        (life.state, life.since, life.call) = (to, now, call);
        why.clone_into(&mut life.reason);
        life.until = limit.map_or(Mono::FAR, |limit| now.mono + limit);
        self.out.push_back(Output::Changed(change));
    }

    /// When [`Agents::handle_timeout`] is due next.
    pub fn next_timeout(&self) -> Option<Mono> {
        self.agents.values().map(Life::deadline).min().filter(|at| *at < Mono::FAR)
    }

    /// What follows; ask until None after every handler.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }
}
