//! The roster of a month, and what is missing in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::role::Role;

/// A month: `2026-07`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month that holds a day.
    pub fn of(day: Date) -> Month {
        Month { first: day.first_of_month() }
    }

    /// Its first day.
    pub fn first(self) -> Date {
        self.first
    }

    /// The month after it.
    pub fn next(self) -> Month {
        Month::of(self.first.last_of_month().tomorrow().unwrap_or(self.first))
    }

    /// Its days.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.first.series(jiff::ToSpan::days(1)).take(self.first.days_in_month().unsigned_abs().into())
    }

    /// Whether it holds the day.
    pub fn holds(self, day: Date) -> bool {
        Month::of(day) == self
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Month, String> {
        let whole = || format!("{text}-01").parse::<Date>().ok().filter(|_| text.len() == 7);
        whole().map(Month::of).ok_or_else(|| format!("`{text}` is no month: write it as 2026-07"))
    }
}

/// Somebody who can be called.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Telephone number; may be empty.
    pub phone: String,
    /// Extension of our own, such as `801`; it is called before the number. May be empty.
    pub extension: String,
}

/// One person in one role of one night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// The day on whose evening the night begins.
    pub date: Date,
    /// The role.
    pub role: Role,
    /// Who.
    pub person: Person,
}

/// A role that nobody has in a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The night.
    pub date: Date,
    /// The role.
    pub role: Role,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.date, self.role.title(), self.role)
    }
}

/// What is missing: every role in every night of the month (ROS-01).
pub fn gaps(month: Month, roles: &[Role], duties: &[Duty]) -> Vec<Gap> {
    let held: BTreeSet<(Date, Role)> =
        duties.iter().filter(|d| !d.person.name.trim().is_empty()).map(|d| (d.date, d.role)).collect();
    let all = month.days().flat_map(|date| roles.iter().map(move |role| Gap { date, role: *role }));
    all.filter(|gap| !held.contains(&(gap.date, gap.role))).collect()
}

/// Everybody of a roster with their nights and roles, by name.
pub(super) fn nights_of(duties: &[Duty]) -> BTreeMap<&str, Vec<(Date, Role)>> {
    let mut found: BTreeMap<&str, Vec<(Date, Role)>> = BTreeMap::new();
    for duty in duties {
        found.entry(duty.person.name.as_str()).or_default().push((duty.date, duty.role));
    }
    found
}

impl Duty {
    /// What everybody of a roster is told: `07-01 带班领导、07-08 带班领导`, by name.
    pub fn told(duties: &[Duty]) -> BTreeMap<String, String> {
        let line =
            |(date, role): &(Date, Role)| format!("{:02}-{:02} {}", date.month(), date.day(), role.title());
        let all = nights_of(duties).into_iter();
        all.map(|(name, nights)| (name.to_owned(), nights.iter().map(line).collect::<Vec<_>>().join("、")))
            .collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Every role of every night, each with a person of its own.
    pub(in super::super) fn full(month: Month) -> Vec<Duty> {
        let duty = |date: Date, role: Role, n: usize| {
            let name = format!("{}{}", role.title(), date.day() % 2);
            let person = Person { name, phone: format!("1380000{:04}", n), extension: String::new() };
            Duty { date, role, person }
        };
        month
            .days()
            .flat_map(|date| Role::ALL.into_iter().enumerate().map(move |(n, role)| duty(date, role, n)))
            .collect()
    }

    #[test]
    fn ros_01_a_night_without_its_driver_is_named_with_date_and_role() {
        let month: Month = "2026-04".parse().unwrap();
        let mut duties = full(month);
        assert_eq!(duties.len(), 150);
        assert_eq!(gaps(month, &Role::ALL, &duties), []);
        duties.retain(|d| !(d.date.day() == 17 && d.role == Role::Driver));
        let found = gaps(month, &Role::ALL, &duties);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].to_string(), "2026-04-17 驾驶员 (driver)");
        assert_eq!(gaps(month, &[Role::Leader], &duties), [], "where only a leader is wanted");
    }

    #[test]
    fn months_are_read_and_counted() {
        let december: Month = "2026-12".parse().unwrap();
        assert_eq!((december.next().to_string(), december.days().count()), ("2027-01".to_owned(), 31));
        assert_eq!("2024-02".parse::<Month>().unwrap().days().count(), 29);
        for wrong in ["2026", "2026-13", "2026-1", "July"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
        let told = Duty::told(&full("2026-02".parse().unwrap()));
        assert!(told["驾驶员1"].starts_with("02-01 驾驶员、02-03 驾驶员"), "{}", told["驾驶员1"]);
    }
}
