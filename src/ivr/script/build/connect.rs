//! A node that brings the customer together with a person.

use std::time::Duration;

use super::super::raw::{self, Text};
use super::super::{Connect, NodeKind};
use super::{Builder, Checked};

/// Seconds that each target rings where the script says nothing: four to five times.
const DEFAULT_RING_S: u64 = 20;
/// Longest ringing; who waits longer has left.
const MAX_RING_S: u64 = 120;
/// Targets of one node; a longer chain is a queue.
const MAX_TARGETS: usize = 16;
/// Characters of an extension or number.
const MAX_TARGET: usize = 32;

impl Builder<'_> {
    pub(super) fn connect(&self, name: &Text, raw: &raw::RawConnect) -> Checked<NodeKind> {
        let alone = raw.targets.is_empty() && raw.target_field.is_none();
        let queue = raw.queue.as_ref().or(raw.queue_field.as_ref());
        if let Some(queue) = queue.filter(|_| !alone) {
            let message = format!("`{}` names a queue and whom to ring", name.get_ref());
            return self.fail(
                queue.span(),
                message,
                "a queue rings agents by its own rules: leave targets out",
            );
        }
        if alone && queue.is_none() {
            let message = format!("`{}` rings nobody", name.get_ref());
            let hint = "name an extension, targets = [\"1001\"], or a queue, queue = \"service\"";
            return self.fail(name.span(), message, hint);
        }
        if let Some(extra) = raw.targets.get(MAX_TARGETS) {
            return self.fail(extra.span(), format!("more than {MAX_TARGETS} targets"), "leave some out");
        }
        if let Some(odd) = raw.targets.iter().find(|target| !is_target(target.get_ref())) {
            let message = format!("`{}` is no extension and no number", odd.get_ref());
            return self.fail(odd.span(), message, "use digits, letters, +, - and _");
        }
        let otherwise = self.id(&raw.otherwise)?;
        // Whoever loses the agent of a queue waits on at the head of the line.
        let lost = match (&raw.lost, queue) {
            (Some(node), _) => self.id(node)?,
            (None, Some(_)) => self.id(name)?,
            (None, None) => otherwise,
        };
        if let Some(key) = raw.callback_key.as_ref().filter(|_| queue.is_none()) {
            let hint = "name a queue, queue = \"service\", or leave callback_key out";
            return self.fail(key.span(), "only a queue has places that a callback could keep", hint);
        }
        Ok(NodeKind::Connect(Connect {
            targets: raw.targets.iter().map(|target| target.get_ref().clone()).collect(),
            queue: raw.queue.as_ref().map(|queue| queue.get_ref().clone()),
            queue_field: raw.queue_field.as_ref().map(|field| self.field(field)).transpose()?,
            field: raw.target_field.as_ref().map(|field| self.field(field)).transpose()?,
            one_by_one: raw.one_by_one,
            ring: self.seconds(raw.ring_seconds.as_ref(), DEFAULT_RING_S, 1..=MAX_RING_S)?,
            prompts: self.parts(&raw.prompts)?,
            music: self.parts(&raw.music)?,
            accept_key: raw.accept_key.as_ref().map_or(Ok('1'), |key| self.key(key))?,
            accept_prompts: self.parts(&raw.accept_prompts)?,
            next: self.id(&raw.next)?,
            callback_key: raw.callback_key.as_ref().map(|key| self.key(key)).transpose()?,
            promised: raw.promised.as_ref().map_or(Ok(otherwise), |node| self.id(node))?,
            otherwise,
            lost,
        }))
    }
}

/// Longest time that a target may ring.
pub(in crate::ivr) const LONGEST_RING: Duration = Duration::from_secs(MAX_RING_S);

/// Whether a text can be an extension or a number; what a column holds is looked at too.
pub fn is_target(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_TARGET
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_'))
}
