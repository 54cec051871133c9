//! Repetitions: counted from the anchor, so that a month's end stays one, or from the last
//! one that was done (SCH-08).

use super::dates::{Dates, at_most_days, time_of_day, times};
use super::fate::{Fate, is_open};
use super::trigger::{Draft, Triggers};
use crate::base::Timestamp;
use crate::calendar::Edge;
use crate::policy::pack::Rule;
use crate::policy::{Callback, Origin, Outcome};

/// Repetitions made in one derivation at most: those that came due while nobody looked.
const MAX_CATCH_UP: u32 = 24;

const DAY_MS: i64 = 24 * 3_600_000;

/// Whether a rule repeats.
pub(super) fn repeats(rule: &Rule) -> bool {
    rule.repeat.is_some_and(|repeat| repeat.amount > 0)
}

/// Wants the repetitions of a series that are to exist: the first at once, each further one
/// when the one before it has ended, or is due itself.
pub(super) fn next<'a>(triggers: &mut Triggers<'_, 'a>, first: Draft<'a>) {
    let last = triggers.facts.last_of(first.id, &first.subject);
    let mut occurrence = match last {
        Some(last) if matches!(last.outcome, Some(Outcome::Withdrawn | Outcome::Forbidden)) => return,
        Some(last) => last.occurrence + 1,
        None => match begin(triggers, &first) {
            Some(occurrence) => occurrence,
            None => return,
        },
    };
    let mut before_open = last.is_some_and(is_open);
    let begun = last.is_some();
    if first.rule.repeat_from_done && begun {
        return from_done(triggers, first, last, occurrence);
    }
    let mut made = 0;
    while made < MAX_CATCH_UP {
        if beyond_the_last(first.rule, occurrence) {
            return;
        }
        let draft = repetition(&first, occurrence);
        let Some((anchor, dates, fate)) = triggers.counted(&draft) else { return };
        let must_wait = (begun && before_open) || made > 0;
        let calendar = triggers.facts.calendar;
        let its_day = calendar.start_of(calendar.date(dates.due));
        if must_wait && its_day > triggers.facts.now {
            return triggers.review(its_day);
        }
        // A series that was taken back does not go on; its first callback says why.
        if occurrence > 0 && matches!(fate, Fate::Excused { .. }) {
            return;
        }
        let over = matches!(fate, Fate::Excused { .. });
        triggers.keep(draft, anchor, dates, fate);
        if over || first.rule.repeat_from_done {
            return;
        }
        before_open = true;
        occurrence += 1;
        made += 1;
    }
    // Those that are left come with the next derivation, at once.
    triggers.review(Timestamp(triggers.facts.now.0 + 1));
}

fn beyond_the_last(rule: &Rule, occurrence: u32) -> bool {
    rule.repeat_max > 0 && occurrence > rule.repeat_max
}

fn repetition<'a>(first: &Draft<'a>, occurrence: u32) -> Draft<'a> {
    let mut draft = first.clone();
    if let Some(repeat) = first.rule.repeat.filter(|_| occurrence > 0) {
        draft.occurrence = occurrence;
        draft.origin = Origin::Series;
        draft.step = times(repeat, occurrence);
    }
    draft
}

/// The first repetition that was not over when we learned of the series.
fn begin<'a>(triggers: &mut Triggers<'_, 'a>, first: &Draft<'a>) -> Option<u32> {
    let rule = first.rule;
    let span = at_most_days(rule.due).max(0) + at_most_days(rule.deadline).max(0) + first.late_days + 2;
    let known = triggers.known(first.learned);
    let past_ms = known.0 - first.at.0 - span * DAY_MS;
    if past_ms <= 0 {
        return Some(0);
    }
    triggers.history += 1;
    let repeat_ms = rule.repeat.map_or(1, at_most_days).max(1) * DAY_MS;
    // Never too late, because no repetition is longer than `repeat_ms`.
    let mut occurrence = u32::try_from(past_ms / repeat_ms).unwrap_or(0);
    loop {
        let (_, dates, _) = triggers.counted(&repetition(first, occurrence))?;
        if dates.deadline >= known || beyond_the_last(rule, occurrence) {
            return Some(occurrence);
        }
        occurrence += 1;
    }
}

/// The repetition after the last, counted from when that was done.
fn from_done<'a>(
    triggers: &mut Triggers<'_, 'a>,
    first: Draft<'a>,
    last: Option<&Callback>,
    occurrence: u32,
) {
    let (Some(last), Some(repeat)) = (last, first.rule.repeat) else { return };
    let Some(closed) = last.closed_at.filter(|_| !beyond_the_last(first.rule, occurrence)) else { return };
    let draft = repetition(&first, occurrence);
    let Some((_, _, fate)) = triggers.counted(&draft) else { return };
    if matches!(fate, Fate::Excused { .. }) {
        return;
    }
    let calendar = triggers.facts.calendar;
    let time = first.rule.at.as_deref().and_then(time_of_day);
    let due = calendar.add(closed, repeat, Edge::Start, time);
    let length = last.deadline.millis_since(last.due).max(0);
    let deadline = Timestamp(due.at.0.saturating_add(length));
    let mut sums = last.sums.clone();
    sums.due = due.sum.clone();
    sums.earliest = due.sum;
    sums.deadline = sums.due.clone();
    sums.deadline.note(format!("as long as before = {}", calendar.civil(deadline)));
    triggers.keep(draft, closed, Dates { earliest: due.at, due: due.at, deadline, sums }, fate);
}
