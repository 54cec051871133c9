//! The peers' side of the media: real RTP both ways for thousands of calls on one thread.
//!
//! Each call has a tone of its own, sends a packet every 20 ms, presses keys as RFC 4733
//! events, and measures the gaps between the packets that come back by the kernel's stamps,
//! so that the generator's own delays are not measured.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, unbounded};
use ringback::base::Rng;
use ringback::media::g711::alaw_encode;
use ringback::media::rtp::RtpSender;
use ringback::media::telephone_event::EventSender;
use ringback::media::tone::sine;

use crate::mmsg::{self, Incoming};

/// Calls that share a socket: few enough that neither side waits for its lock.
const CALLS_PER_SOCKET: usize = 25;
/// Payload type of telephone-event that all parties use here.
pub const EVENT: u8 = 101;
/// A-law.
pub const PCMA: u8 = 8;
/// Silence in A-law.
const SILENCE: u8 = 0xD5;
/// Bytes by which packets of one prompt are told from those of another.
const SIGNATURE: usize = 16;
/// Samples per packet.
const FRAME: usize = 160;
const SLOTS: usize = 10;
const SLOT_NS: u64 = 2_000_000;
/// Gap histogram: one bucket per millisecond.
const BUCKETS: usize = 2_000;

/// The frequency of a call's own tone in Hz: whole, so that a second of it loops.
pub fn tone_of(call: usize) -> u32 {
    400 + (call as u32 * 7) % 2_900
}

/// What the generator is told.
pub enum Order {
    /// The call's media may flow to this address; answered at this point of the wall clock.
    Start { call: usize, to: SocketAddrV4, since_ns: u64 },
    /// The call's customer presses a key.
    Press { call: usize, key: char },
    /// The call's media ends.
    Stop { call: usize },
}

/// What came back over all calls.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Packets sent.
    pub sent: u64,
    /// Packets received from the daemon.
    pub received: u64,
    /// Packets missing by sequence number.
    pub lost: u64,
    /// Gaps between packets of one call, by millisecond.
    pub gaps: Vec<u64>,
    /// The longest of them, in microseconds.
    pub worst_us: u64,
    /// The generator's own slots that began more than 10 ms late: its figures are doubtful then.
    pub generator_late: u64,
    /// From the answer to the first packet of a prompt, in microseconds, one of each call.
    pub first_prompt_us: Vec<u64>,
    /// From the first packet of a key to the first packet of another prompt, in microseconds.
    pub reaction_us: Vec<u64>,
}

/// The value that this share of `values` does not exceed; 0 of none.
pub fn quantile(values: &[u64], share: f64) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

impl Heard {
    /// The gap that 99 of 100 do not exceed, in ms.
    pub fn p99_ms(&self) -> u64 {
        let total: u64 = self.gaps.iter().sum();
        let mut seen = 0;
        for (ms, count) in self.gaps.iter().enumerate() {
            seen += count;
            if seen * 100 >= total * 99 {
                return ms as u64 + 1;
            }
        }
        BUCKETS as u64
    }
}

/// The running generator.
pub struct RtpLoad {
    orders: Sender<Order>,
    addresses: Vec<SocketAddrV4>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Heard>,
}

impl RtpLoad {
    /// Makes room for `calls` calls and starts the thread with `pin` run on it first. Call `n`
    /// has the tone of `first + n`.
    pub fn start(
        calls: usize,
        first: usize,
        pin: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<RtpLoad> {
        let sockets: Vec<UdpSocket> = (0..calls.div_ceil(CALLS_PER_SOCKET))
            .map(|_| {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
                mmsg::prepare(&socket)?;
                Ok(socket)
            })
            .collect::<std::io::Result<_>>()?;
        let addresses = (0..calls)
            .map(|call| match sockets[call / CALLS_PER_SOCKET].local_addr()? {
                SocketAddr::V4(address) => Ok(address),
                SocketAddr::V6(_) => Err(std::io::ErrorKind::Unsupported.into()),
            })
            .collect::<std::io::Result<_>>()?;
        let (orders, inbox) = unbounded();
        let stop = Arc::new(AtomicBool::new(false));
        let generator = Generator::new(calls, first, sockets);
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("load-rtp".into()).spawn(move || {
            pin();
            generator.run(&inbox, &stopped)
        })?;
        Ok(RtpLoad { orders, addresses, stop, thread })
    }

    /// Where the media of `call` is sent from and expected: for its SDP.
    pub fn address(&self, call: usize) -> SocketAddrV4 {
        self.addresses[call]
    }

    /// Tells the generator something.
    pub fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// Ends the thread and gives what was measured.
    pub fn finish(self) -> Heard {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the generator does not panic")
    }
}

struct Call {
    to: Option<SocketAddrV4>,
    rtp: RtpSender,
    keys: EventSender,
    tone: Vec<u8>,
    at: usize,
    last_ns: u64,
    last_sequence: Option<u16>,
    /// Answered; 0 once a prompt was heard.
    since_ns: u64,
    /// When a key went out that nothing followed yet; else 0.
    pressed_ns: u64,
    /// The beginning of the packets of the prompt that is heard.
    prompt: [u8; SIGNATURE],
}

impl Call {
    /// A prompt begins, or gives way to the next.
    fn listen(&mut self, beginning: [u8; SIGNATURE], stamp_ns: u64, heard: &mut Heard) {
        if beginning == [SILENCE; SIGNATURE] || beginning == self.prompt {
            return;
        }
        self.prompt = beginning;
        let since = |from: &mut u64| stamp_ns.saturating_sub(std::mem::take(from)) / 1_000;
        if self.since_ns > 0 {
            heard.first_prompt_us.push(since(&mut self.since_ns));
        }
        if self.pressed_ns > 0 {
            heard.reaction_us.push(since(&mut self.pressed_ns));
        }
    }
}

struct Generator {
    calls: Vec<Call>,
    sockets: Vec<UdpSocket>,
    /// The call of each of the daemon's ports.
    by_port: Vec<u32>,
    heard: Heard,
}

impl Generator {
    fn new(calls: usize, first: usize, sockets: Vec<UdpSocket>) -> Generator {
        let mut rng = Rng::seeded(1);
        let call = |n| Call {
            to: None,
            rtp: RtpSender::new(&mut rng),
            keys: EventSender::default(),
            tone: sine(f64::from(tone_of(first + n)), 6_000.0, 8_000).into_iter().map(alaw_encode).collect(),
            at: 0,
            last_ns: 0,
            last_sequence: None,
            since_ns: 0,
            pressed_ns: 0,
            prompt: [SILENCE; SIGNATURE],
        };
        let heard = Heard { gaps: vec![0; BUCKETS], ..Heard::default() };
        Generator { calls: (0..calls).map(call).collect(), sockets, by_port: vec![u32::MAX; 65_536], heard }
    }

