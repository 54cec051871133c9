//! Calls that an agent begins to a number outside: from their phone, or by an order that rings
//! their phone first.
//!
//! ```text
//! phone dials  -> may they? (Clear) -> the customer is called -> both are joined at the answer
//! order (API)  -> may they? (Clear) -> the agent's phone rings -> the customer is called -> ...
//! ```
//! The guard is asked before any of it, and its answer is on disk before an INVITE leaves. The
//! customer's side is the call, recorded on the right; the agent is a leg of it.

use std::collections::BTreeMap;

use super::bridge::{RING, Ring, Task};
use super::contact::Address;
use super::outbound::{Dialled, blank};
use super::remainder::closing;
use super::{Engine, Notice, Output};
use crate::base::{CallId, CallbackId, Disposition, Now, PhoneNumber};
use crate::calendar::Windows;
use crate::call::leg::{self, Leg, LegKind, LegPlan, LegResult, Role};
use crate::call::{self, Call, CallRecord, Direction, Plan, Way};
use crate::dialer::{MachinePolicy, Reason};
use crate::ivr::Facts;
use crate::media::{Command, Prompt, tone};
use crate::policy::code;
use crate::sip::endpoint::{Incoming, Progress, SessionId};

/// The script that such a call runs from the customer's answer on.
const SCRIPT: &str = "dialled";
/// The one in the program.
const BUILT_IN: &str = include_str!("dialled.toml");

/// The guard is asked whether an agent may call a number; [`super::Input::Cleared`] is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Clear {
    /// The call's id, to be reserved on disk where it may leave.
    pub call: CallId,
    /// Who calls.
    pub agent: String,
    /// The number as it was dialled.
    pub number: String,
    /// Why the agent calls against a rule; empty: they do not.
    pub override_reason: String,
    /// The callback for which it is dialled.
    pub callback: Option<CallbackId>,
    /// Hours of numbers that belong to no customer.
    pub windows: Windows,
}

/// The guard lets a call of an agent leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Clearance {
    /// Whom to call.
    pub phone: PhoneNumber,
    /// The customer's name; empty: not known.
    pub name: String,
    /// Their language; empty: the script's first.
    pub language: String,
    /// What the script may ask for.
    pub fields: BTreeMap<String, String>,
}

/// What an agent, or somebody for them, wants dialled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialOrder {
    /// Whose phone rings first.
    pub agent: String,
    /// The number.
    pub number: String,
    /// Why against a rule; empty: not against one.
    pub override_reason: String,
    /// The callback for which it is dialled.
    pub callback: Option<CallbackId>,
}

/// A call that an agent began, until it is reported.
#[derive(Debug)]
pub(super) struct Dial {
    pub agent: String,
    /// Their phone's INVITE; None: by order, or it hung up meanwhile.
    pub incoming: Option<Incoming>,
    pub by_phone: bool,
    /// They are in it; told to their machine once that they are not any more.
    pub busy: bool,
    /// The slot of the call in which they consult whom they dialled; None: a call of its own.
    pub consults: Option<u64>,
}

impl Dial {
    /// A call between two phones, which needs no guard.
    pub fn internal(agent: &str) -> Dial {
        Dial { agent: agent.to_owned(), incoming: None, by_phone: true, busy: true, consults: None }
    }
}

impl Engine {
    /// A phone dialled a number outside.
    pub(super) fn dial_by_phone(&mut self, now: Now, order: DialOrder, incoming: Incoming) {
        let session = incoming.session;
        match self.begin_dial(now, order, Some(incoming)) {
            Ok(_) => {}
            Err(why) => self.refuse_phone(now, session, 486, &why),
        }
    }

