//! How long a session lasts.

use std::time::Duration;

use crate::base::Timestamp;

/// Without a request: a shift with its breaks.
pub const IDLE: Duration = Duration::from_secs(8 * 3_600);
/// In any case: a week, so that a stolen cookie does not live for ever.
pub const ABSOLUTE: Duration = Duration::from_secs(7 * 86_400);
/// How often the last request is noted: a console asks every second, and the store need not hear it.
pub const SEEN_EVERY: Duration = Duration::from_secs(60);

/// Whether a session that began and was seen then is open at `now`.
pub fn is_open(began: Timestamp, seen: Timestamp, now: Timestamp) -> bool {
    now < began + ABSOLUTE && now < seen + IDLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_idle_and_in_any_case_after_a_week() {
        let began = Timestamp(1_000);
        let hours = |n: u64| began + Duration::from_secs(n * 3_600);
        assert!(is_open(began, began, hours(7)));
        assert!(!is_open(began, began, hours(8)), "idle");
        assert!(is_open(began, hours(160), hours(167)));
        assert!(!is_open(began, hours(167), hours(168)), "a week");
    }
}
