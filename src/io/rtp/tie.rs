//! When a socket keeps to one peer.
//!
//! A socket that is tied to its peer spares the kernel a look-up per packet, and us whatever
//! strangers send. It is tied only to a peer that sends from where the signalling says, so
//! that nobody with a better right is kept out, and only while packets come: a peer that moved
//! is followed by what it sends from elsewhere, which a tied socket would not see.

use std::net::SocketAddr;

/// Ticks with packets of the same peer before it is tied to: one second.
const TIE_AFTER: u8 = 50;

/// Ticks in a row without a packet after which it is no more: 100 ms, a fifth of the silence
/// from which on a peer that moved is followed.
const UNTIE_AFTER: u8 = 5;

/// What is to be done with the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Tie(SocketAddr),
    Untie,
}

/// The tie of one socket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tie {
    peer: Option<SocketAddr>,
    tied: bool,
    /// Ticks with packets of `peer`.
    heard: u8,
    /// Ticks in a row without one.
    silent: u8,
}

impl Tie {
    /// A tick in which `count` datagrams came; `settled` is whom the session takes them from,
    /// see [`crate::media::Session::settled`].
    pub fn tick(&mut self, settled: Option<SocketAddr>, count: usize) -> Option<Change> {
        if settled.is_none() || settled != self.peer {
            self.peer = settled;
            return self.begin_anew();
        }
        if count == 0 {
            self.silent += 1;
            return if self.silent >= UNTIE_AFTER { self.begin_anew() } else { None };
        }
        self.silent = 0;
        if self.tied || self.heard < TIE_AFTER {
            self.heard = self.heard.saturating_add(1);
            return None;
        }
        self.tied = true;
        self.peer.map(Change::Tie)
    }

    /// The kernel would not tie it, or would not take a packet of a tied one, because an ICMP
    /// message says that nobody is there.
    pub fn fail(&mut self) -> Option<Change> {
        self.begin_anew()
    }

    /// Whether packets to `peer` need no address.
    pub fn holds(&self, peer: SocketAddr) -> bool {
        self.tied && self.peer == Some(peer)
    }

    fn begin_anew(&mut self) -> Option<Change> {
        (self.heard, self.silent) = (0, 0);
        std::mem::take(&mut self.tied).then_some(Change::Untie)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<SocketAddr> {
        Some(text.parse().unwrap())
    }

    /// A tie that holds, and its peer.
    fn tied() -> (Tie, Option<SocketAddr>) {
        let (mut tie, peer) = (Tie::default(), at("192.0.2.1:4000"));
        let changes: Vec<Change> = (0..100).filter_map(|_| tie.tick(peer, 1)).collect();
        assert_eq!(changes, [Change::Tie(peer.unwrap())], "once");
        assert!(tie.holds(peer.unwrap()) && !tie.holds(at("192.0.2.1:4002").unwrap()));
        (tie, peer)
    }

    #[test]
    fn a_peer_that_sends_for_a_second_from_where_it_should_is_tied_to() {
        tied();
        let mut tie = Tie::default();
        assert!((0..500).all(|_| tie.tick(None, 1).is_none()), "nobody is settled");
        assert!(
            (0..500).all(|n| tie.tick(at("192.0.2.1:4000"), usize::from(n % 10 == 0)).is_none()),
            "too rare"
        );
        let turns = [at("192.0.2.1:4000"), at("192.0.2.1:4002")];
        assert!((0..500).all(|n| tie.tick(turns[n / 40 % 2], 1).is_none()), "never the same for a second");
    }

    #[test]
    fn jitter_keeps_the_tie_and_silence_ends_it() {
        let (mut tie, peer) = tied();
        assert!([0, 0, 3, 0, 1, 0, 0, 0, 0, 5].iter().all(|count| tie.tick(peer, *count).is_none()));
        let quiet: Vec<_> = (0..20).map(|_| tie.tick(peer, 0)).collect();
        assert_eq!(quiet.iter().position(Option::is_some), Some(4));
        assert_eq!(quiet.iter().flatten().collect::<Vec<_>>(), [&Change::Untie], "once");
        assert!(!tie.holds(peer.unwrap()));
    }

    #[test]
    fn another_peer_none_and_a_failure_end_the_tie_at_once() {
        for other in [None, at("192.0.2.9:4000")] {
            let (mut tie, _) = tied();
            assert_eq!(tie.tick(other, 1), Some(Change::Untie), "{other:?}");
        }
        let (mut tie, peer) = tied();
        assert_eq!(tie.fail(), Some(Change::Untie));
        assert_eq!(tie.fail(), None);
        assert!((0..50).all(|_| tie.tick(peer, 1).is_none()), "it is tried again a second later");
        assert!(matches!(tie.tick(peer, 1), Some(Change::Tie(_))));
    }
}
