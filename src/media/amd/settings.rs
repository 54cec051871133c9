//! The thresholds of answering machine detection.

/// Every threshold of answering machine detection. All times are in milliseconds.
///
/// The defaults lean to `Human`: a machine taken for a person hears a survey, a person taken
/// for a machine is hung up on.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AmdSettings {
    /// Level above which a 20 ms frame may be speech, in dBFS (default -38). The measured
    /// noise floor raises it in noisy places.
    pub speech_dbfs: f32,
    /// Nobody speaks for this long after the answer: unsure (default 3,000). 0: wait until `max_ms`.
    pub initial_silence_ms: u32,
    /// A sound shorter than this is no word but a click (default 100).
    pub min_word_ms: u32,
    /// Silence this long ends a word (default 60).
    pub word_gap_ms: u32,
    /// Silence this long after a short greeting: a person is waiting for us (default 800).
    pub after_greeting_ms: u32,
    /// A greeting with more sound than this is a machine's (default 2,400). People say a few words.
    pub max_greeting_ms: u32,
    /// A greeting of more words than this is a machine's (default 7).
    pub max_words: u32,
    /// The whole decision takes at most this long, then: unsure (default 6,000).
    pub max_ms: u32,
    /// A steady tone at least this long is a beep (default 160).
    pub min_beep_ms: u32,
    /// Lowest pitch of a beep in Hz (default 350).
    pub min_beep_hz: u32,
    /// Highest pitch of a beep in Hz (default 2,600).
    pub max_beep_hz: u32,
    /// After the verdict `Machine` the beep is awaited for this long (default 30,000); 0: not at all.
    pub beep_wait_ms: u32,
}

impl Default for AmdSettings {
    fn default() -> Self {
        AmdSettings {
            speech_dbfs: -38.0,
            initial_silence_ms: 3_000,
            min_word_ms: 100,
            word_gap_ms: 60,
            after_greeting_ms: 800,
            max_greeting_ms: 2_400,
            max_words: 7,
            max_ms: 6_000,
            min_beep_ms: 160,
            min_beep_hz: 350,
            max_beep_hz: 2_600,
            beep_wait_ms: 30_000,
        }
    }
}
