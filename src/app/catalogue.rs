//! What the daemon can say and ask, as the API lists it.

use std::collections::BTreeMap;

use crate::engine::Library;
use crate::io::web::{Catalogue, PromptFact, ScriptFact};
use crate::ivr::{self, Need, NodeKind, Script, Severity, Written};

/// Prompts with their lengths and users, scripts with their questions and problems.
pub(super) fn of(library: &Library) -> Catalogue {
    let mut prompts: BTreeMap<(String, String), PromptFact> = BTreeMap::new();
    for language in library.prompts.languages() {
        for prompt in library.prompts.prompts(language) {
            let fact = PromptFact {
                name: prompt.name().to_owned(),
                language: language.to_owned(),
                duration_ms: u64::try_from(prompt.duration().as_millis()).unwrap_or(u64::MAX),
                used_by: Vec::new(),
                missing: false,
            };
            prompts.insert((language.to_owned(), prompt.name().to_owned()), fact);
        }
    }
    let mut scripts = Vec::with_capacity(library.scripts.len());
    for script in library.scripts.values() {
        let languages = script.languages();
        let needs: Vec<Need<'_>> =
            languages.iter().flat_map(|language| ivr::needs(script, language, &library.names)).collect();
        scripts.push(fact(script, &needs));
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
                });
                if fact.used_by.last().is_none_or(|last| last != script.name()) {
                    fact.used_by.push(script.name().to_owned());
                }
            }
        }
    }
    let written = Written { scripts: library.scripts.clone(), texts: library.texts.clone() };
    Catalogue { prompts: prompts.into_values().collect(), scripts, written: std::sync::Arc::new(written) }
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

fn fact(script: &Script, needs: &[Need<'_>]) -> ScriptFact {
    ScriptFact {
        name: script.name().to_owned(),
        title: script.title().to_owned(),
        questions: script.nodes().iter().filter(|n| asks(&n.kind)).map(|n| n.name.clone()).collect(),
        steps: steps(script),
        problems: ivr::check_needing(script, needs)
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(ToString::to_string)
            .collect(),
    }
}
