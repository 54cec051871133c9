//! A simulated trunk on loopback: real UDP sockets, simulated customers.
//!
//! One thread drives all phones of [`crate::sim`]: it waits for signalling until the next
//! 20 ms tick, then lets every call hear and speak. One SIP socket for all, one RTP socket
//! per call, as a real peer would have.

mod line;
mod run;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crate::base::Rng;
use crate::sim::Mix;

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
        let trunk = run::Trunk::new(socket, mix, Rng::seeded(seed), counters.clone(), stop.clone());
        let thread = std::thread::Builder::new().name("demo-trunk".to_owned()).spawn(move || trunk.run())?;
        Ok(DemoTrunk { address, counters, stop, thread: Some(thread) })
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
