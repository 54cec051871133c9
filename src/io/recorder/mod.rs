//! Writes recordings on threads of its own, so that a slow disk never delays a media tick.
//!
//! A media worker holds a [`Track`] per recording and fills blocks of 400 ms. A full block
//! goes to a writer thread through a bounded queue; when the disk is slower than the calls
//! the block is dropped, counted as missing and later written as silence, so that both
//! channels stay aligned with the clock. Each block ends with an updated header: a kill
//! loses less than a second and the file opens complete.

mod disk;
mod file;
mod repair;
mod seal;
mod sink;
mod track;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::watch;

pub use disk::Disk;
pub use repair::{Repaired, repair, repair_file};
pub use seal::sha256_of;
pub use track::{Finished, OpenError, Report, Track, TrackId, Unfinished};

use disk::Alarm;
use writer::Order;

/// Blocks that may wait for all writer threads together: about 100 MB, which is a stall of
/// the disk of 1.6 s with 2,000 calls and of 16 s with 200.
pub const QUEUE_BLOCKS: usize = 8_192;

/// Emptied blocks that are kept for use again, per writer thread.
const SPARE_BLOCKS: usize = 256;

/// How recordings are written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of all recordings; its file system is watched.
    pub folder: PathBuf,
    /// Writer threads; zero counts as one.
    pub threads: usize,
    /// Below this many free bytes the disk counts as low.
    pub free_floor: u64,
    /// From this many free bytes on it counts as well again.
    pub free_resume: u64,
}

/// Why the recorder could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder is missing and cannot be made.
    #[error("the recordings folder {0} cannot be made: {1}; make it, or give another folder")]
    Folder(PathBuf, std::io::Error),
    /// A thread could not be started.
    #[error("a recorder thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// One writer thread as a track sees it.
#[derive(Clone)]
struct Lane {
    orders: Sender<Order>,
    spare: Receiver<Vec<i16>>,
}

struct Shared {
    lanes: Vec<Lane>,
    next_lane: AtomicUsize,
    next_track: AtomicU64,
    missing: Arc<AtomicU64>,
    marks: Arc<disk::Marks>,
    disk: watch::Receiver<Disk>,
}

/// A handle on the writer threads; clones share them.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
    threads: Arc<std::sync::Mutex<Threads>>,
}

struct Threads {
    stop: Option<Sender<()>>,
    joins: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Makes the folder if needed and starts the threads: the writers, one that hashes
    /// finished files, one that watches the disk.
    pub fn start(settings: Settings) -> Result<Recorder, Error> {
        std::fs::create_dir_all(&settings.folder).map_err(|e| Error::Folder(settings.folder.clone(), e))?;
        let count = settings.threads.max(1);
        let missing = Arc::new(AtomicU64::new(0));
        let (alarm, failures) = Alarm::new();
        let (stop, stopped) = bounded(0);
        let marks = Arc::new(disk::Marks::new(settings.free_floor, settings.free_resume));
        let (watcher, disk) = disk::Watcher::new(&settings, marks.clone(), failures, stopped);
        let mut threads = Threads { stop: Some(stop), joins: Vec::new() };
        threads.spawn("rec-disk", move || watcher.run())?;
        let (to_seal, sealing) = seal::queue();
        threads.spawn("rec-seal", move || seal::run(&sealing))?;
        let mut lanes = Vec::new();
        for n in 0..count {
            let (orders, inbox) = bounded(QUEUE_BLOCKS / count);
            let (give_back, spare) = bounded(SPARE_BLOCKS);
            lanes.push(Lane { orders, spare });
            let (alarm, to_seal) = (alarm.clone(), to_seal.clone());
            threads.spawn(&format!("rec-write-{n}"), move || {
                writer::Writer::new(give_back, to_seal, alarm).run(&inbox);
            })?;
        }
        let (next_lane, next_track) = (AtomicUsize::new(0), AtomicU64::new(1));
        let shared = Shared { lanes, next_lane, next_track, missing, marks, disk };
        Ok(Recorder { shared: Arc::new(shared), threads: Arc::new(std::sync::Mutex::new(threads)) })
    }

    /// Begins a recording of `channels` (1 or 2) in 16 bit at 8,000 Hz. Missing folders are
    /// made; a file of that name is never overwritten. Never blocks: what happens to the
    /// file comes through `reports`, at most one [`Report::Failed`] and exactly one
    /// [`Report::Finished`] per track, which bounds that channel.
    pub fn open(&self, path: &Path, channels: u16, reports: &Sender<Report>) -> Result<Track, OpenError> {
        let shared = &self.shared;
        let lane = shared.next_lane.fetch_add(1, Ordering::Relaxed) % shared.lanes.len();
        let id = TrackId(shared.next_track.fetch_add(1, Ordering::Relaxed));
        Track::open(id, shared.lanes[lane].clone(), path, channels, reports, shared.missing.clone())
    }

    /// The state of the disk, and news of it.
    pub fn disk(&self) -> watch::Receiver<Disk> {
        self.shared.disk.clone()
    }

    /// Other marks for the free space, from the next look on; bytes.
    pub fn set_free_marks(&self, floor: u64, resume: u64) {
        self.shared.marks.set(floor, resume);
    }

    /// Samples per channel that were lost on the way to the disk, over all recordings.
    pub fn missing(&self) -> u64 {
        self.shared.missing.load(Ordering::Relaxed)
    }

    /// Writes and finishes what is open and ends the threads. Blocks; call it after
    /// `RtpPlane::stop`. Tracks that are still held elsewhere fail from here on.
    pub fn stop(self) {
        for lane in &self.shared.lanes {
            // A full queue empties while the writer lives, so this wait ends.
            let _ = lane.orders.send(Order::Stop);
        }
        if let Ok(mut threads) = self.threads.lock() {
            threads.stop = None;
            for join in threads.joins.drain(..) {
                let _ = join.join();
            }
        }
    }
}

impl Threads {
    fn spawn(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let thread = std::thread::Builder::new().name(name.into()).stack_size(THREAD_STACK);
        self.joins.push(thread.spawn(body).map_err(Error::Thread)?);
        Ok(())
    }
}

/// Stack of a recorder thread: none recurses or keeps large buffers on it.
const THREAD_STACK: usize = 256 * 1024;

/// How much the writers are preferred: a busy machine must not starve them, or the queue
/// fills and sound is lost. The media threads still go before them.
const NICE: libc::c_int = -5;

/// Asks for [`NICE`]; without the right to that the thread stays as it is.
fn ask_for_priority() {
    // SAFETY: takes numbers only. On Linux the value zero means the calling thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}
