//! Two of ours who talk on when the customer hangs up: a consultation becomes a call of its own.
//!
//! Its legs leave the customer's call, which ends and is reported as ever, and get a slot that has
//! legs alone. It is not recorded: the recording is the customer's session, and that is gone.

use super::bridge::{Bridge, Guest, Task};
use super::dial::Dial;
use super::outbound::blank;
use super::view::CallView;
use super::{Engine, Notice};
use crate::base::{Blame, CallId, Disposition, Now, Timestamp};
use crate::call::leg::{LegRecord, LegResult, Role};
use crate::call::{CallRecord, Closing, Direction, EndedBy, State};
use crate::media::{Command, PlayId, Prompt, SAMPLE_RATE, tone};

/// What its record says of it.
const DETAIL: &str = "the customer of the agent hung up, and both talked on; from then on not recorded";
/// No play of a script: whose end nobody waits for.
const SIGN: PlayId = PlayId(u32::MAX);

/// A call without a customer.
#[derive(Debug)]
pub(super) struct Remainder {
    id: CallId,
    /// Extension or number of the one who was consulted.
    callee: String,
    /// The trunk to a number outside.
    trunk: Option<String>,
    /// When the customer left; what was before stands in the customer's call.
    since: Timestamp,
    /// When the call itself began: earlier, where a number outside was consulted.
    started_at: Timestamp,
}

impl Engine {
    /// The customer of a call hung up: whoever is being consulted stays with the agent. By the
    /// agent's second line that is so while it still rings, too; where the consultation was
    /// ordered, the agent waits for nobody any more.
    pub(super) fn split_consultation(&mut self, now: Now, call: u64) {
        let staying = self.staying(call);
        let Some(own) = staying.iter().find(|guest| guest.task != Task::Consult) else { return };
        let Some(other) = staying.iter().find(|guest| guest.task == Task::Consult) else { return };
        let (own, other) = (own.leg, other.leg);
        let (Some(old), Some(agent)) = (self.id_of(call), self.agent_named(own)) else { return };
        let row = self.legs.get(&other).and_then(|leg| leg.row);
        let id = row.unwrap_or_else(|| CallId::new(now.utc, &mut self.rng));
        let slot = self.next_slot;
        self.next_slot += 1;
        let moved: Vec<u64> = staying.iter().map(|guest| guest.leg).collect();
        self.close_stretch(now, call, &staying);
        self.by_call.insert(id, slot);
        self.bridges.insert(slot, Bridge::of(staying));
        for leg in &moved {
            let Some(entry) = self.legs.get_mut(leg) else { continue };
            entry.call = slot;
            entry.call_id = id;
        }
        let Some(leg) = self.legs.get(&other) else { return };
        let (callee, began) =
            (leg.leg.plan().target.clone(), leg.leg.record(now, LegResult::Talked).started_at);
        let started_at = if row.is_some() { began } else { now.utc };
        let (trunk, since) = (leg.trunk().map(str::to_owned), now.utc);
        let remainder = Remainder { id, callee: callee.clone(), trunk, since, started_at };
        self.remainders.insert(slot, remainder);
        if row.is_none() {
            self.begin_internal(now, id, callee);
        }
        self.dials.insert(id, Dial::internal(&agent));
        self.desk.agents.handle_call_ended(now, &agent, old);
        self.desk.agents.handle_call_began(now, &agent, id).ok();
        for leg in moved.iter().filter(|leg| **leg != own) {
            self.move_agent(now, *leg, old, id);
        }
        self.order_leg(own, sign());
        self.notice(Notice::Detached { call: old, goes_on: id, agent });
        self.remix(slot);
        for leg in moved {
            self.note_leg(leg, if self.is_up(leg) { "up" } else { "ringing" });
        }
    }

    /// The guests of a call who go on without its customer; empty where there are none.
    fn staying(&self, call: u64) -> Vec<Guest> {
        let Some(bridge) = self.bridges.get(&call) else { return Vec::new() };
        let line = bridge.guests.iter().find(|guest| guest.task == Task::Line);
        let consulted = bridge.guests.iter().filter(|guest| guest.task == Task::Consult);
        let consulted: Vec<&Guest> = consulted.filter(|guest| line.is_some() || guest.up).collect();
        let own = line.or_else(|| bridge.talker());
        let all = own.filter(|_| !consulted.is_empty()).into_iter().chain(consulted);
        all.map(|guest| {
            let task = if guest.task == Task::Answer { Task::Join } else { guest.task };
            Guest { task, aside: false, ..guest.clone() }
        })
        .collect()
    }

