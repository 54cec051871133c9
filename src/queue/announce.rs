//! What callers hear while they wait.

use super::Queues;
use super::output::Output;
use crate::base::{CallId, Mono, Now};

impl Queues {
    /// Tells position and expected wait to whom it is due.
    pub(super) fn announce(&mut self, now: Now) {
        let is_due = |call: &CallId| {
            let waiting = self.waiting.get(call);
            waiting.is_some_and(|w| w.announce_at <= now.mono && w.is_caller() && w.is_unoffered())
        };
        let line = self.in_line();
        let due: Vec<CallId> = line.iter().copied().filter(is_due).collect();
        for call in due {
            let Some(waiting) = self.waiting.get(&call) else { continue };
            let Some((settings, figures)) = self.queues.get(&waiting.queue) else { continue };
            let before = line.iter().take_while(|other| **other != call);
            let same = |other: &&CallId| self.waiting.get(other).is_some_and(|w| w.queue == waiting.queue);
            let position = before.filter(same).count() + 1;
            let expected = figures.expected(position, self.workers(waiting, settings));
            let every = settings.announce_every;
            self.out.push_back(Output::Announce { call, position, expected });
            if let Some(waiting) = self.waiting.get_mut(&call) {
                waiting.announce_at = if every.is_zero() { Mono::FAR } else { now.mono + every };
            }
        }
    }
}
