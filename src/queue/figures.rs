//! What a queue achieved.

use std::time::Duration;

/// Counts since the start, and how long calls last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Callers who came in.
    pub offered: u64,
    /// Of these: answered by an agent.
    pub answered: u64,
    /// Of these: within the time of the service level.
    pub answered_in_time: u64,
    /// Hung up while waiting.
    pub abandoned: u64,
    /// Sent elsewhere.
    pub overflowed: u64,
    /// Promised a callback.
    pub promised: u64,
    /// Sum of the waits of those answered, in milliseconds.
    pub wait_ms: u64,
    /// Longest wait of those answered, in milliseconds.
    pub longest_wait_ms: u64,
    /// Length of a call, smoothed, in milliseconds; 0: none yet.
    handle_ms: u64,
}

/// Length of a call before any was measured.
const FIRST_GUESS: Duration = Duration::from_secs(180);

impl Figures {
    /// Average speed of answer (ASA); None before the first.
    pub fn average_wait(&self) -> Option<Duration> {
        self.wait_ms.checked_div(self.answered).map(Duration::from_millis)
    }

    /// Share of those who were answered in time among all who were answered or hung up, 0.0 to
    /// 1.0; None before the first.
    pub fn service_level(&self) -> Option<f64> {
        let all = self.answered + self.abandoned;
        (all > 0).then(|| self.answered_in_time as f64 / all as f64)
    }

    /// Share of those who hung up, 0.0 to 1.0.
    pub fn abandoned_rate(&self) -> Option<f64> {
        let all = self.answered + self.abandoned;
        (all > 0).then(|| self.abandoned as f64 / all as f64)
    }

    pub(super) fn answer(&mut self, waited: Duration, in_time: Duration) {
        let ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.answered += 1;
        self.answered_in_time += u64::from(waited <= in_time);
        self.wait_ms += ms;
        self.longest_wait_ms = self.longest_wait_ms.max(ms);
    }

    /// A call lasted so long: each new one counts an eighth.
    pub(super) fn handled(&mut self, lasted: Duration) {
        let ms = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
        self.handle_ms = if self.handle_ms == 0 { ms } else { self.handle_ms - self.handle_ms / 8 + ms / 8 };
    }

    /// How long one at this position (from 1) waits where so many agents work; None where none does.
    pub(super) fn expected(&self, position: usize, agents: usize) -> Option<Duration> {
        let one = if self.handle_ms == 0 { FIRST_GUESS } else { Duration::from_millis(self.handle_ms) };
        let agents = u32::try_from(agents).ok().filter(|n| *n > 0)?;
        Some(one * u32::try_from(position).unwrap_or(u32::MAX) / agents)
    }
}
