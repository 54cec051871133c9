//! What waits for a file: `Commented` and `Closed` are told when their file is complete.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::base::Mono;
use crate::io::recorder::{Finished, Recorder, Report, Track, TrackId, Unfinished};
use crate::media::{Event, Quality, Recording, SAMPLE_RATE, SessionId};

/// A disk that hangs may hold up `Closed` this long; then the call is told as unrecorded.
const FILE_WAIT: Duration = Duration::from_secs(30);

enum Role {
    Recording,
    Comment,
}

struct Closing {
    quality: Quality,
    recording: Option<Recording>,
    files: usize,
    until: Mono,
}

/// Keeps the events of one worker until the recorder has reported.
pub(super) struct Desk {
    recorder: Recorder,
    /// Bounded by the tracks: each gives at most two reports.
    reports: (Sender<Report>, Receiver<Report>),
    owners: BTreeMap<TrackId, (SessionId, Role)>,
    comments: BTreeMap<TrackId, Event>,
    closing: BTreeMap<SessionId, Closing>,
    /// Tracks whose end the recorder's full queue refused.
    refused: Vec<Track>,
}

impl Desk {
    pub fn new(recorder: Recorder) -> Desk {
        Desk {
            recorder,
            reports: unbounded(),
            owners: BTreeMap::new(),
            comments: BTreeMap::new(),
            closing: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    /// Begins a call's stereo recording.
    pub fn record(&mut self, session: SessionId, path: &Path) -> Result<Track, String> {
        self.open(session, path, 2, Role::Recording)
    }

    /// Begins a mono comment.
    pub fn comment(&mut self, session: SessionId, path: &Path) -> Result<Track, String> {
        self.open(session, path, 1, Role::Comment)
    }

    fn open(&mut self, session: SessionId, path: &Path, channels: u16, role: Role) -> Result<Track, String> {
        let track = self
            .recorder
            .open(path, channels, &self.reports.0)
            .map_err(|e| format!("{}: {e}", path.display()))?;
        self.owners.insert(track.id(), (session, role));
        Ok(track)
    }

    /// A comment has ended: its event follows its file. None where it is told at once,
    /// because there is no file to wait for.
    pub fn end_comment(&mut self, track: Option<Track>, event: Event) -> Option<Event> {
        match track {
            Some(track) if self.owners.contains_key(&track.id()) => {
                self.comments.insert(track.id(), event);
                self.finish(track);
                None
            }
            _ => Some(unspoken(event)),
        }
    }

    /// A session has ended: `Closed` follows its files.
    pub fn close(&mut self, now: Mono, session: SessionId, recording: Option<Track>, quality: Quality) {
        if let Some(track) = recording {
            self.finish(track);
        }
        let files = self.owners.values().filter(|(owner, _)| *owner == session).count();
        let until = now + FILE_WAIT;
        self.closing.insert(session, Closing { quality, recording: None, files, until });
    }

    fn finish(&mut self, track: Track) {
        let id = track.id();
        match track.finish() {
            Ok(()) => {}
            Err(Unfinished::Full(track)) => self.refused.push(track),
            Err(Unfinished::Gone) => {
                self.owners.remove(&id);
            }
        }
    }

    /// Whether `session` is on its way out.
    pub fn is_closing(&self, session: SessionId) -> bool {
        self.closing.contains_key(&session)
    }

    /// Whether nothing waits.
    pub fn is_idle(&self) -> bool {
        self.closing.is_empty() && self.comments.is_empty() && self.refused.is_empty()
    }

    /// Takes the recorder's reports and gives the events that are due.
    pub fn poll(&mut self, now: Mono, mut tell: impl FnMut(SessionId, Event)) {
        for track in std::mem::take(&mut self.refused) {
            self.finish(track);
        }
        while let Ok(report) = self.reports.1.try_recv() {
            match report {
                Report::Failed(track, reason) => {
                    if let Some((session, _)) = self.owners.get(&track) {
                        tell(*session, Event::RecordFailed(reason));
                    }
                }
                Report::Finished(track, finished) => self.finished(track, finished, &mut tell),
            }
        }
        if !self.closing.is_empty() {
            self.tell_closed(now, tell);
        }
    }

    fn finished(&mut self, track: TrackId, finished: Finished, tell: &mut impl FnMut(SessionId, Event)) {
        let Some((session, role)) = self.owners.remove(&track) else { return };
        let closing = self.closing.get_mut(&session);
        if let Role::Comment = role {
            if let Some(event) = self.comments.remove(&track) {
                tell(session, with_length(event, &finished));
            }
        } else if finished.error.is_none() {
            if let Some(closing) = closing {
                closing.recording = Some(recording(finished));
                closing.files -= 1;
            }
            return;
        }
        if let Some(closing) = closing {
            closing.files -= 1;
        }
    }

    fn tell_closed(&mut self, now: Mono, mut tell: impl FnMut(SessionId, Event)) {
        let due = |c: &Closing| c.files == 0 || c.until <= now;
        let ready: Vec<SessionId> =
            self.closing.iter().filter(|(_, c)| due(c)).map(|(session, _)| *session).collect();
        for session in ready {
            let Some(closing) = self.closing.remove(&session) else { continue };
            if closing.files > 0 {
                self.owners.retain(|_, (owner, _)| *owner != session);
                tell(session, Event::RecordFailed("the disk did not answer for 30 s".into()));
            }
            tell(session, Event::Closed { recording: closing.recording, quality: closing.quality });
        }
    }
}

fn length(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(SAMPLE_RATE))
}

fn recording(finished: Finished) -> Recording {
    Recording {
        path: finished.path,
        duration: length(finished.samples),
        sha256: finished.sha256,
        left_dbfs: finished.left_dbfs,
        right_dbfs: finished.right_dbfs,
        missing_frames: finished.missing,
    }
}

fn with_length(event: Event, finished: &Finished) -> Event {
    match event {
        Event::Commented { path, spoke, .. } if finished.error.is_none() => {
            Event::Commented { path, spoke, duration: length(finished.samples) }
        }
        other => unspoken(other),
    }
}

/// There is no file, so nothing was kept of what was said.
fn unspoken(event: Event) -> Event {
    match event {
        Event::Commented { path, .. } => Event::Commented { path, duration: Duration::ZERO, spoke: false },
        other => other,
    }
}
