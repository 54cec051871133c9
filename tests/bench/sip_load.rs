//! The peers' side of the signalling: thousands of calls on one thread and one UDP socket,
//! answering (the daemon dials out through us as its trunk) or dialling (customers call in).
//!
//! ```text
//! answer: INVITE -> 180, after `ring` 200 until ACK -> media, keys -> BYE by either side
//! desk:   the same at the telephones of agents, which have registered before
//! dial:   INVITE until an answer -> 200 -> ACK -> media, keys -> BYE by either side
//! ```

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::phones;
use crate::rtp_load::RtpLoad;
use crate::sip_calls::Load;

/// What each call does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Calls at most; later ones get 486.
    pub calls: usize,
    /// From INVITE to 200 where we answer.
    pub ring: Duration,
    /// We hang up this long after the ACK; None: the daemon does.
    pub hold: Option<Duration>,
    /// When keys are pressed since the ACK, in order; which: [`key_of`].
    pub keys: Vec<Duration>,
    /// Calls a second where we dial.
    pub per_second: f64,
    /// Calls that may be up at once where we dial.
    pub at_once: usize,
}

/// Who begins the calls.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// The daemon does.
    Answer,
    /// We do, to this address.
    Dial(SocketAddr),
    /// The daemon there does: we are the telephones of so many agents, who hang up first.
    Desk(SocketAddr, usize),
}

/// What became of the calls.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// INVITEs seen or sent, repetitions not counted.
    pub begun: usize,
    /// Calls with an ACK.
    pub answered: usize,
    /// Calls ended by a BYE that was answered.
    pub ended: usize,
    /// Calls that failed, by final status; 0: no answer in 32 s.
    pub failed: BTreeMap<u16, usize>,
    /// Messages sent again.
    pub repeated: u64,
    /// From INVITE to 200 where we dial, in ms, sorted.
    pub setup_ms: Vec<f64>,
    /// Keys that were pressed.
    pub pressed: usize,
    /// The tail of the customer's number, by call in order of their beginning.
    pub tails: Vec<usize>,
}

/// The key that the customer with this tail of his number presses as his `n`th, from 0.
pub fn key_of(tail: usize, n: usize) -> char {
    b"12345"[(tail + 2 * n) % 5] as char
}

/// The last six digits of a number, which tell one customer from another.
pub fn tail_of(number: &str) -> usize {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    let last = &digits[digits.len().saturating_sub(6)..];
    last.iter().fold(0, |value, digit| value * 10 + usize::from(digit - b'0'))
}

impl Outcome {
    /// The set-up time that this share of the dialled calls did not exceed, in ms.
    pub fn setup_at(&self, share: f64) -> f64 {
        let place = (self.setup_ms.len() as f64 * share) as usize;
        self.setup_ms.get(place.min(self.setup_ms.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }
}

/// The running signalling side.
pub struct SipLoad {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    over: Arc<AtomicUsize>,
    dials: Arc<AtomicBool>,
    thread: JoinHandle<Outcome>,
}

impl SipLoad {
    /// Binds `local` and starts the thread with `pin` run on it first. Without `media` the
    /// calls have SDP but no packets.
    pub fn start(
        local: SocketAddr,
        role: Role,
        plan: Plan,
        media: Option<Arc<RtpLoad>>,
        pin: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<SipLoad> {
        let socket = UdpSocket::bind(local)?;
        crate::mmsg::prepare(&socket)?;
        let address = socket.local_addr()?;
        if let Role::Desk(daemon, agents) = role {
            phones::register(&socket, daemon, agents);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let over = Arc::new(AtomicUsize::new(0));
        let dials = Arc::new(AtomicBool::new(true));
        let load = Load::new(socket, address, role, plan, media, (over.clone(), dials.clone()));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("load-sip".into()).spawn(move || {
            pin();
            load.run(&stopped)
        })?;
        Ok(SipLoad { address, stop, over, dials, thread })
    }

    /// Where the daemon's trunk points to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Calls that ended or failed so far.
    pub fn over(&self) -> usize {
        self.over.load(Ordering::Relaxed)
    }

    /// Dials and measures no more; calls that are up go on.
    pub fn dial_no_more(&self) {
        self.dials.store(false, Ordering::Relaxed);
    }

    /// Ends the thread; calls that are up stay unfinished.
    pub fn finish(self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the generator does not panic")
    }
}
