//! Answering machine detection: person or machine, by the cadence of the greeting, and
//! the beep after which a message may be left.
//!
//! ```text
//! person   __XXX_XX_________________     a few words, then they wait for us
//! machine  _XXXXX_XXXX_XXXXXX_XXX_BEEP   sentences, small pauses, a tone at the end
//! ```

mod beep;
mod cadence;
mod detector;
mod settings;
mod verdict;

pub use detector::AmdDetector;
pub use settings::AmdSettings;
pub use verdict::{AmdKind, AmdReason, AmdVerdict};

#[cfg(test)]
mod tests;
