//! Whether media are encrypted with keys from the SDP (SDES, RFC 4568).

/// What to offer and what to accept.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Srtp {
    /// Plain RTP only.
    #[default]
    Off,
    /// Keys are offered; a peer that ignores them gets plain RTP.
    Preferred,
    /// No call without encryption.
    Required,
}
