//! The script as written: what TOML gives, every key known, nothing checked yet.
//! Nodes are tables by kind: `[question.q1]`, `[say.greeting]`, `[end.thanks]`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

pub(super) type Text = Spanned<String>;
pub(super) type Named<T> = BTreeMap<Text, T>;
pub(super) type Keys = Named<RawKey>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScript {
    /// For people.
    pub title: Option<String>,
    /// Name of the frame from which comes what is not said here.
    pub frame: Option<Text>,
    /// Prompt folders; the first is the default.
    pub languages: Option<Vec<Text>>,
    #[serde(default)]
    pub entry: RawEntry,
    /// Columns of the list that the script uses, each with its meaning.
    #[serde(default)]
    pub fields: Named<String>,
    /// Columns never spoken before the identity check.
    #[serde(default)]
    pub private_fields: Vec<Text>,
    #[serde(default)]
    pub limits: RawLimits,
    /// Defaults for every question.
    #[serde(default)]
    pub waiting: RawWaiting,
    /// Keys that work at every question.
    #[serde(default)]
    pub keys: Keys,
    /// Sets of keys that questions share.
    #[serde(default)]
    pub scale: BTreeMap<String, Keys>,
    #[serde(default)]
    pub say: Named<RawSay>,
    #[serde(default)]
    pub question: Named<RawQuestion>,
    #[serde(default)]
    pub input: Named<RawInput>,
    #[serde(default)]
    pub identity: Named<RawIdentity>,
    #[serde(default)]
    pub comment: Named<RawComment>,
    #[serde(default)]
    pub branch: Named<RawBranch>,
    #[serde(default)]
    pub later: Named<RawLater>,
    #[serde(default)]
    pub end: Named<RawEnd>,
    #[serde(default)]
    pub ask_if_machine: Named<RawAskIfMachine>,
    #[serde(default)]
    pub record_prompt: Named<RawRecordPrompt>,
    #[serde(default)]
    pub connect: Named<RawConnect>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawEntry {
    /// First node for a person.
    pub person: Option<Text>,
    /// First node after a machine's beep.
    pub machine: Option<Text>,
    /// First node where person or machine is in doubt.
    pub doubt: Option<Text>,
    /// Node that says goodbye when the limits are reached.
    pub limit: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    pub steps: Option<Spanned<u32>>,
    pub seconds: Option<Spanned<u64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWaiting {
    pub seconds: Option<Spanned<u64>>,
    pub between_keys_seconds: Option<Spanned<u64>>,
    pub silences: Option<Spanned<u32>>,
    pub wrong_keys: Option<Spanned<u32>>,
    pub silence_prompts: Option<Vec<Text>>,
    pub wrong_prompts: Option<Vec<Text>>,
    pub silence_next: Option<Text>,
    pub wrong_next: Option<Text>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub means: Option<String>,
    pub score: Option<i32>,
    /// Whoever presses it is dissatisfied, whatever the score.
    #[serde(default)]
    pub dissatisfied: bool,
    /// What whoever presses it says of being recorded: `accepted` or `refused`.
    pub recording: Option<super::node::Consent>,
    pub next: Option<Text>,
    #[serde(default)]
    pub replay: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSay {
    pub prompts: Vec<Text>,
    pub next: Text,
    #[serde(default = "yes")]
    pub barge_in: bool,
    #[serde(default)]
    pub private: bool,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuestion {
    pub prompts: Vec<Text>,
    #[serde(default)]
    pub keys: Keys,
    pub scale: Option<Text>,
    pub next: Text,
    #[serde(default)]
    pub waiting: RawWaiting,
    /// Whom the answer rates.
    pub rates: Option<RawRated>,
    /// What the answer is about, for a mean of its own: `工程质量`.
    pub dimension: Option<String>,
    #[serde(default = "yes")]
    pub barge_in: bool,
    /// Whether the keys of the script work here too.
    #[serde(default = "yes")]
    pub global_keys: bool,
    /// Whether its answer is part of the survey, so that hanging up after it is `partial`.
    #[serde(default = "yes")]
    pub counts: bool,
    /// Node from which a `replay` key says all of it again; the question alone, if not said.
    pub replay_from: Option<Text>,
    /// How the call counts if the customer hangs up here.
    pub if_hung_up: Option<Text>,
    #[serde(default)]
    pub private: bool,
    pub step: Option<String>,
}

/// Whom a question rates: a function, and the column with the person's name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRated {
    pub function: Text,
    pub person: Text,
}

/// What the keys of an input mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Any digits.
    #[default]
    Digits,
    /// `HHMM`, `HMM` or `HH`.
    Time,
    /// `MMDD`.
    Date,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInput {
    pub prompts: Vec<Text>,
    #[serde(default)]
    pub format: Format,
    pub min: Option<Spanned<usize>>,
    pub max: Option<Spanned<usize>>,
    /// Column whose text must equal the keys; else `mismatch_next`.
    pub equals_field: Option<Text>,
    pub mismatch_next: Option<Text>,
    pub next: Text,
    #[serde(default)]
    pub waiting: RawWaiting,
    #[serde(default = "yes")]
    pub barge_in: bool,
    #[serde(default = "yes")]
    pub counts: bool,
    /// The right keys prove who the person is.
    #[serde(default)]
    pub proves_identity: bool,
    #[serde(default)]
    pub private: bool,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIdentity {
    pub prompts: Vec<Text>,
    #[serde(default = "one")]
    pub yes: Text,
    #[serde(default = "two")]
    pub no: Text,
    pub next: Text,
    pub wrong_person: Text,
    #[serde(default)]
    pub waiting: RawWaiting,
    #[serde(default = "yes")]
    pub barge_in: bool,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawComment {
    pub prompts: Vec<Text>,
    pub max_seconds: Option<Spanned<u64>>,
    pub silence_seconds: Option<Spanned<u64>>,
    pub next: Text,
    #[serde(default = "yes")]
    pub barge_in: bool,
    #[serde(default)]
    pub private: bool,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBranch {
    pub when: Vec<Spanned<RawRule>>,
    pub otherwise: Text,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// One subject (`field`, `answer` or `any_score`), one test, one way on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub field: Option<Text>,
    pub answer: Option<Text>,
    #[serde(default)]
    pub any_score: bool,
    pub is: Option<OneOrMany>,
    pub present: Option<bool>,
    /// Whether `{text:column}` or `{items:column}` would be heard: recorded, or made by TTS.
    pub spoken: Option<bool>,
    pub at_most: Option<f64>,
    pub at_least: Option<f64>,
    /// The date of `field` is later than that of this column.
    pub after_field: Option<Text>,
    pub next: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLater {
    /// Asks for the time; empty: no time is asked.
    #[serde(default)]
    pub prompts: Vec<Text>,
    /// Said when a time was given; `{later}` speaks it.
    #[serde(default)]
    pub confirm: Vec<Text>,
    pub next: Text,
    #[serde(default)]
    pub waiting: RawWaiting,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEnd {
    #[serde(default)]
    pub prompts: Vec<Text>,
    pub disposition: Option<Text>,
    #[serde(default)]
    pub do_not_call: bool,
    /// How long the customer may take to hang up first.
    pub wait_seconds: Option<Spanned<u64>>,
    #[serde(default)]
    pub private: bool,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAskIfMachine {
    pub prompts: Vec<Text>,
    /// Any key: a person. Where a person begins, if not said.
    pub next: Option<Text>,
    /// No key: taken for a machine.
    pub machine: Text,
    #[serde(default)]
    pub waiting: RawWaiting,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRecordPrompt {
    pub prompts: Vec<Text>,
    /// Name of the prompt to record.
    pub prompt: Option<Text>,
    /// Or the column that names it.
    pub prompt_field: Option<Text>,
    /// Said before the recording is played back.
    pub before_replay: Vec<Text>,
    /// Asks: 1 keep, 2 again.
    pub ask_keep: Vec<Text>,
    pub max_seconds: Option<Spanned<u64>>,
    pub silence_seconds: Option<Spanned<u64>>,
    /// Recordings in all.
    pub tries: Option<Spanned<u32>>,
    pub next: Text,
    #[serde(default)]
    pub waiting: RawWaiting,
    pub step: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConnect {
    /// Extensions of ours, or outside numbers.
    #[serde(default)]
    pub targets: Vec<Text>,
    /// Queue of the hotline in which the caller waits; it rings agents by its own rules.
    pub queue: Option<Text>,
    /// Column that names the queue.
    pub queue_field: Option<Text>,
    /// Column that names one; it is rung before the others, or with them.
    pub target_field: Option<Text>,
    /// One after the other instead of all at once.
    #[serde(default)]
    pub one_by_one: bool,
    /// How long each may ring.
    pub ring_seconds: Option<Spanned<u64>>,
    /// Said at once, while it begins to ring.
    #[serde(default)]
    pub prompts: Vec<Text>,
    /// Played again and again until somebody is there, and on hold.
    #[serde(default)]
    pub music: Vec<Text>,
    /// Key by which whoever answers an outside number shows that it is a person.
    pub accept_key: Option<Text>,
    /// Asks for that key.
    #[serde(default)]
    pub accept_prompts: Vec<Text>,
    /// When the talk is over and the customer is still there.
    pub next: Text,
    /// When nobody answered.
    pub otherwise: Text,
    /// When whom they talked to vanished; `otherwise`, if not said.
    pub lost: Option<Text>,
    /// Key by which whoever waits in the queue asks to be called back and keeps the place.
    pub callback_key: Option<Text>,
    /// When a callback is promised; `otherwise`, if not said.
    pub promised: Option<Text>,
    pub step: Option<String>,
}

const fn yes() -> bool {
    true
}

fn one() -> Text {
    Spanned::new(0..0, "1".into())
}

fn two() -> Text {
    Spanned::new(0..0, "2".into())
}
