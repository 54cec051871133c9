//! The text form of windows.

use unicode_normalization::UnicodeNormalization;

use jiff::civil::Date;

use super::days::{Days, Season};
use super::{DAY_MINUTES, Range, WindowError};

/// English and Chinese names of the days, Monday first.
const DAYS: [[&str; 4]; 7] = [
    ["mon", "monday", "周一", "星期一"],
    ["tue", "tuesday", "周二", "星期二"],
    ["wed", "wednesday", "周三", "星期三"],
    ["thu", "thursday", "周四", "星期四"],
    ["fri", "friday", "周五", "星期五"],
    ["sat", "saturday", "周六", "星期六"],
    ["sun", "sunday", "周日", "星期日"],
];

/// Names of seasons. They say nothing by themselves: the dates behind `from` do (X36).
const SEASONS: [&str; 8] = ["summer", "winter", "spring", "autumn", "夏季", "冬季", "春季", "秋季"];

/// What the texts say.
#[derive(Default)]
pub(super) struct Written {
    /// Open times.
    pub ranges: Vec<Range>,
    /// First and last days of runs that are closed.
    pub frozen: Vec<(Date, Date)>,
}

/// Reads one text, which may hold several windows with `;` between them.
pub(super) fn read(text: &str, into: &mut Written) -> Result<(), WindowError> {
    let plain: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let plain = plain.replace(['\u{2013}', '\u{2014}', '~', '至'], "-").replace('、', ",");
    for window in plain.split(';').map(str::trim).filter(|w| !w.is_empty()) {
        one(window, into).map_err(|problem| WindowError(format!("`{}`: {problem}", text.trim())))?;
    }
    if plain.trim().is_empty() {
        return Err(WindowError("the window is empty: write one such as `Mon-Fri 09:00-12:00`".into()));
    }
    Ok(())
}

fn one(window: &str, into: &mut Written) -> Result<(), String> {
    if let Some(dates) = window.strip_prefix("closed") {
        into.frozen.push(run(dates.trim())?);
        return Ok(());
    }
    let (window, season) = season(window)?;
    let times_at = window.find(|c: char| c.is_ascii_digit()).unwrap_or(window.len());
    let (days, times) = window.split_at(times_at);
    let days = days_of(days.trim())?;
    if times.is_empty() {
        return Err("the times are missing: write them as 09:00-12:00".into());
    }
    for range in times.split(',') {
        let range = range.trim();
        let (from, to) = range
            .split_once('-')
            .ok_or_else(|| format!("`{range}` is not a time range: write it as 09:00-12:00"))?;
        let (start, mut end) = (minutes(from)?, minutes(to)?);
        if start == end {
            return Err(format!("`{range}` has no length: write 00:00-24:00 for the whole day"));
        }
        if start == DAY_MINUTES {
            return Err(format!("`{range}` begins at 24:00: write 00:00"));
        }
        if end < start {
            end += DAY_MINUTES;
        }
        into.ranges.push(Range { days, season, start, end });
    }
    Ok(())
}

/// Takes `summer` and `from 05-01 to 10-31` off a window.
fn season(window: &str) -> Result<(&str, Option<Season>), String> {
    let named = SEASONS.iter().find(|name| window.starts_with(**name));
    let plain = named.map_or(window, |name| window[name.len()..].trim_start());
    match plain.split_once("from").or_else(|| plain.split_once('从')) {
        Some((times, dates)) => {
            let (from, to) = dates
                .split_once("to")
                .or_else(|| dates.split_once('到'))
                .ok_or("the last day is missing: write from 05-01 to 10-31")?;
            let season = Season { from: month_day(from)?, to: month_day(to)? };
            Ok((times.trim_end(), Some(season)))
        }
        None => match named {
            Some(name) => Err(format!("`{name}` has no dates: write from 05-01 to 10-31 behind the times")),
            None => Ok((plain, None)),
        },
    }
}

/// `05-01` to month and day.
fn month_day(text: &str) -> Result<(i8, i8), String> {
    let text = text.trim();
    let bad = || format!("`{text}` is not a day of the year: write month and day as 05-01");
    let (month, day) = text.split_once('-').ok_or_else(bad)?;
    let (month, day): (i8, i8) = (month.parse().map_err(|_| bad())?, day.parse().map_err(|_| bad())?);
    // 2024 is a leap year, so that 29 February may begin or end a season.
    Date::new(2024, month, day).map(|_| (month, day)).map_err(|_| bad())
}

/// `2026-06-30` or `2026-06-30 to 2026-07-01`.
fn run(text: &str) -> Result<(Date, Date), String> {
    let date = |text: &str| -> Result<Date, String> {
        let text = text.trim();
        text.parse().map_err(|_| format!("`{text}` is not a date: write closed 2026-06-30"))
    };
    let (from, to) = text.split_once("to").or_else(|| text.split_once('到')).unwrap_or((text, text));
    let (from, to) = (date(from)?, date(to)?);
    if to < from {
        return Err(format!("closed from {from} to {to} runs backwards"));
    }
    Ok((from, to))
}

fn days_of(text: &str) -> Result<Days, String> {
    match text {
        "" | "daily" | "every day" | "每天" | "每日" => return Ok(Days::Of([true; 7])),
        "workday" | "workdays" | "工作日" => return Ok(Days::Worked),
        _ => {}
    }
    let mut days = [false; 7];
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (from, to) = match part.split_once('-') {
            Some((from, to)) => (day(from)?, day(to)?),
            None => (day(part)?, day(part)?),
        };
        let mut at = from;
        loop {
            days[at] = true;
            if at == to {
                break;
            }
            at = (at + 1) % 7;
        }
    }
    Ok(Days::Of(days))
}

fn day(word: &str) -> Result<usize, String> {
    let word = word.trim();
    let word = if word == "星期天" || word == "周天" { "周日" } else { word };
    DAYS.iter()
        .position(|names| names.contains(&word))
        .ok_or_else(|| format!("`{word}` is not a day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun"))
}

/// `9:00`, `09:00`, `24:00` to minutes after midnight.
fn minutes(text: &str) -> Result<u16, String> {
    let text = text.trim();
    let bad = || format!("`{text}` is not a time: write hours and minutes from 00:00 to 24:00");
    let (hours, minutes) = text.split_once(':').ok_or_else(bad)?;
    let number = |part: &str, len: std::ops::RangeInclusive<usize>| {
        (len.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u16>().ok())
            .flatten()
    };
    match (number(hours, 1..=2), number(minutes, 2..=2)) {
        (Some(h), Some(m)) if m < 60 && h * 60 + m <= DAY_MINUTES => Ok(h * 60 + m),
        _ => Err(bad()),
    }
}
