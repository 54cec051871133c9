//! What the engine asks the store to keep, and to fetch.

use super::CanaryRun;
use crate::base::{CallId, CampaignId, PhoneNumber, Timestamp};
use crate::call::{CallRecord, Purpose, StoredAnswer};
use crate::dialer::{Attempt, CampaignState, EntryUpdate, Reason};
use crate::policy::CapWindow;
use crate::queue::{CallbackFate, Kept};
use crate::sip::TraceItem;

/// One write. All but `Reserve` are kept and tried again until the database takes them.
#[derive(Clone, Debug)]
pub enum Write {
    /// Attempts to be written durably before their INVITEs leave. In one transaction the
    /// store checks again: the entry is still pending and due, the number is not on the
    /// do-not-call list, has no open call, and is below its caps. Answered by
    /// [`Reserved`]; entries of attempts that were reserved are `dialling`.
    Reserve(Vec<Attempt>),
    /// An attempt that belongs to no list, checked and answered like those of
    /// [`Write::Reserve`].
    ReserveLone(Box<LoneAttempt>),
    /// A callback that a queue promised, as it is now.
    KeepCallback(Box<Kept>),
    /// A callback that a queue promised is over.
    EndCallback {
        /// The call that asked for it.
        call: CallId,
        /// How.
        fate: CallbackFate,
        /// When.
        at: Timestamp,
    },
    /// A caller's wait in a queue is over.
    Waited(Box<Waited>),
    /// An inbound call, or one that belongs to no list: written when it begins.
    Begin {
        /// The call.
        call: CallId,
        /// `inbound` or `outbound`.
        direction: crate::call::Direction,
        /// The other side's number.
        phone: String,
        /// The number that was dialled, of an inbound call; else empty.
        dialled: String,
        /// What it is made for.
        purpose: Purpose,
        /// When.
        at: Timestamp,
    },
    /// A canary is over; its calls are reported already.
    Canary(Box<CanaryRun>),
    /// An answer, as it comes.
    Answer(StoredAnswer),
    /// A call is over: record, trace, entry and do-not-call in one transaction.
    Report(Box<Report>),
    /// Entries looked at and not called.
    Entries(Vec<EntryUpdate>),
    /// A campaign changed its state.
    State {
        /// Which.
        campaign: CampaignId,
        /// To what.
        state: CampaignState,
        /// Who did it: a token's name, or `dialer`.
        by: String,
    },
    /// An agent moved to another state: the row before ends, a new one begins.
    AgentState(Box<crate::agent::Change>),
    /// The SIP messages of a further leg, when its dialog is over.
    LegTrace {
        /// Its call.
        call: CallId,
        /// Its position among the legs.
        number: u32,
        /// The messages.
        trace: Vec<TraceItem>,
    },
    /// Why a campaign as a whole places no call now; None: nothing is in its way.
    Blocked {
        /// Which.
        campaign: CampaignId,
        /// Why.
        reason: Option<Reason>,
    },
}

impl Write {
    /// Whether somebody waits for its answer, [`Reserved`].
    pub const fn is_reserve(&self) -> bool {
        matches!(self, Write::Reserve(_) | Write::ReserveLone(_))
    }

    /// The calls of attempts to be written; empty for other writes.
    pub fn attempts(&self) -> Vec<CallId> {
        match self {
            Write::Reserve(attempts) => attempts.iter().map(|attempt| attempt.call).collect(),
            Write::ReserveLone(attempt) => vec![attempt.call],
            _ => Vec::new(),
        }
    }
}

/// An attempt of no list, to be written before its INVITE leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct LoneAttempt {
    /// The call to be.
    pub call: CallId,
    /// The number.
    pub phone: PhoneNumber,
    /// When it was reserved.
    pub reserved_at: Timestamp,
    /// The caps of its number, checked inside the transaction.
    pub caps: Vec<CapWindow>,
    /// The callback of a queue for which it is made, by the call that asked for it: written as
    /// being called in the same transaction.
    pub callback: Option<CallId>,
    /// What it is made for.
    pub purpose: Purpose,
}

/// How long a caller waited, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// The call.
    pub call: CallId,
    /// The queue, the last one.
    pub queue: String,
    /// `answered`, `abandoned`, `overflowed` or `promised_callback`.
    pub fate: &'static str,
    /// Who answered; empty for nobody.
    pub agent: String,
    /// When the wait began.
    pub joined: Timestamp,
    /// How long it took to the first answer, or to the end.
    pub waited_ms: u64,
}

/// The store's answer to [`Write::Reserve`].
#[derive(Clone, Debug, Default)]
pub struct Reserved {
    /// On disk: these may be dialled.
    pub reserved: Vec<CallId>,
    /// Not written, and why; the store has put the reason on the entry.
    pub refused: Vec<(CallId, Reason)>,
}

/// Everything that is stored when a call ends.
#[derive(Clone, Debug)]
pub struct Report {
    /// The call-detail record.
    pub record: CallRecord,
    /// Alarm word, e.g. `no_recording`, where something must be looked at.
    pub alarm: Option<String>,
    /// The SIP trace.
    pub trace: Vec<TraceItem>,
    /// What becomes of the entry.
    pub entry: Option<EntryUpdate>,
    /// Put the number on the do-not-call list, for this reason.
    pub do_not_call: Option<String>,
}
