//! Offers inside an answered call: re-INVITE (RFC 3261 section 14) and UPDATE (RFC 3311),
//! ours and theirs, one at a time.

use std::time::Duration;

use bytes::Bytes;

use crate::base::Now;
use crate::sip::endpoint::Hangup;
use crate::sip::header;
use crate::sip::message::{Method, Response};
use crate::sip::transaction::{Outgoing, Owner};

use super::confirmed::{Confirmed, Ours, Unacked};
use super::core::{ALLOW, Core, SUPPORTED, with_sdp};
use super::refresh::SessionTimer;
use super::{Head, Next, State, fault};

/// How soon a refresh that met an open exchange is tried again.
const REFRESH_PAUSE: Duration = Duration::from_secs(5);

impl Confirmed {
    /// True while an offer or its ACK is under way in either direction.
    fn is_negotiating(&self) -> bool {
        self.ours.is_some()
            || self.theirs.is_some()
            || self.retry.is_some()
            || self.unacked.is_some()
            || self.ack_due.is_some()
    }

    /// Offers new media, after what is under way. A later offer replaces one that waits.
    pub(crate) fn offer(&mut self, now: Now, head: &mut Head, core: &mut Core, sdp: Bytes) {
        self.waiting = Some(sdp);
        self.send_waiting(now, head, core);
    }

    /// Sends the offer that waited, if nothing is in its way any more.
    pub(super) fn send_waiting(&mut self, now: Now, head: &mut Head, core: &mut Core) {
        if self.is_negotiating() || self.quit.is_some() {
            return;
        }
        if let Some(sdp) = self.waiting.take() {
            self.send_offer(now, head, core, Ours { sdp: Some(sdp), refresh: false, glares: 0 });
        }
    }

    /// Sends a re-INVITE; a refresh by UPDATE where the peer takes it.
    pub(super) fn send_offer(&mut self, now: Now, head: &mut Head, core: &mut Core, mut ours: Ours) {
        let update = ours.refresh && self.dialog.allows_update;
        let method = if update { Method::UPDATE } else { Method::INVITE };
        let mut request = self.dialog.request(method);
        let headers = &mut request.headers;
        headers.push(header::CONTACT, head.contact.as_str());
        headers.push(header::ALLOW, ALLOW);
        headers.push(header::SUPPORTED, SUPPORTED);
        if let Some(timer) = &self.timer {
            timer.write_request(headers, self.min_se);
        }
        if update {
            ours.sdp = None;
        } else if ours.sdp.is_none() {
            ours.sdp.clone_from(&self.local_sdp);
        }
        if let Some(sdp) = &ours.sdp {
            with_sdp(&mut request.headers, &mut request.body, sdp);
        }
        self.ours = Some(ours);
        let outgoing = Outgoing { request, flow: self.dialog.flow() };
        let owner = if update { Owner::Update(head.id) } else { Owner::Reinvite(head.id) };
        core.request(now, outgoing, owner, head.auth.as_mut());
    }

    /// Refreshes the session timer.
    pub(super) fn refresh(&mut self, now: Now, head: &mut Head, core: &mut Core) {
        let busy = self.is_negotiating();
        if let Some(timer) = &mut self.timer {
            timer.refresh_at = busy.then(|| now.mono + REFRESH_PAUSE);
        }
        if !busy {
            self.send_offer(now, head, core, Ours { sdp: None, refresh: true, glares: 0 });
        }
    }

    /// Sends an INFO.
    pub(crate) fn info(
        &mut self,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        content_type: &str,
        body: &Bytes,
    ) {
        let mut request = self.dialog.request(Method::INFO);
        request.headers.push(header::CONTENT_TYPE, content_type);
        request.body = body.to_vec();
        let outgoing = Outgoing { request, flow: self.dialog.flow() };
        core.request(now, outgoing, Owner::Info(head.id), head.auth.as_mut());
    }

