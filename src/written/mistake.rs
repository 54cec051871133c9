//! What is wrong with a file, where, and how to mend it.

use std::fmt;

use super::{Place, nearest};

/// A mistake in a file. Its text shows the file, the line, a caret and a hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistake {
    /// File as given.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub hint: String,
}

impl Mistake {
    /// A mistake at `place` of `file`.
    pub fn at(file: &str, place: Place, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Mistake { file: file.into(), place, message: message.into(), hint: hint.into() }
    }

    /// An error of the TOML reader, with the key that was probably meant, or else `hint`.
    pub fn of_toml(file: &str, text: &str, error: &toml::de::Error, hint: &str) -> Self {
        let place = Place::of(text, error.span().unwrap_or(0..0));
        let (message, hint) =
            Self::in_words(error.message()).unwrap_or((error.message().replace('\n', "; "), hint.into()));
        Mistake::at(file, place, message, hint)
    }

    /// Serde's sentence about an unknown key in ours, with a hint.
    pub fn in_words(message: &str) -> Option<(String, String)> {
        let (unknown, rest) = message.strip_prefix("unknown field `")?.split_once('`')?;
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        let hint = match nearest(unknown, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        Some((format!("unknown key `{unknown}`"), hint))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { file, place, message, hint } = self;
        let gutter = place.gutter();
        writeln!(f, "{file}:{}:{}: {message}", place.line, place.column)?;
        write!(f, "{}", place.excerpt(&gutter))?;
        if hint.is_empty() { Ok(()) } else { write!(f, "\n{gutter} = hint: {hint}") }
    }
}
