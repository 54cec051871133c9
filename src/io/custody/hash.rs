//! Reading files of the recordings folder: whole, or slowly.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::Mono;
use crate::io::clock::Clock;
use crate::io::recorder::sha256_of;
use crate::io::store::custody::Expected;
use crate::io::vault::{below, folder_of};

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
    /// It is in an object store, which keeps it by its own means and is not read.
    Elsewhere,
}

/// Where a file must be; None: in an object store.
pub(super) fn whole(folder: &Path, file: &Expected) -> Option<Result<PathBuf, String>> {
    let folder = folder_of(folder, &file.place)?;
    let leads_out = |_| format!("its path {} leads out of the folder", file.path);
    Some(below(&folder, &file.path).map_err(leads_out))
}

/// Reads a file and compares it; at most `rate` bytes a second, where there is one.
pub(super) fn look(folder: &Path, expected: &Expected, rate: Option<u64>) -> Look {
    let path = match whole(folder, expected) {
        Some(Ok(path)) => path,
        Some(Err(why)) => return Look::Unreadable(why),
        None => return Look::Elsewhere,
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
