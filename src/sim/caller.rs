//! A simulated customer who calls us, and what a phone does in a call by itself: hold,
//! resume, transfer.

use std::net::SocketAddr;

use super::dialog::Dialog;
use super::phone::{Phone, Stage};
use super::sdp::{self, Agreed};
use super::{Behaviour, Person};
use crate::base::{Mono, Now, Rng};
use crate::sip::{ClientAuth, Message, Method, NameAddr, Request, Response, header};

/// How somebody calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calling {
    /// The From header without its tag: `"Anna" <sip:13900000000@a.example>`; empty: the caller's
    /// number.
    pub from: String,
    /// The INVITE has no offer: ours comes in the 200, the answer in the ACK (RFC 3261 section 13.2.1).
    pub late_offer: bool,
    /// Password, where the phone answers a challenge.
    pub password: Option<String>,
    /// Further header fields of the INVITE.
    pub fields: Vec<(String, String)>,
    /// Name of the phone in the world, where it is not the caller's number: its second line.
    pub line: Option<String>,
}

/// A call that a phone has placed and nobody has answered.
pub(super) struct Placed {
    invite: Request,
    tag: String,
    late_offer: bool,
    local_rtp: SocketAddr,
    /// CSeq number of the INVITE.
    seq: u32,
    /// Tag of the other side, from a provisional response.
    theirs: String,
    /// For a challenge, which is answered once.
    auth: Option<ClientAuth>,
}

impl Phone {
    /// Calls `number`; the person speaks and reacts as one who was called does.
    pub fn place(
        now: Now,
        (number, caller): (&str, &str),
        how: &Calling,
        person: Person,
        (local_sip, local_rtp): (SocketAddr, SocketAddr),
        mut rng: Rng,
    ) -> Phone {
        let (call_id, tag, branch) = (rng.hex(16), rng.hex(12), rng.hex(12));
        let late_offer = how.late_offer;
        let sdp = if late_offer { String::new() } else { sdp::answer(&Agreed::offer(), local_rtp, 1) };
        let kind = if late_offer { "" } else { "Content-Type: application/sdp\r\n" };
        let own = format!("<sip:{caller}@{local_sip}>");
        let from = if how.from.is_empty() { &own } else { &how.from };
        let further: String = how.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = format!(
            "INVITE sip:{number}@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP {local_sip};branch=z9hG4bK{branch}\r\n\
             From: {from};tag={tag}\r\nTo: <sip:{number}@10.0.0.9>\r\nCall-ID: {call_id}\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:{local_sip}>\r\nMax-Forwards: 70\r\n{further}\
             {kind}Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        let Ok(Message::Request(invite)) = Message::parse(text.as_bytes()) else {
            unreachable!("the text is a request")
        };
        let auth = how.password.as_ref().map(|password| ClientAuth::new(caller, password, None));
        let dialog = Dialog::new(invite.clone(), local_sip, &mut rng);
        let behaviour = Behaviour::Answers(person);
        let mut phone = Phone::with(now, behaviour, dialog, local_rtp, Agreed::offer(), &mut rng);
        let placed = Placed { invite, tag, late_offer, local_rtp, seq: 1, theirs: String::new(), auth };
        phone.set_stage(Stage::Placing(Box::new(placed)));
        phone.say(text.into_bytes());
        phone
    }

    /// A response to the INVITE that was placed: 2xx begins the talk, any other final
    /// response ends the call.
    pub(super) fn handle_placed(&mut self, now: Mono, mut placed: Box<Placed>, response: &Response) {
        let of_invite = response.headers.cseq().is_some_and(|cseq| cseq.method == Method::INVITE);
        if of_invite && response.status > 100 {
            self.told.push(response.status.to_string());
        }
        if response.is_provisional() && of_invite {
            placed.theirs = response.headers.to_tag().unwrap_or_default();
        }
        if response.is_provisional() || !of_invite {
            return self.set_stage(Stage::Placing(placed));
        }
        let agreed = sdp::read(&response.body).filter(|_| response.is_success());
        self.acknowledge(&placed, response, agreed.as_ref());
        if matches!(response.status, 401 | 407) && self.answer_challenge(&mut placed, response) {
            return self.set_stage(Stage::Placing(placed));
        }
        let Placed { invite, tag, seq, .. } = *placed;
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
        self.talk_in(now, theirs, (tag, seq + 1), agreed);
    }

    fn acknowledge(&mut self, placed: &Placed, response: &Response, agreed: Option<&Agreed>) {
        let mut ack = self.beside(placed, Method::ACK);
        ack.headers.copy_from(&response.headers, header::TO);
        if let Some(agreed) = agreed.filter(|_| placed.late_offer) {
            ack.headers.push(header::CONTENT_TYPE, "application/sdp");
            ack.body = sdp::answer(agreed, placed.local_rtp, 1).into_bytes();
        }
        self.say(Message::from(ack).to_bytes());
    }

    /// A request that belongs to the INVITE's own transaction.
    fn beside(&self, placed: &Placed, method: Method) -> Request {
        let mut request = Request::new(method.clone(), placed.invite.uri.clone());
        for name in [header::VIA, header::FROM, header::CALL_ID, header::MAX_FORWARDS] {
            request.headers.copy_from(&placed.invite.headers, name);
        }
        request.headers.push(header::CSEQ, format!("{} {method}", placed.seq));
        request
    }

    /// Sends the INVITE again with credentials; false where there are none that would do.
    fn answer_challenge(&mut self, placed: &mut Placed, challenge: &Response) -> bool {
        let Some(auth) = &mut placed.auth else { return false };
        if auth.handle_challenge(challenge).is_err() {
            return false;
        }
        placed.seq += 1;
        let headers = &mut placed.invite.headers;
        headers.set(header::CSEQ, format!("{} INVITE", placed.seq));
        let via = headers.get(header::VIA).unwrap_or_default().replace("z9hG4bK", "z9hG4bKagain");
        headers.set(header::VIA, via);
        let mut again = placed.invite.clone();
        auth.apply(&mut again, &mut self.rng);
        self.say(Message::from(again).to_bytes());
        true
    }

    /// The value of a Replaces header for its dialog (RFC 3891).
    pub fn replaces(&self) -> String {
        match &self.stage {
            Stage::Placing(placed) => {
                format!("{};to-tag={};from-tag={}", self.call_id(), placed.theirs, placed.tag)
            }
            _ => self.dialog.replaces(),
        }
    }

    /// The handset is put down before anybody answered (RFC 3261 section 9.1).
    pub(super) fn give_up(&mut self) {
        let Stage::Placing(placed) = &self.stage else { return };
        let mut cancel = self.beside(placed, Method::CANCEL);
        cancel.headers.copy_from(&placed.invite.headers, header::TO);
        self.say(Message::from(cancel).to_bytes());
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

    /// Wants the other side to go on with whom this phone has on another line (RFC 5589).
    pub fn refer_to_line(&mut self, now: Now, extension: &str, replaces: &str) {
        let escaped = replaces.replace('@', "%40").replace(';', "%3B").replace('=', "%3D");
        self.refer(now, &format!("sip:{extension}@10.0.0.9?Replaces={escaped}"));
    }

    /// Wants the other side to go on with somebody else (RFC 3515).
    pub fn refer(&mut self, now: Now, to: &str) {
        self.request(now.mono, Method::REFER, &[(header::REFER_TO, format!("<{to}>"))], None);
    }
}
