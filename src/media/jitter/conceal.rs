//! Packet loss concealment: the last pitch period goes on and fades, as in G.711 appendix I.

use super::{FRAME_SAMPLES, FrameKind};

/// Samples of the past that are kept: the longest pitch period and what it is compared with.
const HISTORY: usize = 240;
/// Pitch periods considered: 50 to 200 Hz.
const LAGS: std::ops::RangeInclusive<usize> = 40..=160;
/// Samples compared to find the period.
const COMPARED: usize = 80;
/// Frames that are made up before silence: 60 ms.
const MAX_FRAMES: u32 = 3;
/// Samples over which the peer's audio fades in again: 5 ms.
const FADE: usize = 40;
/// Full weight in the fixed-point gains below.
const UNITY: i32 = 1 << 10;

/// Makes up what is missing.
#[derive(Clone, Debug)]
pub(super) struct Concealer {
    history: [i16; HISTORY],
    /// Something was heard that can go on.
    primed: bool,
    /// Samples made up so far in this gap.
    made: usize,
    lag: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        Concealer { history: [0; HISTORY], primed: false, made: 0, lag: 0 }
    }
}

impl Concealer {
    /// Fills a frame by what came before, or by silence where nothing did.
    pub fn conceal(&mut self, out: &mut [i16; FRAME_SAMPLES]) -> FrameKind {
        if !self.primed {
            out.fill(0);
            return FrameKind::Silence;
        }
        for sample in out.iter_mut() {
            *sample = self.next();
        }
        if self.made >= MAX_FRAMES as usize * FRAME_SAMPLES {
            self.primed = false;
        }
        FrameKind::Concealed
    }

    /// Audio is back: fades it in if something was made up, and remembers it.
    pub fn resume(&mut self, frame: &mut [i16; FRAME_SAMPLES]) {
        if self.made > 0 {
            for (i, sample) in frame.iter_mut().take(FADE).enumerate() {
                let made = if self.primed { i32::from(self.next()) } else { 0 };
                let weight = i as i32;
                *sample =
                    ((i32::from(*sample) * weight + made * (FADE as i32 - weight)) / FADE as i32) as i16;
            }
        }
        self.remember(frame);
    }

    /// Fills the holes of a frame that came in part.
    pub fn patch(&mut self, frame: &mut [i16; FRAME_SAMPLES], has: impl Fn(usize) -> bool) {
        for (i, sample) in frame.iter_mut().enumerate() {
            if !has(i) {
                *sample = if self.primed { self.next() } else { 0 };
            }
        }
        self.remember(frame);
    }

    /// A pause: what was heard before it shall not go on.
    pub fn forget(&mut self) {
        self.primed = false;
        self.made = 0;
    }

    fn remember(&mut self, frame: &[i16; FRAME_SAMPLES]) {
        self.history.copy_within(FRAME_SAMPLES.., 0);
        self.history[HISTORY - FRAME_SAMPLES..].copy_from_slice(frame);
        self.primed = true;
        self.made = 0;
    }

    fn next(&mut self) -> i16 {
        if self.made == 0 {
            self.lag = self.pitch();
        }
        let sample = self.history[HISTORY - self.lag + self.made % self.lag];
        let whole = MAX_FRAMES as usize * FRAME_SAMPLES;
        // The first half frame at full level, then a straight line to silence.
        let left = whole.saturating_sub(self.made.max(FRAME_SAMPLES / 2)) as i32;
        let gain = UNITY * left / (whole - FRAME_SAMPLES / 2) as i32;
        self.made += 1;
        (i32::from(sample) * gain / UNITY) as i16
    }

    /// The lag at which the end of the history is most like itself.
    fn pitch(&self) -> usize {
        let tail = &self.history[HISTORY - COMPARED..];
        let mut best = (*LAGS.end(), f32::MIN);
        for lag in LAGS {
            let before = &self.history[HISTORY - COMPARED - lag..HISTORY - lag];
            let (mut cross, mut energy) = (0f32, 1f32);
            for (a, b) in tail.iter().zip(before) {
                cross += f32::from(*a) * f32::from(*b);
                energy += f32::from(*b) * f32::from(*b);
            }
            let likeness = if cross > 0.0 { cross * cross / energy } else { 0.0 };
            if likeness > best.1 {
                best = (lag, likeness);
            }
        }
        best.0
    }
}
