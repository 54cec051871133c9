//! Roots of days, and the text file in which they are carried elsewhere.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::Digest;

/// The end of the chain at the end of a day: one line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The day, in the zone of the calendar.
    pub day: Date,
    /// The last entry that was linked before the day ended.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.day, self.seq, self.hash)
    }
}

impl FromStr for Root {
    type Err = String;

    fn from_str(line: &str) -> Result<Root, String> {
        let wrong =
            || format!("`{line}` is no root: write DAY NUMBER SHA-256, as in `2026-03-02 120 9f86...`");
        let mut words = line.split_whitespace();
        let (Some(day), Some(seq), Some(hash), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(wrong());
        };
        Ok(Root {
            day: day.parse().map_err(|_| wrong())?,
            seq: seq.parse().map_err(|_| wrong())?,
            hash: hash.parse().map_err(|error| format!("{day}: {error}"))?,
        })
    }
}

/// The roots of a file, one a line; empty lines and those behind `#` are for people.
///
/// # Errors
/// Line and mistake.
pub fn parse_roots(text: &str) -> Result<Vec<Root>, (usize, String)> {
    let lines = text.lines().enumerate().map(|(place, line)| (place + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| line.parse().map_err(|error| (number, error)))
        .collect()
}
