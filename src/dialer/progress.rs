//! How far a campaign is, for the live display.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{Disposition, Timestamp};
use crate::calendar::Windows;

/// Fewer finished entries than this say nothing about the pace.
const MIN_FINISHED: u64 = 3;

/// How far a campaign is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Entries of the list.
    pub total: u64,
    /// Entries that are done, failed or stopped.
    pub finished: u64,
    /// Attempts by how they ended.
    pub by: BTreeMap<Disposition, u64>,
    /// Calls reserved or up.
    pub calls: u32,
    /// When the last entry will be finished, at the pace so far; None: cannot be told.
    pub eta: Option<Timestamp>,
}

impl Progress {
    /// Finished part, 0.0 to 1.0; an empty list is finished.
    pub fn ratio(&self) -> f64 {
        if self.total == 0 { 1.0 } else { self.finished as f64 / self.total as f64 }
    }
}

/// When `remaining` entries will be finished, if `finished` were since `since`. Closed
/// hours count neither in the pace so far nor in what is to come.
pub fn eta(
    windows: &Windows,
    since: Timestamp,
    now: Timestamp,
    finished: u64,
    remaining: u64,
) -> Option<Timestamp> {
    if remaining == 0 {
        return Some(now);
    }
    let open = windows.open_time(since, now).as_millis();
    if finished < MIN_FINISHED || open == 0 {
        return None;
    }
    let needed = open * u128::from(remaining) / u128::from(finished);
    windows.after_open_time(now, Duration::from_millis(u64::try_from(needed).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cn(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    }

    #[test]
    fn the_estimate_leaves_out_closed_hours() {
        let w = Windows::parse(&["10:00-12:00,15:00-17:00"], "Asia/Shanghai").unwrap();
        let start = cn("2026-03-03T10:00:00");
        let estimate = |now, finished, remaining| eta(&w, start, cn(now), finished, remaining);
        assert_eq!(estimate("2026-03-03T11:00:00", 100, 50), Some(cn("2026-03-03T11:30:00")));
        assert_eq!(estimate("2026-03-03T11:00:00", 100, 200), Some(cn("2026-03-03T16:00:00")));
        assert_eq!(estimate("2026-03-03T15:30:00", 250, 200), Some(cn("2026-03-04T10:30:00")));
        assert_eq!(estimate("2026-03-03T11:00:00", 2, 50), None);
        assert_eq!(estimate("2026-03-03T11:00:00", 2, 0), Some(cn("2026-03-03T11:00:00")));
        assert_eq!(estimate("2026-03-03T10:00:00", 9, 9), None);
        assert_eq!(Progress { total: 4, finished: 1, ..Progress::default() }.ratio(), 0.25);
        assert_eq!(Progress::default().ratio(), 1.0);
    }
}
