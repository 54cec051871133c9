//! What is wrong with a script, where, and how to mend it.

use std::fmt;

/// A script that cannot be used. Its text shows the file, the line, a caret and a hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ScriptError {
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

impl ScriptError {
    /// An error about the bytes `span` of `text`.
    pub(super) fn at(
        file: &str,
        text: &str,
        span: std::ops::Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let source_line = text[line_start..].lines().next().unwrap_or_default().to_owned();
        let column = before[line_start..].chars().count() + 1;
        let marked = text.get(start..span.end.min(text.len())).unwrap_or_default();
        let width = marked.lines().next().unwrap_or_default().chars().count().max(1);
        ScriptError {
            file: file.into(),
            line: before.matches('\n').count() + 1,
            column,
            message: message.into(),
            hint: hint.into(),
            source_line,
            width,
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.source_line)?;
        let indent: String = self
            .source_line
            .chars()
            .take(self.column - 1)
            .map(|c| if wide(c) { "  " } else { " " })
            .collect();
        let carets: usize = self
            .source_line
            .chars()
            .skip(self.column - 1)
            .take(self.width)
            .map(|c| if wide(c) { 2 } else { 1 })
            .sum();
        write!(f, "{gutter} | {indent}{}", "^".repeat(carets.max(1)))?;
        if !self.hint.is_empty() {
            write!(f, "\n{gutter} = hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Chinese characters and full-width forms take two columns in a terminal.
fn wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6)
}
