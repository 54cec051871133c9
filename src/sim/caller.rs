//! A simulated customer who calls us, and what a phone does in a call by itself: hold,
//! resume, transfer.

use std::net::SocketAddr;

use super::dialog::Dialog;
use super::phone::{Phone, Stage};
use super::sdp::{self, Agreed};
use super::{Behaviour, Person};
use crate::base::{Mono, Now, Rng};
use crate::sip::{Message, Method, NameAddr, Request, Response, header};

/// How somebody calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calling {
    /// The From header without its tag: `"Anna" <sip:13900000000@a.example>`.
    pub from: String,
    /// The INVITE has no offer: ours comes in the 200, the answer in the ACK (RFC 3261 section 13.2.1).
    pub late_offer: bool,
}

/// A call that a phone has placed and nobody has answered.
pub(super) struct Placed {
    invite: Request,
    tag: String,
    late_offer: bool,
    local_rtp: SocketAddr,
}

impl Phone {
    /// Calls `number`; the person speaks and reacts as one who was called does.
    pub fn place(
        now: Now,
        number: &str,
        calling: &Calling,
        person: Person,
        (local_sip, local_rtp): (SocketAddr, SocketAddr),
        mut rng: Rng,
    ) -> Phone {
        let (call_id, tag, branch) = (rng.hex(16), rng.hex(12), rng.hex(12));
        let Calling { from, late_offer } = calling.clone();
        let sdp = if late_offer { String::new() } else { sdp::answer(&Agreed::offer(), local_rtp, 1) };
        let kind = if late_offer { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "INVITE sip:{number}@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP {local_sip};branch=z9hG4bK{branch}\r\n\
             From: {from};tag={tag}\r\nTo: <sip:{number}@10.0.0.9>\r\nCall-ID: {call_id}\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:{local_sip}>\r\nMax-Forwards: 70\r\n\
             {kind}Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        let Ok(Message::Request(invite)) = Message::parse(text.as_bytes()) else {
            unreachable!("the text is a request")
        };
        let dialog = Dialog::new(invite.clone(), local_sip, &mut rng);
        let behaviour = Behaviour::Answers(person);
        let mut phone = Phone::with(now, behaviour, dialog, local_rtp, Agreed::offer(), &mut rng);
        phone.set_stage(Stage::Placing(Box::new(Placed { invite, tag, late_offer, local_rtp })));
        phone.say(text.into_bytes());
        phone
    }

    /// A response to the INVITE that was placed: 2xx begins the talk, any other final
    /// response ends the call.
    pub(super) fn handle_placed(&mut self, now: Mono, placed: Box<Placed>, response: &Response) {
        if response.is_provisional() {
            return self.set_stage(Stage::Placing(placed));
        }
        let Placed { invite, tag, late_offer, local_rtp } = *placed;
        let mut ack = Request::new(Method::ACK, invite.uri.clone());
        for name in [header::VIA, header::FROM, header::CALL_ID, header::MAX_FORWARDS] {
            ack.headers.copy_from(&invite.headers, name);
        }
        ack.headers.copy_from(&response.headers, header::TO);
        ack.headers.push(header::CSEQ, "1 ACK");
        let agreed = sdp::read(&response.body).filter(|_| response.is_success());
        if let Some(agreed) = agreed.as_ref().filter(|_| late_offer) {
            ack.headers.push(header::CONTENT_TYPE, "application/sdp");
            ack.body = sdp::answer(agreed, local_rtp, 1).into_bytes();
        }
        self.say(Message::from(ack).to_bytes());
        let Some(agreed) = agreed else { return self.set_stage(Stage::Over { since: now }) };
        // The other side as if it had called: what is sent in the dialog is made from that.
        let mut theirs = Request::new(Method::INVITE, invite.uri.clone());
        for name in [header::CONTACT, header::CALL_ID, header::RECORD_ROUTE] {
            theirs.headers.copy_from(&response.headers, name);
        }
        let to = response.headers.to().map(|to| to.to_string()).unwrap_or_default();
        let from = invite.headers.from().map(|from| NameAddr::new(from.uri).to_string()).unwrap_or_default();
        theirs.headers.push(header::FROM, to);
        theirs.headers.push(header::TO, from);
        theirs.headers.push(header::CSEQ, "0 INVITE");
        self.talk_in(now, theirs, tag, agreed);
    }

    /// Puts the other side on hold, or takes it back (RFC 3264 section 8.4).
    pub fn hold(&mut self, now: Now, hold: bool) {
        let sdp = self.offer_again(hold);
        self.request(now.mono, Method::INVITE, &[], Some(("application/sdp", sdp)));
    }

    /// Presses keys at this moment, by event where that was agreed.
    pub fn press_now(&mut self, keys: &str) {
        let inband = self.agreed.event_payload_type.is_none();
        keys.chars().for_each(|key| self.mouth.press(key, inband));
    }

    /// Wants the other side to go on with somebody else (RFC 3515).
    pub fn refer(&mut self, now: Now, to: &str) {
        self.request(now.mono, Method::REFER, &[(header::REFER_TO, format!("<{to}>"))], None);
    }
}
