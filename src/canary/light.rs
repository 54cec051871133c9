//! When a trunk's canary is due, and whether the trunk may be dialled.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::dialer::Reason;
use crate::policy::code;

/// How soon a failed canary is repeated.
pub const RETRY_AFTER: Duration = Duration::from_secs(300);
/// How often it is made in a day by itself while it fails.
pub const MOST_TRIES: usize = 4;

/// How a trunk stands with its canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CanaryLight {
    /// None was made yet, and none is due.
    Off,
    /// One is due: the trunk waits for it.
    Due,
    /// The last one passed.
    Passed,
    /// The last one failed: no campaign dials through the trunk.
    Failed,
    /// A person lets the trunk be dialled today in spite of it.
    Overridden,
}

impl CanaryLight {
    /// The word in the API and in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            CanaryLight::Off => "off",
            CanaryLight::Due => "due",
            CanaryLight::Passed => "passed",
            CanaryLight::Failed => "failed",
            CanaryLight::Overridden => "overridden",
        }
    }

    /// Why campaigns do not dial through the trunk; None: they do.
    pub fn hold(self) -> Option<Reason> {
        match self {
            CanaryLight::Due => Some(Reason::new(code::CANARY_DUE, "its canary of today comes first")),
            CanaryLight::Failed => Some(Reason::new(code::CANARY_FAILED, "its canary failed")),
            CanaryLight::Off | CanaryLight::Passed | CanaryLight::Overridden => None,
        }
    }
}

/// The present day, in the calendar's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// When it began.
    pub begins: Timestamp,
    /// When the canary is due on it; None: nobody is called on this day.
    pub due: Option<Timestamp>,
}

/// A canary that was made and judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// When it began.
    pub began: Timestamp,
    /// When it was over.
    pub ended: Timestamp,
    /// Whether all its checks passed.
    pub passed: bool,
}

/// How a trunk stands, and when its next canary is made by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The light.
    pub light: CanaryLight,
    /// None: not on this day.
    pub next: Option<Timestamp>,
}

/// How a trunk stands at `now`, by its last canaries, the newest first. `overridden`: a person said so
/// on this day. A failure of an earlier day keeps the trunk until one passes, or a person says so.
pub fn standing(now: Timestamp, day: Day, ran: &[Ran], overridden: bool) -> Standing {
    let red = if overridden { CanaryLight::Overridden } else { CanaryLight::Failed };
    let by_last = |last: Option<&Ran>| match last {
        Some(ran) if ran.passed => CanaryLight::Passed,
        Some(_) => red,
        None => CanaryLight::Off,
    };
    let today = ran.iter().take_while(|ran| ran.began >= day.begins).count();
    let Some(due) = day.due else {
        return Standing { light: by_last(ran.first()), next: None };
    };
    if today == 0 {
        return match (now < due, overridden) {
            (true, _) => Standing { light: by_last(ran.first()), next: Some(due) },
            (false, true) => Standing { light: CanaryLight::Overridden, next: None },
            (false, false) => Standing { light: CanaryLight::Due, next: Some(due) },
        };
    }
    let light = by_last(ran.first());
    let again = light == CanaryLight::Failed && today < MOST_TRIES;
    Standing { light, next: ran.first().filter(|_| again).map(|last| last.ended + RETRY_AFTER) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn at(hour: i64, minute: i64) -> Timestamp {
        Timestamp(hour * HOUR + minute * MINUTE)
    }

    fn ran(began: Timestamp, passed: bool) -> Ran {
        Ran { began, ended: Timestamp(began.0 + 12_000), passed }
    }

    fn day(due: Option<Timestamp>) -> Day {
        Day { begins: at(0, 0), due }
    }

    fn check(now: Timestamp, day: Day, ran: &[Ran], overridden: bool) -> (CanaryLight, Option<Timestamp>) {
        let Standing { light, next } = standing(now, day, ran, overridden);
        (light, next)
    }

    #[test]
    fn it_is_due_at_its_time_and_the_trunk_waits_for_it() {
        let due = day(Some(at(8, 30)));
        let yesterday = [ran(at(-15, 0), true)];
        assert_eq!(check(at(7, 0), due, &[], false), (CanaryLight::Off, Some(at(8, 30))));
        assert_eq!(check(at(7, 0), due, &yesterday, false), (CanaryLight::Passed, Some(at(8, 30))));
        // Also where the daemon starts late.
        for hour in [9, 15] {
            assert_eq!(check(at(hour, 0), due, &yesterday, false), (CanaryLight::Due, Some(at(8, 30))));
        }
        let today = [ran(at(8, 30), true), yesterday[0]];
        assert_eq!(check(at(9, 0), due, &today, false), (CanaryLight::Passed, None), "once a day");
        let early = [ran(at(6, 0), true)];
        assert_eq!(check(at(9, 0), due, &early, false), (CanaryLight::Passed, None), "a person was earlier");
    }

    #[test]
    fn a_failure_is_repeated_some_times_and_holds_until_one_passes() {
        let due = day(Some(at(8, 30)));
        let mut all: Vec<Ran> = Vec::new();
        let mut now = at(8, 30);
        for _ in 0..MOST_TRIES {
            let (_, next) = check(now, due, &all, false);
            let next = next.expect("it is tried again");
            assert!(next <= now || next.millis_since(now) <= 5 * MINUTE + 12_000, "{next:?}");
            now = next.max(now);
            all.insert(0, ran(now, false));
            assert_eq!(check(now, due, &all, false).0, CanaryLight::Failed);
        }
        assert_eq!(check(now, due, &all, false), (CanaryLight::Failed, None), "then a person looks");
        assert!(CanaryLight::Failed.hold().is_some_and(|reason| reason.code == code::CANARY_FAILED));
        all.insert(0, ran(at(10, 0), true));
        assert_eq!(check(at(10, 1), due, &all, false), (CanaryLight::Passed, None));
        assert!(CanaryLight::Passed.hold().is_none());
    }

    #[test]
    fn a_person_overrides_it_for_the_day_alone() {
        let due = day(Some(at(8, 30)));
        let failed = [ran(at(8, 30), false)];
        assert_eq!(check(at(9, 0), due, &failed, true), (CanaryLight::Overridden, None));
        assert_eq!(check(at(9, 0), due, &[], true), (CanaryLight::Overridden, None), "before it was made");
        assert!(CanaryLight::Overridden.hold().is_none());
        // The next day, before its own.
        let tomorrow = Day { begins: at(24, 0), due: Some(at(32, 30)) };
        assert_eq!(check(at(25, 0), tomorrow, &failed, false), (CanaryLight::Failed, Some(at(32, 30))));
        assert_eq!(check(at(33, 0), tomorrow, &failed, false), (CanaryLight::Due, Some(at(32, 30))));
    }

    #[test]
    fn on_a_day_without_calls_none_is_made() {
        assert_eq!(check(at(9, 0), day(None), &[], false), (CanaryLight::Off, None));
        assert_eq!(check(at(9, 0), day(None), &[ran(at(-15, 0), false)], false), (CanaryLight::Failed, None));
    }
}
