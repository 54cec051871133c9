//! SRTP and SRTCP (RFC 3711) over `webrtc-srtp`, one object per direction.
//!
//! That crate makes a state per SSRC before it checks the packet's tag, so one context
//! under forged packets would grow without end. Here each SSRC has a context of its own,
//! kept only once a packet of it was authentic, and at most [`MAX_SOURCES`] of them.

use bytes::Bytes;
use webrtc_srtp::context::Context;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;

use super::{SrtpKeys, SrtpProfile};

/// Peer sources with a context: the running one, its predecessor, and two to spare.
const MAX_SOURCES: usize = 4;
/// Packets back at which a replay is still recognised; RFC 3711 section 3.3.2 asks for 64.
const REPLAY_WINDOW: usize = 128;
/// Bytes that protection adds at most: tag, and for SRTCP the index (RFC 3711 section 3.4).
pub const MAX_OVERHEAD: usize = 10 + 4;

/// A packet was not protected or not authentic; it is dropped and counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// Too short to hold a header and a tag, or not RTP.
    #[error("no SRTP packet: {0}")]
    Malformed(String),
    /// The tag does not match the key, or the packet was here before.
    #[error("SRTP packet refused: {0}")]
    Refused(String),
    /// The keys cannot be used.
    #[error("SRTP keys cannot be used: {0}")]
    Keys(String),
}

/// Protects what we send.
pub struct SrtpSender {
    context: Context,
}

impl SrtpSender {
    /// With our own keys.
    pub fn new(keys: &SrtpKeys) -> Result<Self, SrtpError> {
        Ok(SrtpSender { context: context(keys)? })
    }

    /// Encrypts a whole RTP packet and appends its tag.
    pub fn protect(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        self.context.encrypt_rtp(packet).map_err(|e| SrtpError::Malformed(e.to_string()))
    }

    /// Encrypts a compound RTCP packet and appends its index and tag.
    pub fn protect_rtcp(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        self.context.encrypt_rtcp(packet).map_err(|e| SrtpError::Malformed(e.to_string()))
    }
}

/// Checks and decrypts what comes.
pub struct SrtpReceiver {
    keys: SrtpKeys,
    /// Newest source last.
    sources: Vec<(u32, Context)>,
}

impl SrtpReceiver {
    /// With the peer's keys.
    pub fn new(keys: &SrtpKeys) -> Result<Self, SrtpError> {
        context(keys)?;
        Ok(SrtpReceiver { keys: keys.clone(), sources: Vec::with_capacity(MAX_SOURCES) })
    }

    /// Gives the plain RTP packet, if it is authentic and new.
    pub fn unprotect(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        // Header and tag; the crate checks the rest.
        if packet.len() < 12 + 4 {
            return Err(SrtpError::Malformed(format!("{} bytes", packet.len())));
        }
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        self.with_source(ssrc, |context| context.decrypt_rtp(packet))
    }

    /// Gives the plain compound RTCP packet, if it is authentic and new.
    pub fn unprotect_rtcp(&mut self, packet: &[u8]) -> Result<Bytes, SrtpError> {
        if packet.len() < 8 + MAX_OVERHEAD {
            return Err(SrtpError::Malformed(format!("{} bytes", packet.len())));
        }
        // The crate gives a packet without the E flag back as it is, its tag unchecked. We
        // never agree on unencrypted SRTCP (RFC 4568 section 6.3.2), so there is none.
        if packet[packet.len() - MAX_OVERHEAD] & 0x80 == 0 {
            return Err(SrtpError::Refused("SRTCP without encryption".to_owned()));
        }
        let ssrc = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        self.with_source(ssrc, |context| context.decrypt_rtcp(packet))
    }

    fn with_source(
        &mut self,
        ssrc: u32,
        decrypt: impl FnOnce(&mut Context) -> Result<Bytes, webrtc_srtp::Error>,
    ) -> Result<Bytes, SrtpError> {
        let refused = |e: webrtc_srtp::Error| SrtpError::Refused(e.to_string());
        if let Some((_, context)) = self.sources.iter_mut().find(|(known, _)| *known == ssrc) {
            return decrypt(context).map_err(refused);
        }
        let mut fresh = context(&self.keys)?;
        let plain = decrypt(&mut fresh).map_err(refused)?;
        if self.sources.len() == MAX_SOURCES {
            self.sources.remove(0);
        }
        self.sources.push((ssrc, fresh));
        Ok(plain)
    }
}

