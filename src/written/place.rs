//! Places in the text of a file.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The line as written.
    pub text: String,
    /// Characters to mark, at least 1.
    pub width: usize,
}

impl Place {
    /// Where the bytes `span` of `text` stand.
    pub fn of(text: &str, span: Range<usize>) -> Place {
        let start = text.floor_char_boundary(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = text.floor_char_boundary(span.end).clamp(start, line_end);
        Place {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }

    /// Where the value at `path` of a TOML text stands; of a missing key, the table it would
    /// stand in.
    pub fn find(text: &str, path: &[&str]) -> Option<Place> {
        let file = DeTable::parse(text).ok()?;
        let mut table: Option<&DeTable<'_>> = Some(file.get_ref());
        let mut value: Option<&DeValue<'_>> = None;
        let mut found = None;
        for step in path {
            let next = match (table, step.parse::<usize>()) {
                (Some(table), _) => table.get_key_value(*step).map(|(key, value)| (key.span(), value)),
                (None, Ok(index)) => value.and_then(|v| v.get(index)).map(|v| (v.span(), v)),
                (None, Err(_)) => None,
            };
            let Some((span, next)) = next else { break };
            // A table is shown by its name, a value by itself.
            found = Some(if next.get_ref().is_table() { span } else { next.span() });
            value = Some(next.get_ref());
            table = next.get_ref().as_table();
        }
        found.map(|span| Place::of(text, span))
    }

    /// The same; where nothing of the path is found, the beginning of the text.
    pub fn find_or_start(text: &str, path: &[&str]) -> Place {
        Place::find(text, path).unwrap_or_else(|| Place::of(text, 0..0))
    }

    /// The line with its number, and carets below what is meant. `gutter` is as wide as the number.
    pub fn excerpt(&self, gutter: &str) -> String {
        let columns = |skip: usize, take: usize| self.text.chars().skip(skip).take(take).map(width).sum();
        let before: usize = columns(0, self.column - 1);
        let marked: usize = columns(self.column - 1, self.width);
        let (indent, carets) = (" ".repeat(before), "^".repeat(marked.max(1)));
        format!("{gutter} |\n{} | {}\n{gutter} | {indent}{carets}", self.line, self.text)
    }

    /// As many spaces as the number of the line has digits.
    pub fn gutter(&self) -> String {
        " ".repeat(self.line.to_string().len())
    }
}

/// Chinese characters and full-width forms take two columns of a terminal.
fn width(c: char) -> usize {
    let wide = matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6);
    if wide { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_with_its_line_and_marked() {
        let text = "[sip]\n名称 = \"好\"\nport = 1\n";
        let at = text.find("port").unwrap();
        let place = Place::of(text, at..at + 4);
        assert_eq!(place.excerpt(" "), "  |\n3 | port = 1\n  | ^^^^");
        let wide = Place::of(text, text.find('好').unwrap()..text.find('好').unwrap() + 3);
        assert!(wide.excerpt(&wide.gutter()).ends_with("2 | 名称 = \"好\"\n  |         ^^"), "{wide:?}");
        assert_eq!(Place::of("", 5..9), Place { line: 1, column: 1, text: String::new(), width: 1 });
    }

    #[test]
    fn a_missing_key_is_shown_at_its_table() {
        let text = "[rule.first]\nat = \"9\"\n";
        assert_eq!(Place::find(text, &["rule", "first", "at"]).map(|p| (p.line, p.column)), Some((2, 6)));
        assert_eq!(Place::find(text, &["rule", "first", "on"]).map(|p| (p.line, p.column)), Some((1, 7)));
        assert_eq!(Place::find("no toml", &["rule"]), None);
    }
}
