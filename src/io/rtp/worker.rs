//! A worker thread: its sessions on a wheel of slots, and the orders for them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError};

use super::clock;
use super::counters::Meter;
use super::pace::{Due, Pace, SLOTS};
use super::ports::Ports;
use super::post::Post;
use super::prefetch::prefetch;
use super::ring::PLACES;
use super::seat::{Bench, Seat};
use super::socket::Pair;
use crate::base::{Mono, Rng};
use crate::media::{Command, Event, Groups, Quality, Session, SessionId};

/// Orders taken in one turn, so that a burst of them delays no tick by more than about 2 ms.
const ORDERS_PER_TURN: usize = 64;

/// Ports tried for one session: another program may hold some of the range.
const BIND_TRIES: usize = 16;

/// After `stop`, how long the last events are offered to an engine that does not take them.
const STOP_WAIT: Duration = Duration::from_secs(35);

/// What comes through a worker's ring.
pub(super) enum Order {
    /// For one session.
    Command(SessionId, Command),
    /// Close everything and end.
    Stop,
}

/// A seat beside its id: looking one up reads a compact list, and a list that grows or
/// shrinks moves no seat.
type Place = (SessionId, Box<Seat>);

/// What a worker thread owns.
pub(super) struct Worker {
    address: IpAddr,
    ports: Ports,
    rng: Rng,
    wheel: [Vec<Place>; SLOTS],
    /// The slot of each session.
    slots: BTreeMap<SessionId, usize>,
    /// Sessions that are mixed.
    groups: Groups,
    bench: Bench,
    post: Post,
    meter: Arc<Meter>,
    stopping: bool,
}

impl Worker {
    /// For the calling thread. `ring`: io_uring is used where the kernel has it.
    pub fn new(address: IpAddr, ring: bool, ports: Ports, rng: Rng, post: Post, meter: Arc<Meter>) -> Worker {
        Worker {
            address,
            ports,
            rng,
            wheel: std::array::from_fn(|_| Vec::new()),
            slots: BTreeMap::new(),
            groups: Groups::default(),
            bench: Bench::new(ring),
            post,
            meter,
            stopping: false,
        }
    }

    /// The thread's life: orders, files, due slots, events, sleep.
    pub fn run(mut self, inbox: &Receiver<Order>) {
        clock::ask_for_priority();
        let mut pace = Pace::new(clock::monotonic());
        let mut give_up = Mono::FAR;
        loop {
            let now = clock::monotonic();
            self.take_orders(now, inbox);
            self.post.poll_files(now);
            while let Some(due) = pace.poll(clock::monotonic()) {
                self.serve(due);
            }
            self.post.flush();
            let idle = self.slots.is_empty() && self.post.is_idle();
            if self.stopping {
                give_up = give_up.min(now + STOP_WAIT);
                if idle || now >= give_up {
                    break;
                }
            }
            if !idle {
                clock::sleep_until(pace.deadline());
                continue;
            }
            self.publish();
            let Ok(order) = inbox.recv() else { break };
            pace = Pace::new(clock::monotonic());
            self.take(clock::monotonic(), order);
        }
        self.publish();
    }

    fn publish(&mut self) {
        self.bench.counts.events_dropped = self.post.dropped();
        self.bench.counts.sessions = self.slots.len() as u64;
        self.meter.publish(&self.bench.counts);
    }

    fn take_orders(&mut self, now: Mono, inbox: &Receiver<Order>) {
        for _ in 0..ORDERS_PER_TURN {
            match inbox.try_recv() {
                Ok(order) => self.take(now, order),
                Err(TryRecvError::Empty) => return,
                // The plane was dropped without `stop`.
                Err(TryRecvError::Disconnected) => return self.take(now, Order::Stop),
            }
        }
    }

    fn take(&mut self, now: Mono, order: Order) {
        match order {
            Order::Command(id, Command::Open { timeout }) => self.open(now, id, timeout),
            Order::Command(id, Command::Close) => self.close(now, id),
            Order::Command(id, command) => self.command(now, id, command),
            Order::Stop => {
                self.stopping = true;
                while let Some((id, _)) = self.slots.first_key_value() {
                    self.close(now, *id);
                }
            }
        }
    }

