//! On which days a range of a window begins.

use jiff::civil::Date;

use super::Windows;
use crate::calendar::DayKind;

/// On which days calls rest, beside those the text itself leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClosedOn {
    /// Statutory holidays.
    pub holidays: bool,
    /// Weekends; a make-up working day is no weekend.
    pub weekends: bool,
    /// Days on which the company itself is closed.
    pub freezes: bool,
}

/// Days of the week, or what the calendar works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// These, Monday first.
    Of([bool; 7]),
    /// Working days.
    Worked,
}

impl Days {
    /// Whether a range begins on `day`, which is worked or not.
    pub(super) fn holds(self, day: Date, worked: bool) -> bool {
        match self {
            Days::Of(days) => days[weekday(day)],
            Days::Worked => worked,
        }
    }
}

/// A part of every year, by month and day, both included; it may go over the new year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Season {
    pub(super) from: (i8, i8),
    pub(super) to: (i8, i8),
}

impl Season {
    pub(super) fn holds(self, day: Date) -> bool {
        let day = (day.month(), day.day());
        if self.from <= self.to {
            self.from <= day && day <= self.to
        } else {
            self.from <= day || day <= self.to
        }
    }
}

/// Monday is 0.
fn weekday(day: Date) -> usize {
    usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)
}

impl Windows {
    /// Whether any range may begin on `day`.
    pub(super) fn day_is_open(&self, day: Date) -> bool {
        if self.holidays.contains(&day) || self.frozen.iter().any(|(from, to)| *from <= day && day <= *to) {
            return false;
        }
        let Some((calendar, closed)) = &self.calendar else { return true };
        match calendar.day(day) {
            DayKind::Freeze(_) => !closed.freezes,
            DayKind::Holiday(_) => !closed.holidays,
            DayKind::Weekend => !closed.weekends,
            DayKind::Work | DayKind::MakeUp(_) => true,
        }
    }

    /// Whether people work on `day`: Monday to Friday where no calendar is known.
    pub(super) fn is_worked(&self, day: Date) -> bool {
        self.calendar.as_ref().map_or(weekday(day) < 5, |(calendar, _)| calendar.is_working(day))
    }
}
