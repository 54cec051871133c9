//! Campaign settings are checked once, when they come in; whatever runs has good ones.

use std::sync::Arc;

use super::{CampaignSettings, Error};
use crate::calendar::{Calendar, ClosedOn, Windows};
use crate::policy::pack::Calls;
use crate::policy::{self, MAX_CAP};

/// Longest ring time: carriers give up after two to three minutes by themselves.
pub const MAX_RING_SECONDS: u32 = 180;
/// Longest pause before an extension: a switchboard that still speaks then takes no keys.
pub const MAX_EXTENSION_PAUSE_MS: u32 = 30_000;
/// Longest wait for somebody at an extension: a switchboard gives up sooner.
pub const MAX_EXTENSION_WAIT_SECONDS: u32 = 60;
/// Most attempts to one entry.
pub const MAX_ATTEMPTS: u32 = 50;
/// Highest pace of one campaign; beyond it a limit protects nobody.
pub const MAX_CALLS_PER_SECOND: f64 = 1000.0;

impl CampaignSettings {
    /// Whether the settings make sense; says which does not, and how to mend it.
    pub fn check(&self) -> Result<(), Error> {
        self.own_windows()?;
        if !(0.0..=MAX_CALLS_PER_SECOND).contains(&self.calls_per_second) {
            return wrong(
                "calls_per_second",
                format!("{} is not between 0 (no limit) and {MAX_CALLS_PER_SECOND}", self.calls_per_second),
            );
        }
        if !(5..=MAX_RING_SECONDS).contains(&self.ring_seconds) {
            return wrong(
                "ring_seconds",
                format!("{} is not between 5 and {MAX_RING_SECONDS}", self.ring_seconds),
            );
        }
        if self.extension_pause_ms > MAX_EXTENSION_PAUSE_MS {
            return wrong(
                "extension_pause_ms",
                format!("{} is above {MAX_EXTENSION_PAUSE_MS}", self.extension_pause_ms),
            );
        }
        if self.extension_wait_seconds > MAX_EXTENSION_WAIT_SECONDS {
            return wrong(
                "extension_wait_seconds",
                format!("{} is above {MAX_EXTENSION_WAIT_SECONDS}", self.extension_wait_seconds),
            );
        }
        if self.max_abandoned_percent > 100 {
            return wrong("max_abandoned_percent", format!("{} is above 100", self.max_abandoned_percent));
        }
        if !(1..=9).contains(&self.priority) {
            return wrong("priority", format!("{} is not between 1 and 9 (9 goes first)", self.priority));
        }
        if !(1..=MAX_ATTEMPTS).contains(&self.max_attempts) {
            return wrong(
                "max_attempts",
                format!("{} is not between 1 and {MAX_ATTEMPTS}", self.max_attempts),
            );
        }
        for (key, cap) in [
            ("daily_cap_per_number", self.daily_cap_per_number),
            ("weekly_cap_per_number", self.weekly_cap_per_number),
            ("cap_per_number_in_24_hours", self.cap_per_number_in_24_hours),
            ("cap_per_number_in_5_minutes", self.cap_per_number_in_5_minutes),
        ] {
            if cap > MAX_CAP {
                return wrong(key, format!("{cap} is above {MAX_CAP}; 0 means no cap"));
            }
        }
        policy::check_rules(&self.retry).or_else(|problem| wrong("retry", problem))?;
        policy::check_spacing(&self.spacing).or_else(|problem| wrong("spacing", problem))
    }

    /// The campaign's windows, `default` where it names none, with what the calendar knows:
    /// working days, and the days on which the campaign places no call. Days on which the
    /// company itself is closed are closed for every campaign.
    pub fn windows(&self, default: &Windows, calendar: &Arc<Calendar>) -> Result<Windows, Error> {
        let windows = self.own_windows()?.unwrap_or_else(|| default.clone());
        let closed = ClosedOn {
            holidays: self.holidays == Calls::NoCalls,
            weekends: self.weekends == Calls::NoCalls,
            freezes: true,
        };
        Ok(windows.with_calendar(Arc::clone(calendar), closed))
    }

    fn own_windows(&self) -> Result<Option<Windows>, Error> {
        if self.windows.is_empty() {
            return Ok(None);
        }
        Windows::parse(&self.windows, &self.timezone).map(Some).or_else(|e| wrong("windows", e.0))
    }
}

