//! Tones: generation, measurement (Goertzel), and keys that come as sound (ITU-T Q.23, Q.24).

mod dtmf;
mod generate;
mod measure;

pub use dtmf::DtmfDetector;
pub use generate::{dtmf, dtmf_frequencies, mix, silence, sine};
pub use measure::{SteadyTone, steady_tone, tone_dbfs};

#[cfg(test)]
mod tests;
