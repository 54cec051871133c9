//! Why a customer is, or is not, being called: stored with every entry at every moment.

use serde::{Deserialize, Serialize};

/// Why a customer is, or is not, being called: a stable word with its detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reason {
    /// Stable word, one of [`code`].
    pub code: String,
    /// Figures behind it, for people.
    pub detail: String,
}

impl Reason {
    /// A reason of that code.
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Reason { code: code.into(), detail: detail.into() }
    }
}

/// The stable words. Reports, filters and the console depend on them: add, never rename.
pub mod code {
    /// Imported and waiting for its turn.
    pub const DUE: &str = "due";
    /// Its time has not come.
    pub const NOT_YET: &str = "not_yet";
    /// Outside the calling window.
    pub const WINDOW_CLOSED: &str = "window_closed";
    /// No window opens within a year.
    pub const WINDOW_NEVER: &str = "window_never";
    /// Within the hours in which this customer does not want to be called.
    pub const QUIET_HOURS: &str = "quiet_hours";
    /// The number had its calls of the day.
    pub const DAILY_CAP: &str = "daily_cap";
    /// The number had its calls of the week.
    pub const WEEKLY_CAP: &str = "weekly_cap";
    /// The number had its calls of 24 hours.
    pub const CAP_24_HOURS: &str = "cap_24_hours";
    /// The number had its calls of 5 minutes.
    pub const CAP_5_MINUTES: &str = "cap_5_minutes";
    /// Outside the hours this customer prefers.
    pub const PREFERRED_HOURS: &str = "preferred_hours";
    /// The callback's deadline has passed, or no window opens before it.
    pub const DEADLINE_PASSED: &str = "deadline_passed";
    /// The survey script of the entry does not exist.
    pub const NO_SCRIPT: &str = "no_script";
    /// A person dials by hand against a rule, with a reason and the right to (WIN-06).
    pub const OVERRIDDEN: &str = "overridden";
    /// The number is on the do-not-call list.
    pub const DO_NOT_CALL: &str = "do_not_call";
    /// All attempts were made.
    pub const ATTEMPTS_SPENT: &str = "attempts_spent";
    /// Another attempt follows after an unsuccessful one.
    pub const RETRY: &str = "retry";
    /// The customer named a time.
    pub const LATER: &str = "later";
    /// Finished with a result.
    pub const FINISHED: &str = "finished";
    /// The customer refused.
    pub const REFUSED: &str = "refused";
    /// The number does not exist or is wrong.
    pub const INVALID_NUMBER: &str = "invalid_number";
    /// The last attempt's disposition is not tried again.
    pub const NO_RETRY: &str = "no_retry";
    /// Another call to the same number is up or reserved.
    pub const NUMBER_IN_CALL: &str = "number_in_call";
    /// The entry is not pending any more: somebody else took, changed or removed it.
    pub const NOT_PENDING: &str = "not_pending";
    /// Reserved, but not dialled in time; the entry is due again.
    pub const RELEASED: &str = "released";
    /// No trunk of the campaign's group can take calls.
    pub const NO_TRUNK: &str = "no_trunk";
    /// The whole dialler is held: disk low, store down, draining.
    pub const HELD: &str = "held";
    /// Nothing of the list is due at this moment.
    pub const NOTHING_DUE: &str = "nothing_due";
    /// The campaign is not running.
    pub const NOT_RUNNING: &str = "not_running";
    /// The store could not be asked.
    pub const STORE: &str = "store";
    /// Not reached by phone: another channel takes over.
    pub const FALLBACK: &str = "fallback";
    /// All attempts and channels are spent.
    pub const UNREACHED: &str = "unreached";
    /// An agent is to call, and the robot does not.
    pub const AGENT_NEEDED: &str = "agent_needed";
}
