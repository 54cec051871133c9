//! Scripts and prompts: embedded ones, overridden by the folders of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::Library;
use crate::io::assets;
use crate::ivr::{Frames, PromptSet, Script};
use crate::media::{Prompt, PromptLibrary};

/// Where scripts and prompts are besides the embedded ones.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// Folders of `<name>.toml`, and of `frames/<name>.toml`.
    pub scripts: Vec<PathBuf>,
    /// Folders of `<language>/<name>.wav`.
    pub prompts: Vec<PathBuf>,
}

/// A library, and what could not be used of it: one bad file never blocks the others.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What can be used.
    pub library: Library,
    /// One message a file, for people.
    pub problems: Vec<String>,
}

impl Loaded {
    /// Writes what cannot be used to the log.
    pub fn tell_problems(&self) {
        for problem in &self.problems {
            tracing::warn!(problem, "a script or prompt cannot be used");
        }
    }
}

/// Reads everything. A folder that does not exist yet is skipped: prompts recorded by
/// telephone make it later.
///
/// # Errors
/// A folder that exists and cannot be read.
pub fn load(folders: &Folders, fallback: &str) -> std::io::Result<Loaded> {
    let mut loaded = Loaded::default();
    load_scripts(folders, &mut loaded)?;
    load_prompts(folders, fallback, &mut loaded)?;
    Ok(loaded)
}

fn load_scripts(folders: &Folders, loaded: &mut Loaded) -> std::io::Result<()> {
    let there = folders.scripts.iter().map(PathBuf::as_path).filter(|p| p.is_dir());
    let files = assets::layered("scripts/", there, ".toml")?;
    let text = |bytes| String::from_utf8_lossy(bytes);
    let mut frames = Frames::default();
    for (file, bytes) in files.iter().filter(|(file, _)| Frames::is_frame(file)) {
        frames.insert(file, &text(bytes));
    }
    for (file, bytes) in files.iter().filter(|(file, _)| !Frames::is_frame(file)) {
        match Script::parse_within(&frames, file, &text(bytes)) {
            Ok(script) => {
                loaded.library.scripts.insert(script.name().to_owned(), Arc::new(script));
            }
            Err(e) => loaded.problems.push(e.to_string()),
        }
    }
    Ok(())
}

fn load_prompts(folders: &Folders, fallback: &str, loaded: &mut Loaded) -> std::io::Result<()> {
    let there = folders.prompts.iter().map(PathBuf::as_path).filter(|p| p.is_dir());
    let mut library = PromptLibrary::new(fallback);
    let mut names = Vec::new();
    let mut everywhere: BTreeMap<String, Arc<Prompt>> = BTreeMap::new();
    let mut languages = std::collections::BTreeSet::new();
    for (file, bytes) in assets::layered("prompts/", there, ".wav")? {
        let full = file.trim_end_matches(".wav").to_owned();
        let (language, name) = match full.split_once('/') {
            Some((language, name)) => (Some(language.to_owned()), name.to_owned()),
            None => (None, full.clone()),
        };
        match Prompt::from_wav(&name, &bytes) {
            Ok(prompt) => {
                names.push(full);
                match language {
                    Some(language) => {
                        library.insert(&language, Arc::new(prompt));
                        languages.insert(language);
                    }
                    // A sound without a language, such as the beep, is the same in all.
                    None => {
                        everywhere.insert(name, Arc::new(prompt));
                    }
                }
            }
            Err(e) => loaded.problems.push(format!("{file}: {e}")),
        }
    }
    for language in &languages {
        for prompt in everywhere.values() {
            library.insert(language, prompt.clone());
        }
    }
    loaded.library.prompts = Arc::new(library);
    loaded.library.names = Arc::new(names.into_iter().collect::<PromptSet>());
    Ok(())
}
