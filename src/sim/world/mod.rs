//! A world in simulated time: the real engine, the real media sessions, simulated phones
//! behind simulated trunks. Nothing waits; an hour of calls runs in a second, and the same
//! seed gives the same hour.
//!
//! What stands in place of the database is the caller's: see [`Books`].

mod carrier;
mod seats;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use super::Behaviour;
use crate::base::{CampaignId, ListId, Mono, Now, NumberFormat, PhoneNumber, Rng, Timestamp};
use crate::dialer::{self, Fetched, Reason};
use crate::engine::{
    Clear, Clearance, Engine, Identity, Input, Library, Notice, Output, Reserved, Server, Settings,
    TrunkSettings, Write, no_number,
};
use crate::media::{AmdSettings, Codec, Event};
use crate::sip::{Destination, Srtp, Transport};
use carrier::Line;
use seats::Seats;
pub use seats::recorded;

/// One way through the simulated network.
const LATENCY: Duration = Duration::from_millis(10);
/// The step of a world in which somebody speaks: one packet time.
const STEP: Duration = Duration::from_millis(20);
/// The longest step of a quiet world.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Where trunk number `index` is.
pub fn trunk_addr(index: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 1, u8::try_from(index + 1).unwrap_or(u8::MAX)], 5060))
}

/// What the world does not have itself: a database, people behind the numbers, and somebody
/// who watches.
pub trait Books {
    /// Keeps a write. A reservation is answered at once, or later by [`Input::Reserved`].
    fn write(&mut self, now: Now, write: Write) -> Option<Reserved>;

    /// Due entries.
    fn fetch(&mut self, now: Now, campaign: CampaignId, list: ListId, limit: u32) -> Fetch;

    /// What the guard says of a call that an agent begins; by default it lets it leave.
    fn clear(&mut self, _now: Now, asked: &Clear) -> Result<Clearance, Reason> {
        let Ok((phone, _)) = PhoneNumber::parse(&asked.number, None) else {
            return Err(no_number(&asked.number));
        };
        Ok(Clearance { phone, name: String::new(), language: String::new(), fields: BTreeMap::new() })
    }

    /// Who is behind a number that a trunk is asked for.
    fn behaviour(&mut self, now: Now, trunk: usize, number: &str) -> Behaviour;

    /// Who is known by a number.
    fn identify(&mut self, _phone: &PhoneNumber) -> Option<Identity> {
        None
    }

    /// A phone's call is over, with the keys that it heard.
    fn hung_up(&mut self, _keys: &str) {}

    /// A SIP message leaves one side for the other.
    fn see_sip(&mut self, _now: Now, _from: &str, _to: &str, _bytes: &[u8]) {}

    /// A media session reports.
    fn see_media(&mut self, _now: Now, _event: &Event) {}

    /// The engine has news.
    fn see_notice(&mut self, _now: Now, _notice: &Notice) {}
}

