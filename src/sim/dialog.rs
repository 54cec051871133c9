//! The phone's SIP side: as simple as a server can be. One INVITE, answered with
//! retransmissions until its ACK; BYE and INFO of its own, repeated until answered.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::{Mono, Rng};
use crate::sip::{Message, Method, NameAddr, Request, Response, Transport, Uri, Via, header};

/// RFC 3261 T1.
const T1: Duration = Duration::from_millis(500);
/// RFC 3261 T2: retransmissions come no further apart.
const T2: Duration = Duration::from_secs(4);
/// Retransmissions end after 64 T1.
const GIVE_UP: Duration = Duration::from_secs(32);
/// Requests of the phone's own that may wait for an answer: a BYE and a few INFO.
const MAX_OPEN: usize = 16;

/// Something sent again and again.
struct Repeated {
    bytes: Vec<u8>,
    at: Mono,
    interval: Duration,
    until: Mono,
    /// CSeq number that an ACK or response names.
    cseq: u32,
}

impl Repeated {
    fn new(now: Mono, bytes: Vec<u8>, cseq: u32) -> Self {
        Repeated { bytes, at: now + T1, interval: T1, until: now + GIVE_UP, cseq }
    }
}

/// One dialog from the side of the called phone.
pub(super) struct Dialog {
    invite: Request,
    tag: String,
    branch: String,
    local: SocketAddr,
    /// Number of our next request.
    cseq: u32,
    /// The last response to the INVITE, for its retransmissions.
    last: Vec<u8>,
    /// The final response that no ACK has come for.
    final_response: Option<Repeated>,
    open: Vec<Repeated>,
    out: Vec<Vec<u8>>,
}

impl Dialog {
    pub fn new(invite: Request, local: SocketAddr, rng: &mut Rng) -> Self {
        Dialog {
            invite,
            tag: rng.hex(12),
            branch: rng.hex(12),
            local,
            cseq: 1,
            last: Vec::new(),
            final_response: None,
            open: Vec::new(),
            out: Vec::new(),
        }
    }

    /// The dialog of a call that the phone placed itself with this tag; `invite` is written as
    /// if the other side had called.
    pub fn placed(invite: Request, local: SocketAddr, (tag, cseq): (String, u32), rng: &mut Rng) -> Self {
        let last = b"SIP/2.0 200 OK".to_vec();
        Dialog { tag, cseq, last, ..Dialog::new(invite, local, rng) }
    }

    /// Call-ID.
    pub fn call_id(&self) -> String {
        self.invite.headers.call_id().unwrap_or_default().to_owned()
    }

    /// The value of a Replaces header for this dialog, as the other side reads it (RFC 3891).
    pub fn replaces(&self) -> String {
        let theirs = self.invite.headers.from_tag().unwrap_or_default();
        format!("{};to-tag={theirs};from-tag={}", self.call_id(), self.tag)
    }

    /// Where the phone is.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Acknowledges a 2xx to a re-INVITE of ours.
    pub fn acknowledge_ours(&mut self, response: &Response) {
        let number = response.headers.cseq().map_or(0, |cseq| cseq.number);
        let mut ack = self.in_dialog(Method::ACK, number);
        ack.headers.set(header::MAX_FORWARDS, "70");
        self.out.push(Message::from(ack).to_bytes());
    }

