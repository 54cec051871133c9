//! The calls of the signalling generator: their states, timers and messages.

use std::collections::{BTreeSet, HashMap};
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::rtp_load::{self, RtpLoad};
use crate::sip_load::{Outcome, Plan, Role, key_of, tail_of};
use crate::sip_text::{Message, Request, respond, sdp, target};

/// First wait before a message is sent again (RFC 3261 timers A, E and G), doubled each time.
const T1: Duration = Duration::from_millis(500);
/// Largest wait between two repetitions.
const T2: Duration = Duration::from_secs(4);
/// A message is given up after this long (timers B, F and H).
const GIVE_UP: Duration = Duration::from_secs(32);
/// Messages read in one turn.
const READS: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// We answer: 180 is sent, the 200 is due at `due`.
    Ringing,
    /// We answer: 200 is repeated until its ACK.
    Answered,
    /// We dial: INVITE is repeated until any response.
    Calling,
    /// We dial: a provisional response came.
    Proceeding,
    Up,
    /// Our BYE is repeated until its response.
    Leaving,
    Gone,
}

struct Call {
    state: State,
    id: String,
    invited: Instant,
    up: Instant,
    /// The next thing to do by time: repeat, answer, press, hang up.
    due: Instant,
    /// What is repeated, where to, how often yet, and since when.
    message: String,
    to_address: SocketAddr,
    wait: Duration,
    since: Instant,
    /// Dialog: our side, their side, their contact, the route.
    local: String,
    remote: String,
    contact: String,
    routes: Vec<String>,
    cseq: u32,
    media: Option<SocketAddrV4>,
    keys: usize,
    /// The agent's telephone that rings.
    phone: String,
    /// From when on sound is waited for, on the kernel's clock; 0: nobody waits.
    since_ns: u64,
}

pub struct Load {
    socket: UdpSocket,
    address: SocketAddr,
    role: Role,
    plan: Plan,
    media: Option<Arc<RtpLoad>>,
    calls: Vec<Call>,
    by_id: HashMap<String, usize>,
    timers: BTreeSet<(Instant, usize)>,
    outcome: Outcome,
    over: Arc<AtomicUsize>,
    /// Whether more calls are begun, and answers are measured.
    dials: Arc<AtomicBool>,
    /// Since when the agent of a telephone is free again.
    freed: HashMap<String, u64>,
}

impl Load {
    pub fn new(
        socket: UdpSocket,
        address: SocketAddr,
        role: Role,
        plan: Plan,
        media: Option<Arc<RtpLoad>>,
        (over, dials): (Arc<AtomicUsize>, Arc<AtomicBool>),
    ) -> Load {
        Load {
            socket,
            address,
            role,
            plan,
            media,
            calls: Vec::new(),
            by_id: HashMap::new(),
            timers: BTreeSet::new(),
            outcome: Outcome::default(),
            over,
            dials,
            freed: HashMap::new(),
        }
    }

