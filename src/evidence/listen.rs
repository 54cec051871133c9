//! A whole recording, block by block, in memory that does not grow with its sound.

use serde::{Deserialize, Serialize};

use super::scorecard::SpeechRule;
use super::turns::{Channel, FRAME, FRAME_MS, Turn};
use crate::media::level::energy;

/// Hears a stereo recording of 8,000 Hz: left our side, right the customer.
///
/// It keeps 8 s of levels and the turns it found, nothing of the sound.
pub struct Listener {
    left: Channel,
    right: Channel,
    /// Samples per channel of a frame that is not whole yet.
    rest: ([i16; FRAME], [i16; FRAME]),
    filled: usize,
    samples: u64,
}

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Length of the recording in ms.
    pub ms: u32,
    /// Speech on the left: our people, and also prompts and music.
    pub left: Vec<Turn>,
    /// Speech on the right: the customer.
    pub right: Vec<Turn>,
    /// Whether the right channel held anything but exact silence.
    pub right_sound: bool,
    /// The same of the left.
    pub left_sound: bool,
}

impl Listener {
    /// Speech is what `rule` says.
    pub fn new(rule: &SpeechRule) -> Listener {
        let (left, right) = (Channel::new(rule.clone()), Channel::new(rule.clone()));
        Listener { left, right, rest: ([0; FRAME], [0; FRAME]), filled: 0, samples: 0 }
    }

    /// Takes interleaved samples, left first.
    pub fn push(&mut self, samples: &[i16]) {
        for [left, right] in samples.as_chunks::<2>().0 {
            (self.rest.0[self.filled], self.rest.1[self.filled]) = (*left, *right);
            self.filled += 1;
            if self.filled == FRAME {
                self.filled = 0;
                self.samples += FRAME as u64;
                self.left.push(energy(&self.rest.0));
                self.right.push(energy(&self.rest.1));
            }
        }
    }

    /// The recording is over; less than a frame at its end is left out.
    pub fn finish(self) -> Heard {
        let ms = self.samples / FRAME as u64 * u64::from(FRAME_MS);
        Heard {
            ms: u32::try_from(ms).unwrap_or(u32::MAX),
            left_sound: self.left.any_sound,
            right_sound: self.right.any_sound,
            left: self.left.finish(),
            right: self.right.finish(),
        }
    }
}
