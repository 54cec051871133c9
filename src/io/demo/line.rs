//! One call: a phone and its RTP socket.

use std::net::{SocketAddr, UdpSocket};

use crate::base::{Now, Rng};
use crate::media::rtp::MAX_PACKET;
use crate::sim::{Behaviour, Calling, Output, Person, Phone};
use crate::sip::{Message, Request};

/// Packets read from one call in one tick: 20 ms bring one or two; a burst is read in turns.
const MAX_READ: usize = 16;

/// A call that somebody places.
pub(super) struct Placing {
    /// Whom they call, and where that is reached.
    pub number: String,
    /// Signalling address that the INVITE goes to.
    pub to: SocketAddr,
    /// Their own number.
    pub caller: String,
    /// What they do.
    pub person: Person,
}

/// A phone that is connected to the world.
pub(super) struct Line {
    phone: Phone,
    rtp: UdpSocket,
    peer: SocketAddr,
    placed: bool,
}

impl Line {
    pub fn ring(
        now: Now,
        invite: Request,
        behaviour: Behaviour,
        (sip, at): (&UdpSocket, SocketAddr),
        peer: SocketAddr,
        rng: Rng,
    ) -> std::io::Result<Line> {
        let (rtp, local) = rtp_socket()?;
        let phone = Phone::ring(now, invite, behaviour, at, local, rng);
        let mut line = Line { phone, rtp, peer, placed: false };
        line.send(sip);
        Ok(line)
    }

    pub fn place(
        now: Now,
        call: Placing,
        sip: &UdpSocket,
        at: SocketAddr,
        rng: Rng,
    ) -> std::io::Result<Line> {
        let (rtp, local) = rtp_socket()?;
        let parties = (call.number.as_str(), call.caller.as_str());
        let phone = Phone::place(now, parties, &Calling::default(), call.person, (at, local), rng);
        let mut line = Line { phone, rtp, peer: call.to, placed: true };
        line.send(sip);
        Ok(line)
    }

    pub fn handle_message(&mut self, now: Now, message: Message, sip: &UdpSocket) {
        self.phone.handle_message(now, message);
        self.send(sip);
    }

    /// Hears what came, then lives for 20 ms. Gives the number of packets that came.
    pub fn tick(&mut self, now: Now, sip: &UdpSocket) -> u64 {
        let mut buffer = [0; MAX_PACKET];
        let mut packets = 0;
        for _ in 0..MAX_READ {
            let Ok((len, _)) = self.rtp.recv_from(&mut buffer) else { break };
            self.phone.handle_rtp(&buffer[..len]);
            packets += 1;
        }
        self.phone.tick(now);
        self.send(sip);
        packets
    }

    /// Call-ID.
    pub fn call_id(&self) -> String {
        self.phone.call_id()
    }

    /// Ringing or up.
    pub fn is_current(&self) -> bool {
        !self.phone.has_ended()
    }

    /// Whether the phone called, and was not called.
    pub fn is_placed(&self) -> bool {
        self.placed
    }

    pub fn is_over(&self, now: Now) -> bool {
        self.phone.is_over(now)
    }

    /// A packet that the kernel does not take is lost, as on any network.
    fn send(&mut self, sip: &UdpSocket) {
        while let Some(output) = self.phone.poll_output() {
            let _ = match output {
                Output::Sip(bytes) => sip.send_to(&bytes, self.peer),
                Output::Rtp(to, bytes) => self.rtp.send_to(&bytes, to),
            };
        }
    }
}

fn rtp_socket() -> std::io::Result<(UdpSocket, SocketAddr)> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.set_nonblocking(true)?;
    let at = socket.local_addr()?;
    Ok((socket, at))
}
