//! One candidate by itself: may it be called on this day, and if not, why. What forbids for
//! good is asked first, so that the reason given is the one that matters.

use std::cmp::Reverse;
use std::rc::Rc;

use jiff::ToSpan;
use jiff::civil::Date;

use super::super::PolicyRef;
use super::super::fate::is_spared;
use super::candidate::{Candidate, NumberLedger, Today};
use super::hours::{Hours, NoHours, Span};
use super::verdict::Verdict;
use crate::base::{CallbackId, PhoneNumber, Timestamp};
use crate::policy::pack::{Caps, Method, Mode, Purpose, Rule, Target};
use crate::policy::{CallbackState, code};

const DAY_MS: i64 = 24 * 3_600_000;
/// The shortest time of `minutes_5` between two calls to one number.
const SHORT_MS: i64 = 5 * 60_000;

/// A callback that may be called on the day.
pub(super) struct Job<'a> {
    /// Its place among the candidates.
    pub at: usize,
    pub policy: PolicyRef<'a>,
    pub rule: &'a Rule,
    pub phone: PhoneNumber,
    pub extension: String,
    pub promised: bool,
    /// Not before.
    pub ready: Timestamp,
    /// The hours in which it may be called.
    pub spans: Rc<[Span]>,
    /// Before others: the smaller.
    pub rank: Rank<'a>,
    /// Other callbacks that its call does for.
    pub joins: Vec<CallbackId>,
    /// How many planned calls to the same number come before it.
    pub nth: u32,
}

/// Promised, then by priority, deadline, due date, age.
pub(super) type Rank<'a> =
    (Reverse<bool>, Reverse<u8>, Timestamp, Timestamp, CallbackId, (&'a str, &'a str, u32));

/// The verdict, or the job.
pub(super) enum Screened<'a> {
    Out(Verdict),
    In(Box<Job<'a>>),
}

/// Screens one candidate.
pub(super) fn screen<'a>(today: &Today<'a>, hours: &mut Hours<'_>, at: usize) -> Screened<'a> {
    let candidate = &today.candidates[at];
    let found = match rule_of(today, candidate) {
        Ok(found) => found,
        Err(verdict) => return Screened::Out(verdict),
    };
    match standing(today, candidate, found.1).and_then(|()| by_phone(today, hours, at, candidate, found)) {
        Ok(job) => Screened::In(Box::new(job)),
        Err(verdict) => Screened::Out(verdict),
    }
}

fn rule_of<'a>(today: &Today<'a>, candidate: &Candidate<'a>) -> Result<(PolicyRef<'a>, &'a Rule), Verdict> {
    let callback = candidate.callback;
    let policy = today.policies.get(&callback.pack).copied();
    policy.and_then(|policy| Some((policy, policy.pack.rule.get(&callback.rule)?))).ok_or_else(|| {
        let detail = format!("pack {} has no rule {}", callback.pack, callback.rule);
        Verdict::not(code::RULE_GONE, detail, None)
    })
}

/// What is asked of a callback by whatever channel it is made.
fn standing(today: &Today<'_>, candidate: &Candidate<'_>, rule: &Rule) -> Result<(), Verdict> {
    let callback = candidate.callback;
    match callback.state {
        CallbackState::Done | CallbackState::Excused => {
            return Err(Verdict::Not {
                reason: callback.reason.clone(),
                next: None,
                merged_into: callback.merged_into,
            });
        }
        CallbackState::Waiting => {
            return Err(Verdict::not(code::WAITING_FOR, callback.reason.detail.clone(), None));
        }
        CallbackState::Open => {}
    }
    if let Some(why) = &candidate.ledger.removed {
        return Err(Verdict::not(code::REMOVED, why.clone(), None));
    }
    let standing = candidate.customer.standing;
    if is_spared(standing, Some(rule)) {
        return Err(Verdict::not(code::STANDING, format!("the customer is {standing}"), None));
    }
    let first = callback.due.max(callback.earliest);
    if first >= today.calendar.end_of(today.date) {
        let detail = format!("due on {}", today.calendar.date(first));
        return Err(Verdict::not(code::NOT_YET, detail, Some(first)));
    }
    if callback.method != Method::Phone {
        let assignee = callback.assignee.clone();
        return Err(Verdict::Task { method: callback.method, assignee, reason: None });
    }
    Ok(())
}

