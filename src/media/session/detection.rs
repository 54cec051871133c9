//! Answering machine detection on the received frames.

use crate::media::{AmdDetector, AmdKind, AmdReason, AmdSettings, AmdVerdict, FRAME_SAMPLES};

/// A detector and its clock.
pub(super) struct Detection {
    detector: AmdDetector,
    frames: u32,
}

impl Detection {
    /// Begins at the answer.
    pub fn new(settings: AmdSettings) -> Detection {
        Detection { detector: AmdDetector::new(settings), frames: 0 }
    }

    /// Takes 20 ms of the customer.
    pub fn push(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<AmdVerdict> {
        self.frames += 1;
        self.detector.push(frame)
    }

    /// Whether no verdict will follow.
    pub fn is_done(&self) -> bool {
        self.detector.is_done()
    }

    /// The verdict where a key was pressed meanwhile: machines press none.
    pub fn key_pressed(self) -> AmdVerdict {
        AmdVerdict {
            kind: AmdKind::Human,
            reason: AmdReason::KeyPressed,
            after_ms: self.frames * 20,
            beep_ms: None,
        }
    }
}
