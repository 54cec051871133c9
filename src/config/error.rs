//! A mistake in the configuration, shown where it stands.

use std::fmt;
use std::ops::Range;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or the variable of the environment.
    pub origin: String,
    /// Line and column, from 1, and the text of the line with the length to mark; None for
    /// the environment and for keys that are missing.
    pub place: Option<Place>,
    /// The key, such as `trunk[1].server`; empty where the text is no TOML.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// A place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
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
        let start = floor(text, span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor(text, span.end).clamp(start, line_end);
        Place {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.key.is_empty() { String::new() } else { format!("`{}`: ", self.key) };
        write!(f, "error: {key}{}", self.problem)?;
        let gutter = match &self.place {
            Some(place) => {
                let number = place.line.to_string();
                let gutter = " ".repeat(number.len());
                // Wide characters of Chinese text take two columns on a terminal.
                let before: String = place
                    .text
                    .chars()
                    .take(place.column - 1)
                    .map(|c| if c.is_ascii() { " " } else { "  " })
                    .collect();
                let marked: usize = place
                    .text
                    .chars()
                    .skip(place.column - 1)
                    .take(place.width)
                    .map(|c| if c.is_ascii() { 1 } else { 2 })
                    .sum();
                write!(f, "\n{gutter}--> {}:{}:{}", self.origin, place.line, place.column)?;
                write!(f, "\n{gutter} |\n{number} | {}", place.text)?;
                write!(f, "\n{gutter} | {before}{}", "^".repeat(marked.max(1)))?;
                gutter
            }
            None => {
                write!(f, "\n --> {}", self.origin)?;
                " ".into()
            }
        };
        match &self.hint {
            Some(hint) => write!(f, "\n{gutter} = hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The known word that was probably meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|k| (distance(word, k), letters(word) != letters(k), k))
        .filter(|(d, _, k)| *d <= limit || k.starts_with(word) && word.len() >= 3)
        .min()
        .map(|(.., k)| k)
}

/// Of two words equally near, the one of the same letters in another order was meant.
fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// Edits between two words (Levenshtein), where two neighbours that changed places count once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant() {
        let known = ["server", "transport", "user", "password", "password_file"];
        for (word, expect) in [
            ("sever", Some("server")),
            ("usre", Some("user")),
            ("pasword", Some("password")),
            ("trans", Some("transport")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expect, "{word}");
        }
    }

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        let text = "[sip]\n名称 = \"好\"\nport = 1\n";
        let at = text.find("port").unwrap();
        let error = ConfigError {
            origin: "ringback.toml".into(),
            place: Some(Place::of(text, at..at + 4)),
            key: "sip.port".into(),
            problem: "unknown key".into(),
            hint: Some("did you mean `t1`?".into()),
        };
        let shown = "error: `sip.port`: unknown key\n --> ringback.toml:3:1\n  |\n3 | port = 1\n  | ^^^^\n  = hint: did you mean `t1`?";
        assert_eq!(error.to_string(), shown);
        let wide = Place::of(text, text.find('好').unwrap()..text.find('好').unwrap() + 3);
        let error = ConfigError { place: Some(wide), hint: None, ..error };
        assert!(error.to_string().ends_with("2 | 名称 = \"好\"\n  |         ^^"), "{error}");
        assert_eq!(Place::of("", 5..9), Place { line: 1, column: 1, text: String::new(), width: 1 });
    }
}
