//! How often one number is called at most. Counted over all campaigns and numbers shown, and
//! agents' calls with them, for it is one telephone that rings.

use jiff::ToSpan;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use super::pack::Caps;
use super::{Reason, code};
use crate::base::Timestamp;
use crate::calendar::Windows;

const MINUTES_5_MS: i64 = 5 * 60_000;
const HOURS_24_MS: i64 = 24 * 3_600_000;

/// How far back calls to a number matter: a week from Monday, and a day for zones.
pub const CALLS_MATTER_MS: i64 = 8 * HOURS_24_MS;

/// Highest cap: so many calls of a number are remembered with each entry that is due.
pub const MAX_CAP: u32 = 1_000;

/// Sets of caps by a word, beside those a campaign names itself; the stricter holds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CapPreset {
    /// None besides the campaign's own.
    #[default]
    None,
    /// 3 calls to a number a day and in any 24 hours, 8 a week, 1 in any 5 minutes. Chinese
    /// carriers watch for a number that is called again and again and publish no common
    /// figures; these are ours, at the strict end of what their resellers ask for.
    CarrierCn,
}

impl CapPreset {
    /// The caps it stands for.
    pub const fn caps(self) -> Caps {
        match self {
            CapPreset::None => Caps::NONE,
            CapPreset::CarrierCn => Caps { day: 3, week: 8, hours_24: 3, minutes_5: 1 },
        }
    }
}

/// What a cap counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapSpan {
    /// Any 5 minutes.
    Minutes5,
    /// Any 24 hours.
    Hours24,
    /// A calendar day.
    Day,
    /// A week from Monday.
    Week,
}

impl CapSpan {
    /// The stable word of its reason.
    pub const fn code(self) -> &'static str {
        match self {
            CapSpan::Minutes5 => code::CAP_5_MINUTES,
            CapSpan::Hours24 => code::CAP_24_HOURS,
            CapSpan::Day => code::DAILY_CAP,
            CapSpan::Week => code::WEEKLY_CAP,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            CapSpan::Minutes5 => "in 5 minutes",
            CapSpan::Hours24 => "in 24 hours",
            CapSpan::Day => "today",
            CapSpan::Week => "this week",
        }
    }
}

/// One cap at one moment: at most so many calls since then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapWindow {
    /// What it counts over.
    pub span: CapSpan,
    /// Calls from this moment on count.
    pub since: Timestamp,
    /// So many may be there after the next.
    pub most: u32,
}

impl CapWindow {
    /// What speaks against one more call after those of these times; None: nothing.
    pub fn objection(&self, calls: &[Timestamp]) -> Option<Reason> {
        let made = calls.iter().filter(|at| **at >= self.since).count();
        (made >= usize::try_from(self.most).unwrap_or(usize::MAX)).then(|| {
            let detail = format!("{made} of {} calls to this number {}", self.most, self.span.words());
            Reason::new(self.span.code(), detail)
        })
    }

    /// When a call is allowed again that is not at `now`, by this cap alone.
    fn free_at(&self, now: Timestamp, windows: &Windows, calls: &[Timestamp]) -> Timestamp {
        let length = match self.span {
            CapSpan::Day => return windows.day_end(now),
            CapSpan::Week => return monday(windows, now, 1).unwrap_or_else(|| windows.day_end(now)),
            CapSpan::Hours24 => HOURS_24_MS,
            CapSpan::Minutes5 => MINUTES_5_MS,
        };
        let mut counted: Vec<Timestamp> = calls.iter().copied().filter(|at| *at >= self.since).collect();
        counted.sort_unstable_by(|a, b| b.cmp(a));
        // The call that makes room by growing old. One from the future, where the clock was
        // set back, holds up as long as one of this moment.
        let last = usize::try_from(self.most).unwrap_or(usize::MAX).saturating_sub(1);
        let makes_room = counted.get(last).copied().unwrap_or(now).min(now);
        Timestamp(makes_room.0.saturating_add(length))
    }
}

impl Caps {
    /// No caps.
    pub const NONE: Caps = Caps { day: 0, week: 0, hours_24: 0, minutes_5: 0 };

    /// Of each cap the stricter.
    pub fn and(self, other: Caps) -> Caps {
        let stricter = |a: u32, b: u32| if a == 0 || b == 0 { a.max(b) } else { a.min(b) };
        Caps {
            day: stricter(self.day, other.day),
            week: stricter(self.week, other.week),
            hours_24: stricter(self.hours_24, other.hours_24),
            minutes_5: stricter(self.minutes_5, other.minutes_5),
        }
    }

    /// What is counted at `now`; days and weeks begin in the zone of the windows.
    pub fn at(&self, now: Timestamp, windows: &Windows) -> Vec<CapWindow> {
        let ago = |ms: i64| Timestamp(now.0.saturating_sub(ms).saturating_add(1));
        let monday = || monday(windows, now, 0).unwrap_or_else(|| windows.day_start(now));
        [
            (CapSpan::Week, self.week, &monday as &dyn Fn() -> Timestamp),
            (CapSpan::Day, self.day, &|| windows.day_start(now)),
            (CapSpan::Hours24, self.hours_24, &|| ago(HOURS_24_MS)),
            (CapSpan::Minutes5, self.minutes_5, &|| ago(MINUTES_5_MS)),
        ]
        .into_iter()
        .filter(|(_, most, _)| *most > 0)
        .map(|(span, most, since)| CapWindow { span, since: since(), most })
        .collect()
    }

