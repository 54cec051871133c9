//! What the daemon can say and ask, as the API lists it.

use std::collections::BTreeMap;

use crate::engine::Library;
use crate::io::web::{Catalogue, PromptFact, ScriptFact};
use crate::ivr::{self, NodeKind, Severity};

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
    for script in library.scripts.values() {
        for language in script.languages() {
            for need in ivr::needs(script, language, &library.names) {
                let name = need.prompt.split_once('/').map_or(&*need.prompt, |(_, name)| name).to_owned();
                let fact = prompts.entry((language.clone(), name.clone())).or_insert_with(|| PromptFact {
                    name,
                    language: language.clone(),
                    duration_ms: 0,
                    used_by: Vec::new(),
                    missing: !need.present,
                });
                fact.used_by.push(script.name().to_owned());
            }
        }
    }
    Catalogue { prompts: prompts.into_values().collect(), scripts: scripts(library) }
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

fn scripts(library: &Library) -> Vec<ScriptFact> {
    library
        .scripts
        .values()
        .map(|script| ScriptFact {
            name: script.name().to_owned(),
            title: script.title().to_owned(),
            questions: script.nodes().iter().filter(|n| asks(&n.kind)).map(|n| n.name.clone()).collect(),
            steps: steps(script),
            problems: ivr::check([&**script], &library.names)
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(ToString::to_string)
                .collect(),
        })
        .collect()
}
