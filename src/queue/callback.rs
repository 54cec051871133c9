//! Callbacks that keep the caller's place: a number has at most one that lives, so that nobody
//! is rung twice.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Queues;
use super::caller::{Kind, NewCaller, Stand, Waiting};
use super::output::{CallbackFate, Fate, Output};
use super::settings::Overflow;
use crate::base::{CallId, Mono, Now, Timestamp};

/// A callback as it outlives the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Who asked for it, with number and wishes.
    pub caller: NewCaller,
    /// In which queue.
    pub queue: String,
    /// The place in line: when the caller came.
    pub joined: Timestamp,
    /// When it is given up.
    pub until: Timestamp,
    /// Calls that came to nothing so far.
    pub attempts: u8,
    /// Not before then; None: when its turn comes.
    pub rests_until: Option<Timestamp>,
    /// The number was being called when this was kept.
    pub is_dialling: bool,
}

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
            stand: Stand::Waiting(BTreeSet::new()),
            announce_at: Mono::FAR,
            wish_until: None,
            first_answer: None,
            connected_at: None,
            ..waiting
        };
        self.live.insert(number, call);
        self.waiting.insert(call, kept);
        self.out.push_back(Output::Kept { call });
    }

    /// The number answered and wants to be joined: `answered` is the call to it, which stands at
    /// the head of the line from now on, first for the agent who was kept free. False where the
    /// callback lives no more: then nothing has changed.
    pub fn callback_reached(&mut self, now: Now, callback: CallId, answered: CallId) -> bool {
        let Some(waiting) = self.waiting.get(&callback).cloned() else { return false };
        let Stand::Dialling(agent) = &waiting.stand else { return false };
        let Some((settings, figures)) = self.queues.get_mut(&waiting.queue) else { return false };
        figures.offered += 1;
        let wish_until = Some(now.mono + settings.last_agent_wait);
        let new = NewCaller { call: answered, last_agent: Some(agent.clone()), ..waiting.new.clone() };
        let caller = Waiting {
            kind: Kind::Caller,
            stand: Stand::Waiting(BTreeSet::new()),
            came: now,
            entered: now.mono,
            is_head: true,
            step: 0,
            hops: 0,
            wish_until,
            connected_at: None,
            new,
            ..waiting
        };
        self.end_callback(callback, CallbackFate::Reached);
        self.waiting.insert(answered, caller);
        self.assign(now);
        true
    }

    /// The number was not reached: it is tried again later, or given up.
    pub fn callback_failed(&mut self, now: Now, call: CallId) {
        if self.is_dialling(call) {
            self.count_attempt(now, call);
            self.assign(now);
        }
    }

    /// One attempt more came to nothing: a pause follows, or it was the last.
    fn count_attempt(&mut self, now: Now, call: CallId) {
        let Some(waiting) = self.waiting.get_mut(&call) else { return };
        let rules = self.queues.get(&waiting.queue).map(|(settings, _)| settings.callback);
        let Kind::Callback { attempts, .. } = &mut waiting.kind else { return };
        *attempts += 1;
        match rules.filter(|rules| *attempts < rules.attempts) {
            Some(rules) => self.rest(call, now.mono + rules.pause),
            None => self.end_callback(call, CallbackFate::GivenUp),
        }
    }

    /// The number cannot be called at this moment, by no fault of whoever is behind it: its place
    /// waits so long, and no attempt is counted.
    pub fn callback_later(&mut self, now: Now, call: CallId, pause: std::time::Duration) {
        if self.is_dialling(call) {
            self.rest(call, now.mono + pause);
            self.assign(now);
        }
    }

    fn rest(&mut self, call: CallId, until: Mono) {
        self.let_agent_go(call);
        if let Some(waiting) = self.waiting.get_mut(&call) {
            waiting.stand = Stand::Resting(until);
            waiting.connected_at = None;
        }
        self.out.push_back(Output::Kept { call });
    }

    /// The number is not to be called any more.
    pub fn callback_given_up(&mut self, now: Now, call: CallId) {
        if self.waiting.get(&call).is_some_and(|w| !w.is_caller()) {
            self.end_callback(call, CallbackFate::GivenUp);
            self.assign(now);
        }
    }

    /// A person takes a callback out, or its customer who was called. False where there is none.
    pub fn cancel_callback(&mut self, now: Now, call: CallId) -> bool {
        let found = self.waiting.get(&call).is_some_and(|w| !w.is_caller());
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

    /// What is to outlive the program of a callback that lives.
    pub fn kept(&self, now: Now, call: CallId) -> Option<Kept> {
        let waiting = self.waiting.get(&call)?;
        let Kind::Callback { attempts, until } = waiting.kind else { return None };
        let wall = |at: Mono| now.utc + at.since(now.mono);
        let rests_until = match waiting.stand {
            Stand::Resting(at) => Some(wall(at)),
            _ => None,
        };
        let is_dialling = matches!(waiting.stand, Stand::Dialling(_));
        let (caller, queue, joined) = (waiting.new.clone(), waiting.queue.clone(), waiting.joined.utc);
        Some(Kept { caller, queue, joined, until: wall(until), attempts, rests_until, is_dialling })
    }

    /// A callback of an earlier run takes its place again. One whose time is over, or whose queue
    /// is gone, is given up by the next [`Queues::handle_timeout`], never forgotten. One whose
    /// number was being called then has had that attempt, whatever became of it: it is not rung
    /// again before its pause.
    pub fn restore(&mut self, now: Now, kept: Kept) {
        let call = kept.caller.call;
        if self.live.contains_key(&kept.caller.number) || self.waiting.contains_key(&call) {
            return;
        }
        let ms = |from: Timestamp, to: Timestamp| {
            std::time::Duration::from_millis(u64::try_from(to.millis_since(from)).unwrap_or(0))
        };
        let at = |wall: Timestamp| now.mono + ms(now.utc, wall);
        let known = self.queues.contains_key(&kept.queue);
        let until = if known { at(kept.until) } else { now.mono };
        self.turn += 1;
        let joined = Now { mono: now.mono - ms(kept.joined, now.utc), utc: kept.joined };
        let waiting = Waiting {
            kind: Kind::Callback { attempts: kept.attempts, until },
            stand: kept.rests_until.map_or(Stand::Waiting(BTreeSet::new()), |rest| Stand::Resting(at(rest))),
            queue: kept.queue,
            joined,
            came: joined,
            entered: joined.mono,
            is_head: false,
            turn: self.turn,
            step: 0,
            hops: 0,
            announce_at: Mono::FAR,
            wish_until: None,
            first_answer: None,
            connected_at: None,
            new: kept.caller,
        };
        self.live.insert(waiting.new.number.clone(), call);
        self.waiting.insert(call, waiting);
        if kept.is_dialling {
            self.count_attempt(now, call);
        }
        self.assign(now);
    }

    /// The caller is here again: nobody calls as well. Gives the place that was kept; one that
    /// is being dialled this moment goes on, for the call is on its way.
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
