//! When a report is made, which days it tells of, and when it is due.

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::calendar::Calendar;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each day.
    Day,
    /// Each week, from Monday to Sunday.
    Week,
    /// Each month.
    Month,
    /// Each quarter.
    Quarter,
    /// Each year.
    Year,
}

/// In which period a report is made.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// In the one it tells of.
    Same,
    /// In the one that follows.
    #[default]
    Next,
}

/// Which days a monthly report tells of.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PeriodWord {
    /// From the first to the last day of the calendar's month, quarter, year.
    #[default]
    Calendar,
    /// From the day on which the last one was made to the eve of this: 02-28 to 03-27.
    ToTheEve,
}

/// When a report is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Due {
    /// Day of the month; 0: none is named. In a shorter month its last day.
    pub day: i8,
    /// Whether that day itself still counts: "before the 30th" leaves it out.
    pub inclusive: bool,
    /// Days after it is made, where no day of the month is named; 0: the same day.
    pub days: i64,
    /// Days before the due day on which is reminded; 0: not at all.
    pub remind_days: i64,
}

/// When a report is made: the table `[schedule]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// How often.
    pub every: Every,
    /// Time of day: `08:00`.
    #[serde(default = "morning")]
    #[schemars(with = "String")]
    pub at: Time,
    /// In which period it is made.
    #[serde(default)]
    pub of: Of,
    /// On which day of it: 1 is the first day of month, quarter, year, or Monday; a day that it
    /// does not have is its last; 0 is its last.
    #[serde(default = "first")]
    pub day: i32,
    /// Which days it tells of.
    #[serde(default)]
    pub period: PeriodWord,
    /// When it is due; None: at the end of the day on which it is made.
    #[serde(default)]
    pub due: Option<Due>,
}

const fn morning() -> Time {
    Time::constant(8, 0, 0, 0)
}

const fn first() -> i32 {
    1
}

/// The days a report tells of, and its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// When it is made.
    pub made_at: Timestamp,
    /// When the last day on which it is in time ends.
    pub due_at: Timestamp,
    /// The last day on which it is in time.
    pub due: Date,
    /// The day on which is reminded.
    pub remind: Option<Date>,
}

impl Every {
    /// The first day of the period in which `day` lies.
    pub fn first(self, day: Date) -> Date {
        match self {
            Every::Day => day,
            Every::Week => {
                let back = i64::from(day.weekday().since(Weekday::Monday));
                day.checked_sub(back.days()).unwrap_or(day)
            }
            Every::Month => day.first_of_month(),
            Every::Quarter => {
                let month = (day.month() - 1) / 3 * 3 + 1;
                Date::new(day.year(), month, 1).unwrap_or(day)
            }
            Every::Year => day.first_of_year(),
        }
    }

    /// The first day of the period `count` periods later.
    pub fn later(self, first: Date, count: i32) -> Date {
        let span = match self {
            Every::Day => count.days(),
            Every::Week => count.weeks(),
            Every::Month => count.months(),
            Every::Quarter => (count * 3).months(),
            Every::Year => count.years(),
        };
        first.checked_add(span).unwrap_or(first)
    }

    /// The last day of the period that begins at `first`.
    pub fn last(self, first: Date) -> Date {
        self.later(first, 1).yesterday().unwrap_or(first)
    }
}

impl Schedule {
    /// The period in which `day` lies.
    pub fn period_of(&self, calendar: &Calendar, day: Date) -> Period {
        let first = self.every.first(day);
        let period = self.period_from(calendar, first);
        if self.period == PeriodWord::ToTheEve && day > period.to {
            return self.period_from(calendar, self.every.later(first, 1));
        }
        period
    }

    /// The newest period whose report is to be there at `now`; None: there is none yet.
    pub fn newest(&self, calendar: &Calendar, now: Timestamp) -> Option<Period> {
        let first = self.every.first(calendar.date(now));
        (-2..=0)
            .rev()
            .map(|back| self.period_from(calendar, self.every.later(first, back)))
            .find(|p| p.made_at <= now)
    }

    /// When the next report is made after `now`.
    pub fn next(&self, calendar: &Calendar, now: Timestamp) -> Timestamp {
        let first = self.every.first(calendar.date(now));
        let times = (-1..=1).map(|on| self.period_from(calendar, self.every.later(first, on)).made_at);
        times.filter(|at| *at > now).min().unwrap_or(now)
    }

    fn period_from(&self, calendar: &Calendar, first: Date) -> Period {
        let base = match self.of {
            Of::Same => first,
            Of::Next => self.every.later(first, 1),
        };
        let made = self.day_of(base);
        let (from, to) = match self.period {
            PeriodWord::Calendar => (first, self.every.last(first)),
            PeriodWord::ToTheEve => {
                (self.day_of(self.every.later(base, -1)), made.yesterday().unwrap_or(made))
            }
        };
        let due = self.due_day(made);
        let remind_days = self.due.map_or(0, |due| due.remind_days);
        Period {
            from,
            to,
            made_at: calendar.instant(made, self.at),
            due_at: calendar.end_of(due),
            due,
            remind: (remind_days > 0).then(|| due.checked_sub(remind_days.days()).unwrap_or(due)),
        }
    }

    /// The day of the period that begins at `base` on which the report is made.
    fn day_of(&self, base: Date) -> Date {
        let last = self.every.last(base);
        if self.day < 1 {
            return last;
        }
        base.checked_add((i64::from(self.day) - 1).days()).map_or(last, |day| day.min(last))
    }

    fn due_day(&self, made: Date) -> Date {
        let Some(due) = self.due else { return made };
        if due.day < 1 {
            return made.checked_add(due.days.days()).unwrap_or(made);
        }
        let day = if due.inclusive { due.day } else { due.day - 1 };
        // "Before the 30th" is in February its last day, which is before the 30th as well.
        let last = made.last_of_month();
        if day >= last.day() {
            last
        } else {
            Date::new(made.year(), made.month(), day.max(1)).unwrap_or(last)
        }
    }
}
