//! What follows an attempt: another one and when, or the end, by disposition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Reason, code};
use crate::base::{Disposition, Timestamp};
use crate::calendar::Windows;

/// Longest wait a rule may ask for: 30 days.
pub const MAX_DELAY_MINUTES: u32 = 30 * 24 * 60;
/// Most repetitions a rule may ask for: more is harassment, not service.
pub const MAX_RETRIES: u32 = 20;
/// A customer can be promised a call at most so far ahead.
pub const MAX_LATER_DAYS: i64 = 90;

const MINUTE_MS: i64 = 60_000;

/// When and how often to try again after one disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRule {
    /// Minutes to wait, at least.
    pub delay_minutes: u32,
    /// Attempts that may follow attempts with this disposition; 0 means never again.
    pub max: u32,
    /// Wait for the next window to open even if this one is still open then.
    #[serde(default)]
    pub next_window: bool,
}

/// Retry rules by disposition. What is not listed follows [`default_rule`].
pub type RetryTable = BTreeMap<Disposition, RetryRule>;

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
    /// The campaign's rules.
    pub rules: &'a RetryTable,
    /// The campaign's windows.
    pub windows: &'a Windows,
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
    /// Finished with a result.
    Done,
    /// Given up without reaching the customer.
    Failed,
    /// Taken out: the customer does not want to be called.
    Stopped,
}

