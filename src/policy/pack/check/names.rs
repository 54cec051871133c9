//! Names that lead nowhere: kinds of events, rules, groups, sets.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::policy::pack::{Conflict, Rule};
use crate::written::nearest;

impl Check<'_> {
    pub(super) fn names(&mut self) {
        for (id, rule) in &self.pack.rule {
            self.kinds(id, rule);
            self.rules_named(id, rule);
        }
        self.groups();
        self.sets();
        self.circles();
    }

    fn kinds(&mut self, id: &str, rule: &Rule) {
        let mut named: Vec<(Vec<&str>, &str)> = Vec::new();
        named.extend(rule.on.event.iter().map(|kind| (vec!["on", "event"], kind.as_str())));
        named.extend(rule.on.sample.iter().map(|s| (vec!["on", "sample", "from"], s.from.as_str())));
        let since = rule.on.every.iter().map(|e| e.since.as_str()).filter(|kind| !kind.is_empty());
        named.extend(since.map(|kind| (vec!["on", "every", "since"], kind)));
        for (key, kind) in named {
            self.kind(id, &key, kind, "so this rule never fires");
        }
        for kind in &rule.cancelled_by {
            self.kind(id, &["cancelled_by"], kind, "so it takes nothing back");
        }
        for kind in &rule.satisfied_by {
            self.kind(id, &["satisfied_by"], kind, "so it fulfils nothing");
        }
        for kind in rule.wait_while_open.iter().flatten() {
            self.kind(id, &["wait_while_open"], kind, "so nothing waits for it");
        }
    }

    fn kind(&mut self, id: &str, key: &[&str], kind: &str, so: &str) {
        if self.pack.event.contains_key(kind) {
            return;
        }
        let path: Vec<&str> = ["rule", id].into_iter().chain(key.iter().copied()).collect();
        self.unknown_kind(&path, kind, so);
    }

    pub(super) fn unknown_kind(&mut self, path: &[&str], kind: &str, so: &str) {
        let known: Vec<&str> = self.pack.event.keys().map(String::as_str).collect();
        let hint = match nearest(kind, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("add [event.\"{kind}\"] with a title, or name one of: {}", known.join(", ")),
        };
        self.error(path, format!("no event of the kind `{kind}` is known, {so}"), hint);
    }

    fn rules_named(&mut self, id: &str, rule: &Rule) {
        if let Some(after) = &rule.on.after {
            let path = ["rule", id, "on", "after", "rule"];
            match self.pack.rule.get(&after.rule) {
                None => self.unknown_rule(&path, &after.rule, "so this rule never fires"),
                Some(other) if !self.pack.is_active(other) && self.pack.is_active(rule) => {
                    let message =
                        format!("rule `{}` is switched off, so what follows it never fires", after.rule);
                    self.warn(&path, message, "switch the other rule on, or this one off too");
                }
                Some(_) => {}
            }
            if after.outcome.is_empty() {
                let hint = r#"write outcome = ["done"]"#;
                self.error(&path, "no outcome is named, so this rule never fires", hint);
            }
        }
        let other = &rule.caller.not_the_caller_of;
        if !other.is_empty() && !self.pack.rule.contains_key(other) {
            self.unknown_rule(
                &["rule", id, "caller", "not_the_caller_of"],
                other,
                "so any caller may be the same",
            );
        }
    }

    fn unknown_rule(&mut self, path: &[&str], name: &str, so: &str) {
        let known: Vec<&str> = self.pack.rule.keys().map(String::as_str).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the rules are: {}", known.join(", ")),
        };
        self.error(path, format!("there is no rule `{name}`, {so}"), hint);
    }

    fn groups(&mut self) {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, rule) in self.pack.rule.iter().filter(|(_, rule)| !rule.group.is_empty()) {
            groups.entry(&rule.group).or_default().push(id);
        }
        for (group, rules) in &groups {
            if let [alone] = rules.as_slice() {
                let message = format!("group `{group}` has this one rule only, so nothing is decided");
                let hint = "give the rules that want the same callback the same group, or none";
                self.warn(&["rule", alone, "group"], message, hint);
            }
        }
        if let Conflict::Rule(name) = &self.pack.conflict {
            match self.pack.rule.get(name) {
                None => self.unknown_rule(&["conflict"], name, "so its deadline cannot hold"),
                Some(rule) if rule.group.is_empty() => {
                    let message = format!("rule `{name}` is in no group, so it never wins a conflict");
                    self.error(&["conflict"], message, "name a rule of the group whose deadline holds");
                }
                Some(_) => {}
            }
        }
    }

    fn sets(&mut self) {
        let used: BTreeSet<&str> =
            self.pack.rule.values().map(|r| r.set.as_str()).filter(|s| !s.is_empty()).collect();
        for set in self.pack.rule_sets.keys().filter(|set| !used.contains(set.as_str())) {
            let message = format!("no rule is in the set `{set}`, so it switches nothing");
            let hint = format!("give its rules set = \"{set}\"");
            self.warn(&["rule_sets", set], message, hint);
        }
        for (id, rule) in &self.pack.rule {
            if !rule.set.is_empty() && !self.pack.rule_sets.contains_key(&rule.set) {
                let message = format!("[rule_sets] does not name `{}`, so the rule is always on", rule.set);
                let hint = format!("write {} = true or false under [rule_sets]", rule.set);
                self.warn(&["rule", id, "set"], message, hint);
            }
        }
    }

    /// Rules that wait for each other and for nothing else never begin.
    fn circles(&mut self) {
        for id in self.pack.rule.keys() {
            let mut seen = vec![id.as_str()];
            let mut at = id.as_str();
            while let Some(after) = self.pack.rule.get(at).and_then(|rule| rule.on.after.as_ref()) {
                at = &after.rule;
                if at == id {
                    seen.push(at);
                    let message = format!("the rules wait for each other: {}", seen.join(" after "));
                    let hint = "let one of them be triggered by an event";
                    self.error(&["rule", id, "on", "after"], message, hint);
                    break;
                }
                if seen.contains(&at) {
                    break;
                }
                seen.push(at);
            }
        }
    }
}
