//! Scripts and prompts: embedded ones, overridden by the folders of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::Library;
use crate::io::assets;
use crate::ivr::{Frames, PromptSet, Script, Texts};
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
    load_texts(folders, &mut loaded)?;
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
    // A mistake in a frame is one mistake, however many scripts stand in it.
    let mut told = BTreeSet::new();
    for (file, bytes) in files.iter().filter(|(file, _)| !Frames::is_frame(file)) {
        match Script::parse_within(&frames, file, &text(bytes)) {
            Ok(script) => {
                if assets::read(&format!("scripts/{file}")).is_none_or(|shipped| shipped != *bytes) {
                    loaded.library.custom.insert(script.name().to_owned());
                }
                loaded.library.scripts.insert(script.name().to_owned(), Arc::new(script));
            }
            Err(e) if told.insert((e.file.clone(), e.place.line, e.place.column)) => {
                loaded.problems.push(e.to_string())
            }
            Err(_) => {}
        }
    }
    Ok(())
}

fn load_prompts(folders: &Folders, fallback: &str, loaded: &mut Loaded) -> std::io::Result<()> {
    let there = folders.prompts.iter().map(PathBuf::as_path).filter(|p| p.is_dir());
    let mut library = PromptLibrary::new(fallback);
    let mut names = Vec::new();
    let mut everywhere: BTreeMap<String, Arc<Prompt>> = BTreeMap::new();
    let mut languages = BTreeSet::new();
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

/// The text of a prompt: as people read it, and as a voice is given it where that differs.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Line {
    Same(String),
    Two { text: String },
}

/// The text tables, `<language>.toml`: what pages and cards show of a script.
fn load_texts(folders: &Folders, loaded: &mut Loaded) -> std::io::Result<()> {
    let there: Vec<_> = folders.prompts.iter().map(PathBuf::as_path).filter(|p| p.is_dir()).collect();
    let mut texts = Texts::default();
    // A table of an operator adds to the shipped one, line by line.
    for tables in std::iter::once(Vec::new()).chain(there.into_iter().map(|folder| vec![folder])) {
        for (file, bytes) in assets::layered("prompts/", tables, ".toml")? {
            let Some(language) = file.strip_suffix(".toml").filter(|name| !name.contains('/')) else {
                continue;
            };
            match toml::from_str::<BTreeMap<String, Line>>(&String::from_utf8_lossy(&bytes)) {
                Ok(lines) => lines.iter().for_each(|(name, line)| {
                    let (Line::Same(text) | Line::Two { text }) = line;
                    texts.insert(language, name, text);
                }),
                Err(e) => loaded.problems.push(format!("prompts/{file}: {}", e.to_string().trim())),
            }
        }
    }
    loaded.library.texts = Arc::new(texts);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ivr::{NodeKind, Part};

    /// What is loaded where an operator's folder has this frame of every survey.
    fn with_frame(change: impl Fn(&str) -> String) -> Loaded {
        let folder = tempfile::tempdir().expect("a folder");
        let frame = assets::read("scripts/frames/survey.toml").expect("the frame is carried along");
        std::fs::create_dir(folder.path().join("frames")).expect("a folder");
        let text = change(&String::from_utf8_lossy(&frame));
        std::fs::write(folder.path().join("frames/survey.toml"), text).expect("written");
        let mut loaded = Loaded::default();
        let folders = Folders { scripts: vec![folder.path().into()], prompts: Vec::new() };
        load_scripts(&folders, &mut loaded).expect("readable");
        loaded
    }

    #[test]
    fn an_operator_changes_the_goodbye_of_every_survey_once() {
        let own = with_frame(|frame| frame.replace("survey/do-not-call", "own/never-again"));
        assert!(own.problems.is_empty(), "{:?}", own.problems);
        assert!(!own.library.scripts.contains_key("survey"), "a frame is no script");
        let nodes = |script: &Arc<Script>| {
            script
                .nodes()
                .iter()
                .find(|n| n.name == "do_not_call")
                .cloned()
                .map(|node| (script.clone(), node))
        };
        let surveys: Vec<_> = own.library.scripts.values().filter_map(nodes).collect();
        assert!(surveys.len() > 40, "{} surveys", surveys.len());
        for (script, node) in surveys {
            let NodeKind::End { prompts, .. } = &node.kind else { panic!("an end") };
            assert_eq!(prompts, &[Part::Prompt("own/never-again".into())], "{}", script.name());
        }
    }

    #[test]
    fn a_mistake_in_a_frame_is_told_once_and_blocks_no_other_script() {
        let broken = with_frame(|frame| frame.replace("next = \"later_bye\"", "next = \"latr_bye\""));
        assert_eq!(broken.problems.len(), 1, "{:?}", broken.problems);
        assert!(broken.problems[0].starts_with("frames/survey.toml:"), "{}", broken.problems[0]);
        assert!(broken.library.scripts.contains_key("record-prompt"));
    }
}
