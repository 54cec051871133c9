//! The further legs of calls: their handles in the other machines, and what they want done.

use bytes::Bytes;

use super::contact::Address;
use super::outbound::name_addr;
use super::switchboard::Timed;
use super::{Engine, Output};
use crate::base::{CallId, Mono, Now};
use crate::call::leg::{self, Action, Leg, LegPlan};
use crate::media;
use crate::sip::endpoint::{By, End, Invite, Redirect, SessionId};

/// A leg with its handles. Its number is from the same row as those of calls.
#[derive(Debug)]
pub(super) struct LegSlot {
    pub leg: Leg,
    /// Slot of its call, which may be gone before it.
    pub call: u64,
    /// That call's id.
    pub call_id: CallId,
    /// The row of `calls` that is this leg's own: a number outside that an agent dialled.
    pub row: Option<CallId>,
    address: Address,
    /// The customer as its phone shows them: name and number.
    caller: (String, String),
    pub session: Option<SessionId>,
    media: media::SessionId,
    timer: Mono,
}

impl LegSlot {
    /// The trunk over which its INVITE left.
    pub fn trunk(&self) -> Option<&str> {
        match &self.address {
            Address::Outside { trunk, .. } => Some(trunk.as_str()).filter(|_| self.session.is_some()),
            _ => None,
        }
    }
}

impl Engine {
    /// Rings one phone for the call of a slot.
    pub(super) fn start_leg(&mut self, now: Now, call: u64, address: Address, plan: LegPlan) {
        let leg = Leg::new(now, plan, self.rng.fork());
        self.place_leg(now, call, address, leg, None);
    }

    /// Takes a new leg in, with the session of the phone that called; gives the leg's slot.
    pub(super) fn place_leg(
        &mut self,
        now: Now,
        call: u64,
        address: Address,
        leg: Leg,
        session: Option<SessionId>,
    ) {
        let number = self.next_slot;
        self.next_slot += 1;
        let caller = self.slots.get(&call).map(|slot| {
            let plan = slot.call.plan();
            (plan.facts.name.clone(), plan.phone.clone())
        });
        let Some(call_id) = self.id_of(call) else { return };
        if let Some(session) = session {
            self.by_session.insert(session, number);
        }
        let row = match &address {
            Address::Outside { id, .. } => Some(*id).filter(|id| self.dials.contains_key(id)),
            _ => None,
        };
        let slot = LegSlot {
            leg,
            call,
            call_id,
            row,
            address,
            caller: caller.unwrap_or_default(),
            session,
            media: media::SessionId::beside(number, media::SessionId(call)),
            timer: Mono::FAR,
        };
        self.legs.insert(number, Box::new(slot));
        self.drain_leg(now, number);
    }

    pub(super) fn with_leg(&mut self, now: Now, number: u64, event: leg::Event) {
        if let Some(slot) = self.legs.get_mut(&number) {
            slot.leg.handle_event(now, event);
            self.drain_leg(now, number);
        }
    }

    pub(super) fn fire_leg_timer(&mut self, now: Now, number: u64) {
        if let Some(slot) = self.legs.get_mut(&number) {
            slot.leg.handle_timeout(now);
            self.drain_leg(now, number);
        }
    }

    fn drain_leg(&mut self, now: Now, number: u64) {
        while let Some(action) = self.legs.get_mut(&number).and_then(|slot| slot.leg.poll_action()) {
            self.handle_leg_action(now, number, action);
        }
        if let Some(slot) = self.legs.get_mut(&number) {
            let next = slot.leg.next_timeout();
            let old = std::mem::replace(&mut slot.timer, next);
            self.set_timer(Timed { number, old, next });
        }
    }

    /// An order to a leg's media session.
    pub(super) fn order_leg(&mut self, number: u64, command: media::Command) {
        if let Some(slot) = self.legs.get(&number) {
            self.output(Output::Media(slot.media, command));
        }
    }

