//! How loud a signal is.

/// The level given for digital silence, in dBFS.
pub const SILENCE_DBFS: f32 = -96.0;

/// Sum of squares, to be added up over frames for a mean level.
pub fn energy(pcm: &[i16]) -> u64 {
    pcm.iter().map(|s| (i64::from(*s) * i64::from(*s)) as u64).sum()
}

/// Level in dBFS of `samples` samples with that sum of squares: 0 is a square wave at full
/// scale, -3 a sine, -96 silence.
pub fn dbfs_of(energy: u64, samples: u64) -> f32 {
    if energy == 0 || samples == 0 {
        return SILENCE_DBFS;
    }
    let mean = energy as f32 / samples as f32 / (32_768.0 * 32_768.0);
    (10.0 * mean.log10()).max(SILENCE_DBFS)
}

/// Level of one stretch of samples in dBFS.
pub fn dbfs(pcm: &[i16]) -> f32 {
    dbfs_of(energy(pcm), pcm.len() as u64)
}

/// How loud a whole recording is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Its loudest sample, in dB of full scale.
    pub peak_db: f64,
    /// Its mean level, in dB of full scale.
    pub level_db: f64,
    /// Share of samples at full scale, 0.0 to 1.0: what is cut off rasps.
    pub clipped: f64,
}

impl Loudness {
    /// Of mono samples.
    pub fn of(pcm: &[i16]) -> Loudness {
        let peak = pcm.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        let full = pcm.iter().filter(|sample| sample.unsigned_abs() >= 32_766).count();
        let peak_db = match peak {
            0 => f64::from(SILENCE_DBFS),
            peak => 20.0 * (f64::from(peak) / 32_768.0).log10(),
        };
        Loudness { peak_db, level_db: f64::from(dbfs(pcm)), clipped: full as f64 / pcm.len().max(1) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tone::sine;

    #[test]
    fn levels_are_those_of_the_definition() {
        let check = |pcm: &[i16], expect: f32| {
            let got = dbfs(pcm);
            assert!((got - expect).abs() < 0.05, "{got}, expected {expect}");
        };
        check(&[], SILENCE_DBFS);
        check(&[0; 160], SILENCE_DBFS);
        check(&[i16::MIN; 160], 0.0);
        check(&sine(1_000.0, 32_767.0, 8_000), -3.01);
        check(&sine(1_000.0, 3_276.7, 8_000), -23.01);
        check(&[1, -1, 1, -1], -90.3);
    }
}
