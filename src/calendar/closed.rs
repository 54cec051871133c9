//! The days on which windows stay closed.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::{Calendar, DayKind};

/// Weekends are closed up to here; a window is never looked for so far ahead.
const LAST_DAY: Date = date(2060, 12, 31);
/// And from here on.
const FIRST_DAY: Date = date(2020, 1, 1);

impl Calendar {
    /// Days on which a policy places no call: those the company itself closes, and holidays
    /// and weekends where it says so. A weekend day that is worked in exchange is no weekend.
    pub fn days_without_calls(&self, holidays: bool, weekends: bool) -> Arc<BTreeSet<Date>> {
        let mut days: BTreeSet<Date> = self.freeze.keys().copied().collect();
        if holidays {
            days.extend(self.off.keys().copied());
        }
        if weekends {
            // A holiday that falls on a weekend is both.
            let weekend = |day: &Date| {
                self.day(*day) == DayKind::Weekend || (self.off.contains_key(day) && self.is_weekend(*day))
            };
            days.extend(FIRST_DAY.series(1.day()).take_while(|day| *day <= LAST_DAY).filter(weekend));
        }
        Arc::new(days)
    }

    fn is_weekend(&self, day: Date) -> bool {
        self.weekend[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn win_07_holidays_weekends_and_make_up_days_are_told_apart() {
        let text = "[year.2026]\noff = [{ from = \"2026-10-01\", to = \"2026-10-07\", name = \"国庆节\" }]\n\
                    work = [{ day = \"2026-10-10\", name = \"国庆节\" }]\n\
                    [[freeze]]\nfrom = \"2026-10-12\"\nname = \"stocktaking\"\n";
        let calendar = Calendar::parse(text).unwrap();
        let closed = |holidays, weekends| {
            let days = calendar.days_without_calls(holidays, weekends);
            let october = (1..=14).map(|d| date(2026, 10, d)).filter(|d| days.contains(d));
            october.map(|d| d.day()).collect::<Vec<_>>()
        };
        assert_eq!(closed(false, false), [12], "what the company closes is closed for all");
        assert_eq!(closed(true, false), [1, 2, 3, 4, 5, 6, 7, 12]);
        assert_eq!(closed(false, true), [3, 4, 11, 12], "the 10th, a Saturday, is worked");
        assert_eq!(closed(true, true), [1, 2, 3, 4, 5, 6, 7, 11, 12]);
    }
}
