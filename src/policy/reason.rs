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
    /// This person must not make it: they are rated in it, or made the one before.
    pub const NOT_BY: &str = "not_by";
    /// Reserved, but not dialled in time; the entry is due again.
    pub const RELEASED: &str = "released";
    /// No trunk of the campaign's group can take calls.
    pub const NO_TRUNK: &str = "no_trunk";
    /// The trunk waits for its canary of the day.
    pub const CANARY_DUE: &str = "canary_due";
    /// The canary of the trunk failed, and nobody has overridden it.
    pub const CANARY_FAILED: &str = "canary_failed";
    /// The whole dialler is held: disk low, store down, draining.
    pub const HELD: &str = "held";
    /// Nothing of the list is due at this moment.
    pub const NOTHING_DUE: &str = "nothing_due";
    /// No agent is logged in for a campaign that needs one.
    pub const NO_AGENT: &str = "no_agent";
    /// Every agent of a campaign that needs one is busy.
    pub const AGENTS_BUSY: &str = "agents_busy";
    /// Too many customers of the campaign answered today and found nobody.
    pub const ABANDONED: &str = "abandoned";
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
    /// A day on which no call is placed.
    pub const HOLIDAY: &str = "holiday";
    /// A weekend day on which no call is placed.
    pub const WEEKEND: &str = "weekend";
    /// The number had its calls of the last 24 hours.
    pub const CAP_24H: &str = "cap_24h";
    /// The call of another callback to the same number does for this one too.
    pub const MERGED: &str = "merged";
    /// Waits for another day because the number is called for another callback on this one.
    pub const DEFERRED: &str = "deferred";
    /// A complaint of the customer is open: routine surveys rest.
    pub const COMPLAINT_OPEN: &str = "complaint_open";
    /// The next attempt lies on a later day.
    pub const WAITING_RETRY: &str = "waiting_retry";
    /// In the frame of a random sample, but not drawn.
    pub const OUT_OF_SAMPLE: &str = "out_of_sample";
    /// Something else must happen first.
    pub const WAITING_FOR: &str = "waiting_for";
    /// A person took it out of the day's list.
    pub const REMOVED: &str = "removed";
    /// The customer has no number.
    pub const NO_NUMBER: &str = "no_number";
    /// The customer is gone, deceased, erased, or wants no callbacks.
    pub const STANDING: &str = "standing";
    /// The customer's quiet hours cover all calling hours of the day.
    pub const QUIET_ALL_DAY: &str = "quiet_all_day";
    /// Lines or agents do not suffice to reach it on this day.
    pub const CAPACITY: &str = "capacity";
    /// The pack does not know the rule by which the callback was made.
    pub const RULE_GONE: &str = "rule_gone";
    /// An event took it back.
    pub const CANCELLED_BY: &str = "cancelled_by";
    /// The event for which it was owed was withdrawn.
    pub const EVENT_WITHDRAWN: &str = "event_withdrawn";
    /// A later event or callback stands in its place.
    pub const SUPERSEDED: &str = "superseded";
    /// Fulfilled without a call of its own: by a visit, a questionnaire, another callback.
    pub const SATISFIED_BY: &str = "satisfied_by";
    /// Added by a person.
    pub const MANUAL: &str = "manual";
    /// Drawn in a random sample.
    pub const DRAWN: &str = "drawn";
}
