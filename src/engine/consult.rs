//! The second line of a phone: an agent who talks with a customer calls a colleague, or a number
//! outside that they may dial.
//!
//! Both lines are legs of the one call, so that a transfer needs nothing but to let the agent's
//! own legs go (RFC 5589 section 7): the colleague is in the customer's call already, and hears
//! them from that moment on. Until then the customer hears music.

use super::bridge::{Guest, Task};
use super::{Engine, transfer};
use crate::base::Now;
use crate::call::leg::{self, LegResult, Release, Role};
use crate::sip::endpoint::{Hangup, Incoming};

/// Why a second line is refused.
pub(super) const CONSULTS: &str = "somebody is being consulted already";

impl Engine {
    /// The call in which an agent talks with a customer, by slot, and their leg.
    pub(super) fn own_talk(&self, agent: &str) -> Option<(u64, u64)> {
        let extension = &self.desk.agents.settings(agent)?.extension;
        let theirs = |guest: &&Guest| {
            let leg = self.legs.get(&guest.leg);
            guest.up
                && guest.role == Role::Talker
                && !matches!(guest.task, Task::Dial | Task::Line)
                && leg.is_some_and(|slot| slot.leg.plan().target == *extension)
        };
        let mut with_customer = self.bridges.iter().filter(|(call, _)| self.slots.contains_key(call));
        with_customer.find_map(|(call, bridge)| Some((*call, bridge.guests.iter().find(theirs)?.leg)))
    }

    /// An agent in a talk calls a colleague on the second line.
    pub(super) fn consult_by_phone(
        &mut self,
        now: Now,
        call: u64,
        (agent, colleague): (&str, &str),
        incoming: Incoming,
    ) {
        let extension = self.desk.agents.settings(colleague).map(|settings| settings.extension.clone());
        let Some(extension) = extension.filter(|_| self.may_consult(call)) else {
            return self.refuse_phone(now, incoming.session, 486, CONSULTS);
        };
        self.open_line(now, call, agent, incoming);
        if !self.ring_for(now, call, &extension, Task::Consult, Role::Talker) {
            self.consulted_gone(now, call, LegResult::Unreachable);
        }
        self.remix(call);
    }

    /// Whether nobody is being consulted, or rung for the customer.
    pub(super) fn may_consult(&self, call: u64) -> bool {
        !self.is_transferring(call) && !self.consults_anybody(call)
    }

    pub(super) fn consults_anybody(&self, call: u64) -> bool {
        !self.legs_for(call, Task::Consult).is_empty()
    }

    /// The second line of an agent in a talk; the customer waits from now on.
    pub(super) fn open_line(&mut self, now: Now, call: u64, agent: &str, incoming: Incoming) {
        self.set_held(call, true);
        self.put_aside(call, agent);
        self.take_in(now, call, agent, incoming, Task::Line);
    }

    /// The second line of whoever consults somebody in this call.
    pub(super) fn line_of(&self, call: u64) -> Option<u64> {
        self.legs_for(call, Task::Line).first().copied()
    }

    fn legs_for(&self, call: u64, task: Task) -> Vec<u64> {
        let guests = self.bridges.get(&call).map_or(&[][..], |bridge| &bridge.guests);
        guests.iter().filter(|guest| guest.task == task).map(|guest| guest.leg).collect()
    }

    /// The colleague answered: so is the line on which they were called.
    pub(super) fn answer_line(&mut self, now: Now, call: u64) {
        if let Some(line) = self.line_of(call) {
            self.with_leg(now, line, leg::Event::Take);
        }
    }

    /// Whoever was called hears that it rings: the phone of an internal call, or a second line.
    pub(super) fn tell_caller(&mut self, now: Now, leg: u64) {
        let Some(call) = self.legs.get(&leg).map(|slot| slot.call) else { return };
        if let Some(line) = self.line_of(call).and_then(|line| self.legs.get(&line)) {
            if let Some(session) = line.session.filter(|_| line.leg.answered_at().is_none()) {
                self.ring_back(now, session);
            }
            return;
        }
        let slot = self.slots.get(&call).filter(|slot| slot.call.state() == crate::call::State::Incoming);
        if let Some(session) = slot.and_then(|slot| slot.session) {
            self.ring_back(now, session);
        }
    }

    /// The second line was hung up: the colleague is let go, and the customer is next.
    pub(super) fn line_gone(&mut self, now: Now, call: u64) {
        self.set_held(call, false);
        self.take_back(call);
        for colleague in self.legs_for(call, Task::Consult) {
            self.end_leg(now, colleague, LegResult::CalledOff, 0);
        }
    }

    /// The colleague is gone, or nobody answered: the line on which they were called goes too.
    pub(super) fn consulted_gone(&mut self, now: Now, call: u64, result: LegResult) {
        if self.consults_anybody(call) {
            return;
        }
        self.set_held(call, false);
        self.take_back(call);
        if let Some(line) = self.line_of(call) {
            self.end_leg(now, line, LegResult::CalledOff, transfer::status_of(result));
        }
    }

    /// The agent's first line is not heard, and hears nobody, while they use the second: they
    /// would hear themselves.
    fn put_aside(&mut self, call: u64, agent: &str) {
        let Some((_, leg)) = self.own_talk(agent) else { return };
        if let Some(guest) = self.guest_of(call, leg) {
            guest.aside = true;
        }
    }

    fn take_back(&mut self, call: u64) {
        let transferring = self.is_transferring(call);
        let Some(bridge) = self.bridges.get_mut(&call).filter(|_| !transferring) else { return };
        bridge.guests.iter_mut().for_each(|guest| guest.aside = false);
    }

    /// The agent who consults somebody leaves the customer: the second line goes with them.
    pub(super) fn drop_line(&mut self, now: Now, call: u64, leaver: u64) {
        let target = |leg: u64| self.legs.get(&leg).map(|slot| slot.leg.plan().target.as_str());
        if let Some(line) = self.line_of(call).filter(|line| target(*line) == target(leaver)) {
            self.end_leg(now, line, LegResult::CalledOff, 0);
        }
    }

    /// The colleague takes the customer; both lines of the agent are let go.
    pub(super) fn complete_by_phone(&mut self, now: Now, call: u64, from: u64) {
        let colleague = self.legs_for(call, Task::Consult);
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        let theirs = |guest: &&mut Guest| colleague.contains(&guest.leg);
        let up = bridge.guests.iter().any(|guest| guest.up && colleague.contains(&guest.leg));
        for guest in bridge.guests.iter_mut().filter(theirs) {
            guest.task = if up { Task::Answer } else { Task::Transfer(from) };
        }
        if let Some(line) = self.line_of(call) {
            self.end_leg(now, line, LegResult::Transferred, 0);
        }
        self.set_held(call, false);
        if up {
            self.release_transferor(now, call, from);
        } else if let Some(guest) = self.guest_of(call, from) {
            // The colleague's phone still rings: as with a blind transfer from here on.
            guest.aside = true;
        }
        self.remix(call);
    }

    /// Lets one leg go; `status` is for a phone that called and has no answer yet.
    fn end_leg(&mut self, now: Now, leg: u64, result: LegResult, status: u16) {
        let hangup = Hangup { status, q850: 16, text: "the other line is done".to_owned() };
        self.with_leg(now, leg, leg::Event::Release(Release { result, hangup }));
    }
}
