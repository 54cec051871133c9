//! The world of the call-flow tests: [`ringback::sim::World`] with a ledger in place of the
//! database and a ladder of what happened.

mod ladder;
mod ledger;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use ringback::base::{CallId, CampaignId, ListId, Now, PhoneNumber, Timestamp};
use ringback::calendar::{Calendar, Windows};
use ringback::dialer::{self, Reason};
use ringback::engine::{
    Clear, Clearance, Identity, Library, Notice, Reserved, TrunkSettings, Write, no_number,
};
use ringback::ivr::Script;
use ringback::media::{Event, Prompt, PromptLibrary};
use ringback::sim::{self, Act, Behaviour, Books, Fetch, Person};

pub use ladder::Ladder;
pub use ledger::Ledger;
pub use ringback::sim::{TrunkMood, recorded, trunk, trunk_addr};

/// What is around the engine.
pub struct Scene {
    pub ledger: Ledger,
    pub ladder: Ladder,
    /// Behaviour by trunk and number.
    pub numbers: BTreeMap<(usize, String), Behaviour>,
    /// Keys that phones heard, by the time their calls were over.
    pub keys_heard: Vec<String>,
    /// Every CANCEL that was sent, as text.
    pub cancels: Vec<String>,
    /// Who is known by a number.
    pub known: BTreeMap<String, Identity>,
    /// Words of the alarms.
    pub alarms: Vec<String>,
    /// How each wait in a queue ended, and with whom.
    pub fates: Vec<String>,
    /// What the guard was asked about calls of agents.
    pub asked: Vec<Clear>,
    /// What the guard says against them, where they give no reason.
    pub forbids: Option<Reason>,
    /// Customers who left while one of ours consulted another: their call, the one that goes on,
    /// and the agent.
    pub detached: Vec<(CallId, CallId, String)>,
}

impl Books for Scene {
    fn write(&mut self, now: Now, write: Write) -> Option<Reserved> {
        self.ledger.write(now, write, &mut self.ladder)
    }

    fn fetch(&mut self, now: Now, _campaign: CampaignId, list: ListId, limit: u32) -> Fetch {
        Fetch::Found(self.ledger.fetch(list, now.utc, limit))
    }

    fn behaviour(&mut self, _now: Now, trunk: usize, number: &str) -> Behaviour {
        self.numbers.get(&(trunk, number.to_owned())).cloned().unwrap_or(Behaviour::INVALID_NUMBER)
    }

    fn clear(&mut self, _now: Now, asked: &Clear) -> Result<Clearance, Reason> {
        self.asked.push(asked.clone());
        if let Some(reason) = self.forbids.clone().filter(|_| asked.override_reason.is_empty()) {
            return Err(reason);
        }
        let (phone, _) = PhoneNumber::parse(&asked.number, None).map_err(|_| no_number(&asked.number))?;
        self.ledger.begin(asked.call);
        Ok(Clearance { phone, name: "Wang".into(), language: "en".into(), fields: BTreeMap::new() })
    }

    fn identify(&mut self, phone: &PhoneNumber) -> Option<Identity> {
        self.known.get(phone.as_str()).cloned()
    }

    fn hung_up(&mut self, keys: &str) {
        self.keys_heard.extend(Some(keys.to_owned()).filter(|keys| !keys.is_empty()));
    }

    fn see_sip(&mut self, now: Now, from: &str, to: &str, bytes: &[u8]) {
        if bytes.starts_with(b"CANCEL") {
            self.cancels.push(String::from_utf8_lossy(bytes).into_owned());
        }
        self.ladder.sip(now, from, to, bytes);
    }

    fn see_media(&mut self, now: Now, event: &Event) {
        self.ladder.media(now, event);
    }

    fn see_notice(&mut self, now: Now, notice: &Notice) {
        if let Notice::Queued { fate, agent, .. } = notice {
            self.fates.push(format!("{fate} {agent}").trim().to_owned());
        }
        if let Notice::Detached { call, goes_on, agent } = notice {
            self.detached.push((*call, *goes_on, agent.clone()));
        }
        if let Notice::Alarm { word, .. } = notice {
            self.alarms.push(word.clone());
        }
        self.ladder.notice(now, notice);
    }
}

/// The simulated world.
pub struct World(sim::World<Scene>);

impl Deref for World {
    type Target = sim::World<Scene>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
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
        let windows = Windows::parse(&["00:00-24:00".to_owned()], "Asia/Shanghai").unwrap();
        let dialer = dialer::Settings {
            windows,
            max_calls: 0,
            max_cps: 0.0,
            fetch_size: 100,
            reservation_timeout: Duration::from_secs(10),
            calendar: Arc::new(Calendar::parse(CALENDAR).unwrap()),
        };
        let settings = sim::settings(dialer, trunks, jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let scene = Scene {
            ledger: Ledger::default(),
            ladder: Ladder::new(ringback::base::Mono::from_millis(1_000)),
            numbers: BTreeMap::new(),
            keys_heard: Vec::new(),
            cancels: Vec::new(),
            known: BTreeMap::new(),
            alarms: Vec::new(),
            fates: Vec::new(),
            asked: Vec::new(),
            forbids: None,
            detached: Vec::new(),
        };
        let mut world = sim::World::new(utc, seed, settings, library(SCRIPT, TONES), scene);
        world.keep_audio = true;
        World(world)
    }

    /// Lets time pass until `done` says so; panics after `limit` of simulated time.
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&World) -> bool) {
        let end = self.now.mono + limit;
        while !done(self) {
            assert!(self.now.mono < end, "not done within {limit:?}\n{}", self.books.ladder.text());
            self.step(limit);
        }
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
        texts: Arc::default(),
        ..Library::default()
    }
}
