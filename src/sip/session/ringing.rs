//! Their INVITE until our final response.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::base::{Mono, Now};
use crate::sip::endpoint::{By, End, Event, Progress};
use crate::sip::header;
use crate::sip::message::{Method, Request, Response};

use super::call_offer::describe;
use super::confirmed::{Confirmed, Unacked};
use super::core::{Core, end, end_with_reason, sdp_of, with_sdp};
use super::refresh::SessionTimer;
use super::{Dialog, Head, Next, State, Theirs, answer_other, fault, soonest};

/// Reliable provisional responses that wait for the PRACK of the one before.
const MAX_WAITING: usize = 8;

/// A reliable provisional response without its PRACK (RFC 3262 section 3).
#[derive(Debug)]
struct Unpracked {
    rseq: u32,
    bytes: Bytes,
    resend: Mono,
    interval: Duration,
    until: Mono,
    /// It carried our offer: the PRACK brings the answer.
    offered: bool,
}

/// An inbound call without a final response.
#[derive(Debug)]
pub(crate) struct Ringing {
    pub(super) dialog: Dialog,
    server: u64,
    seq: u32,
    offer: Option<Bytes>,
    /// The caller understands 100rel.
    able: bool,
    /// The caller demands it.
    required: bool,
    rseq: u32,
    unpracked: Option<Unpracked>,
    waiting: VecDeque<Progress>,
    /// The answer was given in a reliable provisional response.
    early_answer: Option<Bytes>,
    accepted: Option<Bytes>,
    theirs: Option<Theirs>,
    timer: Option<SessionTimer>,
    give_up: Mono,
}

impl Ringing {
    /// For a new INVITE whose dialog could be made.
    pub(crate) fn new(now: Now, core: &mut Core, server: u64, request: &Request, dialog: Dialog) -> Self {
        let headers = &request.headers;
        let settings = &core.settings;
        let required = headers.list_has(header::REQUIRE, "100rel");
        Ringing {
            dialog,
            server,
            seq: headers.cseq().map_or(0, |cseq| cseq.number),
            offer: sdp_of(headers, &request.body),
            able: required || headers.list_has(header::SUPPORTED, "100rel"),
            required,
            // RFC 3262 section 3: the first lies in the lower half.
            rseq: core.rng.next_u32() >> 2,
            unpracked: None,
            waiting: VecDeque::new(),
            early_answer: None,
            accepted: None,
            theirs: None,
            timer: SessionTimer::from_request(
                now,
                headers,
                settings.session_expires,
                settings.min_se.max(90),
            ),
            give_up: now.mono + settings.answer_limit,
        }
    }

    pub(crate) fn offer(&self) -> Option<&Bytes> {
        self.offer.as_ref()
    }

    pub(crate) fn is_able(&self) -> bool {
        self.able
    }

    pub(crate) fn server(&self) -> u64 {
        self.server
    }

    pub(super) fn next_timeout(&self) -> Option<Mono> {
        soonest(&[
            Some(self.give_up),
            self.unpracked.as_ref().map(|open| open.resend.min(open.until)),
            self.theirs.map(|theirs| theirs.until),
        ])
    }

    pub(super) fn handle_timeout(mut self: Box<Self>, now: Now, head: &Head, core: &mut Core) -> Next {
        if self.unpracked.as_ref().is_some_and(|open| open.until <= now.mono) {
            return self.refuse(now, head, core, 504, &[], fault(504, "no PRACK for a reliable response"));
        }
        if self.give_up <= now.mono {
            return self.refuse(now, head, core, 480, &[], fault(480, "nobody took the call in time"));
        }
        if let Some(open) = self.unpracked.as_mut().filter(|open| open.resend <= now.mono) {
            // RFC 3262 section 3: doubled each time, without a cap.
            open.interval *= 2;
            open.resend = now.mono + open.interval;
            let bytes = open.bytes.clone();
            if let Some(flow) = core.servers.flow(self.server).cloned() {
                core.out.send(now, Some(head.id), &flow, bytes);
            }
        }
        if let Some(theirs) = self.theirs.take_if(|theirs| theirs.until <= now.mono) {
            core.reply(now, theirs.server, 500);
        }
        Some(State::Ringing(self))
    }

