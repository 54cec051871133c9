//! Live events: a bounded ring that many streams read at their own pace.
//!
//! A reader that falls behind the ring, or comes back with an id of an earlier run of the
//! daemon, is told so by a `reset` event and fetches the whole state again. So a slow
//! reader costs nobody memory and never misses a change without knowing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Events kept for readers that come back: at 40 a second more than a minute and a half.
pub const RING_LIMIT: usize = 4_096;

/// Events handed to a reader at once, so that the ring's lock is held for microseconds.
const BATCH: usize = 64;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveEvent {
    /// Position in this run of the daemon, from 1, without gaps.
    pub seq: u64,
    /// What it is about: `call`, `leg`, `queue`, `campaign`, `agent`, `alarm`, `ticket`, `import`, ...
    pub topic: Arc<str>,
    /// One line of JSON.
    pub json: Arc<str>,
}

/// Where events are published and read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventHub {
    ring: Arc<Mutex<Ring>>,
    newest: watch::Sender<u64>,
    epoch: u64,
}

#[derive(Debug)]
struct Ring {
    events: VecDeque<LiveEvent>,
    next_seq: u64,
}

/// What a reader gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Batch {
    /// The next events, in order.
    Events(Vec<LiveEvent>),
    /// Events between the reader's place and this one are gone: read the state anew.
    Reset(u64),
}

impl EventHub {
    /// An empty hub. `epoch` tells this run of the daemon from others, e.g. its start time.
    pub fn new(epoch: u64) -> Self {
        let ring = Ring { events: VecDeque::new(), next_seq: 1 };
        EventHub { ring: Arc::new(Mutex::new(ring)), newest: watch::Sender::new(0), epoch }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        // The ring is whole between any two statements, so a panic elsewhere cannot tear it.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends an event; never waits. The oldest falls out of a full ring.
    pub fn publish(&self, topic: &str, json: impl Into<Arc<str>>) {
        let seq = {
            let mut ring = self.lock();
            let seq = ring.next_seq;
            ring.next_seq += 1;
            if ring.events.len() == RING_LIMIT {
                ring.events.pop_front();
            }
            ring.events.push_back(LiveEvent { seq, topic: topic.into(), json: json.into() });
            seq
        };
        self.newest.send_replace(seq);
    }

    /// The same for a value that serde can write.
    pub fn publish_value(&self, topic: &str, value: &impl serde::Serialize) {
        match serde_json::to_string(value) {
            Ok(json) => self.publish(topic, json),
            Err(e) => tracing::error!(topic, error = %e, "event could not be written as JSON"),
        }
    }

    /// A reader that begins after the newest event, or after `last_event_id` of an earlier stream.
    pub fn subscribe(&self, last_event_id: Option<&str>) -> EventReader {
        let newest = self.lock().next_seq - 1;
        let (after, stale) = match last_event_id.map(|id| self.parse_id(id)) {
            None => (newest, false),
            Some(Some(seq)) if seq <= newest => (seq, false),
            Some(_) => (newest, true),
        };
        EventReader { hub: self.clone(), after, stale, newest: self.newest.subscribe() }
    }

    /// The id of the newest event: whoever looks at the state now follows it from there.
    pub fn newest_id(&self) -> String {
        self.id_of(self.lock().next_seq - 1)
    }

    /// The id of an event for `Last-Event-ID`.
    pub fn id_of(&self, seq: u64) -> String {
        format!("{:x}-{seq}", self.epoch)
    }

    fn parse_id(&self, id: &str) -> Option<u64> {
        let (epoch, seq) = id.split_once('-')?;
        (u64::from_str_radix(epoch, 16).ok()? == self.epoch).then(|| seq.parse().ok())?
    }

    fn after(&self, after: u64) -> Batch {
        let ring = self.lock();
        let Some(first) = ring.events.front().map(|e| e.seq) else { return Batch::Events(Vec::new()) };
        if after + 1 < first {
            return Batch::Reset(ring.next_seq - 1);
        }
        let skip = usize::try_from(after + 1 - first).unwrap_or(usize::MAX);
        Batch::Events(ring.events.iter().skip(skip).take(BATCH).cloned().collect())
    }
}

/// One stream's place in the ring.
#[derive(Debug)]
pub struct EventReader {
    hub: EventHub,
    after: u64,
    stale: bool,
    newest: watch::Receiver<u64>,
}

impl EventReader {
    /// Waits for what comes next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Batch {
        loop {
            if std::mem::take(&mut self.stale) {
                return Batch::Reset(self.after);
            }
            self.newest.borrow_and_update();
            match self.hub.after(self.after) {
                Batch::Events(events) if events.is_empty() => {}
                Batch::Events(events) => {
                    self.after = events.last().map_or(self.after, |e| e.seq);
                    return Batch::Events(events);
                }
                Batch::Reset(seq) => {
                    self.after = seq;
                    return Batch::Reset(seq);
                }
            }
            if self.newest.changed().await.is_err() {
                // The hub that this reader holds keeps the sender alive, so this is never reached
                // while the reader exists; waiting for ever is the harmless answer.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seqs(batch: Batch) -> Vec<u64> {
        match batch {
            Batch::Events(events) => events.iter().map(|e| e.seq).collect(),
            Batch::Reset(seq) => panic!("reset to {seq}"),
        }
    }

    #[tokio::test]
    async fn a_reader_gets_what_is_published_after_it_came() {
        let hub = EventHub::new(7);
        hub.publish("call", "{}");
        let mut reader = hub.subscribe(None);
        hub.publish("call", r#"{"n":2}"#);
        hub.publish("trunk", r#"{"n":3}"#);
        assert_eq!(seqs(reader.next().await), [2, 3]);
    }

    #[tokio::test]
    async fn a_reader_that_comes_back_gets_what_it_missed() {
        let hub = EventHub::new(7);
        (0..5).for_each(|_| hub.publish("call", "{}"));
        let mut reader = hub.subscribe(Some(&hub.id_of(3)));
        assert_eq!(seqs(reader.next().await), [4, 5]);
    }

    #[tokio::test]
    async fn an_id_of_another_run_or_of_the_future_or_of_nonsense_resets() {
        let hub = EventHub::new(7);
        hub.publish("call", "{}");
        for id in ["8-1", "7-99", "", "x", "7-", "-1"] {
            assert_eq!(hub.subscribe(Some(id)).next().await, Batch::Reset(1), "{id:?}");
        }
    }

    #[tokio::test]
    async fn a_reader_that_falls_out_of_the_ring_is_told_and_the_ring_stays_bounded() {
        let hub = EventHub::new(7);
        let mut reader = hub.subscribe(None);
        (0..RING_LIMIT + 10).for_each(|_| hub.publish("call", "{}"));
        assert_eq!(hub.lock().events.len(), RING_LIMIT);
        assert_eq!(reader.next().await, Batch::Reset(RING_LIMIT as u64 + 10));
        hub.publish("call", "{}");
        assert_eq!(seqs(reader.next().await), [RING_LIMIT as u64 + 11]);
    }
}
