//! Keys in the audio, for peers that negotiated no telephone-event.
//!
//! Windows of 102 samples (12.75 ms), one beginning every 51; a key is believed at the third
//! window in a row that shows it, so at 25.5 ms, and may come again after three windows
//! without it. A 40 ms tone (the least that Q.24 asks for) holds at least four whole windows.

use super::generate::{COLUMNS, KEYPAD, ROWS};
use crate::media::SAMPLE_RATE;

const WINDOW: usize = 102;
const HOP: usize = WINDOW / 2;
/// Windows in a row that make a key.
const HITS: u8 = 3;
/// Windows without the key that end it.
const MISSES: u8 = 3;
/// Least power of the weaker tone: a sine of -33 dBFS.
const MIN_TONE: f32 = 270_000.0;
/// Share of the window's energy that the two tones must make up. Exact tones give 1.0, tones
/// 1.8 % off about 0.65; vowels that hit one row and one column rarely pass 0.5.
const MIN_SHARE: f32 = 0.62;
/// The stronger tone may exceed the weaker by this much: 8 dB, plus what a detuned tone loses.
const MAX_TWIST: f32 = 10.0;
/// A tone exceeds the others of its group by at least 5.5 dB.
const MIN_LEAD: f32 = 3.5;

/// State of eight Goertzel filters over one window.
#[derive(Clone, Copy, Debug, Default)]
struct Bank {
    s1: [f32; 8],
    s2: [f32; 8],
    energy: f32,
    filled: usize,
}

/// Finds keys in 8 kHz audio. Give it every frame in order.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    coefficients: [f32; 8],
    /// Two windows, half a window apart.
    banks: [Bank; 2],
    last: Option<char>,
    hits: u8,
    misses: u8,
    pressed: Option<char>,
}

impl Default for DtmfDetector {
    fn default() -> Self {
        DtmfDetector::new()
    }
}

impl DtmfDetector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        let mut coefficients = [0.0; 8];
        for (slot, hz) in coefficients.iter_mut().zip(ROWS.into_iter().chain(COLUMNS)) {
            *slot = 2.0 * (std::f32::consts::TAU * hz / SAMPLE_RATE as f32).cos();
        }
        let ahead = Bank { filled: HOP, ..Bank::default() };
        DtmfDetector {
            coefficients,
            banks: [Bank::default(), ahead],
            last: None,
            hits: 0,
            misses: 0,
            pressed: None,
        }
    }

    /// Takes at most 20 ms of audio; gives the key whose press was recognised in it. A press is given once.
    pub fn push(&mut self, pcm: &[i16]) -> Option<char> {
        let mut found = None;
        let mut rest = pcm;
        while !rest.is_empty() {
            let until = WINDOW - self.banks[0].filled.max(self.banks[1].filled);
            let (now, later) = rest.split_at(until.min(rest.len()));
            rest = later;
            for bank in &mut self.banks {
                bank.feed(&self.coefficients, now);
            }
            for i in 0..2 {
                if self.banks[i].filled == WINDOW {
                    let key = self.banks[i].key(&self.coefficients);
                    self.banks[i] = Bank::default();
                    found = self.window(key).or(found);
                }
            }
        }
        found
    }

    fn window(&mut self, key: Option<char>) -> Option<char> {
        if self.pressed.is_some() && key != self.pressed {
            self.misses += 1;
            if self.misses >= MISSES {
                self.pressed = None;
            }
        } else {
            self.misses = 0;
        }
        self.hits = if key.is_some() && key == self.last { self.hits.saturating_add(1) } else { 1 };
        self.last = key;
        if key.is_none() || self.hits != HITS || self.pressed == key {
            return None;
        }
        self.pressed = key;
        self.misses = 0;
        key
    }
}

impl Bank {
    fn feed(&mut self, coefficients: &[f32; 8], pcm: &[i16]) {
        let (mut s1, mut s2) = (self.s1, self.s2);
        for sample in pcm {
            let x = f32::from(*sample);
            self.energy += x * x;
            for lane in 0..8 {
                let s0 = x + coefficients[lane] * s1[lane] - s2[lane];
                s2[lane] = s1[lane];
                s1[lane] = s0;
            }
        }
        (self.s1, self.s2) = (s1, s2);
        self.filled += pcm.len();
    }

    /// The key that the finished window shows.
    fn key(&self, coefficients: &[f32; 8]) -> Option<char> {
        // Mean power of a sine of amplitude A is A^2/2; |X|^2 is (A N / 2)^2.
        let scale = 2.0 / (WINDOW * WINDOW) as f32;
        let mut power = [0f32; 8];
        for lane in 0..8 {
            let (s1, s2) = (self.s1[lane], self.s2[lane]);
            power[lane] = (s1 * s1 + s2 * s2 - coefficients[lane] * s1 * s2) * scale;
        }
        let (row, low) = strongest(&power[..4])?;
        let (column, high) = strongest(&power[4..])?;
        let mean = self.energy / WINDOW as f32;
        let fits = low.min(high) >= MIN_TONE / 2.0
            && low <= high * MAX_TWIST
            && high <= low * MAX_TWIST
            && low + high >= MIN_SHARE * mean;
        fits.then(|| KEYPAD[row][column])
    }
}

/// Index and power of the strongest of a group, if it leads the others clearly.
fn strongest(group: &[f32]) -> Option<(usize, f32)> {
    let (index, best) = group.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let clear = group.iter().enumerate().all(|(i, power)| i == index || power * MIN_LEAD <= best);
    clear.then_some((index, best))
}
