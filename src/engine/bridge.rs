//! Calls of several legs: who is rung for a customer, who talks with them, and what becomes
//! of the customer when nobody does any more.
//!
//! A [`Bridge`] belongs to one call and lives until that call is reported. Its guests are legs
//! that ring or are up; a leg that is over is a line in the record and no guest any more.

use std::collections::VecDeque;
use std::time::Duration;

use super::contact::{Address, Target};
pub(super) use super::guest::{Bridge, Guest, Ring, Search, Task};
use super::{Engine, Notice, Output};
use crate::base::{CallId, Now, Timestamp};
use crate::call::leg::{self, Accept, LegKind, LegPlan, LegResult, Party, Release, Role, is_alone, mixes};
use crate::call::{self, Bridging, EndedBy, HungUpFirst, Wanted};
use crate::ivr::Parted;
use crate::media::{self, Command, GroupId, Mix};
use crate::sip::endpoint::Hangup;

/// How long whoever answers an outside number may take to press the key: two sayings of what
/// asks for it.
const ACCEPT_WAIT: Duration = Duration::from_secs(15);

/// The key where no script names one.
const ACCEPT_KEY: char = '1';

/// How long a leg rings that a person asked for.
pub(super) const RING: Duration = Duration::from_secs(30);

impl Engine {
    /// Rings somebody for a call; the call hears [`call::Event::Connected`] or
    /// [`call::Event::Parted`] in any case.
    pub(super) fn want(&mut self, now: Now, call: u64, wanted: Wanted) {
        self.bridges.entry(call).or_default().wanted = true;
        if let Some(leg) = self.dialler_of(call) {
            self.bridges.entry(call).or_default().wait_with(&wanted.music);
            return self.join_dialler(now, call, leg);
        }
        if let Some(queue) = wanted.search.queue.clone() {
            return self.enqueue(now, call, &queue, &wanted);
        }
        let Wanted { search, music, accept } = wanted;
        let accept = Accept { key: search.accept_key, prompts: accept, wait: ACCEPT_WAIT };
        let rounds = match search.one_by_one {
            true => search.targets.into_iter().map(|target| vec![target]).collect(),
            false => VecDeque::from([search.targets]),
        };
        let bridge = self.bridges.entry(call).or_default();
        bridge.wait_with(&music);
        self.search(now, call, Search { rounds, ring: search.ring, accept });
    }

    /// Looks for somebody, round by round.
    pub(super) fn search(&mut self, now: Now, call: u64, search: Search) {
        self.bridges.entry(call).or_default().hunt = Some(search);
        self.ring_next(now, call);
    }

    /// The next round of a search that nobody is rung for; without one, nobody is there.
    fn ring_next(&mut self, now: Now, call: u64) {
        loop {
            let Some(bridge) = self.bridges.get_mut(&call) else { return };
            if bridge.guests.iter().any(|guest| guest.task == Task::Answer && !guest.up) {
                return;
            }
            let Some(hunt) = &mut bridge.hunt else { return };
            let (ring, accept) = (hunt.ring, hunt.accept.clone());
            let Some(round) = hunt.rounds.pop_front() else {
                bridge.hunt = None;
                return self.part(now, call, Parted::Nobody);
            };
            for name in round {
                if self.is_busy(&name) {
                    continue;
                }
                let how = Ring { task: Task::Answer, role: Role::Talker, ring, accept: accept.clone() };
                if let Some(target) = self.target(now, &name) {
                    self.ring(now, call, target, &how);
                }
            }
        }
    }

    /// Rings all phones of a target, as far as there is room.
    pub(super) fn ring(&mut self, now: Now, call: u64, target: Target, how: &Ring) {
        for address in target.addresses {
            let place = self.bridges.get(&call).and_then(Bridge::free_place);
            let (kind, way, accept) = match (&address, how.role) {
                (Address::Phone(contact), Role::Talker) => (LegKind::Agent, Some(self.way_to(contact)), None),
                (Address::Phone(contact), _) => (LegKind::Supervisor, Some(self.way_to(contact)), None),
                (Address::Caller, _) => continue,
                (Address::Outside { trunk, number, id }, _) => {
                    let route = crate::dialer::Route { trunk: trunk.as_str().into(), number: number.clone() };
                    // Who dialled hears by themselves whether a voicemail has answered.
                    let accept = (!self.dials.contains_key(id)).then(|| how.accept.clone());
                    (LegKind::Trunk, self.way(&route), accept)
                }
            };
            let (Some(way), Some(place)) = (way, place) else {
                self.give_back(now, &address);
                continue;
            };
            let number = self.bridges.get_mut(&call).map_or(0, Bridge::take_number);
            let plan = LegPlan {
                number,
                kind,
                target: target.name.clone(),
                agent: (kind != LegKind::Trunk).then(|| self.whose_phone(&target.name)),
                way,
                setup: self.settings.setup_timeout,
                ring: how.ring,
                rtp_timeout: self.settings.rtp_timeout,
                accept,
            };
            let leg = self.next_slot;
            if let Some(bridge) = self.bridges.get_mut(&call) {
                bridge.add(leg, number, place, how.role, how.task);
            }
            self.start_leg(now, call, address, plan);
        }
    }

