//! What is going on at this moment: published by the driver, read by the API.
//!
//! The driver replaces the whole snapshot through a `tokio::sync::watch` at most every
//! [`PUBLISH_EVERY`]; readers never ask the engine.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::base::{CallId, CampaignId, EntryId, Timestamp};
use crate::call::Direction;
use crate::call::leg::Listening;
use crate::dialer::{CampaignState, Reason};
use crate::ivr::Written;

/// Shortest time between two snapshots: four a second look live and cost little.
pub const PUBLISH_EVERY: Duration = Duration::from_millis(250);

/// Receives snapshots.
pub type LiveReader = watch::Receiver<Arc<LiveSnapshot>>;

/// Receives the catalogue.
pub type CatalogueReader = watch::Receiver<Arc<Catalogue>>;

/// Everything that is live at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveSnapshot {
    /// When it was taken.
    #[schema(value_type = i64)]
    pub at: Timestamp,
    /// Calls that are up or being set up.
    pub calls: Vec<LiveCall>,
    /// Trunks in the order of the configuration.
    pub trunks: Vec<LiveTrunk>,
    /// Agents by name.
    #[serde(default)]
    pub agents: Vec<LiveAgent>,
    /// What agents may say of themselves.
    #[serde(default)]
    pub agent_rules: AgentRules,
    /// Queues of the hotline by name.
    #[serde(default)]
    pub queues: Vec<LiveQueue>,
    /// Campaigns that the dialler holds in memory.
    pub campaigns: Vec<LiveCampaign>,
    /// What stands between the daemon and new work.
    pub readiness: Readiness,
}

/// What agents may say of themselves, as the configuration has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentRules {
    /// Reasons not to be ready, in order.
    pub reasons: Vec<AwayReason>,
    /// Whether an agent may end the time after a call before it is over.
    pub wrap_up_may_end: bool,
}

/// A reason not to be ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AwayReason {
    /// Its word.
    pub word: String,
    /// Longest stay in milliseconds, after which the agent is logged out.
    pub limit_ms: i64,
}

/// One call that is up or being set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveCall {
    /// The call.
    #[schema(value_type = String)]
    pub id: CallId,
    /// `outbound` or `inbound`.
    #[schema(value_type = String)]
    pub direction: Direction,
    /// The campaign, for list calls.
    #[schema(value_type = Option<i64>)]
    pub campaign: Option<CampaignId>,
    /// The list entry, for list calls.
    #[schema(value_type = Option<i64>)]
    pub entry: Option<EntryId>,
    /// The other side's number.
    pub phone: String,
    /// The customer's name, where the list gives it.
    pub name: String,
    /// The trunk in use.
    pub trunk: Option<String>,
    /// Stable word: `calling`, `ringing`, `early`, `connecting`, `detecting`, `script`, `releasing`, ...
    pub state: String,
    /// Script that runs.
    #[serde(default)]
    pub script: String,
    /// Where the script stands: the id of the node, or empty.
    pub step: String,
    /// INVITE sent or received.
    #[schema(value_type = i64)]
    pub started_at: Timestamp,
    /// The 200, if it has come.
    #[schema(value_type = Option<i64>)]
    pub answered_at: Option<Timestamp>,
    /// The customer hears music and nobody.
    #[serde(default)]
    pub on_hold: bool,
    /// Silence goes into the recording.
    #[serde(default)]
    pub recording_paused: bool,
    /// Further legs that ring or are up.
    #[serde(default)]
    pub legs: Vec<LiveLeg>,
}

/// A further leg of a call that rings or is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveLeg {
    /// Position among the legs of the call, from 1: orders name it by this.
    pub number: u32,
    /// `agent`, `trunk` or `supervisor`.
    pub kind: String,
    /// Extension or number.
    pub target: String,
    /// `opening`, `calling`, `ringing`, `confirming` or `up`.
    pub state: String,
    /// Its phone holds, or it is put aside for a transfer.
    pub held: bool,
    /// Nobody hears it.
    pub muted: bool,
    /// It is being consulted about the customer, who waits.
    #[serde(default)]
    pub consulted: bool,
    /// How it supervises, if it does: `listen`, `whisper` or `barge`.
    #[schema(value_type = Option<String>)]
    pub supervises: Option<Listening>,
}

/// One trunk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveTrunk {
    /// Its name in the configuration.
    pub name: String,
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    /// Where requests go: host and port, or the domain that DNS resolves.
    pub address: String,
    /// `up`, `down`, `registering` or `unknown` (not asked yet).
    pub state: String,
    /// Since when it is in that state.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// Why it is not up, for people.
    pub detail: String,
    /// Round trip of the last OPTIONS, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// Calls on it now.
    pub calls: u64,
    /// Its limit; 0 means none.
    pub max_calls: u64,
    /// Its limit of new calls a second; 0 means none.
    pub max_cps: f64,
    /// Calls placed on it since start.
    pub placed: u64,
    /// Of these: answered.
    pub answered: u64,
    /// Of these: failed on the trunk's account (5xx, timeout, no route).
    pub failed: u64,
    /// Why campaigns are held off it: `canary_due` or `canary_failed`; empty: they are not.
    #[serde(default)]
    pub held: String,
    /// The call of its canary that is under way.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub canary: Option<CallId>,
}

