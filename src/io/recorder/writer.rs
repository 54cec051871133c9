//! A writer thread: takes blocks, writes files, passes closed ones on for their hash.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::disk::Alarm;
use super::file::WavFile;
use super::seal::Sealing;
use super::sink::Scratch;
use super::track::{Finished, Report, TrackId};

/// How often an open file's blocks are written. With a block of 400 ms this keeps what a
/// kill can take below half a second.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// What tracks ask of a writer.
pub(super) enum Order {
    /// Make the file.
    Open { track: TrackId, path: PathBuf, channels: u16, reports: Sender<Report> },
    /// Append `gap` missing samples as silence, then these, of which `lost` are missing too.
    Block { track: TrackId, gap: u64, lost: u64, samples: Vec<i16> },
    /// The same, and it was the last.
    Close { track: TrackId, gap: u64, lost: u64, samples: Vec<i16> },
    /// Finish all files and end the thread.
    Stop,
}

struct Open {
    file: WavFile,
    reports: Sender<Report>,
    /// The failure was reported.
    failed: bool,
}

pub(super) struct Writer {
    open: BTreeMap<TrackId, Open>,
    scratch: Scratch,
    give_back: Sender<Vec<i16>>,
    seal: Sender<Sealing>,
    alarm: Alarm,
}

impl Writer {
    pub fn new(give_back: Sender<Vec<i16>>, seal: Sender<Sealing>, alarm: Alarm) -> Self {
        Writer { open: BTreeMap::new(), scratch: Rc::new(RefCell::new(Vec::new())), give_back, seal, alarm }
    }

    /// Works until `Order::Stop` or until nobody can send any more; then all files are finished.
    ///
    /// While files are open the queue is emptied every [`LOOK_EVERY`] and nobody wakes this
    /// thread: waiting inside the channel spins and yields for each block, which cost more
    /// than a third of the writing itself.
    pub fn run(mut self, inbox: &Receiver<Order>) {
        super::ask_for_priority();
        'life: loop {
            loop {
                match inbox.try_recv() {
                    Ok(Order::Stop) | Err(TryRecvError::Disconnected) => break 'life,
                    Ok(order) => self.take(order),
                    Err(TryRecvError::Empty) => break,
                }
            }
            if !self.open.is_empty() {
                std::thread::park_timeout(LOOK_EVERY);
                continue;
            }
            match inbox.recv() {
                Ok(Order::Stop) | Err(_) => break,
                Ok(order) => self.take(order),
            }
        }
        while let Some((track, _)) = self.open.first_key_value() {
            self.close(*track);
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Open { track, path, channels, reports } => self.open(track, path, channels, reports),
            Order::Block { track, gap, lost, samples } => {
                self.write(track, gap, lost, &samples);
                // Kept for use again where there is room, else freed.
                let _ = self.give_back.try_send(samples);
            }
            Order::Close { track, gap, lost, samples } => {
                self.write(track, gap, lost, &samples);
                let _ = self.give_back.try_send(samples);
                self.close(track);
            }
            Order::Stop => {}
        }
    }

    fn open(&mut self, track: TrackId, path: PathBuf, channels: u16, reports: Sender<Report>) {
        match WavFile::create(&path, channels, self.scratch.clone()) {
            Ok(file) => {
                self.open.insert(track, Open { file, reports, failed: false });
            }
            Err(e) => {
                self.scratch.borrow_mut().clear();
                let error = format!("{}: {e}", path.display());
                self.alarm.raise(&error);
                let _ = reports.send(Report::Failed(track, error.clone()));
                let _ = reports.send(Report::Finished(track, Finished::nothing(path, error)));
            }
        }
    }

    fn write(&mut self, track: TrackId, gap: u64, lost: u64, samples: &[i16]) {
        let Some(open) = self.open.get_mut(&track) else { return };
        if let Err(e) = open.file.write(gap, lost, samples) {
            let error = format!("{}: {e}", open.file.path().display());
            self.alarm.raise(&error);
            if !open.failed {
                open.failed = true;
                let _ = open.reports.send(Report::Failed(track, error));
            }
        }
    }

    fn close(&mut self, track: TrackId) {
        let Some(open) = self.open.remove(&track) else { return };
        let sealing = Sealing { track, written: open.file.finish(), reports: open.reports };
        // The sealing thread lives until the last writer has ended.
        let _ = self.seal.send(sealing);
    }
}
