//! What a phone answers to requests in its call.

use super::phone::{Phone, Stage};
use super::sdp;
use crate::base::Mono;
use crate::sip::{Method, Request};

impl Phone {
    pub(super) fn handle_request(&mut self, now: Mono, request: Request) {
        let over = matches!(self.stage, Stage::Over { .. });
        match &request.method {
            m if *m == Method::ACK => {
                self.dialog.acknowledge(&request);
            }
            m if *m == Method::INVITE => {
                if self.dialog.is_retransmission(&request) {
                    self.dialog.repeat();
                } else if over {
                    self.dialog.respond(&request, 481, None);
                } else {
                    self.renegotiate(now, request);
                }
            }
            m if *m == Method::CANCEL => {
                self.dialog.respond(&request, 200, None);
                if self.dialog.invite_is_open() && !over {
                    self.end(now, 487);
                }
            }
            m if *m == Method::BYE => {
                self.dialog.respond(&request, 200, None);
                if !over {
                    self.stage = Stage::Over { since: now };
                }
            }
            m if *m == Method::UPDATE && !request.body.is_empty() => {
                let sdp = self.take_offer(&request.body);
                match sdp {
                    Some(sdp) => self.dialog.respond(&request, 200, Some(&sdp)),
                    None => self.dialog.respond(&request, 488, None),
                }
            }
            m if *m == Method::NOTIFY => {
                let told = String::from_utf8_lossy(&request.body);
                self.told.extend(told.lines().next().map(str::to_owned));
                self.dialog.respond(&request, 200, None);
            }
            m if [Method::OPTIONS, Method::INFO, Method::UPDATE, Method::PRACK].contains(m) => {
                self.dialog.respond(&request, 200, None);
            }
            _ => self.dialog.respond(&request, 501, None),
        }
    }

    /// A re-INVITE: hold, resume, codec change; without an offer ours is repeated.
    fn renegotiate(&mut self, now: Mono, request: Request) {
        let body = request.body.clone();
        self.dialog.reinvite(request);
        let sdp = if body.is_empty() { Some(self.answer()) } else { self.take_offer(&body) };
        match sdp {
            Some(sdp) => self.dialog.finish(now, 200, Some(&sdp)),
            None => self.dialog.finish(now, 488, None),
        }
    }

    fn take_offer(&mut self, offer: &[u8]) -> Option<String> {
        self.agreed = sdp::read(offer)?;
        self.ear.set_codec(self.agreed.codec);
        self.mouth.set_codec(&self.agreed);
        self.sdp_version += 1;
        Some(self.answer())
    }
}
