//! One rule of a pack: what triggers a callback, and its three dates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Trigger;
use crate::calendar::{Offset, Roll};

/// One rule: `[rule.<id>]`. Section 6, item 12: earliest, due and deadline are three
/// different things and each rule has all three.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Title for people, in Chinese.
    pub title: String,
    /// Title for people, in English.
    #[serde(default)]
    pub title_en: String,
    /// Requirement ids, or `ours`.
    pub source: String,
    /// Off: makes no callback.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The set by which it is switched with others, see `[rule_sets]`.
    #[serde(default)]
    pub set: String,
    /// Why the call is made.
    #[serde(default)]
    pub purpose: Purpose,

    /// What makes the callback.
    pub on: Trigger,
    /// Holds for every event or customer that the rule is for: all of it.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// How often at most.
    #[serde(default)]
    pub once_per: OncePer,
    /// Rules that want the same callback share a group; `conflict` of the pack says which wins.
    #[serde(default)]
    pub group: String,
    /// Kinds of events of the same subject that take an open callback back: the contract was
    /// cancelled, the customer came back.
    #[serde(default)]
    pub cancelled_by: Vec<String>,
    /// Kinds of events of the same subject that fulfil it without a call: a visit, an answered
    /// questionnaire.
    #[serde(default)]
    pub satisfied_by: Vec<String>,
    /// Any answered callback of the subject since the anchor fulfils it (SCH-09).
    #[serde(default)]
    pub satisfied_by_any_callback: bool,
    /// Waits while an event of the first kind has no later one of the second: `["outstanding.opened",
    /// "outstanding.resolved"]` (SCH-06).
    #[serde(default)]
    pub wait_while_open: Option<[String; 2]>,
    /// The milestone is clear only when the answer was satisfied (SCH-12).
    #[serde(default)]
    pub milestone: bool,

    /// What the dates are counted from.
    #[serde(default)]
    pub anchor: Anchor,
    /// Not before; the anchor's own day where it is not given.
    #[serde(default)]
    pub earliest: Option<Offset>,
    /// When it should be done.
    pub due: Offset,
    /// When it must be done.
    pub deadline: Offset,
    /// What the deadline is counted from, where that differs (SCH-02).
    #[serde(default)]
    pub deadline_anchor: Option<Anchor>,
    /// Counts the deadline from the due date.
    #[serde(default)]
    pub deadline_from_due: bool,
    /// Time of day from which it is called: `09:00`.
    #[serde(default)]
    pub at: Option<String>,
    /// Where a due date goes that falls on a day without calls; the pack's where not given.
    #[serde(default)]
    pub roll: Option<Roll>,
    /// Comes again every so often (SCH-08); each repetition is counted from the anchor, so that a
    /// month's end stays one.
    #[serde(default)]
    pub repeat: Option<Offset>,
    /// Counts repetitions from the last done callback and not from the anchor.
    #[serde(default)]
    pub repeat_from_done: bool,
    /// Repetitions at most; 0 means without end.
    #[serde(default)]
    pub repeat_max: u32,

    /// Who is called.
    #[serde(default)]
    pub target: Target,
    /// By what channel. Only `phone` enters the dialler; others become tasks (SCH-32).
    #[serde(default)]
    pub method: Method,
    /// Where the customer cannot be reached (SCH-33).
    #[serde(default)]
    pub fallback: Option<Method>,
    /// Who calls, and in whose name.
    #[serde(default)]
    pub caller: Caller,
    /// Robot or agent.
    #[serde(default)]
    pub mode: Mode,
    /// Survey script, by file name without `.toml`.
    #[serde(default)]
    pub script: String,
    /// Other scripts by grade, stage or product; the first that fits wins (CNT-17).
    #[serde(default)]
    pub scripts: Vec<ScriptChoice>,
    /// Windows in place of the pack's.
    #[serde(default)]
    pub windows: Vec<String>,
    /// Higher goes first: 1 to 9.
    #[serde(default = "five")]
    pub priority: u8,
    /// What happens to another callback to the same number on the same day.
    #[serde(default)]
    pub merge: Merge,
    /// Percent that must be done by the deadline; the pack's where not given.
    #[serde(default)]
    pub target_rate: Option<f64>,
    /// Counts in the callback rate (SCH-10, CNT-20: internal interviews do not).
    #[serde(default = "yes")]
    pub counts: bool,
    /// Fields that must be filled in before it may be closed (CNT-03).
    #[serde(default)]
    pub close_requires: Vec<String>,
    /// Those fields are asked for only where all of this holds; always where it is empty.
    #[serde(default)]
    pub close_requires_when: Vec<Condition>,
    /// Blocks of the script that an agent ticks, each as done or skipped, before it may be closed
    /// as a call (CNT-09).
    #[serde(default)]
    pub blocks: Vec<String>,
    /// Blocks that come only after another one was done: `{ related_information = "satisfaction" }`
    /// (CNT-19).
    #[serde(default)]
    pub block_after: BTreeMap<String, String>,
    /// Functions rated in this callback, by the field that names the person: `{ 设计师 = "designer" }`.
    #[serde(default)]
    pub rates: BTreeMap<String, String>,
    /// Register in which it stands.
    #[serde(default)]
    pub register: String,
}

