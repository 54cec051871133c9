//! Which connections are open, by number and by destination, and how many from whom.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Limits;
use crate::sip::Destination;

/// What became of a message for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It will be sent, or the connection's end will be reported.
    Queued,
    /// The peer does not read: the connection is being closed, and that is reported.
    Overflow,
    /// There is no such connection.
    Gone,
}

/// A destination, and the address of ours from which it is reached where that matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) destination: Destination,
    pub(super) local: Option<IpAddr>,
}

/// All connections.
#[derive(Debug)]
pub(super) struct Table {
    open: Mutex<Open>,
    inbound: usize,
    outbound: usize,
    per_address: usize,
    queue: usize,
    queue_bytes: usize,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    closed: bool,
    connections: BTreeMap<u64, Entry>,
    /// Those we opened: others' source ports lead nowhere.
    by_way: BTreeMap<Way, u64>,
    addresses: BTreeMap<IpAddr, usize>,
    inbound: usize,
}

#[derive(Debug)]
struct Entry {
    /// None while the rest of the queue is sent before closing.
    queue: Option<mpsc::Sender<Bytes>>,
    waiting: Arc<AtomicUsize>,
    kill: CancellationToken,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    Inbound(IpAddr),
    Outbound(Way),
}

/// What the task of a connection holds.
#[derive(Debug)]
pub(super) struct Seat {
    /// Its number.
    pub(super) id: u64,
    /// What is to be sent.
    pub(super) queue: mpsc::Receiver<Bytes>,
    /// For answers to pings; it does not keep the queue open.
    pub(super) own: mpsc::WeakSender<Bytes>,
    /// Bytes in the queue: the task takes off what it sent.
    pub(super) waiting: Arc<AtomicUsize>,
    /// Fires when the connection must end at once.
    pub(super) kill: CancellationToken,
}

impl Table {
    pub(super) fn new(limits: &Limits) -> Self {
        Table {
            open: Mutex::default(),
            inbound: limits.inbound,
            outbound: limits.outbound,
            per_address: limits.per_address,
            queue: limits.queue.max(1),
            queue_bytes: limits.queue_bytes,
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing in here panics half way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.open().connections.len()
    }

    /// A seat for a connection somebody opened; None where there are too many.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Seat> {
        let mut open = self.open();
        let from_there = open.addresses.get(&address).copied().unwrap_or(0);
        if open.closed || open.inbound >= self.inbound || from_there >= self.per_address {
            return None;
        }
        open.inbound += 1;
        *open.addresses.entry(address).or_insert(0) += 1;
        Some(self.seat(&mut open, Origin::Inbound(address)))
    }

    /// A seat for a connection to be opened; None where there are too many.
    pub(super) fn begin(&self, way: &Way) -> Option<Seat> {
        let mut open = self.open();
        if open.closed || open.by_way.len() >= self.outbound {
            return None;
        }
        let seat = self.seat(&mut open, Origin::Outbound(way.clone()));
        open.by_way.insert(way.clone(), seat.id);
        Some(seat)
    }

    fn seat(&self, open: &mut Open, origin: Origin) -> Seat {
        open.last += 1;
        let (sender, queue) = mpsc::channel(self.queue);
        let seat = Seat {
            id: open.last,
            queue,
            own: sender.downgrade(),
            waiting: Arc::default(),
            kill: CancellationToken::new(),
        };
        let (waiting, kill) = (Arc::clone(&seat.waiting), seat.kill.clone());
        open.connections.insert(seat.id, Entry { queue: Some(sender), waiting, kill, origin });
        seat
    }

    /// Queues for a connection.
    pub(super) fn put(&self, id: u64, bytes: Bytes) -> Put {
        self.put_into(&self.open(), id, bytes)
    }

    /// Queues for the connection to a destination.
    pub(super) fn put_to(&self, way: &Way, bytes: Bytes) -> Put {
        let open = self.open();
        match open.by_way.get(way) {
            Some(id) => self.put_into(&open, *id, bytes),
            None => Put::Gone,
        }
    }

    fn put_into(&self, open: &Open, id: u64, bytes: Bytes) -> Put {
        let Some(entry) = open.connections.get(&id) else { return Put::Gone };
        let Some(queue) = &entry.queue else { return Put::Gone };
        let len = bytes.len();
        let fits = entry.waiting.fetch_add(len, Relaxed) + len <= self.queue_bytes;
        if fits && queue.try_send(bytes).is_ok() {
            return Put::Queued;
        }
        entry.waiting.fetch_sub(len, Relaxed);
        entry.kill.cancel();
        Put::Overflow
    }

    /// The connection is gone. The destination where we had opened it.
    pub(super) fn remove(&self, id: u64) -> Option<Destination> {
        let mut open = self.open();
        match open.connections.remove(&id)?.origin {
            Origin::Outbound(way) => {
                if open.by_way.get(&way) == Some(&id) {
                    open.by_way.remove(&way);
                }
                Some(way.destination)
            }
            Origin::Inbound(address) => {
                open.inbound -= 1;
                if let Some(number) = open.addresses.get_mut(&address) {
                    *number -= 1;
                    if *number == 0 {
                        open.addresses.remove(&address);
                    }
                }
                None
            }
        }
    }

    /// Takes nothing more; connections end when their queues are empty.
    pub(super) fn close(&self) {
        let mut open = self.open();
        open.closed = true;
        for entry in open.connections.values_mut() {
            entry.queue = None;
        }
    }

    /// Ends what is left.
    pub(super) fn abort(&self) {
        self.open().connections.values().for_each(|entry| entry.kill.cancel());
    }
}
