//! Requests that arrive in an answered call.

use crate::base::Now;
use crate::sip::endpoint::Event;
use crate::sip::header;
use crate::sip::message::{Method, Request};

use super::call_offer::describe;
use super::closing::ended_by_peer;
use super::confirmed::{Confirmed, ours_end};
use super::core::{Core, sdp_of};
use super::refresh::{SessionTimer, too_small};
use super::{Head, Next, State, Theirs, answer_other};

impl Confirmed {
    pub(super) fn handle_request(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        server: u64,
        request: &Request,
    ) -> Next {
        match request.method {
            Method::BYE => {
                let mut end = ended_by_peer(now, core, server, request);
                if let Some(theirs) = self.theirs.take() {
                    core.reply(now, theirs.server, 487);
                }
                if end.reason.is_empty() {
                    end.reason = "hung up".to_owned();
                }
                core.finish(head.id, true, end);
                return None;
            }
            Method::INVITE | Method::UPDATE => self.handle_offer(now, head, core, server, request),
            Method::REFER => self.handle_refer(now, head, core, server, request),
            _ => answer_other(now, head, core, server, request),
        }
        Some(State::Confirmed(self))
    }

    fn handle_offer(&mut self, now: Now, head: &Head, core: &mut Core, server: u64, request: &Request) {
        let invite = request.method == Method::INVITE;
        let sdp = sdp_of(&request.headers, &request.body);
        let exchange = invite || sdp.is_some();
        if exchange && (self.theirs.is_some() || self.unacked.is_some()) {
            core.reply_busy(now, server);
            return;
        }
        // Glare: RFC 3261 section 14.2, RFC 3311 section 5.2.
        if exchange && (self.ours.is_some() || self.ack_due.is_some()) {
            core.reply(now, server, 491);
            return;
        }
        if too_small(&request.headers, self.min_se) {
            core.reply_with(now, server, 422, &[(header::MIN_SE, self.min_se.to_string())]);
            return;
        }
        self.dialog.learn(&request.headers);
        if self.timer.is_some() || request.headers.contains(header::SESSION_EXPIRES) {
            let ours = core.settings.session_expires;
            self.timer = SessionTimer::from_request(now, &request.headers, ours, self.min_se);
        }
        if !exchange {
            let Some(mut response) = core.servers.request(server).map(|request| request.respond(200, None))
            else {
                return;
            };
            describe(&mut response, head, self.timer.as_ref());
            core.respond(now, server, response);
            return;
        }
        let until = now.mono + core.out.pace.give_up;
        self.theirs = Some(Theirs { server, invite, delayed: sdp.is_none(), until });
        if sdp.is_some() {
            self.remote_sdp.clone_from(&sdp);
        }
        core.events.push_back(Event::Offer { session: head.id, sdp });
    }

    /// Their CANCEL of a re-INVITE that we have not answered; the call stays up.
    pub(crate) fn cancel(&mut self, now: Now, core: &mut Core, server: u64) {
        if self.theirs.take_if(|theirs| theirs.server == server).is_some() {
            core.reply(now, server, 487);
        }
    }

    /// An ACK for a 2xx of ours.
    pub(crate) fn handle_ack(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        request: &Request,
    ) -> Next {
        let number = request.headers.cseq().map(|cseq| cseq.number);
        let Some(unacked) = self.unacked.take_if(|unacked| Some(unacked.seq) == number) else {
            core.out.counters.retransmitted += 1;
            return Some(State::Confirmed(self));
        };
        let sdp = sdp_of(&request.headers, &request.body).filter(|_| unacked.offered);
        if sdp.is_some() {
            self.remote_sdp.clone_from(&sdp);
        }
        if unacked.first {
            core.events.push_back(Event::Confirmed { session: head.id, sdp });
        } else if unacked.offered {
            core.events.push_back(Event::AnswerToOffer { session: head.id, result: sdp.ok_or(488) });
        }
        if let Some(why) = self.quit.take() {
            let end = ours_end(&why);
            return self.close(now, head, core, end, &why);
        }
        self.send_waiting(now, head, core);
        Some(State::Confirmed(self))
    }
}
