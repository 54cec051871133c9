//! What becomes of a notice that asks for an acknowledgement and has none (NOT-04).

use std::time::Duration;

use super::route::Settings;
use crate::base::Timestamp;

/// Where such a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is waited for until then.
    Wait(Timestamp),
    /// It is sent again now.
    Again,
    /// It was sent as often as is wanted: the next level is told.
    Escalate,
}

/// Judges a notice that was sent for the last time at `sent`, `rounds` times in all.
pub fn standing(settings: &Settings, sent: Timestamp, rounds: u32, now: Timestamp) -> Standing {
    let due = sent + settings.ack_after.max(Duration::from_secs(1));
    if now < due {
        Standing::Wait(due)
    } else if rounds < settings.ack_rounds {
        Standing::Again
    } else {
        Standing::Escalate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_04_after_two_hours_again_and_after_the_last_time_somebody_else() {
        let settings =
            Settings { ack_after: Duration::from_secs(7_200), ack_rounds: 2, ..Settings::default() };
        let at = |minutes: i64| Timestamp(minutes * 60_000);
        assert_eq!(standing(&settings, at(0), 1, at(119)), Standing::Wait(at(120)));
        assert_eq!(standing(&settings, at(0), 1, at(120)), Standing::Again);
        assert_eq!(standing(&settings, at(120), 2, at(239)), Standing::Wait(at(240)));
        assert_eq!(standing(&settings, at(120), 2, at(240)), Standing::Escalate);
    }
}
