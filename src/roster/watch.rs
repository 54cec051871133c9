//! A month whose roster is not there in time (003:131).

use jiff::ToSpan;
use jiff::civil::Date;

use super::month::Month;

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The month is near.
    Warning,
    /// It has begun.
    Alarm,
}

/// Months without a published roster of which somebody must be told on a day: the next one from
/// some days before its 1st on, the running one always.
pub fn missing(today: Date, warn_days: i64, is_published: impl Fn(Month) -> bool) -> Vec<(Month, Missing)> {
    let running = Month::of(today);
    let next = running.next();
    let near = next.first().checked_sub(warn_days.days()).is_ok_and(|from| today >= from);
    let mut found = Vec::new();
    if !is_published(running) {
        found.push((running, Missing::Alarm));
    }
    if near && !is_published(next) {
        found.push((next, Missing::Warning));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ros_01_a_missing_roster_warns_from_three_days_before_and_alarms_on_the_first() {
        let on = |day: &str, published: &[&str]| -> Vec<(String, Missing)> {
            let is = |month: Month| published.contains(&month.to_string().as_str());
            missing(day.parse().unwrap(), 3, is).into_iter().map(|(m, how)| (m.to_string(), how)).collect()
        };
        let march = ["2026-03"];
        assert_eq!(on("2026-03-28", &march), []);
        assert_eq!(on("2026-03-29", &march), [("2026-04".to_owned(), Missing::Warning)]);
        assert_eq!(on("2026-03-31", &march), [("2026-04".to_owned(), Missing::Warning)]);
        assert_eq!(on("2026-04-01", &march), [("2026-04".to_owned(), Missing::Alarm)]);
        assert_eq!(on("2026-03-30", &["2026-03", "2026-04"]), []);
    }
}
