//! REFER: the peer wants somebody else to have the call (RFC 3515), and what it is told of it.
//!
//! ```text
//! peer: REFER -> 202, NOTIFY 100 (sipfrag) ... NOTIFY 200 or what the attempt came to
//! ```
//! Our side answers each REFER at once and tells its outcome once.

use crate::base::Now;
use crate::sip::endpoint::Event;
use crate::sip::header::{self, NameAddr};
use crate::sip::message::{Method, Request};
use crate::sip::transaction::{Outgoing, Owner};

use super::Head;
use super::call_offer::describe;
use super::confirmed::Confirmed;
use super::core::Core;

/// Seconds for which the peer may wait for the outcome: the longest ringing and a margin.
const EXPIRES: u32 = 300;

/// A REFER that was taken, or is about to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Referral {
    /// Its transaction, until it is answered.
    server: Option<u64>,
    /// Its CSeq number names the subscription (RFC 3515 section 2.4.6).
    seq: u32,
}

impl Confirmed {
    pub(super) fn handle_refer(
        &mut self,
        now: Now,
        head: &Head,
        core: &mut Core,
        server: u64,
        request: &Request,
    ) {
        let target = request.headers.get(header::REFER_TO).and_then(NameAddr::parse);
        let seq = request.headers.cseq().map_or(0, |cseq| cseq.number);
        match target {
            // Section 2.4.2: without one target there is nothing to be done.
            None => core.reply(now, server, 400),
            Some(_) if self.referral.is_some() => core.reply(now, server, 491),
            Some(target) => {
                self.referral = Some(Referral { server: Some(server), seq });
                core.events.push_back(Event::Refer { session: head.id, refer_to: target.uri });
            }
        }
    }

    /// Our side's answer to [`Event::Refer`]: 202, or a status that refuses.
    pub(crate) fn answer_refer(
        &mut self,
        now: Now,
        head: &mut Head,
        core: &mut Core,
        answer: Result<(), u16>,
    ) {
        let Some(server) = self.referral.as_mut().and_then(|referral| referral.server.take()) else { return };
        if let Err(status) = answer {
            self.referral = None;
            return core.reply(now, server, status);
        }
        if let Some(request) = core.servers.request(server) {
            let mut response = request.respond(202, None);
            describe(&mut response, head, None);
            core.respond(now, server, response);
        }
        self.notify(now, head, core, "100 Trying", &format!("active;expires={EXPIRES}"));
    }

    /// What the attempt came to, once.
    pub(crate) fn refer_done(&mut self, now: Now, head: &mut Head, core: &mut Core, status: u16) {
        if self.referral.is_some_and(|referral| referral.server.is_none()) {
            let line = format!("{status} {}", crate::sip::message::reason_phrase(status));
            self.notify(now, head, core, &line, "terminated;reason=noresource");
            self.referral = None;
        }
    }

    fn notify(&mut self, now: Now, head: &mut Head, core: &mut Core, status: &str, state: &str) {
        let Some(referral) = self.referral else { return };
        let mut request = self.dialog.request(Method::NOTIFY);
        request.headers.push(header::CONTACT, head.contact.as_str());
        request.headers.push(header::EVENT, format!("refer;id={}", referral.seq));
        request.headers.push(header::SUBSCRIPTION_STATE, state);
        request.headers.push(header::CONTENT_TYPE, "message/sipfrag;version=2.0");
        request.body = format!("SIP/2.0 {status}\r\n").into_bytes();
        let outgoing = Outgoing { request, flow: self.dialog.flow() };
        core.request(now, outgoing, Owner::Notify(head.id), head.auth.as_mut());
    }
}
