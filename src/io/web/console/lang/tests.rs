use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::base::Disposition;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/io/web/console");

/// Keys of a catalogue with the values that stand in their texts.
fn keys(files: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    let mut current = String::new();
    for line in files.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) =
            line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            current = key.to_owned();
            assert!(all.insert(current.clone(), BTreeSet::new()).is_none(), "{key} stands twice");
        }
        for value in line.split('$').skip(1) {
            let name = value.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
            all.get_mut(&current).expect("a value stands in a text").insert(name);
        }
    }
    all
}

fn walk(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

#[test]
fn both_languages_have_the_same_keys_and_the_same_values_in_them() {
    let (chinese, english) = (keys(&CHINESE), keys(&ENGLISH));
    assert!(chinese.len() > 100, "{} keys", chinese.len());
    assert_eq!(chinese, english);
    for files in [CHINESE, ENGLISH] {
        for file in files {
            assert!(FluentResource::try_new(file.to_owned()).is_ok(), "{file}");
        }
    }
}

#[test]
fn every_key_that_a_page_names_has_a_text_and_every_text_is_named() {
    let known = keys(&ENGLISH);
    let mut named = BTreeSet::new();
    // Problems are said in the visitor's language wherever they are told.
    let web = Path::new(HERE).parent().unwrap();
    let sources = walk(Path::new(HERE), ".html")
        .into_iter()
        .chain(walk(Path::new(HERE), ".rs"))
        .chain(walk(web, "tongue.rs"));
    for (file, text) in sources.filter(|(file, _)| !file.ends_with("tests.rs")) {
        for call in [".text(\"", ".with(\"", ".with2(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap().to_owned();
                assert!(known.contains_key(&key), "{file}: no text for {key}");
                named.insert(key);
            }
        }
        // Words of the program and keys that are passed on.
        for call in [".word(\"", "choices(&frame, \""] {
            let kinds = text.split(call).skip(1).map(|rest| rest.split('"').next().unwrap());
            named.extend(kinds.map(|kind| format!("{kind}-*")));
        }
        named.extend(known.keys().filter(|key| text.contains(&format!("\"{key}\""))).cloned());
    }
    let unused: Vec<_> = known
        .keys()
        .filter(|key| !named.contains(*key))
        .filter(|key| !named.iter().any(|n| n.strip_suffix('*').is_some_and(|head| key.starts_with(head))))
        .collect();
    assert!(unused.is_empty(), "no page shows {unused:?}");
}

/// The text without what stands between these marks.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut parts = text.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once(close).map_or("", |(_, after)| after))
}

#[test]
fn no_template_holds_a_bare_sentence() {
    for (file, text) in walk(Path::new(HERE), ".html") {
        let mut bare = String::new();
        // Commands are the same in every language; the shape of a page is a class.
        let text = without(&without(&text, "<code", "</code>"), "{% block shape %}", "{% endblock %}");
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '<']) {
            bare.push_str(&rest[..at]);
            let tail = &rest[at..];
            let end = ["{{", "{%", "{#", "<"].into_iter().zip(["}}", "%}", "#}", ">"]);
            let close =
                end.into_iter().find(|(open, _)| tail.starts_with(open)).map_or("", |(_, close)| close);
            let length = tail.find(close).map_or(tail.len(), |i| i + close.len().max(1));
            rest = &tail[length..];
        }
        bare.push_str(rest);
        let words: Vec<&str> =
            bare.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).collect();
        let words: Vec<&&str> = words.iter().filter(|w| !["ringback"].contains(*w)).collect();
        assert!(words.is_empty(), "{file}: {words:?} stands outside the catalogues");
    }
}

#[test]
fn every_result_and_every_reason_has_its_word() {
    let known = keys(&ENGLISH);
    for disposition in Disposition::ALL {
        let key = format!("disposition-{}", disposition.as_str().replace('_', "-"));
        assert!(known.contains_key(&key), "{key}");
    }
    let reasons =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy/reason.rs")).unwrap();
    let codes: Vec<&str> = reasons
        .lines()
        .filter(|line| line.contains(": &str = \""))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(codes.len() > 40, "{codes:?}");
    for code in codes {
        let key = format!("reason-{}", code.replace('_', "-"));
        assert!(known.contains_key(&key), "{key}");
    }
}

#[test]
fn every_step_of_the_scripts_that_come_with_the_program_has_its_word() {
    let known = keys(&ENGLISH);
    let scripts = walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/scripts")), ".toml");
    let lines = scripts.iter().flat_map(|(_, text)| text.lines());
    let steps: BTreeSet<&str> =
        lines.filter_map(|line| line.strip_prefix("step = \"")?.split('"').next()).collect();
    assert!(steps.len() > 30, "{steps:?}");
    // What frames a call is no step that an agent ticks.
    for step in steps.into_iter().filter(|step| !["greeting", "thanks"].contains(step)) {
        let key = format!("desk-step-{}", step.replace('_', "-"));
        assert!(known.contains_key(&key), "{key}");
    }
}

#[test]
fn texts_hold_their_values_and_english_knows_one_and_many() {
    assert_eq!(Lang::English.with("count-calls", "n", 1), "1 call");
    assert_eq!(Lang::English.with("count-calls", "n", 7), "7 calls");
    assert_eq!(Lang::Chinese.with("count-calls", "n", 7), "7 个通话");
    assert_eq!(Lang::English.word("disposition", "no_answer"), "No answer");
    assert_eq!(Lang::English.word("disposition", "brand_new"), "brand new", "an unknown word is shown");
}

#[test]
fn a_browser_gets_the_first_language_it_asks_for_that_is_there() {
    assert_eq!(Lang::accepted("fr;q=0.9, en-GB, zh"), Lang::English);
    assert_eq!(Lang::accepted("zh-TW,en"), Lang::Chinese);
    assert_eq!(Lang::accepted("語"), Lang::Chinese);
    assert_eq!(Lang::accepted(""), Lang::Chinese);
}
