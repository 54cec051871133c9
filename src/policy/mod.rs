//! Whom may we call, when, and why: calling windows, retry rules, caps, do-not-call.
//!
//! Every answer carries its [`Reason`]. Time is an argument throughout.

mod decide;
mod reason;
mod retry;
mod window;

pub use decide::{Decision, Facts, decide};
pub use reason::{Reason, code};
pub use retry::{After, Attempted, Next, RetryRule, RetryTable, after_attempt};
pub use window::{WindowError, Windows};