impl Rule {
    /// Whether a message by its fallback channel asks for an answer: what is only to be told is
    /// done when it arrives, a survey when it is answered (SCH-33).
    pub fn asks_in_writing(&self) -> bool {
        !self.script.is_empty()
            && matches!(self.purpose, Purpose::Callback | Purpose::Verification | Purpose::Internal)
    }
}

/// What dates are counted from: `event`, `first`, or `field:<name>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The event that triggered it.
    #[default]
    Event,
    /// The first event of that kind of the same subject.
    First,
    /// A date in this field of the event, or of the customer.
    Field(String),
}

/// How often at most a rule makes a callback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OncePer {
    /// For each event.
    #[default]
    Event,
    /// For each order, project or stay.
    Matter,
    /// For each customer, ever (SCH-21).
    Customer,
}

/// One test on a field of the event, or of the customer where the event has none of that
/// name. `grade`, `language`, `key_account` (true or false), `owner`, `name` and `email` are the
/// customer's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// Name of the field, or two as a share of one in the other: `deposit/price`.
    pub field: String,
    /// One of these.
    pub is: Vec<String>,
    /// None of these.
    pub is_not: Vec<String>,
    /// Neither empty nor missing when true; empty or missing when false.
    pub given: Option<bool>,
    /// Below this number.
    pub below: Option<f64>,
    /// This number or above.
    pub at_least: Option<f64>,
    /// Differs from this other field.
    pub differs_from: String,
}

/// Why the call is made. Service and marketing are different things to caps and to law.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A callback after a service.
    #[default]
    Callback,
    /// Whether a complaint or fault is really solved; goes on while one is open.
    Verification,
    /// A date the customer should remember.
    Reminder,
    /// Something the customer must be told.
    Notice,
    /// A promised call at a promised time.
    Appointment,
    /// People of our own company.
    Internal,
}

/// Who is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The customer.
    #[default]
    Customer,
    /// The person whose number stands in this field of the event (SCH-10).
    Field(String),
}

/// By what channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A call by the dialler.
    #[default]
    Phone,
    /// A visit.
    Onsite,
    /// An e-mail with a questionnaire.
    Email,
    /// A text message.
    Sms,
    /// A letter.
    Letter,
    /// A questionnaire on the web.
    Web,
    /// A task for a person of our own.
    Task,
}

impl Method {
    /// The word in files, the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Phone => "phone",
            Method::Onsite => "onsite",
            Method::Email => "email",
            Method::Sms => "sms",
            Method::Letter => "letter",
            Method::Web => "web",
            Method::Task => "task",
        }
    }

    /// The method of that word.
    pub fn parse(word: &str) -> Option<Self> {
        use Method::*;
        [Phone, Onsite, Email, Sms, Letter, Web, Task].into_iter().find(|m| m.as_str() == word)
    }
}

/// Who calls, and in whose name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Caller {
    /// Role of the agents it may be given to.
    pub role: String,
    /// Department in whose name it is made: said, shown, registered.
    pub on_behalf_of: String,
    /// Named person, with a deputy for days of absence (ROS-06).
    pub person: String,
    /// Stands in for `person`.
    pub deputy: String,
    /// Another rule whose caller must not be the same person (SCH-06).
    pub not_the_caller_of: String,
}

/// Robot or agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The daemon plays the script.
    #[default]
    Robot,
    /// An agent speaks, the script surveys afterwards.
    Agent,
}

/// A script for some customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptChoice {
    /// Holds for them: all of it.
    pub when: Vec<Condition>,
    /// Survey script, by file name without `.toml`.
    pub script: String,
}

/// What happens to another callback to the same number on the same day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// One call does for both, by the script of the one with the higher priority.
    #[default]
    Join,
    /// This one waits for the next day with calls, if its deadline allows; else as `join`.
    Defer,
    /// Both are called.
    Never,
}

const fn yes() -> bool {
    true
}

const fn five() -> u8 {
    5
}
