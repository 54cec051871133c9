//! What a worker's sessions have to say, on its way to the engine.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::report::Desk;
use super::seat::Seat;
use crate::base::Mono;
use crate::media::{Event, SessionId};

/// Events that a worker keeps while the engine does not take them. Beyond it digits and
/// first packets are dropped and counted; what ends something is kept in any case, and of
/// those a session has few.
pub const MAX_WAITING: usize = 8_192;

/// The outgoing events of one worker.
pub(super) struct Post {
    pub desk: Desk,
    events: mpsc::Sender<(SessionId, Event)>,
    waiting: VecDeque<(SessionId, Event)>,
    dropped: u64,
}

impl Post {
    pub fn new(desk: Desk, events: mpsc::Sender<(SessionId, Event)>) -> Post {
        Post { desk, events, waiting: VecDeque::new(), dropped: 0 }
    }

    /// Takes all events of a seat; those that need a file wait at the desk.
    pub fn collect(&mut self, now: Mono, seat: &mut Seat) {
        while let Some(event) = seat.session.poll_event() {
            match event {
                Event::Commented { .. } => {
                    if let Some(event) = self.desk.end_comment(seat.comment.take(), event) {
                        self.tell(seat.id, event);
                    }
                }
                Event::Closed { quality, .. } => {
                    self.desk.close(now, seat.id, seat.recording.take(), quality);
                }
                event => self.tell(seat.id, event),
            }
        }
    }

    /// Takes the recorder's reports.
    pub fn poll_files(&mut self, now: Mono) {
        let Post { desk, waiting, .. } = self;
        desk.poll(now, |session, event| waiting.push_back((session, event)));
    }

    pub fn tell(&mut self, id: SessionId, event: Event) {
        let droppable = matches!(event, Event::Digit { .. } | Event::FirstPacket);
        if droppable && self.waiting.len() >= MAX_WAITING {
            self.dropped += 1;
        } else {
            self.waiting.push_back((id, event));
        }
    }

    /// Hands over what the engine takes, in order.
    pub fn flush(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => return self.waiting.push_front(event),
                // Nobody listens any more, so nothing is left to tell.
                Err(TrySendError::Closed(_)) => return self.waiting.clear(),
            }
        }
    }

    /// Whether nothing is left to tell or to wait for.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.desk.is_idle()
    }

    /// Events dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::recorder::{Recorder, Settings};
    use crate::media::{DigitSource, Quality};

    #[test]
    fn digits_are_dropped_and_counted_when_nobody_takes_them_and_an_end_never_is() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { folder: folder.path().into(), threads: 1, free_floor: 0, free_resume: 0 };
        let recorder = Recorder::start(settings).unwrap();
        let (to, mut events) = mpsc::channel(4);
        let mut post = Post::new(Desk::new(recorder.clone()), to);
        let beyond = 100;
        for n in 0..MAX_WAITING + beyond {
            post.tell(SessionId(n as u64), Event::Digit { key: '1', source: DigitSource::Event });
        }
        post.tell(SessionId(7), Event::Closed { recording: None, quality: Quality::default() });
        post.flush();
        assert!(!post.is_idle());
        assert_eq!(post.dropped(), beyond as u64);
        let mut taken = Vec::new();
        while !post.is_idle() {
            taken.extend(std::iter::from_fn(|| events.try_recv().ok()));
            post.flush();
        }
        taken.extend(std::iter::from_fn(|| events.try_recv().ok()));
        assert_eq!(taken.len(), MAX_WAITING + 1);
        assert!(matches!(taken.last(), Some((SessionId(7), Event::Closed { .. }))), "in order, and last");
        drop(events);
        post.tell(SessionId(8), Event::Timeout);
        post.flush();
        assert!(post.is_idle(), "an engine that is gone is told nothing");
        recorder.stop();
    }
}
