//! A trunk that brings every call back to the daemon that placed it, and carries the sound itself: with
//! whatever fault is asked for.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::raw::socket;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing; only the mark is taken off, as a B2BUA does.
    None,
    /// No sound comes from the called side.
    OneWay,
    /// Keys do not arrive.
    NoKeys,
    /// Each key arrives twice.
    KeysTwice,
    /// Every call is refused with this response.
    Refuses(&'static str),
}

/// A running one; it ends with this value.
pub struct Looping {
    pub port: u16,
    fault: Arc<Mutex<Fault>>,
    daemon: Arc<AtomicU16>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Looping {
    pub fn start(fault: Fault) -> Looping {
        let signal = socket("127.0.0.1");
        let port = signal.local_addr().expect("its address").port();
        let (fault, over) = (Arc::new(Mutex::new(fault)), Arc::new(AtomicBool::new(false)));
        let daemon = Arc::new(AtomicU16::new(0));
        let work = Work { signal, port, fault: fault.clone(), daemon: daemon.clone(), over: over.clone() };
        let thread = Some(std::thread::spawn(move || work.run()));
        Looping { port, fault, daemon, over, thread }
    }

    /// Where calls are brought.
    pub fn bring_to(&self, sip_port: u16) {
        self.daemon.store(sip_port, Ordering::Relaxed);
    }

    /// From the next call on.
    pub fn set_fault(&self, fault: Fault) {
        *self.fault.lock().expect("no panic") = fault;
    }
}

impl Drop for Looping {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

struct Work {
    signal: UdpSocket,
    port: u16,
    fault: Arc<Mutex<Fault>>,
    daemon: Arc<AtomicU16>,
    over: Arc<AtomicBool>,
}

/// The sound of one call: what the called side sends comes to `to_caller`, and the other way round.
struct Sound {
    /// Known to the called side, who sends here.
    for_called: UdpSocket,
    /// Known to the calling side.
    for_caller: UdpSocket,
    caller: SocketAddr,
    called: Option<SocketAddr>,
    keys: u8,
    keys_way: KeysWay,
}

impl Work {
    fn run(self) {
        let mut sounds: BTreeMap<String, Sound> = BTreeMap::new();
        let mut buffer = vec![0; 65_536];
        while !self.over.load(Ordering::Relaxed) {
            if let Ok((length, from)) = self.signal.recv_from(&mut buffer) {
                let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
                self.signal_came(&message, from, &mut sounds);
            }
            let fault = *self.fault.lock().expect("no panic");
            for sound in sounds.values_mut() {
                sound.pass(fault, &mut buffer);
            }
        }
    }

    fn signal_came(&self, message: &str, from: SocketAddr, sounds: &mut BTreeMap<String, Sound>) {
        let fault = *self.fault.lock().expect("no panic");
        let call = field(message, "Call-ID").to_owned();
        if let (Fault::Refuses(status), true) = (fault, message.starts_with("INVITE")) {
            self.signal.send_to(refusal(message, status).as_bytes(), from).ok();
            return;
        }
        if matches!(fault, Fault::Refuses(_)) && message.starts_with("ACK") {
            return;
        }
        let to = SocketAddr::from(([127, 0, 0, 1], self.daemon.load(Ordering::Relaxed)));
        let mut text = match message.starts_with("SIP/2.0") {
            true => without_first(message, "Via"),
            false => self.request(message),
        };
        if message.starts_with("INVITE") && has_body(message) {
            let sound = sounds.entry(call).or_insert_with(|| Sound::of(message));
            text = with_port(&text, sound.for_called.local_addr().expect("its address").port());
        } else if message.starts_with("SIP/2.0 2")
            && has_body(message)
            && field(message, "CSeq").ends_with("INVITE")
            && let Some(sound) = sounds.get_mut(&call)
        {
            sound.called = Some(SocketAddr::from(([127, 0, 0, 1], media_port(message))));
            text = with_port(&text, sound.for_caller.local_addr().expect("its address").port());
        }
        self.signal.send_to(text.as_bytes(), to).ok();
    }