/// The answer of the books to a fetch.
#[derive(Clone, Debug)]
pub enum Fetch {
    /// These are due.
    Found(Fetched),
    /// They cannot be read now.
    Failed,
    /// The caller gives [`Input::Fetched`] later.
    Later,
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

enum Delivery {
    /// To the daemon.
    Home(SocketAddr, Bytes),
    /// To a trunk.
    Trunk(usize, Bytes),
}

/// The simulated world.
pub struct World<B> {
    /// Both clocks. The wall clock may be set.
    pub now: Now,
    /// The engine.
    pub engine: Engine,
    /// In place of the database.
    pub books: B,
    /// What each trunk is like.
    pub moods: Vec<TrunkMood>,
    /// Keeps what phones hear, at most 60 s a call, and recordings, at most 120 s each.
    pub keep_audio: bool,
    seats: Seats,
    lines: BTreeMap<String, Line>,
    wire: BTreeMap<(Mono, u64), Delivery>,
    sequence: u64,
    rng: Rng,
}

/// Settings of one simulated trunk over UDP.
pub fn trunk(name: &str, priority: u16) -> TrunkSettings {
    TrunkSettings {
        choice: dialer::TrunkSettings {
            name: name.into(),
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
        canary: None,
    }
}

/// Settings of an engine in a simulated world: no sockets, recordings that are only counted.
pub fn settings(dialer: dialer::Settings, trunks: Vec<TrunkSettings>, zone: jiff::tz::TimeZone) -> Settings {
    Settings {
        sip: Default::default(),
        dialer,
        trunks,
        inbound: Vec::new(),
        amd: AmdSettings::default(),
        recordings: PathBuf::from("/recordings"),
        record: true,
        refusal_stops_recording: true,
        home_area: None,
        timezone: zone,
        listeners: Default::default(),
        external_signal: None,
        external_media: None,
        fallback_media: None,
        rtp_timeout: Duration::from_secs(20),
        setup_timeout: Duration::from_secs(12),
        can_speak: false,
        phones: Default::default(),
        agents: Default::default(),
    }
}

impl<B: Books> World<B> {
    /// A world at `utc`.
    pub fn new(utc: Timestamp, seed: u64, settings: Settings, library: Library, books: B) -> World<B> {
        let now = Now { mono: Mono::from_millis(1_000), utc };
        let mut rng = Rng::seeded(seed);
        let moods = vec![TrunkMood::Works; settings.trunks.len()];
        let engine = Engine::new(now, settings, library, rng.fork());
        let mut world = World {
            now,
            engine,
            books,
            moods,
            keep_audio: false,
            seats: Seats::new(rng.fork()),
            lines: BTreeMap::new(),
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

    /// Lets this much time pass.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while self.now.mono < end {
            self.step(end.since(self.now.mono));
        }
    }

    /// Lets time pass to the next thing that happens: at most `limit`, but at least one packet
    /// time while somebody speaks.
    pub fn step(&mut self, limit: Duration) {
        // Phones and media count packets, so a step in which somebody speaks is one packet long.
        let by = if self.is_quiet() { self.pause().min(limit) } else { STEP };
        self.now = self.now.after(by);
        self.deliver();
        self.tick_media();
        self.tick_phones();
        if self.engine.next_wake().is_some_and(|at| at <= self.now.mono) {
            self.feed(Input::Wake);
        }
    }

    /// Whether nothing is on the wire and nobody speaks.
    pub fn is_quiet(&self) -> bool {
        self.wire.is_empty() && self.lines.is_empty() && self.seats.is_empty()
    }

    /// In a quiet world, the next thing that happens is the engine's own wake.
    fn pause(&self) -> Duration {
        let wake = self.engine.next_wake().map_or(LONGEST_PAUSE, |at| at.since(self.now.mono));
        wake.clamp(STEP, LONGEST_PAUSE)
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
                    if let Some(reserved) = self.books.write(self.now, write) {
                        self.engine.handle(self.now, Input::Reserved(reserved));
                    }
                }
                Output::Fetch { campaign, list, limit } => {
                    let fetched = match self.books.fetch(self.now, campaign, list, limit) {
                        Fetch::Found(fetched) => Some(fetched),
                        Fetch::Failed => None,
                        Fetch::Later => continue,
                    };
                    self.engine.handle(self.now, Input::Fetched(campaign, fetched));
                }
                Output::Clear(asked) => {
                    let result = self.books.clear(self.now, &asked);
                    self.engine.handle(self.now, Input::Cleared { call: asked.call, result });
                }
                Output::Speak { call, speech, .. } | Output::Load { call, speech, .. } => {
                    self.engine.handle(self.now, Input::Speech { call, speech, sound: None });
                }
                Output::Identify { call, phone } => {
                    if let Some(caller) = self.books.identify(&phone) {
                        self.engine.handle(self.now, Input::Identified { call, caller });
                    }
                }
                Output::KeepPrompt { .. } => {}
                Output::Notice(notice) => self.books.see_notice(self.now, &notice),
            }
        }
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
                    self.feed(Input::Received { transport: Transport::Udp, source, connection: None, bytes });
                }
                Delivery::Trunk(index, bytes) => self.reach_trunk(index, &bytes),
            }
        }
    }

    fn tick_media(&mut self) {
        let (packets, events) = self.seats.tick(self.now, self.keep_audio);
        for (to, packet) in packets {
            if let Some(line) = self.lines.values_mut().find(|line| line.rtp == to) {
                line.phone.handle_rtp(&packet);
            }
        }
        for (session, event) in events {
            self.books.see_media(self.now, &event);
            self.feed(Input::Media(session, event));
        }
    }

    /// Loses this part of the packets that phones send.
    pub fn lose_packets(&mut self, part: f64) {
        self.seats.loss = part;
    }

    /// Left and right of the finished recordings, by path, where sound is kept.
    pub fn tapes(&self) -> &BTreeMap<PathBuf, (Vec<i16>, Vec<i16>)> {
        &self.seats.tapes
    }

    /// Sessions, phones, dialogs and transactions that are left: all zero after a rest.
    pub fn leftovers(&self) -> (usize, usize, crate::sip::endpoint::Held) {
        (self.engine.call_count(), self.seats.len(), self.engine.sip_held())
    }
}
