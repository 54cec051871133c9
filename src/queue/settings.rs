//! What a queue is told.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::Windows;
use crate::policy::CapPreset;
use crate::policy::pack::Caps;

/// Who of the agents that can is rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Whose last call ended longest ago.
    #[default]
    LongestIdle,
    /// All at once; the first who answers has the call.
    RingAll,
    /// The best in the skills of the queue; among equals the longest idle.
    BySkill,
}

/// Where a caller goes whom nobody takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Another queue, with the time waited so far.
    Queue(String),
    /// The chain of the on-call roster.
    Roster(String),
    /// A message after the beep.
    Voicemail,
    /// A callback that keeps the place.
    Callback,
    /// An announcement, then the end.
    Goodbye,
}

/// One step of an overflow chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// After so long in the queue.
    pub after: Duration,
    /// Only where more than so many wait; 0: always.
    pub longer_than: usize,
    /// To there.
    pub to: Overflow,
}

/// Callbacks that keep the caller's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackRules {
    /// Calls that are tried before it is given up.
    pub attempts: u8,
    /// Between two of them.
    pub pause: Duration,
    /// How long one may live before it is given up: a task for a person remains.
    pub life: Duration,
    /// How often a number is called at most, all calls to it counted.
    pub caps: Caps,
}

/// One queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueSettings {
    /// Unique name.
    pub name: String,
    /// Who is rung.
    pub strategy: Strategy,
    /// Skills that an agent needs, with the least level.
    pub skills: BTreeMap<String, u8>,
    /// Policy pack of its callers; empty: any.
    pub pack: String,
    /// Weight against other queues; added to the caller's own priority.
    pub priority: u8,
    /// When it is open; None: always.
    pub hours: Option<Windows>,
    /// Where callers go outside the hours.
    pub closed: Overflow,
    /// Most callers waiting; beyond it [`QueueSettings::full`].
    pub max_waiting: usize,
    /// Where callers go for whom there is no room.
    pub full: Overflow,
    /// Longest wait, whatever the steps say; then `last`.
    pub max_wait: Duration,
    /// Where callers go after the longest wait. No queue: the chain ends here.
    pub last: Overflow,
    /// What happens before.
    pub steps: Vec<Step>,
    /// How long the wish for the agent of the last call holds.
    pub last_agent_wait: Duration,
    /// First announcement of position and expected wait; zero: none.
    pub announce_first: Duration,
    /// Between two of them.
    pub announce_every: Duration,
    /// Prompt or file of the music.
    pub music: String,
    /// Answered within this counts for the service level.
    pub service_level: Duration,
    /// Callbacks.
    pub callback: CallbackRules,
}

impl Default for QueueSettings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        QueueSettings {
            name: String::new(),
            strategy: Strategy::LongestIdle,
            skills: BTreeMap::new(),
            pack: String::new(),
            priority: 0,
            hours: None,
            closed: Overflow::Voicemail,
            max_waiting: 100,
            full: Overflow::Callback,
            max_wait: seconds(1_200),
            last: Overflow::Callback,
            steps: Vec::new(),
            last_agent_wait: seconds(30),
            announce_first: seconds(15),
            announce_every: seconds(45),
            music: "music/hold".to_owned(),
            service_level: seconds(20),
            callback: CallbackRules {
                attempts: 2,
                pause: seconds(300),
                life: seconds(4 * 3600),
                caps: CapPreset::CarrierCn.caps(),
            },
        }
    }
}
