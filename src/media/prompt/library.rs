//! All prompts by language and name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Prompt, PromptError};

/// Every loaded prompt. Languages are called as their folder under `config/prompts`: `zh-CN`, `en`. A prompt missing in one language is taken from the fallback language.
#[derive(Clone, Debug, Default)]
pub struct PromptLibrary {
    fallback: String,
    by_language: BTreeMap<String, BTreeMap<String, Arc<Prompt>>>,
}

impl PromptLibrary {
    /// An empty library that falls back to `fallback`.
    pub fn new(fallback: &str) -> Self {
        PromptLibrary { fallback: fallback.to_owned(), by_language: BTreeMap::new() }
    }

    /// Converts and keeps one WAV file; replaces a prompt of the same name.
    pub fn insert_wav(
        &mut self,
        language: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<Arc<Prompt>, PromptError> {
        let prompt = Arc::new(Prompt::from_wav(name, bytes)?);
        self.insert(language, prompt.clone());
        Ok(prompt)
    }

    /// Keeps a prompt under its own name.
    pub fn insert(&mut self, language: &str, prompt: Arc<Prompt>) {
        self.by_language.entry(language.to_owned()).or_default().insert(prompt.name().to_owned(), prompt);
    }

    /// The prompt in `language`, else in the fallback language.
    pub fn get(&self, language: &str, name: &str) -> Option<Arc<Prompt>> {
        self.exact(language, name).or_else(|| self.exact(&self.fallback, name))
    }

    /// The prompt in exactly this language.
    pub fn exact(&self, language: &str, name: &str) -> Option<Arc<Prompt>> {
        self.by_language.get(language)?.get(name).cloned()
    }

    /// Those of `names` that neither `language` nor the fallback has, in the order given, each once.
    pub fn missing<'a>(&self, language: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut missing = Vec::new();
        for name in names {
            if self.get(language, name).is_none() && !missing.contains(&name) {
                missing.push(name);
            }
        }
        missing
    }

    /// Languages in alphabetical order.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.by_language.keys().map(String::as_str)
    }

    /// Every prompt of `language`, by name.
    pub fn prompts(&self, language: &str) -> impl Iterator<Item = &Arc<Prompt>> {
        self.by_language.get(language).into_iter().flat_map(BTreeMap::values)
    }

    /// Number of prompts in all languages.
    pub fn len(&self) -> usize {
        self.by_language.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing is loaded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
