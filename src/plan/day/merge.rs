//! Several callbacks to one number on one day: one call for all of them, or another day, or
//! several calls within the caps (WIN-04).

use super::candidate::Today;
use super::hours::Hours;
use super::screen::{Job, exceeded};
use super::verdict::Verdict;
use crate::base::CallbackId;
use crate::policy::pack::Merge;
use crate::policy::{Reason, code};

/// Leaves the jobs that are called; the others have their verdicts in `out`, by their place.
/// Jobs come back in the order of their rank.
pub(super) fn merge<'a>(
    today: &Today<'a>,
    hours: &mut Hours<'_>,
    mut jobs: Vec<Job<'a>>,
    out: &mut [Option<Verdict>],
) -> Vec<Job<'a>> {
    jobs.sort_unstable_by(|a, b| (&a.phone, &a.rank).cmp(&(&b.phone, &b.rank)));
    let mut called: Vec<Job<'a>> = Vec::with_capacity(jobs.len());
    // Where the calls to the number at hand begin in `called`.
    let mut first = 0;
    for mut job in jobs {
        if called.get(first).is_none_or(|leader| leader.phone != job.phone) {
            first = called.len();
            called.push(job);
            continue;
        }
        let planned = called.len() - first;
        let leader = called[first..].iter_mut().find(|leader| goes_with(leader, &job));
        if let Some(leader) = leader {
            out[job.at] = Some(joined(today, hours, leader, &job));
            continue;
        }
        job.nth = u32::try_from(planned).unwrap_or(u32::MAX);
        let caps = &job.policy.pack.attempts.caps;
        match exceeded(today, caps, today.numbers.get(&job.phone), job.nth) {
            Some((word, detail)) => {
                let customer = today.candidates[job.at].customer;
                let end = today.calendar.end_of(today.date);
                let next = hours.next(job.policy.pack, job.rule, customer, today.date, end);
                out[job.at] = Some(Verdict::not(word, detail, next));
            }
            None => called.push(job),
        }
    }
    called.sort_unstable_by_key(|job| job.rank);
    called
}

/// Whether one call can do for both. Never for two packs, for each speaks in its own name, and
/// never for a promised call that is not the leader.
fn goes_with(leader: &Job<'_>, job: &Job<'_>) -> bool {
    let separate = |job: &Job<'_>| job.rule.merge == Merge::Never;
    let pack = job.policy.pack;
    pack.attempts.merge_same_number_same_day
        && pack.pack == leader.policy.pack.pack
        && !job.promised
        && !separate(job)
        && !separate(leader)
}

fn joined<'a>(today: &Today<'a>, hours: &mut Hours<'_>, leader: &mut Job<'a>, job: &Job<'a>) -> Verdict {
    let candidate = &today.candidates[job.at];
    let leading = today.candidates[leader.at].callback;
    if job.rule.merge == Merge::Defer {
        let end = today.calendar.end_of(today.date);
        let next = hours.next(job.policy.pack, job.rule, candidate.customer, today.date, end);
        if let Some(next) = next.filter(|next| *next < candidate.callback.deadline) {
            let detail = format!("{} is called on this day", leading.rule);
            return Verdict::not(code::DEFERRED, detail, Some(next));
        }
    }
    leader.joins.push(candidate.callback.id);
    Verdict::Not {
        reason: Reason::new(code::MERGED, format!("with {}", leading.rule)),
        next: None,
        merged_into: Some(leading.id).filter(|id| *id != CallbackId(0)),
    }
}
