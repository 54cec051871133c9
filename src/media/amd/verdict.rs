//! What the detector concluded, and why.

/// Who answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmdKind {
    /// A person.
    Human,
    /// An answering machine or an announcement.
    Machine,
    /// Neither is certain; treated as a person unless the campaign says otherwise.
    #[default]
    Unsure,
}

/// The observation that decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmdReason {
    /// A short greeting, then silence.
    ShortGreeting,
    /// More sound than a person's greeting has.
    LongGreeting,
    /// More words than a person's greeting has.
    ManyWords,
    /// A steady tone that was no key and no ringing.
    Beep,
    /// Nobody said anything.
    InitialSilence,
    /// The time ran out before anything was certain.
    #[default]
    MaxTime,
    /// The customer pressed a key. Set by the session, never by the detector.
    KeyPressed,
}

/// The result of answering machine detection.
///
/// After a `Machine` that did not rest on a beep, a second verdict of the same kind follows
/// when the beep has ended, with `beep_ms` set: that is the moment to leave a message.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AmdVerdict {
    /// Who answered.
    pub kind: AmdKind,
    /// Why that is believed.
    pub reason: AmdReason,
    /// Time from the answer to the verdict, in ms.
    pub after_ms: u32,
    /// Time from the answer to the end of the beep, in ms, where one was heard.
    pub beep_ms: Option<u32>,
}