    /// Somebody orders a call for an agent; their phone rings once the guard has answered, which
    /// [`Notice::Cleared`] tells.
    ///
    /// # Errors
    /// Says why the agent cannot call now.
    pub fn dial(&mut self, now: Now, order: DialOrder) -> Result<CallId, String> {
        let known = self.desk.agents.settings(&order.agent).map(|agent| agent.extension.clone());
        let done = match known {
            None => Err(format!("no agent is called `{}`", order.agent)),
            Some(_) if self.is_draining() => Err("the daemon is stopping".to_owned()),
            Some(extension) if self.contacts_of(&extension).is_empty() => {
                Err(format!("no phone of `{}` is registered", order.agent))
            }
            Some(_) => self.begin_dial(now, order, None),
        };
        self.run(now);
        done
    }

    fn begin_dial(
        &mut self,
        now: Now,
        order: DialOrder,
        incoming: Option<Incoming>,
    ) -> Result<CallId, String> {
        let id = CallId::new(now.utc, &mut self.rng);
        // From here on no queue offers them a caller.
        self.desk.agents.handle_call_began(now, &order.agent, id).map_err(|refusal| refusal.to_string())?;
        let by_phone = incoming.is_some();
        let agent = order.agent.clone();
        self.ask_guard(id, order, Dial { agent, incoming, by_phone, busy: true, consults: None });
        Ok(id)
    }

    /// Asks the guard; the answer finds the dial.
    pub(super) fn ask_guard(&mut self, id: CallId, order: DialOrder, dial: Dial) {
        self.dials.insert(id, dial);
        self.output(Output::Clear(Box::new(Clear {
            call: id,
            agent: order.agent,
            number: order.number,
            override_reason: order.override_reason,
            callback: order.callback,
            windows: self.settings.dialer.windows.clone(),
        })));
    }

    /// The phone of a dial that is not placed yet hung up. False where it is none's.
    pub(super) fn forget_dial(&mut self, session: SessionId) {
        let is = |dial: &&mut Dial| dial.incoming.as_ref().is_some_and(|i| i.session == session);
        if let Some(dial) = self.dials.values_mut().find(is) {
            dial.incoming = None;
        }
    }

    /// The guard's answer.
    pub(super) fn handle_cleared(&mut self, now: Now, call: CallId, result: Result<Clearance, Reason>) {
        let Some(dial) = self.dials.get_mut(&call) else { return };
        let (agent, by_phone, incoming) = (dial.agent.clone(), dial.by_phone, dial.incoming.take());
        let consults = dial.consults;
        let refused = result.as_ref().err().cloned();
        self.notice(Notice::Cleared { call, agent: agent.clone(), refused });
        match result {
            Err(reason) => {
                if let Some(incoming) = incoming {
                    let why = format!("{}: {}", reason.code, reason.detail);
                    self.refuse_phone(now, incoming.session, 403, &why);
                }
                self.dials.remove(&call);
                self.desk.agents.handle_call_undone(now, &agent, call);
            }
            Ok(_) if by_phone && incoming.is_none() => {
                self.fail_dial(now, call, Disposition::Cancelled, "the agent hung up before the call left");
            }
            Ok(clearance) => match (consults, incoming) {
                (Some(talk), Some(incoming)) => {
                    self.consult_outside(now, (call, talk), &agent, clearance, incoming);
                }
                (_, incoming) => self.dial_out(now, call, &agent, clearance, incoming),
            },
        }
    }

    fn dial_out(
        &mut self,
        now: Now,
        id: CallId,
        agent: &str,
        clearance: Clearance,
        incoming: Option<Incoming>,
    ) {
        let route = self.dialer.handle_route_wanted(now, id, "", &clearance.phone);
        let way = route.as_ref().and_then(|route| self.way(route));
        let (Some(route), Some(way)) = (route, way) else {
            if let Some(incoming) = &incoming {
                self.refuse_phone(now, incoming.session, 503, "no trunk can take the call");
            }
            return self.fail_dial(now, id, Disposition::Congestion, "no trunk could take the call");
        };
        let Some(plan) = self.dialled_plan(now, id, agent, clearance) else {
            return self.fail_dial(now, id, Disposition::Failed, "the script `dialled` cannot be used");
        };
        self.routes.insert(id, Dialled::to(&route));
        let rng = self.rng.fork();
        match incoming {
            Some(incoming) => {
                let slot = self.adopt(now, Call::outbound(now, plan, way, rng), None);
                self.take_in(now, slot, agent, incoming, Task::Dial);
            }
            None => {
                let slot = self.adopt(now, Call::after_agent(now, plan, way, rng), None);
                self.ring_agent(now, slot, agent);
            }
        }
    }

