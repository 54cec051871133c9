//! When each call will be placed: so many lines, each busy for the average time of a call.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::hours::Span;
use super::screen::Job;
use crate::base::Timestamp;

/// When a call will be placed, and in which stretch of its hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub start: Timestamp,
    pub window: Span,
}

/// The slots of jobs that are in the order of their rank; None for what is not reached.
///
/// At every moment at which a line is free the first of those that may be called then is
/// called: a call that waits for its hour keeps no other from being placed.
pub(super) fn pace(jobs: &[&Job<'_>], lines: u32, call_ms: i64) -> Vec<Option<Slot>> {
    let mut slots = vec![None; jobs.len()];
    let mut free: BinaryHeap<Reverse<i64>> = (0..lines).map(|_| Reverse(i64::MIN)).collect();
    let mut clock = i64::MIN;
    let mut waiting: BinaryHeap<Reverse<(i64, usize)>> =
        jobs.iter().enumerate().map(|(at, job)| Reverse((opening(job, i64::MIN), at))).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = BinaryHeap::new();
    let mut rests: BTreeMap<&str, i64> = BTreeMap::new();
    while let Some(Reverse(line)) = free.pop() {
        let first = waiting.peek().map(|Reverse((at, _))| *at);
        // A line that has nothing to do waits until something may be called.
        let now = if ready.is_empty() { line.max(first.unwrap_or(i64::MAX)) } else { line }.max(clock);
        clock = now;
        while let Some(Reverse((at, job))) = waiting.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            debug_assert!(at < i64::MAX);
            waiting.pop();
            ready.push(Reverse(job));
        }
        let Some(Reverse(at)) = ready.pop() else { break };
        let job = jobs[at];
        let rested = rests.get(job.phone.as_str()).copied().unwrap_or(i64::MIN);
        let open = opening(job, now.max(rested));
        if open > now {
            if open < i64::MAX {
                waiting.push(Reverse((open, at)));
            }
            free.push(Reverse(line));
            continue;
        }
        let window = job.spans.iter().find(|span| span.from.0 <= now && now < span.to.0);
        slots[at] = window.map(|window| Slot { start: Timestamp(now), window: *window });
        if job.rest_ms() > 0 {
            rests.insert(job.phone.as_str(), now + job.rest_ms());
        }
        free.push(Reverse(now + call_ms));
    }
    slots
}

/// The first moment from `at` on at which a job may be called; the end of time for none.
fn opening(job: &Job<'_>, at: i64) -> i64 {
    let at = at.max(job.ready.0);
    job.spans.iter().find(|span| at < span.to.0).map_or(i64::MAX, |span| at.max(span.from.0))
}
