//! Until when a product is repaired free of charge; afterwards service is paid, for life.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Months of warranty where nothing else was agreed (ARC-04: one year by custom of the trade).
pub const WARRANTY_MONTHS: i32 = 12;

/// Whether the day on which the months are full still belongs to them. The sources are silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anniversary {
    /// Delivered on 3 March, the last day is 2 March.
    #[default]
    After,
    /// Delivered on 3 March, the last day is 3 March.
    Within,
}

/// A product's warranty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warranty {
    /// Its last day.
    pub until: Date,
}

impl Warranty {
    /// The warranty of what was delivered on that day. A day that the last month does not have
    /// becomes the month's last.
    pub fn from_delivery(delivered: Date, months: i32, anniversary: Anniversary) -> Warranty {
        let full = delivered.saturating_add(jiff::Span::new().months(months));
        let until = match anniversary {
            Anniversary::Within => full,
            Anniversary::After => full.yesterday().unwrap_or(full),
        };
        Warranty { until }
    }

    /// Whether service on that day is free of charge.
    pub fn holds_on(self, day: Date) -> bool {
        day <= self.until
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn arc_04_the_last_day_is_free_and_the_next_is_paid() {
        let delivered = date(2025, 3, 3);
        for (anniversary, last) in
            [(Anniversary::After, date(2026, 3, 2)), (Anniversary::Within, date(2026, 3, 3))]
        {
            let warranty = Warranty::from_delivery(delivered, WARRANTY_MONTHS, anniversary);
            assert_eq!(warranty.until, last);
            assert!(warranty.holds_on(last));
            assert!(!warranty.holds_on(last.tomorrow().unwrap()), "paid from the next day on");
        }
        let leap = Warranty::from_delivery(date(2024, 2, 29), WARRANTY_MONTHS, Anniversary::Within);
        assert_eq!(leap.until, date(2025, 2, 28));
    }
}
