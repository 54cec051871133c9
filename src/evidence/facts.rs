//! What is known of a call beside its sound.

use super::Span;
use crate::base::{Disposition, Timestamp};
use crate::call::{Direction, EndedBy, HungUpFirst, StepStamp};
use crate::media::Quality;

/// A time in which somebody of ours had the customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Name of the agent; the number of an outside phone.
    pub agent: String,
    /// INVITE to the phone.
    pub rang_at: Timestamp,
    /// It was answered.
    pub from: Timestamp,
    /// It was of no more use.
    pub to: Timestamp,
    /// It gave the customer to somebody else.
    pub transferred: bool,
}

/// What the rule of a callback asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Whether the call began in the rule's windows; None: nobody knows.
    pub window: Option<bool>,
    /// Whether it was completed before the deadline; None: it was not completed, or nobody knows.
    pub deadline: Option<bool>,
}

/// The entry that our person owes to the register after a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Register {
    /// None is owed, or its time is not over yet.
    #[default]
    Open,
    /// It was saved so many ms after the end of the call.
    Saved(i64),
    /// Its time is over, and there is none.
    Missing,
}

/// One call as far as evidence goes.
#[derive(Clone, Debug, PartialEq)]
pub struct CallFacts {
    /// Who called whom.
    pub direction: Direction,
    /// First INVITE.
    pub started_at: Timestamp,
    /// The 200: the recording begins here.
    pub answered_at: Option<Timestamp>,
    /// The end.
    pub ended_at: Timestamp,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// What it came to.
    pub disposition: Disposition,
    /// Times in which somebody of ours had the customer; empty: the robot alone did.
    pub parts: Vec<Part>,
    /// Who ended the last of them, and when.
    pub hung_up_first: Option<(HungUpFirst, Timestamp)>,
    /// Times in which the customer heard music and nobody.
    pub holds: Vec<(Timestamp, Timestamp)>,
    /// Times of silence in the recording, by order.
    pub pauses: Vec<(Timestamp, Timestamp)>,
    /// Steps of the script.
    pub steps: Vec<StepStamp>,
    /// Why the steps that our person ticked are out of order; empty: they are not.
    pub steps_out_of_order: String,
    /// Keys that the customer pressed.
    pub keys: u64,
    /// What the stream was like.
    pub quality: Option<Quality>,
    /// Samples per channel that did not reach the disk.
    pub missing_samples: u64,
    /// Whether it was to be recorded.
    pub recorded: bool,
    /// Window and deadline.
    pub kept: Kept,
    /// Rule of the callback; empty: none.
    pub rule: String,
    /// Department on whose behalf we call; empty: none is named.
    pub department: String,
    /// Name of the brand; empty: that of the scorecard.
    pub brand: String,
    /// How the customer is addressed: 先生, 女士; empty: nobody knows.
    pub title: String,
    /// Types of the tickets that know of the call.
    pub tickets: Vec<String>,
    /// Whether one of them, or the callback, is about a complaint.
    pub complaint: bool,
    /// The entry in the register.
    pub register: Register,
    /// Whether a person wrote there that the matter is done.
    pub told_done: bool,
    /// Whether what was promised is written down: a ticket, or a further callback.
    pub promise_kept: bool,
    /// Usual length of calls with a person, in ms; None: too few to say.
    pub usual_ms: Option<i64>,
}

impl CallFacts {
    /// A moment as ms from the beginning of the recording.
    pub fn at(&self, at: Timestamp) -> u32 {
        let from = self.answered_at.unwrap_or(self.ended_at);
        u32::try_from(at.millis_since(from).max(0)).unwrap_or(u32::MAX)
    }

    /// A stretch of wall clock time in the recording.
    pub fn span(&self, (from, to): (Timestamp, Timestamp)) -> Span {
        Span::new(self.at(from), self.at(to))
    }

    /// Whether it is told as having reached its aim.
    pub fn is_done(&self) -> bool {
        self.told_done || matches!(self.disposition, Disposition::Completed | Disposition::Served)
    }

    /// How long it was up, in ms.
    pub fn talk_ms(&self) -> i64 {
        self.answered_at.map_or(0, |from| self.ended_at.millis_since(from).max(0))
    }

    /// Who had the customer at a moment of the recording.
    pub fn agent_at(&self, at: u32) -> String {
        let had = |part: &&Part| self.span((part.from, part.to)).has(at);
        let found = self.parts.iter().find(had).or(self.parts.first());
        found.map(|part| part.agent.clone()).unwrap_or_default()
    }
}
