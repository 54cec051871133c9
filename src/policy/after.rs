//! What follows an attempt: another one and when, or the end, by disposition.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::pack::{Spacing, SpacingWord};
use super::retry::{
    Meaning, RetryRule, RetryTable, counted_attempts, counts, default_rule, is_spaced, meaning,
};
use super::{Deadline, Hours, Reason, code};
use crate::base::{Disposition, Timestamp};
use crate::calendar::{Offset, Unit, Windows};

/// A customer can be promised a call at most so far ahead.
pub const MAX_LATER_DAYS: i64 = 90;

/// A retry that is pulled forward to come before the deadline comes no sooner than this after
/// the attempt before it: ours.
const LEAST_GAP_MS: i64 = 10 * MINUTE_MS;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// One attempt and those before it.
#[derive(Clone, Debug)]
pub struct Attempted<'a> {
    /// When it ended.
    pub now: Timestamp,
    /// How it ended.
    pub disposition: Disposition,
    /// The time the customer asked for, with [`Disposition::Later`].
    pub later_at: Option<Timestamp>,
    /// Attempts for this entry by how they ended, this one included.
    pub attempts_by: &'a BTreeMap<Disposition, u32>,
    /// Attempts allowed in all.
    pub max_attempts: u32,
    /// The campaign's rules by disposition.
    pub rules: &'a RetryTable,
    /// The campaign's spacing: after the first miss the first, and so on, the last for ever.
    /// Empty: the rules by disposition alone.
    pub spacing: &'a [Spacing],
    /// The campaign's windows and the customer's hours. What they prefer is asked when the
    /// time has come.
    pub hours: Hours<'a>,
    /// When the callback must be done.
    pub deadline: Option<Deadline>,
    /// Whether the customer has another number.
    pub more_numbers: bool,
}

/// What becomes of the entry.
#[derive(Clone, Debug, PartialEq)]
pub struct After {
    /// What follows.
    pub next: Next,
    /// Why.
    pub because: Reason,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, not before this time.
    Again(Timestamp),
    /// Another attempt at this time, which the customer named.
    Promised(Timestamp),
    /// Finished with a result.
    Done,
    /// Given up without reaching the customer.
    Failed,
    /// Taken out: the customer does not want to be called.
    Stopped,
}

/// By what the next attempt is placed.
enum Gap {
    Rule(RetryRule),
    Spacing(Spacing),
}

/// Decides what follows an attempt.
pub fn after_attempt(attempted: &Attempted<'_>) -> After {
    let disposition = attempted.disposition;
    if disposition == Disposition::InvalidNumber && attempted.more_numbers {
        return again(attempted, attempted.now, "the customer's next number".into());
    }
    let listed = attempted.rules.get(&disposition).copied().map(Gap::Rule);
    let gap = match meaning(disposition) {
        Meaning::End(next, code) => return after(next, code, disposition.to_string()),
        Meaning::Result => listed,
        Meaning::Miss => {
            listed.or_else(|| spacing(attempted)).or_else(|| default_rule(disposition).map(Gap::Rule))
        }
    };
    let Some(gap) = gap.filter(|gap| !matches!(gap, Gap::Rule(rule) if rule.max == 0)) else {
        return match meaning(disposition) {
            Meaning::Result => after(Next::Done, code::FINISHED, disposition.to_string()),
            _ => after(Next::Failed, code::NO_RETRY, format!("{disposition} is not tried again")),
        };
    };
    let so_often = attempted.attempts_by.get(&disposition).copied().unwrap_or(1);
    let counted = counted(attempted);
    if let Gap::Rule(rule) = &gap
        && so_often > rule.max
    {
        let detail = format!("{disposition} {so_often} times; {} repetitions allowed", rule.max);
        return given_up(disposition, code::ATTEMPTS_SPENT, detail);
    }
    if counted >= attempted.max_attempts && counts(disposition) {
        let detail =
            format!("{counted} of {} attempts made, the last: {disposition}", attempted.max_attempts);
        return given_up(disposition, code::ATTEMPTS_SPENT, detail);
    }
    match gap {
        Gap::Rule(rule) if disposition == Disposition::Later => later(attempted, rule, so_often),
        Gap::Rule(rule) => {
            let how = format!("repetition {so_often} of {}", rule.max);
            again(attempted, by_rule(attempted, rule), how)
        }
        Gap::Spacing(spacing) => {
            let how = format!("attempt {} of {}", counted + 1, attempted.max_attempts);
            again(attempted, by_spacing(attempted, spacing), how)
        }
    }
}

fn counted(attempted: &Attempted<'_>) -> u32 {
    counted_attempts(attempted.attempts_by.values().sum(), attempted.attempts_by)
}

