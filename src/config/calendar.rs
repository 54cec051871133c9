//! The company's calendar, where the configuration names no other.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::calendar::Calendar;

/// Holidays and make-up working days of mainland China, as shipped.
const SHIPPED: &str = include_str!("../../config/calendar/cn.toml");

/// The calendar that is shipped.
pub(super) fn shipped() -> Arc<Calendar> {
    // A test reads the file; what stands in for it has weekends and no holidays.
    Arc::new(Calendar::parse(SHIPPED).unwrap_or_else(|_| Calendar::plain(TimeZone::UTC)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_calendar_is_read() {
        let calendar = shipped();
        assert!(!calendar.is_working(jiff::civil::date(2026, 10, 1)));
        assert!(calendar.is_working(jiff::civil::date(2026, 10, 10)), "a Saturday, worked in exchange");
    }
}
