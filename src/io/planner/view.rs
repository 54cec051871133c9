//! The day's list as people and programs read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One callback of a day's plan: called, or not, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlanLine {
    /// `call` or `not`.
    pub verdict: String,
    /// Stable word of the one reason.
    pub code: String,
    /// Its figures, for people.
    pub detail: String,
    /// Row id of the callback; 0 in a preview of one that does not exist yet.
    pub callback: i64,
    /// Policy pack.
    pub pack: String,
    /// Rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Row id of the customer.
    pub customer: i64,
    /// Customer's name.
    pub name: String,
    /// The number that is called; masked unless it may be seen.
    pub phone: String,
    /// When it is to be called; milliseconds since 1970. An estimate, but of promised times.
    pub start_at: Option<i64>,
    /// When it should be done.
    pub due: i64,
    /// When it must be done; exclusive.
    pub deadline: i64,
    /// How the dates were computed.
    pub sum: String,
    /// Windows that hold for it.
    pub windows: String,
    /// `robot` or `agent`.
    pub mode: String,
    /// By what channel.
    pub method: String,
    /// Survey script.
    pub script: String,
    /// In whose name.
    pub on_behalf_of: String,
    /// Who is to call; empty: anybody of the role.
    pub assignee: String,
    /// Where it comes from.
    pub origin: String,
    /// Higher goes first.
    pub priority: u8,
    /// Callbacks for which the same call does.
    pub joined: Vec<i64>,
    /// What stands on the card: fields of the event and of the customer.
    pub facts: BTreeMap<String, String>,
    /// Whether the dialler has it.
    pub released: bool,
}

/// How many callbacks have a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReasonCount {
    /// `call` or `not`.
    pub verdict: String,
    /// Stable word.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// The list of one day of one pack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlanView {
    /// Policy pack.
    pub pack: String,
    /// Its title.
    pub title: String,
    /// Day: `2026-03-03`.
    pub day: String,
    /// Version of the pack.
    pub version: String,
    /// `preview`, `draft`, `released` or `closed`.
    pub state: String,
    /// How many are called.
    pub calls: u64,
    /// How many are owed and not called.
    pub not: u64,
    /// When the list ends with the given lines; milliseconds since 1970; null: not on this day.
    pub ends_at: Option<i64>,
    /// What a person should look at.
    pub warnings: Vec<String>,
    /// Counts by reason.
    pub reasons: Vec<ReasonCount>,
    /// Who is called, in order, then who is not.
    pub lines: Vec<PlanLine>,
}

impl PlanView {
    /// Counts the lines anew.
    pub(super) fn count(&mut self) {
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for line in &self.lines {
            *counts.entry((line.verdict.clone(), line.code.clone())).or_default() += 1;
        }
        let of =
            |verdict: &str| -> u64 { counts.iter().filter(|((v, _), _)| v == verdict).map(|(_, n)| n).sum() };
        self.calls = of("call");
        self.not = of("not");
        self.reasons =
            counts.into_iter().map(|((verdict, code), count)| ReasonCount { verdict, code, count }).collect();
    }

    /// The figures that are kept with the day.
    pub(super) fn summary(&self) -> String {
        let without = PlanView { lines: Vec::new(), ..self.clone() };
        serde_json::to_string(&without).unwrap_or_default()
    }
}

/// One difference between two policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DifferenceLine {
    /// Rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Row id of the customer.
    pub customer: i64,
    /// Customer's name.
    pub name: String,
    /// What the one policy says; empty: knows no such callback.
    pub before: String,
    /// What the other says.
    pub after: String,
}

/// Plans of a day, and where they differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlanAnswer {
    /// One for each pack.
    pub plans: Vec<PlanView>,
    /// What the policy given by `against` would change; null: it was not asked for.
    pub difference: Option<Vec<DifferenceLine>>,
}
