//! WAV files of any usual kind to mono at 8 kHz.

use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec};
use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler};

use crate::media::SAMPLE_RATE;

/// Longest prompt: 10 minutes, so that one file cannot fill the memory.
const MAX_SECONDS: u32 = 600;
/// Rates that files come in.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// Frames that the resampler takes at a time.
const CHUNK: usize = 1_024;

/// What needs no conversion: the prompts that come with the program, and those recorded by
/// telephone.
const NATIVE: WavSpec =
    WavSpec { channels: 1, sample_rate: SAMPLE_RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };

/// What is wrong, and how to mend it.
type Fault = (String, String);

/// The samples of the file, mixed to mono and resampled.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<i16>, Fault> {
    let mut reader = WavReader::new(Cursor::new(bytes)).map_err(unreadable)?;
    let spec = reader.spec();
    if !RATES.contains(&spec.sample_rate) {
        let problem = format!(
            "a sampling rate of {} Hz is not between {} and {}",
            spec.sample_rate,
            RATES.start(),
            RATES.end()
        );
        return Err((problem, convert()));
    }
    if spec.channels == 0 || reader.duration() / spec.sample_rate > MAX_SECONDS {
        let problem = format!("{} channels, {} s long", spec.channels, reader.duration() / spec.sample_rate);
        return Err((problem, format!("cut it to at most {MAX_SECONDS} s")));
    }
    if spec == NATIVE {
        return native(reader);
    }
    let mono = mix(&mut reader, spec).map_err(unreadable)?;
    if mono.is_empty() {
        return Err(silent());
    }
    let narrow = if spec.sample_rate == SAMPLE_RATE { mono } else { resample(mono, spec.sample_rate)? };
    Ok(narrow.iter().map(|s| (s * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16).collect())
}

/// The samples as they stand. hound reads the header and is left at the first sample; asking
/// it for each of the millions of samples would take most of the daemon's start.
fn native(reader: WavReader<Cursor<&[u8]>>) -> Result<Vec<i16>, Fault> {
    let length = reader.len() as usize * size_of::<i16>();
    let source = reader.into_inner();
    let begin = source.position() as usize;
    let Some(data) = source.get_ref().get(begin..begin + length) else {
        return Err(too_short());
    };
    if data.is_empty() {
        return Err(silent());
    }
    Ok(data.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect())
}

/// All channels added and divided by their number, full scale 1.0.
fn mix(reader: &mut WavReader<Cursor<&[u8]>>, spec: WavSpec) -> Result<Vec<f32>, hound::Error> {
    let channels = usize::from(spec.channels);
    let mut mono = Vec::with_capacity(reader.duration() as usize);
    let mut sum = 0.0;
    let mut push = |i: usize, sample: f32| {
        sum += if sample.is_finite() { sample } else { 0.0 };
        if i % channels == channels - 1 {
            mono.push(sum / channels as f32);
            sum = 0.0;
        }
    };
    match spec.sample_format {
        SampleFormat::Float => {
            for (i, sample) in reader.samples::<f32>().enumerate() {
                push(i, sample?);
            }
        }
        SampleFormat::Int => {
            let scale = 2f32.powi(1 - i32::from(spec.bits_per_sample));
            for (i, sample) in reader.samples::<i32>().enumerate() {
                push(i, sample? as f32 * scale);
            }
        }
    }
    Ok(mono)
}

fn resample(mono: Vec<f32>, rate: u32) -> Result<Vec<f32>, Fault> {
    let failed = |e: String| (format!("it cannot be converted from {rate} Hz: {e}"), convert());
    let frames = mono.len();
    let input = InterleavedOwned::new_from(mono, 1, frames).map_err(|e| failed(e.to_string()))?;
    let mut resampler = Fft::<f32>::new(rate as usize, SAMPLE_RATE as usize, CHUNK, 1, FixedSync::Both)
        .map_err(|e| failed(e.to_string()))?;
    let output = resampler.process_all(&input, frames, None).map_err(|e| failed(e.to_string()))?;
    Ok(output.take_data())
}

fn unreadable(error: hound::Error) -> Fault {
    match error {
        hound::Error::Unsupported => {
            ("the WAV file is compressed or of a kind that is not read".to_owned(), convert())
        }
        hound::Error::IoError(_) => too_short(),
        other => (format!("this is no WAV file ({other})"), convert()),
    }
}

fn silent() -> Fault {
    ("there is no sound in it".to_owned(), "record it again".to_owned())
}

fn too_short() -> Fault {
    ("the WAV file ends too early".to_owned(), "copy or export it again; it is not whole".to_owned())
}

fn convert() -> String {
    "convert it: ffmpeg -i OLD -ar 8000 -ac 1 -c:a pcm_s16le NEW.wav".to_owned()
}
