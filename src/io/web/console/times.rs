//! Times as people read them, in the zone of the calendar.

use jiff::tz::TimeZone;

use super::lang::Lang;
use crate::base::Timestamp;

/// The present moment where the house is.
#[derive(Clone, Debug)]
pub(super) struct Times {
    pub now: Timestamp,
    pub zone: TimeZone,
    pub lang: Lang,
}

impl Times {
    fn civil(&self, at: i64) -> jiff::Zoned {
        let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone())
    }

    /// The present day there.
    pub fn today(&self) -> jiff::civil::Date {
        self.civil(self.now.0).date()
    }

    /// When the present day began.
    pub fn day_begins(&self) -> Timestamp {
        let first = self.today().to_zoned(self.zone.clone());
        Timestamp(first.map_or(self.now.0, |day| day.timestamp().as_millisecond()))
    }

    /// `09:03:21`.
    pub fn clock(&self, at: &i64) -> String {
        self.civil(*at).strftime("%H:%M:%S").to_string()
    }

    /// `2026-11-29 09:03:21`.
    pub fn whole(&self, at: i64) -> String {
        self.civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The same of what a template holds.
    pub fn moment(&self, at: &i64) -> String {
        self.whole(*at)
    }

    /// `09:03` on the present day, `11-28 09:03` on others.
    pub fn short(&self, at: &i64) -> String {
        let civil = self.civil(*at);
        let form = if civil.date() == self.today() { "%H:%M" } else { "%m-%d %H:%M" };
        civil.strftime(form).to_string()
    }

    /// How long ago, in the coarsest unit that says something: `3 min ago`, or the time where it is longer ago.
    pub fn ago(&self, at: i64) -> String {
        let seconds = (self.now.0 - at) / 1_000;
        match seconds {
            ..0 => self.short(&at),
            0..60 => self.lang.with("ago-seconds", "n", seconds).into_owned(),
            60..3_600 => self.lang.with("ago-minutes", "n", seconds / 60).into_owned(),
            3_600..21_600 => self.lang.with("ago-hours", "n", seconds / 3_600).into_owned(),
            _ => self.short(&at),
        }
    }

    /// A `<time>` element: relative to be read, absolute on hover and for programs.
    pub fn element(&self, at: &i64) -> String {
        let civil = self.civil(*at);
        let machine = civil.timestamp();
        format!("<time datetime=\"{machine}\" title=\"{}\">{}</time>", self.whole(*at), self.ago(*at))
    }

    /// `2026-11-29`, and the weekday in words.
    pub fn day(&self) -> String {
        let today = self.today();
        let weekday = self.lang.word("weekday", &today.weekday().to_monday_one_offset().to_string());
        format!("{today} {weekday}")
    }
}

/// `1:02:07` or `3:07` of milliseconds.
pub(super) fn length(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// `12,345`: people read figures of more than four digits in groups.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times() -> Times {
        // 2026-03-02 09:00 in Shanghai.
        Times {
            now: Timestamp(1_772_413_200_000),
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
            lang: Lang::English,
        }
    }

    #[test]
    fn times_are_those_of_the_calendars_zone_and_relative_while_that_helps() {
        let times = times();
        let now = times.now.0;
        assert_eq!(times.clock(&now), "09:00:00");
        assert_eq!(times.day(), "2026-03-02 Monday");
        assert_eq!(times.day_begins().0, now - 9 * 3_600_000);
        for (ago, expect) in [
            (5, "5 s ago"),
            (61, "1 min ago"),
            (3_700, "1 h ago"),
            (22_000, "02:53"),
            (90_000, "03-01 08:00"),
            (-60, "09:01"),
        ] {
            assert_eq!(times.ago(now - ago * 1_000), expect);
        }
        assert_eq!(
            times.element(&now),
            "<time datetime=\"2026-03-02T01:00:00Z\" title=\"2026-03-02 09:00:00\">0 s ago</time>"
        );
    }

    #[test]
    fn lengths_and_figures_are_grouped() {
        assert_eq!(
            (length(187_400), length(3_727_000), length(-1)),
            ("3:07".into(), "1:02:07".into(), "0:00".into())
        );
        assert_eq!(
            (grouped(999), grouped(1_000), grouped(-1_234_567)),
            ("999".into(), "1,000".into(), "-1,234,567".into())
        );
    }
}
