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

/// Writes `q1.wav` ... of 30 s each and `thanks.wav` of 1 s into `folder`.
pub fn write(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder for prompts");
    for n in 0..COUNT as u32 {
        tone(&folder.join(format!("q{}.wav", n + 1)), hz(n), 30);
    }
    tone(&folder.join("thanks.wav"), hz(COUNT as u32), 1);
}

fn tone(path: &Path, hz: u32, seconds: usize) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).expect("a prompt");
    for sample in sine(f64::from(hz), 8_000.0, 8_000 * seconds) {
        wav.write_sample(sample).expect("a sample");
    }
    wav.finalize().expect("a prompt");
}
