//! What is wrong with a policy file, where, and how to mend it.

use std::fmt;

use super::place::Place;

/// A pack that cannot be used. Its text shows the file, the line, a caret and a hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PackError {
    /// File as given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub hint: String,
    /// The line itself.
    pub source_line: String,
    /// Characters the caret marks, at least 1.
    pub width: usize,
}

impl PackError {
    /// An error at `place` of `file`.
    pub(super) fn at(file: &str, place: Place, message: impl Into<String>, hint: impl Into<String>) -> Self {
        PackError {
            file: file.into(),
            line: place.line,
            column: place.column,
            message: message.into(),
            hint: hint.into(),
            source_line: place.text,
            width: place.width,
        }
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let columns = |chars: &mut dyn Iterator<Item = char>| -> usize { chars.map(width).sum() };
        let before = columns(&mut self.source_line.chars().take(self.column.saturating_sub(1)));
        let mut marked = self.source_line.chars().skip(self.column.saturating_sub(1)).take(self.width);
        let carets = columns(&mut marked).max(1);
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.source_line)?;
        write!(f, "{gutter} | {}{}", " ".repeat(before), "^".repeat(carets))?;
        if !self.hint.is_empty() {
            write!(f, "\n{gutter} = hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Chinese characters and full-width forms take two columns on a terminal.
fn width(c: char) -> usize {
    let wide = matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6);
    if wide { 2 } else { 1 }
}