/// One queue: who waits, and its figures since the start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveQueue {
    /// Its name in the configuration.
    pub name: String,
    /// Who waits, the next first.
    pub waiting: Vec<LiveWaiting>,
    /// Callers who came in.
    pub offered: u64,
    /// Of these: answered by an agent.
    pub answered: u64,
    /// Of these: within the time of the service level.
    pub answered_in_time: u64,
    /// Hung up while waiting.
    pub abandoned: u64,
    /// Sent elsewhere.
    pub overflowed: u64,
    /// Promised a callback.
    pub promised: u64,
    /// Average speed of answer in milliseconds; null before the first.
    pub average_wait_ms: Option<u64>,
    /// Longest wait of those answered, in milliseconds.
    pub longest_wait_ms: u64,
    /// Share of those answered in time among all who were answered or hung up, 0.0 to 1.0; null
    /// before the first.
    pub service_level: Option<f64>,
}

/// One who waits in a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveWaiting {
    /// The call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// Number of the caller.
    pub phone: String,
    /// True for the place that a callback keeps.
    #[serde(default)]
    pub is_callback: bool,
    /// Place in the line, from 1.
    pub position: u64,
    /// Since when.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// Agents at whom it rings.
    pub ringing: Vec<String>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveAgent {
    /// Its name in the configuration.
    pub name: String,
    /// Number of its phone.
    pub extension: String,
    /// Where it is.
    pub state: crate::agent::State,
    /// Why.
    pub reason: String,
    /// Since when.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// When the state ends by itself; null: not.
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// The call it is offered or speaks in.
    #[schema(value_type = Option<String>)]
    pub call: Option<CallId>,
    /// Phones registered, best first.
    pub phones: Vec<LivePhone>,
    /// Since when there has been a phone, or none (ROS-03).
    #[schema(value_type = i64)]
    pub phones_since: Timestamp,
    /// Calls offered since the start of the daemon.
    pub offered: u64,
    /// Of these: answered.
    pub answered: u64,
    /// Sum of the times to answer, in milliseconds.
    pub answer_delay_ms: u64,
    /// Longest time to answer, in milliseconds.
    pub slowest_answer_ms: u64,
}

/// One phone of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LivePhone {
    /// `udp`, `tcp` or `tls`.
    pub transport: String,
    /// Where it is reached: address and port of its REGISTER.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// When it registered first; milliseconds since 1970.
    pub since: i64,
}

/// The live side of a campaign; counts by result come from the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveCampaign {
    /// Which.
    #[schema(value_type = i64)]
    pub id: CampaignId,
    /// Where it stands.
    pub state: CampaignState,
    /// Calls up or being set up.
    pub calls: u64,
    /// Why it places no call now; None: nothing is in its way.
    pub blocked: Option<Reason>,
    /// When it will be done at this pace, closed hours excluded; None: cannot be told.
    #[schema(value_type = Option<i64>)]
    pub eta: Option<Timestamp>,
}

/// What `/readyz` answers from; the database is asked by the probe itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Readiness {
    /// Every SIP listener of the configuration is bound.
    pub sip_bound: bool,
    /// The recordings folder can be written and is above its floor.
    pub disk_ok: bool,
    /// Free bytes where recordings go.
    pub disk_free_bytes: u64,
    /// No new work is taken: the daemon drains.
    pub draining: bool,
    /// Further reasons not to send work here, for people.
    pub reasons: Vec<String>,
    /// What needs a look soon and is no reason to send work elsewhere.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// TLS certificates in use.
    #[serde(default)]
    pub certificates: Vec<LiveCertificate>,
}

/// One TLS certificate file in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveCertificate {
    /// The file.
    pub file: String,
    /// When it expires; milliseconds since 1970.
    pub expires_at: i64,
}

impl Default for Readiness {
    /// Before the driver has spoken nothing is ready.
    fn default() -> Self {
        Readiness {
            sip_bound: false,
            disk_ok: false,
            disk_free_bytes: 0,
            draining: false,
            reasons: vec!["the daemon is starting".into()],
            warnings: Vec::new(),
            certificates: Vec::new(),
        }
    }
}

/// What the daemon has to speak and to ask: published at start and after a reload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Catalogue {
    /// Prompts by language and name.
    pub prompts: Vec<PromptFact>,
    /// Survey scripts by file name without `.toml`.
    pub scripts: Vec<ScriptFact>,
    /// The same as pages and cards show them.
    #[serde(skip)]
    pub written: Arc<Written>,
    /// The prompts themselves.
    #[serde(skip)]
    pub sounds: Sounds,
}

/// The prompts that are spoken; two of them are the same only where they are one.
#[derive(Clone, Debug, Default)]
pub struct Sounds(pub Arc<crate::media::PromptLibrary>);

impl PartialEq for Sounds {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// One prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PromptFact {
    /// File name without `.wav`.
    pub name: String,
    /// `zh-CN`, `en`, ...
    pub language: String,
    /// Length in milliseconds; 0 where it is missing.
    pub duration_ms: u64,
    /// Scripts that speak it.
    pub used_by: Vec<String>,
    /// A script speaks it and no file is there.
    pub missing: bool,
    /// What it says; empty: nobody wrote it down.
    #[serde(default)]
    pub text: String,
}

/// One survey script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScriptFact {
    /// File name without `.toml`.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Ids of its questions, in order.
    pub questions: Vec<String>,
    /// Its steps, in order, each once (CNT-10, CNT-12).
    #[serde(default)]
    pub steps: Vec<String>,
    /// `default`: as it is shipped, to be edited for the company; `custom`: from a folder of the operator.
    #[serde(default)]
    pub origin: String,
    /// What is wrong with it; empty: it can be run.
    pub problems: Vec<String>,
}
