//! Surveys: whole conversations on simulated time, on the scripts and prompts as shipped.

pub mod caller;
mod conversations;
mod every_survey;
mod inputs;
mod limits;
mod pack_paths;
mod paths;
mod prompts;
mod reminders;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ringback::ivr::{Frames, PromptSet, Script};

/// `config/` of the repository.
pub fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

/// Name and text of every file of a folder below `config` that ends in `.toml`.
fn files(folder: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(config().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let paths = entries.map(|entry| entry.expect("readable").path());
    let files = paths.filter(|path| path.extension().is_some_and(|e| e == "toml"));
    files.map(|p| (p.display().to_string(), std::fs::read_to_string(p).expect("text"))).collect()
}

/// Every shipped frame.
pub fn frames() -> Frames {
    let mut frames = Frames::default();
    for (file, text) in files("scripts/frames") {
        assert!(Frames::is_frame(&file), "{file}");
        frames.insert(&file, &text);
    }
    frames
}

/// Every shipped script by name.
pub fn scripts() -> &'static BTreeMap<String, Arc<Script>> {
    static SCRIPTS: OnceLock<BTreeMap<String, Arc<Script>>> = OnceLock::new();
    SCRIPTS.get_or_init(|| {
        let frames = frames();
        let mut scripts = BTreeMap::new();
        for (file, text) in files("scripts") {
            let script = Script::parse_within(&frames, &file, &text).unwrap_or_else(|e| panic!("{e}"));
            scripts.insert(script.name().to_owned(), Arc::new(script));
        }
        assert!(scripts.len() >= 45, "scripts are shipped");
        scripts
    })
}

/// Every shipped script that asks a customer whom we call: not those that record prompts, answer
/// customers, call departments, try a trunk, or call back whoever waited in a queue.
pub fn surveys() -> impl Iterator<Item = (&'static str, Arc<Script>)> {
    let others =
        ["record-prompt", "hotline", "catering-hotline", "queue-callback", "ticket-department", "trunk-test"];
    let surveys = scripts().iter().filter(move |(name, _)| !others.contains(&name.as_str()));
    surveys.map(|(name, script)| (name.as_str(), script.clone()))
}

/// One shipped script.
pub fn script(name: &str) -> Arc<Script> {
    scripts().get(name).unwrap_or_else(|| panic!("no script {name}")).clone()
}

/// A text table: prompt name to the text for people.
pub fn texts(language: &str) -> BTreeMap<String, String> {
    let path = config().join("prompts").join(format!("{language}.toml"));
    let table: toml::Table =
        std::fs::read_to_string(path).expect("a text table").parse().expect("the table is TOML");
    let text = |value: toml::Value| match value {
        toml::Value::String(text) => text,
        toml::Value::Table(entry) => entry["text"].as_str().expect("`text` is a text").to_owned(),
        other => panic!("{other} is no text"),
    };
    table.into_iter().map(|(name, value)| (name, text(value))).collect()
}

/// No words, and so in no table: config/prompts/build plucks it.
pub const MUSIC: &str = "music/hold";

/// Every prompt of the tables.
pub fn prompt_set() -> Arc<PromptSet> {
    static PROMPTS: OnceLock<Arc<PromptSet>> = OnceLock::new();
    let prompts = PROMPTS.get_or_init(|| {
        let mut names = vec!["beep".to_owned()];
        for language in ["zh-CN", "en"] {
            names.extend(texts(language).into_keys().map(|name| format!("{language}/{name}")));
            names.push(format!("{language}/{MUSIC}"));
        }
        Arc::new(names.into_iter().collect())
    });
    prompts.clone()
}

/// With what a company recorded for the columns of its list.
pub fn with_recordings() -> Arc<PromptSet> {
    static PROMPTS: OnceLock<Arc<PromptSet>> = OnceLock::new();
    let own = ["items/门板划痕", "items/缺拉手", "texts/厂家补件中", "texts/加装避雷器"];
    let own = own.map(|name| format!("zh-CN/{name}"));
    let all = || Arc::new(prompt_set().iter().map(str::to_owned).chain(own).collect());
    PROMPTS.get_or_init(all).clone()
}
