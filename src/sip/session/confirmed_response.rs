//! Outcomes of our requests in an answered call.

use std::time::Duration;

use crate::base::Now;
use crate::sip::endpoint::{By, Event, Hangup};
use crate::sip::message::{Method, Response};
use crate::sip::transaction::{Outcome, Outgoing, Owner, Upcall};

use super::confirmed::{Confirmed, Ours};
use super::core::{Core, end, sdp_of};
use super::refresh::SessionTimer;
use super::{Head, Next, State, answer_challenge, fault, status_of};

/// Times one offer is repeated after 491; peers with sound back-off need one or two.
const MAX_GLARES: u8 = 7;

impl Confirmed {
    pub(super) fn handle_upcall(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        upcall: Upcall,
        response: Option<&Response>,
    ) -> Next {
        if matches!(upcall.outcome, Outcome::Provisional | Outcome::Another) {
            return Some(State::Confirmed(self));
        }
        let status = status_of(&upcall.outcome, response);
        let reinvite = matches!(upcall.owner, Owner::Reinvite(_));
        if let (Outcome::Final(outgoing), Some(response)) = (upcall.outcome, response) {
            if reinvite && response.is_success() {
                self.acknowledge(now, head, core, upcall.client, &outgoing, response);
            } else if answer_challenge(now, head, core, &mut self.dialog, (upcall.owner, outgoing), response)
            {
                return Some(State::Confirmed(self));
            }
        }
        // RFC 3261 section 12.2.1.2: silence and 481 end the dialog.
        let dead = matches!(status, 408 | 481);
        if dead && matches!(upcall.owner, Owner::Reinvite(_) | Owner::Update(_) | Owner::Info(_)) {
            let text =
                if status == 481 { "the peer no longer knows the call" } else { "the peer went silent" };
            let why = if status == 481 { end(By::Peer, 481, text) } else { fault(status, text) };
            let hangup = Hangup { status, q850: 0, text: text.to_owned() };
            return self.close(now, head, core, why, &hangup);
        }
        if matches!(upcall.owner, Owner::Reinvite(_) | Owner::Update(_))
            && let Some(ours) = self.ours.take()
        {
            self.settle(now, head, core, ours, status, response);
        }
        self.send_waiting(now, head, core);
        Some(State::Confirmed(self))
    }

    fn acknowledge(
        &mut self,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        client: u64,
        outgoing: &Outgoing,
        response: &Response,
    ) {
        self.dialog.learn(&response.headers);
        let seq = outgoing.request.headers.cseq().map_or(0, |cseq| cseq.number);
        let ack = self.dialog.request_with(Method::ACK, seq);
        core.acknowledge(now, client, self.dialog.remote_tag(), Some(head.id), ack, self.dialog.flow());
    }

    fn settle(
        &mut self,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        mut ours: Ours,
        status: u16,
        response: Option<&Response>,
    ) {
        let headers = response.map(|response| &response.headers);
        if status < 300 {
            let sdp = response.and_then(|response| sdp_of(&response.headers, &response.body));
            if let Some(headers) = headers {
                self.dialog.learn(headers);
                self.timer = SessionTimer::from_response(now, headers);
            }
            let changed = sdp != self.remote_sdp;
            if ours.sdp.is_some() {
                self.local_sdp.clone_from(&ours.sdp);
            }
            if sdp.is_some() {
                self.remote_sdp.clone_from(&sdp);
            }
            // A refresh repeats what stands; only another answer than before is news.
            if !ours.refresh || (changed && sdp.is_some()) {
                core.events.push_back(Event::AnswerToOffer { session: head.id, result: sdp.ok_or(488) });
            }
            return;
        }
        match (status, headers.and_then(|headers| headers.min_se())) {
            (491, _) if ours.glares < MAX_GLARES => {
                ours.glares += 1;
                let pause = self.glare_pause(core);
                self.retry = Some((now.mono + pause, ours));
            }
            (422, Some(wanted)) if wanted > self.min_se => {
                self.min_se = wanted;
                if let Some(timer) = &mut self.timer {
                    timer.raise(wanted);
                }
                self.send_offer(now, head, core, ours);
            }
            (405 | 501, _) if ours.refresh && self.dialog.allows_update => {
                self.dialog.allows_update = false;
                self.send_offer(now, head, core, ours);
            }
            _ if ours.refresh => {
                if let Some(timer) = &mut self.timer {
                    timer.refresh_later(now);
                }
            }
            _ => core.events.push_back(Event::AnswerToOffer { session: head.id, result: Err(status) }),
        }
    }

    /// RFC 3261 section 14.1, in steps of 10 ms: whoever owns the Call-ID waits 2.1 to 4 s,
    /// the other 0 to 2 s.
    fn glare_pause(&self, core: &mut Core) -> Duration {
        let steps = if self.caller { 210 + core.rng.below(191) } else { core.rng.below(201) };
        Duration::from_millis(steps * 10)
    }
}
