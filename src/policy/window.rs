//! Calling windows: `"Mon-Fri 09:00-12:00,15:00-17:00"` in an IANA time zone.

use crate::base::Timestamp;

/// The text is not a window; says where and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WindowError(pub String);

/// A set of weekly windows in one time zone.
#[derive(Clone, Debug)]
pub struct Windows {}

impl Windows {
    /// Reads windows such as `Mon-Fri 09:00-12:00,15:00-17:00`, `Sat,Sun 10:00-16:00` or
    /// `18:30-08:00` (every day, across midnight). An empty list is never open.
    pub fn parse(windows: &[String], timezone: &str) -> Result<Self, WindowError> {
        let _ = (windows, timezone);
        Ok(Windows {})
    }

    /// Whether a call may be placed at `at`.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let _ = at;
        true
    }

    /// The first moment from `at` on at which a call may be placed; `at` itself if open.
    /// None if no window opens within a year.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        Some(at)
    }

    /// Local midnight before `at`: where the caps of a day begin.
    pub fn day_start(&self, at: Timestamp) -> Timestamp {
        at
    }
}
