//! The last-moment guard: may this customer be called at this moment, and why.

use super::{Reason, code};
use crate::base::Timestamp;
use crate::calendar::Windows;

/// How long an entry rests when no window opens within a year: people may mend the windows.
const NEVER_OPEN_REST_MS: i64 = 24 * 3_600_000;

/// Turns between calling windows and quiet hours before a time allowed by both is given up.
const MAX_TURNS: usize = 64;

/// Everything the decision stands on.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The moment of the decision.
    pub now: Timestamp,
    /// The campaign's calling windows.
    pub windows: &'a Windows,
    /// Hours in which this customer does not want to be called.
    pub quiet: Option<&'a Windows>,
    /// Not before this time.
    pub due_at: Option<Timestamp>,
    /// Whether the number is on the do-not-call list.
    pub do_not_call: bool,
    /// Attempts made for this entry that count, see [`super::counted_attempts`].
    pub attempts: u32,
    /// Attempts allowed in all.
    pub max_attempts: u32,
    /// Calls to this number since local midnight, over all campaigns.
    pub calls_today: u32,
    /// Calls allowed to one number a day; 0 means no cap.
    pub daily_cap: u32,
}

/// The answer; it always says why.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Call at this moment.
    Call {
        /// Why.
        because: Reason,
    },
    /// Look again at `until`.
    Wait {
        /// The earliest time at which the answer can differ.
        until: Timestamp,
        /// Why not at this moment.
        because: Reason,
    },
    /// This entry is never to be called.
    Never {
        /// Why.
        because: Reason,
    },
}

/// Whether, when and why this customer is called. What forbids for good is asked first,
/// then what forbids longest, so that the reason given is the one that matters.
pub fn decide(facts: &Facts<'_>) -> Decision {
    if facts.do_not_call {
        return never(code::DO_NOT_CALL, "the number is on the do-not-call list".into());
    }
    if facts.attempts >= facts.max_attempts {
        let detail = format!("{} of {} attempts made", facts.attempts, facts.max_attempts);
        return never(code::ATTEMPTS_SPENT, detail);
    }
    if let Some(due) = facts.due_at.filter(|due| *due > facts.now) {
        return wait(facts, due, code::NOT_YET, "not due yet".into());
    }
    if facts.daily_cap > 0 && facts.calls_today >= facts.daily_cap {
        let detail = format!("{} of {} calls to this number today", facts.calls_today, facts.daily_cap);
        return wait(facts, facts.windows.day_end(facts.now), code::DAILY_CAP, detail);
    }
    if !facts.windows.is_open(facts.now) {
        return wait(facts, facts.now, code::WINDOW_CLOSED, "outside the calling window".into());
    }
    if facts.quiet.is_some_and(|quiet| quiet.is_open(facts.now)) {
        return wait(facts, facts.now, code::QUIET_HOURS, "in the customer's quiet hours".into());
    }
    let detail = format!("attempt {} of {}", facts.attempts + 1, facts.max_attempts);
    Decision::Call { because: Reason::new(code::DUE, detail) }
}

fn never(code: &str, detail: String) -> Decision {
    Decision::Never { because: Reason::new(code, detail) }
}

fn wait(facts: &Facts<'_>, from: Timestamp, code: &str, detail: String) -> Decision {
    match first_allowed(facts.windows, facts.quiet, from) {
        Some(until) => {
            let detail = format!("{detail}; next at {}", facts.windows.civil(until));
            Decision::Wait { until, because: Reason::new(code, detail) }
        }
        None => Decision::Wait {
            until: Timestamp(facts.now.0.saturating_add(NEVER_OPEN_REST_MS)),
            because: Reason::new(
                code::WINDOW_NEVER,
                format!("{detail}; no calling window opens within a year: look at the campaign's windows"),
            ),
        },
    }
}

