//! What a recording hears of a session: one frame per 20 ms tick, both directions side by
//! side, whatever came or did not come. Frames are counted by ticks and never by packets,
//! so the channels cannot drift apart.

use super::FRAME_SAMPLES;

/// Both directions during one tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapFrame {
    /// What we sent.
    pub left: [i16; FRAME_SAMPLES],
    /// What the customer sent, as a listener hears it behind the jitter buffer.
    pub right: [i16; FRAME_SAMPLES],
}

impl TapFrame {
    /// A tick in which nobody spoke.
    pub const SILENCE: TapFrame = TapFrame { left: [0; FRAME_SAMPLES], right: [0; FRAME_SAMPLES] };
}
