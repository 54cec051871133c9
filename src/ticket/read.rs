//! Text to ticket pack, with everything checked that a ticket could stumble over later.

use std::collections::BTreeSet;

use super::pack::{Kind, StageRule, TicketPack};
use crate::calendar::Windows;

/// A ticket file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct TicketFileError {
    /// File as given.
    pub file: String,
    /// What is wrong, and where.
    pub message: String,
}

/// What a stage may be counted from beside the stages before it.
pub(super) const ANCHORS: [&str; 5] = ["opened", "escalated", "acknowledged", "call_end", "verified"];
/// States that a type may give words of its own.
const STATES: [&str; 3] = ["verifying", "verified", "closed"];
/// Largest ticket file that is read.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Types of one file, and stages of one type.
const MAX_PARTS: usize = 60;

impl TicketPack {
    /// Reads a ticket file; types and keys that it does not say itself are those of `base`.
    ///
    /// # Errors
    /// The first mistake, in words.
    pub fn parse(file: &str, text: &str, base: Option<&TicketPack>) -> Result<TicketPack, TicketFileError> {
        let wrong = |message: String| TicketFileError { file: file.to_owned(), message };
        if text.len() > MAX_TEXT_BYTES {
            return Err(wrong(format!("the file is larger than {MAX_TEXT_BYTES} bytes")));
        }
        let mut pack: TicketPack = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        for (word, kind) in base.map(|base| &base.kind).into_iter().flatten() {
            pack.kind.entry(word.clone()).or_insert_with(|| kind.clone());
        }
        if let Some(base) = base.filter(|_| pack.keys.is_empty()) {
            pack.keys = base.keys.clone();
        }
        check(&pack).map_err(wrong)?;
        Ok(pack)
    }
}

fn check(pack: &TicketPack) -> Result<(), String> {
    if pack.pack.is_empty() || pack.owner.is_empty() || pack.supervisor.is_empty() {
        return Err(
            "`pack`, `owner` and `supervisor` must not be empty: no ticket is without an owner".into()
        );
    }
    if pack.prefix.chars().any(|c| !c.is_ascii_alphanumeric()) || pack.prefix.len() > 8 {
        return Err(format!("prefix `{}`: at most 8 letters and digits", pack.prefix));
    }
    Windows::parse(&pack.business, "UTC").map_err(|e| format!("business: {e}"))?;
    if pack.kind.is_empty() || pack.kind.len() > MAX_PARTS {
        return Err(format!("1 to {MAX_PARTS} types are needed: [kind.consultation]"));
    }
    let kinds = pack.keys.values().chain(pack.entry.values().map(|e| &e.kind)).chain([
        &pack.intake.kind,
        &pack.intake.missed,
        &pack.intake.dissatisfied,
    ]);
    for kind in kinds.filter(|kind| !kind.is_empty()) {
        if !pack.kind.contains_key(kind) {
            return Err(format!("there is no type `{kind}`: write [kind.{kind}]"));
        }
    }
    pack.kind
        .iter()
        .try_for_each(|(word, kind)| check_kind(kind).map_err(|e| format!("kind.{word}: {e}")))?;
    if pack.finding.len() > MAX_PARTS {
        return Err(format!("more than {MAX_PARTS} findings"));
    }
    pack.finding.iter().try_for_each(|(word, f)| f.check(pack).map_err(|e| format!("finding.{word}: {e}")))
}

fn check_kind(kind: &Kind) -> Result<(), String> {
    if !["", "ordinary", "serious", "major"].contains(&kind.severity.as_str()) {
        return Err(format!("severity `{}`: write ordinary, serious or major", kind.severity));
    }
    if kind.stage.len() > MAX_PARTS {
        return Err(format!("more than {MAX_PARTS} stages"));
    }
    for duty in &kind.duty {
        Windows::parse(&duty.hours, "UTC").map_err(|e| format!("duty: {e}"))?;
    }
    if let Some(word) = kind.states.keys().find(|word| !STATES.contains(&word.as_str())) {
        return Err(format!("states: `{word}` is no state of its own; write one of {}", STATES.join(", ")));
    }
    let approvals: BTreeSet<&str> = kind.approval.iter().map(|a| a.id.as_str()).collect();
    let mut known: BTreeSet<&str> = ANCHORS.into_iter().collect();
    for stage in &kind.stage {
        check_stage(stage, &known, &approvals).map_err(|e| format!("stage `{}`: {e}", stage.id))?;
        if !known.insert(&stage.id) {
            return Err(format!("stage `{}` is there twice", stage.id));
        }
    }
    Ok(())
}

fn check_stage(stage: &StageRule, known: &BTreeSet<&str>, approvals: &BTreeSet<&str>) -> Result<(), String> {
    if stage.id.is_empty() {
        return Err("it needs an `id`".into());
    }
    if !stage.after.is_empty() && !known.contains(stage.after.as_str()) {
        let words: Vec<&str> = known.iter().copied().collect();
        return Err(format!(
            "after = `{}` names no stage before it; known: {}",
            stage.after,
            words.join(", ")
        ));
    }
    if let Some(missing) = stage.approvals.iter().find(|id| !approvals.contains(id.as_str())) {
        return Err(format!("there is no approval `{missing}`"));
    }
    let offsets = stage.due.iter().chain(stage.due_by_region.values()).chain(stage.due_by_severity.values());
    match offsets.into_iter().find(|offset| offset.amount < 0) {
        Some(offset) => Err(format!("due = {offset} lies before its beginning")),
        None => Ok(()),
    }
}