fn wrong<T>(key: &'static str, problem: String) -> Result<T, Error> {
    Err(Error::Setting { key, problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    fn check(change: impl FnOnce(&mut CampaignSettings), key: Option<&'static str>) {
        let mut settings = CampaignSettings::default();
        change(&mut settings);
        let found = match settings.check() {
            Ok(()) => None,
            Err(Error::Setting { key, .. }) => Some(key),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, key);
    }

    #[test]
    fn settings_are_written_as_packs_write_them_and_old_ones_are_read() {
        let read = |text: &str| serde_json::from_str::<CampaignSettings>(text).unwrap();
        let old = read(r#"{"script": "survey", "daily_cap_per_number": 2}"#);
        assert_eq!(old.caps_per_number(), policy::pack::Caps { day: 2, ..policy::pack::Caps::NONE });
        assert!(old.after_deadline && !old.standing && old.spacing.is_empty());
        let text = r#"{"caps": "carrier-cn", "daily_cap_per_number": 5, "weekly_cap_per_number": 4,
                       "spacing": ["2h", "next_window", "next_day"], "holidays": "no_calls"}"#;
        let new = read(text);
        let caps = policy::pack::Caps { day: 3, week: 4, hours_24: 3, minutes_5: 1 };
        assert_eq!((new.caps_per_number(), new.spacing.len(), new.holidays), (caps, 3, Calls::NoCalls));
        assert_eq!(read(&serde_json::to_string(&new).unwrap()), new, "as stored");
    }

    const CALENDAR: &str = r#"
        [year.2026]
        off = [{ from = "2026-10-01", to = "2026-10-07", name = "国庆节" }]
        work = [{ day = "2026-10-10", name = "国庆节" }]
        [[freeze]]
        from = "2026-10-12"
        name = "stocktaking"
    "#;

    /// Days of October 2026, up to the 14th, on which a campaign calls at ten.
    fn open_days(change: impl FnOnce(&mut CampaignSettings)) -> Vec<i8> {
        let calendar = Arc::new(Calendar::parse(CALENDAR).unwrap());
        let mut settings = CampaignSettings { timezone: "Asia/Shanghai".into(), ..Default::default() };
        change(&mut settings);
        let windows = settings.windows(&Windows::always(), &calendar).unwrap();
        let ten = |day: i8| jiff::civil::date(2026, 10, day).at(10, 0, 0, 0).in_tz("Asia/Shanghai").unwrap();
        (1..=14).filter(|day| windows.is_open(Timestamp::from_jiff(ten(*day).timestamp()))).collect()
    }

    #[test]
    fn win_07_holidays_weekends_and_make_up_days_hold_for_the_dialler() {
        let hours = || vec!["10:00-12:00".to_owned()];
        let all = open_days(|s| s.windows = hours());
        assert_eq!(all, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14], "what the company closes is closed");
        let worked = open_days(|s| {
            (s.windows, s.holidays, s.weekends) = (hours(), Calls::NoCalls, Calls::NoCalls);
        });
        assert_eq!(worked, [8, 9, 10, 13, 14], "the 10th, a Saturday, is worked");
        let workday = open_days(|s| s.windows = vec!["workday 10:00-12:00".into()]);
        assert_eq!(workday, [8, 9, 10, 13, 14], "the windows say it themselves");
        let closed =
            open_days(|s| s.windows = vec!["10:00-12:00".into(), "closed 2026-10-08 to 2026-10-14".into()]);
        assert_eq!(closed, [1, 2, 3, 4, 5, 6, 7], "closed days of the text");
    }

    #[test]
    fn win_05_a_season_holds_for_the_dialler() {
        let summer = open_days(|s| s.windows = vec!["summer 10:00-12:00 from 05-01 to 10-05".into()]);
        assert_eq!(summer, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn each_setting_has_its_range() {
        check(|_| {}, None);
        check(|s| s.windows = vec!["Mon-Fri 09:00-12:00".into()], None);
        check(|s| s.windows = vec!["Mon-Fri".into()], Some("windows"));
        check(|s| (s.windows, s.timezone) = (vec!["09:00-12:00".into()], "Mars".into()), Some("windows"));
        check(|s| s.calls_per_second = -1.0, Some("calls_per_second"));
        check(|s| s.calls_per_second = f64::NAN, Some("calls_per_second"));
        check(|s| s.ring_seconds = 0, Some("ring_seconds"));
        check(|s| s.extension_pause_ms = 30_001, Some("extension_pause_ms"));
        check(|s| s.extension_wait_seconds = 61, Some("extension_wait_seconds"));
        check(|s| s.priority = 0, Some("priority"));
        check(|s| s.max_attempts = 0, Some("max_attempts"));
        let rule = crate::policy::RetryRule { delay_minutes: 1, max: 99, next_window: false };
        check(|s| _ = s.retry.insert(crate::base::Disposition::Busy, rule), Some("retry"));
        check(|s| s.weekly_cap_per_number = 1_001, Some("weekly_cap_per_number"));
        check(|s| s.cap_per_number_in_5_minutes = 1_001, Some("cap_per_number_in_5_minutes"));
        let spacing = |offset: &str| vec![policy::pack::Spacing::After(offset.parse().unwrap())];
        check(|s| s.spacing = spacing("2h"), None);
        check(|s| s.spacing = spacing("2wd"), Some("spacing"));
    }
}