    fn ring_agent(&mut self, now: Now, slot: u64, agent: &str) {
        let extension = self.desk.agents.settings(agent).map(|settings| settings.extension.clone());
        let target = extension.and_then(|extension| self.target(now, &extension));
        let how = Ring { task: Task::Dial, role: Role::Talker, ring: RING, accept: self.plain_accept() };
        self.bridges.entry(slot).or_default();
        if let Some(target) = target {
            self.ring(now, slot, target, &how);
        }
        if self.dialler_of(slot).is_none() {
            self.with_slot(now, slot, call::Event::Stop("the agent's phone is gone".into()));
        }
    }

    /// The plan of a call that an agent dials: what follows the answer is a script's.
    fn dialled_plan(&self, now: Now, id: CallId, agent: &str, clearance: Clearance) -> Option<Plan> {
        let script = self.script_or(SCRIPT, BUILT_IN)?;
        let extension = self.desk.agents.settings(agent).map(|settings| settings.extension.clone())?;
        let mut fields = clearance.fields;
        fields.insert("agent".into(), agent.to_owned());
        fields.insert("agent_extension".into(), extension);
        let facts = Facts {
            fields,
            name: clearance.name,
            language: clearance.language,
            timezone: self.settings.timezone.clone(),
            can_speak: self.settings.can_speak,
        };
        let phone = clearance.phone.to_string();
        let plan = self.inbound_plan(now, id, phone, script, facts);
        let (direction, record) = (Direction::Outbound, self.settings.record);
        Some(Plan { direction, record, machine: MachinePolicy::Ignore, ring: RING + RING, ..plan })
    }

    /// A dial that was reserved and comes to nothing.
    pub(super) fn fail_dial(&mut self, now: Now, id: CallId, disposition: Disposition, detail: &str) {
        let record = CallRecord { disposition, detail: detail.to_owned(), ..blank(id, now) };
        self.release_dialler(now, id);
        self.report(now, closing(record));
    }

    /// A phone that called becomes a leg of a call; it is answered when somebody is there.
    pub(super) fn take_in(&mut self, now: Now, slot: u64, agent: &str, incoming: Incoming, task: Task) {
        let session = incoming.session;
        let extension = self.desk.agents.settings(agent).map(|settings| settings.extension.clone());
        let bridge = self.bridges.entry(slot).or_default();
        let (Some(place), Some(target)) = (bridge.free_place(), extension) else {
            return self.refuse_phone(now, session, 503, "the call is full");
        };
        let number = bridge.take_number();
        bridge.add(self.next_slot, number, place, Role::Talker, task);
        let plan = LegPlan {
            number,
            kind: LegKind::Agent,
            target,
            agent: Some(agent.to_owned()),
            way: self.phone_way(),
            setup: self.settings.setup_timeout,
            ring: RING + RING + RING,
            rtp_timeout: self.settings.rtp_timeout,
            accept: None,
        };
        let leg = Leg::incoming(now, plan, incoming.offer, self.rng.fork());
        self.place_leg(now, slot, Address::Caller, leg, Some(session));
    }

    /// The media side of the way to a phone that called.
    pub(super) fn phone_way(&self) -> Way {
        Way {
            trunk: "".into(),
            codecs: self.settings.phones.codecs.clone(),
            srtp: self.settings.phones.srtp,
            rtcp_mux: false,
            external: self.settings.external_media.or(self.settings.fallback_media),
        }
    }

