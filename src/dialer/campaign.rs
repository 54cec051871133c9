//! A campaign: one list, one script, and the rules by which it is dialled.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{CampaignId, Disposition, ListId, Timestamp};
use crate::policy::pack::{Calls, Caps, Spacing};
use crate::policy::{CapPreset, RetryRule};

/// Where a campaign stands.
///
/// ```text
/// Draft -start-> Running -pause-> Paused -resume-> Running
///                Running -end-> Ending -last call ended-> Done
///                Running -nothing left to do-> Done
///                any of these -stop-> Stopped -start-> Running
///                Done -start-> Running, when its list has new entries
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CampaignState {
    /// Never started.
    Draft,
    /// Dialling whenever its windows allow.
    Running,
    /// Places no new call; calls in progress go on.
    Paused,
    /// Ending gracefully: places no new call and becomes `Done` with the last one.
    Ending,
    /// Nothing is left to call, or it was ended.
    Done,
    /// Stopped at once by a person: calls in progress were hung up.
    Stopped,
}

impl CampaignState {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            CampaignState::Draft => "draft",
            CampaignState::Running => "running",
            CampaignState::Paused => "paused",
            CampaignState::Ending => "ending",
            CampaignState::Done => "done",
            CampaignState::Stopped => "stopped",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        use CampaignState::*;
        [Draft, Running, Paused, Ending, Done, Stopped].into_iter().find(|s| s.as_str() == word)
    }
}

impl fmt::Display for CampaignState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A campaign as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Campaign {
    /// Row id.
    #[schema(value_type = i64)]
    pub id: CampaignId,
    /// Unique name.
    pub name: String,
    /// The list it dials; a list belongs to at most one campaign.
    #[schema(value_type = i64)]
    pub list: ListId,
    /// Where it stands.
    pub state: CampaignState,
    /// When it was made.
    #[schema(value_type = i64)]
    pub created_at: Timestamp,
    /// How it is dialled.
    pub settings: CampaignSettings,
}

/// How a campaign is dialled. Every field has a safe default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CampaignSettings {
    /// Survey script, by file name without `.toml`.
    pub script: String,
    /// Language of the prompts where the entry names none.
    pub language: String,
    /// When calls may be placed: `"Mon-Fri 09:00-12:00"`; empty means the daemon's default windows.
    pub windows: Vec<String>,
    /// IANA zone of the windows.
    pub timezone: String,
    /// Calls up at once; 0 means as many as the trunks carry.
    pub concurrency: u32,
    /// New calls a second; 0 means as many as the trunks carry.
    pub calls_per_second: f64,
    /// Seconds to let it ring before CANCEL.
    pub ring_seconds: u32,
    /// Milliseconds between the answer and the first key of an extension, at most 30,000: the
    /// switchboard speaks first.
    pub extension_pause_ms: u32,
    /// Seconds to wait for a voice or a key after an extension was dialled through, at most 60:
    /// its telephone rings first. 0 begins at once.
    pub extension_wait_seconds: u32,
    /// Number shown to the customer; empty means the trunk's own.
    pub caller_id: String,
    /// Name shown to the customer.
    pub caller_name: String,
    /// Group of trunks to use; empty means every trunk.
    pub trunk_group: String,
    /// Higher goes first when trunks are scarce: 1 to 9.
    pub priority: u8,
    /// Attempts to one entry in all; at least 1.
    pub max_attempts: u32,
    /// Goes on after a deadline has passed; false gives such an entry up.
    pub after_deadline: bool,
    /// Of the customers who answer, how many in a hundred may find no agent in a day; above it one
    /// call at a time is placed. 0 means no limit. Only for scripts that ring agents.
    pub max_abandoned_percent: u8,
    /// Calls to one number in a calendar day; 0 means no cap. This cap and the three below
    /// count over all campaigns, agents and numbers shown.
    pub daily_cap_per_number: u32,
    /// Calls to one number in a week from Monday; 0 means no cap.
    pub weekly_cap_per_number: u32,
    /// Calls to one number in any 24 hours; 0 means no cap.
    pub cap_per_number_in_24_hours: u32,
    /// Calls to one number in any 5 minutes; 0 means no cap.
    pub cap_per_number_in_5_minutes: u32,
    /// A set of caps by name; of it and the caps above the stricter holds: `none`, `carrier-cn`.
    pub caps: CapPreset,
    /// How long after an attempt at which the customer was not reached the next may follow:
    /// after the first the first, and so on, the last for ever; `2h`, `30min`, `1d`,
    /// `next_window`, `next_day`. Empty: by `retry` and its default table. What `retry` lists
    /// goes before it, and faults of the network keep their own rules.
    #[schema(value_type = Vec<String>)]
    pub spacing: Vec<Spacing>,
    /// What to do after an attempt, by disposition; what is not listed ends the entry or
    /// follows the dialler's default table.
    #[schema(value_type = std::collections::HashMap<String, RetryRule>)]
    pub retry: BTreeMap<Disposition, RetryRule>,
    /// What to do when a machine answers.
    pub machine: MachinePolicy,
    /// Whether statutory holidays are for calls: `calls` or `no_calls`, by the company's
    /// calendar. Days the company itself closes never are.
    #[schema(value_type = String)]
    pub holidays: Calls,
    /// The same of weekends; one that is worked in exchange for a holiday is none.
    #[schema(value_type = String)]
    pub weekends: Calls,
    /// Runs on when nothing is left to call: its list is filled day by day.
    pub standing: bool,
}

impl CampaignSettings {
    /// What one number is spared.
    pub fn caps_per_number(&self) -> Caps {
        let own = Caps {
            day: self.daily_cap_per_number,
            week: self.weekly_cap_per_number,
            hours_24: self.cap_per_number_in_24_hours,
            minutes_5: self.cap_per_number_in_5_minutes,
        };
        own.and(self.caps.caps())
    }
}

impl Default for CampaignSettings {
    fn default() -> Self {
        CampaignSettings {
            script: String::new(),
            language: "zh-CN".into(),
            windows: Vec::new(),
            timezone: "Asia/Shanghai".into(),
            concurrency: 10,
            calls_per_second: 2.0,
            ring_seconds: 35,
            extension_pause_ms: 2_000,
            extension_wait_seconds: 20,
            caller_id: String::new(),
            caller_name: String::new(),
            trunk_group: String::new(),
            priority: 5,
            max_attempts: 3,
            after_deadline: true,
            max_abandoned_percent: 3,
            daily_cap_per_number: 3,
            weekly_cap_per_number: 0,
            cap_per_number_in_24_hours: 0,
            cap_per_number_in_5_minutes: 0,
            caps: CapPreset::None,
            spacing: Vec::new(),
            retry: BTreeMap::new(),
            machine: MachinePolicy::default(),
            holidays: Calls::Calls,
            weekends: Calls::Calls,
            standing: false,
        }
    }
}

/// What to do when an answering machine picks up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MachinePolicy {
    /// Do not look for machines.
    Ignore,
    /// Hang up on a certain verdict. Never on a doubtful one.
    #[default]
    HangUp,
    /// Wait for the beep and play the script's message.
    LeaveMessage,
    /// Ask "press any key": a key makes it a person.
    Ask,
}