    /// The messages to send.
    pub fn take_output(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.out)
    }

    pub fn offer(&self) -> &[u8] {
        &self.invite.body
    }

    /// Whether the INVITE still waits for a final response.
    pub fn invite_is_open(&self) -> bool {
        self.last.is_empty() || self.last.starts_with(b"SIP/2.0 1")
    }

    /// Whether every final response has its ACK and every request its answer.
    pub fn is_settled(&self) -> bool {
        self.final_response.is_none() && self.open.is_empty()
    }

    /// A provisional response to the INVITE.
    pub fn provisional(&mut self, status: u16, sdp: Option<&str>) {
        let tag = (status > 100).then(|| self.tag.clone());
        let response = self.invite.respond(status, tag.as_deref());
        self.answer_invite(response, sdp);
    }

    /// The final response to the INVITE, repeated until its ACK.
    pub fn finish(&mut self, now: Mono, status: u16, sdp: Option<&str>) {
        let mut response = self.invite.respond(status, Some(&self.tag));
        if status == 503 {
            response.headers.push(header::RETRY_AFTER, "5");
        }
        if (300..400).contains(&status) {
            response.headers.push(header::CONTACT, format!("<sip:moved@{}>", self.local));
        }
        self.answer_invite(response, sdp);
        let cseq = self.invite.headers.cseq().map_or(0, |c| c.number);
        self.final_response = Some(Repeated::new(now, self.last.clone(), cseq));
    }

    fn answer_invite(&mut self, mut response: Response, sdp: Option<&str>) {
        response.headers.copy_from(&self.invite.headers, header::RECORD_ROUTE);
        self.complete(&mut response, sdp);
        self.last = Message::from(response).to_bytes();
        self.out.push(self.last.clone());
    }

    fn complete(&self, response: &mut Response, sdp: Option<&str>) {
        if response.status > 100 && response.status < 300 {
            response.headers.set(header::CONTACT, format!("<sip:phone@{}>", self.local));
            response.headers.set(header::ALLOW, "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE");
        }
        if let Some(sdp) = sdp {
            response.headers.set(header::CONTENT_TYPE, "application/sdp");
            response.body = sdp.as_bytes().to_vec();
        }
    }

    /// Answers a request other than INVITE within the dialog.
    pub fn respond(&mut self, request: &Request, status: u16, sdp: Option<&str>) {
        let mut response = request.respond(status, Some(&self.tag));
        self.complete(&mut response, sdp);
        self.out.push(Message::from(response).to_bytes());
    }

    /// The INVITE came once more: the last response goes out once more.
    pub fn repeat(&mut self) {
        if !self.last.is_empty() {
            self.out.push(self.last.clone());
        }
    }

    /// Whether `request` is this dialog's INVITE again.
    pub fn is_retransmission(&self, request: &Request) -> bool {
        request.headers.cseq() == self.invite.headers.cseq()
    }

    /// A re-INVITE replaces the INVITE: the next response answers it.
    pub fn reinvite(&mut self, request: Request) {
        self.invite = request;
        self.last.clear();
    }

    pub fn acknowledge(&mut self, ack: &Request) -> bool {
        let number = ack.headers.cseq().map_or(0, |c| c.number);
        let matches = self.final_response.as_ref().is_some_and(|f| f.cseq == number);
        if matches {
            self.final_response = None;
        }
        matches
    }

    /// Sends a request within the dialog with these fields; repeated until answered. Gives its
    /// CSeq number.
    pub fn request(
        &mut self,
        now: Mono,
        method: Method,
        fields: &[(&'static str, String)],
        body: Option<(&str, String)>,
    ) -> u32 {
        let cseq = self.cseq;
        self.cseq += 1;
        let mut request = self.in_dialog(method, cseq);
        for (name, value) in fields {
            request.headers.push(*name, value.as_str());
        }
        if let Some((content_type, body)) = body {
            request = request.with_body(content_type, body);
        }
        let bytes = Message::from(request).to_bytes();
        self.out.push(bytes.clone());
        if self.open.len() < MAX_OPEN {
            self.open.push(Repeated::new(now, bytes, cseq));
        }
        cseq
    }

    fn in_dialog(&self, method: Method, cseq: u32) -> Request {
        let target = self.invite.headers.contact().map_or_else(|| self.invite.uri.clone(), |c| c.uri);
        let mut request = Request::new(method.clone(), target.as_request_uri());
        let host = Uri::sip("", &self.local.ip().to_string(), None).host;
        let branch = format!("z9hG4bK{}-{cseq}-{method}", self.branch);
        let via = Via::new(Transport::Udp, host, Some(self.local.port()), &branch);
        request.headers.push(header::VIA, via.to_string());
        for route in self.invite.headers.all(header::RECORD_ROUTE) {
            request.headers.push(header::ROUTE, route.to_owned());
        }
        request.headers.push(header::MAX_FORWARDS, "70");
        let from = self.invite.headers.to().map(|to| to.with_tag(&self.tag));
        request.headers.push(header::FROM, from.as_ref().map(NameAddr::to_string).unwrap_or_default());
        request
            .headers
            .push(header::TO, self.invite.headers.get(header::FROM).unwrap_or_default().to_owned());
        request.headers.push(header::CALL_ID, self.invite.headers.call_id().unwrap_or_default().to_owned());
        request.headers.push(header::CSEQ, format!("{cseq} {method}"));
        request.headers.push(header::CONTACT, format!("<sip:phone@{}>", self.local));
        request
    }

    /// Takes a response to a request of ours; gives its CSeq number if it is final.
    pub fn handle_response(&mut self, response: &Response) -> Option<u32> {
        let number = response.headers.cseq()?.number;
        if response.is_provisional() {
            return None;
        }
        let before = self.open.len();
        self.open.retain(|r| r.cseq != number);
        (self.open.len() < before).then_some(number)
    }

    /// Sends again what is due. False once something was given up.
    pub fn tick(&mut self, now: Mono) -> bool {
        let mut alive = true;
        for repeated in self.final_response.iter_mut().chain(&mut self.open) {
            if now >= repeated.until {
                alive = false;
            } else if now >= repeated.at {
                repeated.interval = (repeated.interval * 2).min(T2);
                repeated.at = now + repeated.interval;
                self.out.push(repeated.bytes.clone());
            }
        }
        alive
    }
}