    /// A request as it goes on: with our Via and our Record-Route, without our Route and without the mark.
    fn request(&self, message: &str) -> String {
        let own = format!("127.0.0.1:{}", self.port);
        let branch = field(message, "Via").split("branch=").nth(1).unwrap_or_default();
        let branch = branch.split(';').next().unwrap_or_default().replace("z9hG4bK", "");
        let (head, rest) = message.split_once("\r\n").expect("a request line");
        let mut head = head.to_owned();
        if head.starts_with("INVITE") || !rest.contains("Route:") {
            let to = format!("127.0.0.1:{}", self.daemon.load(Ordering::Relaxed));
            head = head.replace(&own, &to);
        }
        let mut text = format!("{head}\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKloop{branch}\r\n");
        if head.starts_with("INVITE") && !field(message, "To").contains("tag=") {
            text.push_str(&format!("Record-Route: <sip:{own};lr>\r\n"));
        }
        for line in rest.split_inclusive("\r\n") {
            let is_own = line.starts_with("Route:") && line.contains(&own);
            if !is_own && !line.starts_with("X-Ringback-Canary") {
                text.push_str(line);
            }
        }
        text
    }
}

impl Sound {
    fn of(invite: &str) -> Sound {
        let quick = |socket: UdpSocket| {
            socket.set_read_timeout(Some(Duration::from_micros(200))).expect("a timeout");
            socket
        };
        let keys = invite.lines().find_map(|line| {
            let (number, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            name.starts_with("telephone-event/8000").then(|| number.parse().ok())?
        });
        Sound {
            for_called: quick(socket("127.0.0.1")),
            for_caller: quick(socket("127.0.0.1")),
            caller: SocketAddr::from(([127, 0, 0, 1], media_port(invite))),
            called: None,
            keys: keys.expect("keys are offered"),
            keys_way: KeysWay::default(),
        }
    }

    fn pass(&mut self, fault: Fault, buffer: &mut [u8]) {
        while let Ok(length) = self.for_called.recv(buffer) {
            if fault != Fault::OneWay {
                self.for_caller.send_to(&buffer[..length], self.caller).ok();
            }
        }
        while let Ok(length) = self.for_caller.recv(buffer) {
            let Some(called) = self.called else { continue };
            let packet = &buffer[..length];
            let is_key = length > 12 && packet[1] & 0x7f == self.keys;
            let send = |packet: &[u8]| drop(self.for_called.send_to(packet, called));
            match (fault, is_key) {
                // A gateway that passes no keys on leaves no gap.
                (Fault::NoKeys, true) => self.keys_way.added = self.keys_way.added.wrapping_sub(1),
                (Fault::KeysTwice, _) => self.keys_way.twice(packet, is_key, send),
                _ => self.keys_way.once(packet, send),
            }
        }
    }
}

/// The way of the packets to the called side, with sequence numbers that have no gap.
#[derive(Default)]
struct KeysWay {
    key: Vec<Vec<u8>>,
    since: usize,
    added: u16,
}

impl KeysWay {
    fn once(&self, packet: &[u8], send: impl Fn(&[u8])) {
        let mut moved = packet.to_vec();
        shift(&mut moved, self.added, 0);
        send(&moved);
    }

    /// Every key comes a second time, two thirds of a second after the first.
    fn twice(&mut self, packet: &[u8], is_key: bool, send: impl Fn(&[u8])) {
        if is_key {
            self.key.push(packet.to_vec());
            self.since = 0;
        } else if !self.key.is_empty() {
            self.since += 1;
        }
        let mut moved = packet.to_vec();
        shift(&mut moved, self.added, 0);
        send(&moved);
        if self.since == 16 {
            let last = u16::from_be_bytes([packet[2], packet[3]]);
            for mut copy in std::mem::take(&mut self.key) {
                let own = u16::from_be_bytes([copy[2], copy[3]]);
                self.added += 1;
                shift(&mut copy, last.wrapping_sub(own).wrapping_add(self.added), 32 * 160);
                send(&copy);
            }
            self.since = 0;
        }
    }
}

/// Moves sequence number and timestamp of an RTP packet.
fn shift(packet: &mut [u8], sequence: u16, time: u32) {
    let number = u16::from_be_bytes([packet[2], packet[3]]).wrapping_add(sequence);
    packet[2..4].copy_from_slice(&number.to_be_bytes());
    let stamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]).wrapping_add(time);
    packet[4..8].copy_from_slice(&stamp.to_be_bytes());
}

fn field<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim()
}

fn has_body(message: &str) -> bool {
    message.contains("\r\nm=audio ")
}

fn media_port(message: &str) -> u16 {
    let line = message.lines().find_map(|line| line.strip_prefix("m=audio "));
    line.and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("an audio stream")
}

/// The message with another port in its SDP, and the length that belongs to it.
fn with_port(message: &str, port: u16) -> String {
    let old = format!("m=audio {} ", media_port(message));
    let text = message.replace(&old, &format!("m=audio {port} "));
    let (head, body) = text.split_once("\r\n\r\n").expect("a body");
    let length = format!("Content-Length: {}", body.len());
    let head =
        head.lines().map(|line| if line.starts_with("Content-Length:") { length.as_str() } else { line });
    format!("{}\r\n\r\n{body}", head.collect::<Vec<_>>().join("\r\n"))
}

/// A response without its first field of that name.
fn without_first(message: &str, name: &str) -> String {
    let mut gone = false;
    let keep = |line: &&str| {
        let is_it = !gone && line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
        gone |= is_it;
        !is_it
    };
    message.split_inclusive("\r\n").filter(keep).collect()
}

fn refusal(invite: &str, status: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "From", "Call-ID", "CSeq"] {
        text.push_str(&format!("{name}: {}\r\n", field(invite, name)));
    }
    text.push_str(&format!("To: {};tag=no\r\nContent-Length: 0\r\n\r\n", field(invite, "To")));
    text
}
