//! Which prompts exist.

use std::collections::BTreeSet;

/// Names of every prompt that can be played: `<language>/<name>` or `beep`, no `.wav`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptSet(BTreeSet<String>);

impl PromptSet {
    /// The full name of a prompt in a language: `zh-CN` and `survey/thanks` give
    /// `zh-CN/survey/thanks`. `beep` is the same in every language.
    pub fn full_name(language: &str, name: &str) -> String {
        if name == super::runner::BEEP { name.into() } else { format!("{language}/{name}") }
    }

    /// Whether the prompt exists in that language.
    pub fn has(&self, language: &str, name: &str) -> bool {
        self.0.contains(&Self::full_name(language, name))
    }

    /// Whether a full name exists.
    pub fn has_full(&self, full_name: &str) -> bool {
        self.0.contains(full_name)
    }

    /// Every full name, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for PromptSet {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        PromptSet(names.into_iter().map(Into::into).collect())
    }
}
