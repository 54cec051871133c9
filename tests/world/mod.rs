//! A world in simulated time: the real engine, the real media sessions, simulated phones
//! behind a simulated trunk, and a ledger in place of the database. Nothing waits; an hour
//! of calls runs in a second.

mod ladder;
mod ledger;
mod media;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ringback::base::{Mono, Now, NumberFormat, Rng, Timestamp};
use ringback::calendar::{Calendar, Windows};
use ringback::dialer::{self, TrunkSettings as Choice};
use ringback::engine::{Engine, Input, Library, Output, Server, Settings, TrunkSettings};
use ringback::ivr::Script;
use ringback::media::{AmdSettings, Codec, Prompt, PromptLibrary};
use ringback::sim::{self, Act, Behaviour, Person, Phone};
use ringback::sip::{Destination, Message, Srtp, Transport};

pub use ladder::Ladder;
pub use ledger::Ledger;
use media::Seats;
pub use media::recorded;

/// One way through the simulated network.
const LATENCY: Duration = Duration::from_millis(10);
/// The step of the world: one packet time.
const STEP: Duration = Duration::from_millis(20);

/// Where trunk number `index` is.
pub fn trunk_addr(index: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 1, index as u8 + 1], 5060))
}

enum Delivery {
    /// To the daemon.
    Home(SocketAddr, Bytes),
    /// To a trunk.
    Trunk(usize, Bytes),
}

/// What a trunk does with a request before any phone hears of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrunkMood {
    /// Rings the phone.
    #[default]
    Works,
    /// Never answers anything.
    Silent,
}

/// The simulated world.
pub struct World {
    pub now: Now,
    pub engine: Engine,
    pub ledger: Ledger,
    pub ladder: Ladder,
    pub moods: Vec<TrunkMood>,
    /// Behaviour by trunk and number.
    pub numbers: BTreeMap<(usize, String), Behaviour>,
    /// Keys that phones heard, by the time their calls were over.
    pub keys_heard: Vec<String>,
    seats: Seats,
    phones: BTreeMap<String, (usize, Phone, SocketAddr)>,
    wire: BTreeMap<(Mono, u64), Delivery>,
    sequence: u64,
    rng: Rng,
}

/// Settings of one simulated trunk.
pub fn trunk(name: &str, priority: u16) -> TrunkSettings {
    TrunkSettings {
        choice: Choice {
            name: Arc::from(name),
            group: String::new(),
            priority,
            weight: 1,
            max_calls: 0,
            max_cps: 0.0,
            health_check: true,
            number_format: NumberFormat::default(),
        },
        server: Server { host: format!("{name}.example"), port: Some(5060), transport: Some(Transport::Udp) },
        outbound_proxy: None,
        register: None,
        credentials: None,
        domain: String::new(),
        caller_id: "4008001234".into(),
        assert_identity: true,
        ping_every: Duration::from_secs(30),
        follow_redirects: 0,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        local_address: None,
        external_address: None,
        rtcp_mux: false,
        srtp: Srtp::Off,
    }
}

/// The prompts of [`SCRIPT`] and their pitch in Hz.
const TONES: [(&str, f64); 4] = [("ask", 500.0), ("again", 600.0), ("thanks", 700.0), ("message", 800.0)];
/// The calendar of mainland China.
const CALENDAR: &str = include_str!("../../config/calendar/cn.toml");
/// A script of one scored question.
pub const SCRIPT: &str = include_str!("survey.toml");

impl World {
    /// A world at Monday 2026-03-02 09:00 in Shanghai with these trunks.
    pub fn new(seed: u64, trunks: Vec<TrunkSettings>) -> World {
        World::at("2026-03-02T01:00:00Z", seed, trunks)
    }

    /// The same at another moment.
    pub fn at(moment: &str, seed: u64, trunks: Vec<TrunkSettings>) -> World {
        let utc = moment.parse().map(Timestamp::from_jiff).unwrap();
        let now = Now { mono: Mono::from_millis(1_000), utc };
        let windows = Windows::parse(&["00:00-24:00".to_owned()], "Asia/Shanghai").unwrap();
        let moods = vec![TrunkMood::Works; trunks.len()];
        let settings = Settings {
            sip: Default::default(),
            dialer: dialer::Settings {
                windows,
                max_calls: 0,
                max_cps: 0.0,
                fetch_size: 100,
                reservation_timeout: Duration::from_secs(10),
                calendar: Arc::new(Calendar::parse(CALENDAR).unwrap()),
            },
            trunks,
            inbound: Vec::new(),
            amd: AmdSettings::default(),
            recordings: PathBuf::from("/recordings"),
            record: true,
            timezone: jiff::tz::TimeZone::get("Asia/Shanghai").unwrap(),
            listeners: Default::default(),
            external_signal: None,
            external_media: None,
            fallback_media: None,
            rtp_timeout: Duration::from_secs(20),
            setup_timeout: Duration::from_secs(12),
            can_speak: false,
        };
        let mut rng = Rng::seeded(seed);
        let engine = Engine::new(now, settings, library(SCRIPT, TONES), rng.fork());
        let mut world = World {
            now,
            engine,
            ledger: Ledger::default(),
            ladder: Ladder::new(now.mono),
            moods,
            numbers: BTreeMap::new(),
            keys_heard: Vec::new(),
            seats: Seats::new(rng.fork()),
            phones: BTreeMap::new(),
            wire: BTreeMap::new(),
            sequence: 0,
            rng,
        };
        world.feed(Input::Wake);
        world
    }

