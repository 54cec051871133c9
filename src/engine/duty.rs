//! Who is on call: the chain of a roster, rung one after the other over any way (ROS-02).

use std::time::Duration;

use super::Engine;
use super::bridge::Search;
use crate::base::{CallId, Now};
use crate::call::leg::Accept;
use crate::ivr::{ACCEPT_PROMPT, Parted};

/// The people on duty of one roster at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DutyChain {
    /// Extensions or outside numbers, first the leader.
    pub targets: Vec<String>,
    /// How long each may ring.
    pub ring: Duration,
}

/// What stands before the name of a roster where a queue is named.
pub(super) const ROSTER: &str = "roster:";

impl Engine {
    /// Who is on duty now by a roster; an empty chain: nobody, by day or because none is known.
    pub fn set_duty(&mut self, roster: String, chain: DutyChain) {
        match chain.targets.is_empty() {
            true => self.duty.remove(&roster),
            false => self.duty.insert(roster, chain),
        };
    }

    /// Rings those on duty for a caller, one after the other; without anybody the script goes
    /// on by its own way.
    pub(super) fn ring_duty(&mut self, now: Now, slot: u64, roster: &str) {
        let Some(chain) = self.duty.get(roster).cloned() else {
            return self.part(now, slot, Parted::Nobody);
        };
        let language = self.slots.get(&slot).map(|entry| entry.call.plan().facts.language.clone());
        let prompts = language.and_then(|language| self.library.prompts.get(&language, ACCEPT_PROMPT));
        let accept = Accept { prompts: prompts.into_iter().collect(), ..self.plain_accept() };
        let rounds = chain.targets.into_iter().map(|target| vec![target]).collect();
        self.search(now, slot, Search { rounds, ring: chain.ring, accept });
    }

    /// The same for a call that a queue gives up.
    pub(super) fn send_to_duty(&mut self, now: Now, call: CallId, roster: &str) {
        if let Some(slot) = self.by_call.get(&call).copied() {
            self.ring_duty(now, slot, roster);
        }
    }
}
