//! When night is: by season, across midnight.

use jiff::civil::{Date, Time};

use crate::base::Timestamp;
use crate::calendar::Calendar;

/// Part of the year with its night, both days inclusive as (month, day).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Season {
    /// First day.
    pub from: (i8, i8),
    /// Last day; before `from`, it lies in the next year.
    pub to: (i8, i8),
    /// When the night begins.
    pub starts: Time,
    /// When it ends; not after `starts`, on the next day.
    pub ends: Time,
}

/// The nights of the year. The first season that holds a day counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nights(pub Vec<Season>);

impl Default for Nights {
    /// 003:132: 18:30 in summer, 17:00 in winter, until 08:00. That summer is May to October is
    /// ours.
    fn default() -> Self {
        let season = |from, to, hour, minute| Season {
            from,
            to,
            starts: Time::constant(hour, minute, 0, 0),
            ends: Time::constant(8, 0, 0, 0),
        };
        Nights(vec![season((5, 1), (10, 31), 18, 30), season((11, 1), (4, 30), 17, 0)])
    }
}

impl Nights {
    /// The season of the evening of a day.
    pub fn season(&self, day: Date) -> Option<&Season> {
        let at = (day.month(), day.day());
        self.0.iter().find(|season| match season.from <= season.to {
            true => (season.from..=season.to).contains(&at),
            false => at >= season.from || at <= season.to,
        })
    }

    /// When the night of a day begins and ends.
    pub fn hours(&self, calendar: &Calendar, day: Date) -> Option<(Timestamp, Timestamp)> {
        let season = self.season(day)?;
        let last = if season.ends > season.starts { day } else { day.tomorrow().ok()? };
        Some((calendar.instant(day, season.starts), calendar.instant(last, season.ends)))
    }

    /// The day whose night holds this moment, and when that night ends; None by day.
    pub fn night_of(&self, calendar: &Calendar, at: Timestamp) -> Option<(Date, Timestamp)> {
        let today = calendar.date(at);
        [today.yesterday().ok(), Some(today)].into_iter().flatten().find_map(|day| {
            let (starts, ends) = self.hours(calendar, day)?;
            (starts <= at && at < ends).then_some((day, ends))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ros_02_two_in_the_morning_belongs_to_the_night_before() {
        let calendar = Calendar::plain(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let nights = Nights::default();
        let night = |text: &str| {
            let civil: jiff::civil::DateTime = text.parse().unwrap();
            let at = Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp());
            nights.night_of(&calendar, at).map(|(day, _)| day.to_string()).unwrap_or_default()
        };
        assert_eq!(night("2026-07-01 18:29"), "");
        assert_eq!(night("2026-07-01 18:30"), "2026-07-01");
        assert_eq!(night("2026-07-01 23:10"), "2026-07-01");
        assert_eq!(night("2026-07-02 02:00"), "2026-07-01");
        assert_eq!(night("2026-07-02 08:00"), "");
        assert_eq!(night("2026-12-31 17:00"), "2026-12-31", "winter begins earlier");
        assert_eq!(night("2027-01-01 07:59"), "2026-12-31");
        assert_eq!(night("2026-04-30 17:00"), "2026-04-30");
        assert_eq!(night("2026-05-01 17:00"), "", "the first evening of summer");
        assert_eq!(night("2026-05-01 07:00"), "2026-04-30");
    }
}
