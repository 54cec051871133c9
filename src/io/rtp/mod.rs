//! The media plane's sockets and threads.
//!
//! Each worker thread owns its sessions and their sockets and ticks each of them every
//! 20 ms. Commands come through a bounded ring per worker, events leave through one bounded
//! channel. Per packet there is no task, lock, allocation or channel.

mod clock;
mod counters;
mod flow;
mod pace;
mod ports;
mod post;
mod prefetch;
mod report;
mod ring;
mod seat;
mod socket;
mod tie;
mod worker;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use tokio::sync::mpsc;

use crate::base::Rng;
use crate::io::recorder::Recorder;
use crate::media::{Command, Event, SessionId};

pub use counters::Counters;
pub use post::MAX_WAITING;

use counters::Meter;
use ports::Ports;
use post::Post;
use report::Desk;
use worker::{Order, Worker};

/// Orders that may wait for one worker. A worker looks every 2 ms; a call brings about ten
/// orders over its life, so this holds for some seconds of the densest dialling.
pub const COMMAND_RING: usize = 4_096;

/// Worker threads at most: more than any machine this runs on has cores.
pub const MAX_WORKERS: usize = 64;

/// How the plane is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The local address that RTP sockets bind to and that `Event::Opened` names.
    pub address: IpAddr,
    /// UDP ports to use: RTP takes the even ones, RTCP the next odd one (RFC 3550 section 11).
    pub ports: RangeInclusive<u16>,
    /// Worker threads; zero: one per core.
    pub workers: usize,
    /// Many datagrams per system call (io_uring) where the kernel allows it.
    pub ring: bool,
}

/// The command ring of a session's worker is full: the order was not taken. A new call is
/// refused then (503); for a running call try again after some milliseconds.
#[derive(Clone, Debug)]
pub struct Full(pub Command);

/// Why the plane could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too few ports.
    #[error("RTP ports {0}-{1} hold no even port with its odd neighbour: give a range such as 20000-39999")]
    NoPorts(u16, u16),
    /// The operating system gives no random numbers.
    #[error("no random numbers from the operating system: {0}")]
    Random(String),
    /// A thread could not be started.
    #[error("a media thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// The running media plane. Sessions are spread over its workers by their lanes, so that those
/// that are mixed share one.
pub struct RtpPlane {
    orders: Vec<Sender<Order>>,
    meters: Vec<Arc<Meter>>,
    threads: Vec<JoinHandle<()>>,
}

impl RtpPlane {
    /// Starts the worker threads.
    ///
    /// Events go to `events`. While that channel is full a worker keeps them and tries again
    /// at its next turn; beyond [`MAX_WAITING`] of them digits and first packets are
    /// dropped and counted, never an event that ends something.
    pub fn start(
        settings: Settings,
        events: mpsc::Sender<(SessionId, Event)>,
        recorder: Recorder,
    ) -> Result<RtpPlane, Error> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let workers = match settings.workers {
            0 => cores(),
            count => count,
        };
        let workers = workers.min(MAX_WORKERS);
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| Error::Random(e.to_string()))?;
        let mut rng = Rng::from_entropy(seed);
        let hands = Ports::deal(&settings.ports, workers, &mut rng);
        if hands.iter().all(|hand| hand.len() == 0) {
            return Err(Error::NoPorts(*settings.ports.start(), *settings.ports.end()));
        }
        let mut plane = RtpPlane { orders: Vec::new(), meters: Vec::new(), threads: Vec::new() };
        for (n, ports) in hands.into_iter().enumerate() {
            let (orders, inbox) = bounded(COMMAND_RING);
            let meter = Arc::new(Meter::default());
            let post = Post::new(Desk::new(recorder.clone()), events.clone());
            let (address, rng, counts) = (settings.address, rng.fork(), meter.clone());
            let thread = std::thread::Builder::new().name(format!("rtp-{n}"));
            plane.threads.push(
                thread
                    .spawn(move || Worker::new(address, settings.ring, ports, rng, post, counts).run(&inbox))
                    .map_err(Error::Thread)?,
            );
            plane.orders.push(orders);
            plane.meters.push(meter);
        }
        Ok(plane)
    }

    /// Hands an order to the worker of `session`. Never blocks.
    pub fn command(&self, session: SessionId, command: Command) -> Result<(), Full> {
        let ring = &self.orders[(session.lane() % self.orders.len() as u64) as usize];
        ring.try_send(Order::Command(session, command)).map_err(|refused| match refused.into_inner() {
            Order::Command(_, command) => Full(command),
            Order::Stop => Full(Command::Close),
        })
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.meters.iter().fold(Counters::default(), |sum, meter| sum + meter.read())
    }

    /// Closes all sessions (recordings are finished, `Closed` is reported for each) and ends
    /// the threads. Blocks until that is done, at most some seconds where nobody takes the
    /// events: call it where blocking is allowed.
    pub fn stop(self) {
        for ring in &self.orders {
            // A full ring empties while its worker lives, so this wait ends.
            let _ = ring.send(Order::Stop);
        }
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}