    pub fn run(mut self, stop: &AtomicBool) -> Outcome {
        let begin = Instant::now();
        let mut bytes = [0; 65_536];
        while !stop.load(Ordering::Relaxed) {
            let now = Instant::now();
            if let Role::Dial(daemon) = self.role
                && self.dials.load(Ordering::Relaxed)
            {
                let due = (now - begin).as_secs_f64() * self.plan.per_second;
                let room = self.over.load(Ordering::Relaxed) + self.plan.at_once;
                while self.calls.len() < self.plan.calls.min(due as usize + 1).min(room) {
                    self.dial(now, daemon);
                }
            }
            for _ in 0..READS {
                let Ok((len, from)) = self.socket.recv_from(&mut bytes) else { break };
                if let Some(message) = Message::parse(&bytes[..len]) {
                    self.handle(now, from, &message);
                }
            }
            while let Some(&(due, call)) = self.timers.first().filter(|(due, _)| *due <= now) {
                self.timers.remove(&(due, call));
                self.wake(now, call);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.outcome.setup_ms.sort_by(f64::total_cmp);
        self.outcome
    }

    /// Where the media of `call` is, or an address nobody listens at.
    fn media_of(&self, call: usize) -> SocketAddrV4 {
        let nobody = SocketAddrV4::new([127, 0, 0, 1].into(), 9);
        self.media.as_ref().map_or(nobody, |media| media.address(call))
    }

    fn send(&self, text: &str, to: SocketAddr) {
        // A full buffer loses the message, which its repetition mends.
        let _ = self.socket.send_to(text.as_bytes(), to);
    }

    fn at(&mut self, due: Instant, call: usize) {
        self.timers.remove(&(self.calls[call].due, call));
        self.calls[call].due = due;
        self.timers.insert((due, call));
    }

    /// Sends `text` now and again until the state changes.
    fn repeat(&mut self, now: Instant, call: usize, text: String, to: SocketAddr) {
        self.send(&text, to);
        let c = &mut self.calls[call];
        (c.message, c.to_address, c.wait, c.since) = (text, to, T1, now);
        self.at(now + T1, call);
    }

    fn new_call(&mut self, now: Instant, id: &str, tail: usize, state: State) -> usize {
        let n = self.calls.len();
        self.outcome.tails.push(tail);
        self.by_id.insert(id.to_owned(), n);
        self.calls.push(Call {
            state,
            id: id.to_owned(),
            invited: now,
            up: now,
            due: now,
            message: String::new(),
            to_address: self.address,
            wait: T1,
            since: now,
            local: String::new(),
            remote: String::new(),
            contact: String::new(),
            routes: Vec::new(),
            cseq: 1,
            media: None,
            keys: 0,
            phone: String::new(),
            since_ns: 0,
        });
        self.outcome.begun += 1;
        n
    }

    fn dial(&mut self, now: Instant, daemon: SocketAddr) {
        let n = self.calls.len();
        let id = format!("load-{n}-{}", self.address.port());
        self.new_call(now, &id, n, State::Calling);
        let from = format!("<sip:139{n:08}@{}>;tag=l{n}", self.address);
        let to = format!("<sip:4008000000@{daemon}>");
        let call = &mut self.calls[n];
        (call.local, call.remote, call.contact) = (from, to, format!("sip:4008000000@{daemon}"));
        let body = sdp(self.media_of(n));
        let text = self.request(n, "INVITE", &body);
        self.repeat(now, n, text, daemon);
    }

    fn request(&self, n: usize, method: &str, body: &str) -> String {
        let call = &self.calls[n];
        let branch = format!("z9hG4bK-{n}-{method}-{}", call.cseq);
        let request = Request {
            method,
            uri: &call.contact,
            branch: &branch,
            local: self.address,
            from: &call.local,
            to: &call.remote,
            call_id: &call.id,
            cseq: call.cseq,
            routes: &call.routes,
            body,
        };
        request.text()
    }

    fn handle(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) {
        let known = message.call_id().and_then(|id| self.by_id.get(id).copied());
        match (message.method(), message.status(), known) {
            (Some("INVITE"), _, None) => self.invited(now, from, message),
            (Some(method), _, Some(call)) => self.requested(now, from, message, method, call),
            // Registration and health checks of the trunk.
            (Some("REGISTER" | "OPTIONS"), ..) => {
                self.send(&respond(message, 200, "OK", "load", &self.uri(), ""), from);
            }
            (Some("ACK"), ..) => {}
            (Some(_), ..) => self.send(&respond(message, 481, "No Call", "load", &self.uri(), ""), from),
            (None, Some(status), Some(call)) => self.responded(now, message, status, call),
            _ => {}
        }
    }

    fn uri(&self) -> String {
        format!("sip:load@{}", self.address)
    }

    fn invited(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>) {
        let Some(id) = message.call_id() else { return };
        if self.calls.len() >= self.plan.calls {
            return self.send(&respond(message, 486, "Busy Here", "load", &self.uri(), ""), from);
        }
        let to = message.header("To", "t").unwrap_or_default();
        let from_header = message.header("From", "f").unwrap_or_default();
        let desk = matches!(self.role, Role::Desk(..));
        let customer = user_of(if desk { from_header } else { to });
        let n = self.new_call(now, id, tail_of(customer), State::Ringing);
        if desk {
            let phone = user_of(to).to_owned();
            let measured = self.dials.load(Ordering::Relaxed);
            self.calls[n].since_ns = self.freed.remove(&phone).filter(|_| measured).unwrap_or(0);
            self.calls[n].phone = phone;
        }
        let tag = format!("a{n}");
        let uri = self.uri();
        let answer = respond(message, 200, "OK", &tag, &uri, &sdp(self.media_of(n)));
        let call = &mut self.calls[n];
        call.local = format!("{to};tag={tag}");
        call.remote = from_header.into();
        call.contact = message.contact().unwrap_or_default().into();
        call.routes = message.headers("Record-Route", "").map(str::to_owned).collect();
        call.media = message.media();
        (call.message, call.to_address) = (answer, from);
        self.send(&respond(message, 180, "Ringing", &tag, &uri, ""), from);
        self.at(now + self.plan.ring, n);
    }

    fn requested(&mut self, now: Instant, from: SocketAddr, message: &Message<'_>, method: &str, n: usize) {
        let (uri, tag) = (self.uri(), format!("a{n}"));
        let state = self.calls[n].state;
        match method {
            "ACK" if state == State::Answered => self.up(now, n),
            "ACK" => {}
            // The same INVITE again, or a re-INVITE: a session refresh or hold, answered as is.
            "INVITE" if matches!(state, State::Up) => {
                let body = sdp(self.media_of(n));
                self.send(&respond(message, 200, "OK", &tag, &uri, &body), from);
            }
            "INVITE" if state == State::Answered => self.send(&self.calls[n].message, from),
            "INVITE" => self.send(&respond(message, 180, "Ringing", &tag, &uri, ""), from),
            "CANCEL" => {
                self.send(&respond(message, 200, "OK", &tag, &uri, ""), from);
                if state == State::Ringing {
                    // The 487 answers the INVITE: its text is the stored 200 with another status.
                    let refused = self.calls[n].message.replacen("200 OK", "487 Request Terminated", 1);
                    let head = refused.split("\r\n\r\n").next().unwrap_or_default();
                    let head: Vec<&str> =
                        head.split("\r\n").filter(|line| !line.starts_with("Content-")).collect();
                    self.send(&format!("{}\r\nContent-Length: 0\r\n\r\n", head.join("\r\n")), from);
                    self.fail(n, 487);
                }
            }
            "BYE" => {
                self.send(&respond(message, 200, "OK", &tag, &uri, ""), from);
                if matches!(state, State::Up | State::Answered | State::Leaving) {
                    self.outcome.ended += 1;
                }
                self.gone(n);
            }
            _ => self.send(&respond(message, 200, "OK", &tag, &uri, ""), from),
        }
    }

    fn responded(&mut self, now: Instant, message: &Message<'_>, status: u16, n: usize) {
        let Some((_, method)) = message.cseq() else { return };
        let state = self.calls[n].state;
        match (method, status) {
            ("INVITE", 100..=199) if state == State::Calling => {
                self.calls[n].state = State::Proceeding;
                let since = self.calls[n].since;
                self.at(since + GIVE_UP * 4, n);
            }
            ("INVITE", 200..=299) => {
                let repeated = !matches!(state, State::Calling | State::Proceeding);
                if !repeated {
                    let call = &mut self.calls[n];
                    call.remote = message.header("To", "t").unwrap_or_default().into();
                    call.contact = message.contact().unwrap_or_default().into();
                    call.routes = message.headers("Record-Route", "").map(str::to_owned).collect();
                    call.routes.reverse();
                    call.media = message.media();
                    let setup = now - call.invited;
                    self.outcome.setup_ms.push(setup.as_secs_f64() * 1_000.0);
                    self.start_media(n);
                }
                let ack = self.request(n, "ACK", "");
                self.send(&ack, self.next_hop(n));
                if !repeated {
                    self.up(now, n);
                }
            }
            ("INVITE", 300..) if matches!(state, State::Calling | State::Proceeding) => {
                // The ACK of a refusal belongs to the INVITE's transaction (RFC 3261 section 17.1.1.3).
                let to = message.header("To", "t").unwrap_or_default().to_owned();
                self.calls[n].remote = to;
                let branch = format!("z9hG4bK-{n}-ACK-1");
                let ack = self.request(n, "ACK", "").replace(&branch, &format!("z9hG4bK-{n}-INVITE-1"));
                self.send(&ack, self.calls[n].to_address);
                self.fail(n, status);
            }
            ("BYE", _) if state == State::Leaving => {
                self.outcome.ended += 1;
                self.gone(n);
            }
            _ => {}
        }
    }

    fn next_hop(&self, n: usize) -> SocketAddr {
        let call = &self.calls[n];
        let route = call.routes.first().and_then(|route| route.split(['<', '>']).nth(1));
        target(route.unwrap_or(&call.contact)).unwrap_or(call.to_address)
    }

    fn up(&mut self, now: Instant, n: usize) {
        self.outcome.answered += 1;
        let call = &mut self.calls[n];
        (call.state, call.up) = (State::Up, now);
        self.plan_next(now, n);
    }

    /// From the 200 on, sent or received, there is sound both ways.
    fn start_media(&self, n: usize) {
        let call = &self.calls[n];
        let since_ns = if call.phone.is_empty() { crate::mmsg::realtime_ns() } else { call.since_ns };
        if let Some((load, to)) = self.media.as_ref().zip(call.media) {
            load.order(rtp_load::Order::Start { call: n, to, since_ns });
        }
    }

    /// How long a call is held: talks of agents differ, so that they do not end all at once.
    fn hold_of(&self, n: usize) -> Option<Duration> {
        let part = if self.calls[n].phone.is_empty() { 1.0 } else { 0.5 + (n * 37 % 100) as f64 / 100.0 };
        self.plan.hold.map(|hold| hold.mul_f64(part))
    }

    /// The next key or the end of a call that is up.
    fn plan_next(&mut self, now: Instant, n: usize) {
        let call = &self.calls[n];
        let key = self.plan.keys.get(call.keys).map(|after| call.up + *after);
        let end = self.hold_of(n).map(|hold| call.up + hold);
        let next = [key, end].into_iter().flatten().min();
        self.at(next.unwrap_or(now + Duration::from_secs(3_600)), n);
    }

    fn wake(&mut self, now: Instant, n: usize) {
        match self.calls[n].state {
            State::Ringing => {
                self.calls[n].state = State::Answered;
                self.start_media(n);
                let (text, to) = (self.calls[n].message.clone(), self.calls[n].to_address);
                self.repeat(now, n, text, to);
            }
            State::Calling | State::Answered | State::Leaving => {
                let call = &mut self.calls[n];
                if now - call.since >= GIVE_UP {
                    return self.fail(n, 0);
                }
                call.wait = (call.wait * 2).min(T2);
                let due = now + call.wait;
                self.outcome.repeated += 1;
                self.send(&self.calls[n].message, self.calls[n].to_address);
                self.at(due, n);
            }
            State::Proceeding => self.fail(n, 0),
            State::Up => self.act(now, n),
            State::Gone => {}
        }
    }

    fn act(&mut self, now: Instant, n: usize) {
        let call = &mut self.calls[n];
        if self.plan.keys.get(call.keys).is_some_and(|after| call.up + *after <= now) {
            let key = key_of(self.outcome.tails[n], call.keys);
            call.keys += 1;
            self.outcome.pressed += 1;
            if let Some(media) = &self.media {
                media.order(rtp_load::Order::Press { call: n, key });
            }
            return self.plan_next(now, n);
        }
        let call = &mut self.calls[n];
        call.state = State::Leaving;
        call.cseq += 1;
        if !call.phone.is_empty() {
            self.freed.insert(call.phone.clone(), crate::mmsg::realtime_ns());
        }
        let bye = self.request(n, "BYE", "");
        let to = self.next_hop(n);
        self.repeat(now, n, bye, to);
        if let Some(media) = &self.media {
            media.order(rtp_load::Order::Stop { call: n });
        }
    }

    fn fail(&mut self, n: usize, status: u16) {
        *self.outcome.failed.entry(status).or_default() += 1;
        self.gone(n);
    }

    fn gone(&mut self, n: usize) {
        self.timers.remove(&(self.calls[n].due, n));
        if self.calls[n].state != State::Gone {
            self.over.fetch_add(1, Ordering::Relaxed);
        }
        self.calls[n].state = State::Gone;
        if let Some(media) = &self.media {
            media.order(rtp_load::Order::Stop { call: n });
        }
    }
}

/// The user of the first `sip:USER@` in a header.
fn user_of(header: &str) -> &str {
    header.split_once("sip:").map_or("", |(_, rest)| rest.split('@').next().unwrap_or_default())
}
