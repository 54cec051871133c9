//! What was found out, and what becomes of it: one table of a ticket file says which answers,
//! events and outcomes open a ticket or change one that is open.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pack::TicketPack;
use crate::policy::pack::{Condition, OutcomeWord, holds_all};

/// Stands for every rule.
const ANY: &str = "*";

/// One row of the table: `[finding.<word>]`. It is found in events or in callbacks.
///
/// In an event, fields are those of the event. In a callback they are the questions of its script,
/// each with what the key means (of a comment, its recording), then what a person filled in, then
/// the fields of the event behind it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Finding {
    /// Requirement ids, or `ours`.
    pub source: String,
    /// Kinds of events in which it is found.
    pub event: Vec<String>,
    /// Rules in whose callbacks it is found; `*` is every rule.
    pub callback: Vec<String>,
    /// Only where such a callback ended so: `done`, `satisfied` or `dissatisfied`.
    pub outcome: Vec<OutcomeWord>,
    /// Only where all of this holds.
    pub when: Vec<Condition>,
    /// Type of the ticket that it opens; one that is open for the same matter gets it once more.
    pub opens: String,
    /// Type of open tickets of the same matter that it changes; it opens none then.
    pub amends: String,
    /// Fields that the ticket gets: `{ category = "lead" }`.
    pub sets: BTreeMap<String, String>,
    /// Fields that it takes over, each by the name that it has where it was found:
    /// `{ department = "crew" }`. What is empty there changes nothing.
    pub copies: BTreeMap<String, String>,
    /// Lists that grow by a field: `{ outstanding_items = "b1_note" }`; those of a new ticket begin
    /// with it.
    pub adds: BTreeMap<String, String>,
    /// Stages of a ticket it amends that are done by it, in this order; those that are done already
    /// are passed over.
    pub reports: Vec<String>,
}

/// What a finding says to a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// Word of the finding.
    pub word: String,
    /// Where it was found, in words.
    pub found_in: String,
    /// Fields that are set.
    pub fields: BTreeMap<String, String>,
    /// Lists that grow, each by one item.
    pub adds: BTreeMap<String, String>,
    /// Stages that are done by it.
    pub reports: Vec<String>,
}

impl Finding {
    /// Whether it is found in an event of that kind.
    pub fn is_in_event<'a>(&self, kind: &str, field: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.event.iter().any(|known| known == kind) && holds_all(&self.when, field)
    }

    /// Whether it is found in a callback of that rule which reached the customer.
    pub fn is_in_callback<'a>(
        &self,
        rule: &str,
        dissatisfied: bool,
        field: impl Fn(&str) -> Option<&'a str>,
    ) -> bool {
        let ended = |word: &OutcomeWord| match word {
            OutcomeWord::Done => true,
            OutcomeWord::Satisfied => !dissatisfied,
            OutcomeWord::Dissatisfied => dissatisfied,
            OutcomeWord::Unreached => false,
        };
        self.callback.iter().any(|known| known == rule || known == ANY)
            && (self.outcome.is_empty() || self.outcome.iter().any(ended))
            && holds_all(&self.when, field)
    }

    /// Whether it is for callbacks that found a customer who is not content.
    pub fn is_of_dissatisfaction(&self) -> bool {
        self.outcome.contains(&OutcomeWord::Dissatisfied)
    }

    /// What it says to a ticket.
    pub fn amendment<'a>(
        &self,
        word: &str,
        found_in: &str,
        field: impl Fn(&str) -> Option<&'a str>,
    ) -> Amendment {
        let taken = |names: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            let value = |from: &str| field(from).map(str::trim).filter(|text| !text.is_empty());
            names.iter().filter_map(|(to, from)| Some((to.clone(), value(from)?.to_owned()))).collect()
        };
        let mut fields = self.sets.clone();
        fields.extend(taken(&self.copies));
        Amendment {
            word: word.to_owned(),
            found_in: found_in.to_owned(),
            fields,
            adds: taken(&self.adds),
            reports: self.reports.clone(),
        }
    }

    /// Checks it against the types of its file.
    ///
    /// # Errors
    /// The first mistake, in words.
    pub(super) fn check(&self, pack: &TicketPack) -> Result<(), String> {
        if self.event.is_empty() == self.callback.is_empty() {
            return Err("name either kinds of events (`event`) or rules of callbacks (`callback`)".into());
        }
        if !self.outcome.is_empty() && self.callback.is_empty() {
            return Err("an event has no `outcome`: ask for a field of it with `when`".into());
        }
        if self.outcome.contains(&OutcomeWord::Unreached) {
            return Err("a callback that reached nobody found nothing out: leave `unreached` away".into());
        }
        if self.opens.is_empty() && self.amends.is_empty() {
            return Err("nothing becomes of it: write `opens` or `amends` with a type".into());
        }
        if !self.reports.is_empty() && self.amends.is_empty() {
            return Err("a new ticket begins at its first stage: `reports` goes with `amends`".into());
        }
        for kind in [&self.opens, &self.amends].into_iter().filter(|kind| !kind.is_empty()) {
            let Some(known) = pack.kind.get(kind) else {
                let types: Vec<&str> = pack.kind.keys().map(String::as_str).collect();
                return Err(format!("there is no type `{kind}`; the types are {}", types.join(", ")));
            };
            let stages: BTreeSet<&str> = known.stage.iter().map(|stage| stage.id.as_str()).collect();
            if let Some(missing) = self.reports.iter().find(|id| !stages.contains(id.as_str())) {
                return Err(format!("reports: type `{kind}` has no stage `{missing}`"));
            }
        }
        Ok(())
    }
}

impl TicketPack {
    /// Checks the table against the policy whose customers' tickets these are: one sentence a
    /// mistake.
    pub fn doubts(&self, policy: &crate::policy::pack::Pack) -> Vec<String> {
        let mut doubts = Vec::new();
        let mut kinds: Vec<(String, &str)> = Vec::new();
        for (word, finding) in &self.finding {
            kinds.extend(finding.event.iter().map(|kind| (format!("finding.{word}"), kind.as_str())));
            for rule in finding.callback.iter().filter(|rule| *rule != ANY) {
                if !policy.rule.contains_key(rule) {
                    let known: Vec<&str> = policy.rule.keys().map(String::as_str).collect();
                    doubts.push(format!(
                        "finding.{word}: policy `{}` has no rule `{rule}`, so nothing is found in it; its rules are {}",
                        policy.pack,
                        known.join(", ")
                    ));
                }
            }
        }
        kinds.extend(self.coverage.from.iter().map(|kind| ("coverage.from".to_owned(), kind.as_str())));
        for (place, kind) in kinds {
            if !policy.event.contains_key(kind) {
                let known: Vec<&str> = policy.event.keys().map(String::as_str).collect();
                doubts.push(format!(
                    "{place}: policy `{}` knows no event `{kind}`, so it is never found; its events are {}",
                    policy.pack,
                    known.join(", ")
                ));
            }
        }
        doubts
    }
}
