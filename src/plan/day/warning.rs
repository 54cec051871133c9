//! What people should look at before the day begins.

use super::candidate::{Capacity, Today};
use super::hours::Hours;
use super::pace::{Slot, pace};
use super::screen::Job;
use super::verdict::{Row, Verdict, Warning};
use crate::policy::code;
use crate::policy::pack::Mode;

/// How often the needed lines are estimated anew before the estimate is taken as it is.
const MAX_ESTIMATES: u32 = 8;

fn warning(code: &str, text: String) -> Warning {
    Warning { code: code.into(), text }
}

/// Years without holidays, and hours that cannot be read.
pub(super) fn of_calendar(today: &Today<'_>, hours: &Hours<'_>) -> Vec<Warning> {
    let year = today.calendar.missing(today.date.year());
    let wrong = hours
        .wrong
        .iter()
        .map(|(text, why)| warning("hours", format!("`{text}` is no window and is not looked at: {why}")));
    year.map(|year| warning("calendar", year.to_string())).into_iter().chain(wrong).collect()
}

/// Calls that lines or agents do not suffice for, and how many would.
pub(super) fn of_capacity(
    today: &Today<'_>,
    jobs: &[&Job<'_>],
    slots: &[Option<Slot>],
    mode: Mode,
) -> Option<Warning> {
    let left = slots.iter().filter(|slot| slot.is_none()).count();
    if left == 0 {
        return None;
    }
    let has = today.capacity.slots(mode);
    let last = jobs.iter().filter_map(|job| job.spans.last()).map(|span| span.to).max();
    let until = last.map_or_else(String::new, |end| {
        let civil = today.calendar.civil(end);
        let clock = civil.rsplit(' ').next().filter(|clock| *clock != "00:00").unwrap_or("24:00");
        format!(" before {clock}")
    });
    let one = if mode == Mode::Robot { "lines" } else { "agents" };
    let needed = needed(today.capacity, jobs, left, mode);
    let mend = match needed {
        Some(1) => format!("1 {} needed instead of {has}", one.trim_end_matches('s')),
        Some(needed) => format!("{needed} {one} needed instead of {has}"),
        None => format!("more {one} do not help: the windows are too short"),
    };
    Some(warning("capacity", format!("{left} of {} will not be reached{until}: {mend}", jobs.len())))
}

/// The fewest lines with which all are reached, beginning with what the work divides into.
fn needed(capacity: Capacity, jobs: &[&Job<'_>], left: usize, mode: Mode) -> Option<u32> {
    let has = capacity.slots(mode);
    let reached = jobs.len() - left;
    let mut lines = match (u32::try_from(jobs.len()), u32::try_from(reached)) {
        (Ok(all), Ok(reached)) if reached > 0 => has.saturating_mul(all).div_ceil(reached).max(has + 1),
        _ => has + 1,
    };
    for _ in 0..MAX_ESTIMATES {
        let slots = pace(jobs, lines, capacity.call_millis(mode));
        let left = slots.iter().filter(|slot| slot.is_none()).count();
        if left == 0 {
            return Some(lines);
        }
        let reached = u32::try_from(jobs.len() - left).unwrap_or(u32::MAX).max(1);
        let all = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
        let more = lines.saturating_mul(all).div_ceil(reached).max(lines + 1);
        if lines > all {
            return None;
        }
        lines = more;
    }
    Some(lines)
}

/// Deadlines that the day does not keep: what must be done before the next chance to call, and
/// is not called on the day or too late.
pub(super) fn of_deadlines(today: &Today<'_>, rows: &[Row]) -> Option<Warning> {
    let end = today.calendar.end_of(today.date);
    let missed = |row: &&Row| {
        let over = row.deadline > today.now;
        let lost = match &row.verdict {
            Verdict::Call(call) => call.start >= row.deadline,
            Verdict::Task { .. } => false,
            Verdict::Not { reason, .. }
                if matches!(
                    reason.code.as_str(),
                    code::MERGED | code::NOT_YET | code::WAITING_FOR | code::REMOVED | code::STANDING
                ) =>
            {
                false
            }
            Verdict::Not { next, merged_into: None, .. } => {
                next.map_or(row.deadline <= end, |next| next >= row.deadline)
            }
            Verdict::Not { .. } => false,
        };
        over && lost
    };
    let missed = rows.iter().filter(missed).count();
    (missed > 0).then(|| warning("deadline", format!("{missed} deadlines will pass before the call")))
}
