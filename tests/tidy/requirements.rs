//! `tests/requirements.toml`: every requirement with the tests that show it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde::Deserialize;

use super::source::{Source, line_of, sources};
use super::{ids, ids_of_names, judge};

/// Where the table is.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requirements.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    priority: String,
    #[serde(default)]
    tests: Vec<String>,
    later: Option<String>,
    not: Option<String>,
}

fn table() -> BTreeMap<String, Row> {
    let text = std::fs::read_to_string(TABLE).expect("tests/requirements.toml");
    toml::from_str(&text).expect("tests/requirements.toml is TOML of the shape its head describes")
}

/// The path of a file's module as the test harness prints it: `calendar::count::` of
/// `src/calendar/count.rs`, `store::lists::` of `tests/store/lists.rs`.
fn module_path(source: &Source) -> String {
    let path =
        source.path.strip_prefix("src/").or(source.path.strip_prefix("tests/")).unwrap_or(&source.path);
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.replace('/', "::")
}

/// Tests that name a requirement: id to full names of tests.
fn named(
    kinds: &BTreeSet<&str>,
    known: &BTreeMap<String, Row>,
) -> (BTreeMap<String, BTreeSet<String>>, Vec<String>) {
    let (mut shown, mut offences) = (BTreeMap::<String, BTreeSet<String>>::new(), Vec::new());
    for source in sources("src").into_iter().chain(sources("tests")) {
        if source.path.starts_with("tests/tidy") {
            continue;
        }
        let text = source.text.as_str();
        let in_tests = source.shipped.is_empty() || text.contains("#[cfg(test)]");
        let written = ids(text).map(|(at, id)| (at, id.to_owned(), false));
        let spelt = ids_of_names(text).into_iter().map(|(at, id)| (at, id, true));
        for (at, id, is_name) in
            written.chain(spelt).filter(|(_, id, _)| in_tests && kinds.contains(&id[..3]))
        {
            if !known.contains_key(&id) {
                offences.push(format!("{}:{}: there is no requirement {id}", source.path, line_of(text, at)));
            } else if is_name && is_test(text, at) {
                let inline = !source.shipped.is_empty();
                let name = format!(
                    "{}::{}{}",
                    module_path(&source),
                    if inline { "tests::" } else { "" },
                    name_at(text, at)
                );
                shown.entry(id).or_default().insert(name);
            }
        }
    }
    (shown, offences)
}

/// Whether `#[test]` or `#[tokio::test...]` stands above the function at `at`, or it is one of
/// those that `on_both_databases!` makes tests of.
fn is_test(text: &str, at: usize) -> bool {
    let name = name_at(text, at);
    if text.contains("on_both_databases! {") && text.contains(&format!("    {name},\n")) {
        return true;
    }
    let above = text[..at].trim_end_matches("async ").trim_end();
    let begin = above.rfind(['}', ';']).map_or(0, |i| i + 1);
    above[begin..].contains("#[test]") || above[begin..].contains("#[tokio::test") || above.ends_with("test]")
}

fn name_at(text: &str, at: usize) -> &str {
    let rest = &text[at + "fn ".len()..];
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    &rest[..end]
}

/// The table with the tests of today.
fn blessed(table: &BTreeMap<String, Row>, shown: &BTreeMap<String, BTreeSet<String>>) -> String {
    let old = std::fs::read_to_string(TABLE).expect("tests/requirements.toml");
    let mut text: String = old.lines().take_while(|line| line.starts_with('#') || line.is_empty()).fold(
        String::new(),
        |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        },
    );
    for (id, row) in table {
        let mut section = format!("[{id}]\npriority = {:?}\n", row.priority);
        if let Some(tests) = shown.get(id) {
            section.push_str("tests = [\n");
            for test in tests {
                writeln!(section, "    {test:?},").expect("text");
            }
            section.push_str("]\n");
        }
        for (key, value) in [("later", &row.later), ("not", &row.not)] {
            if let Some(value) = value {
                writeln!(section, "{key} = {value:?}").expect("text");
            }
        }
        text.push_str(&section);
        text.push('\n');
    }
    format!("{}\n", text.trim_end())
}

#[test]
fn every_requirement_is_shown_by_tests_or_says_why_not() {
    let table = table();
    assert_eq!(table.len(), 254, "tests/requirements.toml lists every requirement once");
    let kinds: BTreeSet<&str> = table.keys().map(|id| &id[..3]).collect();
    let (shown, mut offences) = named(&kinds, &table);
    if std::env::var_os("RINGBACK_BLESS").is_some() {
        std::fs::write(Path::new(TABLE), blessed(&table, &shown)).expect("the table is written");
        return;
    }
    let none = BTreeSet::new();
    for (id, row) in &table {
        let found = shown.get(id).unwrap_or(&none);
        let listed: BTreeSet<String> = row.tests.iter().cloned().collect();
        for gone in listed.difference(found) {
            offences.push(format!("{id}: there is no test {gone}"));
        }
        for new in found.difference(&listed) {
            offences.push(format!("{id}: {new} is not listed (RINGBACK_BLESS=1 lists it)"));
        }
        if row.tests.is_empty() && row.later.is_none() && row.not.is_none() {
            offences.push(format!("{id}: neither tests nor `later` nor `not`"));
        }
        if !["M", "S", "C"].contains(&row.priority.as_str()) {
            offences.push(format!("{id}: priority {}", row.priority));
        }
    }
    tell(&table);
    judge("Every requirement is shown by tests, or says where it stands:", offences);
}

/// One line for each category, for the summary of tests/run.
fn tell(table: &BTreeMap<String, Row>) {
    let mut kinds: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for (id, row) in table {
        for kind in [&id[..3], "all"] {
            let counts = kinds.entry(kind).or_default();
            let place = match (row.tests.is_empty(), row.later.is_some(), row.not.is_some()) {
                (false, false, _) => 0,
                (false, true, _) => 1,
                (true, _, true) => 3,
                (true, ..) => 2,
            };
            counts[place] += 1;
        }
    }
    let mut text = String::new();
    for (kind, [whole, part, later, not]) in kinds {
        writeln!(
            text,
            "requirements {kind}: {whole} shown, {part} in part, {later} later, {not} not for this software"
        )
        .expect("text");
    }
    // Not println!, which the test harness would swallow.
    std::io::stderr().write_all(text.as_bytes()).expect("stderr");
}
