//! Promises: each "we will reply" is dated, reminded of and called.

use super::act::Refusal;
use super::changes::{WantedCall, Work};
use super::record::Promise;
use crate::base::Timestamp;
use crate::calendar::{Edge, Offset, Sum, Unit};

/// How long after its time a promised call may still be placed before the promise is broken.
const PROMISE_MS: i64 = 30 * 60_000;

impl Work<'_> {
    /// A next reply that a field names.
    pub fn promised_in_field(&mut self, text: &str) -> Result<(), Refusal> {
        let Some((at, _)) = self.rules.read_time(text) else {
            let hint = "write it as 2026-03-04T16:00+08:00 or 2026-03-04 16:00";
            return Err(Refusal::field("next_reply_at", format!("`{text}` is not a time"), hint));
        };
        if self.out.ticket.promises.iter().any(|p| p.at == at) {
            return Ok(());
        }
        self.promise(at, "next reply")
    }

    /// A next reply is promised: not too late, reminded of, and put on the list (X10).
    pub fn promise(&mut self, at: Timestamp, what: &str) -> Result<(), Refusal> {
        let calendar = &self.rules.calendar;
        if at <= self.now {
            let detail = format!("{} has passed", calendar.civil(at));
            return Err(Refusal::field("next_reply_at", detail, "promise a time that is to come"));
        }
        if let Some(most) = self.rules.pack.max_promise {
            let last = calendar.add(self.now, most, Edge::End, None);
            if at > last.at {
                let detail = format!("{} is too late: {}", calendar.civil(at), last.sum);
                let hint = format!("promise a time before {}", calendar.civil(last.at));
                return Err(Refusal::field("next_reply_at", detail, hint));
            }
        }
        let no = u32::try_from(self.out.ticket.promises.len()).unwrap_or(u32::MAX) + 1;
        let (by, made_at) = (self.who.name.clone(), self.now);
        let text = calendar.civil(at);
        let promise = Promise {
            no,
            at,
            what: what.to_owned(),
            by,
            made_at,
            reminded_at: None,
            kept_at: None,
            broken_at: None,
        };
        // The customer was given a later time: what was promised before is kept by that.
        for old in self.out.ticket.promises.iter_mut().filter(|p| p.kept_at.is_none() && p.at > made_at) {
            old.kept_at = Some(made_at);
        }
        self.out.ticket.promises.push(promise);
        self.out.ticket.fields.insert("next_reply_at".into(), text.clone());
        self.log("promised", format!("{what} at {text}"));
        let met: Vec<usize> = (0..self.out.ticket.stages.len())
            .filter(|at| {
                self.is_owed(*at) && self.out.ticket.stages.get(*at).is_some_and(|s| s.rule.by_promise)
            })
            .collect();
        for stage in met {
            self.finish(stage, "promised", None, &text);
        }
        let call = WantedCall {
            purpose: "promise".into(),
            no: self.next_call(),
            robot: false,
            due: at,
            deadline: Timestamp(at.0.saturating_add(PROMISE_MS)),
            sum: Sum(vec![format!("promised for {text}")]),
            assignee: self.out.ticket.owner.clone(),
            note: what.to_owned(),
            exact: true,
        };
        self.want_call(call);
        Ok(())
    }

    /// Reminds of promises and finds broken ones.
    pub fn promises_due(&mut self) {
        let (now, before) = (self.now, millis(self.rules.pack.promise_reminder));
        let owner = self.out.ticket.owner.clone();
        for at in 0..self.out.ticket.promises.len() {
            let Some(promise) = self.out.ticket.promises.get(at).filter(|p| p.kept_at.is_none()).cloned()
            else {
                continue;
            };
            let (no, text) = (promise.no.to_string(), self.rules.calendar.civil(promise.at));
            let facts = [("due", text.clone()), ("what", promise.what.clone())];
            if promise.reminded_at.is_none() && now.0 >= promise.at.0 - before {
                self.out.ticket.promises[at].reminded_at = Some(now);
                self.log("reminded", format!("promise {no} of {text}"));
                self.tell("ticket.reminder", &owner, &format!("promise-{no}"), &facts);
            }
            if promise.broken_at.is_none() && now.0 >= promise.at.0 + PROMISE_MS {
                self.out.ticket.promises[at].broken_at = Some(now);
                self.log("breach", format!("promise {no} of {text} was not kept"));
                let supervisor = self.rules.pack.supervisor.clone();
                self.tell("ticket.breach", &supervisor, &format!("promise-{no}"), &facts);
            }
        }
    }

    /// Moments at which a promise has something to do.
    pub(super) fn promise_moments(promise: &Promise, reminder: Offset) -> [Option<Timestamp>; 2] {
        if promise.kept_at.is_some() {
            return [None, None];
        }
        let remind = Timestamp(promise.at.0 - millis(reminder));
        let broken = Timestamp(promise.at.0 + PROMISE_MS);
        [
            Some(remind).filter(|_| promise.reminded_at.is_none()),
            Some(broken).filter(|_| promise.broken_at.is_none()),
        ]
    }
}

fn millis(offset: Offset) -> i64 {
    let unit = match offset.unit {
        Unit::Minutes => 60_000,
        Unit::Hours => 3_600_000,
        _ => 24 * 3_600_000,
    };
    i64::from(offset.amount).abs() * unit
}
