//! What people order in a call that is up, by the API or otherwise.

use super::bridge::{Bridge, Guest, Task};
use super::{Engine, Output};
use crate::base::{CallId, Now};
use crate::call::leg::{self, LegKind, LegResult, LegState, Listening, Pause, Release, Role};
use crate::ivr::Consent;
use crate::media::{self, Command};
use crate::sip::endpoint::Hangup;

/// One order to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BridgeOrder {
    /// The customer hears music and nobody (true), or is talked with again.
    Hold(bool),
    /// Nobody hears this leg, by its number (true), or everybody does again.
    Mute(u32, bool),
    /// Somebody else is rung for the customer; when they answer, our person is let go.
    Transfer(String),
    /// Somebody is rung for our person, while the customer waits.
    Consult(String),
    /// The one consulted takes the customer; our person is let go.
    Complete,
    /// Our person goes back to the customer; the one consulted is let go.
    Back,
    /// Somebody is rung to join; None: the one consulted joins.
    Conference(Option<String>),
    /// Somebody of ours listens, whispers or joins; one who does already does so in this way.
    Supervise(String, Listening),
    /// Silence goes into the recording (true), or sound again.
    PauseRecording(bool),
    /// One leg is let go, by its number.
    HangUpLeg(u32),
}

/// Why an order to a call was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeRefusal {
    /// There is no such call or leg.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done in this state.
    #[error("{0}")]
    Conflict(String),
    /// Nothing can be rung there.
    #[error("{0}")]
    Unreachable(String),
}

/// One leg at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct LegView {
    /// Position among the legs of its call, from 1.
    pub number: u32,
    /// Who.
    pub kind: LegKind,
    /// Extension or number.
    pub target: String,
    /// Where it is.
    pub state: LegState,
    /// Its phone holds, or it is put aside.
    pub held: bool,
    /// Nobody hears it.
    pub muted: bool,
    /// It is being consulted about the customer, who waits.
    pub consulted: bool,
    /// How it supervises, if it does.
    pub supervises: Option<Listening>,
}

type Ordered = Result<(), BridgeRefusal>;

impl Engine {
    /// Carries out an order of `by`, a token's name.
    ///
    /// # Errors
    /// Says why it cannot be done; nothing has changed then.
    pub fn bridge_order(&mut self, now: Now, call: CallId, order: BridgeOrder, by: &str) -> Ordered {
        let found = self.by_call.get(&call).copied();
        let Some(slot) = found else {
            return Err(BridgeRefusal::NotFound(format!("no call {call} is up")));
        };
        let done = match order {
            BridgeOrder::PauseRecording(pause) => self.pause_recording(now, slot, pause, by),
            BridgeOrder::HangUpLeg(number) => self.hang_up_leg(now, slot, number),
            BridgeOrder::Mute(number, muted) => self.mute(slot, number, muted),
            BridgeOrder::Supervise(target, mode) => self.supervise(now, slot, &target, mode),
            order => self.order_talk(now, slot, order),
        };
        self.run(now);
        done
    }

    /// Rings somebody for a customer who waits in their script, as a queue does: the first to
    /// answer has them. That it rings, that it is up and what it came to are told by
    /// [`super::Notice::Leg`]. False where nothing can be rung there now, or where somebody
    /// talks with the customer already.
    pub fn offer(&mut self, now: Now, call: CallId, target: &str) -> bool {
        let Some(slot) = self.by_call.get(&call).copied() else { return false };
        if self.bridges.entry(slot).or_default().talker().is_some() {
            return false;
        }
        let rung = self.ring_for(now, slot, target, Task::Answer, Role::Talker);
        self.run(now);
        rung
    }

    /// The legs of a call that ring or are up.
    pub fn legs_of(&self, call: CallId) -> Vec<LegView> {
        let bridge = self.by_call.get(&call).and_then(|slot| self.bridges.get(slot));
        let guests = bridge.map_or(&[][..], |bridge| &bridge.guests);
        guests.iter().filter_map(|guest| self.leg_view(guest)).collect()
    }

    /// Whether the customer of a call is put aside, and whether silence goes into its recording.
    pub fn rests_of(&self, call: CallId) -> (bool, bool) {
        let bridge = self.by_call.get(&call).and_then(|slot| self.bridges.get(slot));
        let is_paused =
            |bridge: &Bridge| bridge.bridging.pauses.last().is_some_and(|pause| pause.to.is_none());
        bridge.map_or((false, false), |bridge| (bridge.held, is_paused(bridge)))
    }

