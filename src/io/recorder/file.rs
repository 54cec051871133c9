//! One WAV while it is written.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hound::{SampleFormat, WavSpec, WavWriter};

use super::sink::{HEADER, Scratch, Sink};
use super::track::Finished;

/// The sampling rate of every recording, in Hz.
pub(super) const RATE: u32 = 8_000;

/// Samples given to hound at a time; its buffer of this size stays with each open file.
const CHUNK: usize = 320;

/// Samples per channel that one file takes: 24 hours, far below the 4 GB that the header
/// can tell. What comes later is counted as missing.
pub(super) const MAX_SAMPLES: u64 = 24 * 3600 * RATE as u64;

/// What reads as silence in dBFS.
const SILENCE_DBFS: f32 = -96.0;

/// A WAV that is being written, 16 bit, 8,000 Hz, one or two channels.
pub(super) struct WavFile {
    path: PathBuf,
    file: Arc<File>,
    wav: WavWriter<Sink>,
    channels: usize,
    /// Per channel.
    samples: u64,
    /// Per channel.
    missing: u64,
    /// Sums of squares of left (or the only one) and right.
    power: [u64; 2],
}

/// A WAV whose last byte is written, and what was learnt on the way.
pub(super) struct Written {
    pub file: Arc<File>,
    pub finished: Finished,
}

impl WavFile {
    /// Makes the file and its folders; refuses to overwrite.
    pub fn create(path: &Path, channels: u16, scratch: Scratch) -> Result<WavFile, hound::Error> {
        let mut new = OpenOptions::new();
        new.read(true).write(true).create_new(true);
        let file = new.open(path).or_else(|e| match path.parent() {
            Some(folder) if e.kind() == std::io::ErrorKind::NotFound => {
                std::fs::create_dir_all(folder)?;
                new.open(path)
            }
            _ => Err(e),
        })?;
        let spec =
            WavSpec { channels, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let file = Arc::new(file);
        let mut wav = WavWriter::new(Sink::new(file.clone(), scratch), spec)?;
        wav.flush()?;
        let channels = usize::from(channels);
        Ok(WavFile { path: path.into(), file, wav, channels, samples: 0, missing: 0, power: [0; 2] })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[cfg(test)]
    pub fn descriptor(&self) -> std::os::fd::RawFd {
        std::os::fd::AsRawFd::as_raw_fd(&*self.file)
    }

    /// Appends `gap` missing samples as silence, then interleaved `samples`, of which `lost`
    /// per channel are missing too, and brings the header up to date. On an error the time
    /// is kept and what could not be written counts as missing.
    pub fn write(&mut self, gap: u64, lost: u64, samples: &[i16]) -> Result<(), hound::Error> {
        self.missing += gap;
        let silence = [0i16; CHUNK];
        let mut left = gap as usize * self.channels;
        let mut result = Ok(());
        while left > 0 {
            let part = left.min(CHUNK);
            result = result.and(self.append(&silence[..part]));
            left -= part;
            // A long gap goes to disk in pieces, or the scratch would grow with it.
            if left.is_multiple_of(CHUNK * 64) {
                result = result.and(self.wav.flush());
            }
        }
        for part in samples.chunks(CHUNK) {
            result = result.and(self.append(part));
        }
        result = result.and(self.wav.flush());
        if result.is_err() {
            self.missing += (samples.len() / self.channels) as u64;
        } else {
            self.missing += lost;
            self.measure(samples);
        }
        result
    }

    fn append(&mut self, samples: &[i16]) -> Result<(), hound::Error> {
        let pairs = (samples.len() / self.channels) as u64;
        if self.samples + pairs > MAX_SAMPLES {
            return Err(std::io::Error::other("a recording ends after 24 hours").into());
        }
        self.samples += pairs;
        let mut block = self.wav.get_i16_writer(samples.len() as u32);
        for sample in samples {
            // SAFETY: the block was made for exactly as many samples as are written here; the
            // checked way tests that for each of them and takes twice the time.
            unsafe { block.write_sample_unchecked(*sample) };
        }
        block.flush()
    }

    fn measure(&mut self, samples: &[i16]) {
        let square = |s: i16| (i64::from(s) * i64::from(s)) as u64;
        if self.channels == 1 {
            self.power[0] += samples.iter().map(|s| square(*s)).sum::<u64>();
            return;
        }
        let (pairs, _) = samples.as_chunks::<2>();
        let (mut left, mut right) = (0, 0);
        for [l, r] in pairs {
            left += square(*l);
            right += square(*r);
        }
        self.power[0] += left;
        self.power[1] += right;
    }

    /// Writes the last header and gives the file away for its hash.
    pub fn finish(self) -> Written {
        let level = |power: u64| dbfs(power, self.samples);
        let mut finished = Finished {
            path: self.path,
            samples: self.samples,
            sha256: String::new(),
            left_dbfs: level(self.power[0]),
            right_dbfs: level(self.power[1]),
            missing: self.missing,
            error: None,
        };
        let length = HEADER as u64 + self.samples * 2 * self.channels as u64;
        let sealed = self.wav.finalize().map_err(|e| e.to_string());
        let padded = pad(&self.file, length).map_err(|e| e.to_string());
        finished.error = sealed.and(padded).err();
        Written { file: self.file, finished }
    }
}

/// Makes the file as long as its header says where the last write failed.
fn pad(file: &File, length: u64) -> std::io::Result<()> {
    if file.metadata()?.len() < length { file.set_len(length) } else { Ok(()) }
}

/// Mean level of `samples` samples with this sum of squares, against a full-scale square wave.
pub(super) fn dbfs(power: u64, samples: u64) -> f32 {
    if power == 0 || samples == 0 {
        return SILENCE_DBFS;
    }
    let mean = power as f64 / samples as f64 / (32_768.0 * 32_768.0);
    (10.0 * mean.log10()).max(f64::from(SILENCE_DBFS)) as f32
}