/// What a disposition means before any rule is asked.
enum Meaning {
    /// The end, whatever the rules say.
    End(Next, &'static str),
    /// The end, unless the campaign's rules name it.
    Result,
    /// Tried again by rule.
    Miss,
}

const fn meaning(disposition: Disposition) -> Meaning {
    use Disposition::*;
    match disposition {
        Completed | Served => Meaning::End(Next::Done, code::FINISHED),
        Refused => Meaning::End(Next::Stopped, code::REFUSED),
        DoNotCall => Meaning::End(Next::Stopped, code::DO_NOT_CALL),
        InvalidNumber => Meaning::End(Next::Failed, code::INVALID_NUMBER),
        Partial | PersonWanted | MessageLeft => Meaning::Result,
        _ => Meaning::Miss,
    }
}

/// The rule for a disposition that a campaign does not list; None: it is not tried again.
pub const fn default_rule(disposition: Disposition) -> Option<RetryRule> {
    use Disposition::*;
    let (delay_minutes, max, next_window) = match disposition {
        Busy => (10, 2, false),
        NoAnswer | Unavailable => (60, 2, false),
        Congestion => (2, 3, false),
        // The attempt may have rung; once more at once, and then the day's caps decide.
        Lost => (0, 1, false),
        DeadAir => (5, 1, false),
        Machine => (120, 2, false),
        HungUp | NoInput => (60, 1, false),
        Declined => (0, 1, true),
        WrongPerson => (120, 1, false),
        Failed => (5, 2, false),
        Later => (60, 3, false),
        // We stopped it: that is no attempt of the customer's, but a telephone that has just
        // rung, or a talk that was cut off, is not followed by another call at once.
        Cancelled => (5, MAX_RETRIES, false),
        _ => return None,
    };
    Some(RetryRule { delay_minutes, max, next_window })
}

/// Whether an attempt that ended so counts against `max_attempts`. Those that the customer
/// asked for, and those that never reached the customer's network, do not.
const fn counts(disposition: Disposition) -> bool {
    !matches!(
        disposition,
        Disposition::Cancelled | Disposition::Later | Disposition::Congestion | Disposition::Failed
    )
}

/// Attempts that count against `max_attempts`, out of all attempts of an entry.
pub fn counted_attempts(attempts: u32, attempts_by: &BTreeMap<Disposition, u32>) -> u32 {
    let free: u32 = attempts_by.iter().filter(|(d, _)| !counts(**d)).map(|(_, n)| *n).sum();
    attempts.saturating_sub(free)
}

/// What is wrong with a campaign's rules, and how to mend it.
pub fn check_rules(rules: &RetryTable) -> Result<(), String> {
    for (disposition, rule) in rules {
        if matches!(meaning(*disposition), Meaning::End(..)) && rule.max > 0 {
            return Err(format!(
                "`{disposition}` ends an entry and cannot be tried again: take its rule out"
            ));
        }
        if rule.delay_minutes > MAX_DELAY_MINUTES {
            return Err(format!(
                "`{disposition}`: a delay of {} minutes is more than 30 days ({MAX_DELAY_MINUTES})",
                rule.delay_minutes
            ));
        }
        if rule.max > MAX_RETRIES {
            return Err(format!("`{disposition}`: {} repetitions are more than {MAX_RETRIES}", rule.max));
        }
    }
    Ok(())
}

/// Decides what follows an attempt.
pub fn after_attempt(attempted: &Attempted<'_>) -> After {
    let disposition = attempted.disposition;
    let listed = attempted.rules.get(&disposition).copied();
    let rule = match meaning(disposition) {
        Meaning::End(next, code) => return after(next, code, disposition.to_string()),
        Meaning::Result => listed,
        Meaning::Miss => listed.or(default_rule(disposition)),
    };
    let Some(rule) = rule.filter(|rule| rule.max > 0) else {
        return match meaning(disposition) {
            Meaning::Result => after(Next::Done, code::FINISHED, disposition.to_string()),
            _ => after(Next::Failed, code::NO_RETRY, format!("{disposition} is not tried again")),
        };
    };
    let so_often = attempted.attempts_by.get(&disposition).copied().unwrap_or(1);
    let all: u32 = attempted.attempts_by.values().sum();
    let counted = counted_attempts(all, attempted.attempts_by);
    if so_often > rule.max {
        let detail = format!("{disposition} {so_often} times; {} repetitions allowed", rule.max);
        return given_up(disposition, detail);
    }
    if counted >= attempted.max_attempts && counts(disposition) {
        let detail =
            format!("{counted} of {} attempts made, the last: {disposition}", attempted.max_attempts);
        return given_up(disposition, detail);
    }
    let at = next_attempt(attempted, rule);
    let code = if disposition == Disposition::Later { code::LATER } else { code::RETRY };
    let detail =
        format!("{disposition}; repetition {so_often} of {} at {}", rule.max, attempted.windows.civil(at));
    after(Next::Again(at), code, detail)
}

fn after(next: Next, code: &str, detail: String) -> After {
    After { next, because: Reason::new(code, detail) }
}

/// A partial result stays a result when no repetition is left.
fn given_up(disposition: Disposition, detail: String) -> After {
    match meaning(disposition) {
        Meaning::Result => after(Next::Done, code::FINISHED, detail),
        _ => after(Next::Failed, code::ATTEMPTS_SPENT, detail),
    }
}

fn next_attempt(attempted: &Attempted<'_>, rule: RetryRule) -> Timestamp {
    let now = attempted.now;
    let mut at = Timestamp(now.0.saturating_add(i64::from(rule.delay_minutes) * MINUTE_MS));
    if attempted.disposition == Disposition::Later
        && let Some(later) = attempted.later_at
    {
        let latest = Timestamp(now.0.saturating_add(MAX_LATER_DAYS * 24 * 60 * MINUTE_MS));
        at = later.clamp(now, latest);
    }
    if rule.next_window
        && let Some(closes) = attempted.windows.closing(now)
    {
        // Windows that hardly ever close have no next one: then the next day stands for it.
        let day = 24 * 60 * MINUTE_MS;
        let ends = if closes.millis_since(now) > day { attempted.windows.day_end(now) } else { closes };
        at = at.max(ends);
    }
    attempted.windows.next_opening(at).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cn(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    }

    struct Case {
        now: &'static str,
        later_at: Option<&'static str>,
        before: Vec<(Disposition, u32)>,
        rules: Vec<(Disposition, RetryRule)>,
    }

    fn run(disposition: Disposition, case: Case) -> (String, Result<Timestamp, Next>) {
        let windows = Windows::parse(&["10:00-12:00,15:00-17:00"], "Asia/Shanghai").unwrap();
        let mut attempts_by: BTreeMap<_, _> = case.before.into_iter().collect();
        *attempts_by.entry(disposition).or_default() += 1;
        let rules = case.rules.into_iter().collect();
        let after = after_attempt(&Attempted {
            now: cn(case.now),
            disposition,
            later_at: case.later_at.map(cn),
            attempts_by: &attempts_by,
            max_attempts: 3,
            rules: &rules,
            windows: &windows,
        });
        assert!(!after.because.detail.is_empty());
        let next = match after.next {
            Next::Again(at) => Ok(at),
            end => Err(end),
        };
        (after.because.code, next)
    }

    fn check(disposition: Disposition, before: &[(Disposition, u32)], code: &str, next: Result<&str, Next>) {
        let case =
            Case { now: "2026-03-03T10:30:00", later_at: None, before: before.to_vec(), rules: vec![] };
        assert_eq!(run(disposition, case), (code.to_owned(), next.map(cn)), "{disposition}");
    }

    #[test]
    fn the_default_table_is_followed() {
        use Disposition::*;
        check(Completed, &[], "finished", Err(Next::Done));
        check(Partial, &[], "finished", Err(Next::Done));
        check(PersonWanted, &[], "finished", Err(Next::Done));
        check(MessageLeft, &[], "finished", Err(Next::Done));
        check(DoNotCall, &[], "do_not_call", Err(Next::Stopped));
        check(InvalidNumber, &[], "invalid_number", Err(Next::Failed));
        check(Incompatible, &[], "no_retry", Err(Next::Failed));
        check(Busy, &[], "retry", Ok("2026-03-03T10:40:00"));
        check(Busy, &[(Busy, 1)], "retry", Ok("2026-03-03T10:40:00"));
        check(Busy, &[(Busy, 2)], "attempts_spent", Err(Next::Failed));
        check(NoAnswer, &[], "retry", Ok("2026-03-03T11:30:00"));
        check(NoAnswer, &[(Busy, 2)], "attempts_spent", Err(Next::Failed));
        check(Congestion, &[(Congestion, 2)], "retry", Ok("2026-03-03T10:32:00"));
        check(Congestion, &[(Congestion, 3)], "attempts_spent", Err(Next::Failed));
        check(Lost, &[], "retry", Ok("2026-03-03T10:30:00"));
        check(Lost, &[(Lost, 1)], "attempts_spent", Err(Next::Failed));
        check(Machine, &[], "retry", Ok("2026-03-03T15:00:00"));
        check(Declined, &[], "retry", Ok("2026-03-03T15:00:00"));
        check(Cancelled, &[(Cancelled, 5)], "retry", Ok("2026-03-03T10:35:00"));
    }

    #[test]
    fn every_disposition_has_an_outcome_with_a_reason() {
        for d in Disposition::ALL {
            let case = Case { now: "2026-03-03T10:30:00", later_at: None, before: vec![], rules: vec![] };
            let (code, _) = run(*d, case);
            assert!(!code.is_empty(), "{d}");
        }
    }

    #[test]
    fn win_03_later_is_at_the_customers_time_and_refusal_stops() {
        use Disposition::*;
        let later = |now, at| Case { now, later_at: Some(at), before: vec![(NoAnswer, 2)], rules: vec![] };
        let expect = |at| ("later".to_owned(), Ok(cn(at)));
        assert_eq!(
            run(Later, later("2026-03-03T10:30:00", "2026-03-03T15:00:00")),
            expect("2026-03-03T15:00:00")
        );
        assert_eq!(
            run(Later, later("2026-03-03T10:30:00", "2026-03-03T13:00:00")),
            expect("2026-03-03T15:00:00")
        );
        assert_eq!(
            run(Later, later("2026-03-03T10:30:00", "2026-03-03T09:00:00")),
            expect("2026-03-03T10:30:00")
        );
        assert_eq!(
            run(Later, later("2026-03-03T10:30:00", "2099-01-01T00:00:00")),
            expect("2026-06-01T10:30:00")
        );
        check(Later, &[], "later", Ok("2026-03-03T11:30:00"));
        check(Refused, &[], "refused", Err(Next::Stopped));
    }

    #[test]
    fn a_campaigns_rule_replaces_the_default() {
        use Disposition::*;
        let rule = |delay_minutes, max, next_window| RetryRule { delay_minutes, max, next_window };
        let with =
            |d, r| Case { now: "2026-03-03T10:30:00", later_at: None, before: vec![], rules: vec![(d, r)] };
        assert_eq!(run(Busy, with(Busy, rule(30, 1, false))).1, Ok(cn("2026-03-03T11:00:00")));
        assert_eq!(run(Busy, with(Busy, rule(30, 0, false))), ("no_retry".into(), Err(Next::Failed)));
        assert_eq!(run(Busy, with(Busy, rule(30, 1, true))).1, Ok(cn("2026-03-03T15:00:00")));
        assert_eq!(run(Partial, with(Partial, rule(60, 1, false))).1, Ok(cn("2026-03-03T11:30:00")));
        assert_eq!(run(Refused, with(Refused, rule(60, 1, false))).1, Err(Next::Stopped), "refusal is final");
        let last = Case {
            now: "2026-03-03T16:30:00",
            later_at: None,
            before: vec![],
            rules: vec![(NoAnswer, rule(60, 2, false))],
        };
        assert_eq!(run(NoAnswer, last).1, Ok(cn("2026-03-04T10:00:00")), "past the window's end");
    }

    #[test]
    fn a_window_that_never_closes_lends_the_next_day_to_the_next_window() {
        let windows = Windows::parse(&["00:00-24:00"], "Asia/Shanghai").unwrap();
        let attempted = Attempted {
            now: cn("2026-03-03T10:30:00"),
            disposition: Disposition::Declined,
            later_at: None,
            attempts_by: &BTreeMap::from([(Disposition::Declined, 1)]),
            max_attempts: 3,
            rules: &RetryTable::new(),
            windows: &windows,
        };
        assert_eq!(after_attempt(&attempted).next, Next::Again(cn("2026-03-04T00:00:00")));
    }

    #[test]
    fn attempts_that_reached_nobodys_network_do_not_count() {
        use Disposition::*;
        let by = BTreeMap::from([(Busy, 1), (Congestion, 3), (Cancelled, 2), (Later, 1)]);
        assert_eq!(counted_attempts(7, &by), 1);
        assert_eq!(counted_attempts(8, &by), 2, "one in progress");
        check(Busy, &[(Congestion, 3), (Later, 1)], "retry", Ok("2026-03-03T10:40:00"));
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let rules = |d, delay_minutes, max| {
            check_rules(&BTreeMap::from([(d, RetryRule { delay_minutes, max, next_window: false })]))
        };
        assert_eq!(rules(Disposition::Busy, 10, 2), Ok(()));
        assert!(rules(Disposition::Refused, 10, 1).unwrap_err().contains("cannot be tried again"));
        assert!(rules(Disposition::Busy, 50_000, 1).unwrap_err().contains("30 days"));
        assert!(rules(Disposition::Busy, 10, 21).unwrap_err().contains("more than 20"));
    }
}
