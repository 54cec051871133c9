//! Presses keys towards the other side.

use std::collections::VecDeque;

use super::{EVENT_BYTES, event_of};
use crate::media::FRAME_SAMPLES;

/// Keys that wait to be sent. Longer than any number that is dialled through.
const MAX_QUEUED: usize = 64;
/// The last packet is sent three times (RFC 4733 section 2.5.1.4).
const END_PACKETS: u8 = 3;
/// Power level of the tone the event stands for, in -dBm0 (RFC 4733 section 2.3.4).
const VOLUME: u8 = 10;
/// Pause after a key, in 20 ms frames: 60 ms, above the 40 ms that Q.24 asks for.
const PAUSE_FRAMES: u32 = 3;
/// Longest press that fits one segment, in frames: 8.18 s.
const MAX_PRESS_FRAMES: u32 = 0xFFFF / FRAME_SAMPLES as u32;

/// No more keys can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_QUEUED} keys wait to be sent; send fewer at a time")]
pub struct KeyQueueFull;

/// One packet to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentEvent {
    /// Marker bit: the first packet of a press.
    pub marker: bool,
    /// Timestamp of the beginning of the press.
    pub timestamp: u32,
    /// The four bytes of the payload.
    pub payload: [u8; EVENT_BYTES],
}

#[derive(Clone, Copy, Debug)]
struct Running {
    event: u8,
    timestamp: u32,
    sent_frames: u32,
    frames: u32,
    ends: u8,
}

/// Sends queued keys, one packet per 20 ms frame, three for the end.
#[derive(Clone, Debug, Default)]
pub struct EventSender {
    queue: VecDeque<(u8, u32)>,
    running: Option<Running>,
    pause: u32,
}

impl EventSender {
    /// Queues a press of `millis` (rounded up to 20 ms, at least 40, at most 8,180). A
    /// character that is no key is ignored.
    pub fn press(&mut self, key: char, millis: u32) -> Result<(), KeyQueueFull> {
        let Some(event) = event_of(key) else { return Ok(()) };
        if self.queue.len() >= MAX_QUEUED {
            return Err(KeyQueueFull);
        }
        self.queue.push_back((event, millis.div_ceil(20).clamp(2, MAX_PRESS_FRAMES)));
        Ok(())
    }

    /// Whether a key is being sent or waits; audio is not sent meanwhile.
    pub fn is_busy(&self) -> bool {
        self.running.is_some() || !self.queue.is_empty() || self.pause > 0
    }

    /// The packets of this 20 ms frame: none, one, or the three of the end. `timestamp` is
    /// that of the audio frame whose place they take.
    pub fn frame(&mut self, timestamp: u32) -> impl Iterator<Item = SentEvent> + use<> {
        let mut packets = [None; END_PACKETS as usize];
        if self.running.is_none() {
            if self.pause > 0 {
                self.pause -= 1;
                return packets.into_iter().flatten();
            }
            self.running = self.queue.pop_front().map(|(event, frames)| Running {
                event,
                timestamp,
                sent_frames: 0,
                frames,
                ends: 0,
            });
        }
        if let Some(press) = &mut self.running {
            press.sent_frames += 1;
            let last = press.sent_frames >= press.frames;
            press.ends = if last { END_PACKETS } else { 1 };
            for slot in packets.iter_mut().take(usize::from(press.ends)) {
                *slot = Some(press.packet(last));
            }
            if last {
                self.running = None;
                self.pause = PAUSE_FRAMES;
            }
        }
        packets.into_iter().flatten()
    }
}

impl Running {
    fn packet(&self, last: bool) -> SentEvent {
        let duration = (self.sent_frames * FRAME_SAMPLES as u32).min(0xFFFF) as u16;
        let [high, low] = duration.to_be_bytes();
        let end = if last { 0x80 } else { 0 };
        SentEvent {
            marker: self.sent_frames == 1,
            timestamp: self.timestamp,
            payload: [self.event, end | VOLUME, high, low],
        }
    }
}
