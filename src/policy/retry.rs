//! What follows an attempt: another one and when, or the end, by disposition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Reason, Windows};
use crate::base::{Disposition, Timestamp};

/// When and how often to try again after one disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryRule {
    /// Minutes to wait, at least.
    pub delay_minutes: u32,
    /// Attempts that may follow attempts with this disposition; 0 means never again.
    pub max: u32,
    /// Wait for the next window to open even if this one is still open then.
    #[serde(default)]
    pub next_window: bool,
}

/// Retry rules by disposition. What is not listed follows [`RetryTable::default_rule`].
pub type RetryTable = BTreeMap<Disposition, RetryRule>;

/// One attempt and those before it.
#[derive(Clone, Debug)]
pub struct Attempted<'a> {
    /// When it ended.
    pub now: Timestamp,
    /// How it ended.
    pub disposition: Disposition,
    /// The time the customer asked for, with [`Disposition::Later`].
    pub later_at: Option<Timestamp>,
    /// Attempts for this entry by how they ended, this one included.
    pub attempts_by: &'a BTreeMap<Disposition, u32>,
    /// Attempts allowed in all.
    pub max_attempts: u32,
    /// The campaign's rules.
    pub rules: &'a RetryTable,
    /// The campaign's windows.
    pub windows: &'a Windows,
}

/// What becomes of the entry.
#[derive(Clone, Debug, PartialEq)]
pub struct After {
    /// What follows.
    pub next: Next,
    /// Why.
    pub because: Reason,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, not before this time.
    Again(Timestamp),
    /// Finished with a result.
    Done,
    /// Given up without reaching the customer.
    Failed,
    /// Taken out: the customer does not want to be called, or the number is wrong.
    Stopped,
}

/// Decides what follows an attempt.
pub fn after_attempt(attempted: &Attempted<'_>) -> After {
    let _ = attempted;
    After { next: Next::Done, because: Reason::new(super::code::FINISHED, "") }
}
