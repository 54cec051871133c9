//! A number outside on the second line of an agent in a talk: a leg of the customer's call, and to
//! the guard and in the books a call of its own.

use super::bridge::{RING, Ring, Task};
use super::consult::CONSULTS;
use super::contact::{Address, Target};
use super::dial::Dial;
use super::outbound::blank;
use super::remainder::closing;
use super::{Clearance, DialOrder, Engine};
use crate::base::{Blame, CallId, Disposition, Now};
use crate::call::CallRecord;
use crate::call::leg::{LegRecord, LegResult, Role};
use crate::sip::endpoint::Incoming;

impl Engine {
    /// An agent in a talk dialled a number outside.
    pub(super) fn ask_to_consult(&mut self, now: Now, call: u64, order: DialOrder, incoming: Incoming) {
        let asked = self.dials.values().any(|dial| dial.consults == Some(call) && dial.incoming.is_some());
        if asked || !self.may_consult(call) {
            return self.refuse_phone(now, incoming.session, 486, CONSULTS);
        }
        let id = CallId::new(now.utc, &mut self.rng);
        let (agent, incoming) = (order.agent.clone(), Some(incoming));
        self.ask_guard(
            id,
            order,
            Dial { agent, incoming, by_phone: true, busy: false, consults: Some(call) },
        );
    }

    /// The guard lets the consultation of a number outside leave.
    pub(super) fn consult_outside(
        &mut self,
        now: Now,
        (id, call): (CallId, u64),
        agent: &str,
        clearance: Clearance,
        incoming: Incoming,
    ) {
        let talks = self.own_talk(agent).is_some_and(|(talk, _)| talk == call);
        if !talks || !self.may_consult(call) {
            self.refuse_phone(now, incoming.session, 486, "the talk is over, or somebody is consulted");
            return self.fail_dial(now, id, Disposition::Cancelled, "the talk was over before the call left");
        }
        let Some(route) = self.dialer.handle_route_wanted(now, id, "", &clearance.phone) else {
            self.refuse_phone(now, incoming.session, 503, "no trunk can take the call");
            return self.fail_dial(now, id, Disposition::Congestion, "no trunk could take the call");
        };
        self.open_line(now, call, agent, incoming);
        let address = Address::Outside { trunk: route.trunk.to_string(), number: route.number, id };
        let target = Target { name: clearance.phone.to_string(), addresses: vec![address] };
        let (task, role, ring, accept) = (Task::Consult, Role::Talker, RING + RING, self.plain_accept());
        self.ring(now, call, target, &Ring { task, role, ring, accept });
        self.consulted_gone(now, call, LegResult::Unreachable);
        if self.dials.contains_key(&id) && !self.consults_anybody(call) {
            self.fail_dial(now, id, Disposition::Congestion, "no trunk could take the call");
        }
        self.remix(call);
    }

    /// A number outside that was consulted is a call of its own in the books, which ends with its
    /// leg; where it outlives the customer, with the call that is left.
    pub(super) fn close_row(&mut self, now: Now, leg: u64, over: &LegRecord) {
        let row = self.legs.get(&leg).and_then(|slot| Some((slot.row?, slot)));
        let Some((id, slot)) = row.filter(|(id, _)| self.dials.contains_key(id)) else { return };
        if self.by_call.contains_key(&id) {
            return;
        }
        let trunk = slot.trunk().map(str::to_owned);
        let disposition = match over.result {
            _ if over.answered_at.is_some() => Disposition::Served,
            LegResult::Busy => Disposition::Busy,
            LegResult::Declined => Disposition::Declined,
            LegResult::NoAnswer => Disposition::NoAnswer,
            LegResult::CalledOff | LegResult::CustomerLeft => Disposition::Cancelled,
            _ => Disposition::Congestion,
        };
        let record = CallRecord {
            phone: over.target.clone(),
            trunk,
            started_at: over.started_at,
            ringing_at: over.ringing_at,
            answered_at: over.answered_at,
            ended_at: over.ended_at,
            disposition,
            blame: Blame::None,
            ended_by: over.ended_by,
            detail: format!("consulted in call {}", slot.call_id),
            ..blank(id, now)
        };
        self.report(now, closing(record));
    }
}
