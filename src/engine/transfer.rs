//! Another person takes the customer: by REFER of our person's phone, or by order.
//!
//! Until the other is there the customer hears music and our person stays: a transfer that
//! fails loses nobody.

use super::Engine;
use super::bridge::{Guest, RING, Ring, Task};
use crate::agent::Dialled;
use crate::base::Now;
use crate::call::leg::{self, LegResult, Release, Role};
use crate::ivr::Parted;
use crate::sip::endpoint::{Hangup, SessionId};
use crate::sip::{Scheme, Uri};

impl Engine {
    /// A phone of ours wants the customer to go on with somebody else (RFC 3515). Only a
    /// person who talks with a customer may, towards phones of ours and towards what this agent
    /// may dial: a phone that was broken into rings nobody else.
    pub(super) fn handle_refer(&mut self, now: Now, session: SessionId, refer_to: &Uri) {
        let refuse = |engine: &mut Engine, status| engine.endpoint.answer_refer(now, session, Err(status));
        let leg = self.by_session.get(&session).copied().filter(|number| self.legs.contains_key(number));
        let Some((leg, call)) = leg.and_then(|leg| Some((leg, self.call_of_guest(leg)?))) else {
            return refuse(self, 403);
        };
        if self.remainders.contains_key(&call) {
            // There is no customer any more who could go on with somebody else.
            return refuse(self, 403);
        }
        // To join a dialog that the phone has on its second line (RFC 3891) is another thing than
        // to ring.
        if refer_to.headers.is_some() {
            if !self.transfer_to_line(now, session, leg, refer_to) {
                refuse(self, 501);
            }
            return;
        }
        let target = match (&refer_to.scheme, refer_to.user_unescaped()) {
            (Scheme::Sip | Scheme::Sips, Some(user)) if !self.contacts_of(&user).is_empty() => user,
            (_, Some(user)) => match self.outside_of(leg, &user) {
                Ok(number) => number,
                Err(status) => return refuse(self, status),
            },
            _ => return refuse(self, 404),
        };
        if self.is_transferring(call) || !self.talks(call, leg) {
            return refuse(self, 491);
        }
        self.endpoint.answer_refer(now, session, Ok(()));
        self.begin_transfer(now, call, leg, &target);
    }

    /// A number outside, where the agent of a leg may dial it; else the status that refuses.
    fn outside_of(&mut self, leg: u64, number: &str) -> Result<String, u16> {
        let target = self.legs.get(&leg).map(|slot| slot.leg.plan().target.clone()).unwrap_or_default();
        let agent = self.desk.agents.by_extension(&target).ok_or(404_u16)?;
        match self.desk.agents.dialled(agent, number) {
            Dialled::Outside(number) => Ok(number),
            Dialled::Forbidden if number.bytes().all(|b| b.is_ascii_digit() || b == b'+') => {
                self.desk.forbidden += 1;
                Err(403)
            }
            _ => Err(404),
        }
    }

    fn talks(&self, call: u64, leg: u64) -> bool {
        let guests = self.bridges.get(&call).map_or(&[][..], |bridge| &bridge.guests);
        guests.iter().any(|guest| guest.leg == leg && guest.up && guest.role == Role::Talker)
    }

    /// Whether somebody else is being rung for the customer already.
    pub(super) fn is_transferring(&self, call: u64) -> bool {
        let pending = |guest: &Guest| matches!(guest.task, Task::Transfer(_)) && !guest.up;
        self.bridges.get(&call).is_some_and(|bridge| bridge.guests.iter().any(pending))
    }

    /// Rings `target` for the customer whom `from` talks with; false where nothing rings there.
    pub(super) fn begin_transfer(&mut self, now: Now, call: u64, from: u64, target: &str) -> bool {
        if let Some(guest) = self.guest_of(call, from) {
            guest.aside = true;
        }
        let rung = self.ring_for(now, call, target, Task::Transfer(from), Role::Talker);
        if !rung {
            self.transfer_failed(now, call, from, LegResult::Unreachable);
        }
        self.remix(call);
        rung
    }

    /// Rings somebody by name for a task; false where nothing rings there.
    pub(super) fn ring_for(&mut self, now: Now, call: u64, target: &str, task: Task, role: Role) -> bool {
        let Some(found) = self.target(now, target) else { return false };
        let accept = self.plain_accept();
        self.ring(now, call, found, &Ring { task, role, ring: RING, accept });
        // It may have failed at once, and be gone already.
        self.bridges.get(&call).is_some_and(|bridge| bridge.guests.iter().any(|guest| guest.task == task))
    }

    pub(super) fn guest_of(&mut self, call: u64, leg: u64) -> Option<&mut Guest> {
        self.bridges.get_mut(&call)?.guests.iter_mut().find(|guest| guest.leg == leg)
    }

    /// The other has the customer; whoever gave them away is let go.
    pub(super) fn transferred(&mut self, now: Now, call: u64, from: u64) {
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        bridge.held = false;
        for guest in bridge.guests.iter_mut().filter(|guest| guest.task == Task::Transfer(from) && guest.up) {
            guest.task = Task::Answer;
        }
        self.remix(call);
        // Other phones of the same person.
        self.stop_ringing(now, call, 0, Task::Transfer(from));
        self.release_transferor(now, call, from);
    }

    /// Lets go whoever gave the customer away.
    pub(super) fn release_transferor(&mut self, now: Now, call: u64, from: u64) {
        if self.guest_of(call, from).is_none() {
            return;
        }
        if let Some(session) = self.legs.get(&from).and_then(|slot| slot.session) {
            self.endpoint.refer_done(now, session, 200);
        }
        let hangup = Hangup { status: 0, q850: 16, text: "transferred".to_owned() };
        self.with_leg(now, from, leg::Event::Release(Release { result: LegResult::Transferred, hangup }));
    }

    /// Nobody took the customer: whoever gave them away has them again, if still there.
    pub(super) fn transfer_failed(&mut self, now: Now, call: u64, from: u64, result: LegResult) {
        if self.is_transferring(call) {
            return;
        }
        if let Some(session) = self.legs.get(&from).and_then(|slot| slot.session) {
            self.endpoint.refer_done(now, session, status_of(result));
        }
        if let Some(guest) = self.guest_of(call, from) {
            guest.aside = false;
            return self.remix(call);
        }
        let talkers = |guest: &Guest| guest.up && guest.role == Role::Talker;
        if !self.bridges.get(&call).is_some_and(|bridge| bridge.guests.iter().any(talkers)) {
            self.part(now, call, Parted::Lost);
        }
    }
}

/// What a phone is told of a leg that came to nothing.
pub(super) fn status_of(result: LegResult) -> u16 {
    match result {
        LegResult::Busy => 486,
        LegResult::Declined => 603,
        LegResult::NoAnswer | LegResult::NotAccepted => 408,
        LegResult::CalledOff | LegResult::CustomerLeft => 487,
        _ => 480,
    }
}
