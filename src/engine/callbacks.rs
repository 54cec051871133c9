//! Callbacks of queues: their numbers are called when their turn comes, under the caps of all
//! calls, and joined with the agent who was kept free.

use std::time::Duration;

use super::{Engine, Errand, LoneAttempt, Write};
use crate::base::{CallId, Disposition, Now, PhoneNumber};
use crate::call::{CallRecord, Purpose};
use crate::dialer::Reason;
use crate::policy::code;
use crate::queue::{CallbackFate, Kept, NewCaller};

/// The script of the call: it asks whether the customer wants to be joined.
const SCRIPT: &str = "queue-callback";
/// When the number is tried again that is in a call of ours, or for which no line is free.
const AGAIN: Duration = Duration::from_secs(10);
/// When is looked again whether the queue is open.
const CLOSED: Duration = Duration::from_secs(60);

/// A call to the number of a callback, by its own id.
#[derive(Clone, Debug)]
pub(super) struct Return {
    /// The call that asked for it.
    callback: CallId,
    phone: PhoneNumber,
    /// Nobody waits for it any more.
    is_stopped: bool,
}

impl Engine {
    /// The turn of a callback has come.
    pub(super) fn dial_callback(&mut self, now: Now, callback: CallId, number: &str) {
        let queue = self.queues.kept(now, callback).map(|kept| kept.queue);
        let settings = &self.settings.agents.queues;
        let found = queue.and_then(|queue| settings.iter().find(|settings| settings.name == queue));
        let (Some(settings), Ok((phone, _))) = (found, PhoneNumber::parse(number, None)) else {
            return self.queues.callback_given_up(now, callback);
        };
        if settings.hours.as_ref().is_some_and(|hours| !hours.is_open(now.utc)) {
            return self.queues.callback_later(now, callback, CLOSED);
        }
        // The caller may still hear the goodbye of the call that asked for it.
        if self.is_held() || self.by_call.contains_key(&callback) {
            return self.queues.callback_later(now, callback, AGAIN);
        }
        let caps = settings.callback.caps.at(now.utc, &self.settings.dialer.windows);
        let call = CallId::new(now.utc, &mut self.rng);
        self.returns.insert(call, Return { callback, phone: phone.clone(), is_stopped: false });
        let attempt = LoneAttempt {
            call,
            phone,
            reserved_at: now.utc,
            caps,
            callback: Some(callback),
            purpose: Purpose::Business,
        };
        self.write(Write::ReserveLone(Box::new(attempt)));
    }

    /// The store has written an attempt, or says why it must not be made.
    pub(super) fn handle_return_reserved(&mut self, now: Now, call: CallId, refused: Option<&Reason>) {
        let Some(Return { callback, phone, is_stopped }) = self.returns.get(&call).cloned() else { return };
        match refused {
            Some(reason) => {
                self.returns.remove(&call);
                match reason.code.as_str() {
                    code::DO_NOT_CALL => self.queues.callback_given_up(now, callback),
                    code::NUMBER_IN_CALL | code::STORE => self.queues.callback_later(now, callback, AGAIN),
                    // A cap is one of the attempts, so that it ends.
                    _ => self.queues.callback_failed(now, callback),
                }
            }
            None if is_stopped || self.is_held() => {
                self.close_return(now, call, &phone, "the callback was called off");
                self.queues.callback_later(now, callback, AGAIN);
            }
            None => self.place_return(now, call, callback, &phone),
        }
    }

    fn place_return(&mut self, now: Now, call: CallId, callback: CallId, phone: &PhoneNumber) {
        let Some(kept) = self.queues.kept(now, callback) else {
            return self.close_return(now, call, phone, "the callback is over");
        };
        let fields = [("queue", kept.queue), ("caller", phone.to_string())];
        let errand = Errand {
            phone: phone.clone(),
            script: SCRIPT.to_owned(),
            language: kept.caller.language.unwrap_or_default(),
            fields: fields.into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
            trunk: String::new(),
            purpose: Purpose::Business,
        };
        if let Err(why) = self.place_errand(now, call, errand) {
            self.close_return(now, call, phone, why);
            self.queues.callback_later(now, callback, AGAIN);
        }
    }

