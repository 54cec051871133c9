//! The callback rate of a month: what was due, what was done in time, and everybody who was
//! not reached, by name (SCH-09, SCH-23).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::facts::PolicyRef;
use crate::base::{CallbackId, CustomerId, Timestamp};
use crate::calendar::Calendar;
use crate::policy::pack::Method;
use crate::policy::{Callback, CallbackState, Outcome, Reason};

/// The rate of one rule in one month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Callbacks that had to be done in the month.
    pub due: u64,
    /// Done by their deadline.
    pub in_time: u64,
    /// Done after it.
    pub late: u64,
    /// Not done yet.
    pub open: u64,
    /// Excused, refusals among them.
    pub excused: u64,
    /// Refused by the customer.
    pub refused: u64,
    /// Done, by channel.
    pub by_method: BTreeMap<Method, u64>,
    /// Who was not reached in time and why: nobody is dropped in silence.
    pub missing: Vec<Missing>,
    /// Percent that should be done in time.
    pub target: f64,
    /// Refusals are left out of what is divided by.
    pub without_refused: bool,
    /// Enters the rate of the whole pack.
    pub counts: bool,
}

/// One callback that was not done in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// The callback.
    pub callback: CallbackId,
    /// The customer.
    pub customer: CustomerId,
    /// Where it stands.
    pub state: CallbackState,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Reason,
    /// The deadline that was missed.
    pub deadline: Timestamp,
}

impl Rate {
    /// Done in time, in percent of what was due; None where nothing was.
    pub fn percent(&self) -> Option<f64> {
        let due = if self.without_refused { self.due - self.refused } else { self.due };
        (due > 0).then(|| 100.0 * self.in_time as f64 / due as f64)
    }

    /// Done at any time, in percent of those who were reached or tried to the end.
    pub fn reached_percent(&self) -> Option<f64> {
        let closed = self.due - self.open;
        (closed > 0).then(|| 100.0 * (self.in_time + self.late) as f64 / closed as f64)
    }

    /// Whether `due = done + open + excused`.
    pub const fn holds(&self) -> bool {
        self.due == self.in_time + self.late + self.open + self.excused
    }

    fn add(&mut self, callback: &Callback) {
        self.due += 1;
        let in_time = callback.closed_at.is_some_and(|at| at < callback.deadline);
        match callback.state {
            CallbackState::Done if in_time => self.in_time += 1,
            CallbackState::Done => self.late += 1,
            CallbackState::Open | CallbackState::Waiting => self.open += 1,
            CallbackState::Excused => self.excused += 1,
        }
        if callback.outcome == Some(Outcome::Refused) {
            self.refused += 1;
        }
        if callback.state == CallbackState::Done {
            *self.by_method.entry(callback.method).or_default() += 1;
        }
        if callback.state != CallbackState::Done || !in_time {
            self.missing.push(Missing {
                callback: callback.id,
                customer: callback.customer,
                state: callback.state,
                outcome: callback.outcome,
                reason: callback.reason.clone(),
                deadline: callback.deadline,
            });
        }
    }
}

/// The rates of a month by rule, for callbacks of one pack. A callback belongs to the month in
/// which it must be done.
pub fn rates<'a>(
    policy: PolicyRef<'_>,
    calendar: &Calendar,
    month: Date,
    callbacks: impl IntoIterator<Item = &'a Callback>,
) -> BTreeMap<String, Rate> {
    let (first, last) = (month.first_of_month(), month.last_of_month());
    let (from, to) = (calendar.end_of(first.yesterday().unwrap_or(first)), calendar.end_of(last));
    let mut rates: BTreeMap<String, Rate> = BTreeMap::new();
    // The deadline is exclusive: one at the midnight that begins a month belongs to the month before.
    for callback in callbacks.into_iter().filter(|c| c.deadline > from && c.deadline <= to) {
        let rate = match rates.get_mut(&callback.rule) {
            Some(rate) => rate,
            None => rates.entry(callback.rule.clone()).or_insert_with(|| {
                let rule = policy.pack.rule.get(&callback.rule);
                Rate {
                    target: rule.and_then(|rule| rule.target_rate).unwrap_or(policy.pack.rate.target),
                    without_refused: policy.pack.rate.without_refused,
                    counts: rule.is_none_or(|rule| rule.counts),
                    ..Rate::default()
                }
            }),
        };
        rate.add(callback);
    }
    rates
}

/// The rate of a whole pack: of the rules that count (SCH-10).
pub fn total(rates: &BTreeMap<String, Rate>) -> Rate {
    let mut total = Rate { counts: true, ..Rate::default() };
    for rate in rates.values().filter(|rate| rate.counts) {
        total.due += rate.due;
        total.in_time += rate.in_time;
        total.late += rate.late;
        total.open += rate.open;
        total.excused += rate.excused;
        total.refused += rate.refused;
        total.without_refused |= rate.without_refused;
        total.target = total.target.max(rate.target);
        for (method, count) in &rate.by_method {
            *total.by_method.entry(*method).or_default() += count;
        }
        total.missing.extend(rate.missing.iter().cloned());
    }
    total
}
