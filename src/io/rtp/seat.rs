//! One session with its sockets and its files: what a worker does with it at each tick.

use std::net::{IpAddr, SocketAddr};

use socket2::SockAddr;

use super::clock;
use super::counters::Counters;
use super::flow::Flow;
use super::prefetch::prefetch;
use super::ring::Ring;
use super::socket::{self, BATCH, Batch, Pair};
use super::tie::{Change, Tie};
use crate::base::{Mono, Now};
use crate::io::recorder::Track;
use crate::media::{FRAME_SAMPLES, Groups, Outgoing, Session, SessionId, TapFrame};

/// Ticks between two looks at the RTCP socket: a report is due every 5 s and its arrival is
/// stamped by the kernel.
const RTCP_EVERY: u8 = 25;

/// Full batches read from one socket per tick, 32 datagrams: a flood on one port takes no
/// more time than that from the other calls; the kernel drops the rest.
const MAX_BATCHES: usize = 8;

/// A session at its worker.
pub(super) struct Seat {
    pub id: SessionId,
    pub session: Session,
    pub sockets: Pair,
    pub recording: Option<Track>,
    pub comment: Option<Track>,
    /// The peer's address in the kernel's form, made once per change.
    rtp_peer: Option<(SocketAddr, SockAddr)>,
    last_tick: Option<Mono>,
    until_rtcp: u8,
    flow: Flow,
    tie: Tie,
    /// The address of ours to which the last datagram came, where that is asked.
    came_to: Option<IpAddr>,
}

/// What a worker lends to the seat that it serves.
pub(super) struct Bench {
    batch: Box<Batch<BATCH>>,
    /// None: each datagram is a system call.
    ring: Option<Ring>,
    pub out: Box<Outgoing>,
    pub counts: Counters,
    /// Wall clock to monotonic clock, for the stamps of arriving packets.
    pub stamp_offset_ns: i64,
}

impl Bench {
    /// For the calling thread. Without `ring`, or where the kernel has none, each datagram is
    /// a system call.
    pub fn new(ring: bool) -> Bench {
        Bench {
            batch: Batch::new(),
            ring: if ring { Ring::new().ok() } else { None },
            out: Box::new(Outgoing::new()),
            counts: Counters::default(),
            stamp_offset_ns: clock::stamp_offset_ns(clock::monotonic()),
        }
    }

    /// Takes one datagram of each of the seats of which one is expected; `seats` are at most
    /// [`super::ring::PLACES`], by their places.
    pub fn receive_ahead<'a>(&mut self, seats: impl Iterator<Item = &'a Seat>) {
        let Some(ring) = &mut self.ring else { return };
        let even = seats.enumerate().filter(|(_, seat)| seat.flow.most() == 1);
        let done = ring.receive(even.map(|(place, seat)| (place, &seat.sockets.rtp)));
        self.keep_ring(done);
    }

    /// Sends what the ticks of these seats have left with the ring.
    pub fn send_rest(&mut self, seats: &mut [(SessionId, Box<Seat>)]) {
        let Bench { ring: Some(ring), counts, .. } = self else { return };
        let done = ring.send(|place| {
            counts.packets_sent -= 1;
            counts.sends_failed += 1;
            if let Some((_, seat)) = seats.get_mut(place) {
                seat.untie();
            }
        });
        self.keep_ring(done);
    }

    /// A ring that fails is never used again. It is not freed either, because the kernel may
    /// still write to what it was given.
    fn keep_ring(&mut self, done: std::io::Result<()>) {
        if let Err(e) = done {
            tracing::warn!("io_uring failed ({e}); every datagram is a system call from now on");
            std::mem::forget(self.ring.take());
        }
    }
}

impl Seat {
    pub fn new(id: SessionId, session: Session, sockets: Pair) -> Seat {
        // Looks at RTCP are spread over the sessions.
        let until_rtcp = (id.0 % u64::from(RTCP_EVERY)) as u8;
        Seat {
            id,
            session,
            sockets,
            recording: None,
            comment: None,
            rtp_peer: None,
            last_tick: None,
            until_rtcp,
            flow: Flow::default(),
            tie: Tie::default(),
            came_to: None,
        }
    }

    /// One tick: take what came, let the session work, send, feed the files. `place` is that of
    /// [`Bench::receive_ahead`].
    pub fn tick(&mut self, place: usize, now: Now, groups: &mut Groups, bench: &mut Bench) {
        bench.counts.ticks += 1;
        if let Some(last) = self.last_tick.replace(now.mono) {
            bench.counts.worst_gap_us =
                bench.counts.worst_gap_us.max(now.mono.since(last).as_micros() as u64);
        }
        self.receive(place, now, bench);
        let group = groups.of(&mut self.session);
        self.session.tick_in(now, group, &mut bench.out);
        self.send(Some(place), bench);
        if let Some(track) = &mut self.recording {
            let TapFrame { left, right } = &bench.out.tap;
            track.write_stereo(left, right);
        }
        if let Some(track) = self.comment.as_mut().filter(|_| bench.out.comment) {
            track.write_mono(&bench.out.tap.right);
        }
    }

