//! Our INVITE until its final response.

use crate::base::{Mono, Now};
use crate::sip::ClientAuth;
use crate::sip::endpoint::{By, End, Event, Hangup, Invite, SessionId};
use crate::sip::header::{self, Value};
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::{Flow, Outcome, Outgoing, Owner, Upcall};
use crate::sip::uri::Uri;

use super::confirmed::Answer;
use super::core::{ALLOW, Core, end, end_with_reason, sdp_of, with_sdp};
use super::provisional::Fork;
use super::redirect::Targets;
use super::{Closing, Confirmed, Dialog, Head, Next, Origin, Quit, State, Theirs, reason_value, status_of};

/// 422 responses followed before the call fails; each must raise Min-SE.
const MAX_INTERVAL_TRIES: u8 = 3;

/// An INVITE of ours without a final response.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(super) invite: Box<Invite>,
    pub(super) origin: Origin,
    pub(super) client: u64,
    pub(super) forks: Vec<Fork>,
    /// A provisional response has come, so CANCEL may go (RFC 3261 section 9.1).
    pub(super) proceeding: bool,
    pub(super) quit: Option<Quit>,
    /// Timer C: from the first provisional response on.
    give_up: Option<Mono>,
    min_se: u32,
    interval_tries: u8,
    pub(super) targets: Targets,
    /// An offer in an UPDATE of theirs, and the fork it came from.
    pub(super) theirs: Option<(Theirs, usize)>,
}

impl Calling {
    /// Sends the first INVITE.
    pub(crate) fn start(now: Now, id: SessionId, invite: Invite, core: &mut Core) -> (Head, State) {
        let local_tag = core.session_tag(id);
        let (transport, peer) = (invite.destination.transport, invite.destination.addr.ip());
        let host = core.advertised(transport, peer).to_owned();
        let call_id = format!("{}@{}", core.rng.hex(24), host.split(':').next().unwrap_or_default());
        let contact = core.contact(&invite.contact_user, transport, peer);
        let auth = invite
            .auth
            .as_ref()
            .map(|auth| ClientAuth::new(&auth.user, &auth.password, auth.realm.as_deref()));
        let target = Uri::parse(&invite.request_uri).unwrap_or_else(|_| Uri::sip("", "invalid", None));
        let origin = Origin {
            call_id,
            local: Value::from(format!("{};tag={local_tag}", invite.from)),
            seq: 0,
            target,
            flow: Flow { destination: invite.destination.clone(), connection: invite.connection },
        };
        let mut head = Head { id, local_tag, contact, auth };
        let mut calling = Calling {
            targets: Targets::new(&origin.target),
            invite: Box::new(invite),
            origin,
            client: 0,
            forks: Vec::new(),
            proceeding: false,
            quit: None,
            give_up: None,
            min_se: core.settings.min_se.max(90),
            interval_tries: 0,
            theirs: None,
        };
        calling.send(now, &mut head, core);
        (head, State::Calling(Box::new(calling)))
    }

    /// Sends the INVITE with the next CSeq: at first, with credentials, with a longer
    /// interval, with the other offer, to another contact.
    pub(super) fn send(&mut self, now: Now, head: &mut Head, core: &mut Core) {
        self.origin.seq += 1;
        self.forks.clear();
        self.proceeding = false;
        self.theirs = None;
        let request = self.request(head, core);
        let outgoing = Outgoing { request, flow: self.origin.flow.clone() };
        self.client = core.request(now, outgoing, Owner::Invite(head.id), head.auth.as_mut());
    }

