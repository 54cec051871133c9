//! Sine tones and key tones at 8 kHz.

use crate::media::SAMPLE_RATE;

/// Low group of Q.23 in Hz: the rows of the keypad.
pub(super) const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// High group of Q.23 in Hz: the columns.
pub(super) const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// Keys by row and column.
pub(super) const KEYPAD: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// `samples` samples of a sine of `hz` with the given amplitude (full scale 32,767), phase 0.
pub fn sine(hz: f64, amplitude: f64, samples: usize) -> Vec<i16> {
    let step = std::f64::consts::TAU * hz / f64::from(SAMPLE_RATE);
    (0..samples).map(|i| (amplitude * (step * i as f64).sin()).round() as i16).collect()
}

/// `samples` samples of digital silence.
pub fn silence(samples: usize) -> Vec<i16> {
    vec![0; samples]
}

/// The sum of two signals, as long as the longer one, clipped at full scale.
pub fn mix(a: &[i16], b: &[i16]) -> Vec<i16> {
    let at = |x: &[i16], i: usize| x.get(i).copied().unwrap_or(0);
    (0..a.len().max(b.len())).map(|i| at(a, i).saturating_add(at(b, i))).collect()
}

/// Row and column frequency of a key in Hz; None for anything but `0`-`9`, `*`, `#`, `A`-`D`.
pub fn dtmf_frequencies(key: char) -> Option<(f32, f32)> {
    KEYPAD.iter().zip(ROWS).find_map(|(keys, row)| {
        keys.iter()
            .zip(COLUMNS)
            .find_map(|(k, column)| (*k == key.to_ascii_uppercase()).then_some((row, column)))
    })
}

/// The tone pair of a key, each tone with the given amplitude; empty for what is no key.
pub fn dtmf(key: char, amplitude: f64, samples: usize) -> Vec<i16> {
    dtmf_frequencies(key).map_or_else(Vec::new, |(row, column)| {
        mix(&sine(f64::from(row), amplitude, samples), &sine(f64::from(column), amplitude, samples))
    })
}