    /// Asks for the memory behind pointers that the next tick will write.
    pub fn prefetch_buffers(&mut self, groups: &Groups) {
        groups.frames(&self.session).for_each(prefetch);
        if let Some(track) = &mut self.recording {
            prefetch(track.next_frame());
        }
    }

    /// A tick that was left out: time passes without a packet.
    pub fn skip(&mut self, bench: &mut Bench) {
        bench.counts.ticks_skipped += 1;
        self.session.skip();
        if let Some(track) = &mut self.recording {
            track.lose(FRAME_SAMPLES);
        }
    }

    /// The session's last words after `Close`.
    pub fn finish(&mut self, now: Now, bench: &mut Bench) {
        self.session.tick(now, &mut bench.out);
        self.send(None, bench);
    }

    fn receive(&mut self, place: usize, now: Now, bench: &mut Bench) {
        let total = match bench.ring.as_ref().and_then(|ring| Some((ring, ring.came(place)?))) {
            Some((ring, came)) => {
                if let Some(datagram) = ring.datagram(place, now.mono, bench.stamp_offset_ns).filter(|_| came)
                {
                    if self.asks_destination(datagram.1) {
                        self.came_to = ring.destination(place).or(self.came_to);
                    }
                    self.take(datagram, bench.stamp_offset_ns);
                }
                usize::from(came)
            }
            None => self.receive_all(now, bench),
        };
        bench.counts.packets_received += total as u64;
        self.flow.note(total);
        let change = self.tie.tick(self.session.settled(), total);
        self.follow(change);
        if self.until_rtcp > 0 {
            self.until_rtcp -= 1;
            return;
        }
        self.until_rtcp = RTCP_EVERY - 1;
        let count = bench.batch.receive(&self.sockets.rtcp, BATCH);
        for n in 0..count {
            if let Some((bytes, from, at)) = bench.batch.datagram(n, now.mono, bench.stamp_offset_ns) {
                self.session.handle_rtcp(clock::both(at, bench.stamp_offset_ns), from, bytes);
            }
        }
    }

    /// Reads the RTP socket until it is dry, or has no more than was expected.
    fn receive_all(&mut self, now: Now, bench: &mut Bench) -> usize {
        let most = self.flow.most();
        let mut total = 0;
        for _ in 0..MAX_BATCHES {
            let count = bench.batch.receive(&self.sockets.rtp, most);
            total += count;
            for n in 0..count {
                if let Some(datagram) = bench.batch.datagram(n, now.mono, bench.stamp_offset_ns) {
                    if self.asks_destination(datagram.1) {
                        self.came_to = bench.batch.destination(n).or(self.came_to);
                    }
                    self.take(datagram, bench.stamp_offset_ns);
                }
            }
            if !Batch::<BATCH>::is_full(count) {
                break;
            }
        }
        total
    }

    /// Whether it matters to which address of ours a packet of that peer came.
    fn asks_destination(&self, from: SocketAddr) -> bool {
        self.sockets.asks_destination() && self.session.settled() == Some(from)
    }

    fn take(&mut self, (bytes, from, at): (&[u8], SocketAddr, Mono), stamp_offset_ns: i64) {
        if self.session.is_control(bytes) {
            self.session.handle_rtcp(clock::both(at, stamp_offset_ns), from, bytes);
        } else {
            self.session.handle_rtp(at, from, bytes);
        }
    }

    fn follow(&mut self, change: Option<Change>) {
        match change {
            Some(Change::Tie(peer)) if !self.sockets.tie(&SockAddr::from(peer), self.came_to) => {
                self.untie();
            }
            Some(Change::Untie) => self.sockets.untie(),
            _ => {}
        }
    }

    fn untie(&mut self) {
        let change = self.tie.fail();
        self.follow(change);
    }

    /// Sends what the session gave: at once, or with others of the ring where it has a place.
    fn send(&mut self, place: Option<usize>, bench: &mut Bench) {
        let out = &bench.out;
        if let Some((to, packet)) = out.rtp() {
            if self.rtp_peer.as_ref().is_none_or(|(peer, _)| *peer != to) {
                self.rtp_peer = Some((to, SockAddr::from(to)));
            }
            let address = self.rtp_peer.as_ref().map(|(_, address)| address);
            let address = address.filter(|_| !self.tie.holds(to));
            let sent = match (&mut bench.ring, place) {
                (Some(ring), Some(place)) => {
                    ring.post(place, &self.sockets.rtp, packet, address);
                    true
                }
                _ => socket::send(&self.sockets.rtp, packet, address),
            };
            bench.counts.packets_sent += u64::from(sent);
            bench.counts.sends_failed += u64::from(!sent);
            if !sent {
                self.untie();
            }
        }
        let out = &bench.out;
        if let Some((to, packet)) = out.rtcp() {
            let socket = if out.is_muxed() { &self.sockets.rtp } else { &self.sockets.rtcp };
            socket::send(socket, packet, Some(&SockAddr::from(to)));
        }
    }
}
