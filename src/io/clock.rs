//! The only place that reads the clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::base::{Mono, Now, Timestamp};

/// Both clocks of the machine, with the program's own zero. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    zero: Instant,
}

#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
impl Clock {
    /// A clock whose monotonic zero is this moment.
    pub fn start() -> Self {
        Clock { zero: Instant::now() }
    }

    /// Both clocks at this moment.
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), utc: utc() }
    }

    /// The monotonic clock alone.
    pub fn mono(&self) -> Mono {
        Mono(u64::try_from(self.zero.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// The moment `at` for timers of the runtime.
    pub fn instant(&self, at: Mono) -> Instant {
        // Tokio's timers cannot look further than some years; nobody sleeps that long.
        const YEAR_US: u64 = 366 * 86_400 * 1_000_000;
        self.zero + std::time::Duration::from_micros(at.0.min(YEAR_US))
    }
}

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub fn utc() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