    fn request(&self, head: &Head, core: &Core) -> Request {
        let invite = &self.invite;
        let mut request = Request::new(Method::INVITE, self.origin.target.as_request_uri());
        let headers = &mut request.headers;
        for route in &invite.route {
            headers.push(header::ROUTE, format!("<{route}>"));
        }
        headers.push(header::FROM, self.origin.local.clone());
        headers.push(header::TO, invite.to.as_str());
        headers.push(header::CALL_ID, self.origin.call_id.as_str());
        headers.push(header::CSEQ, format!("{} INVITE", self.origin.seq));
        headers.push(header::MAX_FORWARDS, "70");
        headers.push(header::CONTACT, head.contact.as_str());
        headers.push(header::ALLOW, ALLOW);
        // Without an offer a reliable 183 would carry theirs, and PRACK our answer: a
        // detour for which no carrier asks.
        let reliable = invite.offer.is_some();
        let timer = core.settings.session_expires > 0;
        match (reliable, timer) {
            (true, true) => headers.push(header::SUPPORTED, "100rel, timer"),
            (true, false) => headers.push(header::SUPPORTED, "100rel"),
            (false, true) => headers.push(header::SUPPORTED, "timer"),
            (false, false) => {}
        }
        if invite.require_100rel && reliable {
            headers.push(header::REQUIRE, "100rel");
        }
        if timer {
            let seconds = core.settings.session_expires.max(self.min_se);
            headers.push(header::SESSION_EXPIRES, seconds);
            headers.push(header::MIN_SE, self.min_se);
        }
        for (name, value) in &invite.headers {
            let name: String =
                name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.!%*+`'~".contains(*c)).collect();
            headers.push(name, value.as_str());
        }
        if let Some(offer) = &invite.offer {
            with_sdp(&mut request.headers, &mut request.body, offer);
        }
        request
    }

    pub(super) fn next_timeout(&self) -> Option<Mono> {
        // After CANCEL the transaction's own 64*T1 run.
        let theirs = self.theirs.map(|(theirs, _)| theirs.until);
        super::soonest(&[self.give_up.filter(|_| self.quit.is_none()), theirs])
    }

    pub(super) fn handle_timeout(mut self: Box<Self>, now: Now, core: &mut Core) -> Next {
        if let Some((theirs, _)) = self.theirs.take_if(|(theirs, _)| theirs.until <= now.mono) {
            core.reply(now, theirs.server, 500);
        }
        if self.quit.is_none() && self.give_up.is_some_and(|at| at <= now.mono) {
            let text = "no final response within the ring limit".to_owned();
            let hangup = Hangup { status: 408, q850: 0, text };
            return self.quit(now, core, Quit { by: By::Fault, hangup });
        }
        Some(State::Calling(self))
    }

    /// Wants out: CANCEL now, or after the first provisional response (RFC 3261 section 9.1).
    pub(super) fn quit(mut self: Box<Self>, now: Now, core: &mut Core, quit: Quit) -> Next {
        if self.quit.is_none() {
            self.quit = Some(quit);
            self.cancel(now, core);
        }
        Some(State::Calling(self))
    }

    pub(super) fn cancel(&self, now: Now, core: &mut Core) {
        if let Some(quit) = self.quit.as_ref().filter(|_| self.proceeding) {
            core.clients.cancel(now, self.client, reason_value(&quit.hangup), &mut core.out);
        }
    }

    pub(super) fn handle_upcall(
        self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        upcall: Upcall,
        response: Option<&Response>,
    ) -> Next {
        if upcall.owner != Owner::Invite(head.id) {
            return self.handle_side(now, head, core, upcall, response);
        }
        if upcall.client != self.client {
            return Some(State::Calling(self));
        }
        match (upcall.outcome, response) {
            (Outcome::Provisional, Some(response)) => self.handle_provisional(now, head, core, response),
            (Outcome::Final(outgoing), Some(response)) if response.is_success() => {
                self.handle_answer(now, head, core, &outgoing, response)
            }
            (Outcome::Final(_), Some(response)) => self.handle_refusal(now, head, core, response),
            (outcome @ (Outcome::Timeout | Outcome::Unsent(_)), _) => {
                let status = status_of(&outcome, None);
                let end = match (&self.quit, status) {
                    (Some(quit), 408) => end(quit.by, 487, quit.hangup.text.clone()),
                    (_, 408) => super::fault(408, "no response to the INVITE"),
                    _ => super::fault(status, &outcome.why_unsent("INVITE")),
                };
                self.fail(now, head, core, end)
            }
            _ => Some(State::Calling(self)),
        }
    }

    /// Starts timer C with the first provisional response; sends a CANCEL that waited.
    pub(super) fn note_progress(&mut self, now: Now, core: &mut Core) {
        if !self.proceeding {
            self.proceeding = true;
            self.give_up.get_or_insert(now.mono + core.settings.ring_limit);
            self.cancel(now, core);
        }
    }

    fn handle_answer(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        outgoing: &Outgoing,
        response: &Response,
    ) -> Next {
        if let Some(auth) = &mut head.auth {
            auth.handle_accepted();
        }
        let Some(mut dialog) = Dialog::from_response(&self.origin, response) else {
            return self.fail(now, head, core, super::fault(500, "a 2xx without To"));
        };
        let fork = self.fork_index(response);
        if let Some(known) = self.forks.get(fork) {
            dialog.continue_from(&known.dialog);
        }
        core.clients.expect_ack(self.client, dialog.remote_tag());
        let mut ack = dialog.request_with(Method::ACK, self.origin.seq);
        for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION] {
            ack.headers.copy_from(&outgoing.request.headers, name);
        }
        let sdp = sdp_of(&response.headers, &response.body);
        if let Some(quit) = self.quit.take() {
            // The answer crossed our CANCEL, or came before CANCEL was allowed.
            self.drop_theirs(now, core);
            let flow = dialog.flow();
            core.acknowledge(now, self.client, dialog.remote_tag(), Some(head.id), ack, flow);
            let end = end(quit.by, 487, quit.hangup.text.clone());
            return Closing::start(now, head, core, dialog, end, &quit.hangup, false);
        }
        let theirs = self.theirs.take().filter(|(_, index)| *index == fork).map(|(theirs, _)| theirs);
        let answer =
            Answer { client: self.client, ack, sdp, fork: u32::try_from(fork).unwrap_or(u32::MAX), theirs };
        let offer = self.invite.offer.clone();
        Confirmed::from_answer(now, head, core, dialog, answer, offer, &response.headers)
    }

    fn handle_refusal(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        response: &Response,
    ) -> Next {
        let status = response.status;
        if self.quit.is_none() {
            let challenged = matches!(status, 401 | 407)
                && head.auth.as_mut().is_some_and(|auth| auth.handle_challenge(response).is_ok());
            if challenged || self.takes_interval(response) {
                self.send(now, head, core);
                return Some(State::Calling(self));
            }
            if matches!(status, 488 | 606) && self.invite.second_offer.is_some() {
                self.invite.offer = self.invite.second_offer.take();
                self.send(now, head, core);
                return Some(State::Calling(self));
            }
            if (300..600).contains(&status) && self.redirect(response) {
                self.send(now, head, core);
                return Some(State::Calling(self));
            }
        }
        let by = self.quit.as_ref().map_or(By::Peer, |quit| quit.by);
        let mut end = end_with_reason(by, status, response.reason.clone(), &response.headers);
        if let Some(quit) = self.quit.as_ref().filter(|quit| !quit.hangup.text.is_empty()) {
            end.reason = quit.hangup.text.clone();
        }
        if (300..400).contains(&status) {
            end.redirected_to =
                response.headers.contacts().iter().map(|contact| contact.uri.to_string()).collect();
        }
        self.fail(now, head, core, end)
    }

    /// A 422 that asks for a longer interval than we offered (RFC 4028 section 7.3).
    fn takes_interval(&mut self, response: &Response) -> bool {
        if response.status != 422 || self.interval_tries >= MAX_INTERVAL_TRIES {
            return false;
        }
        let Some(wanted) = response.headers.min_se().filter(|wanted| *wanted > self.min_se) else {
            return false;
        };
        self.min_se = wanted;
        self.interval_tries += 1;
        true
    }

    fn drop_theirs(&mut self, now: Now, core: &mut Core) {
        if let Some((theirs, _)) = self.theirs.take() {
            core.reply(now, theirs.server, 487);
        }
    }

    fn fail(mut self: Box<Self>, now: Now, head: &Head, core: &mut Core, end: End) -> Next {
        self.drop_theirs(now, core);
        core.finish(head.id, false, end);
        None
    }

    /// Reports a provisional response, unless nobody wants to hear of it any more.
    pub(super) fn report(&self, head: &Head, core: &mut Core, response: &Response, fork: usize) {
        if self.quit.is_none() {
            core.events.push_back(Event::Provisional {
                session: head.id,
                status: response.status,
                reason: response.reason.clone(),
                sdp: sdp_of(&response.headers, &response.body),
                fork: u32::try_from(fork).unwrap_or(u32::MAX),
            });
        }
    }
}
