//! Whom must we call, whom may we call, when, and why: policy packs, retry rules, caps,
//! do-not-call.
//!
//! Every answer carries its [`Reason`]. Time is an argument throughout.

mod callback;
mod decide;
pub mod pack;
mod outcome;
mod reason;
mod retry;

pub use callback::{Callback, CallbackState, Origin, Outcome, Sums};
pub use decide::{Decision, Facts, decide};
pub use outcome::{Attempts, Settled, Terms, judge, settle};
pub use reason::{Reason, code};
pub use retry::{
    After, Attempted, MAX_DELAY_MINUTES, MAX_LATER_DAYS, MAX_RETRIES, Next, RetryRule, RetryTable,
    after_attempt, check_rules, counted_attempts, default_rule,
};
