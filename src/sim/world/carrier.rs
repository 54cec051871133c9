//! The simulated carrier: trunks that ring phones.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{Books, Delivery, TrunkMood, World, trunk_addr};
use crate::base::Now;
use crate::sim::{self, Calling, Person, Phone};
use crate::sip::endpoint::Transmit;
use crate::sip::{Message, Request};

/// One phone in a call.
pub(super) struct Line {
    pub trunk: usize,
    /// Who is called, or who called us.
    pub number: String,
    pub phone: Phone,
    /// It is off the net: nothing reaches it, and nothing comes from it.
    pub gone: bool,
    pub rtp: SocketAddr,
}

impl<B: Books> World<B> {
    /// Somebody calls this number of ours over a trunk, without an offer.
    pub fn call_in(&mut self, index: usize, number: &str) {
        let id = self.rng.hex(8);
        let invite = format!(
            "INVITE sip:{number}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.1.{0}:5060;branch=z9hG4bK{id}\r\n\
             From: <sip:13900000000@a.example>;tag={id}\r\nTo: <sip:{number}@127.0.0.1>\r\nCall-ID: {id}\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:10.0.1.{0}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            index + 1
        );
        self.say(index, invite.into_bytes());
    }

    /// A customer calls this number of ours over a trunk; `caller` names their phone.
    pub fn place_call(&mut self, index: usize, number: &str, caller: &str, person: Person) {
        self.place_call_as(index, number, caller, &Calling::default(), person);
    }

    /// The same from whoever the INVITE says, perhaps with a password or further header fields.
    pub fn place_call_as(&mut self, index: usize, number: &str, caller: &str, how: &Calling, person: Person) {
        let (sip, rtp) = (trunk_addr(index), self.seats.next_phone_addr());
        let mut phone = Phone::place(self.now, (number, caller), how, person, (sip, rtp), self.rng.fork());
        if self.keep_audio {
            phone.keep_audio();
        }
        let key = phone.call_id();
        let number = how.line.clone().unwrap_or_else(|| caller.to_owned());
        self.lines.insert(key, Line { trunk: index, number, phone, gone: false, rtp });
        self.flush_phones();
    }

    /// The phone of this number or extension that is in a call, the latest of several.
    pub fn phone(&self, number: &str) -> Option<&Phone> {
        self.lines
            .values()
            .rfind(|line| line.number == number && !line.phone.has_ended())
            .map(|line| &line.phone)
    }

    /// What the phone on a line was told, also for some seconds after its call: see [`Phone::told`].
    pub fn told(&self, number: &str) -> Vec<String> {
        let line = self.lines.values().rfind(|line| line.number == number);
        line.map(|line| line.phone.told().to_vec()).unwrap_or_default()
    }

    /// Lets the phone of this number do something.
    pub fn at_phone(&mut self, number: &str, act: impl FnOnce(&mut Phone, Now)) {
        let now = self.now;
        let line = self.lines.values_mut().filter(|line| line.number == number && !line.phone.has_ended());
        if let Some(line) = line.last() {
            act(&mut line.phone, now);
        }
        self.flush_phones();
    }

    /// The phone of this number falls off the net, without a word.
    pub fn cut_off(&mut self, number: &str) {
        let lines = self.lines.values_mut().filter(|line| line.number == number);
        lines.for_each(|line| line.gone = true);
    }

    pub(super) fn transmit(&mut self, transmit: Transmit) {
        let index = match transmit.destination.addr {
            SocketAddr::V4(addr) => usize::from(addr.ip().octets()[3]).saturating_sub(1),
            SocketAddr::V6(_) => 0,
        };
        self.books.see_sip(self.now, "ringback", &format!("trunk{}", index + 1), &transmit.bytes);
        self.post(Delivery::Trunk(index, transmit.bytes));
    }

    pub(super) fn reach_trunk(&mut self, index: usize, bytes: &[u8]) {
        if self.moods.get(index) == Some(&TrunkMood::Silent) {
            return;
        }
        let message = Message::parse(bytes).expect("the daemon sends what can be read");
        let Some(call_id) = message.headers().get("Call-ID").map(|v| v.to_string()) else { return };
        if let Some(line) = self.lines.get_mut(&call_id) {
            if line.gone {
                return;
            }
            line.phone.handle_message(self.now, message);
        } else if let Message::Request(request) = message {
            self.new_request(index, call_id, request);
        }
        self.flush_phones();
    }

    fn new_request(&mut self, index: usize, call_id: String, request: Request) {
        let method = request.method.to_string();
        if method == "OPTIONS" || method == "REGISTER" {
            let mut answer = String::from("SIP/2.0 200 OK\r\n");
            for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
                let value = request.headers.get(name).map(|v| v.to_string()).unwrap_or_default();
                answer.push_str(&format!("{name}: {value}\r\n"));
            }
            if let Some(expires) = request.headers.get("Expires") {
                answer.push_str(&format!("Expires: {expires}\r\n"));
            }
            answer.push_str("Content-Length: 0\r\n\r\n");
            self.say(index, answer.into_bytes());
        } else if method == "INVITE" {
            let number = request.uri.user.clone().unwrap_or_default();
            let behaviour = self.books.behaviour(self.now, index, &number);
            let rtp = self.seats.next_phone_addr();
            let mut phone =
                Phone::ring(self.now, request, behaviour, trunk_addr(index), rtp, self.rng.fork());
            if self.keep_audio {
                phone.keep_audio();
            }
            self.lines.insert(call_id, Line { trunk: index, number, phone, gone: false, rtp });
        }
    }

    fn say(&mut self, index: usize, bytes: Vec<u8>) {
        self.books.see_sip(self.now, &format!("trunk{}", index + 1), "ringback", &bytes);
        self.post(Delivery::Home(trunk_addr(index), Bytes::from(bytes)));
    }

    fn flush_phones(&mut self) {
        let mut said = Vec::new();
        for line in self.lines.values_mut().filter(|line| !line.gone) {
            while let Some(output) = line.phone.poll_output() {
                match output {
                    sim::Output::Sip(bytes) => said.push((line.trunk, bytes)),
                    sim::Output::Rtp(to, packet) => self.seats.receive(to, line.rtp, packet),
                }
            }
        }
        for (index, bytes) in said {
            if self.moods.get(index) != Some(&TrunkMood::Silent) {
                self.say(index, bytes);
            }
        }
    }

    pub(super) fn tick_phones(&mut self) {
        for line in self.lines.values_mut().filter(|line| !line.gone) {
            line.phone.tick(self.now);
        }
        self.flush_phones();
        let now = self.now;
        for line in self.lines.values().filter(|line| line.phone.is_over(now)) {
            self.books.hung_up(&line.phone.heard().keys);
        }
        self.lines.retain(|_, line| !line.phone.is_over(now) && !line.gone);
    }
}
