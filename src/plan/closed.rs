//! Days on which a pack places no calls.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::calendar::{Calendar, DayKind};
use crate::policy::code;
use crate::policy::pack::{Calls, Pack};

/// Why no call is placed on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// A statutory holiday, by name.
    Holiday(Arc<str>),
    /// The company itself is closed, and why.
    Freeze(Arc<str>),
    /// A day of the weekend.
    Weekend,
}

impl Closed {
    /// The stable word of the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            Closed::Holiday(_) | Closed::Freeze(_) => code::HOLIDAY,
            Closed::Weekend => code::WEEKEND,
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Closed::Holiday(name) => write!(f, "a holiday ({name})"),
            Closed::Freeze(why) => write!(f, "closed ({why})"),
            Closed::Weekend => f.write_str("a weekend day"),
        }
    }
}

/// Whether and why a pack places no calls on a day. Make-up working days are days like others,
/// and a day that the company itself closes is closed for every pack (WIN-01, WIN-07).
pub fn closed(pack: &Pack, calendar: &Calendar, day: Date) -> Option<Closed> {
    match calendar.day(day) {
        DayKind::Freeze(why) => Some(Closed::Freeze(why)),
        DayKind::Holiday(name) if pack.calendar.holidays == Calls::NoCalls => Some(Closed::Holiday(name)),
        DayKind::Weekend if pack.calendar.weekends == Calls::NoCalls => Some(Closed::Weekend),
        _ => None,
    }
}
