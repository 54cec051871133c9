//! `[[roster]]`: on-call rosters of a pack.

use std::time::Duration;

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::lower::Lowering;
use crate::roster::{self, Nights, Role, Season};

/// `[[roster]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Roster {
    /// Policy pack. Required, once each.
    pub pack: String,
    /// Title for people. Default `夜间救援`.
    pub title: String,
    /// The night in summer. Default `18:30-08:00`.
    pub summer: String,
    /// The night in winter. Default `17:00-08:00`.
    pub winter: String,
    /// First day of summer. Default `05-01`.
    pub summer_from: String,
    /// Last day of summer. Default `10-31`.
    pub summer_to: String,
    /// Roles that every night has, in the order in which they are called. Default all five.
    pub roles: Vec<Role>,
    /// How long one rings before the next is called. Default 20 s; 5 s to 2 min.
    pub ring: Span,
    /// Days before the 1st from which a missing roster is warned of. Default 3; 1 to 20.
    pub warn_days: i64,
    /// A post that is empty for so long is an alarm. Default 60 s; 10 s to 1 h.
    pub absent_after: Span,
    /// How long before their shift agents are to be there. Default 10 min; 0 to 2 h.
    pub present_before: Span,
    /// Callbacks by agents that are for nobody are shared out evenly among those who have a shift
    /// on their day. Default false.
    pub share_out: bool,
    /// Departments that get the roster, beside everybody in it. Default none.
    pub departments: Vec<String>,
}

impl Default for Roster {
    fn default() -> Self {
        let settings = roster::Settings::default();
        Roster {
            pack: String::new(),
            title: settings.title,
            summer: "18:30-08:00".into(),
            winter: "17:00-08:00".into(),
            summer_from: "05-01".into(),
            summer_to: "10-31".into(),
            roles: settings.roles,
            ring: Span(settings.ring),
            warn_days: settings.warn_days,
            absent_after: Span(settings.absent_after),
            present_before: Span(settings.present_before),
            share_out: false,
            departments: Vec::new(),
        }
    }
}

impl Lowering<'_> {
    pub(super) fn rosters(&mut self, raw: &[Roster]) -> Vec<roster::Settings> {
        let mut found: Vec<roster::Settings> = Vec::new();
        for (i, one) in raw.iter().enumerate() {
            if one.pack.is_empty() {
                self.wrong(format!("roster[{i}].pack"), "is missing: name a policy pack");
            } else if found.iter().any(|f| f.pack == one.pack) {
                self.wrong(format!("roster[{i}].pack"), format!("`{}` has a section already", one.pack));
            }
            let settings = self.roster(i, one);
            found.push(settings);
        }
        found
    }

    fn roster(&mut self, i: usize, raw: &Roster) -> roster::Settings {
        let key = |name: &str| format!("roster[{i}].{name}");
        if raw.roles.is_empty() {
            self.wrong(key("roles"), "a night without anybody needs no roster: name roles");
        }
        let from = self.day_of_year(&key("summer_from"), &raw.summer_from);
        let to = self.day_of_year(&key("summer_to"), &raw.summer_to);
        let summer = self.night(&key("summer"), &raw.summer);
        let winter = self.night(&key("winter"), &raw.winter);
        let season = |(starts, ends): (Time, Time), from, to| Season { from, to, starts, ends };
        let second = Span::seconds(1);
        roster::Settings {
            pack: raw.pack.clone(),
            title: raw.title.clone(),
            // What is no summer is winter.
            nights: Nights(vec![season(summer, from, to), season(winter, (1, 1), (12, 31))]),
            roles: raw.roles.clone(),
            chain: raw.roles.clone(),
            ring: self.span(&key("ring"), raw.ring, Span::seconds(5)..=Span::seconds(120), false),
            warn_days: self.number(&key("warn_days"), raw.warn_days, 1..=20),
            absent_after: self.span(
                &key("absent_after"),
                raw.absent_after,
                Span::seconds(10)..=Span::seconds(3_600),
                false,
            ),
            present_before: self.span(
                &key("present_before"),
                raw.present_before,
                second..=Span(Duration::from_secs(7_200)),
                true,
            ),
            share_out: raw.share_out,
            departments: raw.departments.clone(),
        }
    }

    fn night(&mut self, key: &str, text: &str) -> (Time, Time) {
        let read = text.split_once('-').and_then(|(from, to)| {
            Some((from.trim().parse::<Time>().ok()?, to.trim().parse::<Time>().ok()?))
        });
        read.unwrap_or_else(|| {
            self.wrong(key, format!("`{text}` is no night: write it as 18:30-08:00"));
            (Time::midnight(), Time::midnight())
        })
    }

    fn day_of_year(&mut self, key: &str, text: &str) -> (i8, i8) {
        // A leap year has every day.
        match format!("2024-{text}").parse::<jiff::civil::Date>() {
            Ok(day) => (day.month(), day.day()),
            Err(_) => {
                self.wrong(key, format!("`{text}` is no day of the year: write it as 05-01"));
                (1, 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{good, mistake};

    #[test]
    fn a_section_without_more_than_its_pack_is_the_default() {
        let loaded = good("[[roster]]\npack = \"repair_station_rescue\"\n");
        let found = &loaded.settings.rosters[0];
        let day = |text: &str| text.parse().unwrap();
        let starts = |text: &str| found.nights.season(day(text)).unwrap().starts.to_string();
        assert_eq!((starts("2026-07-01"), starts("2026-12-01")), ("18:30:00".into(), "17:00:00".into()));
        assert_eq!((found.ring.as_secs(), found.warn_days, found.roles.len()), (20, 3, 5));
    }

    #[test]
    fn mistakes_of_rosters_stand_where_they_are() {
        mistake("[[roster]]\ntitle = \"x\"\n", 1, &["roster[0].pack", "is missing"]);
        let with = |line: &str| format!("[[roster]]\npack = \"a\"\n{line}\n");
        mistake(&with("summer = \"evening\""), 3, &["18:30-08:00"]);
        mistake(&with("summer_from = \"31-05\""), 3, &["05-01"]);
        mistake(&with("roles = [\"cook\"]"), 3, &["unknown variant"]);
        mistake(&with("warn_days = 0"), 3, &["0 is not between 1 and 20"]);
        mistake(&(with("") + &with("")), 5, &["has a section already"]);
    }
}
