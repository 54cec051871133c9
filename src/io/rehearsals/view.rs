//! A rehearsal as people and programs read it. Names are covered and numbers masked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::io::planner::{ReasonCount, RuleRate};

/// A rehearsal: what was asked for, how far it is, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RehearsalView {
    /// Counts the rehearsals since the start of the daemon.
    pub id: u64,
    /// `running`, `stopping`, `stopped`, `failed` or `done`.
    pub state: String,
    /// Policy pack.
    pub pack: String,
    /// Its title.
    pub title: String,
    /// Version of the policy that is rehearsed.
    pub version: String,
    /// Version of the policy in force, with which it is compared; empty: it is that one itself.
    pub against: String,
    /// First day: `2026-03-03`.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Seed: the same gives the same days.
    pub seed: u64,
    /// Calls at once.
    pub lines: u32,
    /// Percent of calls that a person answers.
    pub answer_rate: u32,
    /// Who asked for it.
    pub by: String,
    /// When; milliseconds since 1970.
    pub created_at: i64,
    /// When it ended; null: it runs.
    pub ended_at: Option<i64>,
    /// The day that is walked through, from 1; 0: it is being prepared.
    pub day: u32,
    /// Days that there are to walk through, those of the policy in force too.
    pub days: u32,
    /// Why it failed.
    pub problem: String,
    /// What came of it; null in lists, and until it is done.
    pub result: Option<RehearsalResult>,
}

/// What came of a rehearsal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RehearsalResult {
    /// Rows of customers and events that were taken.
    pub rows: u64,
    /// Rows that were left out.
    pub left_out: u64,
    /// Why, of the first.
    pub problems: Vec<String>,
    /// The days.
    pub days: Vec<RehearsalDay>,
    /// Calls by how they ended.
    pub outcomes: Vec<RehearsalCount>,
    /// Calls by the hour of their beginning: `09`.
    pub hours: Vec<RehearsalCount>,
    /// Callbacks of all days by verdict and reason.
    pub reasons: Vec<ReasonCount>,
    /// The callback rate of each month and rule.
    pub rates: Vec<RuleRate>,
    /// Titles of the rules.
    pub titles: BTreeMap<String, String>,
    /// Deadlines that passed while the callback was owed.
    pub missed: u64,
    /// What is otherwise under the policy in force; null: it is that one itself.
    pub differences: Option<Vec<RehearsalDifference>>,
    /// Differences that there are, shown or not.
    pub differences_count: u64,
    /// What was not called, with its reason; had by a route of its own.
    #[serde(skip)]
    #[schema(ignore)]
    pub lines: Vec<RehearsalLine>,
}

/// A figure with what the policy in force would make of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RehearsalCount {
    /// Stable word of what is counted.
    pub word: String,
    /// How many.
    pub count: u64,
    /// How many under the policy in force; null: it is that one itself.
    pub before: Option<u64>,
}

/// One day of a rehearsal. due = call + task + not + done + excused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RehearsalDay {
    /// `2026-03-03`.
    pub day: String,
    /// `work`, `weekend`, `holiday`, `make_up` or `freeze`.
    pub kind: String,
    /// Callbacks that were due.
    pub due: u64,
    /// To be called, and not yet done at the end of the day.
    pub call: u64,
    /// A person's task.
    pub task: u64,
    /// Not called.
    pub not: u64,
    /// Done.
    pub done: u64,
    /// Given up.
    pub excused: u64,
    /// Calls made.
    pub calls: u64,
}

/// One callback of a day that was not called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RehearsalLine {
    /// `2026-03-03`.
    pub day: String,
    /// Customer's name, covered.
    pub name: String,
    /// Rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// `call`, `task`, `not` or `excused`.
    pub verdict: String,
    /// Stable word of the reason.
    pub code: String,
    /// Its figures.
    pub detail: String,
}

/// A callback that the two policies treat differently on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RehearsalDifference {
    /// `2026-03-03`.
    pub day: String,
    /// Customer's name, covered.
    pub name: String,
    /// Rule.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Verdict of the policy in force; empty: it knows no such callback on that day.
    pub before: String,
    /// Its reason.
    pub before_code: String,
    /// Verdict of the policy that is rehearsed.
    pub after: String,
    /// Its reason.
    pub after_code: String,
}
