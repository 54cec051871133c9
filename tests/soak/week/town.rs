//! Whoever is at a telephone, and what the engine wants written: kept until the branch carries
//! it to the database.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ringback::base::{CallId, CampaignId, ListId, Now, Rng};
use ringback::engine::{Notice, Reserved, Write};
use ringback::sim::{Act, Behaviour, Books, Fetch, Person};
use ringback::sip::{Message, Response};

/// Lines of the run that are kept for the report of a failure.
const LINES: usize = 160;

/// The town around the branch.
pub struct Town {
    pub writes: Vec<Write>,
    pub fetches: Vec<(CampaignId, ListId, u32)>,
    /// A call ended since somebody looked.
    pub ended: bool,
    /// Answers of the registrar.
    pub answers: Vec<Response>,
    /// Calls that began, over all runs of the daemon.
    pub begun: BTreeSet<CallId>,
    /// How often each was reported.
    pub reports: BTreeMap<CallId, u32>,
    /// How waits in queues ended, for the summary.
    pub served: u64,
    pub abandoned: u64,
    /// Who is behind a number, where a story says so.
    pub fixed: BTreeMap<String, Behaviour>,
    pub rng: Rng,
    trace: VecDeque<String>,
}

/// Between two runs of the daemon nobody is in town.
impl Default for Town {
    fn default() -> Town {
        Town::new(Rng::seeded(0))
    }
}

impl Town {
    pub fn new(rng: Rng) -> Town {
        Town {
            writes: Vec::new(),
            fetches: Vec::new(),
            ended: false,
            answers: Vec::new(),
            begun: BTreeSet::new(),
            reports: BTreeMap::new(),
            served: 0,
            abandoned: 0,
            fixed: BTreeMap::new(),
            rng,
            trace: VecDeque::new(),
        }
    }

    pub fn say(&mut self, now: Now, text: &str) {
        if self.trace.len() == LINES {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{}  {text}", now.utc));
    }

    pub fn trace(&self) -> String {
        self.trace.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// The telephone of an agent rings.
    fn agent(&mut self) -> Behaviour {
        let answer_ms = 300 + self.rng.below(5_000) as u32;
        match self.rng.below(12) {
            0 => Behaviour::BUSY,
            1 => Behaviour::DECLINES,
            2 | 3 => Behaviour::NoAnswer,
            4 => Behaviour::Dead,
            _ => Behaviour::Answers(talker(answer_ms)),
        }
    }

    /// The telephone of somebody on duty at night, or of a customer whom the robot or a queue calls.
    fn outside(&mut self) -> Behaviour {
        let answer_ms = 1_000 + self.rng.below(8_000) as u32;
        let acts = self.acts();
        match self.rng.below(10) {
            0 => Behaviour::BUSY,
            1 => Behaviour::UNAVAILABLE,
            2 => Behaviour::NoAnswer,
            3 => Behaviour::AnsweringMachine {
                answer_ms,
                greeting_ms: 3_500,
                beep_hz: 1_000,
                record_ms: 8_000,
            },
            _ => Behaviour::Answers(Person { answer_ms, acts, ..caller() }),
        }
    }

    /// An agent who calls a colleague.
    pub fn colleague(&mut self) -> Person {
        talker(0)
    }

    /// A customer who calls.
    pub fn customer(&mut self) -> Person {
        Person { acts: self.acts(), ..caller() }
    }

    /// What people do at prompts: most press a key, some of them before its end; some wait.
    fn acts(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        for _ in 0..8 {
            let keys =
                ["1", "1", "1", "2", "3", "5", "5", "#", "9", "9"][self.rng.below(10) as usize].to_owned();
            acts.push(match self.rng.below(10) {
                0 => Act::Ignore,
                1 => Act::Speak { millis: 2_000, then: Some('#') },
                2..6 => Act::Press { keys, thought_ms: 500 },
                _ => Act::Interrupt { keys, after_ms: 900 },
            });
        }
        acts
    }
}

fn caller() -> Person {
    Person { greeting_ms: 400, repeat_last: true, patience_ms: 0, ..Person::default() }
}

/// Somebody who talks until one of the two hangs up.
fn talker(answer_ms: u32) -> Person {
    let greeting_ms = 600_000;
    Person {
        answer_ms,
        greeting_ms,
        acts: Vec::new(),
        repeat_last: false,
        patience_ms: 0,
        tone_hz: 1_300,
        ..Person::default()
    }
}

impl Books for Town {
    fn write(&mut self, now: Now, write: Write) -> Option<Reserved> {
        match &write {
            Write::Begin { call, .. } => {
                assert!(self.begun.insert(*call), "{call} begins twice");
            }
            Write::Report(report) => {
                let record = &report.record;
                self.ended = true;
                *self.reports.entry(record.id).or_default() += 1;
                self.say(now, &format!("{} ended: {:?}", record.id, record.disposition));
            }
            _ => {}
        }
        self.writes.push(write);
        None
    }

    fn fetch(&mut self, _now: Now, campaign: CampaignId, list: ListId, limit: u32) -> Fetch {
        self.fetches.push((campaign, list, limit));
        Fetch::Later
    }

    fn behaviour(&mut self, now: Now, trunk: usize, number: &str) -> Behaviour {
        let drawn = if trunk == 0 { self.outside() } else { self.agent() };
        let behaviour = self.fixed.get(number).cloned().unwrap_or(drawn);
        let short: String = format!("{behaviour:?}").chars().take(24).collect();
        self.say(now, &format!("{number} rings at {trunk}: {short}"));
        behaviour
    }

    fn see_sip(&mut self, _now: Now, from: &str, _to: &str, bytes: &[u8]) {
        if from == "ringback"
            && bytes.starts_with(b"SIP/2.0")
            && let Ok(Message::Response(response)) = Message::parse(bytes)
            && response.headers.get("CSeq").is_some_and(|seq| seq.ends_with("REGISTER"))
        {
            self.answers.push(response);
        }
    }

    fn see_notice(&mut self, now: Now, notice: &Notice) {
        match notice {
            Notice::Queued { fate, .. } => {
                self.served += u64::from(*fate == "answered");
                self.abandoned += u64::from(*fate == "abandoned");
                self.say(now, &format!("{notice:?}"));
            }
            Notice::Agent(change) => {
                let text = format!("{} is {} ({})", change.agent, change.to.as_str(), change.reason);
                self.say(now, &text);
            }
            Notice::Leg { call, target, state, .. } => self.say(now, &format!("{call}: {target} {state}")),
            Notice::Alarm { word, .. } => self.say(now, &format!("alarm: {word}")),
            _ => {}
        }
    }
}
