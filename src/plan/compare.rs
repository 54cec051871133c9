//! The difference between two lists of one day: what another policy would change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::day::{DayPlan, Row, Verdict};
use crate::base::CallbackId;

/// What differs between two lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Only in the second list.
    pub added: Vec<Row>,
    /// Only in the first list.
    pub gone: Vec<Row>,
    /// In both, and not the same.
    pub moved: Vec<Moved>,
    /// In both, and the same.
    pub same: u64,
}

/// One callback that the two lists treat differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// In the first list.
    pub before: Row,
    /// In the second list.
    pub after: Row,
    /// What differs: `rule`, `verdict`, `reason`, `start`, `script`, `caller`, `due`, `deadline`, `method`.
    pub what: Vec<String>,
}

/// Compares two lists. Rows are the same callback by their name; what is left on both sides by
/// the callback's id, then by pack, subject and occurrence: the same call by another rule.
pub fn compare(a: &DayPlan, b: &DayPlan) -> Comparison {
    let mut comparison = Comparison::default();
    let (mut before, mut after): (Vec<&Row>, Vec<&Row>) = (a.rows.iter().collect(), b.rows.iter().collect());
    let pairs = pair(&mut before, &mut after, |row| Some(row.key()));
    let by_id = pair(&mut before, &mut after, |row| Some(row.callback).filter(|id| *id != CallbackId(0)));
    let by_subject = pair(&mut before, &mut after, |row| Some((&row.pack, &row.subject, row.occurrence)));
    let mut pairs: Vec<(&Row, &Row)> = pairs.into_iter().chain(by_id).chain(by_subject).collect();
    pairs.sort_by_key(|(before, _)| before.key());
    for (before, after) in pairs {
        let what = differences(before, after);
        if what.is_empty() {
            comparison.same += 1;
        } else {
            comparison.moved.push(Moved { before: before.clone(), after: after.clone(), what });
        }
    }
    comparison.gone = before.into_iter().cloned().collect();
    comparison.added = after.into_iter().cloned().collect();
    comparison
}

/// Takes out of both lists what has the same key.
fn pair<'r, K: Ord>(
    before: &mut Vec<&'r Row>,
    after: &mut Vec<&'r Row>,
    key: impl Fn(&'r Row) -> Option<K>,
) -> Vec<(&'r Row, &'r Row)> {
    let mut waiting: BTreeMap<K, &'r Row> =
        before.iter().filter_map(|row| key(row).map(|key| (key, *row))).collect();
    let mut pairs = Vec::new();
    after.retain(|row| {
        let found = key(row).and_then(|key| waiting.remove(&key));
        pairs.extend(found.map(|before| (before, *row)));
        found.is_none()
    });
    let mut paired: Vec<*const Row> = pairs.iter().map(|(before, _)| std::ptr::from_ref(*before)).collect();
    paired.sort_unstable();
    before.retain(|row| paired.binary_search(&std::ptr::from_ref(*row)).is_err());
    pairs
}

fn differences(before: &Row, after: &Row) -> Vec<String> {
    let mut what = Vec::new();
    let mut note = |differs: bool, word: &str| {
        if differs {
            what.push(word.to_owned());
        }
    };
    note(before.rule != after.rule, "rule");
    note(before.due != after.due, "due");
    note(before.deadline != after.deadline, "deadline");
    match (&before.verdict, &after.verdict) {
        (Verdict::Call(a), Verdict::Call(b)) => {
            note(a.start != b.start, "start");
            note((&a.script, &a.language) != (&b.script, &b.language), "script");
            let caller = |call: &super::day::Call| {
                let call = call.clone();
                (call.mode == crate::policy::pack::Mode::Robot, call.role, call.assignee, call.on_behalf_of)
            };
            note(caller(a) != caller(b), "caller");
            note(a.priority != b.priority, "priority");
        }
        (Verdict::Not { reason: a, .. }, Verdict::Not { reason: b, .. }) => note(a != b, "reason"),
        (Verdict::Task { method: a, .. }, Verdict::Task { method: b, .. }) => note(a != b, "method"),
        _ => note(true, "verdict"),
    }
    what
}
