//! Dates and times as people and spreadsheets write them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::base::Timestamp;

/// Days that spreadsheets count from 1899-12-30: 1954 to 2119, so that neither a year nor a
/// price is taken for one.
const SERIAL: std::ops::RangeInclusive<f64> = 20_000.0..=80_000.0;
/// The day that spreadsheets call 0.
const SERIAL_ZERO: Date = jiff::civil::date(1899, 12, 30);
const SECONDS_A_DAY: f64 = 86_400.0;

/// A moment that was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// It; where only a day was written, its midnight.
    pub at: Timestamp,
    /// Whether a time of day was written.
    pub has_time: bool,
}

/// Reads `2026-3-2`, `2026/03/02 17:30`, `2026年3月2日 17时30分`, `20260302`, RFC 3339 with an
/// offset, or the count of days of a spreadsheet (`46083.729`), also in full-width digits.
/// Without an offset it is civil time in `zone`. The error says what to write.
pub fn read(text: &str, zone: &TimeZone) -> Result<Written, String> {
    let text = super::header::half_width(text);
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(Written { at: Timestamp::from_jiff(instant), has_time: true });
    }
    let bad = || format!("`{text}` is not a time: write 2026-03-03 or 2026-03-03 15:00");
    let (civil, has_time) = civil(&text).ok_or_else(bad)?;
    let zoned = zone.to_zoned(civil).map_err(|_| bad())?;
    Ok(Written { at: Timestamp::from_jiff(zoned.timestamp()), has_time })
}

fn civil(text: &str) -> Option<(DateTime, bool)> {
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.bytes().filter(|b| *b == b'.').count() < 2
    {
        return compact(text)
            .map(|date| (date.to_datetime(Time::midnight()), false))
            .or_else(|| serial(text));
    }
    let plain: String = text
        .chars()
        .map(|c| match c {
            '/' | '年' | '月' | '.' => '-',
            '日' | 'T' | '号' => ' ',
            '：' | '时' | '時' | '点' | '點' => ':',
            c => c,
        })
        .collect();
    let mut parts = plain.split_whitespace();
    let date = day(parts.next()?)?;
    let clock = match parts.next() {
        None => None,
        Some(text) => Some(time_of_day(text)?),
    };
    if parts.next().is_some() {
        return None;
    }
    Some((DateTime::from_parts(date, clock.unwrap_or(Time::midnight())), clock.is_some()))
}

fn day(text: &str) -> Option<Date> {
    let mut numbers = text.trim_end_matches('-').split('-').map(|p| p.parse::<i16>().ok());
    let (Some(Some(y)), Some(Some(m)), Some(Some(d)), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()
}

fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim_end_matches(['分', '秒']).replace('分', ":");
    // Spreadsheets write fractions of a second, whose point became a dash with those of the day.
    let text = match text.split_once('-') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => text.as_str(),
    };
    let mut clock = text.trim_end_matches(':').split(':').map(|p| p.parse::<i8>().ok());
    let h = clock.next().flatten()?;
    let (m, s) = (clock.next().unwrap_or(Some(0))?, clock.next().unwrap_or(Some(0))?);
    if clock.next().is_some() {
        return None;
    }
    Time::new(h, m, s, 0).ok()
}

/// `20260302`.
fn compact(text: &str) -> Option<Date> {
    if text.len() != 8 || text.contains('.') {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

/// Days and parts of a day since [`SERIAL_ZERO`].
fn serial(text: &str) -> Option<(DateTime, bool)> {
    let days: f64 = text.parse().ok()?;
    if !SERIAL.contains(&days) {
        return None;
    }
    let seconds = (days.fract() * SECONDS_A_DAY).round() as i64;
    let date = SERIAL_ZERO.checked_add(jiff::Span::new().days(days.trunc() as i64)).ok()?;
    let at = date.to_datetime(Time::midnight()).checked_add(jiff::Span::new().seconds(seconds)).ok()?;
    Some((at, text.contains('.') && seconds != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn dates_are_read_in_every_usual_form() {
        let midnight = 1_772_380_800_000; // 2026-03-02 in Shanghai
        for text in [
            "2026-3-2",
            "2026-03-02",
            "2026/03/02",
            "2026年3月2日",
            "2026年03月02号",
            "2026.3.2",
            "20260302",
            "46083",
            "２０２６－３－２",
        ] {
            let read = read(text, &shanghai()).unwrap();
            assert_eq!((read.at.0, read.has_time), (midnight, false), "{text}");
        }
        let half_past_five = midnight + (17 * 60 + 30) * 60_000;
        for text in [
            "2026/03/02 17:30",
            "2026-03-02 17:30:00",
            "2026-03-02 17:30:00.000",
            "2026年3月2日17时30分",
            "2026年3月2日 17:30",
            "2026-03-02T17:30:00",
            "2026-03-02T09:30:00Z",
            "46083.729166666664",
        ] {
            let read = read(text, &shanghai()).unwrap();
            assert_eq!((read.at.0, read.has_time), (half_past_five, true), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_says_what_to_write() {
        for text in [
            "",
            "tomorrow",
            "2026-02-30",
            "2026-13-1",
            "3-2",
            "12",
            "99999",
            "2026-3-2 25:00",
            "2026-3-2 1 2",
        ] {
            let said = read(text, &shanghai()).unwrap_err();
            assert!(said.contains("write 2026-03-03"), "{said}");
        }
    }
}
