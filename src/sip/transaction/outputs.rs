//! Where transactions put what leaves them.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::base::{Mono, Now};
use crate::sip::Destination;
use crate::sip::endpoint::{Counters, Received, SessionId, Settings, Transmit};
use crate::sip::session::Trace;
use crate::sip::timer::Timers;

/// Who set a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    /// A client transaction.
    Client(u64),
    /// A server transaction.
    Server(u64),
    /// A session: the soonest of all that it waits for.
    Session(SessionId),
    /// A registration.
    Registration(u32),
    /// A health check.
    Ping(u32),
    /// The next phone whose registration ends.
    Registrar,
}

/// The place a message goes to or came from, and its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub destination: Destination,
    pub connection: Option<u64>,
}

/// RFC 3261 T1, T2, T4 and what follows from them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub t1: std::time::Duration,
    pub t2: std::time::Duration,
    pub t4: std::time::Duration,
    /// 64*T1: timers B, F, H, J, L, M.
    pub give_up: std::time::Duration,
    /// Longest stay in the Proceeding state of an INVITE client transaction. The session
    /// cancels before; this bounds what has lost its session.
    pub proceeding: std::time::Duration,
}

impl Pace {
    pub(crate) fn new(settings: &Settings) -> Self {
        let give_up = settings.t1 * 64;
        Pace {
            t1: settings.t1,
            t2: settings.t2,
            t4: settings.t4,
            give_up,
            proceeding: settings.ring_limit.max(settings.answer_limit) + give_up * 2,
        }
    }
}

/// Messages to send, deadlines, traces and counters: what every part of the endpoint
/// writes to.
#[derive(Debug)]
pub(crate) struct Outputs {
    pub transmits: VecDeque<Transmit>,
    pub timers: Timers<TimerKey>,
    pub traces: BTreeMap<SessionId, Trace>,
    pub counters: Counters,
    pub pace: Pace,
}

impl Outputs {
    pub(crate) fn new(settings: &Settings) -> Self {
        Outputs {
            transmits: VecDeque::new(),
            timers: Timers::new(),
            traces: BTreeMap::new(),
            counters: Counters::default(),
            pace: Pace::new(settings),
        }
    }

    /// Queues a message and keeps it in the trace of its session.
    pub(crate) fn send(&mut self, now: Now, session: Option<SessionId>, flow: &Flow, bytes: Bytes) {
        let Flow { destination, connection } = flow.clone();
        if let Some(trace) = session.and_then(|id| self.traces.get_mut(&id)) {
            trace.push(now.utc, true, destination.transport, destination.addr, bytes.clone());
        }
        self.counters.sent += 1;
        self.counters.left.count(&bytes);
        self.transmits.push_back(Transmit { destination, local: None, connection, bytes, session });
    }

    /// Keeps a received message in the trace of its session.
    pub(crate) fn record(&mut self, now: Now, session: SessionId, received: &Received<'_>) {
        if let Some(trace) = self.traces.get_mut(&session) {
            let bytes = Bytes::copy_from_slice(received.bytes);
            trace.push(now.utc, false, received.transport, received.source, bytes);
        }
    }

    pub(crate) fn arm(&mut self, key: TimerKey, at: Option<Mono>) {
        self.timers.set(key, at);
    }
}