    fn leg_view(&self, guest: &Guest) -> Option<LegView> {
        let leg = &self.legs.get(&guest.leg)?.leg;
        let supervises = match guest.role {
            Role::Supervisor(mode) => Some(mode),
            Role::Talker => None,
        };
        Some(LegView {
            number: guest.number,
            kind: leg.plan().kind,
            target: leg.plan().target.clone(),
            state: leg.state(),
            held: guest.held || guest.aside,
            muted: guest.muted,
            consulted: guest.task == Task::Consult,
            supervises,
        })
    }

    /// Orders that need somebody who talks with the customer.
    fn order_talk(&mut self, now: Now, call: u64, order: BridgeOrder) -> Ordered {
        if self.remainders.contains_key(&call) {
            return conflict("the customer has hung up");
        }
        let bridge = self.bridges.get(&call).filter(|bridge| bridge.talker().is_some());
        let Some((bridge, talker)) = bridge.and_then(|bridge| Some((bridge, bridge.talker()?))) else {
            return conflict("nobody talks with the customer");
        };
        let (talker, consulted) = (talker.leg, bridge.consulted().map(|guest| (guest.leg, guest.up)));
        match order {
            BridgeOrder::Hold(held) => self.hold_customer(call, held),
            BridgeOrder::Transfer(_) | BridgeOrder::Consult(_) if self.is_transferring(call) => {
                return conflict("somebody is being rung for the customer already");
            }
            BridgeOrder::Consult(_) if consulted.is_some() => {
                return conflict("somebody is being consulted already");
            }
            BridgeOrder::Transfer(target) => {
                let rings = self.begin_transfer(now, call, talker, &target);
                return ringing(rings, &target);
            }
            BridgeOrder::Consult(target) => {
                self.hold_customer(call, true);
                let rings = self.ring_for(now, call, &target, Task::Consult, Role::Talker);
                self.hold_customer(call, rings);
                return ringing(rings, &target);
            }
            BridgeOrder::Conference(Some(target)) if self.has_target(call, &target) => {
                return conflict(&format!("`{target}` rings, or is in the call already"));
            }
            BridgeOrder::Conference(Some(target)) => {
                let rings = self.ring_for(now, call, &target, Task::Join, Role::Talker);
                return ringing(rings, &target);
            }
            BridgeOrder::Complete | BridgeOrder::Back | BridgeOrder::Conference(None) => {
                let Some((other, up)) = consulted else { return conflict("nobody is being consulted") };
                if !up && order != BridgeOrder::Back {
                    return conflict("the one to be consulted has not answered yet");
                }
                self.end_consultation(now, call, &order, (talker, other));
            }
            _ => {}
        }
        Ok(())
    }

    fn end_consultation(&mut self, now: Now, call: u64, order: &BridgeOrder, (talker, other): (u64, u64)) {
        if *order == BridgeOrder::Back {
            self.let_go(now, other);
        } else if let Some(guest) = self.guest_of(call, other) {
            guest.task = Task::Answer;
        }
        self.hold_customer(call, false);
        if *order == BridgeOrder::Complete {
            self.release_transferor(now, call, talker);
        }
    }

    fn hold_customer(&mut self, call: u64, held: bool) {
        self.set_held(call, held);
        self.remix(call);
    }

    fn let_go(&mut self, now: Now, leg: u64) {
        let up = self.legs.get(&leg).is_some_and(|slot| slot.leg.state() == LegState::Up);
        let result = if up { LegResult::Talked } else { LegResult::CalledOff };
        let hangup = Hangup { status: 0, q850: 16, text: "let go by order".to_owned() };
        self.with_leg(now, leg, leg::Event::Release(Release { result, hangup }));
    }

    fn numbered(&self, call: u64, number: u32) -> Result<u64, BridgeRefusal> {
        let bridge = self.bridges.get(&call);
        let guest = bridge.and_then(|bridge| bridge.guests.iter().find(|guest| guest.number == number));
        guest.map(|guest| guest.leg).ok_or_else(|| {
            BridgeRefusal::NotFound(format!("the call has no leg {number} that rings or is up"))
        })
    }

    fn hang_up_leg(&mut self, now: Now, call: u64, number: u32) -> Ordered {
        let leg = self.numbered(call, number)?;
        self.let_go(now, leg);
        Ok(())
    }

