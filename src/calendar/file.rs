//! The calendar file: statutory holidays and make-up working days, year by year.
//!
//! ```toml
//! timezone = "Asia/Shanghai"
//! weekend = ["Sat", "Sun"]
//!
//! [year.2026]
//! off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆节" }]
//! work = [{ day = "2026-10-10", name = "国庆节" }]
//!
//! [[freeze]]
//! from = "2026-06-30"
//! to = "2026-06-30"
//! name = "stocktaking"
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Calendar;

/// Longest run of days one line may close.
const MAX_RUN: usize = 366;

/// The file is no calendar; says where and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CalendarError(pub String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default = "shanghai")]
    timezone: String,
    #[serde(default = "saturday_and_sunday")]
    weekend: Vec<String>,
    #[serde(default)]
    year: BTreeMap<String, Year>,
    #[serde(default)]
    freeze: Vec<Run>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Year {
    off: Vec<Run>,
    work: Vec<Day>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    from: String,
    to: Option<String>,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    day: String,
    name: String,
}

fn shanghai() -> String {
    "Asia/Shanghai".into()
}

fn saturday_and_sunday() -> Vec<String> {
    vec!["Sat".into(), "Sun".into()]
}

impl Calendar {
    /// Reads the calendar file. The error says which line or key is wrong.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let raw: Raw = toml::from_str(text).map_err(|e| CalendarError(e.to_string()))?;
        let zone = TimeZone::get(&raw.timezone)
            .map_err(|_| CalendarError(format!("timezone: `{}` is not an IANA time zone", raw.timezone)))?;
        let mut calendar = Calendar::plain(zone);
        calendar.weekend = weekend(&raw.weekend)?;
        for (year, days) in &raw.year {
            let number: i16 = year
                .parse()
                .ok()
                .filter(|y| (1970..=2200).contains(y))
                .ok_or_else(|| CalendarError(format!("[year.{year}]: `{year}` is not a year")))?;
            calendar.years.insert(number);
            read_year(&mut calendar, number, days)?;
        }
        for run in &raw.freeze {
            for day in run_of(run, "freeze")? {
                calendar.freeze.insert(day, Arc::from(run.name.as_str()));
            }
        }
        Ok(calendar)
    }

    /// The years about which the file speaks.
    pub fn years(&self) -> &BTreeSet<i16> {
        &self.years
    }
}

fn read_year(calendar: &mut Calendar, year: i16, days: &Year) -> Result<(), CalendarError> {
    let place = format!("[year.{year}]");
    for run in &days.off {
        for day in run_of(run, &place)? {
            if day.year() != year {
                return Err(CalendarError(format!(
                    "{place} off: {day} is not in {year}: put it under its own year"
                )));
            }
            calendar.off.insert(day, Arc::from(run.name.as_str()));
        }
    }
    for work in &days.work {
        let day = date(&work.day, &place)?;
        if let Some(name) = calendar.off.get(&day) {
            return Err(CalendarError(format!("{place} work: {day} is also off for {name}")));
        }
        if !calendar.weekend[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)] {
            return Err(CalendarError(format!(
                "{place} work: {day} is no weekend day, so it is worked anyway"
            )));
        }
        calendar.work.insert(day, Arc::from(work.name.as_str()));
    }
    Ok(())
}

fn run_of(run: &Run, place: &str) -> Result<Vec<Date>, CalendarError> {
    let from = date(&run.from, place)?;
    let to = run.to.as_deref().map_or(Ok(from), |to| date(to, place))?;
    if to < from {
        return Err(CalendarError(format!("{place}: {from} to {to} runs backwards")));
    }
    let days: Vec<Date> =
        from.series(jiff::ToSpan::days(1)).take_while(|d| *d <= to).take(MAX_RUN + 1).collect();
    if days.len() > MAX_RUN {
        return Err(CalendarError(format!("{place}: {from} to {to} is longer than a year")));
    }
    Ok(days)
}

fn date(text: &str, place: &str) -> Result<Date, CalendarError> {
    text.parse()
        .map_err(|_| CalendarError(format!("{place}: `{text}` is not a date: write it as 2026-10-01")))
}

fn weekend(names: &[String]) -> Result<[bool; 7], CalendarError> {
    let mut days = [false; 7];
    for name in names {
        let at = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .iter()
            .position(|day| name.to_lowercase().starts_with(day))
            .ok_or_else(|| CalendarError(format!("weekend: `{name}` is not a day: write Sat, Sun")))?;
        days[at] = true;
    }
    if days.iter().all(|day| *day) {
        return Err(CalendarError("weekend: all seven days are named, so nobody ever works".into()));
    }
    Ok(days)
}
