//! The tone that ends a greeting.

use super::AmdSettings;
use crate::media::FRAME_SAMPLES;
use crate::media::level::dbfs;
use crate::media::tone::steady_tone;

/// A beep is at least this loud, in dBFS.
const MIN_DBFS: f32 = -35.0;
/// Two frames belong to the same beep if their pitch differs by less.
const SAME_PITCH: f32 = 0.04;
/// Dial, ringing and busy tone in China and most of Europe are 425 or 450 Hz: no beep.
const CALL_PROGRESS_HZ: std::ops::RangeInclusive<f32> = 415.0..=465.0;
/// A tone longer than this is no beep but a fax, a dead line or music.
const MAX_MS: u32 = 3_000;

/// Watches frame by frame for a beep that has ended.
#[derive(Clone, Debug, Default)]
pub(super) struct BeepWatch {
    hz: f32,
    millis: u32,
}

impl BeepWatch {
    /// True in the first frame after a beep. `is_tone` tells that this frame may be part of one.
    pub fn push(&mut self, settings: &AmdSettings, frame: &[i16; FRAME_SAMPLES]) -> Beep {
        let range = settings.min_beep_hz as f32..=settings.max_beep_hz as f32;
        let tone = if dbfs(frame) < MIN_DBFS { None } else { steady_tone(frame) };
        let hz = tone.map(|tone| tone.hz).filter(|hz| range.contains(hz) && !CALL_PROGRESS_HZ.contains(hz));
        match hz {
            Some(hz) if self.millis > 0 && (hz / self.hz - 1.0).abs() < SAME_PITCH => {
                self.millis += 20;
                Beep::Sounding
            }
            Some(hz) => {
                (self.hz, self.millis) = (hz, 20);
                Beep::Sounding
            }
            None => {
                let ended = (settings.min_beep_ms..=MAX_MS).contains(&self.millis);
                self.millis = 0;
                if ended { Beep::Ended } else { Beep::None }
            }
        }
    }
}

/// What a frame is to the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beep {
    None,
    Sounding,
    Ended,
}
