//! What a queue wants done.

use std::time::Duration;

use super::settings::Overflow;
use crate::base::{CallId, Timestamp};

/// How a caller's wait ended: each has exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// By an agent, named; the call is over.
    Answered(String),
    /// The caller hung up while waiting: a missed call to return (TKT-45).
    Abandoned,
    /// The caller was sent there.
    Overflowed(Overflow),
    /// The caller will be called back and keeps the place.
    PromisedCallback,
}

impl Fate {
    /// Stable word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Fate::Answered(_) => "answered",
            Fate::Abandoned => "abandoned",
            Fate::Overflowed(_) => "overflowed",
            Fate::PromisedCallback => "promised_callback",
        }
    }
}

/// How a callback ended: each has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackFate {
    /// The caller was reached.
    Reached,
    /// Nobody was reached in time: a person's task.
    GivenUp,
    /// The caller called again and waits in its place.
    CameBack,
    /// A person took it out, or the customer needs it no more.
    Cancelled,
}

impl CallbackFate {
    /// Stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            CallbackFate::Reached => "reached",
            CallbackFate::GivenUp => "given_up",
            CallbackFate::CameBack => "came_back",
            CallbackFate::Cancelled => "cancelled",
        }
    }
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ring at an agent; [`super::Queues::offer_answered`] or [`super::Queues::offer_failed`] is due.
    Offer {
        /// At whom.
        agent: String,
        /// For whom.
        call: CallId,
    },
    /// Stop ringing.
    Withdraw {
        /// At whom.
        agent: String,
        /// For whom.
        call: CallId,
    },
    /// Join the two.
    Connect {
        /// Who answered.
        agent: String,
        /// The caller.
        call: CallId,
    },
    /// Call the number, for its place has come up; [`super::Queues::callback_reached`],
    /// [`super::Queues::callback_failed`] or [`super::Queues::callback_later`] is due.
    Dial {
        /// Who is kept free meanwhile.
        agent: String,
        /// The call that asked for it.
        call: CallId,
        /// Whom to call.
        number: String,
    },
    /// A callback was dialled for longer than any may be: hang up.
    StopDialling {
        /// The call that asked for it.
        call: CallId,
    },
    /// A callback is promised, or rests: [`super::Queues::kept`] is to outlive the program.
    Kept {
        /// The call that asked for it.
        call: CallId,
    },
    /// Play the music of the caller's queue until something else is ordered.
    Music {
        /// For whom.
        call: CallId,
    },
    /// Say where the caller stands, then go on with the music.
    Announce {
        /// To whom.
        call: CallId,
        /// From 1.
        position: usize,
        /// How long it will take; None: cannot be told.
        expected: Option<Duration>,
    },
    /// Send the caller there: it waits here no more.
    Overflow {
        /// Whom.
        call: CallId,
        /// Where to.
        to: Overflow,
    },
    /// A wait is over.
    Ended {
        /// Whose.
        call: CallId,
        /// In which queue, the last one.
        queue: String,
        /// How.
        fate: Fate,
        /// When it began.
        joined: Timestamp,
        /// How long the caller waited for the first answer, or for the end.
        waited: Duration,
    },
    /// A callback is over.
    CallbackEnded {
        /// The call that asked for it.
        call: CallId,
        /// In which queue.
        queue: String,
        /// Whom.
        number: String,
        /// How.
        fate: CallbackFate,
    },
}
