//! The trunk's thread.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::line::Line;
use super::{Counters, MAX_CALLS};
use crate::base::Rng;
use crate::io::clock::Clock;
use crate::sim::Mix;
use crate::sip::message::MAX_MESSAGE;
use crate::sip::{Message, Method, Request, header};

const TICK: Duration = Duration::from_millis(20);
/// Later than this, the ticks that were missed are left out.
const MAX_LAG: Duration = Duration::from_millis(200);
/// The shortest wait the kernel is asked for; zero would be for ever.
const MIN_WAIT: Duration = Duration::from_micros(500);

pub(super) struct Trunk {
    socket: UdpSocket,
    mix: Mix,
    rng: Rng,
    counters: Arc<Counters>,
    stop: Arc<AtomicBool>,
    clock: Clock,
    lines: BTreeMap<String, Line>,
}

impl Trunk {
    pub fn new(
        socket: UdpSocket,
        mix: Mix,
        rng: Rng,
        counters: Arc<Counters>,
        stop: Arc<AtomicBool>,
    ) -> Trunk {
        Trunk { socket, mix, rng, counters, stop, clock: Clock::start(), lines: BTreeMap::new() }
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
        let Message::Request(request) = message else { return };
        if request.method == Method::INVITE && request.headers.to_tag().is_none() {
            self.ring(call_id, request, peer);
        } else if request.method != Method::ACK {
            self.answer(&request, peer);
        }
    }

    fn ring(&mut self, call_id: String, invite: Request, peer: SocketAddr) {
        if self.lines.len() >= MAX_CALLS {
            self.respond(&invite, 503, peer);
            return;
        }
        let number = invite.uri.user_unescaped().unwrap_or_default();
        let behaviour = self.mix.behaviour(&number);
        let rng = self.rng.fork();
        match Line::ring(self.clock.now(), invite.clone(), behaviour, &self.socket, peer, rng) {
            Ok(line) => {
                self.counters.calls.fetch_add(1, Ordering::Relaxed);
                self.lines.insert(call_id, line);
                self.count_current();
            }
            Err(error) => {
                tracing::warn!(%error, "the demo trunk has no socket for a call");
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
        // Lost responses are asked for again.
        let _ = self.socket.send_to(&Message::from(response).to_bytes(), peer);
    }
}
