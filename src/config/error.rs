//! A mistake in the configuration, shown where it stands.

use std::fmt;

use crate::written::Place;

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

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.key.is_empty() { String::new() } else { format!("`{}`: ", self.key) };
        write!(f, "error: {key}{}", self.problem)?;
        let gutter = match &self.place {
            Some(place) => {
                let gutter = place.gutter();
                write!(f, "\n{gutter}--> {}:{}:{}", self.origin, place.line, place.column)?;
                write!(f, "\n{}", place.excerpt(&gutter))?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
