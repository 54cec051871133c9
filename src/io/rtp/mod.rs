//! The media plane's sockets and threads.
//!
//! Each worker thread owns its sessions and their sockets and ticks every 20 ms. Commands
//! come through a bounded ring per worker, events leave through one bounded channel.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use tokio::sync::mpsc;

use crate::io::recorder::Recorder;
use crate::media::{Command, Event, SessionId};

/// How the plane is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The local address that RTP sockets bind to and that `Event::Opened` names.
    pub address: IpAddr,
    /// UDP ports to use: RTP takes the even ones, RTCP the next odd one (RFC 3550 section 11).
    pub ports: RangeInclusive<u16>,
    /// Worker threads; zero: one per core.
    pub workers: usize,
}

/// The command ring of a session's worker is full: the order was not taken. A new call is
/// refused then (503); for a running call try again after some milliseconds.
#[derive(Clone, Debug)]
pub struct Full(pub Command);

/// What the plane did since its start, summed over the workers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    /// Sessions that are open.
    pub sessions: u64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets taken from sockets, of any source.
    pub packets_received: u64,
    /// RTP packets of a third party, dropped.
    pub packets_foreign: u64,
    /// Ticks that began more than one sub-slot late.
    pub ticks_late: u64,
    /// Ticks that were left out because the worker was too far behind.
    pub ticks_skipped: u64,
    /// Longest time between two ticks of one session, in microseconds.
    pub worst_gap_us: u64,
    /// Events that were dropped because the engine did not take them.
    pub events_dropped: u64,
}

/// Why the plane could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too few ports.
    #[error("RTP ports {0}-{1} hold no even port with its odd neighbour: give a range such as 20000-39999")]
    NoPorts(u16, u16),
    /// A thread could not be started.
    #[error("a media thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// The running media plane. Sessions are spread over its workers by their id.
pub struct RtpPlane {
    _settings: Settings,
}

impl RtpPlane {
    /// Starts the worker threads. Events go to `events`; a full channel is retried each
    /// tick, and only the least of the events is dropped when that lasts.
    pub fn start(
        settings: Settings,
        events: mpsc::Sender<(SessionId, Event)>,
        recorder: Recorder,
    ) -> Result<RtpPlane, Error> {
        let _ = (events, recorder);
        Ok(RtpPlane { _settings: settings })
    }

    /// Hands an order to the worker of `session`. Never blocks.
    pub fn command(&self, session: SessionId, command: Command) -> Result<(), Full> {
        let _ = session;
        Err(Full(command))
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// Closes all sessions (recordings are finished, `Closed` is reported for each) and ends
    /// the threads. Blocks until that is done: call it where blocking is allowed.
    pub fn stop(self) {}
}
