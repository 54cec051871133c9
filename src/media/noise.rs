//! Sounds that are no tones: white noise, and a babble that has what matters of speech to
//! detectors (pitch, formants, syllables, pauses). For simulated phones and tests.

use crate::base::Rng;

use super::SAMPLE_RATE;

/// `samples` samples of white noise, evenly spread up to `amplitude`.
pub fn white(rng: &mut Rng, amplitude: f32, samples: usize) -> Vec<i16> {
    (0..samples).map(|_| (amplitude * unit(rng)) as i16).collect()
}

/// First, second and third formant in Hz of some vowels: a, e, i, o, u, y, schwa.
const VOWELS: [[f32; 3]; 7] = [
    [730.0, 1_090.0, 2_440.0],
    [530.0, 1_840.0, 2_480.0],
    [270.0, 2_290.0, 3_010.0],
    [570.0, 840.0, 2_410.0],
    [300.0, 870.0, 2_240.0],
    [280.0, 1_900.0, 2_300.0],
    [500.0, 1_500.0, 2_500.0],
];
/// Bandwidths of the three formants in Hz.
const BANDWIDTHS: [f32; 3] = [70.0, 90.0, 130.0];

/// A two-pole resonator.
#[derive(Clone, Copy, Debug, Default)]
struct Resonator {
    a: f32,
    b: f32,
    gain: f32,
    y1: f32,
    y2: f32,
}

impl Resonator {
    fn tune(&mut self, hz: f32, bandwidth: f32) {
        let rate = SAMPLE_RATE as f32;
        let radius = (-std::f32::consts::PI * bandwidth / rate).exp();
        self.a = 2.0 * radius * (std::f32::consts::TAU * hz / rate).cos();
        self.b = -radius * radius;
        self.gain = 1.0 - radius;
    }

    fn step(&mut self, x: f32) -> f32 {
        let y = self.gain * x + self.a * self.y1 + self.b * self.y2;
        (self.y2, self.y1) = (self.y1, y);
        y
    }
}

/// A speaker without end. The same seed speaks the same.
#[derive(Clone, Debug)]
pub struct Babble {
    rng: Rng,
    amplitude: f32,
    pitch: f32,
    formants: [Resonator; 3],
    phase: f32,
    /// Samples left of: hiss before the vowel, vowel, pause.
    hiss: usize,
    vowel: usize,
    pause: usize,
    vowel_whole: usize,
    glide: f32,
    syllables_left: u32,
    pauses: bool,
}

impl Babble {
    /// A speaker whose pitch, vowels and rhythm follow from the seed; peaks near `amplitude`.
    pub fn new(seed: u64, amplitude: f32) -> Self {
        let mut rng = Rng::seeded(seed);
        let pitch = 90.0 + rng.below(150) as f32;
        Babble {
            rng,
            amplitude,
            pitch,
            formants: [Resonator::default(); 3],
            phase: 0.0,
            hiss: 0,
            vowel: 0,
            pause: 0,
            vowel_whole: 1,
            glide: 1.0,
            syllables_left: 4,
            pauses: true,
        }
    }

    /// A speaker who makes no pauses between words, only between syllables.
    pub fn without_pauses(mut self) -> Self {
        self.pauses = false;
        self
    }

    /// Speaks into the whole buffer, going on where the last call ended.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = (self.amplitude * self.next()).clamp(-32_768.0, 32_767.0) as i16;
        }
    }

    /// The next `millis` of speech.
    pub fn speak(&mut self, millis: usize) -> Vec<i16> {
        let mut out = vec![0; millis * 8];
        self.fill(&mut out);
        out
    }

    fn next(&mut self) -> f32 {
        if self.hiss > 0 {
            self.hiss -= 1;
            return 0.25 * unit(&mut self.rng);
        }
        if self.vowel > 0 {
            self.vowel -= 1;
            return self.voiced();
        }
        if self.pause > 0 {
            self.pause -= 1;
            return 0.0;
        }
        self.syllable();
        0.0
    }

    fn voiced(&mut self) -> f32 {
        let done = 1.0 - self.vowel as f32 / self.vowel_whole as f32;
        self.phase += self.pitch * (1.0 + self.glide * done) / SAMPLE_RATE as f32;
        let pulse = if self.phase >= 1.0 {
            self.phase -= 1.0;
            1.0
        } else {
            0.0
        };
        let breath = 0.02 * unit(&mut self.rng);
        let mut sum = 0.0;
        for (formant, weight) in self.formants.iter_mut().zip([1.0, 0.6, 0.3]) {
            sum += weight * formant.step(pulse + breath);
        }
        // Rise in the first tenth, fall in the last third.
        let envelope = (done * 10.0).min(1.0).min((1.0 - done) * 3.0);
        12.0 * sum * envelope
    }

    fn syllable(&mut self) {
        let range = |rng: &mut Rng, low: u64, high: u64| (low + rng.below(high - low)) as usize;
        self.hiss = if self.rng.chance(0.6) { range(&mut self.rng, 160, 560) } else { 0 };
        self.vowel = range(&mut self.rng, 800, 2_000);
        self.vowel_whole = self.vowel;
        self.pause = range(&mut self.rng, 0, 320);
        self.glide = (self.rng.below(60) as f32 - 35.0) / 100.0;
        let vowel = VOWELS[self.rng.below(VOWELS.len() as u64) as usize];
        for ((formant, hz), width) in self.formants.iter_mut().zip(vowel).zip(BANDWIDTHS) {
            let spread = 0.9 + self.rng.below(20) as f32 / 100.0;
            formant.tune(hz * spread, width);
        }
        self.syllables_left -= 1;
        if self.syllables_left == 0 {
            self.syllables_left = 2 + self.rng.below(7) as u32;
            if self.pauses {
                self.pause += range(&mut self.rng, 800, 4_000);
            }
        }
    }
}

/// -1.0 to 1.0.
fn unit(rng: &mut Rng) -> f32 {
    rng.next_u32() as i32 as f32 / 2_147_483_648.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::level::dbfs;

    #[test]
    fn babble_is_repeatable_loud_enough_and_has_pauses() {
        let speak = |seed| Babble::new(seed, 8_000.0).speak(5_000);
        assert_eq!(speak(3), speak(3));
        assert_ne!(speak(3), speak(4));
        for seed in 0..10 {
            let pcm = speak(seed);
            assert!((-32.0..=-12.0).contains(&dbfs(&pcm)), "seed {seed}: {}", dbfs(&pcm));
            let quiet = pcm.chunks(160).filter(|c| dbfs(c) < -60.0).count();
            assert!((5..150).contains(&quiet), "seed {seed}: {quiet} quiet frames of 250");
        }
    }
}
