//! One endpoint, a clock moved by hand, and the other side's pen.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::{Now, Rng};
use crate::sip::endpoint::*;
use crate::sip::message::Message;
use crate::sip::{Destination, Transport};

pub const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
pub const ANSWER: &str =
    "v=0\r\no=- 2 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n";
pub const HELD: &str = "v=0\r\no=- 2 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\na=sendonly\r\n";

/// A message that the endpoint sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub ms: u64,
    pub text: String,
    pub to: SocketAddr,
    pub connection: Option<u64>,
    message: Message,
}

impl Sent {
    pub fn get(&self, name: &str) -> &str {
        self.message.headers().get(name).unwrap_or_else(|| panic!("no {name} in\n{}", self.text))
    }

    pub fn has(&self, name: &str) -> bool {
        self.message.headers().contains(name)
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        self.message.headers().list(name).map(str::to_owned).collect()
    }

    pub fn body(&self) -> &str {
        std::str::from_utf8(self.message.body()).unwrap()
    }

    /// `INVITE sip:x` or `SIP/2.0 200 OK`.
    pub fn line(&self) -> &str {
        self.text.lines().next().unwrap()
    }

    pub fn branch(&self) -> String {
        self.message.headers().via().unwrap().branch().unwrap().to_owned()
    }

    pub fn sender_tag(&self) -> String {
        self.message.headers().from_tag().unwrap()
    }

    pub fn to_tag(&self) -> String {
        self.message.headers().to_tag().unwrap()
    }

    /// A response to this request: `tag` goes into To where it has none.
    pub fn reply(&self, status: &str, tag: &str, fields: &str, body: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for via in self.message.headers().all("Via") {
            text += &format!("Via: {via}\r\n");
        }
        let to = self.get("To");
        let tag = if tag.is_empty() || to.contains("tag=") { String::new() } else { format!(";tag={tag}") };
        text += &format!("From: {}\r\nTo: {to}{tag}\r\n", self.get("From"));
        text += &format!("Call-ID: {}\r\nCSeq: {}\r\n", self.get("Call-ID"), self.get("CSeq"));
        ended(text + fields, body)
    }

    /// The answer of a phone at 192.0.2.9.
    pub fn reply_sdp(&self, status: &str, tag: &str, fields: &str) -> String {
        let contact = "Contact: <sip:phone@192.0.2.9:5062>\r\nContent-Type: application/sdp\r\n";
        self.reply(status, tag, &format!("{contact}{fields}"), ANSWER)
    }
}

fn ended(mut text: String, body: &str) -> String {
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    text
}

pub struct Desk {
    pub ua: Endpoint,
    pub now: Now,
    pub log: Vec<Sent>,
    peer: SocketAddr,
}

pub fn trunk() -> Destination {
    Destination {
        transport: Transport::Udp,
        addr: SocketAddr::from(([192, 0, 2, 9], 5060)),
        server_name: "trunk.example".to_owned(),
    }
}

pub fn invitation() -> Invite {
    Invite {
        destination: trunk(),
        request_uri: "sip:13800000001@trunk.example".to_owned(),
        from: "<sip:4008000000@ringback.example>".to_owned(),
        to: "<sip:13800000001@trunk.example>".to_owned(),
        contact_user: "ringback".to_owned(),
        headers: vec![("P-Asserted-Identity".to_owned(), "<sip:4008000000@ringback.example>".to_owned())],
        route: Vec::new(),
        offer: Some(Bytes::from_static(OFFER.as_bytes())),
        auth: None,
        redirect: Redirect::Refuse,
        second_offer: None,
        require_100rel: false,
        connection: None,
    }
}

impl Desk {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(mut settings: Settings) -> Self {
        settings.advertised.udp = "192.0.2.1:5060".to_owned();
        settings.advertised.tcp = "192.0.2.1:5060".to_owned();
        let ua = Endpoint::new(settings, Rng::seeded(1));
        Desk { ua, now: Now::default(), log: Vec::new(), peer: trunk().addr }
    }

