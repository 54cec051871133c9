//! Sound and silence since the answer, counted into words.

use super::AmdSettings;

/// The greeting so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Cadence {
    /// Sound within words, in ms.
    pub sound_ms: u32,
    /// Words that were long enough to be some.
    pub words: u32,
    /// Silence since the last word, in ms.
    pub silence_ms: u32,
    run_ms: u32,
    counted: bool,
    levels: Levels,
}

/// Mean and spread of the levels of speech frames, to tell a voice from a steady noise.
#[derive(Clone, Debug, Default)]
struct Levels {
    count: f32,
    sum: f32,
    squares: f32,
}

/// A voice moves by at least this much, as a standard deviation in dB; fans and lines do not.
const MIN_MOVEMENT: f32 = 2.5;

impl Cadence {
    /// Takes one 20 ms frame.
    pub fn push(&mut self, settings: &AmdSettings, speech: bool, level: f32) {
        if !speech {
            self.silence_ms += 20;
            if self.silence_ms >= settings.word_gap_ms {
                self.run_ms = 0;
                self.counted = false;
            }
            return;
        }
        self.levels.push(level);
        self.run_ms += 20;
        if self.counted {
            self.sound_ms += 20;
            self.silence_ms = 0;
        } else if self.run_ms >= settings.min_word_ms {
            self.counted = true;
            self.words += 1;
            self.sound_ms += self.run_ms;
            self.silence_ms = 0;
        }
    }

    /// Whether what was heard moves as a voice does.
    pub fn is_voice(&self) -> bool {
        let Levels { count, sum, squares } = self.levels;
        let mean = sum / count.max(1.0);
        (squares / count.max(1.0) - mean * mean).max(0.0).sqrt() >= MIN_MOVEMENT
    }
}

impl Levels {
    fn push(&mut self, level: f32) {
        self.count += 1.0;
        self.sum += level;
        self.squares += level * level;
    }
}
