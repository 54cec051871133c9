//! Somebody who calls the daemon: one INVITE, silence with some keys, and a BYE or CANCEL.
//! As simple as a caller can be, and without a state machine of the daemon's.

use std::net::SocketAddr;
use std::time::Duration;

use ringback::base::{Mono, Rng};
use ringback::media::rtp::RtpSender;
use ringback::media::telephone_event::EventSender;
use ringback::sip::{Message, Request, Response};

const GIVE_UP: Duration = Duration::from_secs(32);

struct Repeated {
    text: String,
    at: Mono,
    interval: Duration,
    until: Mono,
}

/// What a caller wants sent.
pub enum Out {
    Sip(String),
    Rtp(SocketAddr, Vec<u8>),
}

pub struct Caller {
    call_id: String,
    number: String,
    here: SocketAddr,
    rtp: SocketAddr,
    repeated: Option<Repeated>,
    /// Whether that is the INVITE, which a provisional response quiets.
    inviting: bool,
    remote_tag: String,
    media: Option<SocketAddr>,
    hang_up_at: Mono,
    cancels: bool,
    over_since: Option<Mono>,
    sender: RtpSender,
    keys: EventSender,
    press_at: Mono,
    pub pressed: String,
    pub answered: bool,
    out: Vec<Out>,
}

