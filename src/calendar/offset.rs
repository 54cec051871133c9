//! Distances in time as policies write them: `+1d`, `48h`, `2wd`, `-30d`, `3mo`, `1y`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What an offset counts. Section 7, X12: the unit is the rule's own, never converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Clock minutes.
    Minutes,
    /// Clock hours.
    Hours,
    /// Calendar days: the end of day D+N, or its beginning.
    Days,
    /// Days on which the calendar works; the day of the anchor is never counted.
    WorkingDays,
    /// Calendar months; the day of the month is clamped to the month's last.
    Months,
    /// Calendar years; 29 February becomes the 28th.
    Years,
}

impl Unit {
    /// The letters behind the number.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::Minutes => "min",
            Unit::Hours => "h",
            Unit::Days => "d",
            Unit::WorkingDays => "wd",
            Unit::Months => "mo",
            Unit::Years => "y",
        }
    }

    /// Whether the unit counts whole days, so that its result is a day and not a moment.
    pub const fn is_civil(self) -> bool {
        !matches!(self, Unit::Minutes | Unit::Hours)
    }
}

/// Largest amount of any unit: a century of days.
const MAX_AMOUNT: i32 = 36_600;

/// A signed distance in one unit. Text form: `+1d`, `-30d`, `48h`, `15min`, `2wd`, `1mo`, `1y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset {
    /// How many; negative lies before the anchor.
    pub amount: i32,
    /// Of what.
    pub unit: Unit,
}

impl Offset {
    /// Nothing: the anchor's own day.
    pub const ZERO: Offset = Offset { amount: 0, unit: Unit::Days };

    /// So many calendar days.
    pub const fn days(amount: i32) -> Self {
        Offset { amount, unit: Unit::Days }
    }

    /// So many clock hours.
    pub const fn hours(amount: i32) -> Self {
        Offset { amount, unit: Unit::Hours }
    }
}

impl FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "`{text}` is not an offset: write a number and a unit such as +1d, 48h, 15min, 2wd (working days), 1mo or 1y"
            )
        };
        let plain = text.trim();
        let at = plain.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(bad)?;
        let (number, unit) = plain.split_at(at);
        let unit = match unit {
            "min" => Unit::Minutes,
            "h" => Unit::Hours,
            "d" => Unit::Days,
            "wd" => Unit::WorkingDays,
            "mo" => Unit::Months,
            "y" => Unit::Years,
            _ => return Err(bad()),
        };
        let amount: i32 = number.trim().parse().map_err(|_| bad())?;
        if amount.abs() > MAX_AMOUNT {
            return Err(format!("`{text}` is too far: at most {MAX_AMOUNT} of a unit"));
        }
        Ok(Offset { amount, unit })
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}{}", self.amount, self.unit.as_str())
    }
}

impl Serialize for Offset {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Offset {
    fn schema_name() -> Cow<'static, str> {
        "Offset".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[+-]?[0-9]+(min|h|d|wd|mo|y)$",
            "description": "A distance in time: +1d, 48h, 15min, 2wd (working days), 1mo, 1y"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_and_written() {
        for (text, written) in [
            ("+1d", "+1d"),
            ("48h", "+48h"),
            ("-30d", "-30d"),
            (" 2wd ", "+2wd"),
            ("1mo", "+1mo"),
            ("0d", "+0d"),
        ] {
            let offset: Offset = text.parse().unwrap();
            assert_eq!(offset.to_string(), written);
            assert_eq!(written.parse(), Ok(offset));
        }
        for text in ["", "d", "1", "1w", "1.5d", "+d", "99999d", "1d2h"] {
            assert!(text.parse::<Offset>().is_err(), "{text}");
        }
    }
}