    /// Gives the engine an input and carries out what follows.
    pub fn feed(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    /// Gives the engine new settings, as a reload does.
    pub fn reload(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.engine.settings().clone();
        change(&mut settings);
        self.engine.handle_settings(self.now, settings);
        self.drain();
    }

    /// Somebody calls this number of ours over a trunk, without an offer.
    pub fn call_in(&mut self, index: usize, number: &str) {
        let id = self.rng.hex(8);
        let invite = format!(
            "INVITE sip:{number}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.1.{0}:5060;branch=z9hG4bK{id}\r\n\
             From: <sip:13900000000@a.example>;tag={id}\r\nTo: <sip:{number}@127.0.0.1>\r\nCall-ID: {id}\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:10.0.1.{0}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            index + 1
        );
        self.say(index, invite.into_bytes());
    }

    /// Lets time pass until `done` says so; panics after `limit` of simulated time.
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&World) -> bool) {
        let end = self.now.mono + limit;
        while !done(self) {
            assert!(self.now.mono < end, "not done within {limit:?}\n{}", self.ladder.text());
            self.step();
        }
    }

    /// Lets this much time pass.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while self.now.mono < end {
            self.step();
        }
    }

    fn step(&mut self) {
        let by = if self.is_quiet() { self.pause() } else { STEP };
        self.now = self.now.after(by);
        self.deliver();
        self.tick_media();
        self.tick_phones();
        if self.engine.next_wake().is_some_and(|at| at <= self.now.mono) {
            self.feed(Input::Wake);
        }
    }

    fn is_quiet(&self) -> bool {
        self.wire.is_empty() && self.phones.is_empty() && self.seats.is_empty()
    }

    /// With nothing on the wire, the next thing that happens is the engine's own wake.
    fn pause(&self) -> Duration {
        let most = Duration::from_secs(60);
        let wake = self.engine.next_wake().map_or(most, |at| at.since(self.now.mono));
        wake.clamp(STEP, most)
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Transmit(transmit) => self.transmit(transmit),
                Output::Locate { trunk, .. } => {
                    let addr = trunk_addr(trunk);
                    let found = Destination { transport: Transport::Udp, addr, server_name: String::new() };
                    self.engine
                        .handle(self.now, Input::Located { trunk, result: Ok(vec![found]), local: None });
                }
                Output::Media(session, command) => {
                    if let Some(event) = self.seats.order(self.now, session, command) {
                        self.engine.handle(self.now, Input::Media(session, event));
                    }
                }
                Output::Write(write) => {
                    if let Some(reserved) = self.ledger.write(self.now, write, &mut self.ladder) {
                        self.engine.handle(self.now, Input::Reserved(reserved));
                    }
                }
                Output::Fetch { campaign, list, limit } => {
                    let fetched = self.ledger.fetch(list, self.now.utc, limit);
                    self.engine.handle(self.now, Input::Fetched(campaign, Some(fetched)));
                }
                Output::Speak { .. } | Output::Load { .. } | Output::KeepPrompt { .. } => {}
                Output::Notice(notice) => self.ladder.notice(self.now, &notice),
            }
        }
    }

    fn transmit(&mut self, transmit: ringback::sip::endpoint::Transmit) {
        let to = transmit.destination.addr;
        let index = usize::from(match to {
            SocketAddr::V4(a) => a.ip().octets()[3],
            _ => 1,
        }) - 1;
        self.ladder.sip(self.now, "ringback", &format!("trunk{}", index + 1), &transmit.bytes);
        self.post(Delivery::Trunk(index, transmit.bytes));
    }

    fn post(&mut self, delivery: Delivery) {
        self.sequence += 1;
        self.wire.insert((self.now.mono + LATENCY, self.sequence), delivery);
    }

    fn deliver(&mut self) {
        while let Some(entry) = self.wire.first_entry() {
            if entry.key().0 > self.now.mono {
                break;
            }
            match entry.remove() {
                Delivery::Home(source, bytes) => {
                    self.feed(Input::Received { transport: Transport::Udp, source, connection: None, bytes })
                }
                Delivery::Trunk(index, bytes) => self.reach_trunk(index, &bytes),
            }
        }
    }

    fn reach_trunk(&mut self, index: usize, bytes: &[u8]) {
        if self.moods.get(index) == Some(&TrunkMood::Silent) {
            return;
        }
        let message = Message::parse(bytes).expect("the daemon sends what can be read");
        let Some(call_id) = message.headers().get("Call-ID").map(|v| v.to_string()) else { return };
        if let Some((_, phone, _)) = self.phones.get_mut(&call_id) {
            phone.handle_message(self.now, message);
        } else if let Message::Request(request) = message {
            self.new_request(index, call_id, request);
        }
        self.flush_phone_outputs();
    }

    fn new_request(&mut self, index: usize, call_id: String, request: ringback::sip::Request) {
        let method = request.method.to_string();
        if method == "OPTIONS" || method == "REGISTER" {
            let mut answer = String::from("SIP/2.0 200 OK\r\n");
            for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
                let value = request.headers.get(name).map(|v| v.to_string()).unwrap_or_default();
                answer.push_str(&format!("{name}: {value}\r\n"));
            }
            if let Some(expires) = request.headers.get("Expires") {
                answer.push_str(&format!("Expires: {expires}\r\n"));
            }
            answer.push_str("Content-Length: 0\r\n\r\n");
            self.say(index, answer.into_bytes());
        } else if method == "INVITE" {
            let number = request.uri.user.clone().unwrap_or_default();
            let behaviour = self.numbers.get(&(index, number)).cloned().unwrap_or(Behaviour::INVALID_NUMBER);
            let rtp = self.seats.next_phone_addr();
            let mut phone =
                Phone::ring(self.now, request, behaviour, trunk_addr(index), rtp, self.rng.fork());
            phone.keep_audio();
            self.phones.insert(call_id, (index, phone, rtp));
        }
    }

    fn say(&mut self, index: usize, bytes: Vec<u8>) {
        self.ladder.sip(self.now, &format!("trunk{}", index + 1), "ringback", &bytes);
        self.post(Delivery::Home(trunk_addr(index), Bytes::from(bytes)));
    }

    fn flush_phone_outputs(&mut self) {
        let mut said = Vec::new();
        for (index, phone, rtp) in self.phones.values_mut() {
            while let Some(output) = phone.poll_output() {
                match output {
                    sim::Output::Sip(bytes) => said.push((*index, bytes)),
                    sim::Output::Rtp(to, packet) => self.seats.receive(self.now.mono, to, *rtp, packet),
                }
            }
        }
        for (index, bytes) in said {
            if self.moods.get(index) != Some(&TrunkMood::Silent) {
                self.say(index, bytes);
            }
        }
    }

    fn tick_phones(&mut self) {
        for (_, phone, _) in self.phones.values_mut() {
            phone.tick(self.now);
        }
        self.flush_phone_outputs();
        let now = self.now;
        for (_, phone, _) in self.phones.values().filter(|(_, phone, _)| phone.is_over(now)) {
            self.keys_heard.extend(Some(phone.heard().keys.clone()).filter(|keys| !keys.is_empty()));
        }
        self.phones.retain(|_, (_, phone, _)| !phone.is_over(now));
    }

    fn tick_media(&mut self) {
        let (packets, events) = self.seats.tick(self.now);
        for (to, packet) in packets {
            if let Some((_, phone, _)) = self.phones.values_mut().find(|(_, _, rtp)| *rtp == to) {
                phone.handle_rtp(&packet);
            }
        }
        for (session, event) in events {
            self.ladder.media(self.now, &event);
            self.feed(Input::Media(session, event));
        }
    }

    /// Sessions, phones, dialogs and transactions that are left: all zero after a rest.
    pub fn leftovers(&self) -> (usize, usize, ringback::sip::endpoint::Held) {
        (self.engine.call_count(), self.seats.len(), self.engine.sip_held())
    }
}

/// Presses 5 after three seconds, and stays.
pub fn answers() -> Behaviour {
    let acts = vec![Act::Press { keys: "5".into(), thought_ms: 3_000 }, Act::Ignore];
    Behaviour::Answers(Person { acts, patience_ms: 0, ..Person::default() })
}

/// One script and prompts that are tones, so that a phone hears when each begins and ends.
pub fn library<'a>(script: &str, tones: impl IntoIterator<Item = (&'a str, f64)>) -> Library {
    let script = Script::parse("survey.toml", script).unwrap_or_else(|e| panic!("{e}"));
    let mut prompts = PromptLibrary::new("en");
    let mut names = Vec::new();
    for (name, hz) in tones {
        let pcm: Vec<i16> = (0..8_000)
            .map(|i| ((f64::from(i) * hz * std::f64::consts::TAU / 8_000.0).sin() * 8_000.0) as i16)
            .collect();
        prompts.insert("en", Arc::new(Prompt::from_pcm(name, &pcm)));
        names.push(format!("en/{name}"));
    }
    Library {
        scripts: BTreeMap::from([(script.name().to_owned(), Arc::new(script))]),
        prompts: Arc::new(prompts),
        names: Arc::new(names.into_iter().collect()),
    }
}
