//! What the keeper tells of its runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::io::store::Recorded;

/// Examples and problems that a report names.
pub(super) const NAMED: usize = 200;

/// How many, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tally {
    /// Left as they are.
    pub kept: u64,
    /// Of those: due to be deleted, and held.
    pub held: u64,
    /// Stored as FLAC.
    pub archived: u64,
    /// Sealed, or sealed again with the newest key.
    pub sealed: u64,
    /// Moved to the place of the archive.
    pub moved: u64,
    /// Deleted.
    pub deleted: u64,
    /// What could not be done; tried again by the next run.
    pub failed: u64,
    /// Bytes of WAV that were stored anew.
    pub bytes: u64,
}

/// What a run does, or would do, with a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Planned {
    /// The call.
    pub call_id: String,
    /// Name of the recording.
    pub name: String,
    /// `archive`, `delete`, `store` (sealed, or moved), or `held`.
    pub act: String,
    /// Why.
    pub because: String,
}

/// A run while it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Run {
    /// It only says what would be done.
    pub dry_run: bool,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// Recordings looked at.
    pub seen: u64,
    /// Recordings there were at its beginning, those that are gone included.
    pub of: u64,
    /// What was done so far.
    pub tally: Tally,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeepingReport {
    /// It only says what would be done.
    pub dry_run: bool,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// The same.
    pub ended_at: i64,
    /// How many.
    pub tally: Tally,
    /// How many by what was decided and why.
    pub reasons: BTreeMap<String, u64>,
    /// The first 200 with which something is done.
    pub planned: Vec<Planned>,
    /// The first 200 things that went wrong.
    pub problems: Vec<String>,
}

impl KeepingReport {
    pub(super) fn name(&mut self, item: &Recorded, act: &str, because: &str) {
        if self.planned.len() < NAMED {
            let (call_id, name) = (item.call_id.clone(), item.name.clone());
            self.planned.push(Planned { call_id, name, act: act.to_owned(), because: because.to_owned() });
        }
    }
}
