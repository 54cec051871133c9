//! RTP (RFC 3550 section 5): packets over `rtp-rs`, our outgoing stream, the peer's source.

mod sender;
mod source;

use rtp_rs::{RtpReader, RtpReaderError};

pub use sender::RtpSender;
pub use source::{Arrival, Source};

/// Largest datagram sent or taken: an Ethernet MTU. 60 ms of G.711 with SRTP needs 502 bytes.
pub const MAX_PACKET: usize = 1_500;

/// A datagram that is not RTP. Counted, then dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// Shorter than its own header, or padding longer than the packet.
    #[error("truncated or badly padded RTP packet")]
    Truncated,
    /// The version is not 2.
    #[error("RTP version is not 2")]
    Version,
    /// Payload types 72 to 76 are RTCP on the wrong port (RFC 5761 section 4).
    #[error("RTCP on the RTP port")]
    Rtcp,
}

/// A parsed packet; the payload stays in the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// First packet of a talk spurt or of an event.
    pub marker: bool,
    /// 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// In ticks of the 8 kHz clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Without header, extension and padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Checks what RFC 3550 appendix A.1 asks of a header and takes the packet apart.
    pub fn parse(datagram: &'a [u8]) -> Result<Packet<'a>, RtpError> {
        let reader = RtpReader::new(datagram).map_err(|error| match error {
            RtpReaderError::UnsupportedVersion(_) => RtpError::Version,
            _ => RtpError::Truncated,
        })?;
        if (72..=76).contains(&reader.payload_type()) {
            return Err(RtpError::Rtcp);
        }
        Ok(Packet {
            marker: reader.mark(),
            payload_type: reader.payload_type(),
            sequence: reader.sequence_number().into(),
            timestamp: reader.timestamp(),
            ssrc: reader.ssrc(),
            payload: reader.payload(),
        })
    }
}

/// Whether a datagram on a port shared by both is RTCP (RFC 5761 section 4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use proptest::prelude::*;

    #[test]
    fn a_datagram_is_taken_apart_or_refused_with_its_reason() {
        let check = |bytes: &[u8], expect: Result<usize, RtpError>| {
            assert_eq!(Packet::parse(bytes).map(|p| p.payload.len()), expect, "{bytes:02x?}");
        };
        let header = [0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        let with = |first: u8, second: u8, tail: &[u8]| {
            let mut bytes = header.to_vec();
            (bytes[0], bytes[1]) = (first, second);
            bytes.extend_from_slice(tail);
            bytes
        };
        check(&header, Ok(0));
        check(&header[..11], Err(RtpError::Truncated));
        check(&[], Err(RtpError::Truncated));
        check(&with(0x40, 0, &[]), Err(RtpError::Version));
        check(&with(0x80, 72, &[]), Err(RtpError::Rtcp));
        check(&with(0x80, 0x80 | 8, &[1; 160]), Ok(160));
        check(&with(0xA0, 8, &[9, 9, 9, 2]), Ok(2));
        check(&with(0xA0, 8, &[9, 9, 9, 5]), Err(RtpError::Truncated));
        check(&with(0xA0, 8, &[9, 9, 9, 0]), Err(RtpError::Truncated));
        check(&with(0x81, 8, &[0, 0, 0, 7, 1, 2]), Ok(2));
        check(&with(0x82, 8, &[0, 0, 0, 7]), Err(RtpError::Truncated));
        check(&with(0x90, 8, &[0xBE, 0xDE, 0, 1, 1, 2, 3, 4, 5]), Ok(1));
        check(&with(0x90, 8, &[0xBE, 0xDE, 0, 9, 1, 2, 3, 4, 5]), Err(RtpError::Truncated));
    }

    #[test]
    fn rtcp_on_a_shared_port_is_told_from_rtp() {
        assert!(is_rtcp(&[0x80, 200, 0, 1]) && is_rtcp(&[0x81, 203, 0, 1]));
        assert!(!is_rtcp(&[0x80, 0x80 | 8, 0, 1]) && !is_rtcp(&[0x80]) && !is_rtcp(&[0x40, 200]));
    }

    #[test]
    fn what_the_sender_writes_the_parser_reads() {
        let mut sender = RtpSender::new(&mut Rng::seeded(1));
        let mut buffer = [0; MAX_PACKET];
        let len = sender.audio(8, &[0xD5; 160], &mut buffer);
        assert_eq!(len, 172);
        let packet = Packet::parse(&buffer[..len]).unwrap();
        assert!(packet.marker, "the first packet opens a talk spurt");
        assert_eq!((packet.payload_type, packet.ssrc, packet.payload.len()), (8, sender.ssrc(), 160));
        let first = (packet.sequence, packet.timestamp);
        let len = sender.audio(8, &[0xD5; 160], &mut buffer);
        let packet = Packet::parse(&buffer[..len]).unwrap();
        assert!(!packet.marker);
        assert_eq!((packet.sequence, packet.timestamp), (first.0.wrapping_add(1), first.1.wrapping_add(160)));
        sender.skip(320);
        let len = sender.audio(8, &[0xD5; 160], &mut buffer);
        let packet = Packet::parse(&buffer[..len]).unwrap();
        assert!(packet.marker, "silence was skipped");
        assert_eq!((packet.sequence, packet.timestamp), (first.0.wrapping_add(2), first.1.wrapping_add(640)));
        assert_eq!((sender.packets(), sender.octets()), (3, 480));
    }

    proptest! {
        #[test]
        fn no_datagram_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Packet::parse(&bytes);
            let _ = is_rtcp(&bytes);
        }

        /// Random bytes behind a valid first byte reach the inner checks far more often.
        #[test]
        fn no_half_valid_datagram_panics(first in 0x80u8..=0xBF, rest in proptest::collection::vec(any::<u8>(), 11..120)) {
            let mut bytes = vec![first];
            bytes.extend(rest);
            if let Ok(packet) = Packet::parse(&bytes) {
                prop_assert!(packet.payload.len() <= bytes.len() - 12);
            }
        }
    }
}
