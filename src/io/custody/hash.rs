//! Reading files of the recordings folder: whole, or slowly.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::base::Mono;
use crate::io::clock::Clock;
use crate::io::recorder::sha256_of;
use crate::io::store::custody::Expected;

/// What a look at a file came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is the one; its bytes.
    Good(u64),
    /// It is another one.
    Altered(u64),
    /// It is not there.
    Missing,
    /// It cannot be read; why.
    Unreadable(String),
}

/// A path below the folder; None where it leads out of it.
pub(super) fn below(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
    is_below.then(|| folder.join(path))
}

/// Reads a file and compares it; at most `rate` bytes a second, where there is one.
pub(super) fn look(folder: &Path, expected: &Expected, rate: Option<u64>) -> Look {
    let Some(path) = below(folder, &expected.path) else {
        return Look::Unreadable(format!("its path {} leads out of the folder", expected.path));
    };
    let (clock, mut read) = (Clock::start(), 0_u64);
    let paced = |bytes: usize| {
        let Some(rate) = rate else { return };
        read += bytes as u64;
        let due = Duration::from_secs_f64(read as f64 / rate.max(1) as f64);
        if let Some(early) = due.checked_sub(clock.mono().since(Mono(0))) {
            // Woken early, the next block waits longer.
            std::thread::park_timeout(early);
        }
    };
    match sha256_of(&path, paced) {
        Ok((sha256, bytes)) if expected.known.is(&sha256) => Look::Good(bytes),
        Ok((_, bytes)) => Look::Altered(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Look::Missing,
        Err(error) => Look::Unreadable(error.to_string()),
    }
}

/// Hex SHA-256 of a file below the folder; None where it cannot be read.
pub(super) fn sha256(folder: &Path, path: &str) -> Option<String> {
    let path = below(folder, path)?;
    match sha256_of(&path, |_| {}) {
        Ok((sha256, _)) => Some(sha256),
        Err(error) => {
            tracing::error!(path = %path.display(), %error, "a voice comment cannot be read");
            None
        }
    }
}
