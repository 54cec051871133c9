//! The two prompts of a canary: tones, because a tone is told from noise, echo and speech with certainty,
//! and each from the other.

use std::f64::consts::TAU;

use crate::media::SAMPLE_RATE;

/// Peak of the tones: -15 dBFS, as loud as a prompt.
const PEAK: f64 = 8_000.0;
/// Silence before the tone, in which late media comes up.
const LEAD_MS: u32 = 500;
/// How long it sounds.
const SOUND_MS: u32 = 2_000;
/// Rise and fall, so that it does not click.
const FADE_MS: u32 = 10;

/// Who plays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The side that called.
    Caller,
    /// The side that was called.
    Called,
}

impl Tone {
    /// Both.
    pub const ALL: [Tone; 2] = [Tone::Caller, Tone::Called];

    /// Its name among the prompts.
    pub const fn prompt(self) -> &'static str {
        match self {
            Tone::Caller => "canary-caller",
            Tone::Called => "canary-called",
        }
    }

    /// Its frequency: a whole number of waves in 20 ms, and none of a key or a call-progress tone.
    pub const fn hz(self) -> u32 {
        match self {
            Tone::Caller => 1_000,
            Tone::Called => 600,
        }
    }

    /// How long it is heard where nothing is lost.
    pub const fn sound_ms(self) -> u32 {
        SOUND_MS
    }

    /// The prompt, mono at 8 kHz.
    pub fn pcm(self) -> Vec<i16> {
        let samples = |ms: u32| (SAMPLE_RATE / 1_000 * ms) as usize;
        let (lead, sound, fade) = (samples(LEAD_MS), samples(SOUND_MS), samples(FADE_MS));
        let step = TAU * f64::from(self.hz()) / f64::from(SAMPLE_RATE);
        let sample = |i: usize| {
            let edge = i.min(sound - 1 - i).min(fade) as f64 / fade as f64;
            (PEAK * edge * (step * i as f64).sin()) as i16
        };
        std::iter::repeat_n(0, lead).chain((0..sound).map(sample)).collect()
    }
}
