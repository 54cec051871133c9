//! Numbers, money, dates and times as lists of prompt names, spoken from parts.
//!
//! Names are without the language: `number/42`, `date/month-3`. Each language has its own
//! grammar; both use the same names where a part means the same.

mod chinese;
mod english;
mod kind;
#[cfg(test)]
mod tests;

pub use kind::{Kind, date, items, time};

use jiff::civil::{Date, Time, Weekday};

/// Largest whole number that is spoken; beyond it a customer cannot follow.
pub const MAX_NUMBER: i64 = 99_999_999;

/// Longest digit sequence that is read out one by one; a longer one is not a number a
/// customer knows.
pub const MAX_DIGITS: usize = 32;

/// The words a `count` may use; each has its prompts in every language.
pub const MEASURES: &[&str] = &["day", "hour", "item", "minute", "person", "piece", "time"];

/// How a language builds numbers, dates and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// For every language folder that begins with `zh`.
    Chinese,
    /// For every other one.
    English,
}

impl Grammar {
    /// The grammar of a language folder such as `zh-CN`.
    pub fn of(language: &str) -> Self {
        if language.starts_with("zh") { Grammar::Chinese } else { Grammar::English }
    }

    /// A whole number; None beyond [`MAX_NUMBER`] either way.
    pub fn number(self, n: i64) -> Option<Vec<String>> {
        if n.checked_abs()? > MAX_NUMBER {
            return None;
        }
        let mut parts = Vec::new();
        if n < 0 {
            parts.push("number/minus".into());
        }
        match self {
            Grammar::Chinese => chinese::number(n.unsigned_abs(), &mut parts),
            Grammar::English => english::number(n.unsigned_abs(), &mut parts),
        }
        Some(parts)
    }

    /// A number with digits after the point, such as `-3.05`; also takes whole numbers and
    /// commas between thousands. None if it is not a number or too large.
    pub fn decimal(self, text: &str) -> Option<Vec<String>> {
        let text = text.trim().replace(',', "");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let negative = whole.starts_with('-');
        let mut parts = self.number(whole.parse().ok()?)?;
        if negative && parts.first().is_none_or(|p| p != "number/minus") {
            parts.insert(0, "number/minus".into());
        }
        if !fraction.is_empty() {
            if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            parts.push("number/point".into());
            parts.extend(fraction.chars().map(|d| format!("number/{d}")));
        }
        Some(parts)
    }

    /// Digits and letters one by one, as telephone and order numbers are read; in Chinese 1
    /// is "yao". Spaces and punctuation are left out. None if nothing is left or it is
    /// longer than [`MAX_DIGITS`].
    pub fn digits(self, text: &str) -> Option<Vec<String>> {
        let parts: Vec<String> = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| match (self, c) {
                (Grammar::Chinese, '1') => "number/yao".into(),
                (_, '0'..='9') => format!("number/{c}"),
                _ => format!("letter/{}", c.to_ascii_lowercase()),
            })
            .collect();
        (1..=MAX_DIGITS).contains(&parts.len()).then_some(parts)
    }

    /// An amount in hundredths of a yuan.
    pub fn money(self, fen: i64) -> Option<Vec<String>> {
        if fen < 0 || fen / 100 > MAX_NUMBER {
            return None;
        }
        Some(match self {
            Grammar::Chinese => chinese::money(fen.unsigned_abs()),
            Grammar::English => english::money(fen.unsigned_abs()),
        })
    }

    /// A date as heard on `today`: yesterday, today and tomorrow by those words, the year
    /// only where it is another one.
    pub fn date(self, date: Date, today: Date) -> Vec<String> {
        let near = [(today.yesterday(), "yesterday"), (Ok(today), "today"), (today.tomorrow(), "tomorrow")];
        if let Some((_, word)) = near.into_iter().find(|(day, _)| day.as_ref().is_ok_and(|d| *d == date)) {
            return vec![format!("date/{word}")];
        }
        let mut parts = vec![format!("date/month-{}", date.month()), format!("date/day-{}", date.day())];
        if date.year() != today.year() {
            match self {
                Grammar::Chinese => {
                    parts.splice(0..0, chinese::year(date.year()));
                }
                Grammar::English => parts.extend(english::year(date.year())),
            }
        }
        parts
    }

    /// A day of the week.
    pub fn weekday(self, day: Weekday) -> Vec<String> {
        vec![format!("date/weekday-{}", day.to_monday_one_offset())]
    }

    /// A time of day, to the minute.
    pub fn time(self, time: Time) -> Vec<String> {
        match self {
            Grammar::Chinese => chinese::time(time),
            Grammar::English => english::time(time),
        }
    }

    /// A length of time in minutes; None beyond [`MAX_NUMBER`].
    pub fn duration(self, minutes: u32) -> Option<Vec<String>> {
        if i64::from(minutes) > MAX_NUMBER {
            return None;
        }
        let (hours, rest) = (i64::from(minutes / 60), i64::from(minutes % 60));
        let mut parts = Vec::new();
        if hours > 0 {
            parts.extend(self.count(hours, "hour")?);
            match (self, rest) {
                (_, 0) => return Some(parts),
                (Grammar::Chinese, 1..=9) => parts.push("number/0".into()),
                (Grammar::Chinese, _) => {}
                (Grammar::English, _) => parts.push("number/and".into()),
            }
        }
        parts.extend(self.count(rest, "minute")?);
        Some(parts)
    }

    /// How many of something; `measure` is one of [`MEASURES`]. In Chinese 2 before a
    /// measure word is "liang".
    pub fn count(self, n: i64, measure: &str) -> Option<Vec<String>> {
        let mut parts = self.number(n)?;
        match self {
            Grammar::Chinese => {
                if n == 2 {
                    parts = vec![chinese::LIANG.into()];
                }
                parts.push(format!("measure/{measure}"));
            }
            Grammar::English if n == 1 => parts.push(format!("measure/{measure}")),
            Grammar::English => parts.push(format!("measure/{measure}-plural")),
        }
        Some(parts)
    }
}
