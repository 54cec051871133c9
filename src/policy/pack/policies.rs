//! All policies that are known, several versions of one pack among them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Policy, Rule};

/// Policies by pack, each pack's in the order in which they come into force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policies {
    packs: BTreeMap<String, Vec<Policy>>,
}

impl Policies {
    /// Adds a policy.
    ///
    /// # Errors
    /// Another file has the same pack and the same first day; the policy is not added.
    pub fn add(&mut self, policy: Policy) -> Result<(), String> {
        let versions = self.packs.entry(policy.pack.pack.clone()).or_default();
        let day = policy.effective();
        if let Some(twin) = versions.iter().find(|p| p.effective() == day) {
            let when = day.map_or("from the beginning".into(), |day| format!("from {day}"));
            return Err(format!(
                "{}: pack `{}` is in force {when} by {} already; give one of them another `effective` day",
                policy.file, policy.pack.pack, twin.file
            ));
        }
        let at = versions.partition_point(|p| p.effective() < day);
        versions.insert(at, policy);
        Ok(())
    }

    /// The same with rules that every pack has beside its own; a pack that has a rule of that
    /// name keeps it.
    pub fn with_rules(mut self, rules: &BTreeMap<String, Rule>) -> Policies {
        for policy in self.packs.values_mut().flatten() {
            for (id, rule) in rules {
                policy.pack.rule.entry(id.clone()).or_insert_with(|| rule.clone());
            }
        }
        self
    }

    /// The policy of a pack that is in force on `day`.
    pub fn in_force(&self, pack: &str, day: Date) -> Option<&Policy> {
        self.packs.get(pack)?.iter().rev().find(|policy| policy.effective().is_none_or(|from| from <= day))
    }

    /// Every pack's policy on `day`, by pack.
    pub fn all_in_force(&self, day: Date) -> impl Iterator<Item = &Policy> {
        self.packs.keys().filter_map(move |pack| self.in_force(pack, day))
    }

    /// The title of a rule, of the newest version that has it.
    pub fn rule_title(&self, pack: &str, rule: &str) -> Option<&str> {
        let versions = self.packs.get(pack)?.iter().rev();
        versions.filter_map(|policy| policy.pack.rule.get(rule)).map(|rule| rule.title.as_str()).next()
    }

    /// Every policy, by pack and first day.
    pub fn all(&self) -> impl Iterator<Item = &Policy> {
        self.packs.values().flatten()
    }

    /// The policy whose file or pack has this name: `hospital`, `hospital.toml`. Of several
    /// versions of a pack the one in force on `day`, else the first to come.
    pub fn named(&self, name: &str, day: Date) -> Option<&Policy> {
        let stem = |file: &str| file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml").to_owned();
        self.all()
            .find(|policy| stem(&policy.file) == stem(name))
            .or_else(|| self.in_force(name, day))
            .or_else(|| self.packs.get(name)?.first())
    }
}