    /// What asks for a key where no script says so.
    pub(super) fn plain_accept(&self) -> Accept {
        Accept { key: ACCEPT_KEY, prompts: Vec::new(), wait: ACCEPT_WAIT }
    }

    fn guest_mut(&mut self, leg: u64) -> Option<&mut Guest> {
        let call = self.legs.get(&leg)?.call;
        self.bridges.get_mut(&call)?.guests.iter_mut().find(|guest| guest.leg == leg)
    }

    /// The call of a leg that still takes part in it.
    pub(super) fn call_of_guest(&mut self, leg: u64) -> Option<u64> {
        self.guest_mut(leg)?;
        self.legs.get(&leg).map(|slot| slot.call)
    }

    pub(super) fn handle_leg_ringing(&mut self, now: Now, leg: u64) {
        self.note_leg(leg, "ringing");
        self.tell_caller(now, leg);
    }

    /// Somebody is there: mixed in by the same step in which the answer came.
    pub(super) fn handle_leg_up(&mut self, now: Now, leg: u64) {
        let Some(task) = self.guest_mut(leg).map(|guest| guest.task) else { return };
        if task == Task::Answer && !self.agent_answered(now, leg) {
            let hangup = Hangup { status: 0, q850: 16, text: "nobody waits any more".to_owned() };
            return self.with_leg(
                now,
                leg,
                leg::Event::Release(Release { result: LegResult::CalledOff, hangup }),
            );
        }
        let Some(guest) = self.guest_mut(leg) else { return };
        guest.up = true;
        let talks = guest.role == Role::Talker;
        let Some(call) = self.call_of_guest(leg) else { return };
        if talks && !matches!(task, Task::Answer | Task::Dial | Task::Line) {
            self.agent_joined(now, leg);
        }
        match task {
            Task::Dial => self.dialler_up(now, call, leg),
            Task::Line => {}
            Task::Answer => self.take_customer(now, call, leg),
            Task::Transfer(from) => self.transferred(now, call, from),
            Task::Consult => {
                self.stop_ringing(now, call, leg, task);
                self.answer_line(now, call);
            }
            Task::Join | Task::Supervise => self.stop_ringing(now, call, leg, task),
        }
        self.remix(call);
        self.note_leg(leg, "up");
    }

    /// The first to answer has the customer; the other phones stop ringing.
    pub(super) fn take_customer(&mut self, now: Now, call: u64, leg: u64) {
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        bridge.hunt = None;
        bridge.talking = true;
        bridge.served = true;
        if let Some(id) = self.id_of(call) {
            // The agent is not free any more: known before the call stops counting as waiting.
            let seats = self.seats();
            self.dialer.set_seats(seats);
            self.dialer.handle_reached(now, id);
        }
        // Mixed before anything else is sent: the customer is heard from the first word on.
        self.with_slot(now, call, call::Event::Connected);
        if let Some(bridge) = self.bridges.get_mut(&call) {
            bridge.music_on = false;
        }
        self.remix(call);
        self.stop_ringing(now, call, leg, Task::Answer);
    }

    /// Phones that ring for the same as the one that has answered.
    pub(super) fn stop_ringing(&mut self, now: Now, call: u64, answered: u64, task: Task) {
        let Some(bridge) = self.bridges.get(&call) else { return };
        let late = bridge.guests.iter().filter(|guest| guest.task == task && !guest.up);
        let late: Vec<u64> = late.map(|guest| guest.leg).filter(|leg| *leg != answered).collect();
        for leg in late {
            // RFC 3326: the phone shows no missed call.
            let hangup = Hangup { status: 200, q850: 0, text: "Call completed elsewhere".to_owned() };
            self.with_leg(now, leg, leg::Event::Release(Release { result: LegResult::Elsewhere, hangup }));
        }
    }

    pub(super) fn handle_leg_held(&mut self, leg: u64, held: bool) {
        let Some(guest) = self.guest_mut(leg) else { return };
        guest.held = held;
        if let Some(call) = self.call_of_guest(leg) {
            self.remix(call);
        }
    }

    /// A key of one of ours goes to the customer, where keys are passed on.
    pub(super) fn handle_leg_key(&mut self, leg: u64, key: char) {
        let talks = self.guest_mut(leg).is_some_and(|guest| guest.role == Role::Talker && guest.up);
        if let Some(call) = self.call_of_guest(leg).filter(|_| talks && self.settings.phones.pass_keys) {
            self.output(Output::Media(media::SessionId(call), press(key)));
        }
    }

