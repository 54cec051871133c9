//! Who audits what: evenly, never one's own call, and some of it twice.

use std::collections::{BTreeMap, BTreeSet};

use super::{order, sha256};

/// One call that is to be audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its key in the list.
    pub key: String,
    /// Everybody of ours who had the customer.
    pub agents: BTreeSet<String>,
}

/// Who audits a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The call's key.
    pub key: String,
    /// The auditor.
    pub auditor: String,
    /// Whether it is the second look, which knows nothing of the first.
    pub second: bool,
}

/// All assignments of a draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of the draw, second looks last.
    pub assignments: Vec<Assignment>,
    /// Second looks that nobody is left for.
    pub without_second: usize,
}

/// Nobody may audit this call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all auditors ({auditors}) had the customer themselves in a call of {agents}; name one more auditor")]
pub struct NoAuditor {
    auditors: String,
    agents: String,
}

/// Spreads the work. Whoever has least to do comes next; among those chance decides, so that nobody
/// chooses their calls.
///
/// # Errors
/// [`NoAuditor`] of the first call that nobody may audit (ROL-05).
pub fn assign(seed: &str, work: &[Work], auditors: &[String], twice: f64) -> Result<Plan, NoAuditor> {
    let mut load: BTreeMap<&str, usize> = auditors.iter().map(|name| (name.as_str(), 0)).collect();
    let mut plan = Plan::default();
    let mut next = |work: &Work, but: Option<&str>| -> Option<String> {
        let free = load.iter().filter(|(name, _)| !work.agents.contains(**name) && Some(**name) != but);
        let chance = |name: &str| sha256(&format!("{seed}|{}|{name}", work.key));
        let name = free.min_by_key(|(name, load)| (**load, chance(name))).map(|(name, _)| *name)?;
        *load.entry(name).or_default() += 1;
        Some(name.to_owned())
    };
    let mut sorted: Vec<&Work> = work.iter().collect();
    sorted.sort_by_cached_key(|work| order(seed, &work.key));
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    for work in &sorted {
        let auditor = next(work, None).ok_or_else(|| NoAuditor {
            auditors: auditors.join(", "),
            agents: work.agents.iter().cloned().collect::<Vec<_>>().join(", "),
        })?;
        first.insert(&work.key, auditor.clone());
        plan.assignments.push(Assignment { key: work.key.clone(), auditor, second: false });
    }
    sorted.sort_by_cached_key(|work| sha256(&format!("{seed}|twice|{}", work.key)));
    let wanted = (work.len() as f64 * twice / 100.0 - 1e-9).ceil().max(0.0) as usize;
    for work in sorted.into_iter().take(wanted) {
        match next(work, first.get(work.key.as_str()).map(String::as_str)) {
            Some(auditor) => {
                plan.assignments.push(Assignment { key: work.key.clone(), auditor, second: true })
            }
            None => plan.without_second += 1,
        }
    }
    Ok(plan)
}
