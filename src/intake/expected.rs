//! What ought to have come in by now: slips of jobs that are known to be finished, and the
//! reports of the day.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};

use crate::base::Timestamp;
use crate::calendar::Calendar;
use crate::policy::pack::Pack;

/// So long before the time a report is reminded of (REM-05: reminder 09:45, alarm 10:00).
pub const REMIND_BEFORE_MINUTES: i64 = 15;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Events of `expects` between `from` and `to` (not included) without one of `kinds` of the
    /// same matter, or of the same customer where no matter is named (IMP-01).
    Slips {
        /// Kind of the event that is known.
        expects: String,
        /// Kinds that a row of the intake becomes.
        kinds: BTreeSet<String>,
        /// First moment of the day before.
        from: Timestamp,
        /// First moment of today.
        to: Timestamp,
    },
    /// An import by this intake since `since` (REM-05).
    Report {
        /// First moment of today.
        since: Timestamp,
    },
}

/// One thing to look for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Name of the pack's intake.
    pub intake: String,
    /// When it ought to have been there.
    pub by: Timestamp,
    /// The time has passed: what is missing is an alarm, before that a reminder.
    pub is_late: bool,
    /// What to look for.
    pub what: Checked,
}

/// What to look for at `now`. Intakes without a readable `by` ask for nothing. Slips are
/// missed from `by` on; reports are reminded of at their
/// `remind`, else [`REMIND_BEFORE_MINUTES`] before.
pub fn checks(pack: &Pack, calendar: &Calendar, now: Timestamp) -> Vec<Check> {
    let today = calendar.date(now);
    let yesterday = today.yesterday().unwrap_or(today);
    let midnight = calendar.start_of(today);
    let mut checks = Vec::new();
    for (name, intake) in &pack.intake {
        let Some(by) = time(&intake.by).map(|time| calendar.instant(today, time)) else { continue };
        let is_late = now >= by;
        let what = if intake.expects.is_empty() {
            let remind = time(&intake.remind).map(|time| calendar.instant(today, time));
            let is_early = match remind.filter(|remind| *remind < by) {
                Some(remind) => now < remind,
                None => by.millis_since(now) > REMIND_BEFORE_MINUTES * 60_000,
            };
            if is_early {
                continue;
            }
            Checked::Report { since: midnight }
        } else {
            if !is_late {
                continue;
            }
            let by_type = intake.event_by.values().flat_map(|kinds| kinds.values().cloned());
            let kinds = by_type.chain(Some(intake.event.clone()).filter(|kind| !kind.is_empty())).collect();
            let (expects, from) = (intake.expects.clone(), start(calendar, yesterday));
            Checked::Slips { expects, kinds, from, to: midnight }
        };
        checks.push(Check { intake: name.clone(), by, is_late, what });
    }
    checks
}

fn start(calendar: &Calendar, day: Date) -> Timestamp {
    calendar.start_of(day)
}

fn time(text: &str) -> Option<Time> {
    let (hours, minutes) = text.trim().split_once(':')?;
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}
