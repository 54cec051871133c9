//! Where an agent is, and what changed.

use serde::{Deserialize, Serialize};

use crate::base::{CallId, Timestamp};

/// Where an agent is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = AgentState)]
pub enum State {
    /// No phone, or logged out. Nothing waits on it, so it alone has no end.
    Offline,
    /// Waits for a call.
    Available,
    /// A call rings.
    Offered,
    /// Speaks.
    OnCall,
    /// Finishes the work of a call that is over.
    WrapUp,
    /// Does something else, for a reason.
    NotReady,
}

impl State {
    /// Every state.
    pub const ALL: [State; 6] =
        [State::Offline, State::Available, State::Offered, State::OnCall, State::WrapUp, State::NotReady];

    /// Stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Offline => "offline",
            State::Available => "available",
            State::Offered => "offered",
            State::OnCall => "on_call",
            State::WrapUp => "wrap_up",
            State::NotReady => "not_ready",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Stable words of reasons that the daemon itself gives.
pub mod reason {
    /// The daemon began, or the agent came into the configuration.
    pub const START: &str = "start";
    /// The phone registered.
    pub const REGISTERED: &str = "registered";
    /// A person said so: by API, console or star code.
    pub const BY_HAND: &str = "by_hand";
    /// A caller is offered.
    pub const OFFER: &str = "offer";
    /// The caller was given to another, or hung up.
    pub const WITHDRAWN: &str = "withdrawn";
    /// The offer was not taken in time.
    pub const NO_ANSWER: &str = "no_answer";
    /// The phone refused the offer.
    pub const REFUSED: &str = "refused";
    /// A call.
    pub const CALL: &str = "call";
    /// A call that lasted longer than any may.
    pub const CALL_TOO_LONG: &str = "call_too_long";
    /// The time after a call is over.
    pub const WRAPPED_UP: &str = "wrapped_up";
    /// Waiting longer than a shift lasts: nobody is there.
    pub const IDLE_TOO_LONG: &str = "idle_too_long";
    /// Not ready for longer than the reason allows.
    pub const NOT_READY_TOO_LONG: &str = "not_ready_too_long";
    /// A person logged out.
    pub const LOGGED_OUT: &str = "logged_out";
    /// Not in the configuration any more.
    pub const REMOVED: &str = "removed";
}

/// An agent moved from one state to another, or to the same for another reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub agent: String,
    /// From where.
    pub from: State,
    /// Since when it was there.
    pub since: Timestamp,
    /// To where.
    pub to: State,
    /// Why: a word of [`reason`], of the configuration, or of [`crate::sip::registrar::Gone`].
    pub reason: String,
    /// The call it is about.
    pub call: Option<CallId>,
    /// Who did it: `daemon`, `phone`, or a token's name.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// An agent at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView {
    /// Name in the configuration.
    pub name: String,
    /// Number of the phone, and user of its registration.
    pub extension: String,
    /// Where it is.
    pub state: State,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When the state ends by itself; None: not.
    pub until: Option<Timestamp>,
    /// Phones registered.
    pub phones: usize,
    /// Since when there has been a phone, or none (ROS-03).
    pub phones_since: Timestamp,
    /// The call it is offered or speaks in.
    pub call: Option<CallId>,
    /// Offers since the start of the daemon.
    pub offered: u64,
    /// Of these: answered.
    pub answered: u64,
    /// Sum of the times to answer, in milliseconds (TKT-45).
    pub answer_delay_ms: u64,
    /// Longest time to answer, in milliseconds.
    pub slowest_answer_ms: u64,
}
