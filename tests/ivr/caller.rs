//! A customer with a plan, on simulated time: every prompt lasts a second, every key comes
//! at a given moment, and the whole conversation is written down.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::tz::TimeZone;
use ringback::base::{Mono, Now, Timestamp};
use ringback::ivr::{Action, Answer, Event, Facts, Outcome, Parted, PromptSet, Runner, Script};
use ringback::media::PlayId;

/// Monday 2026-03-02, 10:00 in Shanghai.
pub const MONDAY_10: Timestamp = Timestamp(1_772_416_800_000);

/// A conversation in progress, and its transcript.
pub struct Caller {
    pub runner: Runner,
    pub now: Now,
    pub answers: Vec<Answer>,
    pub outcomes: Vec<Outcome>,
    pub actions: Vec<Action>,
    pub hung_up: bool,
    pub transcript: String,
    playing: Option<(PlayId, Mono)>,
    commenting: bool,
    texts: &'static BTreeMap<String, String>,
}

pub fn facts(fields: &[(&str, &str)]) -> Facts {
    Facts {
        fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        name: String::new(),
        language: "zh-CN".into(),
        timezone: TimeZone::get("Asia/Shanghai").expect("the zone is bundled"),
        can_speak: false,
    }
}

/// Full prompt name to the text for people.
fn said() -> &'static BTreeMap<String, String> {
    static SAID: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    SAID.get_or_init(|| {
        let mut texts = BTreeMap::from([("beep".to_owned(), "(beep)".to_owned())]);
        for language in ["zh-CN", "en"] {
            texts.extend(super::texts(language).into_iter().map(|(n, t)| (format!("{language}/{n}"), t)));
        }
        texts
    })
}

impl Caller {
    /// A runner that has not been started yet.
    pub fn new(script: Arc<Script>, facts: Facts, prompts: Arc<PromptSet>) -> Self {
        let mut caller = Caller {
            runner: Runner::start(script, facts, prompts),
            now: Now { mono: Mono::from_millis(1), utc: MONDAY_10 },
            answers: Vec::new(),
            outcomes: Vec::new(),
            actions: Vec::new(),
            hung_up: false,
            transcript: String::new(),
            playing: None,
            commenting: false,
            texts: said(),
        };
        caller.drain();
        caller
    }

    /// A whole conversation by plan; words are separated by spaces:
    /// `5` waits for the end of the prompt and presses 5; `!5` presses into the prompt;
    /// `.` lets the time for a key pass; `say` speaks a comment and presses `#`; `mute` is
    /// silent in a comment; `gone` hangs up in the comment; `hang` hangs up; `doubt`, `beep`
    /// stand at the beginning for a machine. After the plan time goes on by itself.
    pub fn run(script: Arc<Script>, facts: Facts, plan: &str) -> Self {
        Self::run_with(script, facts, super::with_recordings(), plan)
    }

    pub fn run_with(script: Arc<Script>, facts: Facts, prompts: Arc<PromptSet>, plan: &str) -> Self {
        let mut caller = Caller::new(script, facts, prompts);
        let mut plan: VecDeque<&str> = plan.split_whitespace().collect();
        let start = match plan.front() {
            Some(&"doubt") => Event::MachineDoubt,
            Some(&"beep") => Event::MachineBeep,
            _ => Event::Started,
        };
        if start != Event::Started {
            plan.pop_front();
        }
        caller.event(start);
        for _ in 0..5_000 {
            if caller.runner.is_over() {
                break;
            }
            caller.step(&mut plan);
        }
        assert!(caller.runner.is_over(), "a conversation has an end\n{}", caller.transcript);
        caller
    }

    fn step(&mut self, plan: &mut VecDeque<&str>) {
        let next = plan.front().copied();
        if let Some((play, end)) = self.playing {
            match next {
                Some(word) if word.starts_with('!') => {
                    plan.pop_front();
                    self.pass(Duration::from_millis(500));
                    self.key(word.chars().nth(1).expect("a key"));
                    if self.playing == Some((play, end)) {
                        self.end_play(end);
                    }
                }
                _ => self.end_play(end),
            }
        } else if self.commenting {
            let spoke = next == Some("say") || next == Some("gone");
            match next {
                Some("say" | "mute") => {
                    plan.pop_front();
                    self.pass(Duration::from_secs(4));
                    self.key('#');
                }
                Some("gone") => {
                    plan.pop_front();
                    self.pass(Duration::from_secs(2));
                    self.event(Event::HungUp);
                }
                _ => self.pass(Duration::from_secs(5)),
            }
            self.commenting = false;
            self.event(Event::CommentEnded { spoke, path: "comment.wav".into(), ms: 4_000 });
        } else {
            match next {
                Some("hang") => {
                    plan.pop_front();
                    self.pass(Duration::from_secs(1));
                    self.note("customer hangs up".into());
                    self.event(Event::HungUp);
                }
                Some("talk") => {
                    plan.pop_front();
                    self.pass(Duration::from_secs(6));
                    self.event(Event::Connected);
                    self.pass(Duration::from_secs(60));
                    self.note("our person hangs up".into());
                    self.event(Event::Parted(Parted::HungUp));
                }
                Some("nobody") => {
                    plan.pop_front();
                    self.pass(Duration::from_secs(90));
                    self.event(Event::Parted(Parted::Nobody));
                }
                Some(word) if word != "." && word.len() <= 2 => {
                    plan.pop_front();
                    self.pass(Duration::from_millis(700));
                    self.key(word.chars().last().expect("a key"));
                }
                _ => {
                    plan.pop_front();
                    self.timeout();
                }
            }
        }
    }

