//! The hotline of these tests: one trunk, two phones of ours at fixed places, a supervisor.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use ringback::call::State;
use ringback::call::leg::LegRecord;
use ringback::engine::{BridgeOrder, BridgeRefusal, Contact, InboundRule, Report, StaticContact};
use ringback::ivr::Script;
use ringback::media::tone::tone_dbfs;
use ringback::sim::{Act, Behaviour, Person};
use ringback::sip::{Destination, Transport};

use crate::world::{World, library, trunk, trunk_addr};

pub const CUSTOMER: &str = "13900000000";
pub const NUMBER: &str = "4008001234";
/// Pitch of each voice and of what is played, in Hz.
pub const CUSTOMER_HZ: f32 = 1_000.0;
pub const FIRST_HZ: f32 = 1_300.0;
pub const SECOND_HZ: f32 = 1_600.0;
pub const BOSS_HZ: f32 = 1_900.0;
pub const DUTY_HZ: f32 = 2_200.0;
pub const MUSIC_HZ: f32 = 2_500.0;
pub const VIP_HZ: f32 = 3_300.0;
pub const SORRY_HZ: f32 = 800.0;
const TONES: [(&str, f64); 12] = [
    ("ask", 500.0),
    ("calling", 550.0),
    ("music", MUSIC_HZ as f64),
    ("sorry", SORRY_HZ as f64),
    ("accept", 3_100.0),
    ("rate", 600.0),
    ("nobody", 900.0),
    ("thanks", 700.0),
    ("again", 2_800.0),
    ("promised", 950.0),
    ("music/vip", VIP_HZ as f64),
    ("survey/recorded", 650.0),
];
/// The script of the call that a queue owes.
const BACK: &str = include_str!("back.toml");
/// Louder than this a voice is heard, softer it is not.
const HEARD_DBFS: f32 = -24.0;
const UNHEARD_DBFS: f32 = -45.0;
pub const SECOND: Duration = Duration::from_secs(1);

/// The world with its phones; by default both phones of ours answer after a second.
pub struct Hotline(World);

impl Deref for Hotline {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl DerefMut for Hotline {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.0
    }
}

/// Somebody who speaks without end, and reacts to prompts in turn.
pub fn speaks(hz: f32, acts: Vec<Act>) -> Person {
    let tone_hz = hz as u32;
    Person {
        answer_ms: 1_000,
        greeting_ms: 600_000,
        acts,
        repeat_last: false,
        patience_ms: 0,
        tone_hz,
        ..Person::default()
    }
}

pub fn press(keys: &str) -> Act {
    Act::Press { keys: keys.into(), thought_ms: 300 }
}

/// A phone of ours that answers.
pub fn answers(hz: f32) -> Behaviour {
    Behaviour::Answers(speaks(hz, Vec::new()))
}

fn place(extension: &str, index: usize) -> StaticContact {
    let addr = trunk_addr(index);
    let destination = Destination { transport: Transport::Udp, addr, server_name: String::new() };
    let uri = format!("sip:{extension}@{addr}");
    let contact = Contact { uri, destination, connection: None, local: None };
    StaticContact { extension: extension.into(), contact }
}

impl Hotline {
    /// Trunk 0 brings customers; phones of ours stand behind the places 4 to 6.
    pub fn new(seed: u64) -> Hotline {
        Hotline::with_script(seed, include_str!("hotline.toml"))
    }

    /// The same with another script.
    pub fn with_script(seed: u64, script: &str) -> Hotline {
        Hotline::at("2026-03-02T01:00:00Z", seed, script)
    }

    /// The same at another moment.
    pub fn at(moment: &str, seed: u64, script: &str) -> Hotline {
        let mut world = World::at(moment, seed, vec![trunk("a", 1)]);
        world.run_for(SECOND);
        let mut library = library(script, TONES);
        let back = Script::parse("queue-callback.toml", BACK).unwrap_or_else(|e| panic!("{e}"));
        library.scripts.insert(back.name().to_owned(), back.into());
        world.engine.set_library(library);
        world.reload(|settings| {
            settings.inbound = vec![InboundRule {
                trunk: String::new(),
                number: "400*".into(),
                script: "survey".into(),
                language: "en".into(),
            }];
            settings.phones.contacts =
                vec![place("1001", 4), place("1002", 5), place("1009", 6), place("801", 7)];
        });
        let mut hotline = Hotline(world);
        hotline.is_at("1001", answers(FIRST_HZ));
        hotline.is_at("1002", Behaviour::NoAnswer);
        hotline.is_at("1009", answers(BOSS_HZ));
        hotline
    }

