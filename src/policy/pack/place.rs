//! Places in the text of a policy file.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The line as written.
    pub text: String,
    /// Characters to mark.
    pub width: usize,
}

impl Place {
    /// Where the bytes `span` of `text` stand.
    pub(super) fn of(text: &str, span: Range<usize>) -> Place {
        let floor =
            |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let start = floor(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor(span.end).clamp(start, line_end);
        Place {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }

    /// Where the value at `path` stands; of a missing key, the table it would stand in.
    pub(super) fn find(text: &str, path: &[&str]) -> Option<Place> {
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
}