/// The spacing after this miss: the first after the first, the last for all beyond it.
fn spacing(attempted: &Attempted<'_>) -> Option<Gap> {
    let place = usize::try_from(counted(attempted)).unwrap_or(usize::MAX).saturating_sub(1);
    let last = attempted.spacing.len().checked_sub(1)?;
    is_spaced(attempted.disposition).then(|| Gap::Spacing(attempted.spacing[place.min(last)]))
}

/// Another attempt, not before `from`; before the deadline where a window allows that.
fn again(attempted: &Attempted<'_>, from: Timestamp, how: String) -> After {
    let (disposition, windows) = (attempted.disposition, attempted.hours.windows);
    let wanted = attempted.hours.without_preference().next(from).unwrap_or(from);
    let told = |at, note: &str| {
        let detail = format!("{disposition}; {how} at {}{note}", windows.civil(at));
        after(Next::Again(at), code::RETRY, detail)
    };
    let Some(deadline) = attempted.deadline.filter(|deadline| deadline.at <= wanted) else {
        return told(wanted, "");
    };
    match pulled_forward(attempted, deadline.at) {
        Some(at) => told(at, ", sooner than planned, to be before the deadline"),
        None if deadline.goes_on => told(wanted, ", after the deadline"),
        None => {
            let detail = format!("{disposition}; no window for another attempt before the deadline");
            given_up(disposition, code::DEADLINE_PASSED, detail)
        }
    }
}

/// A time before the deadline for a retry that its gap would place after it: half of the
/// open time that is left, so that as much lies before the attempt as after it.
fn pulled_forward(attempted: &Attempted<'_>, deadline: Timestamp) -> Option<Timestamp> {
    let (now, hours) = (attempted.now, attempted.hours.without_preference());
    let half = hours.windows.open_time(now, deadline) / 2;
    let middle = hours.windows.after_open_time(now, half)?;
    let at = hours.next(middle.max(Timestamp(now.0.saturating_add(LEAST_GAP_MS))))?;
    (at < deadline).then_some(at)
}

/// The customer said when: what they asked for goes before gaps and before the deadline.
fn later(attempted: &Attempted<'_>, rule: RetryRule, so_often: u32) -> After {
    let (now, windows) = (attempted.now, attempted.hours.windows);
    let latest = Timestamp(now.0.saturating_add(MAX_LATER_DAYS * DAY_MS));
    let named = attempted.later_at.map(|at| at.clamp(now, latest));
    let at = match named {
        Some(at) => windows.next_opening(at).unwrap_or(at),
        None => by_rule(attempted, rule),
    };
    let detail = format!("later; repetition {so_often} of {} at {}", rule.max, windows.civil(at));
    let next = if named == Some(at) { Next::Promised(at) } else { Next::Again(at) };
    after(next, code::LATER, detail)
}

fn by_rule(attempted: &Attempted<'_>, rule: RetryRule) -> Timestamp {
    let (now, windows) = (attempted.now, attempted.hours.windows);
    let mut at = Timestamp(now.0.saturating_add(i64::from(rule.delay_minutes) * MINUTE_MS));
    if rule.next_window {
        at = at.max(end_of_window(windows, now));
    }
    windows.next_opening(at).unwrap_or(at)
}

fn by_spacing(attempted: &Attempted<'_>, spacing: Spacing) -> Timestamp {
    let (now, windows) = (attempted.now, attempted.hours.windows);
    match spacing {
        Spacing::After(Offset { amount, unit: Unit::Minutes }) => {
            Timestamp(now.0.saturating_add(i64::from(amount) * MINUTE_MS))
        }
        Spacing::After(Offset { amount, unit: Unit::Hours }) => {
            Timestamp(now.0.saturating_add(i64::from(amount) * 60 * MINUTE_MS))
        }
        // `check_spacing` lets no other unit than days through.
        Spacing::After(offset) => (0..offset.amount).fold(now, |at, _| windows.day_end(at)),
        Spacing::Word(SpacingWord::NextWindow) => end_of_window(windows, now),
        Spacing::Word(SpacingWord::NextDay) => windows.day_end(now),
    }
}

/// Where the open window ends; `now` where none is open. Windows that hardly ever close have
/// no next one: then the next day stands for it.
fn end_of_window(windows: &Windows, now: Timestamp) -> Timestamp {
    match windows.closing(now) {
        Some(closes) if closes.millis_since(now) > DAY_MS => windows.day_end(now),
        Some(closes) => closes,
        None => now,
    }
}

fn after(next: Next, code: &str, detail: String) -> After {
    After { next, because: Reason::new(code, detail) }
}

/// A partial result stays a result when no repetition is left.
fn given_up(disposition: Disposition, code: &str, detail: String) -> After {
    match meaning(disposition) {
        Meaning::Result => after(Next::Done, code::FINISHED, detail),
        _ => after(Next::Failed, code, detail),
    }
}
