//! Voice activity by energy above the noise floor.

use super::FRAME_SAMPLES;
use super::level::dbfs;

/// Speech stands out of the noise by at least this much, in dB.
const ABOVE_FLOOR: f32 = 9.0;
/// The floor creeps up by this much per 20 ms frame, in dB: 4 dB/s, so that steady noise is
/// taken for what it is after a few seconds, and a sentence is not.
const RISE: f32 = 0.08;
/// Part of the way the floor falls to a quieter frame.
const FALL: f32 = 0.3;
/// The floor before anything is known, in dBFS.
const FIRST_FLOOR: f32 = -60.0;

/// Tells frames with a voice from frames without. Short pauses within words are not bridged.
#[derive(Clone, Debug)]
pub struct Vad {
    threshold: f32,
    floor: f32,
}

impl Vad {
    /// `threshold_dbfs`: what is quieter is never speech, however quiet the place.
    pub fn new(threshold_dbfs: f32) -> Self {
        Vad { threshold: threshold_dbfs, floor: FIRST_FLOOR }
    }

    /// Takes one 20 ms frame; true if it holds a voice. Also gives its level in dBFS.
    pub fn push(&mut self, frame: &[i16; FRAME_SAMPLES]) -> (bool, f32) {
        let level = dbfs(frame);
        let speech = level > self.threshold && level > self.floor + ABOVE_FLOOR;
        if level < self.floor {
            self.floor += (level - self.floor) * FALL;
        } else {
            self.floor = (self.floor + RISE).min(level);
        }
        (speech, level)
    }

    /// The estimated level of the background in dBFS.
    pub fn floor_dbfs(&self) -> f32 {
        self.floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::media::noise::{Babble, white};

    fn share(vad: &mut Vad, pcm: &[i16]) -> f32 {
        let frames = pcm.as_chunks::<FRAME_SAMPLES>().0;
        frames.iter().filter(|f| vad.push(f).0).count() as f32 / frames.len() as f32
    }

    #[test]
    fn silence_and_steady_noise_are_no_voice_and_babble_is() {
        let mut rng = Rng::seeded(1);
        assert_eq!(share(&mut Vad::new(-40.0), &[0; 16_000]), 0.0);
        assert_eq!(share(&mut Vad::new(-40.0), &white(&mut rng, 80.0, 16_000)), 0.0, "below the threshold");
        let mut vad = Vad::new(-40.0);
        let loud = white(&mut rng, 1_500.0, 80_000);
        share(&mut vad, &loud[..64_000]);
        assert_eq!(share(&mut vad, &loud[64_000..]), 0.0, "steady noise after 8 s");
        let mut speech = vec![0; 80_000];
        Babble::new(7, 8_000.0).fill(&mut speech);
        let share = share(&mut Vad::new(-40.0), &speech);
        assert!((0.6..=0.98).contains(&share), "{share}");
    }
}
