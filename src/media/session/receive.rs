//! The way of a packet from the wire to the jitter buffer.

use std::net::SocketAddr;

use super::Session;
use super::latch::Sender;
use crate::base::Mono;
use crate::media::rtp::{Arrival, Packet};
use crate::media::{DigitSource, Event};

/// Static payload type of comfort noise (RFC 3389).
const COMFORT_NOISE: u8 = 13;

/// What a packet carries, by its payload type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Audio,
    Key,
    Comfort,
}

impl Session {
    /// Takes a datagram from the RTP socket, which arrived at `now`.
    ///
    /// The source is judged first, because that is cheap and most of what is unwanted fails
    /// there; it is believed last, after the packet has proved authentic and plausible.
    pub fn handle_rtp(&mut self, now: Mono, from: SocketAddr, datagram: &[u8]) {
        if self.closed || self.stream.as_ref().is_none_or(|stream| !stream.receive) {
            return;
        }
        let Some((ssrc, sequence)) = peek(datagram) else {
            self.rejected += 1;
            return;
        };
        if self.latch.judge(now, from, ssrc, sequence) == Sender::Stranger {
            self.foreign += 1;
            return;
        }
        let Some(plain) = self.protection.open(datagram) else {
            self.rejected += 1;
            return;
        };
        let packet = Packet::parse(&plain).ok();
        let Some((packet, content)) = packet.and_then(|p| Some((p, self.content(p.payload_type)?))) else {
            self.rejected += 1;
            return;
        };
        let arrival = self.source.accept(now, &packet, content == Content::Audio);
        if !arrival.usable() {
            return;
        }
        if !self.latch.is_latched() {
            self.events.push_back(Event::FirstPacket);
        }
        self.latch.accept(now, from, ssrc, sequence);
        self.timed_out = false;
        if arrival == Arrival::Fresh {
            self.jitter.restart();
            self.keys.reset();
        }
        match content {
            Content::Audio => self.jitter.push(&packet),
            Content::Comfort => self.jitter.push_comfort(&packet),
            Content::Key => {
                if let Some(key) = self.keys.accept(&packet) {
                    self.key(key, DigitSource::Event);
                }
            }
        }
    }

    fn content(&self, payload_type: u8) -> Option<Content> {
        let stream = self.stream.as_ref()?;
        if payload_type == stream.receive_payload_type {
            Some(Content::Audio)
        } else if Some(payload_type) == stream.event_payload_type {
            Some(Content::Key)
        } else if payload_type == COMFORT_NOISE {
            Some(Content::Comfort)
        } else {
            None
        }
    }
}

/// SSRC and sequence number, which SRTP leaves in the clear; None where it is no RTP.
fn peek(datagram: &[u8]) -> Option<(u32, u16)> {
    let [first, _, s0, s1, _, _, _, _, a, b, c, d, ..] = *datagram else { return None };
    (first >> 6 == 2).then_some((u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([s0, s1])))
}
