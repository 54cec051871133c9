//! What the configuration says of a trunk's canary.

use jiff::civil::Time;

use crate::base::PhoneNumber;

/// The key that is pressed where the configuration names none.
pub const DEFAULT_KEY: char = '5';

/// `[trunk.canary]`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Number that is called: one of ours, which the trunk brings back to this daemon.
    pub number: PhoneNumber,
    /// The number as the trunk writes it when it brings the call; empty: any spelling of `number`.
    pub arrives_as: String,
    /// Time of day; None: half an hour before the first calling window of the day.
    pub at: Option<Time>,
    /// Key that is pressed.
    pub key: char,
}

impl Settings {
    /// Whether a call to `dialled` is one to this number.
    pub fn is_called(&self, dialled: &str, home_area: Option<&str>) -> bool {
        if !self.arrives_as.is_empty() {
            return dialled == self.arrives_as;
        }
        dialled == self.number.as_str()
            || PhoneNumber::parse(dialled, home_area).is_ok_and(|(number, _)| number == self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_known_in_every_spelling_unless_the_trunks_own_is_given() {
        let number = PhoneNumber::parse("02088886666", None).unwrap().0;
        let any = Settings { number, arrives_as: String::new(), at: None, key: DEFAULT_KEY };
        for (dialled, expect) in [
            ("02088886666", true),
            ("+862088886666", true),
            ("88886666", true),
            ("02088886667", false),
            ("", false),
        ] {
            assert_eq!(any.is_called(dialled, Some("020")), expect, "{dialled}");
        }
        let own = Settings { arrives_as: "s801".into(), ..any };
        assert!(own.is_called("s801", None) && !own.is_called("02088886666", None));
    }
}
