//! Whatever the audit log names has its text in both catalogues.

use std::collections::BTreeSet;

use super::source::sources;

/// What stands before the name of an action, in the same statement.
const HEADS: [&str; 6] =
    [".audit(", "action: \"", "log(&mut tx", "let action =", "(action, detail)", "fn action("];

/// Actions that the sources name: literals such as `list.import` behind one of the heads.
fn actions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources("src/io") {
        for (at, rest) in
            source.text.match_indices('"').filter(|(at, _)| source.shipped.is_char_boundary(*at))
        {
            let word = source.text[at + rest.len()..].split('"').next().unwrap_or_default();
            let is_action = word.split_once('.').is_some_and(|(thing, act)| {
                [thing, act]
                    .iter()
                    .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            });
            let is_shipped = source.shipped[at..].starts_with('"');
            if !is_action || !is_shipped {
                continue;
            }
            let before = &source.shipped[..at];
            let statement = &source.text[before.rfind([';', '}']).map_or(0, |end| end + 1)..=at];
            if HEADS.iter().any(|head| statement.contains(head)) {
                found.insert(word.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_action_of_the_audit_log_has_its_text() {
    let actions = actions();
    assert!(actions.len() > 80, "{}: {actions:?}", actions.len());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/io/web/console/locales");
    for lang in ["zh-CN", "en"] {
        let text = std::fs::read_to_string(format!("{folder}/{lang}/acts.ftl")).expect("the catalogue");
        let has = |action: &&String| {
            let key = format!("log-act-{} =", action.replace(['.', '_'], "-"));
            text.lines().any(|line| line.starts_with(&key))
        };
        let missing: Vec<_> = actions.iter().filter(|action| !has(action)).collect();
        assert!(missing.is_empty(), "{lang}/acts.ftl has no text for {missing:?}");
    }
}
