//! Callbacks that keep the caller's place: a number has at most one that lives, so that nobody
//! is rung twice.

use super::Queues;
use super::caller::{Kind, NewCaller, Stand, Waiting};
use super::output::{CallbackFate, Fate, Output};
use super::settings::Overflow;
use crate::base::{CallId, Mono, Now};

impl Queues {
    /// A caller who waits wants to be called back: the place is kept, the line is freed. False
    /// where the number is not known, or nobody waits: then nothing has changed.
    pub fn want_callback(&mut self, now: Now, call: CallId) -> bool {
        let waits = self.waiting.get(&call).filter(|w| w.is_caller() && w.is_in_line());
        if waits.is_none_or(|waiting| waiting.new.number.is_empty()) {
            return false;
        }
        self.promise_callback(now, call);
        self.assign(now);
        true
    }

    /// The caller's wait ends with a promise; where there is no number, with a message.
    pub(super) fn promise_callback(&mut self, now: Now, call: CallId) {
        let Some(waiting) = self.waiting.get(&call).cloned() else { return };
        let number = waiting.new.number.clone();
        if number.is_empty() {
            return self.send_out(now, call, Overflow::Voicemail);
        }
        let life = self.queues.get(&waiting.queue).map(|(settings, _)| settings.callback.life);
        self.out.push_back(Output::Overflow { call, to: Overflow::Callback });
        self.end(now, call, Fate::PromisedCallback);
        // One that lives already keeps its own, better place.
        if self.live.contains_key(&number) {
            return;
        }
        let until = now.mono + life.unwrap_or_default();
        let kept = Waiting {
            kind: Kind::Callback { attempts: 0, until },
            stand: Stand::Waiting(Default::default()),
            announce_at: Mono::FAR,
            wish_until: None,
            first_answer: None,
            connected_at: None,
            ..waiting
        };
        self.live.insert(number, call);
        self.waiting.insert(call, kept);
    }

    /// The number answered and is joined with the agent.
    pub fn callback_reached(&mut self, now: Now, call: CallId) {
        if self.is_dialling(call) {
            self.end_callback(call, CallbackFate::Reached);
            self.assign(now);
        }
    }

    /// The number was not reached, or the agent vanished before it was: it is tried again later,
    /// or given up.
    pub fn callback_failed(&mut self, now: Now, call: CallId) {
        if !self.is_dialling(call) {
            return;
        }
        let Some(waiting) = self.waiting.get_mut(&call) else { return };
        let rules = self.queues.get(&waiting.queue).map(|(settings, _)| settings.callback);
        let Kind::Callback { attempts, .. } = &mut waiting.kind else { return };
        *attempts += 1;
        match rules.filter(|rules| *attempts < rules.attempts) {
            Some(rules) => waiting.stand = Stand::Resting(now.mono + rules.pause),
            None => self.end_callback(call, CallbackFate::GivenUp),
        }
        self.assign(now);
    }

    /// A person takes a callback out. False where there is none.
    pub fn cancel_callback(&mut self, now: Now, call: CallId) -> bool {
        let found = self.waiting.get(&call).is_some_and(|w| !w.is_caller() && !self.is_dialling(call));
        if found {
            self.end_callback(call, CallbackFate::Cancelled);
            self.assign(now);
        }
        found
    }

    /// The callback of a number that lives.
    pub fn live_callback(&self, number: &str) -> Option<CallId> {
        self.live.get(number).copied()
    }

    /// The caller is here again: nobody calls as well. Gives the place that was kept; one that
    /// is being dialled this moment goes on, for the agent has answered already.
    pub(super) fn take_place_of_callback(&mut self, number: &str) -> Option<(Mono, u64)> {
        let call = self.live.get(number).copied()?;
        if self.is_dialling(call) {
            return None;
        }
        let waiting = self.waiting.get(&call)?;
        let place = (waiting.joined.mono, waiting.turn);
        self.end_callback(call, CallbackFate::CameBack);
        Some(place)
    }

    fn is_dialling(&self, call: CallId) -> bool {
        self.waiting.get(&call).is_some_and(|w| matches!(w.stand, Stand::Dialling(_)))
    }
}

impl NewCaller {
    /// A caller of whom only the number is known.
    pub fn plain(call: CallId, number: &str) -> NewCaller {
        NewCaller {
            call,
            number: number.to_owned(),
            priority: 0,
            vip: false,
            skills: Default::default(),
            language: None,
            last_agent: None,
        }
    }
}
