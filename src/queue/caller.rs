//! One who waits: a caller, or the place that a callback keeps.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{CallId, Mono, Now, Timestamp};

/// A caller who comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCaller {
    /// The call.
    pub call: CallId,
    /// The caller's number; empty where it is withheld: then no callback can be promised.
    pub number: String,
    /// Higher goes first; added to that of the queue.
    pub priority: u8,
    /// Before all others.
    pub vip: bool,
    /// Skills that this caller needs besides those of the queue, with the least level.
    pub skills: BTreeMap<String, u8>,
    /// Language that the agent should speak.
    pub language: Option<String>,
    /// The agent of the last call, by name.
    pub last_agent: Option<String>,
}

/// Where somebody stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Nobody rings, or these do.
    Waiting(BTreeSet<String>),
    /// Speaks with this agent.
    Connected(String),
    /// A callback: this agent is kept free while the number is called.
    Dialling(String),
    /// A callback: not before then.
    Resting(Mono),
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A caller on the line.
    Caller,
    /// A place without a caller: who is to be called, attempts so far, and until when.
    Callback { attempts: u8, until: Mono },
}

/// One who waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub new: NewCaller,
    pub kind: Kind,
    pub queue: String,
    pub stand: Stand,
    /// The place in line: that of an earlier call where a callback had kept it.
    pub joined: Now,
    /// When this call came: the wait counts from here.
    pub came: Now,
    /// When it came into this queue: steps count from here.
    pub entered: Mono,
    /// Back from an agent who vanished or did not answer: the head of the line.
    pub is_head: bool,
    /// Order of coming among equals.
    pub turn: u64,
    /// The next step of the queue's chain.
    pub step: usize,
    /// Queues so far.
    pub hops: u8,
    pub announce_at: Mono,
    /// How long the wish for the agent of the last call holds; None: there is none.
    pub wish_until: Option<Mono>,
    /// When an agent answered first, for the figures.
    pub first_answer: Option<Mono>,
    pub connected_at: Option<Mono>,
}

/// The order of the line: the least is next.
pub(super) type Rank = (Reverse<bool>, Reverse<bool>, Reverse<u16>, Mono, u64);

impl Waiting {
    pub(super) fn rank(&self, queue_priority: u8) -> Rank {
        let priority = u16::from(self.new.priority) + u16::from(queue_priority);
        (Reverse(self.is_head), Reverse(self.new.vip), Reverse(priority), self.joined.mono, self.turn)
    }

    pub(super) fn is_caller(&self) -> bool {
        self.kind == Kind::Caller
    }

    /// Waits in the line, whether or not it rings for it.
    pub(super) fn is_in_line(&self) -> bool {
        matches!(self.stand, Stand::Waiting(_))
    }

    /// Nobody rings for it.
    pub(super) fn is_unoffered(&self) -> bool {
        matches!(&self.stand, Stand::Waiting(offers) if offers.is_empty())
    }

    pub(super) fn waited(&self, now: Now) -> Duration {
        self.first_answer.unwrap_or(now.mono).since(self.came.mono)
    }
}

/// One who waits, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingView {
    /// The call.
    pub call: CallId,
    /// In which queue.
    pub queue: String,
    /// The number.
    pub number: String,
    /// True for the place that a callback keeps.
    pub is_callback: bool,
    /// From 1.
    pub position: usize,
    /// Since when.
    pub since: Timestamp,
    /// At whom it rings.
    pub ringing: Vec<String>,
}