    fn mute(&mut self, call: u64, number: u32, muted: bool) -> Ordered {
        let leg = self.numbered(call, number)?;
        if let Some(guest) = self.guest_of(call, leg) {
            guest.muted = muted;
        }
        self.remix(call);
        Ok(())
    }

    /// Whether a phone or number rings for a call or is in it, in whatever role.
    fn has_target(&self, call: u64, target: &str) -> bool {
        let guests = self.bridges.get(&call).map_or(&[][..], |bridge| &bridge.guests);
        let mut legs = guests.iter().filter_map(|guest| self.legs.get(&guest.leg));
        legs.any(|slot| slot.leg.plan().target == target)
    }

    fn supervise(&mut self, now: Now, call: u64, target: &str, mode: Listening) -> Ordered {
        let legs = &self.legs;
        let Some(bridge) = self.bridges.get_mut(&call).filter(|bridge| bridge.talker().is_some()) else {
            return conflict("nobody talks with the customer");
        };
        let same = |guest: &&mut Guest| {
            let name = legs.get(&guest.leg).map(|slot| slot.leg.plan().target.as_str());
            name == Some(target) && matches!(guest.role, Role::Supervisor(_))
        };
        if let Some(guest) = bridge.guests.iter_mut().find(same) {
            guest.role = Role::Supervisor(mode);
            self.remix(call);
            return Ok(());
        }
        if self.has_target(call, target) {
            return conflict(&format!("`{target}` talks in the call, or is being rung to"));
        }
        // Nobody outside listens in.
        let ours = !self.contacts_of(target).is_empty();
        let rings = ours && self.ring_for(now, call, target, Task::Supervise, Role::Supervisor(mode));
        ringing(rings, target)
    }

    /// The customer says whether the call may be recorded: who refuses is heard on no recording
    /// from then on, where the settings say so.
    pub(super) fn heed_consent(&mut self, now: Now, call: u64, consent: Consent) {
        let refused = consent == Consent::Refused;
        if refused && self.settings.refusal_stops_recording {
            // One that is paused already stays so.
            self.pause_recording(now, call, true, "customer").ok();
        } else if !refused {
            let bridge = self.bridges.get(&call);
            let theirs = bridge.and_then(|bridge| bridge.bridging.pauses.last());
            if theirs.is_some_and(|pause| pause.to.is_none() && pause.by == "customer") {
                self.pause_recording(now, call, false, "customer").ok();
            }
        }
    }

    fn pause_recording(&mut self, now: Now, call: u64, pause: bool, by: &str) -> Ordered {
        let Some(slot) = self.slots.get(&call).filter(|slot| slot.call.state().is_answered()) else {
            return conflict("the call is not up");
        };
        if !slot.call.plan().record {
            return conflict("the call is not recorded");
        }
        if !pause && slot.call.refuses_recording() {
            return conflict("the customer refused to be recorded");
        }
        let at = slot.call.clock(now);
        let pauses = &mut self.bridges.entry(call).or_default().bridging.pauses;
        let running = pauses.last_mut().filter(|last| last.to.is_none());
        match (pause, running) {
            (true, Some(_)) => return conflict("the recording is paused already"),
            (true, None) => pauses.push(Pause { from: at, to: None, by: by.to_owned() }),
            (false, Some(last)) => last.to = Some(at),
            (false, None) => return conflict("the recording is not paused"),
        }
        self.output(Output::Media(media::SessionId(call), Command::PauseRecord(pause)));
        Ok(())
    }
}

impl Bridge {
    /// Who has the customer: the first that is up and was not rung to be consulted.
    pub(super) fn talker(&self) -> Option<&Guest> {
        let talks = |guest: &&Guest| guest.up && guest.role == Role::Talker && guest.task != Task::Consult;
        self.guests.iter().find(talks)
    }

    fn consulted(&self) -> Option<&Guest> {
        self.guests.iter().find(|guest| guest.task == Task::Consult)
    }
}

fn conflict<T>(why: &str) -> Result<T, BridgeRefusal> {
    Err(BridgeRefusal::Conflict(why.to_owned()))
}

fn ringing(rings: bool, target: &str) -> Ordered {
    let nothing = || BridgeRefusal::Unreachable(format!("nothing can be rung at `{target}` now"));
    rings.then_some(()).ok_or_else(nothing)
}
