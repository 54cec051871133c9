//! Prompts of the benchmark: steady tones whose period divides a packet, so that every packet
//! of one prompt has the same bytes and a change of prompt is seen in the first packet.

use std::path::Path;

use ringback::media::tone::sine;

/// One prompt for each question and one for the end.
pub const COUNT: usize = 6;
/// Whole periods in 20 ms: multiples of 50 Hz.
const LOWEST_HZ: u32 = 400;
const STEP_HZ: u32 = 100;

/// Pitch of prompt `n`, from 0.
pub fn hz(n: u32) -> u32 {
    LOWEST_HZ + STEP_HZ * n
}

/// Writes `q1.wav` ... into `folder`, 30 s each.
pub fn write(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder for prompts");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    for n in 0..COUNT as u32 {
        let path = folder.join(format!("q{}.wav", n + 1));
        let mut wav = hound::WavWriter::create(path, spec).expect("a prompt");
        for sample in sine(f64::from(hz(n)), 8_000.0, 8_000 * 30) {
            wav.write_sample(sample).expect("a sample");
        }
        wav.finalize().expect("a prompt");
    }
}