    /// Our reaction to their offer, or to the offer in their 2xx.
    pub(crate) fn answer(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        answer: Result<Bytes, u16>,
    ) -> Next {
        if let Some(mut due) = self.ack_due.take() {
            let flow = self.dialog.flow();
            let refused = answer.is_err();
            if let Ok(sdp) = answer {
                with_sdp(&mut due.ack.headers, &mut due.ack.body, &sdp);
                self.local_sdp = Some(sdp);
            }
            core.acknowledge(now, due.client, self.dialog.remote_tag(), Some(head.id), *due.ack, flow);
            if refused {
                // The 2xx stands, so a refusal is ACK and BYE (RFC 3261 section 13.2.2.4).
                let hangup = Hangup { status: 488, q850: 0, text: "offer not acceptable".to_owned() };
                return self.close(
                    now,
                    head,
                    core,
                    fault(488, "the peer's offer could not be taken"),
                    &hangup,
                );
            }
            self.send_waiting(now, head, core);
            return Some(State::Confirmed(self));
        }
        let Some(theirs) = self.theirs.take() else { return Some(State::Confirmed(self)) };
        let sdp = answer.clone().ok();
        let flow = core.servers.flow(theirs.server).cloned();
        let seq = core.servers.request(theirs.server).and_then(|request| request.headers.cseq());
        let sent = core.answer_offer(now, head, theirs.server, answer, self.timer.as_ref());
        if let (Some(sdp), Some(bytes)) = (sdp, sent) {
            self.local_sdp = Some(sdp);
            if let (true, Some(flow), Some(seq)) = (theirs.invite, flow, seq) {
                let pace = core.out.pace;
                self.unacked = Some(Unacked {
                    seq: seq.number,
                    flow,
                    bytes,
                    resend: now.mono + pace.t1,
                    interval: pace.t1,
                    until: now.mono + pace.give_up,
                    offered: theirs.delayed,
                    first: false,
                });
            }
        }
        self.send_waiting(now, head, core);
        Some(State::Confirmed(self))
    }
}

impl Core {
    /// Answers a request that carries an offer. Returns the bytes of a 200.
    pub(super) fn answer_offer(
        &mut self,
        now: Now,
        head: &Head,
        server: u64,
        answer: Result<Bytes, u16>,
        timer: Option<&SessionTimer>,
    ) -> Option<Bytes> {
        let request = self.servers.request(server)?;
        match answer {
            Ok(sdp) => {
                let mut response = request.respond(200, None);
                let prack = request.method == Method::PRACK;
                if !prack {
                    describe(&mut response, head, timer);
                }
                with_sdp(&mut response.headers, &mut response.body, &sdp);
                self.respond(now, server, response)
            }
            Err(status) => {
                let status = if (300..700).contains(&status) { status } else { 488 };
                self.reply(now, server, status);
                None
            }
        }
    }

    /// 200 to OPTIONS with what this side can do (RFC 3261 section 11.2).
    pub(crate) fn answer_options(&mut self, now: Now, server: u64) {
        let fields = [
            (header::ALLOW, ALLOW.to_owned()),
            (header::ACCEPT, "application/sdp, application/dtmf-relay, application/dtmf".to_owned()),
            (header::ACCEPT_ENCODING, "identity".to_owned()),
            (header::ACCEPT_LANGUAGE, "en".to_owned()),
            (header::SUPPORTED, SUPPORTED.to_owned()),
        ];
        self.reply_with(now, server, 200, &fields);
    }
}

/// Contact, Allow, Supported and the session timer of a 2xx to INVITE or UPDATE.
pub(super) fn describe(response: &mut Response, head: &Head, timer: Option<&SessionTimer>) {
    let headers = &mut response.headers;
    headers.push(header::CONTACT, head.contact.as_str());
    headers.push(header::ALLOW, ALLOW);
    headers.push(header::SUPPORTED, SUPPORTED);
    if let Some(timer) = timer {
        timer.write_response(headers);
    }
}