fn by_phone<'a>(
    today: &Today<'a>,
    hours: &mut Hours<'_>,
    at: usize,
    candidate: &'a Candidate<'a>,
    (policy, rule): (PolicyRef<'a>, &'a Rule),
) -> Result<Job<'a>, Verdict> {
    let (pack, callback) = (policy.pack, candidate.callback);
    let Some((phone, extension)) = candidate.number(rule) else {
        let of = match &rule.target {
            Target::Customer => "the customer has no number".to_owned(),
            Target::Field(field) => format!("`{field}` holds no number"),
        };
        return Err(other_channel(candidate, rule, code::NO_NUMBER, of));
    };
    let number = today.numbers.get(&phone);
    let from = today.now.max(today.calendar.start_of(today.date));
    allowed(candidate, (policy, rule), &phone, number)?;
    if !pack.attempts.after_deadline && callback.deadline <= from {
        let detail = format!("until {}", today.calendar.civil(callback.deadline));
        return Err(Verdict::not(code::DEADLINE_PASSED, detail, None));
    }
    if number.is_some_and(|number| number.in_call) {
        let detail = format!("a call to {} is up", phone.masked());
        return Err(Verdict::not(code::NUMBER_IN_CALL, detail, Some(from)));
    }
    let due = callback.due.max(callback.earliest).max(from);
    let ready = candidate.ledger.next_attempt.map_or(due, |retry| retry.max(due));
    let mut next = |after: Timestamp| hours.next(pack, rule, candidate.customer, today.date, after);
    if ready >= today.calendar.end_of(today.date) {
        let next = next(ready);
        return Err(Verdict::not(code::WAITING_RETRY, retry_detail(today, candidate, ready), next));
    }
    let ready = match number.map_or(Ok(ready), |number| spared(today, &pack.attempts.caps, number, ready)) {
        Ok(ready) => ready,
        Err((word, detail, after)) => return Err(Verdict::not(word, detail, next(after))),
    };
    let spans = hours
        .of(pack, rule, candidate.customer, today.date, ready)
        .map_err(|why| no_hours(today, hours, candidate, (policy, rule), ready, &why))?;
    let promised = candidate.is_promised(rule);
    let rank = (
        Reverse(promised),
        Reverse(rule.priority),
        callback.deadline,
        callback.due,
        callback.id,
        (callback.rule.as_str(), callback.subject.as_str(), callback.occurrence),
    );
    Ok(Job { at, policy, rule, phone, extension, promised, ready, spans, rank, joins: Vec::new(), nth: 0 })
}

/// What forbids a call whatever the hour.
fn allowed<'a>(
    candidate: &Candidate<'a>,
    (policy, rule): (PolicyRef<'a>, &'a Rule),
    phone: &PhoneNumber,
    number: Option<&NumberLedger>,
) -> Result<(), Verdict> {
    if number.is_some_and(|number| number.do_not_call) {
        let detail = format!("{} is on the do-not-call list", phone.masked());
        return Err(Verdict::not(code::DO_NOT_CALL, detail, None));
    }
    let attempts = &policy.pack.attempts;
    if candidate.ledger.complaint_open
        && attempts.suppress_while_complaint_open
        && rule.purpose == Purpose::Callback
        && rule.target == Target::Customer
    {
        let detail = "routine surveys rest until the complaint is settled";
        return Err(Verdict::not(code::COMPLAINT_OPEN, detail, None));
    }
    let counted = candidate.counted();
    if counted >= attempts.max {
        let detail = format!("{counted} of {} attempts made", attempts.max);
        return Err(other_channel(candidate, rule, code::ATTEMPTS_SPENT, detail));
    }
    Ok(())
}

/// A callback that cannot be made by telephone becomes a task where the rule names another
/// channel (SCH-33).
fn other_channel(candidate: &Candidate<'_>, rule: &Rule, word: &str, detail: String) -> Verdict {
    match rule.fallback {
        Some(method) if method != Method::Phone => Verdict::Task {
            method,
            assignee: candidate.callback.assignee.clone(),
            reason: Some(crate::policy::Reason::new(word, detail)),
        },
        _ => Verdict::not(word, detail, None),
    }
}

fn retry_detail(today: &Today<'_>, candidate: &Candidate<'_>, at: Timestamp) -> String {
    format!("attempt {} at {}", candidate.counted() + 1, today.calendar.civil(at))
}

