//! Hears the tones of a canary in a recording: how long each was there, and how loud.

use std::f64::consts::TAU;

use super::Tone;
use crate::media::{FRAME_SAMPLES, SAMPLE_RATE};

/// Share of a frame's energy that must be the tone's.
const SHARE: f64 = 0.7;
/// Below this level (-50 dBFS) nobody hears anything.
const FLOOR: f64 = 104.0;
/// Length of a frame.
const FRAME_MS: u32 = 20;

/// What was heard in one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lane {
    /// For how long the caller's tone was there, and the other's.
    pub tone_ms: [u32; 2],
    /// Mean level of each in dBFS; 0 where it was not there.
    pub dbfs: [f64; 2],
}

impl Lane {
    /// How long a tone was heard, and how loud.
    pub fn heard(&self, tone: Tone) -> (u32, f64) {
        (self.tone_ms[tone as usize], self.dbfs[tone as usize])
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    frames: u32,
    energy: f64,
}

/// Hears a stereo recording block by block; memory does not grow with its length.
#[derive(Clone, Debug)]
pub struct Ear {
    frames: [Vec<i16>; 2],
    sums: [[Sum; 2]; 2],
}

impl Default for Ear {
    fn default() -> Self {
        let frame = || Vec::with_capacity(FRAME_SAMPLES);
        Ear { frames: [frame(), frame()], sums: Default::default() }
    }
}

impl Ear {
    /// Samples, left and right in turn.
    pub fn push(&mut self, samples: &[i16]) {
        for pair in samples.as_chunks::<2>().0 {
            for (side, sample) in pair.iter().enumerate() {
                self.frames[side].push(*sample);
            }
            if self.frames[0].len() == FRAME_SAMPLES {
                self.hear();
            }
        }
    }

    fn hear(&mut self) {
        for (frame, sums) in self.frames.iter_mut().zip(&mut self.sums) {
            let energy: f64 = frame.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
            let mean = energy / frame.len() as f64;
            if mean >= FLOOR * FLOOR {
                for (tone, sum) in Tone::ALL.into_iter().zip(sums) {
                    if share(frame, energy, tone.hz()) >= SHARE {
                        sum.frames += 1;
                        sum.energy += mean;
                    }
                }
            }
            frame.clear();
        }
    }

    /// What was heard left and right. A rest of less than a frame is left out.
    pub fn finish(self) -> [Lane; 2] {
        let lane = |sums: [Sum; 2]| Lane {
            tone_ms: sums.map(|sum| sum.frames * FRAME_MS),
            dbfs: sums.map(|sum| match sum.frames {
                0 => 0.0,
                n => 10.0 * (sum.energy / f64::from(n) / (32_768.0 * 32_768.0)).log10(),
            }),
        };
        self.sums.map(lane)
    }
}

/// Share of a frame's energy that lies at one frequency (Goertzel).
fn share(frame: &[i16], energy: f64, hz: u32) -> f64 {
    let turn = 2.0 * (TAU * f64::from(hz) / f64::from(SAMPLE_RATE)).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in frame {
        (one, two) = (f64::from(*sample) + turn * one - two, one);
    }
    let power = one * one + two * two - turn * one * two;
    2.0 * power / (frame.len() as f64 * energy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;

    fn hear(left: &[i16], right: &[i16]) -> [Lane; 2] {
        let mut ear = Ear::default();
        let both: Vec<i16> = left.iter().zip(right).flat_map(|(l, r)| [*l, *r]).collect();
        // Blocks that are no whole frames.
        both.chunks(1_002).for_each(|block| ear.push(block));
        ear.finish()
    }

    #[test]
    fn each_tone_is_heard_in_its_channel_and_in_no_other() {
        let (caller, called) = (Tone::Caller.pcm(), Tone::Called.pcm());
        let [left, right] = hear(&caller, &called);
        let full = Tone::Caller.sound_ms();
        for (lane, own, other) in [(left, Tone::Caller, Tone::Called), (right, Tone::Called, Tone::Caller)] {
            let (ms, dbfs) = lane.heard(own);
            assert!((full - 40..=full).contains(&ms), "{ms}");
            assert!((-16.0..-14.0).contains(&dbfs), "{dbfs}");
            assert_eq!(lane.heard(other), (0, 0.0));
        }
    }

    #[test]
    fn noise_silence_speech_like_sound_and_keys_are_no_tone() {
        let mut rng = Rng::seeded(7);
        let noise: Vec<i16> = (0..24_000).map(|_| rng.below(8_000) as i16 - 4_000).collect();
        let wave = |hz: f64, i: usize| (TAU * hz * i as f64 / 8_000.0).sin();
        let key: Vec<i16> =
            (0..24_000).map(|i| (6_000.0 * (wave(770.0, i) + wave(1_336.0, i))) as i16).collect();
        let ringing: Vec<i16> = (0..24_000).map(|i| (8_000.0 * wave(450.0, i)) as i16).collect();
        for sound in [noise, key, ringing, vec![0; 24_000]] {
            for lane in hear(&sound, &sound) {
                assert_eq!(lane, Lane::default());
            }
        }
    }

    #[test]
    fn a_faint_tone_in_noise_is_heard_and_one_that_is_drowned_is_not() {
        let mut rng = Rng::seeded(9);
        let mut mixed = |tone: f64, noise: u64| -> Vec<i16> {
            let pcm = Tone::Called.pcm();
            let with =
                |s: &i16| (f64::from(*s) * tone) as i16 + rng.below(2 * noise + 1) as i16 - noise as i16;
            pcm.iter().map(with).collect()
        };
        let faint = mixed(0.1, 200);
        let [lane, _] = hear(&faint, &faint);
        assert!(lane.heard(Tone::Called).0 > 1_800, "{lane:?}");
        let drowned = mixed(0.1, 4_000);
        let [lane, _] = hear(&drowned, &drowned);
        assert!(lane.heard(Tone::Called).0 < 100, "{lane:?}");
    }
}
