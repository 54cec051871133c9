//! Whom may we call, when, and why: calling windows, retry rules, caps, do-not-call.
//!
//! Every answer carries its [`Reason`]. Time is an argument throughout.

mod decide;
mod reason;
mod retry;
mod window;

pub use decide::{Decision, Facts, decide};
pub use reason::{Reason, code};
pub use retry::{
    After, Attempted, MAX_DELAY_MINUTES, MAX_LATER_DAYS, MAX_RETRIES, Next, RetryRule, RetryTable,
    after_attempt, check_rules, counted_attempts, default_rule,
};
pub use window::{MAX_RANGES, WindowError, Windows};