fn context(keys: &SrtpKeys) -> Result<Context, SrtpError> {
    let profile = match keys.profile {
        SrtpProfile::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        SrtpProfile::Aes128CmSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
    };
    let (rtp, rtcp) = (srtp_replay_protection(REPLAY_WINDOW), srtcp_replay_protection(REPLAY_WINDOW));
    Context::new(&keys.key, &keys.salt, profile, Some(rtp), Some(rtcp))
        .map_err(|e| SrtpError::Keys(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;
    use crate::media::rtp::{MAX_PACKET, RtpSender};
    use proptest::prelude::*;

    fn keys(profile: SrtpProfile, fill: u8) -> SrtpKeys {
        SrtpKeys { profile, key: [fill; 16], salt: [fill ^ 0x55; 14] }
    }

    fn packet(sender: &mut RtpSender) -> Vec<u8> {
        let mut buffer = [0; MAX_PACKET];
        let len = sender.audio(8, &[0x5A; 160], &mut buffer);
        buffer[..len].to_vec()
    }

    #[test]
    fn what_is_protected_is_unprotected_once_and_never_when_touched() {
        for (profile, tag) in [(SrtpProfile::Aes128CmSha1_80, 10), (SrtpProfile::Aes128CmSha1_32, 4)] {
            let keys = keys(profile, 7);
            let (mut ours, mut theirs) = (SrtpSender::new(&keys).unwrap(), SrtpReceiver::new(&keys).unwrap());
            let mut stream = RtpSender::new(&mut Rng::seeded(3));
            for _ in 0..300 {
                let plain = packet(&mut stream);
                let wire = ours.protect(&plain).unwrap();
                assert_eq!(wire.len(), plain.len() + tag);
                assert_ne!(wire[12..172], plain[12..]);
                let mut touched = wire.to_vec();
                touched[40] ^= 1;
                assert!(theirs.unprotect(&touched).is_err());
                assert_eq!(theirs.unprotect(&wire).unwrap(), plain);
                assert!(theirs.unprotect(&wire).is_err(), "a replay");
            }
        }
    }

    #[test]
    fn sequence_numbers_may_wrap() {
        let keys = keys(SrtpProfile::Aes128CmSha1_80, 9);
        let (mut ours, mut theirs) = (SrtpSender::new(&keys).unwrap(), SrtpReceiver::new(&keys).unwrap());
        let mut stream = RtpSender::new(&mut Rng::seeded(3));
        for i in 0..70_000 {
            let plain = packet(&mut stream);
            let wire = ours.protect(&plain).unwrap();
            if i % 997 == 0 || plain[2] > 0xFC || plain[2] < 3 {
                assert_eq!(theirs.unprotect(&wire).unwrap(), plain, "packet {i}");
            } else {
                // Most are skipped for speed; the receiver must still follow the counter.
                let _ = (i % 64 == 0).then(|| theirs.unprotect(&wire));
            }
        }
    }

    #[test]
    fn forged_sources_leave_no_state_behind() {
        let (good, bad) = (keys(SrtpProfile::Aes128CmSha1_80, 1), keys(SrtpProfile::Aes128CmSha1_80, 2));
        let (mut forger, mut theirs) = (SrtpSender::new(&bad).unwrap(), SrtpReceiver::new(&good).unwrap());
        for seed in 0..200 {
            let wire = forger.protect(&packet(&mut RtpSender::new(&mut Rng::seeded(seed)))).unwrap();
            assert!(matches!(theirs.unprotect(&wire), Err(SrtpError::Refused(_))));
        }
        assert!(theirs.sources.is_empty());
        let mut ours = SrtpSender::new(&good).unwrap();
        for seed in 0..20 {
            let wire = ours.protect(&packet(&mut RtpSender::new(&mut Rng::seeded(seed)))).unwrap();
            assert!(theirs.unprotect(&wire).is_ok());
        }
        assert_eq!(theirs.sources.len(), MAX_SOURCES);
    }

    /// RFC 3711 appendix B.2 gives only key streams; this packet is the one of libsrtp's
    /// `srtp_validate`, which every implementation is compared with.
    #[test]
    fn the_reference_packet_has_the_reference_tag() {
        let key = *b"\xE1\xF9\x7A\x0D\x3E\x01\x8B\xE0\xD6\x4F\xA3\x2C\x06\xDE\x41\x39";
        let salt = *b"\x0E\xC6\x75\xAD\x49\x8A\xFE\xEB\xB6\x96\x0B\x3A\xAB\xE6";
        let mut plain = vec![0x80, 0x0F, 0x12, 0x34, 0xDE, 0xCA, 0xFB, 0xAD, 0xCA, 0xFE, 0xBA, 0xBE];
        plain.extend([0xAB; 16]);
        let expect: &[u8] = &[
            0x80, 0x0F, 0x12, 0x34, 0xDE, 0xCA, 0xFB, 0xAD, 0xCA, 0xFE, 0xBA, 0xBE, 0x4E, 0x55, 0xDC, 0x4C,
            0xE7, 0x99, 0x78, 0xD8, 0x8C, 0xA4, 0xD2, 0x15, 0x94, 0x9D, 0x24, 0x02, 0xB7, 0x8D, 0x6A, 0xCC,
            0x99, 0xEA, 0x17, 0x9B, 0x8D, 0xBB,
        ];
        let keys = SrtpKeys { profile: SrtpProfile::Aes128CmSha1_80, key, salt };
        assert_eq!(SrtpSender::new(&keys).unwrap().protect(&plain).unwrap(), expect);
    }

    #[test]
    fn rtcp_is_protected_too() {
        let keys = keys(SrtpProfile::Aes128CmSha1_32, 4);
        let (mut ours, mut theirs) = (SrtpSender::new(&keys).unwrap(), SrtpReceiver::new(&keys).unwrap());
        let plain = [0x80, 201, 0, 1, 1, 2, 3, 4];
        let wire = ours.protect_rtcp(&plain).unwrap();
        assert_eq!(wire.len(), plain.len() + MAX_OVERHEAD);
        assert_eq!(theirs.unprotect_rtcp(&wire).unwrap(), plain[..]);
        assert!(theirs.unprotect_rtcp(&wire).is_err(), "a replay");
        let mut forged = [0; 22];
        forged[0] = 0x80;
        let refused = theirs.unprotect_rtcp(&forged);
        assert_eq!(refused, Err(SrtpError::Refused("SRTCP without encryption".to_owned())));
    }

    proptest! {
        #[test]
        fn no_datagram_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut receiver = SrtpReceiver::new(&keys(SrtpProfile::Aes128CmSha1_80, 5)).unwrap();
            prop_assert!(receiver.unprotect(&bytes).is_err());
            prop_assert!(receiver.unprotect_rtcp(&bytes).is_err());
        }
    }
}
