//! Watches the file system of the recordings, so that dialling stops before calls go unrecorded.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use tokio::sync::watch;

use super::Settings;

/// How often the free space is asked: 2,000 calls write 64 MB a second, so that a floor of
/// 1 GB lasts for several looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The file that is written to see whether a failed folder works again.
const PROBE: &str = ".write-probe";

/// Bytes of the probe: more than a file system keeps inside an inode.
const PROBE_BYTES: usize = 4_096;

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
    /// The folder cannot be written; why, in words for the operator.
    Failed(String),
}

/// A writer's way to say that writing failed.
#[derive(Clone)]
pub(super) struct Alarm(Sender<String>);

impl Alarm {
    pub fn new() -> (Alarm, Receiver<String>) {
        // One waiting failure says enough.
        let (send, receive) = bounded(1);
        (Alarm(send), receive)
    }

    pub fn raise(&self, reason: &str) {
        let _ = self.0.try_send(reason.into());
    }
}

/// How much free space is asked for; may change while the watcher runs.
#[derive(Debug)]
pub(super) struct Marks {
    floor: AtomicU64,
    resume: AtomicU64,
}

impl Marks {
    pub fn new(floor: u64, resume: u64) -> Self {
        let marks = Marks { floor: AtomicU64::new(0), resume: AtomicU64::new(0) };
        marks.set(floor, resume);
        marks
    }

    pub fn set(&self, floor: u64, resume: u64) {
        self.floor.store(floor, Ordering::Relaxed);
        self.resume.store(resume.max(floor), Ordering::Relaxed);
    }

    fn get(&self) -> (u64, u64) {
        (self.floor.load(Ordering::Relaxed), self.resume.load(Ordering::Relaxed))
    }
}

pub(super) struct Watcher {
    folder: PathBuf,
    marks: Arc<Marks>,
    failures: Receiver<String>,
    stopped: Receiver<()>,
    state: watch::Sender<Disk>,
}

impl Watcher {
    /// Looks once, so that the first state is true from the start.
    pub fn new(
        settings: &Settings,
        marks: Arc<Marks>,
        failures: Receiver<String>,
        stopped: Receiver<()>,
    ) -> (Watcher, watch::Receiver<Disk>) {
        let folder = settings.folder.clone();
        let first = probe(&folder).map_or_else(
            |e| Disk::Failed(e.to_string()),
            |()| look(&folder, &Disk::Well { free: 0 }, marks.get()),
        );
        let (state, disk) = watch::channel(first);
        (Watcher { folder, marks, failures, stopped, state }, disk)
    }

    /// Looks every two seconds and at each failure, until the recorder stops.
    pub fn run(self) {
        loop {
            crossbeam_channel::select! {
                recv(self.stopped) -> _ => return,
                recv(self.failures) -> reason => match reason {
                    Ok(reason) => self.tell(Disk::Failed(reason)),
                    // The writers have ended; only the stop is left to wait for.
                    Err(_) => match self.stopped.recv_timeout(LOOK_EVERY) {
                        Err(RecvTimeoutError::Timeout) => {}
                        _ => return,
                    },
                },
                default(LOOK_EVERY) => self.tell(self.look()),
            }
        }
    }

    fn look(&self) -> Disk {
        let before = self.state.borrow().clone();
        if matches!(before, Disk::Failed(_))
            && let Err(e) = probe(&self.folder)
        {
            return Disk::Failed(e.to_string());
        }
        look(&self.folder, &before, self.marks.get())
    }

    fn tell(&self, now: Disk) {
        self.state.send_if_modified(|state| {
            let news = std::mem::discriminant(state) != std::mem::discriminant(&now);
            *state = now;
            news
        });
    }
}

/// The state by free space: once low, it stays low until `resume` is reached.
fn look(folder: &Path, before: &Disk, (floor, resume): (u64, u64)) -> Disk {
    match free_bytes(folder) {
        Ok(free) => judge(free, before, floor, resume),
        Err(e) => Disk::Failed(format!("{}: {e}", folder.display())),
    }
}

fn judge(free: u64, before: &Disk, floor: u64, resume: u64) -> Disk {
    let needed = if matches!(before, Disk::Well { .. }) { floor } else { resume };
    if free < needed { Disk::Low { free } } else { Disk::Well { free } }
}

/// Writes and removes a small file.
fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(PROBE);
    let with_path = |e: std::io::Error| std::io::Error::new(e.kind(), format!("{}: {e}", path.display()));
    std::fs::write(&path, [0; PROBE_BYTES]).map_err(with_path)?;
    std::fs::remove_file(&path).map_err(with_path)
}

/// Bytes that an unprivileged user may still write on the folder's file system.
fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: an all-zero statvfs is valid, and the call fills it or fails.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: `path` is NUL-terminated and `stat` outlives the call.
    if unsafe { libc::statvfs(path.as_ptr(), &raw mut stat) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(stat.f_bavail * stat.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_stays_low_until_the_resume_mark() {
        let check = |free, before: Disk, low: bool| {
            let after = judge(free, &before, 100, 200);
            assert_eq!(matches!(after, Disk::Low { .. }), low, "{free} after {before:?}");
        };
        check(100, Disk::Well { free: 500 }, false);
        check(99, Disk::Well { free: 500 }, true);
        check(199, Disk::Low { free: 99 }, true);
        check(200, Disk::Low { free: 99 }, false);
        check(150, Disk::Failed("full".into()), true);
    }
}
