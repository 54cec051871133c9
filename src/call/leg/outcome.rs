//! What a leg was and what it came to, for the call's record.

use serde::{Deserialize, Serialize};

use crate::base::{Cause, Disposition, Timestamp};
use crate::call::{EndedBy, unanswered};

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegKind {
    /// A phone of ours.
    Agent,
    /// An ordinary telephone over a trunk.
    Trunk,
    /// Somebody of ours who listens, whispers or joins.
    Supervisor,
}

impl LegKind {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            LegKind::Agent => "agent",
            LegKind::Trunk => "trunk",
            LegKind::Supervisor => "supervisor",
        }
    }
}

macro_rules! results {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What a leg came to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum LegResult { $($(#[$doc])* $variant,)* }

        impl LegResult {
            /// Every result.
            pub const ALL: &[LegResult] = &[$(LegResult::$variant),*];

            /// The word in the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(LegResult::$variant => $text),* }
            }
        }
    };
}

results! {
    /// It was part of the call.
    Talked = "talked",
    /// It gave the customer over to somebody else.
    Transferred = "transferred",
    /// It was part of the call and vanished: no sound any more, or no signalling.
    Lost = "lost",
    /// 486 or 600.
    Busy = "busy",
    /// 603 or the like.
    Declined = "declined",
    /// It rang to the end of the ring time.
    NoAnswer = "no_answer",
    /// It was answered, but the key was never pressed: a voicemail, most likely.
    NotAccepted = "not_accepted",
    /// Another phone answered first.
    Elsewhere = "elsewhere",
    /// The customer hung up before anybody answered.
    CustomerLeft = "customer_left",
    /// It was called off by order.
    CalledOff = "called_off",
    /// It cannot be reached now: 480, 404, no answer to the INVITE.
    Unreachable = "unreachable",
    /// A fault of ours.
    Failed = "failed",
}

impl LegResult {
    /// Reads a final response to the INVITE.
    pub fn refused(cause: Cause) -> LegResult {
        match unanswered(cause).disposition {
            Disposition::Busy => LegResult::Busy,
            Disposition::Declined => LegResult::Declined,
            Disposition::NoAnswer => LegResult::NoAnswer,
            _ => LegResult::Unreachable,
        }
    }
}

/// One leg in the record of its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegRecord {
    /// Position among the legs of the call, from 1.
    pub number: u32,
    /// Who was called.
    pub kind: LegKind,
    /// The extension or number that was rung.
    pub target: String,
    /// The agent behind it, by name, or the extension of a phone that is nobody's; None: an outside number.
    pub agent: Option<String>,
    /// INVITE sent.
    pub started_at: Timestamp,
    /// First 180 or 183.
    pub ringing_at: Option<Timestamp>,
    /// The 200, and the key where one is wanted.
    pub answered_at: Option<Timestamp>,
    /// When it was of no more use.
    pub ended_at: Timestamp,
    /// What it came to.
    pub result: LegResult,
    /// Who ended it.
    pub ended_by: EndedBy,
}

/// A time in which the recording holds silence, by order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// From when.
    pub from: Timestamp,
    /// To when; None: to the end of the call.
    pub to: Option<Timestamp>,
    /// Who ordered it.
    pub by: String,
}
