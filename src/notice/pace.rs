//! When what did not arrive is tried again.

use std::time::Duration;

/// Time over which the limits of robots count.
pub const RATE_WINDOW: Duration = Duration::from_secs(60);

/// Waits after the first, second, ... failure; the last one repeats.
const STEPS: [u64; 8] = [5, 15, 30, 60, 120, 300, 600, 1_800];

/// How long to wait after so many failures in a row. `asked` is what the other side wants
/// (Retry-After, a limit that is reached): it is waited for where it is longer, for an hour at
/// most.
pub fn retry_after(failures: u32, asked: Option<Duration>) -> Duration {
    let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX).min(STEPS.len() - 1);
    let own = Duration::from_secs(STEPS[step]);
    asked.map_or(own, |asked| asked.clamp(own, Duration::from_secs(3_600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_a_limit_of_the_other_side_is_kept() {
        let seconds = |n, asked: Option<u64>| retry_after(n, asked.map(Duration::from_secs)).as_secs();
        let waits: Vec<u64> = (0..10).map(|n| seconds(n, None)).collect();
        assert_eq!(waits, [5, 5, 15, 30, 60, 120, 300, 600, 1_800, 1_800]);
        assert_eq!(seconds(1, Some(60)), 60);
        assert_eq!(seconds(6, Some(1)), 300, "never sooner than by ourselves");
        assert_eq!(seconds(1, Some(100_000)), 3_600);
    }
}
