//! Calls per second, evenly spread: the generic cell rate algorithm (ITU-T I.371).

use std::time::Duration;

use crate::base::Mono;

/// A pacer lets through at once what falls into this time, because the machine that asks
/// it wakes no more often than so: 300 calls a second are six at a time.
const BURST: Duration = Duration::from_millis(20);

/// Lets through at most `rate` calls a second: in any `t` seconds at most
/// `rate * t + 1 + rate * 0.02`.
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    /// Microseconds between two calls; 0 means no limit.
    interval: u64,
    /// Theoretical arrival time of the next call, in microseconds.
    arrival: u64,
}

impl Pacer {
    /// At most `rate` a second; 0, negative or not a number: no limit.
    pub(super) fn new(rate: f64) -> Self {
        Pacer { interval: interval(rate), arrival: 0 }
    }

    /// Another rate from here on; what was let through still counts.
    pub(super) fn set_rate(&mut self, rate: f64) {
        self.interval = interval(rate);
    }

    /// When the next call may go.
    pub(super) fn ready_at(&self) -> Mono {
        if self.interval == 0 {
            return Mono(0);
        }
        Mono(self.arrival.saturating_sub(self.tolerance()))
    }

    /// Whether a call may go.
    pub(super) fn is_ready(&self, now: Mono) -> bool {
        now >= self.ready_at()
    }

    /// Counts a call that goes.
    pub(super) fn take(&mut self, now: Mono) {
        if self.interval > 0 {
            self.arrival = self.arrival.max(now.0).saturating_add(self.interval);
        }
    }

    /// Whole intervals only, so that a slow pace has no burst at all.
    fn tolerance(&self) -> u64 {
        let burst = u64::try_from(BURST.as_micros()).unwrap_or(0);
        burst / self.interval * self.interval
    }
}

fn interval(rate: f64) -> u64 {
    if !rate.is_finite() || rate <= 0.0 {
        return 0;
    }
    // One call in 11 days is as good as none, and far from overflow.
    (1_000_000.0 / rate).ceil().clamp(1.0, 1e12) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_a_second_go_half_a_second_apart() {
        let mut pacer = Pacer::new(2.0);
        let at = |ms| Mono::from_millis(ms);
        assert!(pacer.is_ready(at(1000)));
        pacer.take(at(1000));
        assert!(!pacer.is_ready(at(1499)));
        assert_eq!(pacer.ready_at(), at(1500));
        pacer.take(at(1700));
        assert_eq!(pacer.ready_at(), at(2200), "a late call shifts the next");
    }

    #[test]
    fn zero_is_no_limit() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut pacer = Pacer::new(rate);
            pacer.take(Mono(5));
            assert!(pacer.is_ready(Mono(5)));
        }
    }

    proptest! {
        #[test]
        fn no_span_of_time_lets_more_through_than_the_rate(
            rate in 0.1f64..400.0,
            steps in prop::collection::vec(0u64..200_000, 1..400),
        ) {
            let mut pacer = Pacer::new(rate);
            let mut now = Mono(1_000_000);
            let mut gone: Vec<u64> = Vec::new();
            for step in steps {
                now = now + Duration::from_micros(step);
                while pacer.is_ready(now) {
                    pacer.take(now);
                    gone.push(now.0);
                }
            }
            for (i, first) in gone.iter().enumerate() {
                for (n, last) in gone[i..].iter().enumerate() {
                    let span = (last - first) as f64 / 1e6;
                    let allowed = rate * span + 1.0 + rate * 0.02;
                    prop_assert!((n + 1) as f64 <= allowed + 1e-6, "{} in {span} s at {rate}/s", n + 1);
                }
            }
        }
    }
}