    /// A key of the customer goes to whoever talks with them, where keys are passed on.
    pub(super) fn handle_customer_key(&mut self, call: u64, key: char) {
        let passes = |bridge: &&Bridge| self.settings.phones.pass_keys && !bridge.held;
        let Some(bridge) = self.bridges.get(&call).filter(passes) else { return };
        let talkers = bridge.guests.iter().filter(|guest| guest.role == Role::Talker && guest.is_present());
        let talkers: Vec<u64> = talkers.map(|guest| guest.leg).collect();
        for leg in talkers {
            self.order_leg(leg, press(key));
        }
    }

    /// A leg is of no more use: what follows for those who are left.
    pub(super) fn handle_leg_over(&mut self, now: Now, leg: u64, result: LegResult, by: EndedBy) {
        let Some(slot) = self.legs.get(&leg) else { return };
        let (call, record) = (slot.call, slot.leg.record(now, result));
        let at = record.ended_at;
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        let Some(index) = bridge.guests.iter().position(|guest| guest.leg == leg) else { return };
        let guest = bridge.guests.remove(index);
        self.close_row(now, leg, &record);
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        bridge.bridging.legs.push(record);
        self.note_leg_over(call, &guest, leg, result);
        if guest.task != Task::Line {
            self.agent_parted(now, leg, guest.up, result);
        }
        match (guest.up, guest.role, guest.task) {
            (_, _, Task::Dial) => self.dialler_gone(now, call, result),
            (_, _, Task::Line) => self.line_gone(now, call),
            (true, Role::Talker, Task::Consult) if self.line_of(call).is_some() => {
                self.consulted_gone(now, call, result);
            }
            (true, Role::Talker, _) => self.handle_talker_gone(now, (call, leg), result, (by, at)),
            (true, Role::Supervisor(_), _) => {}
            (false, _, Task::Answer) => self.ring_next(now, call),
            (false, _, Task::Transfer(from)) => self.transfer_failed(now, call, from, result),
            (false, _, Task::Consult) => self.consulted_gone(now, call, result),
            (false, _, Task::Join | Task::Supervise) => {}
        }
        self.remix(call);
        self.close_remainder(now, call);
    }

    fn handle_talker_gone(
        &mut self,
        now: Now,
        (call, leg): (u64, u64),
        result: LegResult,
        (by, at): (EndedBy, Timestamp),
    ) {
        if self.remainders.contains_key(&call) {
            return self.remainder_left(now, call);
        }
        self.drop_line(now, call, leg);
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        bridge.held = false;
        let mut awaited = false;
        for guest in bridge.guests.iter_mut().filter(|guest| guest.role == Role::Talker) {
            // Whoever hangs up while the other rings has given the customer away.
            if guest.task == Task::Consult {
                guest.task = if guest.up { Task::Answer } else { Task::Transfer(leg) };
            }
            awaited |= guest.up || matches!(guest.task, Task::Transfer(_));
        }
        // Whoever is left has the customer; one who rings may still take them.
        if awaited {
            return;
        }
        let first = match by {
            EndedBy::Peer if result != LegResult::Lost => HungUpFirst::Agent,
            _ => HungUpFirst::System,
        };
        bridge.bridging.hung_up_first = Some((first, at));
        let parted = if result == LegResult::Lost { Parted::Lost } else { Parted::HungUp };
        self.release_guests(now, call, LegResult::CalledOff);
        self.part(now, call, parted);
    }

    /// The customer has nobody. Whoever asked for somebody goes on with them: the script.
    pub(super) fn part(&mut self, now: Now, call: u64, parted: Parted) {
        if let Some(bridge) = self.bridges.get_mut(&call) {
            bridge.music_on = false;
            bridge.talking = false;
        }
        self.with_slot(now, call, call::Event::Parted(parted));
        self.remix(call);
    }

    /// Lets all guests go.
    pub(super) fn release_guests(&mut self, now: Now, call: u64, ringing: LegResult) {
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        bridge.hunt = None;
        let status = self.slots.get(&call).and_then(|slot| slot.call.cause()).map_or(0, |cause| cause.sip);
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        for guest in std::mem::take(&mut bridge.guests) {
            let result = if guest.up { LegResult::Talked } else { ringing };
            let Some(slot) = self.legs.get(&guest.leg) else { continue };
            let record = slot.leg.record(now, result);
            self.close_row(now, guest.leg, &record);
            if let Some(bridge) = self.bridges.get_mut(&call) {
                bridge.bridging.legs.push(record);
            }
            self.note_leg_over(call, &guest, guest.leg, result);
            self.agent_parted(now, guest.leg, guest.up, result);
            // A phone that dialled hears why nobody answered.
            let told = (400..700).contains(&status) && status != 487 && guest.task == Task::Dial;
            let status = if told { status } else { 0 };
            let hangup = Hangup { status, q850: 16, text: "the call is over".to_owned() };
            self.with_leg(now, guest.leg, leg::Event::Release(Release { result, hangup }));
        }
    }

