//! What is doubtful or missing in scripts that read well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::spoken::Grammar;
use super::{NodeId, NodeKind, Part, PromptSet, Script};

/// Silence after which even a patient customer hangs up, in seconds.
const LONG_WAIT_S: u64 = 30;

/// What tells a caller of a queue the place in the line, and the wait in minutes.
pub const PLACE_PROMPTS: &[&str] = &["hotline/place", "hotline/minutes"];

/// What asks those on duty for the key by which they take a caller.
pub const ACCEPT_PROMPT: &str = "hotline/accept";

/// What tells the other side that the call is recorded: when it is said, the record of the call
/// says so.
pub const RECORDED_PROMPT: &str = "survey/recorded";

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Works, but probably not as meant.
    Warning,
    /// A customer would hear nothing, or be stuck.
    Error,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// File of the script.
    pub file: String,
    /// Node, or empty for the whole script.
    pub node: String,
    /// What.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{word}: {}", self.file)?;
        if !self.node.is_empty() {
            write!(f, ": node `{}`", self.node)?;
        }
        write!(f, ": {} (hint: {})", self.message, self.hint)
    }
}

/// A prompt a script needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need<'a> {
    /// Full name with language.
    pub prompt: String,
    /// Nodes that play it, in the order of the file.
    pub by: Vec<&'a str>,
    /// Whether it exists.
    pub present: bool,
}

/// Checks scripts against the prompts that exist; errors first, then by file and node.
pub fn check<'a>(scripts: impl IntoIterator<Item = &'a Script>, prompts: &PromptSet) -> Vec<Finding> {
    let mut findings = Vec::new();
    for script in scripts {
        let needs = script.languages().iter().flat_map(|language| needs(script, language, prompts));
        findings.extend(check_needing(script, &needs.collect::<Vec<_>>()));
    }
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.file.cmp(&b.file)));
    findings
}

/// The same of one script whose needs in all its languages are known already, unsorted.
pub fn check_needing(script: &Script, needs: &[Need<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut check = Check { script, findings: &mut findings };
    check.prompts(needs);
    check.unreachable();
    check.endless();
    check.endings();
    check.keys();
    findings
}

/// What one script plays in one language, sorted by name.
pub fn needs<'a>(script: &'a Script, language: &str, prompts: &PromptSet) -> Vec<Need<'a>> {
    let grammar = Grammar::of(language);
    let mut by: BTreeMap<String, Vec<&'a str>> = BTreeMap::new();
    let mut add = |name: String, node: &'a str| {
        let nodes = by.entry(name).or_default();
        if nodes.last().is_none_or(|last| *last != node) {
            nodes.push(node);
        }
    };
    for node in script.nodes() {
        for part in node.kind.parts() {
            for name in part_names(part, grammar) {
                add(name, &node.name);
            }
        }
        if let NodeKind::Connect(connect) = &node.kind
            && (connect.queue.is_some() || connect.queue_field.is_some())
        {
            for name in PLACE_PROMPTS.iter().chain([&ACCEPT_PROMPT]) {
                add((*name).to_owned(), &node.name);
            }
            for name in super::spoken::Kind::Number.parts(grammar) {
                add(name, &node.name);
            }
        }
        if matches!(node.kind, NodeKind::Comment { .. } | NodeKind::RecordPrompt(_)) {
            add(super::runner::BEEP.to_owned(), &node.name);
        }
    }
    let need = |(name, by): (String, Vec<&'a str>)| {
        let prompt = PromptSet::full_name(language, &name);
        Need { present: prompts.has_full(&prompt), prompt, by }
    };
    let mut needs: Vec<Need<'a>> = by.into_iter().map(need).collect();
    needs.sort_unstable();
    needs
}

/// Names and items are recorded by the company or made by the TTS command: what is missing
/// there is left out, so they are no need.
fn part_names(part: &Part, grammar: Grammar) -> BTreeSet<String> {
    match part {
        Part::Prompt(name) => BTreeSet::from([name.clone()]),
        Part::Field { kind, .. } => kind.parts(grammar),
        Part::LaterTime => {
            let date = super::spoken::Kind::Date.parts(grammar);
            date.into_iter().chain(super::spoken::Kind::Time.parts(grammar)).collect()
        }
        Part::Items(_) => {
            (1..=super::runner::MAX_SPOKEN_ITEMS).map(|n| format!("item/ordinal-{n}")).collect()
        }
        Part::Name | Part::Text(_) => BTreeSet::new(),
    }
}