    /// The cap that forbids a call at `now` longest, and until when; None: none does.
    pub fn forbid(
        &self,
        now: Timestamp,
        windows: &Windows,
        calls: &[Timestamp],
    ) -> Option<(Timestamp, Reason)> {
        self.at(now, windows)
            .into_iter()
            .filter_map(|cap| Some((cap.free_at(now, windows, calls), cap.objection(calls)?)))
            .max_by_key(|(until, _)| *until)
    }
}

/// The Monday that begins the week of `at`, or one some weeks later, in the zone of the windows.
fn monday(windows: &Windows, at: Timestamp, weeks: i64) -> Option<Timestamp> {
    let zone = windows.zone();
    let today = at.to_jiff().to_zoned(zone.clone()).date();
    let back = i64::from(today.weekday().to_monday_zero_offset());
    let day = today.checked_add((7 * weeks - back).days()).ok()?;
    let zoned = zone.to_zoned(day.to_datetime(Time::midnight())).ok()?;
    Some(Timestamp::from_jiff(zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cn(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp::from_jiff(civil.in_tz("Asia/Shanghai").unwrap().timestamp())
    }

    /// 2026-10-08 is a Thursday.
    fn check(caps: Caps, now: &str, calls: &[&str], expect: Option<(&str, &str)>) {
        let windows = Windows::parse(&["00:00-24:00"], "Asia/Shanghai").unwrap();
        let calls: Vec<Timestamp> = calls.iter().map(|at| cn(at)).collect();
        let found = caps.forbid(cn(now), &windows, &calls);
        let found = found.map(|(until, because)| (because.code, until));
        assert_eq!(found, expect.map(|(code, until)| (code.to_owned(), cn(until))), "{caps:?} at {now}");
    }

    const DAY: Caps = Caps { day: 2, ..Caps::NONE };
    const WEEK: Caps = Caps { week: 2, ..Caps::NONE };
    const HOURS: Caps = Caps { hours_24: 2, ..Caps::NONE };
    const MINUTES: Caps = Caps { minutes_5: 1, ..Caps::NONE };

    #[test]
    fn win_04_a_day_ends_at_local_midnight() {
        let two = ["2026-10-08T09:00:00", "2026-10-08T10:00:00"];
        check(DAY, "2026-10-08T10:00:01", &two[..1], None);
        check(DAY, "2026-10-08T10:00:01", &two, Some(("daily_cap", "2026-10-09T00:00:00")));
        check(DAY, "2026-10-08T23:59:59", &two, Some(("daily_cap", "2026-10-09T00:00:00")));
        check(DAY, "2026-10-09T00:00:00", &two, None);
    }

    #[test]
    fn win_04_a_week_begins_on_monday() {
        let two = ["2026-10-05T09:00:00", "2026-10-07T10:00:00"];
        check(WEEK, "2026-10-08T10:00:00", &two[1..], None);
        check(WEEK, "2026-10-08T10:00:00", &two, Some(("weekly_cap", "2026-10-12T00:00:00")));
        check(WEEK, "2026-10-11T23:59:59", &two, Some(("weekly_cap", "2026-10-12T00:00:00")));
        check(WEEK, "2026-10-12T00:00:00", &two, None);
        check(WEEK, "2026-10-08T10:00:00", &["2026-10-04T23:59:59", "2026-10-07T10:00:00"], None);
    }

    #[test]
    fn win_04_24_hours_and_5_minutes_go_with_the_clock() {
        let two = ["2026-10-07T15:00:00", "2026-10-08T09:00:00"];
        check(HOURS, "2026-10-08T10:00:00", &two, Some(("cap_24_hours", "2026-10-08T15:00:00")));
        check(HOURS, "2026-10-08T14:59:59", &two, Some(("cap_24_hours", "2026-10-08T15:00:00")));
        check(HOURS, "2026-10-08T15:00:00", &two, None);
        let one = ["2026-10-08T09:00:00"];
        check(MINUTES, "2026-10-08T09:04:59", &one, Some(("cap_5_minutes", "2026-10-08T09:05:00")));
        check(MINUTES, "2026-10-08T09:05:00", &one, None);
        // The clock was set back by a day.
        check(MINUTES, "2026-10-07T09:00:00", &one, Some(("cap_5_minutes", "2026-10-07T09:05:00")));
    }

    #[test]
    fn win_04_the_cap_that_forbids_longest_is_named() {
        let all = Caps { day: 1, week: 1, hours_24: 1, minutes_5: 1 };
        check(
            all,
            "2026-10-08T09:01:00",
            &["2026-10-08T09:00:00"],
            Some(("weekly_cap", "2026-10-12T00:00:00")),
        );
        let without = Caps { week: 0, ..all };
        let one = ["2026-10-08T09:00:00"];
        check(without, "2026-10-08T09:01:00", &one, Some(("cap_24_hours", "2026-10-09T09:00:00")));
        check(Caps::NONE, "2026-10-08T09:01:00", &one, None);
    }

    #[test]
    fn of_two_sets_of_caps_the_stricter_holds() {
        let own = Caps { day: 2, week: 9, hours_24: 0, minutes_5: 0 };
        let both = own.and(CapPreset::CarrierCn.caps());
        assert_eq!(both, Caps { day: 2, week: 8, hours_24: 3, minutes_5: 1 });
        assert_eq!(own.and(CapPreset::None.caps()), own);
    }
}
