//! From frames of one channel to turns: who speaks from when to when, how loud, and with how
//! many syllables.

use serde::{Deserialize, Serialize};

use super::Span;
use super::floor::Floor;
use super::scorecard::SpeechRule;
use crate::media::level::dbfs_of;

/// Length of a frame in ms.
pub const FRAME_MS: u32 = 20;
/// Samples of a frame.
pub const FRAME: usize = 160;
/// Turns of one channel that are kept: eight hours of a turn every two seconds.
const MAX_TURNS: usize = 15_000;
/// Frames over which a level is smoothed before syllables are counted: 60 ms.
const SMOOTH: usize = 3;
/// A syllable rises and falls by this much, in dB.
const SYLLABLE_DB: f32 = 3.0;

/// One stretch of speech. Stored as `[from, to, level, syllables]`, for a long call has a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u32, u32, f32, u32)", into = "(u32, u32, f32, u32)")]
pub struct Turn {
    /// From its first frame with speech to its last.
    pub span: Span,
    /// Mean level of its frames with speech in dBov (ITU-T G.100.1: 0 is a square wave at full scale).
    pub level: f32,
    /// Peaks of its level: about one a syllable.
    pub syllables: u32,
}

impl From<(u32, u32, f32, u32)> for Turn {
    fn from((from, to, level, syllables): (u32, u32, f32, u32)) -> Turn {
        Turn { span: Span::new(from, to), level, syllables }
    }
}

impl From<Turn> for (u32, u32, f32, u32) {
    fn from(Turn { span, level, syllables }: Turn) -> Self {
        // A tenth of a dB is more than anybody hears.
        (span.from, span.to, (level * 10.0).round() / 10.0, syllables)
    }
}

#[derive(Clone, Copy)]
struct Frame {
    energy: u64,
    level: f32,
}

/// Takes frames of one channel and keeps its turns.
///
/// A frame holds speech if its level is more than `above_floor_db` over the noise floor and above
/// `least_dbov`. Gaps below `merge_ms` are closed first; what is then shorter than
/// `least_ms` is dropped.
pub(super) struct Channel {
    rule: SpeechRule,
    floor: Floor<Frame>,
    frame: u32,
    open: Option<Open>,
    turns: Vec<Turn>,
    /// Whether anything but exact zeros was there.
    pub any_sound: bool,
}

struct Open {
    from: u32,
    /// Frame after the last with speech.
    to: u32,
    energy: u64,
    frames: u64,
    syllables: Syllables,
}

impl Channel {
    pub fn new(rule: SpeechRule) -> Self {
        Channel { rule, floor: Floor::new(), frame: 0, open: None, turns: Vec::new(), any_sound: false }
    }

    /// Takes the sum of squares of the next 20 ms.
    pub fn push(&mut self, energy: u64) {
        self.any_sound |= energy > 0;
        let level = dbfs_of(energy, FRAME as u64);
        if let Some((frame, floor)) = self.floor.push(Frame { energy, level }, level) {
            self.look(frame, floor);
        }
    }

    pub fn finish(mut self) -> Vec<Turn> {
        while let Some((frame, floor)) = self.floor.drain() {
            self.look(frame, floor);
        }
        self.close();
        self.turns
    }

    fn look(&mut self, frame: Frame, floor: f32) {
        let at = self.frame;
        self.frame += 1;
        let speech = frame.level > floor + self.rule.above_floor_db && frame.level > self.rule.least_dbov;
        if let Some(open) = &mut self.open {
            if (at + 1 - open.to) * FRAME_MS >= self.rule.merge_ms && !speech {
                return self.close();
            }
            open.syllables.push(frame.level);
            if speech {
                (open.to, open.energy, open.frames) = (at + 1, open.energy + frame.energy, open.frames + 1);
            }
        } else if speech {
            let mut syllables = Syllables::new(frame.level);
            syllables.push(frame.level);
            self.open = Some(Open { from: at, to: at + 1, energy: frame.energy, frames: 1, syllables });
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let span = Span::new(open.from * FRAME_MS, open.to * FRAME_MS);
        if span.ms() >= self.rule.least_ms && self.turns.len() < MAX_TURNS {
            // As it is stored, so that whoever judges again gets the same.
            let level = (dbfs_of(open.energy, open.frames * FRAME as u64) * 10.0).round() / 10.0;
            self.turns.push(Turn { span, level, syllables: open.syllables.count });
        }
    }
}

/// Counts peaks of the smoothed level that stand out of the valleys on both sides.
struct Syllables {
    recent: [f32; SMOOTH],
    at: usize,
    /// Lowest since the last peak, or highest since the last valley.
    extreme: f32,
    rising: bool,
    count: u32,
}

impl Syllables {
    fn new(level: f32) -> Self {
        Syllables { recent: [level; SMOOTH], at: 0, extreme: level, rising: true, count: 0 }
    }

    fn push(&mut self, level: f32) {
        self.recent[self.at % SMOOTH] = level;
        self.at += 1;
        let smooth = self.recent.iter().sum::<f32>() / SMOOTH as f32;
        if self.rising {
            self.extreme = self.extreme.max(smooth);
            if smooth <= self.extreme - SYLLABLE_DB {
                self.count += 1;
                (self.rising, self.extreme) = (false, smooth);
            }
        } else {
            self.extreme = self.extreme.min(smooth);
            if smooth >= self.extreme + SYLLABLE_DB {
                (self.rising, self.extreme) = (true, smooth);
            }
        }
    }
}
