//! What the daemon can say and ask, as the API lists it.

use std::collections::BTreeMap;

use crate::canary::Tone;
use crate::engine::Library;
use crate::io::web::{Catalogue, PromptFact, ScriptFact, Sounds};
use crate::ivr::{self, Need, NodeKind, Script, Severity, Written};

/// Prompts with their lengths and users, scripts with their questions and problems.
pub(super) fn of(library: &Library) -> Catalogue {
    let mut prompts: BTreeMap<(String, String), PromptFact> = BTreeMap::new();
    let text =
        |language: &str, name: &str| library.texts.get(language, name).map(str::to_owned).unwrap_or_default();
    for language in library.prompts.languages() {
        // The tones of canaries are of the program, and nobody records others.
        let is_tone = |name: &str| Tone::ALL.iter().any(|tone| tone.prompt() == name);
        for prompt in library.prompts.prompts(language).filter(|prompt| !is_tone(prompt.name())) {
            let fact = PromptFact {
                name: prompt.name().to_owned(),
                language: language.to_owned(),
                duration_ms: u64::try_from(prompt.duration().as_millis()).unwrap_or(u64::MAX),
                used_by: Vec::new(),
                missing: false,
                text: text(language, prompt.name()),
            };
            prompts.insert((language.to_owned(), prompt.name().to_owned()), fact);
        }
    }
    let mut scripts = Vec::with_capacity(library.scripts.len());
    for script in library.scripts.values() {
        let languages = script.languages();
        let needs: Vec<Need<'_>> =
            languages.iter().flat_map(|language| ivr::needs(script, language, &library.names)).collect();
        let origin = if library.custom.contains(script.name()) { "custom" } else { "default" };
        scripts.push(fact(script, &needs, origin));
        for need in needs {
            // What is the same in all languages stands under each of them.
            let (language, name) = match need.prompt.split_once('/') {
                Some((language, name)) if languages.iter().any(|l| l == language) => (Some(language), name),
                _ => (None, need.prompt.as_str()),
            };
            for language in languages.iter().filter(|l| language.is_none_or(|named| named == l.as_str())) {
                let key = (language.clone(), name.to_owned());
                let fact = prompts.entry(key).or_insert_with(|| PromptFact {
                    name: name.to_owned(),
                    language: language.clone(),
                    duration_ms: 0,
                    used_by: Vec::new(),
                    missing: !need.present,
                    text: text(language, name),
                });
                if fact.used_by.last().is_none_or(|last| last != script.name()) {
                    fact.used_by.push(script.name().to_owned());
                }
            }
        }
    }
    let written = Written { scripts: library.scripts.clone(), texts: library.texts.clone() };
    let sounds = Sounds(library.prompts.clone());
    Catalogue {
        prompts: prompts.into_values().collect(),
        scripts,
        written: std::sync::Arc::new(written),
        sounds,
    }
}

fn asks(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::Question(_) | NodeKind::Input(_) | NodeKind::Comment { .. })
}

fn steps(script: &ivr::Script) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for step in script.nodes().iter().filter_map(|node| node.step.as_ref()) {
        if !steps.contains(step) {
            steps.push(step.clone());
        }
    }
    steps
}

fn fact(script: &Script, needs: &[Need<'_>], origin: &str) -> ScriptFact {
    ScriptFact {
        name: script.name().to_owned(),
        title: script.title().to_owned(),
        questions: script.nodes().iter().filter(|n| asks(&n.kind)).map(|n| n.name.clone()).collect(),
        steps: steps(script),
        origin: origin.to_owned(),
        problems: ivr::check_needing(script, needs)
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(ToString::to_string)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::library::{Folders, load};
    use crate::io::assets;

    #[test]
    fn eti_01_each_class_of_patients_has_a_default_script_until_somebody_edits_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let origins = || {
            let folders = Folders { scripts: vec![folder.path().into()], prompts: Vec::new() };
            let loaded = load(&folders, "zh-CN").expect("readable");
            assert_eq!(loaded.problems, Vec::<String>::new());
            let scripts = of(&loaded.library).scripts;
            scripts.into_iter().map(|script| (script.name, script.origin)).collect::<BTreeMap<_, _>>()
        };
        let policies =
            crate::app::policies::load(&crate::config::Policy::default()).expect("readable").policies;
        let day = jiff::civil::date(2026, 3, 2);
        let pack = &policies.in_force("hospital", day).expect("the policy of hospitals is shipped").pack;
        let fresh = origins();
        for class in ["inpatient", "specialty", "basic"] {
            assert_eq!(fresh[&pack.rule[class].script], "default", "{class}");
        }
        let shipped = assets::read("scripts/hospital.toml").expect("it is carried along");
        let text = String::from_utf8_lossy(&shipped);
        std::fs::write(folder.path().join("hospital.toml"), &*text).expect("written");
        assert_eq!(origins()["hospital"], "default", "a copy is no edit");
        let edited = text.replace("title = \"", "title = \"本院");
        assert_ne!(edited, text);
        std::fs::write(folder.path().join("hospital.toml"), edited).expect("written");
        let own = origins();
        assert_eq!((own["hospital"].as_str(), own["hospital-outpatient"].as_str()), ("custom", "default"));
    }
}
