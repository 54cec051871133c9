//! Whether somebody speaks yet, or a telephone still rings.

use crate::media::FRAME_SAMPLES;
use crate::media::tone::steady_tone;
use crate::media::vad::Vad;

/// What is quieter is no voice, in dBFS: as for answering machines.
const SPEECH_DBFS: f32 = -38.0;
/// So much voice, pauses taken off, is somebody: one short word has 200 ms, a click 40.
const ENOUGH_MS: u32 = 160;

/// Watches frame by frame. Ringing tones of one pitch (China, Europe) are told apart; a pair
/// of tones (North America) and music count as a voice.
#[derive(Clone, Debug)]
pub(super) struct VoiceWatch {
    vad: Vad,
    voice_ms: u32,
}

impl VoiceWatch {
    pub fn new() -> VoiceWatch {
        VoiceWatch { vad: Vad::new(SPEECH_DBFS), voice_ms: 0 }
    }

    /// Takes 20 ms of the customer; true when somebody has begun to speak.
    pub fn push(&mut self, frame: &[i16; FRAME_SAMPLES]) -> bool {
        let (sound, _) = self.vad.push(frame);
        if sound && steady_tone(frame).is_none() {
            self.voice_ms += 20;
        } else {
            self.voice_ms = self.voice_ms.saturating_sub(10);
        }
        self.voice_ms >= ENOUGH_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::media::noise::{Babble, white};
    use crate::media::tone::sine;

    /// When somebody is heard, in ms.
    fn heard(pcm: &[i16]) -> Option<usize> {
        let mut watch = VoiceWatch::new();
        pcm.as_chunks::<FRAME_SAMPLES>().0.iter().position(|f| watch.push(f)).map(|n| (n + 1) * 20)
    }

    #[test]
    fn ringing_and_noise_are_no_voice_and_a_word_after_them_is() {
        for hz in [450.0, 425.0, 400.0] {
            let ring = [sine(hz, 6_000.0, 8_000), vec![0; 32_000]].concat();
            let mut call = ring.repeat(4);
            assert_eq!(heard(&call), None, "{hz} Hz");
            let from = call.len() / 8;
            let mut word = vec![0; 8_000];
            Babble::new(3, 8_000.0).fill(&mut word);
            call.extend(word);
            let at = heard(&call).expect("a voice");
            assert!((from + 160..from + 700).contains(&at), "{hz} Hz: {at} of {from}");
        }
        assert_eq!(heard(&white(&mut Rng::seeded(1), 80.0, 80_000)), None, "a quiet line");
        let mut click = vec![0; 8_000];
        click[800..1_120].fill(12_000);
        assert_eq!(heard(&click), None, "a click");
    }
}
