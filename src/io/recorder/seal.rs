//! The SHA-256 of a finished file, on a thread of its own: an hour of sound takes 100 ms.
//!
//! The header stands first and its lengths are known last, so the hash cannot run along
//! with the recording; the file is read once more, mostly from memory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crossbeam_channel::{Receiver, Sender, bounded};
use sha2::{Digest, Sha256};

use super::file::Written;
use super::track::{Report, TrackId};

/// Files that may wait for their hash: every call of a full machine ending at once. A writer
/// waits beyond that, which its own queue absorbs.
const QUEUE_FILES: usize = 4_096;

/// Read at a time: fits the second-level cache.
const READ: usize = 64 * 1024;

/// A closed file on its way.
pub(super) struct Sealing {
    pub track: TrackId,
    pub written: Written,
    pub reports: Sender<Report>,
}

pub(super) fn queue() -> (Sender<Sealing>, Receiver<Sealing>) {
    bounded(QUEUE_FILES)
}

/// Hashes and reports until no writer is left.
pub(super) fn run(inbox: &Receiver<Sealing>) {
    let mut buffer = vec![0; READ];
    for Sealing { track, written, reports } in inbox {
        let mut finished = written.finished;
        match sha256(&written.file, &mut buffer) {
            Ok(hash) => finished.sha256 = hash,
            Err(e) if finished.error.is_none() => finished.error = Some(e.to_string()),
            Err(_) => {}
        }
        // Nobody listens any more: the session's worker has ended.
        let _ = reports.send(Report::Finished(track, finished));
    }
}

/// Hex SHA-256 of a whole file, read from its start through `buffer`.
pub(super) fn sha256(file: &File, buffer: &mut [u8]) -> std::io::Result<String> {
    sha256_by(file, buffer, |_| {}).map(|(hash, _)| hash)
}

/// The same of the file at a path, with its length in bytes; `read` is told of each block, and may
/// take its time.
pub fn sha256_of(path: &Path, read: impl FnMut(usize)) -> std::io::Result<(String, u64)> {
    sha256_by(&File::open(path)?, &mut vec![0; READ], read)
}

fn sha256_by(file: &File, buffer: &mut [u8], mut read: impl FnMut(usize)) -> std::io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut at = 0;
    loop {
        let count = file.read_at(buffer, at)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
        at += count as u64;
        read(count);
    }
    Ok((hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), at))
}
