//! A survey script: TOML text, read strictly, checked into a graph of nodes.

mod build;

mod node;
mod raw;
mod source;
#[cfg(test)]
mod tests;

pub use build::is_target;
pub(in crate::ivr) use build::{LONGEST_RING, is_prompt_name};
pub use node::*;
pub use source::Frames;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::written::Mistake;

/// Most nodes in one script; a survey has some tens.
pub const MAX_NODES: usize = 500;

/// Largest script file in bytes; a real one has a few thousand.
pub const MAX_SCRIPT_BYTES: usize = 256 * 1024;

/// A checked script.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    file: String,
    name: String,
    title: String,
    languages: Vec<String>,
    fields: BTreeMap<String, String>,
    entry: Entry,
    limits: Limits,
    nodes: Vec<Node>,
}

/// Where a script begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// For a person.
    pub person: NodeId,
    /// After a machine's beep.
    pub machine: Option<NodeId>,
    /// Where person or machine is in doubt.
    pub doubt: Option<NodeId>,
    /// Where the limits are reached.
    pub limit: Option<NodeId>,
}

/// What ends a script that goes on for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes entered and prompts said again, together.
    pub steps: u32,
    /// From the start to the goodbye.
    pub time: Duration,
}

impl Script {
    /// Reads a script that stands in no frame. `file` is shown in errors; its stem is the
    /// script's name.
    pub fn parse(file: &str, text: &str) -> Result<Script, Mistake> {
        Self::parse_within(&Frames::default(), file, text)
    }

    /// Reads a script that may stand in one of these frames: what the script does not say
    /// is taken from there.
    pub fn parse_within(frames: &Frames, file: &str, text: &str) -> Result<Script, Mistake> {
        build::build(frames, file, text)
    }

    /// File as given to [`Script::parse`].
    pub fn file(&self) -> &str {
        &self.file
    }

    /// File name without `.toml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Title for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Languages the script is meant for; the first is the default.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Columns of the list that the script uses, each with its meaning.
    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.fields
    }

    /// Where it begins.
    pub fn entry(&self) -> Entry {
        self.entry
    }

    /// What ends it.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Every node, in the order of the file; those of the frame that the script uses come last.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A node of this script.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The people whom every customer is joined with at once: no question comes before them.
    /// None where the script speaks with the customer itself.
    pub fn people(&self) -> Option<&Connect> {
        let mut at = self.entry.person;
        // A say that leads to itself is refused, but a longer circle may be written.
        for _ in 0..self.nodes.len() {
            match &self.node(at).kind {
                NodeKind::Connect(connect) => return Some(connect),
                NodeKind::Say { next, .. } => at = *next,
                _ => return None,
            }
        }
        None
    }

    /// Whether a machine can be left a message.
    pub fn has_machine_message(&self) -> bool {
        self.entry.machine.is_some()
    }

    /// The nodes where a run may begin or be sent to.
    pub(in crate::ivr) fn entries(&self) -> impl Iterator<Item = NodeId> {
        let e = self.entry;
        [Some(e.person), e.machine, e.doubt, e.limit].into_iter().flatten()
    }
}