    fn end_play(&mut self, end: Mono) {
        if let Some((play, _)) = self.playing.take() {
            self.pass(end.since(self.now.mono));
            self.event(Event::Played { play, finished: true });
        }
    }

    /// Moves to the next deadline and fires it.
    pub fn timeout(&mut self) {
        if let Some(at) = self.runner.next_timeout() {
            self.pass(at.since(self.now.mono));
            self.runner.handle_timeout(self.now);
            self.drain();
        }
    }

    pub fn key(&mut self, key: char) {
        self.note(format!("key {key}"));
        self.event(Event::Key(key));
    }

    pub fn event(&mut self, event: Event) {
        self.runner.handle_event(self.now, event);
        self.drain();
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    fn note(&mut self, line: String) {
        let ms = self.now.mono.as_millis() - 1;
        let _ = writeln!(self.transcript, "t={:>3}.{}  {line}", ms / 1_000, ms % 1_000 / 100);
    }

    fn text(&self, prompts: &[String]) -> String {
        let texts: Vec<&str> = prompts.iter().map(|p| self.texts.get(p).map_or(p.as_str(), |t| t)).collect();
        texts.join(" ")
    }

    fn drain(&mut self) {
        while let Some(action) = self.runner.poll_action() {
            let line = match &action {
                Action::Play { play, prompts, barge_in } => {
                    assert!(!prompts.is_empty(), "an empty play would never be heard of again");
                    let length = Duration::from_secs(prompts.len() as u64);
                    self.playing = Some((*play, self.now.mono + length));
                    format!("play {}{}", if *barge_in { "" } else { "(to the end) " }, self.text(prompts))
                }
                Action::StopPlay => {
                    self.playing = None;
                    "stop play".into()
                }
                Action::StartComment { question, max, silence } => {
                    self.commenting = true;
                    format!("record {question}, at most {} s, silence {} s", max.as_secs(), silence.as_secs())
                }
                Action::StopComment => "stop recording".into(),
                Action::Answer(answer) => {
                    self.answers.push(answer.clone());
                    let show = |t: &Option<String>| t.clone().unwrap_or("null".into());
                    let about = answer.dimension.as_ref().map_or(String::new(), |d| format!(" about={d}"));
                    let rated = answer.rated.as_ref().map_or(String::new(), |r| {
                        format!(" rated={}/{}", r.function, r.person.as_deref().unwrap_or("null"))
                    });
                    format!(
                        "answer {}: keys={} meaning={} score={} comment={}{about}{rated}",
                        answer.question,
                        show(&answer.keys),
                        show(&answer.meaning),
                        answer.score.map_or("null".into(), |s| s.to_string()),
                        show(&answer.comment)
                    )
                }
                Action::Outcome(outcome) => {
                    self.outcomes.push(outcome.clone());
                    let later = outcome.later_at.map_or(String::new(), |at| {
                        let zone = TimeZone::get("Asia/Shanghai").expect("bundled");
                        format!(", again at {}", at.to_jiff().to_zoned(zone).strftime("%F %H:%M"))
                    });
                    let never = if outcome.do_not_call { ", do not call" } else { "" };
                    format!("outcome {}{later}{never}", outcome.disposition)
                }
                Action::HangUp => {
                    self.hung_up = true;
                    "hang up".into()
                }
                Action::Step(step) => format!("step {step}"),
                other => format!("{other:?}"),
            };
            self.note(line);
            self.actions.push(action);
        }
    }

    /// Answers as `question=keys`, for tables.
    pub fn keys(&self) -> String {
        let show = |a: &Answer| {
            let given = a.keys.clone().or(a.comment.as_ref().map(|_| "voice".into()));
            format!("{}={}", a.question, given.unwrap_or("null".into()))
        };
        self.answers.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    /// Steps reached, in order.
    pub fn steps(&self) -> Vec<&str> {
        let steps = self.actions.iter();
        steps.filter_map(|a| if let Action::Step(step) = a { Some(step.as_str()) } else { None }).collect()
    }

    /// The answer to a question that was asked once.
    pub fn answer(&self, question: &str) -> &Answer {
        let mut found = self.answers.iter().filter(|a| a.question == question);
        let answer = found.next().unwrap_or_else(|| panic!("no answer to {question}\n{}", self.transcript));
        assert!(found.next().is_none(), "{question} was answered once\n{}", self.transcript);
        answer
    }

    /// The one result of the run.
    pub fn result(&self) -> &Outcome {
        assert_eq!(self.outcomes.len(), 1, "exactly one outcome\n{}", self.transcript);
        &self.outcomes[0]
    }
}
