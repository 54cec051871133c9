//! Queues in the engine: callers who wait, agents who are rung for them, and what the agents'
//! own machine is told of it.

use std::time::Duration;

use super::bridge::{Ring, Task};
use super::duty::ROSTER;
use super::{Engine, Notice, Waited, Write};
use crate::agent::State;
use crate::base::{CallId, Now};
use crate::call::Wanted;
use crate::call::leg::{self, LegKind, LegResult, Release, Role};
use crate::ivr::spoken::Grammar;
use crate::ivr::{PLACE_PROMPTS, Parted};
use crate::media::{Command, PlayId, SessionId};
use crate::queue::{AgentFact, Fate, Output, Overflow};
use crate::sip::endpoint::Hangup;

/// A phone rings longer than its offer is good for, so that the agents' clock alone decides.
const RING_GRACE: Duration = Duration::from_secs(5);

/// No play of a script: whose end nobody waits for.
const PLACE: PlayId = PlayId(u32::MAX);

impl Engine {
    /// A script wants its caller to wait in a queue. One who stands there already, because the
    /// agent vanished, keeps the place.
    pub(super) fn enqueue(&mut self, now: Now, slot: u64, queue: &str, wanted: &Wanted) {
        let bridge = self.bridges.entry(slot).or_default();
        bridge.wait_with(&wanted.music);
        if let Some(roster) = queue.strip_prefix(ROSTER) {
            return self.ring_duty(now, slot, roster);
        }
        let Some(new) = self.new_caller(slot) else { return };
        let call = new.call;
        if self.return_accepted(now, call) || self.queues.join(now, queue, new) {
            return;
        }
        match self.queues.queue_of(call).map(str::to_owned) {
            Some(queue) => self.play_queue_music(slot, &queue),
            None => self.part(now, slot, Parted::Nobody),
        }
    }

    /// The music of a queue, where there is such a prompt; else what the script has begun.
    fn play_queue_music(&mut self, slot: u64, queue: &str) {
        let named = self.settings.agents.queues.iter().find(|settings| settings.name == queue);
        let language = self.slots.get(&slot).map(|entry| entry.call.plan().facts.language.clone());
        let (Some(settings), Some(language)) = (named, language) else { return };
        let Some(music) = self.library.prompts.get(&language, &settings.music) else { return };
        if let Some(bridge) = self.bridges.get_mut(&slot) {
            bridge.wait_with(std::slice::from_ref(&music));
            self.output(super::Output::Media(SessionId(slot), Command::Music(vec![music])));
        }
    }

    pub(super) fn handle_queue_output(&mut self, now: Now, output: Output) {
        match output {
            Output::Offer { agent, call } => self.offer_to(now, &agent, call),
            Output::Withdraw { agent, call } => {
                self.desk.agents.handle_withdrawn(now, &agent, call);
                self.release_agent(now, &agent, call, LegResult::CalledOff);
            }
            // The caller went to the agent by the step in which the phone answered.
            Output::Connect { .. } => {}
            Output::Music { call } => {
                let waits =
                    self.by_call.get(&call).copied().zip(self.queues.queue_of(call).map(str::to_owned));
                if let Some((slot, queue)) = waits {
                    self.play_queue_music(slot, &queue);
                }
            }
            Output::Announce { call, position, expected } => {
                self.say_place(call, position, expected);
                let expected_s = expected.map(|expected| expected.as_secs());
                self.notice(Notice::Waiting { call, position, expected_s });
            }
            Output::Overflow { call, to: Overflow::Roster(roster) } => self.send_to_duty(now, call, &roster),
            // The end of the wait tells the script.
            Output::Overflow { to: Overflow::Callback, .. } => {}
            // Voicemail and a goodbye are further ways of the script.
            Output::Overflow { call, .. } => self.leave_alone(now, call, Parted::Nobody),
            Output::Ended { call, queue, fate, waited, joined } => {
                if fate == Fate::PromisedCallback {
                    self.leave_alone(now, call, Parted::Promised);
                }
                let agent = match &fate {
                    Fate::Answered(agent) => agent.clone(),
                    _ => String::new(),
                };
                let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                let (name, agent_name) = (queue.clone(), agent.clone());
                let row =
                    Waited { call, queue: name, fate: fate.as_str(), agent: agent_name, joined, waited_ms };
                self.write(Write::Waited(Box::new(row)));
                self.notice(Notice::Queued { call, queue, fate: fate.as_str(), agent, waited_ms });
            }
            Output::Dial { call, number, .. } => self.dial_callback(now, call, &number),
            Output::StopDialling { call } => self.stop_return(now, call),
            Output::Kept { call } => self.keep_callback(now, call),
            Output::CallbackEnded { call, queue, fate, .. } => self.callback_ended(now, call, queue, fate),
        }
    }

