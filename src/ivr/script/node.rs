//! The checked graph.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Disposition;
use crate::ivr::spoken::Kind;

pub use super::raw::Format;

/// A node of the same script, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(in crate::ivr) usize);

/// One step of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique in the script; questions are stored under it.
    pub name: String,
    /// Marker for the recording and the audit.
    pub step: Option<String>,
    /// Says something that only the customer may hear.
    pub private: bool,
    /// What it does.
    pub kind: NodeKind,
}

/// Something that is said.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A recorded prompt, by its name without language.
    Prompt(String),
    /// The customer's name: recorded `names/<name>`, or made by the TTS command, or left out.
    Name,
    /// A column, spoken from parts; left out where the cell is not of that kind.
    Field {
        /// Column.
        field: String,
        /// How.
        kind: Kind,
    },
    /// A column as it stands: recorded `texts/<text>`, or made by the TTS command, or left out.
    Text(String),
    /// A column with several items, each announced by its position.
    Items(String),
    /// The time at which the customer wants to be called.
    LaterTime,
}

/// What a node does.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Says something and goes on.
    Say {
        /// What.
        prompts: Vec<Part>,
        /// A key skips the rest.
        barge_in: bool,
        /// Then.
        next: NodeId,
    },
    /// Asks for one key.
    Question(Question),
    /// Asks for several keys ended by `#`.
    Input(Input),
    /// Takes a voice comment ended by `#`.
    Comment {
        /// What is said before the beep.
        prompts: Vec<Part>,
        /// A key skips to the beep.
        barge_in: bool,
        /// Longest comment.
        max: Duration,
        /// Silence that ends it; zero: none does.
        silence: Duration,
        /// Then.
        next: NodeId,
    },
    /// Goes one of several ways; says nothing.
    Branch {
        /// The first that holds is taken.
        rules: Vec<Rule>,
        /// Where none holds.
        otherwise: NodeId,
    },
    /// The customer wants to be called later.
    Later {
        /// Asks for the time; empty: none is asked.
        prompts: Vec<Part>,
        /// Said when a time was given.
        confirm: Vec<Part>,
        /// How long, how often.
        waiting: Waiting,
        /// Then: an end.
        next: NodeId,
    },
    /// Says goodbye and waits for the customer to hang up.
    End {
        /// What is said.
        prompts: Vec<Part>,
        /// The result, where nothing settled it before.
        disposition: Disposition,
        /// Never call again.
        do_not_call: bool,
        /// Time for the customer to hang up first.
        wait: Duration,
    },
    /// Lets a company record a prompt.
    RecordPrompt(RecordPrompt),
    /// Brings the customer together with a person.
    Connect(Connect),
}

/// What kind of question it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Part of the survey: hanging up after its answer is `partial`.
    Survey,
    /// Not part of the survey, such as "is it convenient".
    Side,
    /// Is this the customer?
    Identity,
    /// Is this a person? No answer is stored.
    Machine,
}

/// A question answered with one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is asked.
    pub prompts: Vec<Part>,
    /// A key stops the prompt.
    pub barge_in: bool,
    /// What kind.
    pub purpose: Purpose,
    /// Where a replay begins; None: with the question itself.
    pub replay_from: Option<NodeId>,
    /// Whom the answer rates.
    pub rates: Option<Rated>,
    /// What the answer is about, for a mean of its own.
    pub dimension: Option<String>,
    /// How the call counts if the customer hangs up here; None: by what was answered.
    pub if_hung_up: Option<Disposition>,
    /// Every key that works here, the script's own included.
    pub keys: BTreeMap<char, Key>,
    /// How long, how often.
    pub waiting: Waiting,
}

/// Whom a question rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rated {
    /// What the person does for the customer: `设计师`.
    pub function: String,
    /// Column with the person's name.
    pub field: String,
}

/// What a key does.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Stored with the answer.
    pub means: Option<String>,
    /// Stored with the answer.
    pub score: Option<i32>,
    /// Stored with the answer: whoever presses it is dissatisfied, whatever the score.
    pub dissatisfied: bool,
    /// What it says of being recorded.
    pub consent: Option<Consent>,
    /// What then.
    pub act: KeyAct,
    /// From the script's `[keys]`: it is a wish and no answer.
    pub global: bool,
}

/// What the other side says of being recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// May be recorded.
    Accepted,
    /// May not.
    Refused,
}

impl Consent {
    /// The word in scripts, the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Consent::Accepted => "accepted",
            Consent::Refused => "refused",
        }
    }
}

/// Where a key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAct {
    /// To a node.
    Next(NodeId),
    /// The question is said again.
    Replay,
}

/// How long to wait, how often to ask again, and where to go when that is spent.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// For a first key.
    pub first_key: Duration,
    /// For a further key.
    pub between_keys: Duration,
    /// How often to ask again after silence.
    pub silences: u32,
    /// How often to ask again after a wrong key.
    pub wrong_keys: u32,
    /// Said before asking again after silence.
    pub silence_prompts: Vec<Part>,
    /// Said before asking again after a wrong key.
    pub wrong_prompts: Vec<Part>,
    /// When silences are spent.
    pub silence_next: NodeId,
    /// When wrong keys are spent.
    pub wrong_next: NodeId,
}

/// Several keys ended by `#`.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// What is asked.
    pub prompts: Vec<Part>,
    /// A key stops the prompt.
    pub barge_in: bool,
    /// What the keys mean.
    pub format: Format,
    /// Fewest keys.
    pub min: usize,
    /// Most keys; the last one ends the input without `#`.
    pub max: usize,
    /// Column whose text the keys must equal, and where to go when they do not.
    pub equals: Option<(String, NodeId)>,
    /// Part of the survey or not.
    pub purpose: Purpose,
    /// How long, how often.
    pub waiting: Waiting,
    /// Then.
    pub next: NodeId,
}

