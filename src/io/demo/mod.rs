//! A simulated trunk and simulated agents on loopback: real UDP sockets.
//!
//! One thread drives all phones of [`crate::sim`] behind the trunk, another those of the agents: it waits
//! for signalling until the next 20 ms tick, then lets every call hear and speak. One SIP socket for all,
//! one RTP socket per call, as a real peer would have.

mod customers;
mod desks;
mod exchange;
mod line;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use crate::base::Rng;
use crate::sim::Mix;
pub use customers::Callers;
use customers::{Customers, Wanted};
pub use desks::{DemoDesks, Desk};
use exchange::Exchange;

/// Calls that the trunk carries at once; further ones get 503. Twice what a demo dials.
pub const MAX_CALLS: usize = 200;

/// The seed with which the sample list shows every usual outcome.
pub const DEMO_SEED: u64 = 9;

/// What the trunk has seen.
#[derive(Debug, Default)]
pub struct Counters {
    /// INVITEs that began a call.
    pub calls: AtomicU64,
    /// Calls up or ringing.
    pub current: AtomicU64,
    /// Datagrams that were no SIP.
    pub malformed: AtomicU64,
    /// RTP packets received by all phones.
    pub rtp_packets: AtomicU64,
}

/// A running trunk. Dropping it stops it.
pub struct DemoTrunk {
    address: SocketAddr,
    counters: Arc<Counters>,
    callers: Wanted,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl DemoTrunk {
    /// Starts the demo's customers on a free loopback port. The same seed gives the same
    /// customers to the same numbers.
    ///
    /// # Errors
    /// No socket or thread could be had.
    pub fn start(seed: u64) -> std::io::Result<DemoTrunk> {
        DemoTrunk::with_mix(Mix::demo(seed), seed)
    }

    /// Starts other customers.
    ///
    /// # Errors
    /// No socket or thread could be had.
    pub fn with_mix(mix: Mix, seed: u64) -> std::io::Result<DemoTrunk> {
        let socket = std::net::UdpSocket::bind(("127.0.0.1", 0))?;
        let address = socket.local_addr()?;
        let (counters, stop) = (Arc::new(Counters::default()), Arc::new(AtomicBool::new(false)));
        let callers = Wanted::default();
        let customers = Customers::new(mix, callers.clone());
        let rng = Rng::seeded(seed);
        let trunk = Exchange::new((socket, address), customers, rng, counters.clone(), stop.clone());
        let thread = std::thread::Builder::new().name("demo-trunk".to_owned()).spawn(move || trunk.run())?;
        Ok(DemoTrunk { address, counters, callers, stop, thread: Some(thread) })
    }

    /// From here on customers call a hotline; None: no more of them.
    pub fn call(&self, callers: Option<Callers>) {
        *self.callers.lock().unwrap_or_else(PoisonError::into_inner) = callers;
    }

    /// Where INVITEs go: `127.0.0.1` and the port, UDP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the trunk has seen so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Calls up or ringing at this moment.
    pub fn current_calls(&self) -> u64 {
        self.counters.current.load(Ordering::Relaxed)
    }

    /// Ends the thread; calls that are up fall silent.
    pub fn stop(mut self) {
        self.halt();
    }

    fn halt(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was already printed; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Drop for DemoTrunk {
    fn drop(&mut self) {
        self.halt();
    }
}

#[cfg(test)]
mod tests;