    fn run(mut self, inbox: &Receiver<Order>, stop: &AtomicBool) -> Heard {
        let mut deadline = mmsg::monotonic_ns();
        let mut slot = 0;
        let mut incoming = Incoming::new();
        while !stop.load(Ordering::Relaxed) {
            while let Ok(order) = inbox.try_recv() {
                self.take(order);
            }
            if mmsg::monotonic_ns() > deadline + 10_000_000 {
                self.heard.generator_late += 1;
            }
            self.send_slot(slot);
            // Reading a fifth of the sockets per slot empties each every 10 ms.
            for n in (slot % 5..self.sockets.len()).step_by(5) {
                self.receive(n, &mut incoming);
            }
            slot = (slot + 1) % SLOTS;
            deadline += SLOT_NS;
            mmsg::sleep_until_ns(deadline);
        }
        self.heard
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Start { call, to, since_ns } => {
                self.by_port[usize::from(to.port())] = call as u32;
                let call = &mut self.calls[call];
                call.to = Some(to);
                call.last_ns = 0;
                call.last_sequence = None;
                call.since_ns = since_ns;
            }
            Order::Press { call, key } => {
                let _ = self.calls[call].keys.press(key, 100);
            }
            Order::Stop { call } => {
                if let Some(to) = self.calls[call].to.take() {
                    self.by_port[usize::from(to.port())] = u32::MAX;
                }
            }
        }
    }

    fn send_slot(&mut self, slot: usize) {
        let mut packet = [0; 256];
        for (n, call) in self.calls.iter_mut().enumerate().skip(slot).step_by(SLOTS) {
            let Some(to) = call.to else { continue };
            let socket = &self.sockets[n / CALLS_PER_SOCKET];
            let timestamp = call.rtp.timestamp();
            let mut pressed = false;
            for event in call.keys.frame(timestamp) {
                pressed = true;
                if event.marker {
                    call.pressed_ns = mmsg::realtime_ns();
                }
                let len = call.rtp.event(EVENT, event.marker, event.timestamp, &event.payload, &mut packet);
                self.heard.sent += u64::from(socket.send_to(&packet[..len], to).is_ok());
            }
            let frame = &call.tone[call.at..call.at + FRAME];
            call.at = (call.at + FRAME) % call.tone.len();
            if pressed {
                call.rtp.skip(FRAME as u32);
            } else {
                let len = call.rtp.audio(PCMA, frame, &mut packet);
                self.heard.sent += u64::from(socket.send_to(&packet[..len], to).is_ok());
            }
        }
    }

    fn receive(&mut self, socket: usize, incoming: &mut Incoming) {
        loop {
            let count = incoming.receive(self.sockets[socket].as_raw_fd());
            for n in 0..count {
                let (bytes, port, stamp_ns) = incoming.datagram(n);
                let call = self.by_port[usize::from(port)] as usize;
                if bytes.len() < 12 || call >= self.calls.len() {
                    continue;
                }
                self.heard.received += 1;
                let call = &mut self.calls[call];
                if let Some(beginning) = bytes[12..].first_chunk() {
                    call.listen(*beginning, stamp_ns, &mut self.heard);
                }
                let sequence = u16::from_be_bytes([bytes[2], bytes[3]]);
                if let Some(last) = call.last_sequence.replace(sequence) {
                    self.heard.lost += u64::from(sequence.wrapping_sub(last).wrapping_sub(1));
                }
                let last = std::mem::replace(&mut call.last_ns, stamp_ns);
                if last > 0 {
                    let gap_us = stamp_ns.saturating_sub(last) / 1_000;
                    self.heard.gaps[(gap_us / 1_000).min(BUCKETS as u64 - 1) as usize] += 1;
                    self.heard.worst_us = self.heard.worst_us.max(gap_us);
                }
            }
            if count < Incoming::BATCH {
                return;
            }
        }
    }
}