    /// An attempt that is on disk and not dialled.
    fn close_return(&mut self, now: Now, call: CallId, phone: &PhoneNumber, why: &str) {
        self.returns.remove(&call);
        self.close_lone(now, call, phone, why);
    }

    /// A call that wants to wait: true where it is one to the number of a callback, which stands
    /// at the head of the line now.
    pub(super) fn return_accepted(&mut self, now: Now, call: CallId) -> bool {
        let callback = self.returns.get(&call).map(|one| one.callback);
        callback.is_some_and(|callback| self.queues.callback_reached(now, callback, call))
    }

    /// A call is over: what becomes of the callback that it was for.
    pub(super) fn end_return(&mut self, now: Now, record: &CallRecord) {
        let Some(Return { callback, is_stopped, .. }) = self.returns.remove(&record.id) else { return };
        match record.disposition {
            _ if is_stopped => {}
            // The customer said that it is not needed any more.
            Disposition::Refused | Disposition::DoNotCall => drop(self.queues.cancel_callback(now, callback)),
            _ => self.queues.callback_failed(now, callback),
        }
    }

    /// It was dialled for longer than any may be.
    pub(super) fn stop_return(&mut self, now: Now, callback: CallId) {
        let call = self.returns.iter_mut().find(|(_, one)| one.callback == callback && !one.is_stopped);
        let Some(call) = call.map(|(call, one)| (*call, one.is_stopped = true).0) else { return };
        self.with_call(now, call, crate::call::Event::Stop("the callback took too long".to_owned()));
    }

    /// What the store keeps of a callback that lives.
    pub(super) fn keep_callback(&mut self, now: Now, call: CallId) {
        if let Some(kept) = self.queues.kept(now, call) {
            self.write(Write::KeepCallback(Box::new(kept)));
        }
    }

    pub(super) fn callback_ended(&mut self, now: Now, call: CallId, queue: String, fate: CallbackFate) {
        self.write(Write::EndCallback { call, fate, at: now.utc });
        self.notice(super::Notice::Callback { call, queue, fate: fate.as_str() });
    }

    /// Callbacks that earlier runs promised, those first that came first.
    pub fn restore_callbacks(&mut self, now: Now, kept: Vec<Kept>) {
        for kept in kept {
            self.queues.restore(now, kept);
        }
        self.run(now);
    }

    /// A person takes a callback out. False where none lives.
    pub fn cancel_callback(&mut self, now: Now, call: CallId) -> bool {
        let found = self.queues.cancel_callback(now, call);
        self.stop_return(now, call);
        self.run(now);
        found
    }

    /// Who waits in a queue wants to be called back.
    pub(super) fn want_callback(&mut self, now: Now, slot: u64) {
        if let Some(call) = self.id_of(slot) {
            self.queues.want_callback(now, call);
        }
    }

    /// One who comes into a queue, as the queues know callers: by a number that can be called.
    pub(super) fn new_caller(&self, slot: u64) -> Option<NewCaller> {
        let plan = self.slots.get(&slot)?.call.plan();
        let fact = |name: &str| plan.facts.fields.get(name).filter(|text| !text.is_empty()).cloned();
        let number = self.number_of(&plan.phone).map(|number| number.to_string());
        Some(NewCaller {
            call: plan.id,
            number: number.unwrap_or_default(),
            priority: fact("priority").and_then(|text| text.parse().ok()).unwrap_or(0),
            vip: fact("vip").is_some(),
            skills: Default::default(),
            language: Some(plan.facts.language.clone()).filter(|language| !language.is_empty()),
            last_agent: fact("last_agent"),
        })
    }
}
