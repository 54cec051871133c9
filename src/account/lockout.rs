//! How long an account stays shut after wrong passwords and codes.

use std::time::Duration;

use crate::base::Timestamp;

/// Failures in a row that cost nothing: people mistype.
pub const FREE_FAILURES: u32 = 5;
/// First wait; it doubles with each further failure.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// Longest wait. Not longer, so that nobody can shut a colleague out for a day.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// From when on the next try is looked at, after so many failures in a row, the last of them then.
/// At this rate a year is some 35,000 tries.
pub fn opens_at(failures: u32, last: Timestamp) -> Timestamp {
    let Some(beyond) = failures.checked_sub(FREE_FAILURES) else { return last };
    let wait = FIRST_WAIT.saturating_mul(1 << beyond.min(10)).min(LONGEST_WAIT);
    last + wait
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failures_are_free_and_then_the_wait_doubles_to_its_end() {
        let at = Timestamp(1_000_000);
        let check = |failures, seconds: i64| {
            assert_eq!(opens_at(failures, at).0 - at.0, seconds * 1_000, "{failures}");
        };
        for free in 0..FREE_FAILURES {
            check(free, 0);
        }
        check(5, 30);
        check(6, 60);
        check(9, 480);
        check(10, 900);
        check(u32::MAX, 900);
    }
}
