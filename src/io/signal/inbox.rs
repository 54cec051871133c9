//! The queue to the engine, shared by all sockets, and what is counted on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::mpsc::{self, error::TrySendError};

use super::{Event, Received};

/// How long a stream rests before it looks for room again; its peer feels this as a full
/// window.
const REST: Duration = Duration::from_millis(5);

/// What came, went and was refused since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams handed over.
    pub datagrams: u64,
    /// Datagrams lost because the engine's queue was full.
    pub datagrams_dropped: u64,
    /// Datagrams not sent because every queue was full.
    pub sends_dropped: u64,
    /// Messages from streams handed over.
    pub messages: u64,
    /// Connections taken.
    pub accepted: u64,
    /// Connections refused for their number.
    pub refused: u64,
    /// Connections out that did not come about: refused, timed out, wrong certificate.
    pub connects_failed: u64,
    /// TLS handshakes of clients that failed or took too long.
    pub handshakes_failed: u64,
    /// Connections closed because a message, or the first one, took too long.
    pub too_slow: u64,
    /// Connections closed because the peer did not read.
    pub not_read: u64,
    /// Connections closed because their bytes could not be cut into messages.
    pub unframed: u64,
    /// Failures that could not be reported because the engine's queue was full.
    pub reports_dropped: u64,
}

macro_rules! counts {
    ($($name:ident),*) => {
        /// The living counters.
        #[derive(Debug, Default)]
        pub(super) struct Counts {
            $(pub(super) $name: AtomicU64,)*
        }

        impl Counts {
            fn snapshot(&self) -> Counters {
                Counters { $($name: self.$name.load(Relaxed),)* }
            }
        }
    };
}

counts!(
    datagrams,
    datagrams_dropped,
    sends_dropped,
    messages,
    accepted,
    refused,
    connects_failed,
    handshakes_failed,
    too_slow,
    not_read,
    unframed,
    reports_dropped
);

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// The sending end.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    events: mpsc::Sender<Event>,
    /// Places that streams leave to datagrams and failures.
    kept: usize,
    pub(super) counts: Arc<Counts>,
}

impl Inbox {
    pub(super) fn new(events: mpsc::Sender<Event>) -> Self {
        let kept = events.max_capacity() / 4;
        Inbox { events, kept, counts: Arc::default() }
    }

    pub(super) fn counters(&self) -> Counters {
        self.counts.snapshot()
    }

    /// A datagram: handed over or dropped.
    pub(super) fn datagram(&self, received: Received) {
        match self.events.try_send(Event::Received(received)) {
            Ok(()) => count(&self.counts.datagrams),
            Err(_) => count(&self.counts.datagrams_dropped),
        }
    }

    /// A message from a stream: waits until there is room. False where nobody listens.
    pub(super) async fn message(&self, received: Received) -> bool {
        let mut event = Event::Received(received);
        loop {
            if self.events.capacity() > self.kept {
                event = match self.events.try_send(event) {
                    Ok(()) => {
                        count(&self.counts.messages);
                        return true;
                    }
                    Err(TrySendError::Closed(_)) => return false,
                    Err(TrySendError::Full(event)) => event,
                };
            }
            if self.events.is_closed() {
                return false;
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// A failure, from a task that may wait for room.
    pub(super) async fn report(&self, event: Event) {
        // Nobody listens any more: nothing is left to tell.
        let _ = self.events.send(event).await;
    }

    /// A failure, from where nobody may wait. A lost one costs a timer.
    pub(super) fn report_now(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            count(&self.counts.reports_dropped);
        }
    }
}