    /// What the phone of this extension, or an outside number, does.
    pub fn is_at(&mut self, name: &str, behaviour: Behaviour) {
        let index = match name {
            "1001" => 4,
            "1002" => 5,
            "1009" => 6,
            "801" => 7,
            _ => 0,
        };
        self.books.numbers.insert((index, name.to_owned()), behaviour);
    }

    /// A customer calls, chooses a person, and rates the talk with 5 afterwards.
    pub fn call(&mut self, keys: &str) {
        let acts = vec![press(keys), press("5"), Act::Ignore];
        self.place_call(0, NUMBER, CUSTOMER, speaks(CUSTOMER_HZ, acts));
    }

    /// To the moment at which somebody talks with the customer, and a little further.
    pub fn call_and_talk(&mut self) {
        self.call("1");
        self.until(State::Bridged);
        self.run_for(SECOND);
    }

    pub fn state(&self) -> Option<State> {
        self.engine.calls().next().map(|call| call.state)
    }

    pub fn until(&mut self, state: State) {
        let ladder = |w: &World| w.engine.calls().any(|call| call.state == state);
        self.run_until(60 * SECOND, ladder);
    }

    pub fn order(&mut self, order: BridgeOrder) -> Result<(), BridgeRefusal> {
        let now = self.now;
        let call = self.engine.calls().next().expect("a call").id;
        let done = self.engine.bridge_order(now, call, order, "boss");
        self.feed(ringback::engine::Input::Wake);
        done
    }

    /// Legs that ring or are up, by target.
    pub fn legs(&self) -> Vec<String> {
        let call = self.engine.calls().next().expect("a call").id;
        self.engine
            .legs_of(call)
            .into_iter()
            .map(|leg| format!("{} {}", leg.target, leg.state.as_str()))
            .collect()
    }

    /// Which of these pitches the phone of `number` hears during the next second.
    pub fn hears(&mut self, number: &str, pitches: &[f32]) -> Vec<f32> {
        let before = |w: &Hotline| w.phone(number).expect("a phone in a call").heard().pcm.len();
        self.run_for(Duration::from_millis(400));
        let from = before(self);
        self.run_for(SECOND);
        let pcm = &self.phone(number).expect("a phone in a call").heard().pcm[from..];
        found(pcm, pitches, &self.books.ladder.text())
    }

    /// Everybody's voice and the music, as the phone of `number` hears them.
    pub fn hears_of_all(&mut self, number: &str) -> Vec<f32> {
        self.hears(number, &[CUSTOMER_HZ, FIRST_HZ, SECOND_HZ, BOSS_HZ, DUTY_HZ, MUSIC_HZ, VIP_HZ])
    }

    /// The customer hangs up, if they are there, and everything runs out.
    pub fn finish(&mut self) -> Report {
        self.at_phone(CUSTOMER, |phone, now| phone.put_down(now));
        self.rest()
    }

    /// Everything runs out; gives the one report. Nothing may be left.
    pub fn rest(&mut self) -> Report {
        self.run_until(120 * SECOND, |w| w.books.ledger.reports.len() == 1);
        self.run_for(80 * SECOND);
        self.run_until(60 * SECOND, |w| w.leftovers().2.clients == 0);
        let (calls, sessions, held) = self.leftovers();
        let text = self.books.ladder.text();
        assert_eq!((calls, sessions, held.sessions, held.servers), (0, 0, 0, 0), "{text}");
        assert_eq!(self.engine.leg_count(), 0, "{text}");
        self.books.ledger.reports[0].clone()
    }

    /// Left and right of the only recording, from `from` on for a second.
    pub fn tape(&self, from: Duration) -> (Vec<f32>, Vec<f32>) {
        let all = [CUSTOMER_HZ, FIRST_HZ, SECOND_HZ, BOSS_HZ, DUTY_HZ, MUSIC_HZ];
        let (left, right) = self.tapes().values().next().expect("a recording");
        let at = from.as_millis() as usize * 8;
        let part = |pcm: &Vec<i16>| found(&pcm[at..at + 8_000], &all, "recording");
        (part(left), part(right))
    }
}

/// Which of the pitches are in it.
fn found(pcm: &[i16], pitches: &[f32], what: &str) -> Vec<f32> {
    assert!(pcm.len() >= 4_000, "{} samples are too few\n{what}", pcm.len());
    let heard = |hz: &&f32| {
        let level = tone_dbfs(pcm, **hz);
        assert!(!(UNHEARD_DBFS..HEARD_DBFS).contains(&level), "{hz} Hz at {level} dBFS is neither\n{what}");
        level >= HEARD_DBFS
    };
    pitches.iter().filter(heard).copied().collect()
}

/// Target and result of each leg.
pub fn results(legs: &[LegRecord]) -> Vec<String> {
    legs.iter().map(|leg| format!("{} {}", leg.target, leg.result.as_str())).collect()
}
