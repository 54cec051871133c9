//! The canary of a trunk: before the first customer the daemon calls a number of its own through it,
//! answers itself, and looks at what came of it. What is decided stands here; who calls is the engine.

mod check;
mod ear;
mod light;
mod settings;
mod tone;

pub use check::{CanaryCheck, CheckName, Facts, Side, has_passed, judge};
pub use ear::{Ear, Lane};
pub use light::{CanaryLight, Day, MOST_TRIES, RETRY_AFTER, Ran, Standing, standing};
pub use settings::{DEFAULT_KEY, Settings};
pub use tone::Tone;

/// Name of the script that both sides of a canary run.
pub const SCRIPT: &str = "canary";
/// Header field by which the call that comes back is known where nobody between takes it off.
pub const MARK: &str = "X-Ringback-Canary";
