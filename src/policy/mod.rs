//! Whom must we call, whom may we call, when, and why: policy packs, retry rules, caps,
//! do-not-call.
//!
//! Every answer carries its [`Reason`]. Time is an argument throughout.

mod after;
mod callback;
mod caps;
mod decide;
mod hours;
mod manual;
mod outcome;
pub mod pack;
mod reason;
mod retry;
mod steps;
mod warranty;

pub use after::{After, Attempted, MAX_LATER_DAYS, Next, after_attempt};
pub use callback::{Callback, CallbackState, Origin, Outcome, Sums};
pub use caps::{CALLS_MATTER_MS, CapPreset, CapSpan, CapWindow, MAX_CAP};
pub use decide::{Deadline, Decision, Facts, decide};
pub use hours::Hours;
pub use manual::{Hand, ManualDecision, OVERRIDE_ACTION, decide_by_hand};
pub use outcome::{Attempts, Settled, Terms, judge, settle};
pub use reason::{Reason, code};
pub use retry::{
    MAX_DELAY_MINUTES, MAX_RETRIES, RetryRule, RetryTable, check_rules, check_spacing, counted_attempts,
    default_rule, turns_number,
};
pub use steps::out_of_order;
pub use warranty::warranty;