    /// The agent who dials, where the call waits for its customer.
    pub(super) fn dialler_of(&self, call: u64) -> Option<u64> {
        let guests = &self.bridges.get(&call)?.guests;
        guests.iter().find(|guest| guest.task == Task::Dial).map(|guest| guest.leg)
    }

    /// The customer is there: the agent who dialled has them at once.
    pub(super) fn join_dialler(&mut self, now: Now, call: u64, leg: u64) {
        let Some(guest) = self.guest_of(call, leg) else { return };
        if !guest.up {
            // Its 200 leaves now; what follows comes by `dialler_up`.
            return self.with_leg(now, leg, leg::Event::Take);
        }
        guest.task = Task::Answer;
        self.order_leg(leg, Command::Music(Vec::new()));
        self.take_customer(now, call, leg);
    }

    /// The phone of the agent who dials is up, by its own call or because it was rung.
    pub(super) fn dialler_up(&mut self, now: Now, call: u64, leg: u64) {
        // Other phones of the same agent.
        self.stop_ringing(now, call, leg, Task::Dial);
        let state = self.slots.get(&call).map(|slot| slot.call.state());
        if matches!(state, Some(call::State::Script)) {
            return self.join_dialler(now, call, leg);
        }
        self.order_leg(leg, Command::Music(vec![std::sync::Arc::new(ringback())]));
        self.with_slot(now, call, call::Event::Dial);
    }

    /// The agent who dials is gone before the customer was there.
    pub(super) fn dialler_gone(&mut self, now: Now, call: u64, result: LegResult) {
        if self.dialler_of(call).is_some() {
            return;
        }
        let why = match result {
            LegResult::NoAnswer | LegResult::Busy | LegResult::Declined | LegResult::Unreachable => {
                "the phone of the agent was not answered"
            }
            _ => "the agent hung up before the answer",
        };
        self.with_slot(now, call, call::Event::Stop(why.into()));
    }

    /// The customer's telephone rings: so does the agent's ear.
    pub(super) fn tell_dialler(&mut self, now: Now, call: u64) {
        let state = self.slots.get(&call).map(|slot| slot.call.state());
        if !matches!(state, Some(call::State::Ringing | call::State::Early)) {
            return;
        }
        let waits = self.dialler_of(call).and_then(|leg| self.legs.get(&leg));
        if let Some(session) = waits.filter(|leg| leg.leg.answered_at().is_none()).and_then(|leg| leg.session)
        {
            self.ring_back(now, session);
        }
    }

    /// A phone that called hears that it rings.
    pub(super) fn ring_back(&mut self, now: Now, session: SessionId) {
        self.endpoint.progress(now, session, Progress { status: 180, sdp: None, reliable: false });
    }

    /// The call is over for the agent who began it.
    pub(super) fn release_dialler(&mut self, now: Now, call: CallId) {
        let Some(dial) = self.dials.get_mut(&call) else { return };
        if !std::mem::take(&mut dial.busy) {
            return;
        }
        let agent = dial.agent.clone();
        self.desk.agents.handle_call_ended(now, &agent, call);
    }
}

/// What an agent hears whose customer is being called: the ringing tone of the mainland,
/// 450 Hz for 1 s in 5 s (GB/T 3380).
fn ringback() -> Prompt {
    let rate = crate::media::SAMPLE_RATE as usize;
    let mut pcm = tone::sine(450.0, 4_000.0, rate);
    pcm.extend(tone::silence(4 * rate));
    Prompt::from_pcm("ringback", &pcm)
}

/// Why a number cannot be dialled at all.
pub fn no_number(number: &str) -> Reason {
    Reason::new(code::NO_NUMBER, format!("`{number}` is no number that can be dialled"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_in_the_program_can_be_read() {
        for text in [BUILT_IN, super::super::phone_calls::INTERNAL] {
            crate::ivr::Script::parse("dialled.toml", text).unwrap_or_else(|e| panic!("{e}"));
        }
    }
}
