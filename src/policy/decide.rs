//! The last-moment guard: may this customer be called at this moment, and why.

#[cfg(test)]
mod tests;

use super::pack::Caps;
use super::{Hours, Reason, code};
use crate::base::Timestamp;

/// How long an entry rests when no window opens within a year: people may mend the windows.
const NEVER_OPEN_REST_MS: i64 = 24 * 3_600_000;

/// Preferred hours that do not meet the calling windows within so long never do.
const PREFERENCE_HORIZON_MS: i64 = 14 * 24 * 3_600_000;

/// When a callback must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Exclusive: a day's end is the next midnight.
    pub at: Timestamp,
    /// Whether attempts go on after it (SCH-02); else the callback is given up.
    pub goes_on: bool,
}

/// Everything the decision stands on.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The moment of the decision.
    pub now: Timestamp,
    /// The campaign's windows and the customer's own hours.
    pub hours: Hours<'a>,
    /// Not before this time.
    pub due_at: Option<Timestamp>,
    /// The customer was promised a call at `due_at` (REM-03): what they named themselves goes
    /// before their quiet and preferred hours and before the deadline.
    pub appointment: bool,
    /// When it must be done.
    pub deadline: Option<Deadline>,
    /// Whether the number is on the do-not-call list.
    pub do_not_call: bool,
    /// Attempts made for this entry that count, see [`super::counted_attempts`].
    pub attempts: u32,
    /// Attempts allowed in all.
    pub max_attempts: u32,
    /// What the number is spared.
    pub caps: Caps,
    /// When this number was called of late, over all campaigns and agents: as far back as
    /// [`super::CALLS_MATTER_MS`].
    pub calls: &'a [Timestamp],
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
    let windows = facts.hours.windows;
    let deadline = facts.deadline.filter(|_| !facts.appointment);
    let overdue = deadline.filter(|deadline| deadline.at <= facts.now);
    if let Some(passed) = overdue.filter(|deadline| !deadline.goes_on) {
        return never(code::DEADLINE_PASSED, format!("the deadline was {}", windows.civil(passed.at)));
    }
    let (hours, note) = hours_in_force(facts);
    let wait = |from, code, detail: &str| wait(facts, &hours, from, code, format!("{detail}{note}"));
    if let Some(due) = facts.due_at.filter(|due| *due > facts.now) {
        return wait(due, code::NOT_YET, "not due yet");
    }
    if let Some((until, because)) = facts.caps.forbid(facts.now, windows, facts.calls) {
        return wait(until, &because.code, &because.detail);
    }
    if !windows.is_open(facts.now) {
        return wait(facts.now, code::WINDOW_CLOSED, "outside the calling window");
    }
    if hours.quiet.is_some_and(|quiet| quiet.is_open(facts.now)) {
        return wait(facts.now, code::QUIET_HOURS, "in the customer's quiet hours");
    }
    if hours.preferred.is_some_and(|preferred| !preferred.is_open(facts.now)) {
        return wait(facts.now, code::PREFERRED_HOURS, "outside the hours the customer prefers");
    }
    let mut detail = format!("attempt {} of {}{note}", facts.attempts + 1, facts.max_attempts);
    if facts.appointment {
        detail.push_str("; at the time promised to the customer");
    }
    if let Some(overdue) = overdue {
        detail.push_str(&format!("; after the deadline, which was {}", windows.civil(overdue.at)));
    }
    Decision::Call { because: Reason::new(code::DUE, detail) }
}

/// The hours that are kept, and what is said where those the customer prefers cannot be.
fn hours_in_force<'a>(facts: &Facts<'a>) -> (Hours<'a>, &'static str) {
    let hours = facts.hours;
    if facts.appointment {
        return (Hours::of(hours.windows), "");
    }
    if hours.preferred.is_none() {
        return (hours, "");
    }
    let from = facts.due_at.unwrap_or(facts.now).max(facts.now);
    let deadline = facts.deadline.filter(|deadline| deadline.at > facts.now);
    match hours.next(from).filter(|at| at.millis_since(from) <= PREFERENCE_HORIZON_MS) {
        None => {
            (hours.without_preference(), "; the hours the customer prefers never meet the calling window")
        }
        Some(at) if deadline.is_some_and(|deadline| at >= deadline.at) => {
            (hours.without_preference(), "; the hours the customer prefers come after the deadline")
        }
        Some(_) => (hours, ""),
    }
}

fn never(code: &str, detail: String) -> Decision {
    Decision::Never { because: Reason::new(code, detail) }
}

fn wait(facts: &Facts<'_>, hours: &Hours<'_>, from: Timestamp, code: &str, detail: String) -> Decision {
    let Some(next) = hours.next(from) else {
        return Decision::Wait {
            until: Timestamp(facts.now.0.saturating_add(NEVER_OPEN_REST_MS)),
            because: Reason::new(
                code::WINDOW_NEVER,
                format!("{detail}; no calling window opens within a year: look at the campaign's windows"),
            ),
        };
    };
    let detail = format!("{detail}; next at {}", hours.windows.civil(next));
    // Where the deadline ends it, that is the moment at which the answer differs.
    let last = facts.deadline.filter(|deadline| !deadline.goes_on && !facts.appointment);
    match last.filter(|deadline| deadline.at <= next) {
        Some(deadline) => Decision::Wait {
            until: deadline.at,
            because: Reason::new(code, format!("{detail}, which is after the deadline")),
        },
        None => Decision::Wait { until: next, because: Reason::new(code, detail) },
    }
}
