//! How many attempts find a place before a deadline.

use jiff::civil::Weekday;

use crate::base::Timestamp;
use crate::calendar::{Unit, Windows};
use crate::policy::pack::{Attempts, Spacing, SpacingWord};

const DAY_MS: i64 = 86_400_000;

/// Attempts that fit between `from` and `deadline` where none is answered, with the caps of the
/// number all for this callback.
pub(super) fn that_fit(attempts: &Attempts, windows: &Windows, from: Timestamp, deadline: Timestamp) -> u32 {
    let mut made: Vec<Timestamp> = Vec::new();
    let mut at = from;
    while made.len() < usize::try_from(attempts.max).unwrap_or(usize::MAX) {
        let Some(next) = place(attempts, windows, at, &made).filter(|next| *next < deadline) else { break };
        let spacing = attempts.spacing.get(made.len()).or(attempts.spacing.last());
        made.push(next);
        at = match spacing {
            Some(Spacing::After(offset)) => {
                let minutes = match offset.unit {
                    Unit::Minutes => 1,
                    Unit::Hours => 60,
                    Unit::Days | Unit::WorkingDays => 1_440,
                    Unit::Months => 43_200,
                    Unit::Years => 525_600,
                };
                Timestamp(next.0.saturating_add(i64::from(offset.amount.max(0)) * minutes * 60_000))
            }
            Some(Spacing::Word(SpacingWord::NextWindow)) => windows.closing(next).unwrap_or(next),
            Some(Spacing::Word(SpacingWord::NextDay)) | None => windows.day_end(next),
        };
    }
    u32::try_from(made.len()).unwrap_or(u32::MAX)
}

/// The first moment from `at` on in a window and below every cap.
fn place(attempts: &Attempts, windows: &Windows, at: Timestamp, made: &[Timestamp]) -> Option<Timestamp> {
    let caps = attempts.caps;
    let mut at = windows.next_opening(at)?;
    // Every round leaves a day behind; no cap lasts longer than a week.
    for _ in 0..8 {
        let full = |cap: u32, since: Timestamp| {
            let count = made.iter().filter(|made| **made >= since).count();
            cap > 0 && count >= usize::try_from(cap).unwrap_or(usize::MAX)
        };
        let day = windows.day_start(at);
        let weekday = day.to_jiff().to_zoned(windows.zone().clone()).weekday();
        let week = Timestamp(day.0 - i64::from(weekday.since(Weekday::Monday)) * DAY_MS);
        if full(caps.day, day) || full(caps.week, week) || full(caps.hours_24, Timestamp(at.0 - DAY_MS + 1)) {
            at = windows.next_opening(windows.day_end(at))?;
        } else {
            return Some(at);
        }
    }
    None
}
