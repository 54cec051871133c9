//! Which days are worked, and where a day begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::base::Timestamp;

/// What a day is to those who work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayKind {
    /// An ordinary working day.
    Work,
    /// A day of the weekend.
    Weekend,
    /// A statutory holiday, by name.
    Holiday(Arc<str>),
    /// A day of the weekend that is worked in exchange for a holiday, which is named.
    MakeUp(Arc<str>),
    /// A day the company itself closes: stocktaking, a move, a storm.
    Freeze(Arc<str>),
}

impl DayKind {
    /// Whether people work on such a day.
    pub const fn is_working(&self) -> bool {
        matches!(self, DayKind::Work | DayKind::MakeUp(_))
    }
}

/// The calendar file says nothing about this year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error(
    "the calendar has no holidays for {0}: weekends stand in for them; add [year.{0}] to the calendar file when the State Council has published it"
)]
pub struct MissingYear(pub i16);

/// Holidays, make-up working days, weekends and the zone in which days begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    pub(super) zone: TimeZone,
    /// Monday first.
    pub(super) weekend: [bool; 7],
    pub(super) years: BTreeSet<i16>,
    pub(super) off: BTreeMap<Date, Arc<str>>,
    pub(super) work: BTreeMap<Date, Arc<str>>,
    pub(super) freeze: BTreeMap<Date, Arc<str>>,
}

impl Calendar {
    /// No holidays; Saturday and Sunday are the weekend.
    pub fn plain(zone: TimeZone) -> Self {
        Calendar {
            zone,
            weekend: [false, false, false, false, false, true, true],
            years: BTreeSet::new(),
            off: BTreeMap::new(),
            work: BTreeMap::new(),
            freeze: BTreeMap::new(),
        }
    }

    /// What a day is.
    pub fn day(&self, day: Date) -> DayKind {
        if let Some(why) = self.freeze.get(&day) {
            return DayKind::Freeze(Arc::clone(why));
        }
        if let Some(name) = self.off.get(&day) {
            return DayKind::Holiday(Arc::clone(name));
        }
        if let Some(name) = self.work.get(&day) {
            return DayKind::MakeUp(Arc::clone(name));
        }
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
        if self.weekend[weekday] { DayKind::Weekend } else { DayKind::Work }
    }

    /// Whether people work on that day.
    pub fn is_working(&self, day: Date) -> bool {
        self.day(day).is_working()
    }

    /// The year, if the file says nothing about it.
    pub fn missing(&self, year: i16) -> Option<MissingYear> {
        (!self.years.contains(&year)).then_some(MissingYear(year))
    }

    /// The zone in which days begin.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The civil day that holds `at`.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_jiff().to_zoned(self.zone.clone()).date()
    }

    /// The moment at which `day` begins.
    pub fn start_of(&self, day: Date) -> Timestamp {
        self.instant(day, Time::midnight())
    }

    /// The moment at which `day` ends and the next begins: its 24:00.
    pub fn end_of(&self, day: Date) -> Timestamp {
        self.start_of(day.tomorrow().unwrap_or(day))
    }

    /// A time of a day. A time that a change of clocks skips is moved forward.
    pub fn instant(&self, day: Date, time: Time) -> Timestamp {
        self.zone
            .to_zoned(day.to_datetime(time))
            .map_or(Timestamp(i64::MAX), |zoned| Timestamp::from_jiff(zoned.timestamp()))
    }

    /// `at` in the calendar's zone, for people: `2026-03-03 15:00`.
    pub fn civil(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}
