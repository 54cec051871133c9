//! The day's list: who is called, when, by which rule, in whose name, with which script; who is
//! not, and the one reason; when the list ends, and what should be mended before it begins.

mod candidate;
mod hours;
mod merge;
mod pace;
mod screen;
#[cfg(test)]
mod tests;
mod verdict;
mod warning;

use std::collections::BTreeMap;

pub use candidate::{Candidate, Capacity, Ledger, NumberLedger, Today};
pub use hours::Span;
pub use verdict::{Call, DayPlan, Identity, Row, Verdict, Warning};

use crate::base::Timestamp;
use crate::policy::code;
use crate::policy::pack::Mode;
use hours::Hours;
use pace::{Slot, pace};
use screen::{Job, Screened, screen};

/// The list of a day. The same input gives the same list to the byte, in whatever order the
/// candidates come.
pub fn day(today: &Today<'_>) -> DayPlan {
    let mut hours = Hours::new(today.calendar);
    let mut verdicts: Vec<Option<Verdict>> = vec![None; today.candidates.len()];
    let mut jobs = Vec::new();
    for (at, verdict) in verdicts.iter_mut().enumerate() {
        match screen(today, &mut hours, at) {
            Screened::Out(out) => *verdict = Some(out),
            Screened::In(job) => jobs.push(*job),
        }
    }
    let jobs = merge::merge(today, &mut hours, jobs, &mut verdicts);
    let mut warnings = warning::of_calendar(today, &hours);
    let mut ends = [None; 2];
    for (end, mode) in ends.iter_mut().zip([Mode::Robot, Mode::Agent]) {
        let of_mode: Vec<&Job<'_>> = jobs.iter().filter(|job| job.mode() == mode).collect();
        let call_ms = today.capacity.call_millis(mode);
        let slots = pace(&of_mode, today.capacity.slots(mode), call_ms);
        warnings.extend(warning::of_capacity(today, &of_mode, &slots, mode));
        *end = slots.iter().flatten().map(|slot| slot.start).max().map(|at| Timestamp(at.0 + call_ms));
        for (job, slot) in of_mode.iter().zip(slots) {
            verdicts[job.at] = Some(placed(today, &mut hours, job, slot));
        }
    }
    let rows = rows(today, verdicts);
    warnings.extend(warning::of_deadlines(today, &rows));
    let mut counts = BTreeMap::new();
    for row in &rows {
        *counts.entry(row.verdict.word().to_owned()).or_default() += 1;
    }
    let callbacks = today.candidates.iter().map(|candidate| candidate.callback);
    let identity = Identity::of(callbacks, today.calendar.end_of(today.date));
    let [robot_ends, agents_end] = ends;
    DayPlan { date: today.date, made_at: today.now, rows, robot_ends, agents_end, counts, identity, warnings }
}

/// The call, or the day on which it will be one.
fn placed(today: &Today<'_>, hours: &mut Hours<'_>, job: &Job<'_>, slot: Option<Slot>) -> Verdict {
    let candidate = &today.candidates[job.at];
    let (pack, rule) = (job.policy.pack, job.rule);
    let Some(slot) = slot else {
        let end = today.calendar.end_of(today.date);
        let next = hours.next(pack, rule, candidate.customer, today.date, end);
        let detail = match job.mode() {
            Mode::Robot => format!("{} lines do not reach it on this day", today.capacity.lines),
            Mode::Agent => format!("{} agents do not reach it on this day", today.capacity.agents),
        };
        return Verdict::not(code::CAPACITY, detail, next);
    };
    let language = &candidate.customer.language;
    let assignee = &candidate.callback.assignee;
    Verdict::Call(Box::new(Call {
        start: slot.start,
        window: slot.window,
        phone: job.phone.clone(),
        extension: job.extension.clone(),
        script: candidate.script(rule).to_owned(),
        language: if language.is_empty() { pack.language.clone() } else { language.clone() },
        mode: rule.mode,
        role: rule.caller.role.clone(),
        assignee: if assignee.is_empty() { rule.caller.person.clone() } else { assignee.clone() },
        not_by: candidate.ledger.not_by.clone(),
        on_behalf_of: rule.caller.on_behalf_of.clone(),
        brand: pack.brand.clone(),
        caller_id: pack.caller_id.clone(),
        priority: rule.priority,
        attempt: candidate.counted() + 1,
        rated: candidate.rated(rule),
        joins: job.joins.clone(),
    }))
}

/// The rows in their order: calls by start, then tasks, then what is not called.
fn rows(today: &Today<'_>, verdicts: Vec<Option<Verdict>>) -> Vec<Row> {
    let mut rows: Vec<Row> = today
        .candidates
        .iter()
        .zip(verdicts)
        .map(|(candidate, verdict)| {
            let callback = candidate.callback;
            Row {
                callback: callback.id,
                pack: callback.pack.clone(),
                rule: callback.rule.clone(),
                subject: callback.subject.clone(),
                occurrence: callback.occurrence,
                version: callback.version.clone(),
                customer: callback.customer,
                name: candidate.customer.name.clone(),
                due: callback.due,
                deadline: callback.deadline,
                late: callback.deadline <= today.now,
                verdict: verdict.unwrap_or_else(|| Verdict::not(code::DUE, "not looked at", None)),
            }
        })
        .collect();
    let place = |verdict: &Verdict| match verdict {
        Verdict::Call(call) => (0, call.start, std::cmp::Reverse(call.priority)),
        Verdict::Task { .. } => (1, Timestamp(0), std::cmp::Reverse(0)),
        Verdict::Not { .. } => (2, Timestamp(0), std::cmp::Reverse(0)),
    };
    rows.sort_unstable_by(|a, b| {
        (place(&a.verdict), a.deadline, a.due, a.callback, a.key()).cmp(&(
            place(&b.verdict),
            b.deadline,
            b.due,
            b.callback,
            b.key(),
        ))
    });
    rows
}
