//! How much demand the bookings of the days to come foretell (REM-09).
//!
//! Additive pickup: what is booked for a day by now, and on top of it what was still to come at the
//! same distance before the same weekday, on the mean of the last weeks. Nothing is assumed of
//! growth or season; the figures can be added up by hand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// Weeks that are looked back at.
pub const WEEKS: i64 = 8;

/// One booking that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The day on which it was made.
    pub made: Date,
    /// The day for which it was made.
    pub day: Date,
    /// Shop, service, or both; empty: not told apart.
    pub group: String,
    /// Persons; 1 where nobody said.
    pub persons: u32,
}

/// What one day may bring to one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The day.
    pub day: Date,
    /// Shop, service, or both.
    pub group: String,
    /// Bookings by now.
    pub booked: u32,
    /// Their persons.
    pub persons: u32,
    /// Bookings that are to be expected in the end.
    pub expected: f64,
    /// Weeks on which the expectation rests; 0: on none, so that it is what is booked.
    pub weeks: u32,
}

/// The demand of each day and group in `[from, to]`; days and groups without any are left out.
pub fn demand(bookings: &[Booked], today: Date, from: Date, to: Date) -> Vec<Demand> {
    let groups: BTreeSet<&str> = bookings.iter().map(|b| b.group.as_str()).collect();
    let mut by_day: BTreeMap<(&str, Date), Vec<&Booked>> = BTreeMap::new();
    for booking in bookings {
        by_day.entry((&booking.group, booking.day)).or_default().push(booking);
    }
    let first = bookings.iter().map(|b| b.made).min().unwrap_or(today);
    let mut found = Vec::new();
    let mut day = from;
    while day <= to {
        for group in &groups {
            let here = by_day.get(&(*group, day)).map_or(&[][..], Vec::as_slice);
            let pickups = pickups(&by_day, group, day, today, first);
            let mean = match pickups.len() {
                0 => 0.0,
                weeks => f64::from(pickups.iter().sum::<u32>()) / weeks as f64,
            };
            let booked = u32::try_from(here.len()).unwrap_or(u32::MAX);
            let expected = f64::from(booked) + mean;
            if expected > 0.0 {
                let (persons, weeks) = (here.iter().map(|b| b.persons).sum(), pickups.len() as u32);
                found.push(Demand { day, group: (*group).to_owned(), booked, persons, expected, weeks });
            }
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    found
}

/// What was still to come for the same weekday of each week before, so long before it.
fn pickups(
    by_day: &BTreeMap<(&str, Date), Vec<&Booked>>,
    group: &str,
    day: Date,
    today: Date,
    first: Date,
) -> Vec<u32> {
    if day <= today {
        return Vec::new();
    }
    let ahead: Span = (day - today).get_days().days();
    let mut found = Vec::new();
    for week in 1..=WEEKS + i64::from(ahead.get_days()) / 7 {
        let Ok(before) = day.checked_sub((7 * week).days()) else { break };
        let Ok(as_of) = before.checked_sub(ahead) else { break };
        // A day that is not over yet, or before anybody booked, tells nothing.
        if before >= today {
            continue;
        }
        if as_of < first || found.len() as i64 == WEEKS {
            break;
        }
        let there = by_day.get(&(group, before)).map_or(&[][..], Vec::as_slice);
        let later = there.iter().filter(|b| b.made > as_of).count();
        found.push(u32::try_from(later).unwrap_or(u32::MAX));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn booked(made: Date, day: Date, group: &str, persons: u32) -> Booked {
        Booked { made, day, group: group.into(), persons }
    }

    #[test]
    fn rem_09_what_is_booked_and_what_usually_still_comes() {
        let today = date(2026, 3, 4);
        let friday = date(2026, 3, 6);
        let mut bookings =
            vec![booked(date(2026, 3, 3), friday, "南山店", 4), booked(today, friday, "南山店", 2)];
        // The Fridays before: of the first, two came in its last two days; of the second, four; of the
        // third, which nobody booked, none.
        for (friday, late) in [(date(2026, 2, 27), 2), (date(2026, 2, 20), 4)] {
            bookings.push(booked(date(2026, 2, 10), friday, "南山店", 2));
            for _ in 0..late {
                bookings.push(booked(friday.yesterday().unwrap(), friday, "南山店", 2));
            }
        }
        bookings.push(booked(today, friday, "福田店", 8));
        let told = demand(&bookings, today, friday, friday);
        assert_eq!(told.len(), 2, "{told:?}");
        let nanshan = told.iter().find(|d| d.group == "南山店").unwrap();
        assert_eq!((nanshan.booked, nanshan.persons, nanshan.weeks), (2, 6, 3));
        assert!((nanshan.expected - 4.0).abs() < 1e-9, "2 and the mean of 2, 4 and none: {nanshan:?}");
        let futian = told.iter().find(|d| d.group == "福田店").unwrap();
        assert_eq!((futian.booked, futian.expected), (1, 1.0), "nothing came late there");
        let past = demand(&bookings, today, date(2026, 2, 27), date(2026, 2, 27));
        assert_eq!((past[0].booked, past[0].expected), (3, 3.0), "a day that is over is what it was");
    }
}
