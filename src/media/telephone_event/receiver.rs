//! One digit once, whatever packets are repeated, reordered or lost.

use super::key_of;
use crate::media::rtp::Packet;

/// Presses remembered, so that a late packet of an earlier one is known. A person presses
/// at most about ten keys a second; packets are at most a fraction of a second late.
const REMEMBERED: usize = 8;
/// A segment's timestamp is the beginning plus the longest duration (RFC 4733 section 2.5.1.3).
const SEGMENT: u32 = 0xFFFF;
/// Senders round the end of a segment to their packet time: 60 ms at most.
const SEGMENT_SLACK: u32 = 480;
/// A sender that (wrongly) moves the timestamp with each packet moves it by a packet time: 60 ms at most.
const CREEP: u32 = 480;
/// A press first heard of this long after a later one is an old packet that lost its way: 2 s.
const MAX_AGE: u32 = 16_000;

#[derive(Clone, Copy, Debug)]
struct Press {
    event: u8,
    /// Timestamp of the running segment.
    timestamp: u32,
    duration: u16,
    /// Sequence number of the newest packet.
    sequence: u16,
    ended: bool,
}

/// Turns event packets into keys.
#[derive(Clone, Debug, Default)]
pub struct EventReceiver {
    /// Newest first; the running press is the first.
    recent: [Option<Press>; REMEMBERED],
}

impl EventReceiver {
    /// Takes a packet of the negotiated payload type; gives the key at the first packet of a press.
    ///
    /// Malformed payloads and events that are no keys give None.
    pub fn accept(&mut self, packet: &Packet<'_>) -> Option<char> {
        let [event, flags, high, low, ..] = *packet.payload else { return None };
        let key = key_of(event)?;
        let seen = Press {
            event,
            timestamp: packet.timestamp,
            duration: u16::from_be_bytes([high, low]),
            sequence: packet.sequence,
            ended: flags & 0x80 != 0,
        };
        if self.is_known(&seen, packet.marker) || self.is_stale(&seen) {
            return None;
        }
        self.recent.rotate_right(1);
        self.recent[0] = Some(seen);
        Some(key)
    }

    /// A new source begins: what it sends has nothing to do with what was remembered.
    pub fn reset(&mut self) {
        *self = EventReceiver::default();
    }

    /// Whether the packet belongs to a press that was reported; brings that press up to date.
    fn is_known(&mut self, seen: &Press, marker: bool) -> bool {
        for (age, slot) in self.recent.iter_mut().enumerate() {
            let Some(press) = slot else { break };
            let newer = (seen.sequence.wrapping_sub(press.sequence) as i16) > 0;
            if press.timestamp == seen.timestamp {
                // Some phones never move the timestamp between presses: a marked packet
                // that follows the end is another press, one that precedes it is not.
                if age == 0 && press.ended && marker && newer && !seen.ended {
                    return false;
                }
                if press.event == seen.event {
                    press.refresh(seen, newer);
                    return true;
                }
                continue;
            }
            if age == 0 && !marker && press.continues(seen) {
                press.timestamp = seen.timestamp;
                press.refresh(seen, newer);
                return true;
            }
        }
        false
    }

    /// Whether the press is far older than the newest one.
    fn is_stale(&self, seen: &Press) -> bool {
        self.recent[0].is_some_and(|newest| {
            let behind = newest.timestamp.wrapping_sub(seen.timestamp);
            behind < 1 << 31 && behind > MAX_AGE && (seen.sequence.wrapping_sub(newest.sequence) as i16) < 0
        })
    }
}

impl Press {
    fn refresh(&mut self, seen: &Press, newer: bool) {
        self.ended |= seen.ended;
        if newer {
            self.sequence = seen.sequence;
            self.duration = seen.duration;
        }
    }

    /// Whether an unmarked packet with another timestamp goes on with this press: the next
    /// segment of a long one, or a sender that moves the timestamp with every packet.
    fn continues(&self, seen: &Press) -> bool {
        if self.event != seen.event || self.ended {
            return false;
        }
        let ahead = seen.timestamp.wrapping_sub(self.timestamp);
        let segment = ahead.abs_diff(SEGMENT) <= SEGMENT_SLACK;
        let contiguous =
            self.duration > 0 && ahead == u32::from(self.duration) && seen.duration <= self.duration;
        let creeping = ahead <= CREEP && seen.duration > self.duration;
        segment || contiguous || creeping
    }
}