    /// A message of the trunk.
    pub fn receive(&mut self, text: &str) {
        self.receive_from(self.peer, text);
    }

    pub fn receive_from(&mut self, source: SocketAddr, text: &str) {
        let received =
            Received { transport: Transport::Udp, source, connection: None, bytes: text.as_bytes() };
        self.ua.handle_received(self.now, received);
    }

    /// Everything sent since the last look.
    pub fn sent(&mut self) -> Vec<Sent> {
        let mut all = Vec::new();
        while let Some(transmit) = self.ua.poll_transmit() {
            let message = Message::parse(&transmit.bytes).expect("our own messages can be read");
            let text = String::from_utf8(transmit.bytes.to_vec()).unwrap();
            let ms = self.now.mono.as_millis();
            let (to, connection) = (transmit.destination.addr, transmit.connection);
            all.push(Sent { ms, text, to, connection, message });
        }
        self.log.extend(all.iter().cloned());
        all
    }

    /// The one message sent since the last look; it begins with `expect`.
    pub fn one(&mut self, expect: &str) -> Sent {
        let sent = self.sent();
        let lines: Vec<&str> = sent.iter().map(Sent::line).collect();
        assert!(sent.len() == 1 && sent[0].text.starts_with(expect), "expected {expect}, sent {lines:?}");
        sent.into_iter().next().unwrap()
    }

    pub fn quiet(&mut self) {
        let lines: Vec<String> = self.sent().iter().map(|sent| sent.line().to_owned()).collect();
        assert!(lines.is_empty(), "expected silence, sent {lines:?}");
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.ua.poll_event()).collect()
    }

    /// Events in short words, for comparing.
    pub fn news(&mut self) -> Vec<String> {
        self.events().iter().map(word).collect()
    }

    /// Moves the clock, stopping at each deadline. What is sent goes to the returned list.
    pub fn run(&mut self, ms: u64) -> Vec<Sent> {
        let end = self.now.after(Duration::from_millis(ms));
        let mut all = self.sent();
        while let Some(at) = self.ua.next_timeout().filter(|at| *at <= end.mono) {
            self.now = self.now.after(at.since(self.now.mono));
            self.ua.handle_timeout(self.now);
            all.extend(self.sent());
        }
        self.now = end;
        all
    }

    /// An answered outbound call: INVITE, 200, ACK.
    pub fn answered_call(&mut self, fields: &str) -> (SessionId, Sent, Sent) {
        let session = self.ua.invite(self.now, invitation());
        let invite = self.one("INVITE");
        self.receive(&invite.reply_sdp("200 OK", "phone", fields));
        let ack = self.one("ACK");
        assert_eq!(self.news(), ["answered 0"]);
        (session, invite, ack)
    }

    /// An inbound INVITE with an offer: the session and the 100.
    pub fn incoming(&mut self, fields: &str) -> SessionId {
        let invite = request_of_caller("INVITE", 1, "", &format!("{SDP_TYPE}{fields}"), ANSWER);
        self.receive(&invite);
        self.one("SIP/2.0 100");
        let events = self.events();
        let [Event::Incoming(call)] = &events[..] else { panic!("{events:?}") };
        call.session
    }

    /// An inbound call that is up: the session and our 200.
    pub fn accepted_call(&mut self, fields: &str) -> (SessionId, Sent) {
        let session = self.incoming(fields);
        self.ua.accept(self.now, session, Bytes::from_static(OFFER.as_bytes()));
        let ok = self.one("SIP/2.0 200");
        self.receive(&request_of_caller("ACK", 1, &ok.to_tag(), "", ""));
        assert_eq!(self.news(), ["confirmed"]);
        (session, ok)
    }

    /// Nothing may stay behind.
    pub fn assert_empty(&mut self) {
        self.run(200_000);
        let held = self.ua.held();
        assert_eq!(held, Held { registrations: held.registrations, ..Held::default() });
    }
}