/// The first time from `from` on that lies in a window and outside the quiet hours.
fn first_allowed(windows: &Windows, quiet: Option<&Windows>, from: Timestamp) -> Option<Timestamp> {
    let mut at = from;
    for _ in 0..MAX_TURNS {
        at = windows.next_opening(at)?;
        match quiet.and_then(|quiet| quiet.closing(at)) {
            Some(end) => at = end,
            None => return Some(at),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cn(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    }

    fn windows(text: &str) -> Windows {
        Windows::parse(&[text], "Asia/Shanghai").unwrap()
    }

    fn check(change: impl FnOnce(&mut Facts<'_>), now: &str, expect: (&str, Option<&str>)) {
        let windows = windows("10:00-12:00,15:00-17:00");
        let mut facts = Facts {
            now: cn(now),
            windows: &windows,
            quiet: None,
            due_at: None,
            do_not_call: false,
            attempts: 0,
            max_attempts: 3,
            calls_today: 0,
            daily_cap: 2,
        };
        change(&mut facts);
        let (reason, until) = match decide(&facts) {
            Decision::Call { because } => (because, None),
            Decision::Wait { until, because } => (because, Some(until)),
            Decision::Never { because } => (because, None),
        };
        assert_eq!((reason.code.as_str(), until), (expect.0, expect.1.map(cn)), "{reason:?}");
    }

    #[test]
    fn win_01_the_window_decides_to_the_second() {
        check(|_| {}, "2026-10-08T11:59:59", ("due", None));
        check(|_| {}, "2026-10-08T12:00:00", ("window_closed", Some("2026-10-08T15:00:00")));
        check(|_| {}, "2026-10-08T14:59:59", ("window_closed", Some("2026-10-08T15:00:00")));
        check(|_| {}, "2026-10-08T15:00:00", ("due", None));
    }

    #[test]
    fn win_04_do_not_call_and_caps_hold_whatever_the_hour() {
        check(|f| f.do_not_call = true, "2026-10-08T10:30:00", ("do_not_call", None));
        check(|f| f.attempts = 3, "2026-10-08T10:30:00", ("attempts_spent", None));
        check(|f| f.max_attempts = 0, "2026-10-08T10:30:00", ("attempts_spent", None));
        check(|f| f.calls_today = 2, "2026-10-08T10:30:00", ("daily_cap", Some("2026-10-09T10:00:00")));
        check(|f| (f.calls_today, f.daily_cap) = (99, 0), "2026-10-08T10:30:00", ("due", None));
    }

    #[test]
    fn win_04_quiet_hours_of_a_customer_are_kept() {
        let quiet = windows("11:00-15:30");
        // The lifetime of `quiet` must outlast the closure's facts.
        let all_day = Facts {
            now: cn("2026-10-08T11:00:00"),
            windows: &windows("10:00-12:00,15:00-17:00"),
            quiet: Some(&quiet),
            due_at: None,
            do_not_call: false,
            attempts: 0,
            max_attempts: 3,
            calls_today: 0,
            daily_cap: 2,
        };
        match decide(&all_day) {
            Decision::Wait { until, because } => {
                assert_eq!((because.code.as_str(), until), ("quiet_hours", cn("2026-10-08T15:30:00")));
            }
            other => panic!("{other:?}"),
        }
        let always = Windows::always();
        match decide(&Facts { quiet: Some(&always), ..all_day }) {
            Decision::Wait { because, .. } => assert_eq!(because.code, "window_never"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn win_03_a_time_the_customer_named_is_waited_for_within_the_window() {
        let due = |text: &'static str| move |f: &mut Facts<'_>| f.due_at = Some(cn(text));
        check(due("2026-10-08T15:30:00"), "2026-10-08T10:30:00", ("not_yet", Some("2026-10-08T15:30:00")));
        check(due("2026-10-08T13:00:00"), "2026-10-08T10:30:00", ("not_yet", Some("2026-10-08T15:00:00")));
        check(due("2026-10-08T10:30:00"), "2026-10-08T10:30:00", ("due", None));
    }

    #[test]
    fn windows_that_never_open_are_said_to() {
        let none: [&str; 0] = [];
        let never = Windows::parse(&none, "Asia/Shanghai").unwrap();
        let facts = Facts {
            now: cn("2026-10-08T10:30:00"),
            windows: &never,
            quiet: None,
            due_at: None,
            do_not_call: false,
            attempts: 0,
            max_attempts: 3,
            calls_today: 0,
            daily_cap: 2,
        };
        match decide(&facts) {
            Decision::Wait { until, because } => {
                assert_eq!((because.code.as_str(), until), ("window_never", cn("2026-10-09T10:30:00")));
            }
            other => panic!("{other:?}"),
        }
    }
}
