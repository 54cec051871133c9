//! The folder of a rehearsal: removed with it, or by the next start of a daemon after a crash.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Beginning of the folders' names.
const NAME: &str = "ringback-simulate-";
/// A file that is locked as long as its rehearsal lives.
const LOCK: &str = "lock";

/// A folder that only its owner can look into: it holds customers.
pub(super) struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    pub fn new() -> Result<Scratch, String> {
        Scratch::within(&std::env::temp_dir())
    }

    fn within(place: &Path) -> Result<Scratch, String> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|e| format!("no random name for a folder: {e}"))?;
        let folder = place.join(format!("{NAME}{:016x}", u64::from_ne_bytes(random)));
        let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
        DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        let lock = File::create(folder.join(LOCK)).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Scratch { folder, _lock: lock })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Removes what rehearsals left behind that were killed.
pub(in crate::app) fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(NAME) {
            continue;
        }
        // Who lives holds the lock. Without one the folder is being made at this moment, or is not ours.
        let lock = File::open(entry.path().join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_rehearsal_left_is_removed_and_a_living_one_is_let_be() {
        let place = std::env::temp_dir().join(format!("ringback-sweep-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let (living, killed) = (Scratch::within(&place).unwrap(), place.join(format!("{NAME}00")));
        std::fs::create_dir(&killed).unwrap();
        std::fs::write(killed.join(LOCK), "").unwrap();
        std::fs::write(killed.join("rehearsal.db"), "x").unwrap();
        std::fs::create_dir(place.join("other")).unwrap();
        sweep_in(&place);
        assert!(living.folder().exists() && !killed.exists() && place.join("other").exists());
        let folder = living.folder().to_owned();
        drop(living);
        assert!(!folder.exists());
        std::fs::remove_dir_all(&place).unwrap();
    }
}
