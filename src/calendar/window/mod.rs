//! Calling windows: `"Mon-Fri 09:00-12:00,15:00-17:00"` in an IANA time zone.

mod days;
#[cfg(test)]
mod tests;
mod text;

pub use days::ClosedOn;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use super::Calendar;
use crate::base::Timestamp;
use days::{Days, Season};

/// Most time ranges in one set of windows: three a day for a week, written out, is 21.
pub const MAX_RANGES: usize = 64;

/// How far ahead an opening is looked for: beyond a year nobody waits for one.
const HORIZON_DAYS: i32 = 366;

/// Adjoining ranges that are followed to find where they end together.
const MAX_JOINED: usize = 32;

/// Minutes of a civil day.
const DAY_MINUTES: u16 = 24 * 60;

/// The text is not a window; says where and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WindowError(pub String);

/// One range of a day, on some days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    /// On which days it begins.
    days: Days,
    /// In which part of the year; None in all of it.
    season: Option<Season>,
    /// Minutes after midnight.
    start: u16,
    /// Minutes after the same midnight; above 24 hours where the range crosses midnight.
    end: u16,
}

/// A set of weekly windows in one time zone.
///
/// A range belongs to the day on which it begins: `Fri 22:00-06:00` reaches into Saturday,
/// and a holiday on Friday closes all of it. Ends are exclusive: at 12:00:00 a window
/// that ends at 12:00 is closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    ranges: Vec<Range>,
    zone: TimeZone,
    holidays: Arc<BTreeSet<Date>>,
    /// Runs of days that the text itself closes.
    frozen: Vec<(Date, Date)>,
    calendar: Option<(Arc<Calendar>, ClosedOn)>,
}

impl Windows {
    /// Reads windows such as `Mon-Fri 09:00-12:00,15:00-17:00`, `Sat,Sun 10:00-16:00`,
    /// `18:30-08:00` (every day, across midnight), `workday 09:00-18:00` (what the calendar
    /// calls one; Monday to Friday without a calendar), `summer 18:30-08:00 from 05-01 to 10-31`,
    /// or `closed 2026-06-30 to 2026-07-01`. An empty list is never open.
    pub fn parse<S: AsRef<str>>(windows: &[S], timezone: &str) -> Result<Self, WindowError> {
        let zone = TimeZone::get(timezone).map_err(|_| {
            WindowError(format!(
                "`{timezone}` is not an IANA time zone: write one such as Asia/Shanghai or Europe/Berlin"
            ))
        })?;
        let mut written = text::Written::default();
        for window in windows {
            text::read(window.as_ref(), &mut written)?;
        }
        let text::Written { ranges, frozen } = written;
        if ranges.len() > MAX_RANGES {
            return Err(WindowError(format!(
                "{} time ranges are given; at most {MAX_RANGES} may be",
                ranges.len()
            )));
        }
        Ok(Windows { ranges, zone, holidays: Arc::default(), frozen, calendar: None })
    }

    /// Open at every moment.
    pub fn always() -> Self {
        let every_day = Range { days: Days::Of([true; 7]), season: None, start: 0, end: DAY_MINUTES };
        Windows {
            ranges: vec![every_day],
            zone: TimeZone::UTC,
            holidays: Arc::default(),
            frozen: Vec::new(),
            calendar: None,
        }
    }

    /// The same windows, closed on these days.
    pub fn with_holidays(self, holidays: Arc<BTreeSet<Date>>) -> Self {
        Windows { holidays, ..self }
    }

    /// The same windows with what the calendar knows: `workday` means its working days, and
    /// its holidays, weekends and freezes close every window where `closed` says so.
    pub fn with_calendar(self, calendar: Arc<Calendar>, closed: ClosedOn) -> Self {
        Windows { calendar: Some((calendar, closed)), ..self }
    }

