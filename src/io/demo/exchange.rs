//! Phones on real sockets: one thread, one SIP socket for all, one RTP socket for each call.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::line::{Line, Placing};
use super::{Counters, MAX_CALLS};
use crate::base::{Now, Rng};
use crate::io::clock::Clock;
use crate::sim::Behaviour;
use crate::sip::message::MAX_MESSAGE;
use crate::sip::{Message, Method, Request, Response, header};

const TICK: Duration = Duration::from_millis(20);
/// Later than this, the ticks that were missed are left out.
const MAX_LAG: Duration = Duration::from_millis(200);
/// The shortest wait the kernel is asked for; zero would be for ever.
const MIN_WAIT: Duration = Duration::from_micros(500);

/// Whose phones they are.
pub(super) trait Party: Send + 'static {
    /// Who answers when `number` is called.
    fn answers(&mut self, number: &str, rng: &mut Rng) -> Behaviour;

    /// What they do at this moment by themselves. `calls` of theirs are up.
    fn begin(&mut self, now: Now, calls: usize, at: SocketAddr, rng: &mut Rng) -> Begun;

    /// A response to a request that [`Party::begin`] sent outside of calls.
    fn handle_response(&mut self, now: Now, response: &Response, rng: &mut Rng)
    -> Vec<(SocketAddr, Vec<u8>)>;
}

/// What a party begins.
#[derive(Default)]
pub(super) struct Begun {
    /// Requests outside of calls, and where they go.
    pub requests: Vec<(SocketAddr, Vec<u8>)>,
    /// A call.
    pub call: Option<Placing>,
}

pub(super) struct Exchange<P> {
    socket: UdpSocket,
    at: SocketAddr,
    party: P,
    rng: Rng,
    counters: Arc<Counters>,
    stop: Arc<AtomicBool>,
    clock: Clock,
    lines: BTreeMap<String, Line>,
}

impl<P: Party> Exchange<P> {
    pub fn new(
        (socket, at): (UdpSocket, SocketAddr),
        party: P,
        rng: Rng,
        counters: Arc<Counters>,
        stop: Arc<AtomicBool>,
    ) -> Exchange<P> {
        Exchange { socket, at, party, rng, counters, stop, clock: Clock::start(), lines: BTreeMap::new() }
    }

    pub fn run(mut self) {
        let mut buffer = vec![0; MAX_MESSAGE];
        let mut next = self.clock.mono() + TICK;
        while !self.stop.load(Ordering::Relaxed) {
            let wait = next.since(self.clock.mono()).max(MIN_WAIT);
            // The timeout is never zero, the only value that is refused.
            let _ = self.socket.set_read_timeout(Some(wait));
            if let Ok((len, peer)) = self.socket.recv_from(&mut buffer) {
                self.receive(&buffer[..len], peer);
            }
            let now = self.clock.mono();
            if now >= next {
                self.tick();
                next = next + TICK;
                if now.since(next) > MAX_LAG {
                    next = now + TICK;
                }
            }
        }
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        let mut packets = 0;
        for line in self.lines.values_mut() {
            packets += line.tick(now, &self.socket);
        }
        self.lines.retain(|_, line| !line.is_over(now));
        self.counters.rtp_packets.fetch_add(packets, Ordering::Relaxed);
        let placed = self.lines.values().filter(|line| line.is_current() && line.is_placed()).count();
        let begun = self.party.begin(now, placed, self.at, &mut self.rng);
        self.send(&begun.requests);
        if let Some(call) = begun.call.filter(|_| self.lines.len() < MAX_CALLS) {
            match Line::place(now, call, &self.socket, self.at, self.rng.fork()) {
                Ok(line) => drop(self.lines.insert(line.call_id(), line)),
                Err(error) => tracing::warn!(%error, "there is no socket for a simulated call"),
            }
        }
        self.count_current();
    }

    fn count_current(&self) {
        let current = self.lines.values().filter(|line| line.is_current()).count();
        self.counters.current.store(current as u64, Ordering::Relaxed);
    }

    fn receive(&mut self, bytes: &[u8], peer: SocketAddr) {
        let Ok(message) = Message::parse(bytes) else {
            self.counters.malformed.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let now = self.clock.now();
        let call_id = message.headers().call_id().unwrap_or_default().to_owned();
        if let Some(line) = self.lines.get_mut(&call_id) {
            line.handle_message(now, message, &self.socket);
            return;
        }
        match message {
            Message::Request(request)
                if request.method == Method::INVITE && request.headers.to_tag().is_none() =>
            {
                self.ring(call_id, request, peer);
            }
            Message::Request(request) if request.method != Method::ACK => self.answer(&request, peer),
            Message::Request(_) => {}
            Message::Response(response) => {
                let further = self.party.handle_response(now, &response, &mut self.rng);
                self.send(&further);
            }
        }
    }

    fn ring(&mut self, call_id: String, invite: Request, peer: SocketAddr) {
        if self.lines.len() >= MAX_CALLS {
            self.respond(&invite, 503, peer);
            return;
        }
        let number = invite.uri.user_unescaped().unwrap_or_default();
        let behaviour = self.party.answers(&number, &mut self.rng);
        let rng = self.rng.fork();
        match Line::ring(self.clock.now(), invite.clone(), behaviour, (&self.socket, self.at), peer, rng) {
            Ok(line) => {
                self.counters.calls.fetch_add(1, Ordering::Relaxed);
                self.lines.insert(call_id, line);
                self.count_current();
            }
            Err(error) => {
                tracing::warn!(%error, "there is no socket for a simulated call");
                self.respond(&invite, 503, peer);
            }
        }
    }

    /// Requests outside a call: OPTIONS and REGISTER are fine, others are about calls that are gone.
    fn answer(&self, request: &Request, peer: SocketAddr) {
        let status = if [Method::OPTIONS, Method::REGISTER].contains(&request.method) { 200 } else { 481 };
        self.respond(request, status, peer);
    }

    fn respond(&self, request: &Request, status: u16, peer: SocketAddr) {
        let mut response = request.respond(status, Some("demo"));
        if request.method == Method::REGISTER {
            response.headers.copy_from(&request.headers, header::CONTACT);
            response.headers.copy_from(&request.headers, header::EXPIRES);
        }
        self.send(&[(peer, Message::from(response).to_bytes())]);
    }

    /// What the kernel does not take is lost, as on any network; whoever misses it asks again.
    fn send(&self, messages: &[(SocketAddr, Vec<u8>)]) {
        for (to, bytes) in messages {
            let _ = self.socket.send_to(bytes, to);
        }
    }
}
