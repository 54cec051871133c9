//! Walks one customer through a script.
//!
//! ```text
//! Idle -Started-> Playing -Played-> Waiting -key-> (next node) Playing ...
//!                 Playing -Played-> Commenting -#, silence, maximum-> (next node)
//!                 Playing -Played-> Goodbye -customer hangs up or time is over-> Over
//!                 Preparing stands before Playing while speech is being made
//!                 any of these -HungUp-> Over
//! ```
//! Every state but `Idle` and `Over` has a timeout, and the script's limits bound the whole.

mod ask;
mod branch;
mod comment;
mod connect;
mod flow;
mod input;
mod interface;
mod voice;

pub use interface::{Action, Answer, Event, Facts, Outcome, Parted, RatedPerson, Search};

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Time;

use crate::base::{Disposition, Mono, Now};
use crate::media::PlayId;

use super::spoken::Grammar;
use super::{NodeId, PromptSet, Script};
pub(super) use voice::MAX_SPOKEN_ITEMS;
use voice::Speech;

/// Longest text given to the TTS command: a name or an item, never a speech.
pub const MAX_SPEECH_CHARS: usize = 200;

/// The prompt after which the customer may speak; the same in every language.
pub(super) const BEEP: &str = "beep";

/// A play of which no end is reported counts as ended after this long; the longest prompt
/// that makes sense on a telephone is far shorter.
pub(super) const MAX_PLAY: Duration = Duration::from_secs(180);

/// How long the customer may be kept waiting for speech that is being made; afterwards it
/// is left out.
pub(super) const MAX_SPEECH_WAIT: Duration = Duration::from_secs(3);

/// How long a comment's end may take to be reported after it was ordered.
pub(super) const COMMENT_GRACE: Duration = Duration::from_secs(3);

/// A `#` this soon after an input that ended by its last key belongs to that input.
pub(super) const HASH_GRACE: Duration = Duration::from_secs(2);

/// One customer in one script.
#[derive(Debug)]
pub struct Runner {
    script: Arc<Script>,
    facts: Facts,
    prompts: Arc<PromptSet>,
    language: String,
    grammar: Grammar,
    at: NodeId,
    state: State,
    ask: Ask,
    /// A node to enter: set by what happens, taken by the loop in `flow`.
    todo: Option<NodeId>,
    /// A key pressed during something said, for the question behind it.
    ahead: Option<char>,
    steps: u32,
    deadline: Mono,
    /// By node name.
    given: BTreeMap<String, Given>,
    heard: Heard,
    /// What a hang-up at the present node means, where the script says so.
    leaning: Option<Disposition>,
    later_time: Option<(Time, crate::base::Timestamp)>,
    outcome: Option<Outcome>,
    /// The comment that ran when something else ended it; its words are kept all the same.
    late_comment: Option<NodeId>,
    swallow_hash: Mono,
    speeches: Vec<Speech>,
    last_speech: u32,
    last_play: u32,
    actions: VecDeque<Action>,
}

/// What was heard of the customer so far; decides between the dispositions.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// Something was asked.
    asked: bool,
    /// A key was pressed or something was said.
    anything: bool,
    /// A survey question was answered.
    answer: bool,
    /// A machine, not a person.
    machine: bool,
    /// The limits were reached.
    limit: bool,
    /// A person of ours talked with them.
    served: bool,
}

/// An answer that branches can look at.
#[derive(Clone, Debug, Default)]
struct Given {
    keys: Option<String>,
    meaning: Option<String>,
    score: Option<i32>,
    dissatisfied: bool,
    spoke: bool,
}

/// What is being asked at the present node.
#[derive(Clone, Debug, Default)]
struct Ask {
    silences: u32,
    wrong_keys: u32,
    keys: String,
    tries: u32,
    /// A recorded prompt waits for "keep" under this path.
    recorded: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Idle,
    /// Speech is being made for what is to be said.
    Preparing {
        until: Mono,
        cue: Cue,
    },
    Playing {
        play: PlayId,
        until: Mono,
        barge_in: bool,
        then: Then,
    },
    /// For a key.
    Waiting {
        until: Mono,
    },
    Commenting {
        until: Mono,
        ending: bool,
    },
    Goodbye {
        until: Mono,
    },
    /// Somebody is being rung. The limit of the script's time rests.
    Connecting {
        until: Mono,
        left: Duration,
    },
    /// Somebody talks with the customer: no limit of the script runs.
    Talking {
        left: Duration,
    },
    Over,
}

/// What is to be said at the present node.
#[derive(Clone, Debug, PartialEq)]
enum Cue {
    /// The node's own prompts.
    Prompts,
    /// Nothing was pressed; then the prompts again.
    Silence,
    /// A wrong key; then the prompts again.
    Wrong,
    /// The time of the later call was understood.
    Confirm,
    /// Speak after this.
    Beep,
    /// What was recorded, under this prompt name, and whether to keep it.
    Replay(String),
    /// A recording is being made playable under this speech.
    Load(u32),
}

