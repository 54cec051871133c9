//! When agents are to be at their place (000:83-84).

use std::time::Duration;

use crate::base::Timestamp;

/// One shift of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Who.
    pub person: String,
    /// Its beginning.
    pub starts_at: Timestamp,
    /// Its end.
    pub ends_at: Timestamp,
    /// When they came; None: they have not.
    pub arrived_at: Option<Timestamp>,
    /// They are on leave, and it was entered before the shift began.
    pub on_leave: bool,
}

/// How a shift is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// On leave.
    Excused,
    /// There in time.
    InTime,
    /// Too late by so much, rounded up to minutes; growing while they do not come.
    Late(u64),
    /// Not there yet, and it is not time.
    Awaited,
}

/// Judges a shift: they are to be there `before` its beginning (ROS-05).
pub fn attendance(shift: &Shift, before: Duration, now: Timestamp) -> Attendance {
    if shift.on_leave {
        return Attendance::Excused;
    }
    let before = i64::try_from(before.as_millis()).unwrap_or(i64::MAX);
    let due = Timestamp(shift.starts_at.0.saturating_sub(before));
    let came = shift.arrived_at.unwrap_or(now);
    let late = came.millis_since(due);
    match (late > 0, shift.arrived_at.is_some()) {
        (true, _) => Attendance::Late(late.unsigned_abs().div_ceil(60_000)),
        (false, true) => Attendance::InTime,
        (false, false) => Attendance::Awaited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ros_05_fifty_one_for_nine_is_late_by_one_minute_and_leave_is_no_flag() {
        let minute = |n: i64| Timestamp(n * 60_000);
        let nine = 9 * 60;
        let shift = |arrived: Option<i64>, on_leave| Shift {
            person: "王".into(),
            starts_at: minute(nine),
            ends_at: minute(18 * 60),
            arrived_at: arrived.map(minute),
            on_leave,
        };
        let judge = |arrived, on_leave, now| {
            attendance(&shift(arrived, on_leave), Duration::from_secs(600), minute(now))
        };
        assert_eq!(judge(Some(nine - 9), false, nine), Attendance::Late(1));
        assert_eq!(judge(Some(nine - 10), false, nine), Attendance::InTime);
        assert_eq!(judge(None, false, nine - 11), Attendance::Awaited);
        assert_eq!(judge(None, false, nine), Attendance::Late(10));
        assert_eq!(judge(None, true, nine), Attendance::Excused);
    }
}
