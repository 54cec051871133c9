//! Whose packets belong to the stream: symmetric RTP (RFC 4961) without RTP bleed.
//!
//! Behind NAT the signalled address is often wrong and only the packets' source is true, so
//! the first packet is believed. From then on a stranger has no part in the call.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::Mono;

/// After this much silence of the latched source the same stream (same SSRC, sequence
/// number going on) is accepted from elsewhere: a NAT gave it a new port.
pub(super) const MOVE_AFTER: Duration = Duration::from_millis(500);

/// After this much silence another stream from the latched host is accepted: the peer's
/// media was restarted.
pub(super) const REPLACE_AFTER: Duration = Duration::from_secs(2);

/// Sequence numbers that a stream may have lost while it moved: 60 s.
const MAX_AHEAD: u16 = 3_000;

/// What a packet's source is to the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// The latched source.
    Peer,
    /// A source to latch to, once the packet has proved good.
    New,
    /// A third party.
    Stranger,
}

/// The source that a stream is latched to.
#[derive(Clone, Debug, Default)]
pub(super) struct Latch {
    /// What the SDP said.
    signalled: Option<SocketAddr>,
    /// Whom we believe.
    source: Option<SocketAddr>,
    /// The SDP named another address since the latch.
    renegotiated: bool,
    heard: Mono,
    ssrc: u32,
    sequence: u16,
}

impl Latch {
    /// The SDP names the peer's address. A new one frees the latch for the next packet.
    pub fn signal(&mut self, remote: Option<SocketAddr>) {
        if remote.is_some() && remote != self.signalled {
            self.renegotiated = self.signalled.is_some();
            self.signalled = remote;
        }
    }

    /// Where to send: to the latched source, or where the SDP says while none is latched.
    pub fn destination(&self) -> Option<SocketAddr> {
        if self.renegotiated { self.signalled } else { self.source.or(self.signalled) }
    }

    /// The source, where it is the one that the signalling names: as long as it is heard, nobody
    /// else can take its place.
    pub fn settled(&self) -> Option<SocketAddr> {
        self.source.filter(|_| !self.renegotiated && self.source == self.signalled)
    }

    /// Whether any packet was accepted yet.
    pub fn is_latched(&self) -> bool {
        self.source.is_some()
    }

    /// Judges a packet by its source; nothing changes before [`Latch::accept`].
    pub fn judge(&self, now: Mono, from: SocketAddr, ssrc: u32, sequence: u16) -> Sender {
        let Some(source) = self.source else { return Sender::New };
        if from == source {
            return Sender::Peer;
        }
        // Who speaks from the address that the signalling names is the peer, even where
        // somebody else was faster.
        if self.renegotiated || Some(from) == self.signalled {
            return Sender::New;
        }
        let silent = now.since(self.heard);
        let same_stream =
            ssrc == self.ssrc && sequence.wrapping_sub(self.sequence).wrapping_sub(1) < MAX_AHEAD;
        let same_host = from.ip() == source.ip();
        if same_stream && silent >= MOVE_AFTER || same_host && silent >= REPLACE_AFTER {
            Sender::New
        } else {
            Sender::Stranger
        }
    }

    /// A packet that was judged `Peer` or `New` has proved good.
    pub fn accept(&mut self, now: Mono, from: SocketAddr, ssrc: u32, sequence: u16) {
        if self.source != Some(from) {
            self.source = Some(from);
            self.renegotiated = false;
        } else if self.renegotiated && Some(from) == self.signalled {
            self.renegotiated = false;
        }
        self.heard = now;
        self.ssrc = ssrc;
        self.sequence = sequence;
    }

    /// Whether `ip` is the peer's: the latched source's, or the signalled one while none is latched.
    pub fn is_host(&self, ip: std::net::IpAddr) -> bool {
        self.source.or(self.signalled).is_some_and(|peer| peer.ip() == ip)
    }

    /// When the last packet was accepted.
    pub fn heard(&self) -> Mono {
        self.heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// A latch on `10.0.0.2:4000` (SSRC 7, number 100, heard at 1 s) while the SDP said `10.0.0.1:4000`.
    fn latched() -> Latch {
        let mut latch = Latch::default();
        latch.signal(Some(at("10.0.0.1:4000")));
        latch.accept(Mono::from_millis(1_000), at("10.0.0.2:4000"), 7, 100);
        latch
    }

    #[test]
    fn a_source_is_peer_new_or_stranger() {
        let check = |ms: u64, from: &str, ssrc: u32, sequence: u16, want: Sender| {
            let got = latched().judge(Mono::from_millis(ms), at(from), ssrc, sequence);
            assert_eq!(got, want, "{ms} {from} {ssrc} {sequence}");
        };
        check(1_020, "10.0.0.2:4000", 7, 101, Sender::Peer);
        check(1_020, "10.0.0.2:4000", 8, 9, Sender::Peer);
        check(1_020, "10.0.0.1:4000", 8, 9, Sender::New);
        check(1_020, "6.6.6.6:4000", 7, 101, Sender::Stranger);
        check(1_020, "10.0.0.2:4002", 7, 101, Sender::Stranger);
        check(1_499, "10.0.0.2:4002", 7, 101, Sender::Stranger);
        check(1_500, "10.0.0.2:4002", 7, 101, Sender::New);
        check(1_500, "192.0.2.9:77", 7, 3_100, Sender::New);
        check(1_500, "192.0.2.9:77", 7, 3_101, Sender::Stranger);
        check(1_500, "192.0.2.9:77", 7, 100, Sender::Stranger);
        check(60_000, "6.6.6.6:4000", 8, 101, Sender::Stranger);
        check(2_999, "10.0.0.2:4002", 8, 9, Sender::Stranger);
        check(3_000, "10.0.0.2:4002", 8, 9, Sender::New);
    }

    #[test]
    fn sending_follows_the_sdp_until_the_first_packet_and_after_a_new_sdp() {
        let mut latch = Latch::default();
        assert_eq!(latch.destination(), None);
        latch.signal(Some(at("10.0.0.1:4000")));
        assert_eq!(latch.destination(), Some(at("10.0.0.1:4000")));
        latch.accept(Mono(1), at("192.0.2.9:77"), 1, 1);
        assert_eq!(latch.destination(), Some(at("192.0.2.9:77")));
        latch.signal(Some(at("10.0.0.1:4000")));
        latch.signal(None);
        assert_eq!(latch.destination(), Some(at("192.0.2.9:77")), "the same SDP, or hold, changes nothing");
        assert_eq!(latch.judge(Mono(2), at("10.9.9.9:1"), 1, 2), Sender::Stranger);

        latch.signal(Some(at("10.0.0.5:5000")));
        assert_eq!(latch.destination(), Some(at("10.0.0.5:5000")));
        assert_eq!(latch.judge(Mono(2), at("192.0.2.9:77"), 1, 2), Sender::Peer, "what is still on its way");
        latch.accept(Mono(2), at("192.0.2.9:77"), 1, 2);
        assert_eq!(latch.destination(), Some(at("10.0.0.5:5000")));
        assert_eq!(latch.judge(Mono(3), at("192.0.2.9:88"), 5, 5), Sender::New);
        latch.accept(Mono(3), at("192.0.2.9:88"), 5, 5);
        assert_eq!(latch.destination(), Some(at("192.0.2.9:88")));
        assert_eq!(latch.judge(Mono(4), at("192.0.2.9:77"), 1, 3), Sender::Stranger, "the latch holds again");
    }
}