impl Caller {
    pub fn call(now: Mono, rng: &mut Rng, number: &str, here: SocketAddr, rtp: SocketAddr) -> Caller {
        let mut caller = Caller {
            call_id: format!("in-{}", rng.hex(16)),
            number: number.to_owned(),
            here,
            rtp,
            repeated: None,
            inviting: true,
            remote_tag: String::new(),
            media: None,
            hang_up_at: now + Duration::from_millis(rng.below(25_000)),
            cancels: rng.chance(0.2),
            over_since: None,
            sender: RtpSender::new(rng),
            keys: EventSender::default(),
            press_at: now + Duration::from_millis(2_000 + rng.below(4_000)),
            pressed: String::new(),
            answered: false,
            out: Vec::new(),
        };
        if caller.cancels {
            caller.hang_up_at = now + Duration::from_millis(rng.below(300));
        }
        let port = rtp.port();
        let ip = rtp.ip();
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
             a=rtpmap:101 telephone-event/8000\r\n"
        );
        let text = caller.request("INVITE", 1, &sdp);
        caller.repeat(now, text);
        caller
    }

    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    pub fn rtp(&self) -> SocketAddr {
        self.rtp
    }

    pub fn is_over(&self, now: Mono) -> bool {
        self.over_since.is_some_and(|at| now.since(at) > GIVE_UP)
    }

    pub fn take_output(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.out)
    }

    fn request(&self, method: &str, cseq: u32, body: &str) -> String {
        let tag =
            if self.remote_tag.is_empty() { String::new() } else { format!(";tag={}", self.remote_tag) };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        // ACK to a 2xx is a transaction of its own; CANCEL and other ACKs share the INVITE's.
        let branch = match method {
            "BYE" => "bye".to_owned(),
            "ACK" if self.answered => "ack".to_owned(),
            _ => "inv".to_owned(),
        };
        format!(
            "{method} sip:4008001234@10.0.0.9:5060 SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{branch}{id}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{ip}>;tag=c{id}\r\nTo: <sip:4008001234@10.0.0.9>{tag}\r\n\
             Call-ID: {id}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{number}@{here}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len(),
            here = self.here,
            ip = self.here.ip(),
            id = self.call_id,
            number = self.number,
        )
    }

    fn repeat(&mut self, now: Mono, text: String) {
        self.out.push(Out::Sip(text.clone()));
        let interval = Duration::from_millis(500);
        self.repeated = Some(Repeated { text, at: now + interval, interval, until: now + GIVE_UP });
    }

    /// 20 ms have passed.
    pub fn tick(&mut self, now: Mono) {
        if let Some(repeated) = &mut self.repeated {
            if now >= repeated.until {
                self.repeated = None;
                self.over_since.get_or_insert(now);
            } else if now >= repeated.at {
                repeated.interval = (repeated.interval * 2).min(Duration::from_secs(4));
                repeated.at = now + repeated.interval;
                self.out.push(Out::Sip(repeated.text.clone()));
            }
        }
        if self.over_since.is_some() {
            return;
        }
        if now >= self.hang_up_at {
            self.hang_up(now);
        }
        self.talk(now);
    }

    fn hang_up(&mut self, now: Mono) {
        if self.answered {
            let bye = self.request("BYE", 2, "");
            self.repeat(now, bye);
            self.over_since = Some(now);
        } else if self.cancels && self.media.is_none() && !self.inviting {
            let cancel = self.request("CANCEL", 1, "");
            self.repeat(now, cancel);
            self.hang_up_at = now + GIVE_UP;
        }
    }

    fn talk(&mut self, now: Mono) {
        let Some(to) = self.media.filter(|_| self.answered) else { return };
        if now >= self.press_at {
            self.press_at = now + Duration::from_secs(5);
            self.pressed.push('1');
            self.keys.press('1', 100).expect("the queue holds 64 keys");
        }
        let mut buffer = [0; 256];
        if self.keys.is_busy() {
            for event in self.keys.frame(self.sender.timestamp()) {
                let len = self.sender.event(101, event.marker, event.timestamp, &event.payload, &mut buffer);
                self.out.push(Out::Rtp(to, buffer[..len].to_vec()));
            }
            self.sender.skip(160);
        } else {
            let len = self.sender.audio(8, &[0xD5; 160], &mut buffer);
            self.out.push(Out::Rtp(to, buffer[..len].to_vec()));
        }
    }

    /// A message of this call.
    pub fn handle(&mut self, now: Mono, message: &Message) {
        match message {
            Message::Request(request) => self.handle_request(now, request),
            Message::Response(response) => self.handle_response(now, response),
        }
    }

    fn handle_request(&mut self, now: Mono, request: &Request) {
        let method = request.method.to_string();
        if method == "ACK" {
            return;
        }
        let response = Message::from(request.respond(200, None)).to_bytes();
        self.out.push(Out::Sip(String::from_utf8(response).expect("SIP is text here")));
        if method == "BYE" {
            self.over_since.get_or_insert(now);
        }
    }

    fn handle_response(&mut self, now: Mono, response: &Response) {
        let method = response.headers.cseq().map(|c| c.method.to_string()).unwrap_or_default();
        match (method.as_str(), response.status) {
            ("INVITE", 100..200) if std::mem::take(&mut self.inviting) => self.repeated = None,
            ("INVITE", 100..200) => {}
            ("INVITE", 200..300) => {
                self.remote_tag = response.headers.to_tag().unwrap_or_default();
                let first = !std::mem::replace(&mut self.answered, true);
                let ack = self.request("ACK", 1, "");
                self.out.push(Out::Sip(ack));
                if first && self.over_since.is_none() {
                    self.inviting = false;
                    self.repeated = None;
                    self.media = media_of(&response.body);
                    // Who had given up and is answered all the same hangs up.
                    if self.cancels {
                        self.hang_up_at = now;
                    }
                }
            }
            ("INVITE", _) => {
                self.remote_tag = response.headers.to_tag().unwrap_or_default();
                let ack = self.request("ACK", 1, "");
                self.out.push(Out::Sip(ack));
                self.repeated = None;
                self.over_since.get_or_insert(now);
            }
            ("BYE", 200..700) => {
                self.repeated = None;
                self.over_since.get_or_insert(now);
            }
            ("CANCEL", 200..700) => self.repeated = None,
            _ => {}
        }
    }
}

fn media_of(sdp: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(sdp).ok()?;
    let port = text.lines().find_map(|l| l.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok())?;
    let ip = text.lines().find_map(|l| l.strip_prefix("c=IN IP4 ")?.trim().parse().ok())?;
    Some(SocketAddr::new(ip, port))
}
