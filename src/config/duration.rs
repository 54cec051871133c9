//! Lengths of time as people write them: `500ms`, `30s`, `10m`, `4h`, or whole seconds.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

impl Span {
    /// Milliseconds.
    pub const fn millis(n: u64) -> Self {
        Span(Duration::from_millis(n))
    }

    /// Seconds.
    pub const fn seconds(n: u64) -> Self {
        Span(Duration::from_secs(n))
    }

    /// Reads `30s`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim();
        let found = UNITS.iter().find(|(name, _)| *name == unit);
        match (number.parse::<u64>().ok(), found) {
            (Some(n), Some((_, ms))) => {
                n.checked_mul(*ms).map(Span::millis).ok_or_else(|| format!("`{text}` is too long a time"))
            }
            _ => Err(format!(
                "`{text}` is not a length of time: write it as \"500ms\", \"30s\", \"10m\" or \"4h\""
            )),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = UNITS.iter().rev().find(|(_, unit)| ms > 0 && ms % unit == 0);
        let (name, unit) = fits.copied().unwrap_or(("s", 1000));
        write!(f, "{}{name}", ms / unit)
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LengthOfTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A length of time: \"500ms\", \"30s\", \"10m\", \"4h\", or whole seconds.",
            "anyOf": [
                { "type": "string", "pattern": "^\\s*[0-9]+\\s*(ms|s|m|h)\\s*$" },
                { "type": "integer", "minimum": 0 },
            ],
        })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as \"30s\", or whole seconds")
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Span, E> {
                match u64::try_from(seconds) {
                    Ok(seconds) if seconds <= u64::MAX / 1000 => Ok(Span::seconds(seconds)),
                    _ => Err(E::custom(format!("{seconds} seconds is not a length of time"))),
                }
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Span, E> {
                self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_round_trip() {
        for (text, ms) in
            [("500ms", 500), ("30s", 30_000), ("90s", 90_000), ("10m", 600_000), ("4h", 14_400_000)]
        {
            let span = Span::parse(text).unwrap();
            assert_eq!(span.0.as_millis(), ms);
            assert_eq!(span.to_string(), text);
        }
        assert_eq!(Span::default().to_string(), "0s");
        for bad in ["", "s", "10", "1.5s", "-1s", "10d", "99999999999999999999s", "9999999999999999h"] {
            assert!(Span::parse(bad).is_err(), "{bad}");
        }
    }
}