    /// Whether a call may be placed at `at`.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.end_around(at).is_some()
    }

    /// The first moment from `at` on at which a call may be placed; `at` itself if open.
    /// None if no window opens within a year.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        let mut day = self.date(at).checked_sub(1.day()).ok()?;
        for _ in 0..=HORIZON_DAYS {
            let first = self.on(day).filter(|(_, end)| *end > at).map(|(start, _)| start.max(at)).min();
            // A range of the next day can begin no earlier than one of this day that is still
            // to come, except across midnight, where both are open together.
            if first.is_some() {
                return first;
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// When the windows that are open at `at` close; None if closed. Windows that never
    /// close give a time some weeks ahead.
    pub fn closing(&self, at: Timestamp) -> Option<Timestamp> {
        let mut end = self.end_around(at)?;
        for _ in 0..MAX_JOINED {
            match self.end_around(end) {
                Some(later) => end = later,
                None => break,
            }
        }
        Some(end)
    }

    /// Local midnight before `at`: where the caps of a day begin.
    pub fn day_start(&self, at: Timestamp) -> Timestamp {
        self.instant(self.date(at), 0).unwrap_or(at)
    }

    /// Local midnight after `at`: where the caps of the next day begin.
    pub fn day_end(&self, at: Timestamp) -> Timestamp {
        self.instant(self.date(at), DAY_MINUTES).unwrap_or(at)
    }

    /// The moment at which the windows have been open for `open` since `at`: an estimate
    /// of the end of work leaves out closed hours. None beyond a year.
    pub fn after_open_time(&self, at: Timestamp, open: Duration) -> Option<Timestamp> {
        let mut left = i64::try_from(open.as_millis()).unwrap_or(i64::MAX);
        let mut from = at;
        // At most MAX_RANGES openings a week, for a year.
        for _ in 0..MAX_RANGES * 53 {
            let start = self.next_opening(from)?;
            let end = self.closing(start)?;
            if left <= end.millis_since(start) {
                return Some(Timestamp(start.0.saturating_add(left)));
            }
            left -= end.millis_since(start);
            from = end;
        }
        None
    }

    /// How long the windows were open between two moments, looking back at most a year.
    pub fn open_time(&self, from: Timestamp, to: Timestamp) -> Duration {
        let mut open = 0i64;
        let mut at = from;
        for _ in 0..MAX_RANGES * 53 {
            let Some(start) = self.next_opening(at).filter(|start| *start < to) else { break };
            let end = self.closing(start).unwrap_or(start).min(to);
            open = open.saturating_add(end.millis_since(start));
            if end >= to || end <= at {
                break;
            }
            at = end;
        }
        Duration::from_millis(open.max(0).unsigned_abs())
    }

    /// `at` in the zone of the windows, for people: `2026-03-03 15:00`.
    pub fn civil(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The time zone of the windows.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn date(&self, at: Timestamp) -> Date {
        at.to_jiff().to_zoned(self.zone.clone()).date()
    }

    /// The latest end of ranges that hold `at`.
    fn end_around(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.date(at);
        let yesterday = today.yesterday().unwrap_or(today);
        [yesterday, today]
            .into_iter()
            .flat_map(|day| self.on(day))
            .filter(|(start, end)| *start <= at && at < *end)
            .map(|(_, end)| end)
            .max()
    }

    /// The ranges that begin on `day`, as instants.
    fn on(&self, day: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let worked = self.day_is_open(day).then(|| self.is_worked(day));
        self.ranges.iter().filter_map(move |range| {
            let worked = worked?;
            if !range.days.holds(day, worked) || range.season.is_some_and(|season| !season.holds(day)) {
                return None;
            }
            let (start, end) = (self.instant(day, range.start)?, self.instant(day, range.end)?);
            // A change of clocks can swallow a range whole.
            (start < end).then_some((start, end))
        })
    }

    /// The instant `minutes` of civil time after the midnight that begins `day`. A time that
    /// a change of clocks skips is moved forward; one that comes twice is the first.
    fn instant(&self, day: Date, minutes: u16) -> Option<Timestamp> {
        let day = day.checked_add(Span::new().days(i32::from(minutes / DAY_MINUTES))).ok()?;
        let minutes = minutes % DAY_MINUTES;
        let time = Time::new((minutes / 60) as i8, (minutes % 60) as i8, 0, 0).ok()?;
        let zoned = self.zone.to_zoned(day.to_datetime(time)).ok()?;
        Some(Timestamp::from_jiff(zoned.timestamp()))
    }
}