    /// Says the place in the line and the wait in minutes; the music goes on behind it.
    fn say_place(&mut self, call: CallId, position: usize, expected: Option<Duration>) {
        let slot = self.by_call.get(&call).copied();
        let Some((slot, entry)) = slot.and_then(|slot| Some((slot, self.slots.get(&slot)?))) else { return };
        let plan = entry.call.plan();
        let languages = plan.script.languages();
        let wanted = languages.iter().find(|l| **l == plan.facts.language).or(languages.first());
        let Some(language) = wanted else { return };
        let grammar = Grammar::of(language);
        let number = |n: u64| i64::try_from(n).ok().and_then(|n| grammar.number(n)).unwrap_or_default();
        let [place, minutes] = PLACE_PROMPTS else { return };
        let mut names = vec![(*place).to_owned()];
        names.extend(number(position as u64));
        if let Some(expected) = expected {
            names.push((*minutes).to_owned());
            names.extend(number(expected.as_secs().div_ceil(60).max(1)));
        }
        let prompts: Vec<_> =
            names.iter().filter_map(|name| self.library.prompts.get(language, name)).collect();
        // What cannot be said whole is not said.
        if prompts.len() == names.len() {
            let command = Command::Play { play: PLACE, prompts, barge_in: false };
            self.output(super::Output::Media(SessionId(slot), command));
        }
    }

    /// Nobody takes the caller: the script goes on by its own way for this.
    fn leave_alone(&mut self, now: Now, call: CallId, parted: Parted) {
        if let Some(slot) = self.by_call.get(&call).copied() {
            self.part(now, slot, parted);
        }
    }

    /// Rings the phones of an agent for a caller.
    fn offer_to(&mut self, now: Now, agent: &str, call: CallId) {
        let slot = self.by_call.get(&call).copied();
        let extension = self.desk.agents.settings(agent).map(|settings| settings.extension.clone());
        let (Some(slot), Some(extension)) = (slot, extension) else {
            return self.queues.offer_failed(now, agent, call);
        };
        if self.desk.agents.offer(now, agent, call).is_err() {
            return self.queues.offer_failed(now, agent, call);
        }
        let how = Ring {
            task: Task::Answer,
            role: Role::Talker,
            ring: self.settings.agents.rules.ring + RING_GRACE,
            accept: self.plain_accept(),
        };
        match self.target(now, &extension) {
            Some(target) => self.ring(now, slot, target, &how),
            None => self.desk.agents.handle_refused(now, agent, call),
        }
    }

    /// Whose phone an extension is: the agent's name, or itself where it is nobody's.
    pub(super) fn whose_phone(&self, extension: &str) -> String {
        self.desk.agents.by_extension(extension).unwrap_or(extension).to_owned()
    }

    /// The name of the agent whose phone a leg is.
    pub(super) fn agent_named(&self, leg: u64) -> Option<String> {
        self.agent_of(leg).map(|(agent, _)| agent)
    }

    /// The agent whose phone a leg is, and its call.
    fn agent_of(&self, leg: u64) -> Option<(String, CallId)> {
        let slot = self.legs.get(&leg)?;
        let plan = slot.leg.plan();
        let call = self.id_of(slot.call)?;
        let agent = self.desk.agents.by_extension(&plan.target).filter(|_| plan.kind == LegKind::Agent)?;
        Some((agent.to_owned(), call))
    }

    /// An agent's phone answered. False where it rang for nobody any more.
    pub(super) fn agent_answered(&mut self, now: Now, leg: u64) -> bool {
        let Some((agent, call)) = self.agent_of(leg) else { return true };
        if self.desk.agents.state(&agent) != Some(State::Offered) {
            // Rung by a script or an order, not by a queue. Two calls may have rung at once: who
            // took one has it, and the other rings on elsewhere.
            let began = self.desk.agents.handle_call_began(now, &agent, call).is_ok();
            return began || self.desk.agents.state(&agent) != Some(State::OnCall);
        }
        self.desk.agents.handle_answered(now, &agent, call) && self.queues.offer_answered(now, &agent, call)
    }

