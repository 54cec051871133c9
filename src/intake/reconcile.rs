//! The register of callers against the list it was made from (IMP-06).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// One line of the source's list or of the register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterLine {
    /// Order or job; where it is empty, number and name together name the line.
    pub key: String,
    /// Customer's name.
    pub name: String,
    /// Canonical number.
    pub phone: String,
    /// Who is to call, or called.
    pub caller: String,
}

/// How a line differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// In the source's list and not in the register.
    Missing,
    /// In the register and not in the source's list.
    Extra,
    /// In both, with another name or number.
    Altered,
}

impl DifferenceKind {
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::Missing => "missing",
            DifferenceKind::Extra => "extra",
            DifferenceKind::Altered => "altered",
        }
    }
}

/// One difference; each costs its caller one point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// How it differs.
    pub kind: DifferenceKind,
    /// The line's key.
    pub key: String,
    /// Whose line it is.
    pub caller: String,
    /// What differs, for people.
    pub detail: String,
}

/// Differences by caller and key. Lines are matched by key; a line whose key is empty by its
/// number. A missing line belongs to the caller that the source names.
pub fn reconcile(source: &[RegisterLine], register: &[RegisterLine]) -> Vec<Difference> {
    let by_name: BTreeMap<&str, &RegisterLine> = register.iter().map(|line| (name(line), line)).collect();
    let known: BTreeSet<&str> = source.iter().map(name).collect();
    let mut found = Vec::new();
    for line in source {
        let Some(entered) = by_name.get(name(line)) else {
            found.push(difference(DifferenceKind::Missing, line, format!("{} {}", line.name, line.phone)));
            continue;
        };
        let changed: Vec<String> =
            [("name", &line.name, &entered.name), ("phone", &line.phone, &entered.phone)]
                .into_iter()
                .filter(|(_, a, b)| a != b)
                .map(|(what, a, b)| format!("{what}: {a} became {b}"))
                .collect();
        if !changed.is_empty() {
            let caller = if entered.caller.is_empty() { line } else { entered };
            let kind = DifferenceKind::Altered;
            found.push(Difference {
                key: name(line).to_owned(),
                ..difference(kind, caller, changed.join("; "))
            });
        }
    }
    let extra = register.iter().filter(|line| !known.contains(name(line)));
    found.extend(
        extra.map(|line| difference(DifferenceKind::Extra, line, format!("{} {}", line.name, line.phone))),
    );
    found.sort_by(|a, b| (&a.caller, a.kind, &a.key).cmp(&(&b.caller, b.kind, &b.key)));
    found
}

fn name(line: &RegisterLine) -> &str {
    if line.key.is_empty() { &line.phone } else { &line.key }
}

fn difference(kind: DifferenceKind, line: &RegisterLine, detail: String) -> Difference {
    Difference {
        kind,
        key: name(line).to_owned(),
        caller: line.caller.clone(),
        detail: detail.trim().to_owned(),
    }
}
