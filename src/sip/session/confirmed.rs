//! An answered call.

use std::time::Duration;

use bytes::Bytes;

use crate::base::{Mono, Now};
use crate::sip::endpoint::{By, End, Event, Hangup};
use crate::sip::header::Headers;
use crate::sip::message::Request;
use crate::sip::transaction::Flow;

use super::core::{Core, end};
use super::referral::Referral;
use super::refresh::SessionTimer;
use super::{Closing, Dialog, Head, Next, State, Theirs, fault, soonest};

/// A 2xx of ours that waits for its ACK and is sent again until then (RFC 3261 section
/// 13.3.1.4).
#[derive(Debug)]
pub(super) struct Unacked {
    pub seq: u32,
    pub flow: Flow,
    pub bytes: Bytes,
    pub resend: Mono,
    pub interval: Duration,
    pub until: Mono,
    /// The 2xx carried our offer: the ACK brings the answer.
    pub offered: bool,
    /// It answered the INVITE that made the session.
    pub first: bool,
}

/// An offer of ours that waits for its answer.
#[derive(Debug)]
pub(super) struct Ours {
    pub sdp: Option<Bytes>,
    /// It only refreshes the session timer.
    pub refresh: bool,
    /// How often it met 491.
    pub glares: u8,
}

/// Their 2xx had an offer: our ACK waits for our answer.
#[derive(Debug)]
pub(super) struct AckDue {
    pub client: u64,
    pub ack: Box<Request>,
    pub until: Mono,
}

/// The 2xx to our INVITE.
pub(super) struct Answer {
    pub client: u64,
    pub ack: Request,
    pub sdp: Option<Bytes>,
    pub fork: u32,
    pub theirs: Option<Theirs>,
}

/// A call that is up.
#[derive(Debug)]
pub(crate) struct Confirmed {
    pub(super) dialog: Dialog,
    pub(super) unacked: Option<Unacked>,
    pub(super) ack_due: Option<AckDue>,
    pub(super) ours: Option<Ours>,
    /// Our offer again after 491, and when.
    pub(super) retry: Option<(Mono, Ours)>,
    /// An offer that waits until the exchange that runs is over.
    pub(super) waiting: Option<Bytes>,
    pub(super) theirs: Option<Theirs>,
    pub(super) timer: Option<SessionTimer>,
    pub(super) min_se: u32,
    /// Their REFER of which they have not heard the outcome.
    pub(super) referral: Option<Referral>,
    /// Hung up by us before the ACK came.
    pub(super) quit: Option<Hangup>,
    pub(super) give_up: Mono,
    /// We sent the INVITE, so the Call-ID is ours (RFC 3261 section 14.1).
    pub(super) caller: bool,
    /// The last description we gave, for refreshes by re-INVITE.
    pub(super) local_sdp: Option<Bytes>,
    pub(super) remote_sdp: Option<Bytes>,
}

impl Confirmed {
    pub(super) fn new(now: Now, core: &Core, dialog: Dialog, caller: bool) -> Self {
        Confirmed {
            dialog,
            unacked: None,
            ack_due: None,
            ours: None,
            retry: None,
            waiting: None,
            theirs: None,
            timer: None,
            referral: None,
            min_se: core.settings.min_se.max(90),
            quit: None,
            give_up: now.mono + core.settings.call_limit,
            caller,
            local_sdp: None,
            remote_sdp: None,
        }
    }

    /// Our INVITE was answered: ACK at once, or after `answer` where their 2xx has the offer.
    pub(super) fn from_answer(
        now: Now,
        head: &mut Head,
        core: &mut Core,
        dialog: Dialog,
        answer: Answer,
        offer: Option<Bytes>,
        headers: &Headers,
    ) -> Next {
        let mut call = Confirmed::new(now, core, dialog, true);
        call.timer = SessionTimer::from_response(now, headers);
        call.theirs = answer.theirs;
        let is_offer = offer.is_none() && answer.sdp.is_some();
        call.local_sdp = offer;
        call.remote_sdp.clone_from(&answer.sdp);
        if is_offer {
            let until = now.mono + core.out.pace.give_up;
            call.ack_due = Some(AckDue { client: answer.client, ack: Box::new(answer.ack), until });
        } else {
            let flow = call.dialog.flow();
            core.acknowledge(now, answer.client, call.dialog.remote_tag(), Some(head.id), answer.ack, flow);
        }
        core.events.push_back(Event::Answered {
            session: head.id,
            sdp: answer.sdp,
            fork: answer.fork,
            is_offer,
        });
        Some(State::Confirmed(Box::new(call)))
    }

