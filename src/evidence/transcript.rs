//! What was said, as somebody else recognised or typed it: one line for each stretch of speech of
//! one side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::Span;

/// Lines of one call: two hours at one a second.
pub const MAX_LINES: usize = 7_200;
/// Characters of one line.
pub const MAX_CHARS: usize = 2_000;
/// Sounds that carry no meaning.
const FILLERS: &[char] = &['嗯', '啊', '呢', '呃', '哦', '噢', '唉', '哎', '吧', '呀'];

/// Whose words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Ours, on the left of the recording.
    Agent,
    /// The customer's, on the right.
    Customer,
}

/// One stretch of speech.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Whose.
    pub side: Side,
    /// From when, in ms from the beginning of the recording.
    pub start_ms: u32,
    /// To when.
    pub end_ms: u32,
    /// The words.
    pub text: String,
}

impl Line {
    /// Where it stands.
    pub fn span(&self) -> Span {
        Span::new(self.start_ms, self.end_ms)
    }
}

/// Why something is no transcript; says which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// No JSON array of lines.
    #[error(
        "it is no transcript: {0}; write [{{\"side\": \"agent\", \"start_ms\": 0, \"end_ms\": 900, \"text\": \"...\"}}]"
    )]
    Json(String),
    /// Too many lines.
    #[error("it has {0} lines: at most {MAX_LINES}")]
    Lines(usize),
    /// A line too long.
    #[error("line {0} has more than {MAX_CHARS} characters")]
    Long(usize),
    /// A line that ends before it begins.
    #[error("line {0} ends before it begins")]
    Backwards(usize),
}

/// All lines of a call, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    lines: Vec<Line>,
}

impl Transcript {
    /// Checks lines and puts them in order.
    ///
    /// # Errors
    /// Which line is wrong, and why.
    pub fn new(mut lines: Vec<Line>) -> Result<Transcript, TranscriptError> {
        if lines.len() > MAX_LINES {
            return Err(TranscriptError::Lines(lines.len()));
        }
        for (place, line) in lines.iter().enumerate() {
            if line.text.chars().count() > MAX_CHARS {
                return Err(TranscriptError::Long(place + 1));
            }
            if line.end_ms < line.start_ms {
                return Err(TranscriptError::Backwards(place + 1));
            }
        }
        lines.sort_by_key(|line| (line.start_ms, line.end_ms));
        Ok(Transcript { lines })
    }

    /// Reads a JSON array of lines.
    ///
    /// # Errors
    /// Those of [`Transcript::new`], and [`TranscriptError::Json`].
    pub fn from_json(json: &[u8]) -> Result<Transcript, TranscriptError> {
        let lines = serde_json::from_slice(json).map_err(|error| TranscriptError::Json(error.to_string()))?;
        Transcript::new(lines)
    }

    /// The lines in the order of time.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Those of one side.
    pub fn of(&self, side: Side) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.side == side)
    }
}

/// Letters alone, half-width, lower case, simplified, without fillers: what phrases are compared
/// in. `*` stays where `stars` says so.
pub fn plain(text: &str, stars: bool) -> String {
    let half: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let simplified = fast2s::convert(&half);
    let kept = |c: &char| (c.is_alphanumeric() || stars && *c == '*') && !FILLERS.contains(c);
    simplified.chars().filter(kept).collect()
}

/// Most letters that a `*` stands for.
const GAP: usize = 12;

/// Where in `text` (letters alone) a pattern stands, in letters: from and to.
pub fn find(text: &[char], pattern: &str) -> Option<(usize, usize)> {
    let parts: Vec<Vec<char>> = pattern
        .split('*')
        .map(|part| part.chars().collect())
        .filter(|part: &Vec<char>| !part.is_empty())
        .collect();
    let (first, rest) = parts.split_first()?;
    (0..text.len()).find_map(|from| {
        let mut at = after(text, from, first)?;
        for part in rest {
            at = (at..=(at + GAP).min(text.len())).find_map(|next| after(text, next, part))?;
        }
        Some((from, at))
    })
}

fn after(text: &[char], from: usize, part: &[char]) -> Option<usize> {
    text.get(from..)?.starts_with(part).then_some(from + part.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, pattern: &str) -> bool {
        let text: Vec<char> = plain(text, false).chars().collect();
        find(&text, &plain(pattern, true)).is_some()
    }

    #[test]
    fn phrases_are_found_in_any_width_script_and_with_fillers() {
        for (text, pattern) in [
            ("您好，欧派客服，请问有什么可以帮到您吗？", "您好*请问有什么可以帮到您"),
            ("您好，歐派客服，請問有什麼可以幫到您嗎？", "您好,欧派客服"),
            ("嗯，我不，啊，知道", "不知道"),
            ("Ｇｏｏｄ Morning, this is ACME", "good morning"),
        ] {
            assert!(found(text, pattern), "{pattern} in {text}");
        }
        assert!(!found("我知道", "不知道"));
        assert!(!found("您好，今天天气真的非常非常非常好，请问", "您好*请问"), "the gap is too long");
        assert!(!found("", "*"));
    }

    #[test]
    fn what_is_no_transcript_says_why() {
        let line =
            |start_ms, end_ms, text: &str| Line { side: Side::Agent, start_ms, end_ms, text: text.into() };
        let check = |lines, expect: &str| {
            let error = Transcript::new(lines).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        };
        check(vec![line(0, 1, "a"), line(5, 4, "b")], "line 2 ends before it begins");
        check(vec![line(0, 1, &"长".repeat(2_001))], "line 1 has more than 2000");
        check(vec![line(0, 1, ""); 7_201], "7201 lines");
        let error = Transcript::from_json(b"[{\"side\":\"robot\"}]").unwrap_err().to_string();
        assert!(error.contains("robot") && error.contains("start_ms"), "{error}");
    }
}
