//! Nothing private is said before the person is known to be the customer.

use std::ops::Range;

use super::super::{Node, NodeId, NodeKind, Part, Purpose, Script};
use super::{Builder, Checked};

impl Builder<'_> {
    /// Whether a node says something private: marked so, or speaks a private column.
    pub(super) fn is_private(&self, marked: bool, kind: &NodeKind) -> bool {
        marked
            || kind.parts().into_iter().any(|part| match part {
                Part::Field { field, .. } | Part::Text(field) | Part::Items(field) => {
                    self.private_fields.contains(field)
                }
                Part::Name | Part::Prompt(_) | Part::LaterTime => false,
            })
    }

    /// Walks every way that does not pass a successful identity check.
    pub(super) fn guard_privacy(&self, script: &Script, spans: &[Range<usize>]) -> Checked<()> {
        let mut seen = vec![false; script.nodes().len()];
        let mut open: Vec<NodeId> = script.entries().collect();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id.0], true) {
                continue;
            }
            let node = script.node(id);
            if node.private {
                let message = format!("`{}` says something private before the identity check", node.name);
                return self.fail(spans[id.0].clone(), message, "put an [identity] node on every way to it");
            }
            open.extend(unproved(node));
        }
        Ok(())
    }
}

/// The ways on that prove nothing.
fn unproved(node: &Node) -> Vec<NodeId> {
    match &node.kind {
        NodeKind::Question(q) if q.purpose == Purpose::Identity => {
            let yes = q
                .keys
                .values()
                .filter(|k| k.global || k.means.as_deref() != Some(super::nodes::IDENTITY_YES));
            let again = q.replay_from;
            yes.filter_map(|k| k.next())
                .chain(again)
                .chain([q.waiting.silence_next, q.waiting.wrong_next])
                .collect()
        }
        NodeKind::Input(i) if i.purpose == Purpose::Identity => {
            let mismatch = i.equals.iter().map(|(_, node)| *node);
            mismatch.chain([i.waiting.silence_next, i.waiting.wrong_next]).collect()
        }
        kind => kind.successors(),
    }
}