/// What follows a play.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Enter(NodeId),
    Listen,
    Beep,
    Record,
    Goodbye,
}

impl Runner {
    /// Makes a runner; nothing is played before [`Event::Started`]. Speech that needs the TTS
    /// command is asked for at once, so it may be made while the phone still rings.
    pub fn start(script: Arc<Script>, facts: Facts, prompts: Arc<PromptSet>) -> Self {
        let known = script.languages().iter().find(|l| **l == facts.language);
        let language = known.or(script.languages().first()).cloned().unwrap_or_default();
        let mut runner = Runner {
            grammar: Grammar::of(&language),
            at: script.entry().person,
            script,
            facts,
            prompts,
            language,
            state: State::Idle,
            ask: Ask::default(),
            todo: None,
            ahead: None,
            steps: 0,
            deadline: Mono::FAR,
            given: BTreeMap::new(),
            heard: Heard::default(),
            leaning: None,
            later_time: None,
            outcome: None,
            late_comment: None,
            swallow_hash: Mono(0),
            speeches: Vec::new(),
            last_speech: 0,
            last_play: 0,
            actions: VecDeque::new(),
        };
        runner.order_speech();
        runner
    }

    /// Takes an event; drain [`Runner::poll_action`] afterwards.
    pub fn handle_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Started => self.begin(now, Some(self.script.entry().person)),
            Event::MachineDoubt => {
                let entry = self.script.entry();
                self.begin(now, entry.doubt.or(Some(entry.person)));
            }
            Event::MachineBeep => self.machine_beep(now),
            Event::Played { play, .. } => {
                if let State::Playing { play: current, then, .. } = self.state
                    && current == play
                {
                    self.after(now, then);
                }
            }
            Event::Key(key) => self.key(now, key),
            Event::CommentEnded { spoke, path, .. } => self.comment_ended(now, spoke, path),
            Event::TtsReady { speech, prompt } => self.speech_done(now, speech, Some(prompt)),
            Event::TtsFailed { speech } => self.speech_done(now, speech, None),
            Event::Connected => self.connected(),
            Event::Parted(parted) => self.parted(now, parted),
            Event::HungUp => self.hung_up(),
        }
        self.run(now);
    }

    /// Call at or after [`Runner::next_timeout`].
    pub fn handle_timeout(&mut self, now: Now) {
        if now.mono >= self.deadline && !self.heard.limit && !self.is_ending() && !self.is_with_people() {
            self.reach_limit();
        } else {
            match &self.state {
                State::Preparing { until, cue } if now.mono >= *until => {
                    let cue = cue.clone();
                    self.give_up_speech(now, cue);
                }
                State::Playing { until, then, .. } if now.mono >= *until => {
                    let then = *then;
                    self.after(now, then);
                }
                State::Waiting { until } if now.mono >= *until => self.waited(now),
                State::Commenting { until, ending } if now.mono >= *until => {
                    let ending = *ending;
                    self.comment_timeout(now, ending);
                }
                State::Goodbye { until } if now.mono >= *until => self.hang_up(),
                State::Connecting { until, .. } if now.mono >= *until => self.parted(now, Parted::Nobody),
                _ => {}
            }
        }
        self.run(now);
    }

    /// When [`Runner::handle_timeout`] wants to be called; None before the start and once the
    /// run is over.
    pub fn next_timeout(&self) -> Option<Mono> {
        let until = match &self.state {
            State::Idle | State::Talking { .. } | State::Over => return None,
            State::Connecting { until, .. } => return Some(*until),
            State::Preparing { until, .. }
            | State::Playing { until, .. }
            | State::Waiting { until }
            | State::Commenting { until, .. }
            | State::Goodbye { until } => *until,
        };
        let bound = if self.heard.limit || self.is_ending() { Mono::FAR } else { self.deadline };
        Some(until.min(bound))
    }

    /// The next order, oldest first.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What the attempt would count as if the customer hung up at this moment.
    pub fn disposition_if_hung_up(&self) -> Disposition {
        let leaning = self.outcome.as_ref().map(|o| o.disposition).or(self.leaning);
        match leaning {
            Some(disposition) => disposition,
            None if self.heard.answer => Disposition::Partial,
            None if self.heard.machine => Disposition::Machine,
            None if self.heard.served => Disposition::Served,
            None => Disposition::HungUp,
        }
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Folder of the prompts that are played.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Name of the present node, for the live view.
    pub fn node(&self) -> &str {
        &self.script.node(self.at).name
    }
}
