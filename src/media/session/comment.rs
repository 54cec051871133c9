//! A voice comment: when it ends, and whether anything was said.

use std::path::PathBuf;
use std::time::Duration;

use crate::media::vad::Vad;
use crate::media::{Event, FRAME_SAMPLES};

/// Level in dBFS above which a frame may be speech: above the noise of a quiet line (-50 and
/// below), below a quiet speaker (-30). On a noisy line the detector raises it.
const SPEECH_DBFS: f32 = -40.0;

/// Frames of speech that make a comment: shorter ones are clicks and breath. 200 ms.
const MIN_SPEECH: u32 = 10;

/// A comment ends after this long at the latest, whatever was ordered.
const MAX_LENGTH: Duration = Duration::from_secs(3_600);

/// One frame.
const FRAME: Duration = Duration::from_millis(20);

/// A comment being recorded.
pub(super) struct Comment {
    path: PathBuf,
    vad: Vad,
    max: u32,
    /// Quiet frames that end it; zero: none do.
    silence: u32,
    frames: u32,
    quiet: u32,
    speech: u32,
}

impl Comment {
    pub fn new(path: PathBuf, max: Duration, silence: Duration) -> Comment {
        let frames = |time: Duration| time.min(MAX_LENGTH).as_millis().div_ceil(20) as u32;
        let vad = Vad::new(SPEECH_DBFS);
        Comment { path, vad, max: frames(max), silence: frames(silence), frames: 0, quiet: 0, speech: 0 }
    }

    /// Takes 20 ms of the customer; true where the comment ends with this frame.
    pub fn push(&mut self, frame: &[i16; FRAME_SAMPLES]) -> bool {
        self.frames += 1;
        if self.vad.push(frame).0 {
            self.speech += 1;
            self.quiet = 0;
        } else {
            self.quiet += 1;
        }
        self.frames >= self.max || self.silence > 0 && self.quiet >= self.silence
    }

    /// The event that ends it.
    pub fn end(self) -> Event {
        Event::Commented { path: self.path, duration: FRAME * self.frames, spoke: self.speech >= MIN_SPEECH }
    }
}
