//! What is known of agents before they do anything.

use std::collections::BTreeMap;
use std::time::Duration;

use super::code::Codes;
use super::dial::MayDial;

/// One agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSettings {
    /// Unique name, shown everywhere.
    pub name: String,
    /// Number of the phone, and user of its registration; unique.
    pub extension: String,
    /// Roles, such as `agent`, `supervisor`, `leader`.
    pub roles: Vec<String>,
    /// Team, whose supervisor sees what its agents do; empty: none.
    pub team: String,
    /// Skills with their level, 1 to 9; 9 is best.
    pub skills: BTreeMap<String, u8>,
    /// Languages, best first.
    pub languages: Vec<String>,
    /// Policy packs whose callers it takes; empty: all.
    pub packs: Vec<String>,
    /// What the phone itself may dial.
    pub may_dial: MayDial,
    /// Time after a call before the next; None: [`Rules::wrap_up`].
    pub wrap_up: Option<Duration>,
}

/// Where a phone that registers puts its agent.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OnRegister {
    /// Calls come at once.
    #[default]
    Available,
    /// The agent says when.
    NotReady,
}

/// A reason not to be ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReadyReason {
    /// Stable word.
    pub word: String,
    /// Digit of the star code.
    pub digit: char,
    /// Longest stay, after which the agent is logged out.
    pub limit: Duration,
}

/// A reason to dial against a rule (WIN-06).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideReason {
    /// Digit of the star code.
    pub digit: char,
    /// What the adherence report says.
    pub text: String,
}

/// Times and reasons of all agents.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Where a phone that registers puts its agent.
    pub on_register: OnRegister,
    /// How long an offer rings: 3 rings or 12 s (TKT-45).
    pub ring: Duration,
    /// Time after a call before the next.
    pub wrap_up: Duration,
    /// Whether the agent may end it before its time; nothing else can.
    pub wrap_up_may_end: bool,
    /// How long a phone that vanished in a call may take to come back.
    pub lost_after: Duration,
    /// Longest wait for a call, after which nobody is believed to be there.
    pub longest_available: Duration,
    /// Longest call.
    pub longest_call: Duration,
    /// Longest stay where the daemon itself made an agent not ready.
    pub longest_not_ready: Duration,
    /// After an offer was not taken: back to available after this; zero: not by itself.
    pub return_after_no_answer: Duration,
    /// Reasons that agents give.
    pub reasons: Vec<NotReadyReason>,
    /// Reasons that agents give who dial against a rule.
    pub override_reasons: Vec<OverrideReason>,
    /// Star codes.
    pub codes: Codes,
}

impl Default for Rules {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        let reason = |word: &str, digit, limit| NotReadyReason { word: word.to_owned(), digit, limit };
        Rules {
            on_register: OnRegister::Available,
            ring: Duration::from_secs(12),
            wrap_up: Duration::from_secs(20),
            wrap_up_may_end: true,
            lost_after: Duration::from_secs(5),
            longest_available: minutes(12 * 60),
            longest_call: minutes(4 * 60),
            longest_not_ready: minutes(60),
            return_after_no_answer: Duration::ZERO,
            reasons: vec![
                reason("break", '1', minutes(20)),
                reason("lunch", '2', minutes(90)),
                reason("meeting", '3', minutes(180)),
                reason("back_office", '4', minutes(240)),
                reason("training", '5', minutes(480)),
            ],
            override_reasons: vec![
                OverrideReason { digit: '1', text: "the customer asked for it".to_owned() },
                OverrideReason { digit: '2', text: "danger or damage".to_owned() },
            ],
            codes: Codes::default(),
        }
    }
}

impl Rules {
    /// Longest stay in not ready for this reason.
    pub fn limit_of(&self, reason: &str) -> Duration {
        let known = self.reasons.iter().find(|known| known.word == reason);
        known.map_or(self.longest_not_ready, |known| known.limit)
    }
}
