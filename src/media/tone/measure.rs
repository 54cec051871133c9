//! How strong is one frequency, and is a frame one steady tone.

use crate::media::SAMPLE_RATE;

/// Level of the frequency `hz` in `pcm` in dBFS: 0 is a sine of full scale, -96 silence.
///
/// One Goertzel pass; the bandwidth is about 8,000 / length in Hz. Tests use it to prove
/// who hears whom.
pub fn tone_dbfs(pcm: &[i16], hz: f32) -> f32 {
    let coefficient = 2.0 * (std::f32::consts::TAU * hz / SAMPLE_RATE as f32).cos();
    let (mut s1, mut s2) = (0f32, 0f32);
    for sample in pcm {
        let s0 = f32::from(*sample) + coefficient * s1 - s2;
        s2 = s1;
        s1 = s0;
    }
    let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    let amplitude = 2.0 * power.max(0.0).sqrt() / pcm.len().max(1) as f32;
    (20.0 * (amplitude / 32_767.0).max(1e-9).log10()).max(-96.0)
}

/// A frame that is nothing but one tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteadyTone {
    /// Pitch in Hz, to within about 1 %.
    pub hz: f32,
}

/// Share of the energy that may be something else: -17 dB.
const MAX_RESIDUE: f32 = 0.02;

/// Whether `pcm` (20 ms or more) is a single sine, and its pitch.
///
/// A sine obeys `x[n] + x[n-2] = 2 cos(w) x[n-1]`; the least-squares fit of `cos(w)` gives the
/// pitch, what is left over tells how much else there is. Speech, noise, key tones and
/// chords leave much; so does silence, which is why the level must be checked by the caller.
pub fn steady_tone(pcm: &[i16]) -> Option<SteadyTone> {
    let (mut cross, mut middle, mut outer) = (0f32, 0f32, 0f32);
    for w in pcm.windows(3) {
        let (a, b, c) = (f32::from(w[0]), f32::from(w[1]), f32::from(w[2]));
        let sum = a + c;
        cross += b * sum;
        middle += b * b;
        outer += sum * sum;
    }
    if middle <= 0.0 {
        return None;
    }
    let cosine = cross / (2.0 * middle);
    let residue = outer - cross * cross / middle;
    if cosine.abs() >= 1.0 || residue > MAX_RESIDUE * middle {
        return None;
    }
    Some(SteadyTone { hz: cosine.acos() / std::f32::consts::TAU * SAMPLE_RATE as f32 })
}
