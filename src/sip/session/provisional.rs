//! Early dialogs of our INVITE: forks, reliable provisional responses (RFC 3262), and
//! requests that arrive before the answer (UPDATE, RFC 3311).

use bytes::Bytes;

use crate::base::Now;
use crate::sip::endpoint::{By, Event, Hangup};
use crate::sip::header;
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::{Outcome, Outgoing, Owner, Upcall};

use super::core::{Core, sdp_of, with_sdp};
use super::{Calling, Dialog, Head, Next, Quit, State, Theirs, answer_challenge, answer_other, status_of};

/// Early dialogs of one INVITE that are told apart; more phones share the last one.
const MAX_FORKS: usize = 16;

/// One early dialog.
#[derive(Debug)]
pub(super) struct Fork {
    pub dialog: Dialog,
    /// The last RSeq that came in order.
    rseq: Option<u32>,
    /// An UPDATE of ours with an offer waits for its answer.
    offering: bool,
}

impl Calling {
    /// Index of the early dialog of a response; a response without a tag belongs to none
    /// and counts as the first.
    pub(super) fn fork_index(&mut self, response: &Response) -> usize {
        let tag = response.headers.to_tag().unwrap_or_default();
        if let Some(index) = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag) {
            return index;
        }
        if tag.is_empty() || self.forks.len() >= MAX_FORKS {
            return self.forks.len().saturating_sub(1);
        }
        if let Some(dialog) = Dialog::from_response(&self.origin, response) {
            self.forks.push(Fork { dialog, rseq: None, offering: false });
        }
        self.forks.len().saturating_sub(1)
    }

    pub(super) fn dialog_mut(&mut self, call_id: &str, remote_tag: &str) -> Option<&mut Dialog> {
        self.forks.iter_mut().map(|fork| &mut fork.dialog).find(|dialog| dialog.is_with(call_id, remote_tag))
    }

    pub(super) fn handle_provisional(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        response: &Response,
    ) -> Next {
        self.note_progress(now, core);
        if response.status > 100 {
            let index = self.fork_index(response);
            let reliable = response.headers.list_has(header::REQUIRE, "100rel");
            if let (true, Some(rseq), Some(fork)) =
                (reliable, response.headers.rseq(), self.forks.get_mut(index))
            {
                // RFC 3262 section 4: the first may have any number, each other the next.
                if fork.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
                    return Some(State::Calling(self));
                }
                fork.rseq = Some(rseq);
                fork.dialog.learn(&response.headers);
                let mut request = fork.dialog.request(Method::PRACK);
                request.headers.push(header::RACK, format!("{rseq} {} INVITE", self.origin.seq));
                let outgoing = Outgoing { request, flow: fork.dialog.flow() };
                core.request(now, outgoing, Owner::Prack(head.id), head.auth.as_mut());
            } else if let Some(fork) = self.forks.get_mut(index) {
                fork.dialog.learn(&response.headers);
            }
            self.report(head, core, response, index);
        }
        Some(State::Calling(self))
    }

    /// Outcomes of PRACK and UPDATE.
    pub(super) fn handle_side(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        upcall: Upcall,
        response: Option<&Response>,
    ) -> Next {
        if matches!(upcall.outcome, Outcome::Provisional | Outcome::Another) {
            return Some(State::Calling(self));
        }
        let status = status_of(&upcall.outcome, response);
        let tag = response.and_then(|response| response.headers.to_tag()).unwrap_or_default();
        let index = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag);
        let fork = index.and_then(|index| self.forks.get_mut(index));
        if let (Outcome::Final(outgoing), Some(response), Some(fork)) = (upcall.outcome, response, fork) {
            if answer_challenge(now, head, core, &mut fork.dialog, (upcall.owner, outgoing), response) {
                return Some(State::Calling(self));
            }
            if response.is_success() && matches!(upcall.owner, Owner::Update(_)) {
                fork.dialog.learn(&response.headers);
            }
        }
        if matches!(upcall.owner, Owner::Update(_)) {
            for fork in &mut self.forks {
                fork.offering = false;
            }
            let sdp = response
                .filter(|response| response.is_success())
                .and_then(|response| sdp_of(&response.headers, &response.body));
            let result = sdp.ok_or(if status < 300 { 488 } else { status });
            core.events.push_back(Event::AnswerToOffer { session: head.id, result });
        }
        Some(State::Calling(self))
    }

    /// A request of a phone that has not answered yet.
    pub(super) fn handle_request(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        server: u64,
        request: &Request,
    ) -> Next {
        let tag = request.headers.from_tag().unwrap_or_default();
        let Some(index) = self.forks.iter().position(|fork| fork.dialog.remote_tag() == tag) else {
            core.reply(now, server, 481);
            return Some(State::Calling(self));
        };
        match request.method {
            Method::UPDATE => {
                let sdp = sdp_of(&request.headers, &request.body);
                let fork = &mut self.forks[index];
                match sdp {
                    _ if self.theirs.is_some() => core.reply_busy(now, server),
                    Some(_) if fork.offering => core.reply(now, server, 491),
                    Some(sdp) => {
                        fork.dialog.learn(&request.headers);
                        let until = now.mono + core.out.pace.give_up;
                        let theirs = Theirs { server, invite: false, delayed: false, until };
                        self.theirs = Some((theirs, index));
                        core.events.push_back(Event::Offer { session: head.id, sdp: Some(sdp) });
                    }
                    None => {
                        fork.dialog.learn(&request.headers);
                        core.reply_with(now, server, 200, &[(header::CONTACT, head.contact.clone())]);
                    }
                }
            }
            // RFC 3261 section 15 forbids a callee this BYE, and some send it: it means no.
            Method::BYE => {
                core.reply(now, server, 200);
                let hangup =
                    Hangup { text: "the callee sent BYE before it answered".to_owned(), ..Hangup::default() };
                return self.quit(now, core, Quit { by: By::Peer, hangup });
            }
            _ => answer_other(now, head, core, server, request),
        }
        Some(State::Calling(self))
    }

    /// Offers new media before the answer: UPDATE in the one early dialog that allows it.
    pub(crate) fn offer(&mut self, now: Now, head: &mut Head, core: &mut Core, sdp: &Bytes) {
        let early = self.forks.iter_mut().rfind(|fork| fork.dialog.allows_update && !fork.offering);
        let Some(fork) = early.filter(|fork| fork.rseq.is_some() && self.theirs.is_none()) else {
            // Without a reliable answer the first exchange is still open (RFC 3311 section 5.1).
            core.events.push_back(Event::AnswerToOffer { session: head.id, result: Err(491) });
            return;
        };
        fork.offering = true;
        let mut request = fork.dialog.request(Method::UPDATE);
        request.headers.push(header::CONTACT, head.contact.as_str());
        with_sdp(&mut request.headers, &mut request.body, sdp);
        let outgoing = Outgoing { request, flow: fork.dialog.flow() };
        core.request(now, outgoing, Owner::Update(head.id), head.auth.as_mut());
    }

    /// Answers their UPDATE.
    pub(crate) fn answer(&mut self, now: Now, head: &Head, core: &mut Core, answer: Result<Bytes, u16>) {
        if let Some((theirs, _)) = self.theirs.take() {
            core.answer_offer(now, head, theirs.server, answer, None);
        }
    }
}