    fn handle_leg_action(&mut self, now: Now, number: u64, action: Action) {
        let session = self.legs.get(&number).and_then(|slot| slot.session);
        match action {
            Action::Media(command) => self.order_leg(number, command),
            Action::Invite { offer, second } => self.invite_leg(now, number, offer, second),
            Action::Accept(sdp) => {
                if let Some(session) = session {
                    self.endpoint.accept(now, session, sdp);
                }
            }
            Action::Answer(answer) => {
                if let Some(session) = session {
                    self.endpoint.answer(now, session, answer);
                }
            }
            Action::HangUp(why) => {
                if let Some(session) = session {
                    self.endpoint.hangup(now, session, why);
                }
            }
            Action::Ringing => self.handle_leg_ringing(now, number),
            Action::Up => self.handle_leg_up(now, number),
            Action::Held(held) => self.handle_leg_held(number, held),
            Action::Key(key) => self.handle_leg_key(number, key),
            Action::Over { result, by } => self.handle_leg_over(now, number, result, by),
            Action::Ended => self.drop_leg(now, number),
        }
    }

    fn drop_leg(&mut self, now: Now, number: u64) {
        let Some(slot) = self.legs.remove(&number) else { return };
        self.set_timer(Timed { number, old: slot.timer, next: Mono::FAR });
        if let Some(session) = slot.session {
            self.by_session.remove(&session);
        }
        self.give_back(now, &slot.address);
        // Counted when its INVITE left; with a row of its own, by its report.
        if slot.row.is_some() {
            return;
        }
        let Address::Outside { trunk, .. } = slot.address else { return };
        if let Some(trunk) = self.trunk_named_mut(&trunk).filter(|_| slot.session.is_some()) {
            trunk.counts.calls = trunk.counts.calls.saturating_sub(1);
            trunk.counts.answered += u64::from(slot.leg.answered_at().is_some());
        }
    }

    fn invite_leg(&mut self, now: Now, number: u64, offer: Bytes, second: Option<Bytes>) {
        let Some(slot) = self.legs.get(&number) else { return };
        let invite = match &slot.address {
            Address::Phone(contact) => {
                let host = self.settings.sip.advertised.udp.clone();
                let from = name_addr(&slot.caller.0, &slot.caller.1, &host);
                Some((from, contact.uri.clone(), contact.destination.clone(), contact.connection))
            }
            Address::Caller => None,
            Address::Outside { trunk, number, .. } => self.trunk_named(trunk).and_then(|trunk| {
                let from = name_addr("", &trunk.settings.caller_id, trunk.domain());
                Some((from, trunk.uri(number), trunk.destination()?.clone(), None))
            }),
        };
        let Some((from, uri, destination, connection)) = invite else {
            return self.with_leg(now, number, leg::Event::SessionEnded(Box::new(unreached())));
        };
        let mut invite = Invite {
            destination,
            connection,
            to: format!("<{uri}>"),
            request_uri: uri,
            from,
            contact_user: "ringback".to_owned(),
            headers: Vec::new(),
            route: Vec::new(),
            offer: Some(offer),
            second_offer: second,
            auth: None,
            redirect: Redirect::Refuse,
            require_100rel: false,
        };
        if let Address::Outside { trunk, .. } = &slot.address {
            let name = trunk.clone();
            if let Some(trunk) = self.trunk_named_mut(&name) {
                trunk.counts.placed += 1;
                trunk.counts.calls += 1;
                invite.contact_user.clone_from(&trunk.settings.caller_id);
                invite.route = trunk.route();
                invite.auth.clone_from(&trunk.settings.credentials);
                if trunk.settings.assert_identity {
                    invite.headers.push(("P-Asserted-Identity".to_owned(), invite.from.clone()));
                }
            }
        }
        let session = self.endpoint.invite(now, invite);
        self.by_session.insert(session, number);
        if let Some(slot) = self.legs.get_mut(&number) {
            slot.session = Some(session);
        }
    }
}

fn unreached() -> End {
    End {
        by: By::Fault,
        cause: crate::base::Cause { sip: 503, q850: 38 },
        reason: "the trunk has no address".into(),
        retry_after: None,
        redirected_to: Vec::new(),
        trace: Default::default(),
    }
}