    /// A provisional response; reliable ones one after the other.
    pub(crate) fn progress(&mut self, now: Now, head: &Head, core: &mut Core, progress: Progress) {
        if self.accepted.is_some() {
            return;
        }
        if self.unpracked.is_some() && self.is_reliable(&progress) {
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push_back(progress);
            }
            return;
        }
        self.send_progress(now, head, core, progress);
    }

    fn is_reliable(&self, progress: &Progress) -> bool {
        progress.status > 100 && (self.required || (self.able && progress.reliable))
    }

    fn send_progress(&mut self, now: Now, head: &Head, core: &mut Core, progress: Progress) {
        let reliable = self.is_reliable(&progress);
        let status = progress.status.clamp(100, 199);
        let Some(mut response) = self.response(head, core, status) else { return };
        response.headers.push(header::CONTACT, head.contact.as_str());
        response.headers.push(header::ALLOW, super::ALLOW);
        if reliable {
            self.rseq += 1;
            response.headers.push(header::REQUIRE, "100rel");
            response.headers.push(header::RSEQ, self.rseq);
        }
        let offered =
            reliable && self.offer.is_none() && self.early_answer.is_none() && progress.sdp.is_some();
        if let Some(sdp) = &progress.sdp {
            with_sdp(&mut response.headers, &mut response.body, sdp);
        }
        let Some(bytes) = core.respond(now, self.server, response) else { return };
        if reliable {
            if progress.sdp.is_some() {
                self.early_answer = progress.sdp;
            }
            let pace = core.out.pace;
            self.unpracked = Some(Unpracked {
                rseq: self.rseq,
                bytes,
                resend: now.mono + pace.t1,
                interval: pace.t1,
                until: now.mono + pace.give_up,
                offered,
            });
        }
    }

    fn response(&self, head: &Head, core: &Core, status: u16) -> Option<Response> {
        let request = core.servers.request(self.server)?;
        let mut response = request.respond(status, Some(&head.local_tag));
        if status < 300 {
            response.headers.copy_from(&request.headers, header::RECORD_ROUTE);
        }
        Some(response)
    }

    /// Answers the call, after the PRACK of what is open (RFC 3262 section 3).
    pub(crate) fn accept(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        sdp: Bytes,
    ) -> Next {
        if self.unpracked.is_some() {
            self.waiting.clear();
            self.accepted.get_or_insert(sdp);
            return Some(State::Ringing(self));
        }
        let Some(mut response) = self.response(head, core, 200) else { return Some(State::Ringing(self)) };
        describe(&mut response, head, self.timer.as_ref());
        // The offer/answer exchange of a reliable provisional response is over; the 2xx
        // does not open another (RFC 3262 section 5).
        let settled = self.early_answer.take();
        if settled.is_none() {
            with_sdp(&mut response.headers, &mut response.body, &sdp);
        }
        let flow = core.servers.flow(self.server).cloned();
        let (Some(bytes), Some(flow)) = (core.respond(now, self.server, response), flow) else {
            return Some(State::Ringing(self));
        };
        let mut call = Confirmed::new(now, core, self.dialog, false);
        let pace = core.out.pace;
        call.unacked = Some(Unacked {
            seq: self.seq,
            flow,
            bytes,
            resend: now.mono + pace.t1,
            interval: pace.t1,
            until: now.mono + pace.give_up,
            offered: self.offer.is_none() && settled.is_none(),
            first: true,
        });
        call.timer = self.timer;
        call.theirs = self.theirs;
        call.local_sdp = settled.or(Some(sdp));
        call.remote_sdp = self.offer;
        Some(State::Confirmed(Box::new(call)))
    }

    /// Refuses the call.
    pub(crate) fn reject(
        self: Box<Self>,
        now: Now,
        head: &Head,
        core: &mut Core,
        status: u16,
        headers: Vec<(String, String)>,
        text: &str,
    ) -> Next {
        let status = if (300..700).contains(&status) { status } else { 480 };
        self.refuse(now, head, core, status, &headers, end(By::Us, status, text))
    }

    fn refuse(
        mut self: Box<Self>,
        now: Now,
        head: &Head,
        core: &mut Core,
        status: u16,
        headers: &[(String, String)],
        mut end: End,
    ) -> Next {
        if let Some(theirs) = self.theirs.take() {
            core.reply(now, theirs.server, 487);
        }
        if let Some(mut response) = self.response(head, core, status) {
            for (name, value) in headers {
                response.headers.push(name.clone(), value.as_str());
            }
            if end.reason.is_empty() {
                end.reason.clone_from(&response.reason);
            }
            core.respond(now, self.server, response);
        }
        core.finish(head.id, false, end);
        None
    }

    /// Their CANCEL (RFC 3261 section 9.2); it has been answered with 200.
    pub(crate) fn cancel(self: Box<Self>, now: Now, head: &Head, core: &mut Core, request: &Request) -> Next {
        let end = end_with_reason(By::Peer, 487, "", &request.headers);
        self.refuse(now, head, core, 487, &[], end)
    }

    pub(super) fn handle_request(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        server: u64,
        request: &Request,
    ) -> Next {
        match request.method {
            Method::PRACK => return self.handle_prack(now, head, core, server, request),
            // The caller may end an early dialog by BYE (RFC 3261 section 15).
            Method::BYE => {
                core.reply(now, server, 200);
                let end = end_with_reason(By::Peer, 487, "", &request.headers);
                return self.refuse(now, head, core, 487, &[], end);
            }
            Method::UPDATE => match sdp_of(&request.headers, &request.body) {
                _ if self.theirs.is_some() => core.reply_busy(now, server),
                // The first exchange is still open (RFC 3311 section 5.2).
                Some(_) if self.early_answer.is_none() || self.unpracked.is_some() => {
                    core.reply(now, server, 491)
                }
                Some(sdp) => {
                    self.dialog.learn(&request.headers);
                    let until = now.mono + core.out.pace.give_up;
                    self.theirs = Some(Theirs { server, invite: false, delayed: false, until });
                    core.events.push_back(Event::Offer { session: head.id, sdp: Some(sdp) });
                }
                None => {
                    self.dialog.learn(&request.headers);
                    core.reply_with(now, server, 200, &[(header::CONTACT, head.contact.clone())]);
                }
            },
            _ => answer_other(now, head, core, server, request),
        }
        Some(State::Ringing(self))
    }

    fn handle_prack(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        server: u64,
        request: &Request,
    ) -> Next {
        let rack = request.headers.rack();
        let fits = |open: &mut Unpracked| {
            rack.as_ref().is_some_and(|rack| {
                rack.rseq == open.rseq && rack.cseq.number == self.seq && rack.cseq.method == Method::INVITE
            })
        };
        let Some(open) = self.unpracked.take_if(fits) else {
            core.reply(now, server, 481);
            return Some(State::Ringing(self));
        };
        match sdp_of(&request.headers, &request.body) {
            Some(answer) if open.offered => {
                core.reply(now, server, 200);
                core.events.push_back(Event::AnswerToOffer { session: head.id, result: Ok(answer) });
            }
            Some(offer) if self.theirs.is_none() && self.early_answer.is_some() => {
                let until = now.mono + core.out.pace.give_up;
                self.theirs = Some(Theirs { server, invite: false, delayed: false, until });
                core.events.push_back(Event::Offer { session: head.id, sdp: Some(offer) });
            }
            Some(_) => core.reply(now, server, 488),
            None => core.reply(now, server, 200),
        }
        if let Some(sdp) = self.accepted.take() {
            return self.accept(now, head, core, sdp);
        }
        if let Some(progress) = self.waiting.pop_front() {
            self.send_progress(now, head, core, progress);
        }
        Some(State::Ringing(self))
    }

    /// Answers the offer in their UPDATE or PRACK.
    pub(crate) fn answer(&mut self, now: Now, head: &Head, core: &mut Core, answer: Result<Bytes, u16>) {
        if let Some(theirs) = self.theirs.take() {
            core.answer_offer(now, head, theirs.server, answer, None);
        }
    }
}
