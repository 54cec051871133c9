//! The media worker's end of a recording.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Sender, TrySendError};

use super::Lane;
use super::writer::Order;
use crate::media::FRAME_SAMPLES;

/// Samples per channel in a block: 400 ms. Larger means fewer system calls, smaller means
/// less that a kill can take and less memory per call (12.8 KB stereo).
pub(super) const BLOCK: usize = 3_200;

/// Names one recording for as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub u64);

/// What the recorder has to say about a track.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// The file could not be made or written; why. Told once per track.
    Failed(TrackId, String),
    /// The file is closed; the last word about the track.
    Finished(TrackId, Finished),
}

/// A closed file.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The file.
    pub path: PathBuf,
    /// Length in samples per channel.
    pub samples: u64,
    /// Hex SHA-256 of the whole file; empty where it could not be read.
    pub sha256: String,
    /// Mean level of the left (or only) channel in dBFS; -96 is silence.
    pub left_dbfs: f32,
    /// Mean level of the right channel in dBFS.
    pub right_dbfs: f32,
    /// Samples per channel that are silence in the file because the disk did not keep up.
    pub missing: u64,
    /// Why there is no good file.
    pub error: Option<String>,
}

impl Finished {
    /// Nothing was written, because of `error`.
    pub(super) fn nothing(path: PathBuf, error: String) -> Finished {
        let silent = -96.0;
        Finished {
            path,
            samples: 0,
            sha256: String::new(),
            left_dbfs: silent,
            right_dbfs: silent,
            missing: 0,
            error: Some(error),
        }
    }
}

/// The queue to the writer is full or its thread has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recorder does not keep up: its queue is full")]
pub struct OpenError;

/// Why a recording could not be ended.
pub enum Unfinished {
    /// The queue is full: the track comes back, to be tried again.
    Full(Track),
    /// The recorder has stopped; no report will come.
    Gone,
}

/// One recording as its source sees it. Nothing here blocks or does IO.
pub struct Track {
    id: TrackId,
    lane: Lane,
    channels: usize,
    block: Vec<i16>,
    /// Samples per channel of blocks that were not taken since the last one that was.
    gap: u64,
    /// Samples per channel of silence in `block` for time that had no frame.
    lost: u64,
    missing: Arc<AtomicU64>,
}

impl Track {
    pub(super) fn open(
        id: TrackId,
        lane: Lane,
        path: &Path,
        channels: u16,
        reports: &Sender<Report>,
        missing: Arc<AtomicU64>,
    ) -> Result<Track, OpenError> {
        let order = Order::Open { track: id, path: path.into(), channels, reports: reports.clone() };
        lane.orders.try_send(order).map_err(|_| OpenError)?;
        let channels = usize::from(channels);
        let block = Vec::with_capacity(BLOCK * channels);
        Ok(Track { id, lane, channels, block, gap: 0, lost: 0, missing })
    }

    /// Names this track in reports.
    pub fn id(&self) -> TrackId {
        self.id
    }

    /// The memory that the next frame goes to, to be called into the cache.
    pub fn next_frame(&mut self) -> &[std::mem::MaybeUninit<i16>] {
        let frame = FRAME_SAMPLES * self.channels;
        let rest = self.block.spare_capacity_mut();
        let len = rest.len().min(frame);
        &rest[..len]
    }

    /// Appends one stereo frame; both channels have the same number of samples, at most 160.
    pub fn write_stereo(&mut self, left: &[i16], right: &[i16]) {
        debug_assert!(self.channels == 2 && left.len() == right.len());
        self.block.extend(left.iter().zip(right).flat_map(|(l, r)| [*l, *r]));
        self.hand_over_if_full();
    }

    /// Appends one mono frame of at most 160 samples.
    pub fn write_mono(&mut self, frame: &[i16]) {
        debug_assert!(self.channels == 1);
        self.block.extend_from_slice(frame);
        self.hand_over_if_full();
    }

    fn hand_over_if_full(&mut self) {
        if self.block.len() >= BLOCK * self.channels {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let samples = std::mem::take(&mut self.block);
        let order = Order::Block { track: self.id, gap: self.gap, lost: self.lost, samples };
        match self.lane.orders.try_send(order) {
            Ok(()) => {
                (self.gap, self.lost) = (0, 0);
                self.block = self.lane.spare.try_recv().unwrap_or_default();
                self.block.clear();
                self.block.reserve_exact(BLOCK * self.channels);
            }
            Err(refused) => {
                let Order::Block { mut samples, .. } = refused.into_inner() else { return };
                let count = (samples.len() / self.channels) as u64;
                self.missing.fetch_add(count - self.lost, Ordering::Relaxed);
                self.gap += count;
                self.lost = 0;
                samples.clear();
                self.block = samples;
            }
        }
    }

    /// Time passed without a frame: `samples` per channel of silence, counted as missing.
    pub fn lose(&mut self, samples: usize) {
        self.block.resize(self.block.len() + samples * self.channels, 0);
        self.lost += samples as u64;
        self.missing.fetch_add(samples as u64, Ordering::Relaxed);
        self.hand_over_if_full();
    }

    /// Ends the recording; its `Report::Finished` follows.
    pub fn finish(mut self) -> Result<(), Unfinished> {
        let samples = std::mem::take(&mut self.block);
        let order = Order::Close { track: self.id, gap: self.gap, lost: self.lost, samples };
        match self.lane.orders.try_send(order) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Order::Close { samples, .. })) => {
                self.block = samples;
                Err(Unfinished::Full(self))
            }
            Err(_) => Err(Unfinished::Gone),
        }
    }
}
