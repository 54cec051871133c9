//! What the SIP endpoint reports, routed to calls and trunks.

use super::{Engine, Notice, Write};
use crate::base::Now;
use crate::call::{self, leg};
use crate::sip::endpoint::{End, Event, SessionId};

impl Engine {
    pub(super) fn handle_sip(&mut self, now: Now, event: Event) {
        match event {
            Event::Provisional { session, status, sdp, fork, .. } => {
                self.with_session(now, session, call::Event::Provisional { status, sdp, fork });
            }
            Event::Answered { session, sdp, fork, .. } => {
                self.with_session(now, session, call::Event::Answered { sdp, fork });
            }
            Event::Lost { session, end } => {
                self.with_session(now, session, call::Event::SessionLost(end));
            }
            Event::Failed { session, end } | Event::Ended { session, end } => {
                self.forget_dial(session);
                self.keep_leg_trace(session, &end);
                self.with_session(now, session, call::Event::SessionEnded(end));
                self.by_session.remove(&session);
            }
            Event::Incoming(incoming) => self.handle_incoming(now, *incoming),
            Event::Offer { session, sdp } => {
                self.with_session(now, session, call::Event::Offered(sdp));
            }
            Event::AnswerToOffer { session, result } => {
                self.with_session(now, session, call::Event::OfferAnswered(result));
            }
            Event::Confirmed { session, sdp } => {
                if let Some(sdp) = sdp {
                    self.with_session(now, session, call::Event::OfferAnswered(Ok(sdp)));
                }
            }
            Event::Info { session, content_type, body } => {
                self.with_session(now, session, call::Event::Info { content_type, body });
            }
            Event::Refer { session, refer_to } => self.handle_refer(now, session, &refer_to),
            Event::Registered { id, .. } => self.handle_registration(now, id, Ok(())),
            Event::Unregistered { id } => self.handle_unregistered(now, id),
            Event::RegistrationFailed { id, status, reason, retry_in } => {
                let why =
                    format!("registration refused: {status} {reason}; next in {} s", retry_in.as_secs());
                self.handle_registration(now, id, Err(why));
            }
            Event::Pong { id, status, rtt } => {
                // 503 and 5xx: it lives, but wants no calls. Any other answer will do.
                let result = if (500..600).contains(&status) {
                    Err(format!("OPTIONS answered with {status}"))
                } else {
                    Ok(rtt)
                };
                self.handle_pong(now, id, result);
            }
            Event::PingFailed { id, reason } => self.handle_pong(now, id, Err(reason)),
            Event::Presence(presence) => self.handle_presence(now, presence),
            Event::Guarded(who) => {
                let word = format!("sip_guesses: {who} is shut out after wrong passwords");
                self.notice(Notice::Alarm { call: None, word });
            }
            Event::Flood { source, refused } => {
                let word = format!("sip_flood: {refused} INVITEs from {source} refused");
                self.notice(Notice::Alarm { call: None, word });
            }
        }
    }

    /// The messages of a further leg are kept beside those of its call.
    fn keep_leg_trace(&mut self, session: SessionId, end: &End) {
        let leg = self.by_session.get(&session).and_then(|number| self.legs.get(number));
        let Some((call, number)) = leg.map(|slot| (slot.call_id, slot.leg.plan().number)) else { return };
        let trace = end.trace.items();
        if !trace.is_empty() {
            self.write(Write::LegTrace { call, number, trace });
        }
    }

    fn with_session(&mut self, now: Now, session: SessionId, event: call::Event) {
        let Some(number) = self.by_session.get(&session).copied() else { return };
        if self.slots.contains_key(&number) {
            self.with_slot(now, number, event);
        } else if let Some(event) = leg::Event::of_call(event) {
            self.with_leg(now, number, event);
        }
    }
}