    /// The legs leave the call: its record has them to this moment.
    fn close_stretch(&mut self, now: Now, call: u64, staying: &[Guest]) {
        let up = staying.iter().filter(|guest| guest.up).filter_map(|guest| self.legs.get(&guest.leg));
        let records: Vec<LegRecord> = up.map(|slot| slot.leg.record(now, LegResult::Talked)).collect();
        let Some(bridge) = self.bridges.get_mut(&call) else { return };
        bridge.bridging.legs.extend(records);
        bridge.guests.retain(|guest| staying.iter().all(|stays| stays.leg != guest.leg));
    }

    fn move_agent(&mut self, now: Now, leg: u64, from: CallId, to: CallId) {
        if let Some(agent) = self.agent_named(leg).filter(|_| self.is_up(leg)) {
            self.desk.agents.handle_call_ended(now, &agent, from);
            self.desk.agents.handle_call_began(now, &agent, to).ok();
        }
    }

    fn is_up(&self, leg: u64) -> bool {
        self.legs.get(&leg).is_some_and(|slot| slot.leg.state().is_answered())
    }

    /// One of the two is gone: so is the other.
    pub(super) fn remainder_left(&mut self, now: Now, call: u64) {
        let guests = self.bridges.get(&call).map_or(&[][..], |bridge| &bridge.guests);
        if guests.iter().filter(|guest| guest.role == Role::Talker).count() < 2 {
            self.release_guests(now, call, LegResult::CalledOff);
        }
    }

    /// Its last leg is over: it is reported.
    pub(super) fn close_remainder(&mut self, now: Now, slot: u64) {
        if !self.remainders.contains_key(&slot)
            || self.bridges.get(&slot).is_none_or(|b| !b.guests.is_empty())
        {
            return;
        }
        let (Some(remainder), Some(bridge)) = (self.remainders.remove(&slot), self.bridges.remove(&slot))
        else {
            return;
        };
        let Remainder { id, callee, trunk, since, started_at } = remainder;
        self.by_call.remove(&id);
        self.release_dialler(now, id);
        let theirs = bridge.bridging.legs.iter().filter(|leg| leg.target == callee);
        let answered = theirs.filter_map(|leg| leg.answered_at).min();
        let mut bridging = bridge.bridging;
        for leg in &mut bridging.legs {
            // What was before stands in the customer's call.
            leg.started_at = leg.started_at.max(since);
            leg.answered_at = leg.answered_at.map(|at| at.max(since));
        }
        let record = CallRecord {
            phone: callee,
            trunk,
            started_at,
            answered_at: answered.map(|at| at.max(started_at)),
            disposition: if answered.is_some() { Disposition::Served } else { Disposition::NoAnswer },
            blame: Blame::None,
            ended_by: bridging.legs.first().map_or(EndedBy::Us, |leg| leg.ended_by),
            detail: DETAIL.to_owned(),
            bridging,
            ..blank(id, now)
        };
        self.report(now, closing(record));
    }

    /// Ends one by order.
    pub(super) fn stop_remainder(&mut self, now: Now, call: CallId) {
        if let Some(slot) = self.by_call.get(&call).copied().filter(|slot| self.remainders.contains_key(slot))
        {
            self.release_guests(now, slot, LegResult::CalledOff);
            self.close_remainder(now, slot);
        }
    }
}

impl Remainder {
    pub(super) fn id(&self) -> CallId {
        self.id
    }

    pub(super) fn view(&self) -> CallView<'_> {
        CallView {
            id: self.id,
            direction: Direction::Outbound,
            campaign: None,
            entry: None,
            phone: &self.callee,
            name: "",
            trunk: self.trunk.as_deref(),
            state: State::Bridged,
            script: "",
            step: "",
            started_at: self.started_at,
            answered_at: Some(self.since),
        }
    }
}

/// A record with nothing to follow from it.
pub(super) fn closing(record: CallRecord) -> Closing {
    Closing { record, later_at: None, do_not_call: false, alarm: None, trace: Vec::new() }
}

/// What the agent hears when the customer is gone: two short tones.
fn sign() -> Command {
    let part = |millis: usize| SAMPLE_RATE as usize * millis / 1_000;
    let mut pcm = tone::sine(620.0, 6_000.0, part(150));
    pcm.extend(tone::silence(part(100)));
    pcm.extend(tone::sine(480.0, 6_000.0, part(300)));
    let prompts = vec![std::sync::Arc::new(Prompt::from_pcm("customer-left", &pcm))];
    Command::Play { play: SIGN, prompts, barge_in: false }
}