    fn open(&mut self, now: Mono, id: SessionId, timeout: Duration) {
        if self.slots.contains_key(&id) || self.post.desk.is_closing(id) {
            return self.post.tell(id, Event::OpenFailed(format!("media session {} is open already", id.0)));
        }
        match self.bind(now) {
            Ok(sockets) => {
                let address = SocketAddr::new(self.address, sockets.port);
                let session = Session::new(now, timeout, &mut self.rng);
                let slot = (0..SLOTS).min_by_key(|slot| self.wheel[*slot].len()).unwrap_or(0);
                self.wheel[slot].push((id, Box::new(Seat::new(id, session, sockets))));
                self.slots.insert(id, slot);
                self.post.tell(id, Event::Opened(address));
            }
            Err(reason) => self.post.tell(id, Event::OpenFailed(reason)),
        }
    }

    fn bind(&mut self, now: Mono) -> Result<Pair, String> {
        let mut last = None;
        for _ in 0..BIND_TRIES {
            let Some(port) = self.ports.take(now) else { break };
            match Pair::bind(self.address, port) {
                Ok(pair) => return Ok(pair),
                Err(e) => {
                    self.ports.give_back(now, port);
                    last = Some(format!("RTP port {port} on {}: {e}", self.address));
                }
            }
        }
        Err(last.unwrap_or_else(|| "all RTP ports are in use: widen the port range".into()))
    }

    fn command(&mut self, now: Mono, id: SessionId, command: Command) {
        let Some(&slot) = self.slots.get(&id) else { return };
        let Some((_, seat)) = self.wheel[slot].iter_mut().find(|(it, _)| *it == id) else { return };
        let opened = match &command {
            Command::Record { path } if seat.recording.is_none() => {
                self.post.desk.record(id, path).map(|track| seat.recording = Some(track))
            }
            Command::RecordComment { path, .. } if seat.comment.is_none() => {
                self.post.desk.comment(id, path).map(|track| seat.comment = Some(track))
            }
            _ => Ok(()),
        };
        self.groups.note(&seat.session, &command);
        seat.session.handle_command(now, command);
        if let Err(reason) = opened {
            self.post.tell(id, Event::RecordFailed(reason));
        }
        self.post.collect(now, seat);
    }

    fn close(&mut self, now: Mono, id: SessionId) {
        let Some(slot) = self.slots.remove(&id) else {
            if !self.post.desk.is_closing(id) {
                self.post.tell(id, Event::Closed { recording: None, quality: Quality::default() });
            }
            return;
        };
        let Some(place) = self.wheel[slot].iter().position(|(it, _)| *it == id) else { return };
        let (_, mut seat) = self.wheel[slot].swap_remove(place);
        self.groups.note(&seat.session, &Command::Close);
        seat.session.handle_command(now, Command::Close);
        seat.finish(clock::both(now, self.bench.stamp_offset_ns), &mut self.bench);
        self.ports.give_back(now, seat.sockets.port);
        self.post.collect(now, &mut seat);
    }

    fn serve(&mut self, due: Due) {
        let now = clock::monotonic();
        let (Due::Tick { slot, .. } | Due::Skip { slot }) = due;
        if slot == 0 {
            self.bench.stamp_offset_ns = clock::stamp_offset_ns(now);
            self.publish();
        }
        let Due::Tick { late, .. } = due else {
            for (_, seat) in &mut self.wheel[slot] {
                seat.skip(&mut self.bench);
                self.post.collect(now, seat);
            }
            return;
        };
        self.bench.counts.ticks_late += if late { self.wheel[slot].len() as u64 } else { 0 };
        let both = clock::both(now, self.bench.stamp_offset_ns);
        let Worker { wheel, groups, bench, post, .. } = self;
        for places in wheel[slot].chunks_mut(PLACES) {
            bench.receive_ahead(places.iter().map(|(_, seat)| &**seat));
            for place in 0..places.len() {
                if let Some((_, after_next)) = places.get(place + 2) {
                    prefetch(&**after_next);
                }
                if let Some((_, next)) = places.get_mut(place + 1) {
                    next.prefetch_buffers(groups);
                }
                let (_, seat) = &mut places[place];
                seat.tick(place, both, groups, bench);
                post.collect(now, seat);
            }
            bench.send_rest(places);
        }
    }
}