fn no_hours<'a>(
    today: &Today<'a>,
    hours: &mut Hours<'_>,
    candidate: &Candidate<'_>,
    (policy, rule): (PolicyRef<'a>, &'a Rule),
    ready: Timestamp,
    why: &NoHours,
) -> Verdict {
    let customer = candidate.customer;
    let next = hours.next(policy.pack, rule, customer, today.date, ready);
    let (word, detail) = match why {
        NoHours::Closed(closed) => (closed.code(), format!("{} is {closed}", today.date)),
        NoHours::Windows if candidate.ledger.next_attempt == Some(ready) => {
            (code::WAITING_RETRY, retry_detail(today, candidate, ready))
        }
        NoHours::Windows => {
            let at = today.calendar.civil(ready);
            (code::WINDOW_CLOSED, format!("no calling window on {} from {at} on", today.date))
        }
        NoHours::Preferred => (
            code::WINDOW_CLOSED,
            format!("the customer prefers {}, which meets no calling window", customer.preferred_hours),
        ),
        NoHours::Quiet => {
            (code::QUIET_ALL_DAY, format!("quiet hours {} cover all windows", customer.quiet_hours))
        }
    };
    Verdict::not(word, detail, next)
}

/// From when on the number may be called again on this day, or the cap that keeps it from being,
/// with the moment after which it is over. Calls over all campaigns count.
fn spared(
    today: &Today<'_>,
    caps: &Caps,
    number: &NumberLedger,
    ready: Timestamp,
) -> Result<Timestamp, (&'static str, String, Timestamp)> {
    if number.calls.is_empty() {
        return Ok(ready);
    }
    let calendar = today.calendar;
    let (start, end) = (calendar.start_of(today.date), calendar.end_of(today.date));
    let since = |from: Timestamp| number.calls.iter().filter(|at| **at >= from && **at < end).count() as u32;
    let so_many = |count: u32, cap: u32, of: &str| format!("{count} of {cap} calls to this number {of}");
    if caps.day > 0 && since(start) >= caps.day {
        return Err((code::DAILY_CAP, so_many(since(start), caps.day, "on this day"), end));
    }
    let monday = monday(today);
    let week = since(calendar.start_of(monday));
    if caps.week > 0 && week >= caps.week {
        let over = calendar.start_of(monday.checked_add(7.days()).unwrap_or(today.date));
        return Err((code::WEEKLY_CAP, so_many(week, caps.week, "in this week"), over));
    }
    let mut ready = ready;
    if let Some(over) = cap_over(&number.calls, caps.hours_24, DAY_MS, ready) {
        if over >= end {
            let count = since(Timestamp(ready.0 - DAY_MS));
            return Err((code::CAP_24H, so_many(count, caps.hours_24, "in 24 hours"), over));
        }
        ready = ready.max(over);
    }
    if let Some(over) = cap_over(&number.calls, caps.minutes_5, SHORT_MS, ready) {
        ready = ready.max(over);
    }
    Ok(ready)
}

/// The day with which the week of the caps begins.
fn monday(today: &Today<'_>) -> Date {
    let passed = i64::from(today.date.weekday().to_monday_zero_offset());
    today.date.checked_sub(passed.days()).unwrap_or(today.date)
}

/// When fewer than `cap` calls lie within `length` before; None where that is so at `ready`.
fn cap_over(calls: &[Timestamp], cap: u32, length: i64, ready: Timestamp) -> Option<Timestamp> {
    let cap = usize::try_from(cap).ok().filter(|cap| *cap > 0)?;
    let oldest = calls.len().checked_sub(cap)?;
    let over = Timestamp(calls[oldest].0.saturating_add(length));
    (over > ready).then_some(over)
}

/// The cap that a further call to a number, planned on the same day, would exceed.
pub(super) fn exceeded(
    today: &Today<'_>,
    caps: &Caps,
    number: Option<&NumberLedger>,
    nth: u32,
) -> Option<(&'static str, String)> {
    let (start, end) = (today.calendar.start_of(today.date), today.calendar.end_of(today.date));
    let since = |from: Timestamp| {
        number.map_or(0, |number| number.calls.iter().filter(|at| **at >= from && **at < end).count() as u32)
    };
    [
        (caps.day, since(start), code::DAILY_CAP),
        (caps.week, since(today.calendar.start_of(monday(today))), code::WEEKLY_CAP),
        (caps.hours_24, since(Timestamp(today.now.max(start).0 - DAY_MS)), code::CAP_24H),
    ]
    .into_iter()
    .find(|(cap, made, _)| *cap > 0 && made + nth >= *cap)
    .map(|(cap, made, word)| (word, format!("{made} calls made and {nth} planned, of {cap}")))
}

impl Job<'_> {
    pub fn mode(&self) -> Mode {
        self.rule.mode
    }

    /// How long the number rests after a call before the next may follow.
    pub fn rest_ms(&self) -> i64 {
        if self.policy.pack.attempts.caps.minutes_5 > 0 { SHORT_MS } else { 0 }
    }
}
