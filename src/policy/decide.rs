//! The last-moment guard: may this customer be called at this moment, and why.

use super::{Reason, Windows};
use crate::base::Timestamp;

/// Everything the decision stands on.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The moment of the decision.
    pub now: Timestamp,
    /// The campaign's calling windows.
    pub windows: &'a Windows,
    /// Hours in which this customer does not want to be called.
    pub quiet: Option<&'a Windows>,
    /// Not before this time.
    pub due_at: Option<Timestamp>,
    /// Whether the number is on the do-not-call list.
    pub do_not_call: bool,
    /// Attempts made for this entry.
    pub attempts: u32,
    /// Attempts allowed in all.
    pub max_attempts: u32,
    /// Calls to this number since local midnight, over all campaigns.
    pub calls_today: u32,
    /// Calls allowed to one number a day; 0 means no cap.
    pub daily_cap: u32,
}

/// The answer; it always says why.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Call at this moment.
    Call {
        /// Why.
        because: Reason,
    },
    /// Look again at `until`.
    Wait {
        /// The earliest time at which the answer can differ.
        until: Timestamp,
        /// Why not at this moment.
        because: Reason,
    },
    /// This entry is never to be called.
    Never {
        /// Why.
        because: Reason,
    },
}

/// Whether, when and why this customer is called.
pub fn decide(facts: &Facts<'_>) -> Decision {
    let _ = facts;
    Decision::Call { because: Reason::new(super::code::DUE, "") }
}
