//! The media plane of a simulated world: real sessions, no sockets, no files.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{Now, Rng};
use crate::media::{Command, Event, Groups, Outgoing, Recording, Session, SessionId};

/// The other end and the bytes.
type Packet = (SocketAddr, Vec<u8>);

/// Sound of one recording that is kept: 120 s.
const MAX_TAPE: usize = 120 * 8_000;

struct Seat {
    session: Session,
    addr: SocketAddr,
    recording: Option<PathBuf>,
    frames: u64,
    /// Left and right of the recording, where they are kept.
    tape: (Vec<i16>, Vec<i16>),
    closed: bool,
    wire: Vec<(SocketAddr, Vec<u8>)>,
}

/// Every open session.
pub(super) struct Seats {
    seats: BTreeMap<SessionId, Seat>,
    groups: Groups,
    /// Recordings that are finished, left and right, where they are kept.
    pub tapes: BTreeMap<PathBuf, (Vec<i16>, Vec<i16>)>,
    /// Part of the packets that get lost.
    pub loss: f64,
    next_port: u16,
    next_phone: u16,
    rng: Rng,
}

impl Seats {
    pub fn new(rng: Rng) -> Self {
        Seats {
            seats: BTreeMap::new(),
            groups: Groups::default(),
            tapes: BTreeMap::new(),
            loss: 0.0,
            next_port: 20_000,
            next_phone: 40_000,
            rng,
        }
    }

    pub fn next_phone_addr(&mut self) -> SocketAddr {
        self.next_phone += 2;
        SocketAddr::from(([10, 0, 2, 1], self.next_phone))
    }

    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// An order; what is answered at once is given back.
    pub fn order(&mut self, now: Now, id: SessionId, command: Command) -> Option<Event> {
        match command {
            Command::Open { timeout } => {
                self.next_port += 2;
                let addr = SocketAddr::from(([10, 0, 0, 9], self.next_port));
                let session = Session::new(now.mono, timeout, &mut self.rng);
                let seat = Seat {
                    session,
                    addr,
                    recording: None,
                    frames: 0,
                    tape: Default::default(),
                    closed: false,
                    wire: Vec::new(),
                };
                self.seats.insert(id, seat);
                return Some(Event::Opened(addr));
            }
            Command::Record { path } => {
                if let Some(seat) = self.seats.get_mut(&id) {
                    seat.recording = Some(path);
                }
            }
            command => {
                let seat = self.seats.get_mut(&id).expect("orders go to open sessions");
                self.groups.note(&seat.session, &command);
                seat.session.handle_command(now.mono, command);
            }
        }
        None
    }

    /// A packet for the session at `to`.
    pub fn receive(&mut self, to: SocketAddr, from: SocketAddr, packet: Vec<u8>) {
        if self.loss > 0.0 && self.rng.chance(self.loss) {
            return;
        }
        if let Some(seat) = self.seats.values_mut().find(|s| s.addr == to) {
            seat.wire.push((from, packet));
        }
    }

    /// 20 ms: packets for the phones, events for the engine.
    /// Keeps the sound of recordings if `keep` is set.
    pub fn tick(&mut self, now: Now, keep: bool) -> (Vec<Packet>, Vec<(SessionId, Event)>) {
        let (mut packets, mut events) = (Vec::new(), Vec::new());
        let mut out = Outgoing::new();
        for (id, seat) in &mut self.seats {
            for (from, packet) in seat.wire.drain(..) {
                seat.session.handle_rtp(now.mono, from, &packet);
            }
            let group = self.groups.of(&mut seat.session);
            seat.session.tick_in(now, group, &mut out);
            if let Some((to, packet)) = out.rtp() {
                packets.push((to, packet.to_vec()));
            }
            if seat.recording.is_some() {
                seat.frames += 1;
                if keep && seat.tape.0.len() < MAX_TAPE {
                    seat.tape.0.extend(out.tap.left);
                    seat.tape.1.extend(out.tap.right);
                }
            }
            while let Some(event) = seat.session.poll_event() {
                if let (Event::Closed { .. }, Some(path)) = (&event, &seat.recording) {
                    self.tapes.insert(path.clone(), std::mem::take(&mut seat.tape));
                }
                events.push((*id, seat.finish(event)));
            }
        }
        self.seats.retain(|_, seat| !seat.closed);
        (packets, events)
    }
}

impl Seat {
    /// What a recorder adds to the end of a session.
    fn finish(&mut self, event: Event) -> Event {
        let Event::Closed { quality, .. } = event else { return event };
        self.closed = true;
        let recording = self.recording.take().map(|path| recorded(path, self.frames));
        Event::Closed { recording, quality }
    }
}

/// What a recorder tells of a file of so many frames of 20 ms.
pub fn recorded(path: PathBuf, frames: u64) -> Recording {
    Recording {
        path,
        duration: Duration::from_millis(frames * 20),
        sha256: "0".repeat(64),
        left_dbfs: -20.0,
        right_dbfs: -20.0,
        missing_frames: 0,
    }
}
