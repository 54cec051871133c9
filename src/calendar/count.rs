//! Counting with the calendar: anchor plus offset, rolled where it falls on a day off.

use jiff::ToSpan;
use jiff::civil::{Date, Time};

use super::{Calendar, DayKind, Edge, Moment, Offset, Roll, Sum, Unit};
use crate::base::Timestamp;

/// Days that are passed over when a date is rolled: no run of holidays is longer.
const MAX_ROLL: i32 = 60;

impl Calendar {
    /// `anchor` plus `offset`. Clock units give the exact moment; civil units give a day,
    /// of which `edge` names the end that is meant, or `time` the time.
    ///
    /// The anchor's own day is day 0, so working days are counted from the day after it.
    pub fn add(&self, anchor: Timestamp, offset: Offset, edge: Edge, time: Option<Time>) -> Moment {
        let mut sum = Sum::default();
        if !offset.unit.is_civil() {
            let minutes = i64::from(offset.amount) * if offset.unit == Unit::Hours { 60 } else { 1 };
            let at = Timestamp(anchor.0.saturating_add(minutes * 60_000));
            sum.note(format!("{} {} = {}", self.civil(anchor), plus(offset), self.civil(at)));
            return Moment { at, day: self.date(at), sum };
        }
        let day = self.add_days(self.date(anchor), offset, &mut sum);
        Moment { at: self.place(day, edge, time), day, sum }
    }

    /// `day` plus a civil `offset`; clock units are taken as no offset. Adds its steps to `sum`.
    pub fn add_days(&self, day: Date, offset: Offset, sum: &mut Sum) -> Date {
        let moved = match offset.unit {
            Unit::Days => day.checked_add(i64::from(offset.amount).days()),
            Unit::Months => day.checked_add(i64::from(offset.amount).months()),
            Unit::Years => day.checked_add(i64::from(offset.amount).years()),
            Unit::WorkingDays => Ok(self.working_days(day, offset.amount)),
            Unit::Minutes | Unit::Hours => Ok(day),
        }
        .unwrap_or(day);
        let clamped = matches!(offset.unit, Unit::Months | Unit::Years) && moved.day() != day.day();
        let note = if clamped { ", clamped to the last day of the month" } else { "" };
        if offset.amount == 0 {
            sum.note(format!("{day}"));
        } else {
            sum.note(format!("{day} {} = {moved}{note}", plus(offset)));
        }
        moved
    }

    /// `day`, moved to a working day where it is none.
    pub fn roll(&self, day: Date, roll: Roll, sum: &mut Sum) -> Date {
        let step = match roll {
            Roll::None => return day,
            Roll::Forward => 1,
            Roll::Back => -1,
        };
        let mut at = day;
        for _ in 0..MAX_ROLL {
            if self.is_working(at) {
                break;
            }
            at = at.checked_add(step.days()).unwrap_or(at);
        }
        if at != day {
            let what = match self.day(day) {
                DayKind::Holiday(name) => format!("a holiday ({name})"),
                DayKind::Freeze(name) => format!("closed ({name})"),
                _ => "a weekend day".into(),
            };
            let way = if step > 0 { "forward" } else { "back" };
            sum.note(format!("{day} is {what}, rolled {way} to {at}"));
        }
        at
    }

    /// The moment that a day, an end of it, or a time of it names.
    pub fn place(&self, day: Date, edge: Edge, time: Option<Time>) -> Timestamp {
        match (time, edge) {
            (Some(time), _) => self.instant(day, time),
            (None, Edge::Start) => self.start_of(day),
            (None, Edge::End) => self.end_of(day),
        }
    }

    fn working_days(&self, day: Date, amount: i32) -> Date {
        let step = if amount < 0 { -1 } else { 1 };
        let (mut at, mut left) = (day, amount.abs());
        // A year of holidays in a row ends the count: the calendar file is wrong then.
        let mut idle = 0;
        while left > 0 && idle < 366 {
            at = at.checked_add(step.days()).unwrap_or(at);
            if self.is_working(at) {
                left -= 1;
                idle = 0;
            } else {
                idle += 1;
            }
        }
        at
    }
}

fn plus(offset: Offset) -> String {
    let sign = if offset.amount < 0 { '-' } else { '+' };
    let amount = offset.amount.unsigned_abs();
    let word = match offset.unit {
        Unit::Minutes => "min",
        Unit::Hours => "h",
        Unit::Days => "days",
        Unit::WorkingDays => "working days",
        Unit::Months => "months",
        Unit::Years => "years",
    };
    let word = if amount == 1 { word.trim_end_matches('s') } else { word };
    format!("{sign} {amount} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        timezone = "Asia/Shanghai"
        [year.2026]
        off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆节" }]
        work = [{ day = "2026-10-10", name = "国庆节" }]
    "#;

    fn cn(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    }

    fn check(anchor: &str, offset: &str, edge: Edge, expect: &str) {
        let calendar = Calendar::parse(FILE).unwrap();
        let moment = calendar.add(cn(anchor), offset.parse().unwrap(), edge, None);
        assert_eq!(calendar.civil(moment.at), expect, "{anchor} {offset}: {}", moment.sum);
    }

    #[test]
    fn win_07_two_working_days_over_the_national_holiday() {
        check("2026-09-30T10:00", "2wd", Edge::End, "2026-10-10 00:00");
        check("2026-10-09T10:00", "1wd", Edge::Start, "2026-10-10 00:00");
        check("2026-10-08T10:00", "-1wd", Edge::Start, "2026-09-30 00:00");
    }

    #[test]
    fn sch_07_sch_08_months_and_years_are_clamped() {
        check("2026-08-31T15:00", "1mo", Edge::Start, "2026-09-30 00:00");
        check("2026-08-31T15:00", "3mo", Edge::Start, "2026-11-30 00:00");
        check("2026-08-31T15:00", "9mo", Edge::Start, "2027-05-31 00:00");
        check("2024-02-29T15:00", "1y", Edge::Start, "2025-02-28 00:00");
        check("2026-01-31T15:00", "1mo", Edge::End, "2026-03-01 00:00");
    }

    #[test]
    fn sch_04_hours_are_clock_hours() {
        check("2026-03-06T17:30", "48h", Edge::End, "2026-03-08 17:30");
        check("2026-03-03T14:02", "5min", Edge::Start, "2026-03-03 14:07");
    }

    #[test]
    fn a_roll_says_what_was_passed_over() {
        let calendar = Calendar::parse(FILE).unwrap();
        let mut sum = Sum::default();
        let day: Date = "2026-10-01".parse().unwrap();
        assert_eq!(calendar.roll(day, Roll::Forward, &mut sum).to_string(), "2026-10-08");
        assert_eq!(sum.to_string(), "2026-10-01 is a holiday (国庆节), rolled forward to 2026-10-08");
        assert_eq!(calendar.roll(day, Roll::Back, &mut Sum::default()).to_string(), "2026-09-30");
        assert_eq!(calendar.roll(day, Roll::None, &mut Sum::default()), day);
        let saturday: Date = "2026-10-10".parse().unwrap();
        assert_eq!(calendar.roll(saturday, Roll::Forward, &mut Sum::default()), saturday, "a make-up day");
    }
}
