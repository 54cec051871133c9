//! Where callers go whom nobody takes, and when something is due.

use std::time::Duration;

use super::Queues;
use super::caller::{Kind, Stand, Waiting};
use super::output::{CallbackFate, Fate, Output};
use super::settings::Overflow;
use crate::base::{CallId, Mono, Now};

/// Queues that send to each other end here.
const MOST_HOPS: u8 = 4;
/// Longest time in which a callback is dialled; the dialling has its own end before.
const DIAL_LIMIT: Duration = Duration::from_secs(180);
/// Longest time in which it rings at an agent; the agent's own time is shorter.
const OFFER_LIMIT: Duration = Duration::from_secs(150);

impl Queues {
    /// The next moment at which something is due for one who waits. While it rings nothing is:
    /// the ringing has its own end.
    pub(super) fn deadline(&self, waiting: &Waiting) -> Mono {
        if let Kind::Callback { until, .. } = waiting.kind {
            return match waiting.stand {
                Stand::Resting(at) => at.min(until),
                Stand::Dialling(_) => waiting.connected_at.map_or(Mono::FAR, |at| at + DIAL_LIMIT),
                Stand::Connected(_) => Mono::FAR,
                Stand::Waiting(_) => until,
            };
        }
        if !waiting.is_unoffered() {
            return Mono::FAR;
        }
        let Some((settings, _)) = self.queues.get(&waiting.queue) else { return waiting.entered };
        let step = settings.steps.get(waiting.step).map_or(Mono::FAR, |step| waiting.entered + step.after);
        let wish = waiting.wish_until.unwrap_or(Mono::FAR);
        step.min(waiting.entered + settings.max_wait).min(waiting.announce_at).min(wish)
    }

    /// When the ringing at an agent has lasted longer than any may.
    pub(super) fn offer_deadline(&self) -> Mono {
        let ringing = self.seats.values().filter(|seat| seat.offer.is_some());
        ringing.map(|seat| seat.offered_at + OFFER_LIMIT).min().unwrap_or(Mono::FAR)
    }

    /// An offer of which nobody has heard again: whoever it was for is not to be stuck with it.
    pub(super) fn expire_offers(&mut self, now: Now) {
        let over: Vec<(String, CallId)> = self
            .seats
            .iter()
            .filter(|(_, seat)| seat.offered_at + OFFER_LIMIT <= now.mono)
            .filter_map(|(name, seat)| Some((name.clone(), seat.offer?)))
            .collect();
        for (agent, call) in over {
            self.withdraw(call, [agent.clone()].into());
            self.free(&agent, call);
        }
    }

    /// Sends on everybody whose time is up and for whom nobody rings.
    pub(super) fn overflow(&mut self, now: Now) {
        for waiting in self.waiting.values_mut() {
            if waiting.wish_until.is_some_and(|at| at <= now.mono) {
                waiting.wish_until = None;
            }
        }
        let calls: Vec<CallId> = self
            .waiting
            .iter()
            .filter(|(_, w)| w.is_caller() && w.is_unoffered())
            .map(|(call, _)| *call)
            .collect();
        for call in calls {
            while let Some(to) = self.due_step(now, call) {
                self.send_away(now, call, to);
            }
        }
    }

    /// The step that is due; steps whose line is not long enough are passed over.
    fn due_step(&mut self, now: Now, call: CallId) -> Option<Overflow> {
        // The place that a callback keeps has the name of its caller.
        let waiting = self.waiting.get(&call).filter(|waiting| waiting.is_caller())?;
        let Some((settings, _)) = self.queues.get(&waiting.queue) else { return Some(Overflow::Voicemail) };
        if now.mono >= waiting.entered + settings.max_wait {
            return Some(settings.last.clone());
        }
        let length = self.waiting.values().filter(|w| w.queue == waiting.queue && w.is_in_line()).count();
        let (entered, mut at, mut found) = (waiting.entered, waiting.step, None);
        while let Some(step) = settings.steps.get(at).filter(|step| now.mono >= entered + step.after) {
            at += 1;
            if length > step.longer_than {
                found = Some(step.to.clone());
                break;
            }
        }
        if let Some(waiting) = self.waiting.get_mut(&call) {
            waiting.step = at;
        }
        found
    }

    /// Sends a caller somewhere: into another queue, or out of all of them.
    pub(super) fn send_away(&mut self, now: Now, call: CallId, to: Overflow) {
        let Some(waiting) = self.waiting.get_mut(&call) else { return };
        match to {
            Overflow::Queue(next) if waiting.hops < MOST_HOPS && self.queues.contains_key(&next) => {
                waiting.hops += 1;
                (waiting.entered, waiting.step) = (now.mono, 0);
                let (settings, _) = &self.queues[&next];
                let closed = settings.closed.clone();
                let open = settings.hours.as_ref().is_none_or(|hours| hours.is_open(now.utc));
                let from = std::mem::replace(&mut waiting.queue, next.clone());
                if let Some((_, figures)) = self.queues.get_mut(&from) {
                    figures.overflowed += 1;
                }
                if let Some((_, figures)) = self.queues.get_mut(&next) {
                    figures.offered += 1;
                }
                if open {
                    self.out.push_back(Output::Music { call });
                } else {
                    self.send_away(now, call, closed);
                }
            }
            // A chain that runs in a circle, or into a queue that is gone, ends where a message can be left.
            Overflow::Queue(_) => self.send_out(now, call, Overflow::Voicemail),
            Overflow::Callback => self.promise_callback(now, call),
            other => self.send_out(now, call, other),
        }
    }

    pub(super) fn send_out(&mut self, now: Now, call: CallId, to: Overflow) {
        self.out.push_back(Output::Overflow { call, to: to.clone() });
        self.end(now, call, Fate::Overflowed(to));
    }

    /// Callbacks that have rested go back into the line; those that lived too long are given up.
    pub(super) fn wake_callbacks(&mut self, now: Now) {
        let (mut over, mut silent) = (Vec::new(), Vec::new());
        for (call, waiting) in &mut self.waiting {
            let Kind::Callback { until, .. } = waiting.kind else { continue };
            let dialled = waiting.connected_at.filter(|_| matches!(waiting.stand, Stand::Dialling(_)));
            if dialled.is_some_and(|at| at + DIAL_LIMIT <= now.mono) {
                silent.push(*call);
            } else if until <= now.mono && !matches!(waiting.stand, Stand::Dialling(_)) {
                over.push(*call);
            } else if matches!(waiting.stand, Stand::Resting(at) if at <= now.mono) {
                waiting.stand = Stand::Waiting(Default::default());
            }
        }
        for call in over {
            self.end_callback(call, CallbackFate::GivenUp);
        }
        for call in silent {
            self.out.push_back(Output::StopDialling { call });
            self.callback_failed(now, call);
        }
    }
}
