//! How a queue stands, for the floor and the wallboard.

use super::super::super::live::LiveQueue;
use super::super::frame::Frame;

/// Below this share of calls answered in time a queue stands out.
const LOW_LEVEL: f64 = 0.8;

/// One queue.
pub(in super::super) struct QueueLine {
    pub name: String,
    pub waiting: usize,
    pub longest: Option<i64>,
    pub ringing: String,
    pub offered: u64,
    pub answered: u64,
    pub abandoned: u64,
    pub average: String,
    pub level: String,
    pub is_low: bool,
}

impl QueueLine {
    pub fn new(frame: &Frame, queue: LiveQueue) -> QueueLine {
        let ringing: Vec<&str> =
            queue.waiting.iter().flat_map(|one| &one.ringing).map(String::as_str).collect();
        let average = queue.average_wait_ms.and_then(|ms| i64::try_from(ms).ok());
        QueueLine {
            waiting: queue.waiting.len(),
            longest: queue.waiting.iter().map(|one| one.since.0).min(),
            ringing: ringing.join(" "),
            offered: queue.offered,
            answered: queue.answered,
            abandoned: queue.abandoned,
            average: average.map(|ms| frame.length(&ms)).unwrap_or_default(),
            level: queue.service_level.map(|level| format!("{:.0}%", level * 100.0)).unwrap_or_default(),
            is_low: queue.service_level.is_some_and(|level| level < LOW_LEVEL),
            name: queue.name,
        }
    }
}