    /// The customer is gone, or the call is being ended: no leg stays up.
    pub(super) fn end_bridge(&mut self, now: Now, call: u64) {
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        if bridge.guests.is_empty() {
            return;
        }
        let talked = std::mem::take(&mut bridge.talking);
        let ended = self.slots.get(&call).map(|slot| (slot.call.ended_by(), slot.call.ended_at(now)));
        if let (true, Some((by, at))) = (talked, ended) {
            let first = match by {
                Some(EndedBy::Peer) => HungUpFirst::Customer,
                _ => HungUpFirst::System,
            };
            bridge.bridging.hung_up_first = Some((first, at));
        }
        if ended.is_some_and(|(by, _)| by != Some(EndedBy::Us)) {
            self.split_consultation(now, call);
        }
        self.release_guests(now, call, LegResult::CustomerLeft);
    }

    pub(super) fn set_held(&mut self, call: u64, held: bool) {
        if let Some(bridge) = self.bridges.get_mut(&call) {
            bridge.held = held;
        }
    }

    /// Tells every session its part, and gives the customer music while nobody is there.
    pub(super) fn remix(&mut self, call: u64) {
        self.mixed_anew.insert(call);
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        let parties: Vec<Party> =
            bridge.guests.iter().filter(|guest| guest.is_in()).map(Guest::party).collect();
        let talks = self.slots.get(&call).is_some_and(|slot| slot.call.state() == call::State::Bridged);
        let mut orders = Vec::new();
        let alone = is_alone(&parties, bridge.held);
        bridge.alone = alone;
        if talks && alone != bridge.music_on {
            bridge.music_on = alone;
            let music = if alone { bridge.music.clone() } else { Vec::new() };
            orders.push((call, Command::Music(music)));
        }
        let all = if parties.is_empty() { Vec::new() } else { mixes(GroupId(call), &parties, bridge.held) };
        let legs = bridge.guests.iter().filter(|guest| guest.is_in()).map(|guest| guest.leg);
        let next: Vec<(u64, Mix)> = std::iter::once(call).chain(legs).zip(all).collect();
        for (number, mix) in next.iter().filter(|part| !bridge.mixed.contains(part)) {
            orders.push((*number, Command::Mix(Some(*mix))));
        }
        if next.is_empty() && !bridge.mixed.is_empty() {
            orders.push((call, Command::Mix(None)));
        }
        bridge.mixed = next;
        for (number, command) in orders {
            match number == call {
                // A call whose customer is gone has no session of its own.
                true if self.remainders.contains_key(&call) => {}
                true => self.output(Output::Media(media::SessionId(call), command)),
                false => self.order_leg(number, command),
            }
        }
    }

    /// What the record of a call that is over says of its legs.
    pub(super) fn close_bridge(&mut self, now: Now, call: u64) -> Bridging {
        self.end_bridge(now, call);
        let outbound = self.slots.get(&call).is_some_and(|slot| {
            slot.call.plan().direction == call::Direction::Outbound && slot.call.answered_at().is_some()
        });
        self.end_hold(now, call);
        let Some(bridge) = self.bridges.remove(&call) else { return Bridging::default() };
        Bridging { abandoned: outbound && bridge.wanted && !bridge.served, ..bridge.bridging }
    }

    pub(super) fn note_leg(&mut self, leg: u64, state: &'static str) {
        let Some(slot) = self.legs.get(&leg) else { return };
        let (call, plan) = (slot.call, slot.leg.plan());
        let (number, kind, target) = (plan.number, plan.kind, plan.target.clone());
        if let Some(call) = self.id_of(call) {
            self.note_leg_news(call, number, kind, target, state);
        }
    }

    fn note_leg_over(&mut self, call: u64, guest: &Guest, leg: u64, result: LegResult) {
        let Some(slot) = self.legs.get(&leg) else { return };
        let (kind, target) = (slot.leg.plan().kind, slot.leg.plan().target.clone());
        if let Some(call) = self.id_of(call) {
            self.note_leg_news(call, guest.number, kind, target, result.as_str());
        }
    }

    /// Everything that happens to a leg comes by here, for those who keep the states of agents.
    fn note_leg_news(
        &mut self,
        call: CallId,
        number: u32,
        kind: LegKind,
        target: String,
        state: &'static str,
    ) {
        self.notice(Notice::Leg { call, number, kind, target, state });
    }
}

fn press(key: char) -> Command {
    Command::SendKeys { pause: Duration::ZERO, keys: key.to_string() }
}