    /// An agent's phone is up in a call for another reason than an offer: by transfer, in a
    /// conference, to be consulted. No queue offers them a caller meanwhile.
    pub(super) fn agent_joined(&mut self, now: Now, leg: u64) {
        if let Some((agent, call)) = self.agent_of(leg) {
            // Who is in another call already stays in that.
            self.desk.agents.handle_call_began(now, &agent, call).ok();
        }
    }

    /// An agent's phone is of no more use to a call: `up`: they talked.
    pub(super) fn agent_parted(&mut self, now: Now, leg: u64, up: bool, result: LegResult) {
        let Some((agent, call)) = self.agent_of(leg) else { return };
        if self.is_on_another_phone(leg) {
            return;
        }
        match (up, result) {
            (true, LegResult::Lost) => {
                self.queues.agent_lost(now, call);
                self.desk.agents.handle_call_ended(now, &agent, call);
            }
            (true, _) => {
                // A colleague who leaves a talk that goes on does not end it for the queue.
                if !self.has_talker(call) {
                    self.queues.leave(now, call);
                }
                self.desk.agents.handle_call_ended(now, &agent, call);
            }
            (false, LegResult::Elsewhere | LegResult::CalledOff | LegResult::CustomerLeft) => {
                self.desk.agents.handle_withdrawn(now, &agent, call);
            }
            (false, _) => self.desk.agents.handle_refused(now, &agent, call),
        }
    }

    /// Whether somebody of ours talks in a call.
    fn has_talker(&self, call: CallId) -> bool {
        let bridge = self.by_call.get(&call).and_then(|slot| self.bridges.get(slot));
        bridge.is_some_and(|bridge| bridge.guests.iter().any(|guest| guest.up && guest.role == Role::Talker))
    }

    /// Whether a name is that of an agent who is in a call or rung for one: nobody is rung in
    /// the middle of a talk.
    pub(super) fn is_busy(&self, extension: &str) -> bool {
        let agent = self.desk.agents.by_extension(extension);
        let state = agent.and_then(|agent| self.desk.agents.state(agent));
        matches!(state, Some(State::OnCall | State::Offered))
    }

    /// Whether the agent of a leg is up in the same call on another phone, which took it over.
    fn is_on_another_phone(&self, leg: u64) -> bool {
        let Some(slot) = self.legs.get(&leg) else { return false };
        let target = |leg: &u64| self.legs.get(leg).map(|slot| slot.leg.plan().target.as_str());
        let guests = self.bridges.get(&slot.call).map_or(&[][..], |bridge| &bridge.guests);
        let same = |guest: &&super::bridge::Guest| {
            guest.up && guest.leg != leg && guest.role == Role::Talker && target(&guest.leg) == target(&leg)
        };
        guests.iter().any(|guest| same(&guest))
    }

    /// The caller is gone, from a queue or from an agent.
    pub(super) fn leave_queue(&mut self, now: Now, slot: u64) {
        if let Some(call) = self.id_of(slot) {
            self.queues.leave(now, call);
        }
    }

    /// Lets the phones of an agent go, whether they ring or talk.
    pub(super) fn release_agent(&mut self, now: Now, agent: &str, call: CallId, result: LegResult) {
        let Some(settings) = self.desk.agents.settings(agent) else { return };
        let (extension, slot) = (settings.extension.clone(), self.by_call.get(&call).copied());
        let theirs = |leg: &u64| {
            let of = self.legs.get(leg);
            of.is_some_and(|l| Some(l.call) == slot && l.leg.plan().target == extension)
        };
        let legs: Vec<u64> = self.legs.keys().copied().filter(|leg| theirs(leg)).collect();
        for leg in legs {
            let hangup = Hangup { status: 0, q850: 16, text: "given to another".to_owned() };
            self.with_leg(now, leg, leg::Event::Release(Release { result, hangup }));
        }
    }

    /// What the queues are to know of an agent after a change.
    pub(super) fn tell_queues(&mut self, now: Now, agent: &str) {
        let state = self.desk.agents.state(agent);
        let settings = self.desk.agents.settings(agent);
        let fact = settings.zip(state).map(|(settings, state)| AgentFact {
            skills: settings.skills.clone(),
            languages: settings.languages.clone(),
            packs: settings.packs.clone(),
            available: state == State::Available,
            present: state != State::Offline,
            idle_since: self.desk.agents.idle_since(agent).unwrap_or_default(),
        });
        self.queues.agent_changed(now, agent, fact);
        self.tell_seats(now);
    }

    /// The queues, for who shows them.
    pub fn queues(&self) -> &crate::queue::Queues {
        &self.queues
    }
}
