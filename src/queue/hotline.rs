//! From a dialled number to a queue.

use super::settings::Overflow;
use crate::base::Timestamp;
use crate::calendar::Windows;

/// What becomes of calls to a number (DNIS): hours, a menu, a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Hotline {
    /// Trunk name; empty: any.
    pub trunk: String,
    /// Dialled number with `*` for any tail; `*` alone: every number.
    pub number: String,
    /// When it is open; None: always.
    pub hours: Option<Windows>,
    /// Where callers go outside the hours.
    pub closed: Overflow,
    /// Script of the menu; empty: straight to the queue.
    pub script: String,
    /// Prompt language; empty: the script's first.
    pub language: String,
    /// Queue where the menu names none.
    pub queue: String,
}

impl Hotline {
    /// Whether a call to `number` over `trunk` is meant.
    pub fn fits(&self, trunk: &str, number: &str) -> bool {
        (self.trunk.is_empty() || self.trunk == trunk)
            && match self.number.strip_suffix('*') {
                Some(head) => number.starts_with(head),
                None => self.number == number,
            }
    }

    /// Whether it takes calls at this moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.is_open(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_window_across_midnight_in_summer_alone_is_read_from_the_calendar() {
        let hours = Windows::parse(&["summer 18:30-08:00 from 05-01 to 10-31"], "Asia/Shanghai").unwrap();
        let hotline = Hotline {
            trunk: String::new(),
            number: "400*".into(),
            hours: Some(hours),
            closed: Overflow::Voicemail,
            script: String::new(),
            language: String::new(),
            queue: "night".into(),
        };
        let at = |text: &str| Timestamp::from_jiff(text.parse().unwrap());
        for (time, open) in [
            ("2026-07-01T03:00:00+08:00", true),
            ("2026-07-01T12:00:00+08:00", false),
            ("2026-12-01T03:00:00+08:00", false),
        ] {
            assert_eq!(hotline.is_open(at(time)), open, "{time}");
        }
        assert!(hotline.fits("a", "4008001234") && !hotline.fits("a", "95588"));
    }
}