struct Check<'a> {
    script: &'a Script,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn found(&mut self, severity: Severity, node: &str, message: String, hint: &str) {
        let file = self.script.file().to_owned();
        self.findings.push(Finding { severity, file, node: node.into(), message, hint: hint.into() });
    }

    fn prompts(&mut self, needs: &[Need<'_>]) {
        for need in needs.iter().filter(|need| !need.present) {
            let node = need.by.first().copied().unwrap_or_default();
            let more = need.by.len() - 1;
            let also = if more > 0 { format!(" (and {more} more nodes)") } else { String::new() };
            self.found(
                Severity::Error,
                node,
                format!("prompt `{}` is missing{also}", need.prompt),
                "put config/prompts/NAME.wav there, record it by telephone with the script record-prompt, \
                 or add it to the text table and run config/prompts/build",
            );
        }
    }

    /// Nodes that can be reached from `start`.
    fn reach(&self, start: impl Iterator<Item = NodeId>) -> BTreeSet<NodeId> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<NodeId> = start.collect();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.script.node(id).kind.successors());
            }
        }
        seen
    }

    fn unreachable(&mut self) {
        let seen = self.reach(self.script.entries());
        for (index, node) in self.script.nodes().iter().enumerate() {
            if !seen.contains(&NodeId(index)) {
                self.found(
                    Severity::Warning,
                    &node.name,
                    "no way leads here".into(),
                    "name it in a `next`, or remove it",
                );
            }
        }
    }

    /// A node from which no end can be reached keeps a customer for ever. A circle that can be
    /// left only by a key is met by the limits, and is said too.
    fn endless(&mut self) {
        for id in self.reach(self.script.entries()) {
            let reached = self.reach([id].into_iter());
            let ends = reached.iter().any(|n| matches!(self.script.node(*n).kind, NodeKind::End { .. }));
            let name = self.script.node(id).name.clone();
            if !ends {
                self.found(
                    Severity::Error,
                    &name,
                    "no end can be reached from here".into(),
                    "lead it to an [end] node",
                );
            } else if self.silent_circle(id) {
                self.found(
                    Severity::Error,
                    &name,
                    "a customer who presses nothing goes in a circle here".into(),
                    "let `silence_next` lead towards an end",
                );
            }
        }
    }

    /// Whether saying nothing leads from `id` back to `id`. Branches may go either way, so a
    /// circle through a branch counts only if every way out of the branch is on it.
    fn silent_circle(&self, id: NodeId) -> bool {
        let mut at = id;
        for _ in 0..=self.script.nodes().len() {
            at = match &self.script.node(at).kind {
                NodeKind::Say { next, .. }
                | NodeKind::Comment { next, .. }
                | NodeKind::Later { next, .. } => *next,
                NodeKind::Question(q) => q.waiting.silence_next,
                NodeKind::Input(i) => i.waiting.silence_next,
                NodeKind::RecordPrompt(r) => r.waiting.silence_next,
                NodeKind::Connect(c) => c.otherwise,
                NodeKind::Branch { rules, otherwise } if rules.iter().all(|r| r.next == *otherwise) => {
                    *otherwise
                }
                NodeKind::Branch { .. } | NodeKind::End { .. } => return false,
            };
            if at == id {
                return true;
            }
        }
        false
    }

    fn endings(&mut self) {
        let script = self.script;
        for node in script.nodes() {
            let NodeKind::End { prompts, wait, disposition, .. } = &node.kind else { continue };
            let machine = matches!(
                disposition,
                crate::base::Disposition::Machine | crate::base::Disposition::MessageLeft
            );
            if prompts.is_empty() && !machine {
                let hint = "add prompts = [\"survey/thanks\"]";
                self.found(Severity::Warning, &node.name, "the call ends without a goodbye".into(), hint);
            }
            if wait.is_zero() && !machine {
                let message = "the daemon hangs up at once; the customer should hang up first".into();
                self.found(Severity::Warning, &node.name, message, "give wait_seconds = 8");
            }
        }
        if script.entry().machine.is_none() && script.entry().doubt.is_some() {
            let message = "there is no message for machines".into();
            self.found(Severity::Warning, "", message, "name an [end] node as entry.machine");
        }
    }

    fn keys(&mut self) {
        let script = self.script;
        let mut global: BTreeSet<char> = BTreeSet::new();
        for node in script.nodes() {
            if let NodeKind::Question(q) = &node.kind {
                global.extend(q.keys.iter().filter(|(_, k)| k.global).map(|(c, _)| *c));
            }
        }
        for node in script.nodes() {
            let NodeKind::Question(q) = &node.kind else { continue };
            if q.waiting.first_key.as_secs() > LONG_WAIT_S {
                let message = format!("waits {} seconds for a key", q.waiting.first_key.as_secs());
                self.found(Severity::Warning, &node.name, message, "8 seconds are usual");
            }
            if matches!(q.purpose, super::Purpose::Machine) {
                continue;
            }
            for key in q.keys.iter().filter(|(c, k)| !k.global && global.contains(c)).map(|(c, _)| *c) {
                let message = format!("key {key} means something else here than in the rest of the script");
                self.found(Severity::Warning, &node.name, message, "use another key, or global_keys = false");
            }
            let mut meanings = BTreeMap::new();
            for (c, key) in &q.keys {
                if let Some(means) = &key.means
                    && let Some(other) = meanings.insert(means, c)
                {
                    let message = format!("keys {other} and {c} both mean `{means}`");
                    self.found(Severity::Warning, &node.name, message, "give each key its own meaning");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