/// Lets a company record a prompt: beep, speech, `#`, replay, 1 keep or 2 again.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordPrompt {
    /// What is said first.
    pub prompts: Vec<Part>,
    /// Which prompt.
    pub target: PromptTarget,
    /// Said before the recording is played back.
    pub before_replay: Vec<Part>,
    /// Asks whether to keep it.
    pub ask_keep: Vec<Part>,
    /// Longest recording.
    pub max: Duration,
    /// Silence that ends it; zero: none does.
    pub silence: Duration,
    /// Recordings in all.
    pub tries: u32,
    /// How long, how often.
    pub waiting: Waiting,
    /// Then.
    pub next: NodeId,
}

/// Brings the customer together with a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// Extensions of ours or outside numbers.
    pub targets: Vec<String>,
    /// Queue in which the caller waits; then nobody else is rung.
    pub queue: Option<String>,
    /// Column that names the queue.
    pub queue_field: Option<String>,
    /// Column that names one more, which goes first.
    pub field: Option<String>,
    /// One after the other; else all at once.
    pub one_by_one: bool,
    /// How long each may ring.
    pub ring: Duration,
    /// Said at once.
    pub prompts: Vec<Part>,
    /// Played until somebody is there, and on hold.
    pub music: Vec<Part>,
    /// Key by which a person shows that no voicemail has answered; on outside numbers only.
    pub accept_key: char,
    /// Asks for it.
    pub accept_prompts: Vec<Part>,
    /// When the talk is over and the customer is still there.
    pub next: NodeId,
    /// When nobody answered.
    pub otherwise: NodeId,
    /// When whom they talked to vanished.
    pub lost: NodeId,
    /// Key by which whoever waits in a queue asks to be called back instead.
    pub callback_key: Option<char>,
    /// When a callback is promised.
    pub promised: NodeId,
}

/// Which prompt is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptTarget {
    /// This one.
    Fixed(String),
    /// The one a column names.
    Field(String),
}

/// One way of a branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// About what.
    pub subject: Subject,
    /// What must hold.
    pub test: Test,
    /// Where to go.
    pub next: NodeId,
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A column of the list.
    Field(String),
    /// The answer to a question, by its name.
    Answer(String),
    /// Each score given so far; the rule holds if it holds for one of them.
    AnyScore,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equals one of these (an answer: its meaning or its keys).
    Is(Vec<String>),
    /// There is something, or there is nothing.
    Present(bool),
    /// A text, or each of its items, is recorded or can be made by TTS; or is not.
    Spoken(bool),
    /// A number or score, at most.
    AtMost(f64),
    /// A number or score, at least.
    AtLeast(f64),
    /// A date later than the one in this column.
    AfterField(String),
}

impl NodeKind {
    /// Every node that can follow.
    pub fn successors(&self) -> Vec<NodeId> {
        let spent = |w: &Waiting| [w.silence_next, w.wrong_next];
        match self {
            NodeKind::Say { next, .. } | NodeKind::Comment { next, .. } => vec![*next],
            NodeKind::Question(q) => {
                let keys = q.keys.values().filter_map(Key::next);
                keys.chain(q.replay_from).chain(spent(&q.waiting)).collect()
            }
            NodeKind::Input(i) => {
                i.equals.iter().map(|(_, node)| *node).chain([i.next]).chain(spent(&i.waiting)).collect()
            }
            NodeKind::Branch { rules, otherwise } => {
                rules.iter().map(|r| r.next).chain([*otherwise]).collect()
            }
            NodeKind::Later { next, .. } => vec![*next],
            NodeKind::RecordPrompt(r) => vec![r.next],
            NodeKind::Connect(c) => vec![c.next, c.otherwise, c.lost, c.promised],
            NodeKind::End { .. } => Vec::new(),
        }
    }

    /// Everything it can say, in groups.
    pub fn parts(&self) -> Vec<&Part> {
        fn asked(w: &Waiting) -> impl Iterator<Item = &Part> {
            let silence = w.silence_prompts.iter().filter(|_| w.silences > 0);
            silence.chain(w.wrong_prompts.iter().filter(|_| w.wrong_keys > 0))
        }
        match self {
            NodeKind::Say { prompts, .. }
            | NodeKind::Comment { prompts, .. }
            | NodeKind::End { prompts, .. } => prompts.iter().collect(),
            NodeKind::Question(q) => q.prompts.iter().chain(asked(&q.waiting)).collect(),
            NodeKind::Input(i) => i.prompts.iter().chain(asked(&i.waiting)).collect(),
            NodeKind::Branch { .. } => Vec::new(),
            NodeKind::Later { prompts, confirm, waiting, .. } => {
                let asked = asked(waiting).filter(|_| !prompts.is_empty());
                prompts.iter().chain(confirm).chain(asked).collect()
            }
            NodeKind::Connect(c) => c.prompts.iter().chain(&c.music).chain(&c.accept_prompts).collect(),
            NodeKind::RecordPrompt(r) => {
                r.prompts.iter().chain(&r.before_replay).chain(&r.ask_keep).chain(asked(&r.waiting)).collect()
            }
        }
    }
}

impl Key {
    /// The node it leads to.
    pub fn next(&self) -> Option<NodeId> {
        match self.act {
            KeyAct::Next(node) => Some(node),
            KeyAct::Replay => None,
        }
    }
}