/// A request of the other side inside the dialog that `invite` (ours) made; its tag is `phone`.
pub fn request_of_callee(invite: &Sent, method: &str, seq: u32, fields: &str, body: &str) -> String {
    let text = format!(
        "{method} sip:ringback@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKpeer{method}{seq};rport\r\n\
         From: {};tag=phone\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {seq} {method}\r\nMax-Forwards: 70\r\n\
         Contact: <sip:phone@192.0.2.9:5062>\r\n{fields}",
        invite.get("To"),
        invite.get("From"),
        invite.get("Call-ID"),
    );
    ended(text, body)
}

/// A request of a caller at 192.0.2.9 with the tag `caller`; `to_tag` empty outside a dialog.
pub fn request_of_caller(method: &str, seq: u32, to_tag: &str, fields: &str, body: &str) -> String {
    // CANCEL and the ACK to a refusal name the INVITE by its branch.
    let branch = if matches!(method, "CANCEL") { format!("INVITE{seq}") } else { format!("{method}{seq}") };
    request_with_branch(method, seq, to_tag, &branch, fields, body)
}

pub fn request_with_branch(
    method: &str,
    seq: u32,
    to_tag: &str,
    branch: &str,
    fields: &str,
    body: &str,
) -> String {
    let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let text = format!(
        "{method} sip:4008000000@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKcaller{branch};rport\r\n\
         From: <sip:13800000001@trunk.example>;tag=caller\r\nTo: <sip:4008000000@ringback.example>{tag}\r\n\
         Call-ID: inbound-1\r\nCSeq: {seq} {method}\r\nMax-Forwards: 70\r\n\
         Contact: <sip:caller@192.0.2.9:5062>\r\n{fields}"
    );
    ended(text, body)
}

pub const SDP_TYPE: &str = "Content-Type: application/sdp\r\n";

/// A short word for an event.
pub fn word(event: &Event) -> String {
    let sdp = |sdp: &Option<Bytes>| if sdp.is_some() { " sdp" } else { "" };
    match event {
        Event::Provisional { status, sdp: body, fork, .. } => {
            format!("provisional {status}{} {fork}", sdp(body))
        }
        Event::Answered { fork, is_offer, .. } => {
            format!("answered {fork}{}", if *is_offer { " offer" } else { "" })
        }
        Event::Lost { end, .. } => format!("lost {} {:?}", end.cause.sip, end.by),
        Event::Failed { end, .. } => format!("failed {} {:?}", end.cause.sip, end.by),
        Event::Ended { end, .. } => format!("ended {} {:?}", end.cause.sip, end.by),
        Event::Incoming(call) => format!("incoming{}", sdp(&call.offer)),
        Event::Offer { sdp: body, .. } => format!("offer{}", sdp(body)),
        Event::AnswerToOffer { result: Ok(_), .. } => "answer sdp".to_owned(),
        Event::AnswerToOffer { result: Err(status), .. } => format!("answer {status}"),
        Event::Confirmed { sdp: body, .. } => format!("confirmed{}", sdp(body)),
        Event::Info { content_type, .. } => format!("info {content_type}"),
        Event::Refer { .. } => "refer".to_owned(),
        Event::Registered { expires, .. } => format!("registered {expires}"),
        Event::Unregistered { .. } => "unregistered".to_owned(),
        Event::RegistrationFailed { status, .. } => format!("registration failed {status}"),
        Event::Pong { status, .. } => format!("pong {status}"),
        Event::PingFailed { .. } => "ping failed".to_owned(),
        Event::Flood { .. } => "flood".to_owned(),
        Event::Presence(presence) => match presence.gone {
            Some(gone) => format!("{} has {}: {}", presence.user, presence.contacts, gone.as_str()),
            None => format!("{} has {}", presence.user, presence.contacts),
        },
        Event::Guarded(who) => format!("guarded {who}"),
    }
}
