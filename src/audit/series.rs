//! Results that look made up: not by one call, but by many of one agent together (REC-04).

use std::collections::{BTreeMap, BTreeSet};

use super::form::{Must, SeriesRule};

/// One result that an agent wrote into the register.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The call behind it.
    pub call: String,
    /// Who wrote it.
    pub agent: String,
    /// The customer it is about.
    pub customer: i64,
    /// Text in the register.
    pub text: String,
    /// Scores that were typed, by question.
    pub typed: BTreeMap<String, i64>,
    /// Scores that the customer keyed in the call, by question.
    pub keyed: BTreeMap<String, i64>,
    /// Whether it is told as satisfied.
    pub satisfied: bool,
}

/// Calls that must be audited for what stands in the register, with their reasons. Entries are in the
/// order in which they were written; `low` is the highest score that is a low one.
pub fn suspicious(rule: &SeriesRule, low: i64, entries: &[Entry]) -> BTreeMap<String, BTreeSet<Must>> {
    let mut found: BTreeMap<String, BTreeSet<Must>> = BTreeMap::new();
    let mut add = |call: &str, must: Must| {
        found.entry(call.to_owned()).or_default().insert(must);
    };
    let mut agents: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        if is_typed_over(entry, low) {
            add(&entry.call, Must::TypedScore);
        }
        agents.entry(&entry.agent).or_default().push(entry);
    }
    for entries in agents.values() {
        for run in runs(entries).into_iter().filter(|run| run.len() >= rule.equal_scores.max(2)) {
            run.iter().for_each(|entry| add(&entry.call, Must::EqualScores));
        }
        let mut texts: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            let plain: String =
                entry.text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
            if plain.chars().count() >= rule.same_text_least.max(1) {
                texts.entry(plain).or_default().push(entry);
            }
        }
        for same in texts.values() {
            let customers: BTreeSet<i64> = same.iter().map(|entry| entry.customer).collect();
            if customers.len() >= rule.same_text.max(2) {
                same.iter().for_each(|entry| add(&entry.call, Must::SameText));
            }
        }
    }
    found
}

/// Another score than the customer pressed, or satisfied where they pressed a low one.
fn is_typed_over(entry: &Entry, low: i64) -> bool {
    let differs =
        |(question, keyed): (&String, &i64)| entry.typed.get(question).is_some_and(|typed| typed != keyed);
    entry.keyed.iter().any(differs) || entry.satisfied && entry.keyed.values().any(|score| *score <= low)
}

/// Entries in a row that hold one and the same score and no other.
fn runs<'e>(entries: &[&'e Entry]) -> Vec<Vec<&'e Entry>> {
    let mut runs: Vec<(i64, Vec<&Entry>)> = Vec::new();
    let mut broken = true;
    for entry in entries.iter().filter(|entry| !entry.typed.is_empty()) {
        let scores: BTreeSet<i64> = entry.typed.values().copied().collect();
        let only = scores.first().copied().filter(|_| scores.len() == 1);
        match (only, runs.last_mut()) {
            (Some(score), Some((before, run))) if !broken && score == *before => run.push(entry),
            (Some(score), _) => runs.push((score, vec![entry])),
            (None, _) => {}
        }
        broken = only.is_none();
    }
    runs.into_iter().map(|(_, run)| run).collect()
}
