//! The media worker's end of a recording.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Sender, TrySendError};

use super::Lane;
use super::writer::Order;

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

/// One recording as its source sees it. Nothing here blocks or does IO.
pub struct Track {
    id: TrackId,
    lane: Lane,
    channels: usize,
    block: Vec<i16>,
    /// Samples per channel lost since the last block that was taken.
    gap: u64,
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
        Ok(Track { id, lane, channels, block, gap: 0, missing })
    }

    /// Names this track in reports.
    pub fn id(&self) -> TrackId {
        self.id
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
        let order = Order::Block { track: self.id, gap: self.gap, samples };
        match self.lane.orders.try_send(order) {
            Ok(()) => {
                self.gap = 0;
                self.block = self.lane.spare.try_recv().unwrap_or_default();
                self.block.clear();
                self.block.reserve_exact(BLOCK * self.channels);
            }
            Err(TrySendError::Full(Order::Block { mut samples, .. })) => {
                self.lose((samples.len() / self.channels) as u64);
                samples.clear();
                self.block = samples;
            }
            Err(_) => self.lose(0),
        }
    }

    /// Time passed without a frame: `samples` per channel of silence go into the file.
    pub fn lose(&mut self, samples: u64) {
        self.gap += samples;
        self.missing.fetch_add(samples, Ordering::Relaxed);
    }

    /// Ends the recording. Where the queue is full the track comes back: try again later.
    pub fn finish(mut self) -> Result<(), Track> {
        let samples = std::mem::take(&mut self.block);
        let order = Order::Close { track: self.id, gap: self.gap, samples };
        match self.lane.orders.try_send(order) {
            Err(TrySendError::Full(Order::Close { samples, .. })) => {
                self.block = samples;
                Err(self)
            }
            _ => Ok(()),
        }
    }
}
