//! The call-detail record: made once, in `Reporting`, and never changed afterwards.

use serde::{Deserialize, Serialize};

use super::leg::{LegRecord, Pause};
use crate::base::{Blame, CallId, CampaignId, Cause, Disposition, EntryId, Timestamp};
use crate::ivr::{Answer, Consent};
use crate::media::{AmdVerdict, Quality, Recording};

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// We called.
    Outbound,
    /// We were called.
    Inbound,
}

/// What a call is made for. Only those with customers count in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To speak with a customer, or with one of ours.
    #[default]
    Business,
    /// A person tries a trunk out.
    Test,
    /// The canary of a trunk.
    Canary,
}

impl Purpose {
    /// The word in the database; None for business.
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Purpose::Business => None,
            Purpose::Test => Some("test"),
            Purpose::Canary => Some("canary"),
        }
    }
}

/// Who ended the call first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The daemon.
    Us,
    /// The other side.
    Peer,
    /// Nobody: a timer or a fault.
    Fault,
}

/// Everything that is known of a call when it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRecord {
    /// Same id as the attempt, the recording and the trace.
    pub id: CallId,
    /// Who called whom.
    pub direction: Direction,
    /// The campaign, for list calls.
    pub campaign: Option<CampaignId>,
    /// The list entry, for list calls.
    pub entry: Option<EntryId>,
    /// The customer's number.
    pub phone: String,
    /// The trunk that carried it, or the last one tried.
    pub trunk: Option<String>,
    /// The script that ran.
    pub script: Option<String>,
    /// INVITE sent or received.
    pub started_at: Timestamp,
    /// First 180 or 183.
    pub ringing_at: Option<Timestamp>,
    /// First early media packet or 183 with SDP.
    pub early_media_at: Option<Timestamp>,
    /// The 200 to the INVITE. Early media is not an answer.
    pub answered_at: Option<Timestamp>,
    /// First prompt packet out.
    pub ended_at: Timestamp,
    /// Business result.
    pub disposition: Disposition,
    /// What the network said.
    pub cause: Cause,
    /// Whose doing.
    pub blame: Blame,
    /// Who hung up first.
    pub ended_by: EndedBy,
    /// One sentence for the operator.
    pub detail: String,
    /// Person or machine, where it was asked.
    pub amd: Option<AmdVerdict>,
    /// The stereo recording.
    pub recording: Option<Recording>,
    /// What the stream was like.
    pub quality: Option<Quality>,
    /// Steps of the script, in the order in which they began.
    pub steps: Vec<StepStamp>,
    /// What belongs to a call that somebody of ours was rung for.
    pub bridging: Bridging,
    /// What was said of the recording.
    pub notice: RecordingNotice,
}

/// What the other side was told of the recording, and what it said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordingNotice {
    /// When it was first said that the call is recorded.
    pub announced_at: Option<Timestamp>,
    /// What the other side chose by key last, and when; None: it was not asked.
    pub consent: Option<(Consent, Timestamp)>,
}

/// Who ended the talk of a customer and a person of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HungUpFirst {
    /// The customer.
    Customer,
    /// Our person.
    Agent,
    /// The daemon, a timer or a fault.
    System,
}

impl HungUpFirst {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            HungUpFirst::Customer => "customer",
            HungUpFirst::Agent => "agent",
            HungUpFirst::System => "system",
        }
    }
}

/// The further legs of a call; empty where it had none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bridging {
    /// In the order in which they ended.
    pub legs: Vec<LegRecord>,
    /// Who ended the last talk, and when; None: nobody talked with the customer.
    pub hung_up_first: Option<(HungUpFirst, Timestamp)>,
    /// Times of silence in the recording, by order.
    pub pauses: Vec<Pause>,
    /// The agent who began the call, by phone or by order; None: nobody did.
    pub begun_by: Option<String>,
    /// Somebody was to be there for a customer whom we called, and nobody was.
    pub abandoned: bool,
    /// Times in which somebody had the customer, who heard nobody.
    pub holds: Vec<(Timestamp, Timestamp)>,
}

/// One answer of a survey, stored as it comes.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAnswer {
    /// The call in which it was given.
    pub call: CallId,
    /// Position in the call, from 1.
    pub seq: u32,
    /// Question id of the script.
    pub question: String,
    /// Key or keys pressed; None where nothing was pressed (never 0).
    pub keys: Option<String>,
    /// What the script says the key means.
    pub meaning: Option<String>,
    /// Score, where the question is a score.
    pub score: Option<i32>,
    /// Whether the script says that such an answer is one of a dissatisfied person.
    pub dissatisfied: bool,
    /// Voice comment, as a path relative to the recordings folder.
    pub comment: Option<String>,
    /// Function of whom it rates: `设计师`; None where it rates nobody.
    pub rated_function: Option<String>,
    /// Who that is; None also where the list does not say.
    pub rated_person: Option<String>,
    /// What it is about, for a mean of its own: `工程质量`.
    pub dimension: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl StoredAnswer {
    /// What a script gave as answer number `seq` of a call.
    pub fn new(call: CallId, seq: u32, answer: Answer, at: Timestamp) -> Self {
        let (rated_function, rated_person) =
            answer.rated.map_or((None, None), |rated| (Some(rated.function), rated.person));
        StoredAnswer {
            call,
            seq,
            question: answer.question,
            keys: answer.keys,
            meaning: answer.meaning,
            score: answer.score,
            dissatisfied: answer.dissatisfied,
            comment: answer.comment,
            rated_function,
            rated_person,
            dimension: answer.dimension,
            at,
        }
    }
}

/// A step of the script that a call came to, for who listens to the recording (CNT-12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepStamp {
    /// Name of the step.
    pub step: String,
    /// When it began.
    pub at: Timestamp,
}