    pub(super) fn next_timeout(&self) -> Option<Mono> {
        soonest(&[
            Some(self.give_up),
            self.unacked.as_ref().map(|unacked| unacked.resend.min(unacked.until)),
            self.ack_due.as_ref().map(|due| due.until),
            self.retry.as_ref().map(|(at, _)| *at),
            self.theirs.map(|theirs| theirs.until),
            self.timer.and_then(|timer| timer.refresh_at),
            self.timer.map(|timer| timer.expire_at),
        ])
    }

    pub(super) fn handle_timeout(mut self: Box<Self>, now: Now, head: &mut Head, core: &mut Core) -> Next {
        let due = |at: Option<Mono>| at.is_some_and(|at| at <= now.mono);
        if due(self.unacked.as_ref().map(|unacked| unacked.until)) {
            let hangup = Hangup { status: 408, q850: 102, text: "no ACK".to_owned() };
            return self.close(now, head, core, fault(408, "the peer never acknowledged our 200"), &hangup);
        }
        if due(self.ack_due.as_ref().map(|due| due.until)) {
            let hangup = Hangup { status: 500, q850: 0, text: "no answer to the offer".to_owned() };
            return self.close(
                now,
                head,
                core,
                fault(500, "no answer was made to the peer's offer"),
                &hangup,
            );
        }
        if due(self.timer.map(|timer| timer.expire_at)) {
            let hangup = Hangup { status: 408, q850: 102, text: "session timer expired".to_owned() };
            return self.close(now, head, core, fault(408, "the session timer expired"), &hangup);
        }
        if due(Some(self.give_up)) {
            let hangup = Hangup { status: 0, q850: 16, text: "longest call reached".to_owned() };
            return self.close(
                now,
                head,
                core,
                fault(200, "the call reached the longest time allowed"),
                &hangup,
            );
        }
        if let Some(unacked) = self.unacked.as_mut().filter(|unacked| unacked.resend <= now.mono) {
            unacked.interval = (unacked.interval * 2).min(core.out.pace.t2);
            unacked.resend = now.mono + unacked.interval;
            let (flow, bytes) = (unacked.flow.clone(), unacked.bytes.clone());
            core.out.send(now, Some(head.id), &flow, bytes);
        }
        if let Some(theirs) = self.theirs.take_if(|theirs| theirs.until <= now.mono) {
            core.reply(now, theirs.server, 500);
        }
        if let Some((_, ours)) = self.retry.take_if(|(at, _)| *at <= now.mono) {
            self.send_offer(now, head, core, ours);
        }
        if due(self.timer.and_then(|timer| timer.refresh_at)) {
            self.refresh(now, head, core);
        }
        Some(State::Confirmed(self))
    }

    /// Hangs up: BYE. A callee waits for the ACK first (RFC 3261 section 15).
    pub(super) fn hangup(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        why: Hangup,
    ) -> Next {
        if self.unacked.as_ref().is_some_and(|unacked| unacked.first) {
            self.quit.get_or_insert(why);
            return Some(State::Confirmed(self));
        }
        let end = ours_end(&why);
        self.close(now, head, core, end, &why)
    }

    /// Sends BYE and settles what is open.
    pub(super) fn close(
        mut self: Box<Self>,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        end: End,
        why: &Hangup,
    ) -> Next {
        if let Some(theirs) = self.theirs.take() {
            core.reply(now, theirs.server, 487);
        }
        if let Some(due) = self.ack_due.take() {
            let flow = self.dialog.flow();
            core.acknowledge(now, due.client, self.dialog.remote_tag(), Some(head.id), *due.ack, flow);
        }
        Closing::start(now, head, core, self.dialog, end, why, true)
    }
}

/// The end of a call that we hang up.
pub(super) fn ours_end(why: &Hangup) -> End {
    let mut end = end(By::Us, 200, why.text.clone());
    if why.q850 != 0 {
        end.cause.q850 = why.q850;
    }
    end
}
