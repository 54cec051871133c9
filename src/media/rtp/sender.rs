//! Our outgoing stream: sequence numbers, timestamps, and the header over `rtp-rs`.

use rtp_rs::{RtpPacketBuilder, Seq};

use crate::base::Rng;

/// The state of one outgoing stream. Writes packets into the caller's buffer and allocates nothing.
#[derive(Clone, Debug)]
pub struct RtpSender {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    packets: u64,
    octets: u64,
    marked: bool,
}

impl RtpSender {
    /// A stream with random SSRC, timestamp and first sequence number (RFC 3550 section 5.1).
    ///
    /// The first number is below 2^15, so that the peer's SRTP rollover counter cannot be
    /// guessed wrong by early loss (RFC 3711 section 3.3.1).
    pub fn new(rng: &mut Rng) -> Self {
        RtpSender {
            ssrc: rng.next_u32(),
            sequence: (rng.next_u32() & 0x7FFF) as u16,
            timestamp: rng.next_u32(),
            packets: 0,
            octets: 0,
            marked: true,
        }
    }

    /// Our synchronisation source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The timestamp that the next audio packet gets.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Packets written so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Payload bytes written so far.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// Time passes without a packet (hold, an event being sent); the next audio packet is
    /// marked as the start of a talk spurt.
    pub fn skip(&mut self, samples: u32) {
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.marked = true;
    }

    /// Writes an audio packet of one byte per sample and moves the clock on by it.
    ///
    /// `out` must hold the payload and 12 bytes, `payload_type` be below 128; else 0 is
    /// given and nothing changes.
    pub fn audio(&mut self, payload_type: u8, payload: &[u8], out: &mut [u8]) -> usize {
        let written = self.write(payload_type, self.marked, self.timestamp, payload, out);
        if written > 0 {
            self.timestamp = self.timestamp.wrapping_add(payload.len() as u32);
            self.marked = false;
        }
        written
    }

    /// Writes a packet with a timestamp of its own, as telephone events need (RFC 4733
    /// section 2.2). The audio clock stays where it is.
    pub fn event(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
        out: &mut [u8],
    ) -> usize {
        self.write(payload_type, marker, timestamp, payload, out)
    }

    fn write(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
        out: &mut [u8],
    ) -> usize {
        let built = RtpPacketBuilder::new()
            .payload_type(payload_type)
            .marked(marker)
            .sequence(Seq::from(self.sequence))
            .timestamp(timestamp)
            .ssrc(self.ssrc)
            .payload(payload)
            .build_into(out);
        let Ok(written) = built else { return 0 };
        self.sequence = self.sequence.wrapping_add(1);
        self.packets += 1;
        self.octets += payload.len() as u64;
        written
    }
}
