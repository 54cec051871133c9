//! Answering machine detection: person or machine, by the cadence of the greeting, and
//! the beep after which a message may be left.

mod settings;
mod verdict;

pub use settings::AmdSettings;
pub use verdict::{AmdKind, AmdReason, AmdVerdict};
