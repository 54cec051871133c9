//! Both clocks, passed together into every handler.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point on the monotonic clock, in microseconds since the program's own zero.
///
/// `std::time::Instant` cannot be made from a number, so simulated time could not name one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

impl Mono {
    /// Later than every real deadline.
    pub const FAR: Mono = Mono(u64::MAX);

    /// The point `ms` milliseconds after zero.
    pub const fn from_millis(ms: u64) -> Self {
        Mono(ms * 1_000)
    }

    /// Whole milliseconds since zero.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// Time since `earlier`; zero if `earlier` lies ahead.
    pub const fn since(self, earlier: Mono) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Mono;

    fn add(self, rhs: Duration) -> Mono {
        Mono(self.0.saturating_add(u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Mono {
    type Output = Mono;

    fn sub(self, rhs: Duration) -> Mono {
        Mono(self.0.saturating_sub(u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// A point on the wall clock: milliseconds since 1970-01-01T00:00:00Z.
///
/// This is what the database holds; civil time is computed from it with `jiff` where a
/// calendar is asked.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The same instant for calendar arithmetic. Values beyond jiff's range become its nearest end.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// Drops what lies below a millisecond.
    pub fn from_jiff(at: jiff::Timestamp) -> Self {
        Timestamp(at.as_millisecond())
    }

    /// Milliseconds since `earlier`; negative if `earlier` lies ahead.
    pub const fn millis_since(self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, rhs: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC with milliseconds, for logs and the API.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

/// Both clocks at one moment. Timers run on `mono`; records and calendars on `utc`, so
/// that a wall clock set back an hour harms no running timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Monotonic.
    pub mono: Mono,
    /// Wall clock.
    pub utc: Timestamp,
}

impl Now {
    /// Both clocks moved on by `by`: the step of simulated time.
    pub fn after(self, by: Duration) -> Now {
        Now { mono: self.mono + by, utc: self.utc + by }
    }
}
