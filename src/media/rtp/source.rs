//! The peer's synchronisation source: which packets belong to it, and its statistics
//! (RFC 3550 appendices A.1, A.3 and A.8).

use super::Packet;
use crate::base::Mono;

/// A forward jump below this is loss (RFC 3550 appendix A.1): 60 s at 50 packets a second.
const MAX_DROPOUT: u16 = 3_000;
/// A packet at most this far behind is reordered (RFC 3550 appendix A.1): 2 s.
const MAX_MISORDER: u16 = 100;
/// Bits of [`Source::seen`]: how far back a duplicate is recognised.
const HISTORY: u32 = 128;

/// What a packet is to its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The next one, or one after a gap.
    InOrder,
    /// Came after a later one, for the first time.
    OutOfOrder,
    /// Was here before.
    Duplicate,
    /// The stream begins, or a new source or numbering has taken over: playout starts afresh.
    Fresh,
    /// A stray packet of another source or numbering; taken as the stream only when its
    /// successor follows at once.
    Stray,
}

impl Arrival {
    /// Whether the payload is to be used.
    pub const fn usable(self) -> bool {
        !matches!(self, Arrival::Duplicate | Arrival::Stray)
    }
}

/// Follows one peer's stream. The first packet starts it at once: the probation of RFC 3550
/// would cost the first word, and the session has checked the sender's address.
#[derive(Clone, Debug, Default)]
pub struct Source {
    started: bool,
    ssrc: u32,
    base: u16,
    max: u16,
    cycles: u32,
    received: u64,
    duplicated: u64,
    out_of_order: u64,
    /// Bit n: the packet n before the highest was received.
    seen: u128,
    /// SSRC and number that would make a stray packet's source the stream.
    candidate: Option<(u32, u16)>,
    /// Counts of sources that were replaced.
    past: Totals,
    jitter: Jitter,
    /// Expected and received at the last report, for the fraction lost.
    prior: (u64, u64),
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    received: u64,
    lost: u64,
}

/// The estimator of RFC 3550 appendix A.8, in units of the RTP clock times 16.
#[derive(Clone, Copy, Debug, Default)]
struct Jitter {
    transit: Option<u32>,
    timestamp: u32,
    scaled: u32,
    max_scaled: u32,
}

impl Source {
    /// Places a packet in the stream. `audio` is false for events and comfort noise, whose
    /// timestamps do not move with the clock and would spoil the jitter.
    pub fn accept(&mut self, now: Mono, packet: &Packet<'_>, audio: bool) -> Arrival {
        let arrival = self.place(packet);
        if arrival == Arrival::Fresh {
            self.jitter.transit = None;
        }
        if audio && matches!(arrival, Arrival::InOrder | Arrival::Fresh) {
            self.jitter.measure(now, packet.timestamp);
        }
        arrival
    }

    fn place(&mut self, packet: &Packet<'_>) -> Arrival {
        if !self.started {
            self.restart(packet);
            return Arrival::Fresh;
        }
        if packet.ssrc != self.ssrc {
            return self.stray(packet);
        }
        let ahead = packet.sequence.wrapping_sub(self.max);
        if ahead == 0 {
            self.duplicated += 1;
            return Arrival::Duplicate;
        }
        if ahead < MAX_DROPOUT {
            if packet.sequence < self.max {
                self.cycles = self.cycles.wrapping_add(1);
            }
            self.max = packet.sequence;
            let shift = u32::from(ahead);
            self.seen = if shift >= HISTORY { 0 } else { self.seen << shift } | 1;
            self.received += 1;
            self.candidate = None;
            return Arrival::InOrder;
        }
        let behind = u32::from(self.max.wrapping_sub(packet.sequence));
        if behind > u32::from(MAX_MISORDER) {
            return self.stray(packet);
        }
        if self.seen & (1 << behind) != 0 {
            self.duplicated += 1;
            return Arrival::Duplicate;
        }
        self.seen |= 1 << behind;
        self.received += 1;
        self.out_of_order += 1;
        self.candidate = None;
        // Packets before the first one widen what was expected.
        if self.cycles == 0 && packet.sequence < self.base {
            self.base = packet.sequence;
        }
        Arrival::OutOfOrder
    }

    /// Two packets in a row of another source or numbering are a new stream; between them
    /// none of the running one may come, so that two interleaved sources do not take turns.
    fn stray(&mut self, packet: &Packet<'_>) -> Arrival {
        if self.candidate == Some((packet.ssrc, packet.sequence)) {
            self.restart(packet);
            return Arrival::Fresh;
        }
        self.candidate = Some((packet.ssrc, packet.sequence.wrapping_add(1)));
        Arrival::Stray
    }

    fn restart(&mut self, packet: &Packet<'_>) {
        self.past = Totals { received: self.received(), lost: self.lost() };
        self.started = true;
        self.ssrc = packet.ssrc;
        self.base = packet.sequence;
        self.max = packet.sequence;
        self.cycles = 0;
        self.received = 1;
        self.seen = 1;
        self.candidate = None;
        self.prior = (0, 0);
    }

    /// The SSRC of the stream; None before its first packet.
    pub fn ssrc(&self) -> Option<u32> {
        self.started.then_some(self.ssrc)
    }

    /// Highest sequence number with its cycles (RFC 3550 section 6.4.1).
    pub fn extended_max(&self) -> u32 {
        self.cycles << 16 | u32::from(self.max)
    }

    /// Packets received over the whole session, duplicates not counted.
    pub fn received(&self) -> u64 {
        self.past.received + self.received
    }

    /// Packets that are missing over the whole session.
    pub fn lost(&self) -> u64 {
        self.past.lost + self.expected().saturating_sub(self.received)
    }

    /// Packets that came twice.
    pub fn duplicated(&self) -> u64 {
        self.duplicated
    }

    /// Packets that came after a later one.
    pub fn out_of_order(&self) -> u64 {
        self.out_of_order
    }

    /// Interarrival jitter in ticks of the RTP clock.
    pub fn jitter(&self) -> u32 {
        self.jitter.scaled >> 4
    }

    /// Interarrival jitter in ms: the last value and the largest.
    pub fn jitter_ms(&self) -> (f32, f32) {
        let ms = |scaled: u32| scaled as f32 / 16.0 / 8.0;
        (ms(self.jitter.scaled), ms(self.jitter.max_scaled))
    }

    /// Loss of the running source for a report block: the fraction since the last call in
    /// 1/256, and the cumulative number (RFC 3550 appendix A.3).
    pub fn report_loss(&mut self) -> (u8, u32) {
        let (expected, received) = (self.expected(), self.received);
        let interval = expected.saturating_sub(self.prior.0);
        let lost = interval.saturating_sub(received.saturating_sub(self.prior.1));
        self.prior = (expected, received);
        let fraction = (lost * 256).checked_div(interval).unwrap_or(0).min(255) as u8;
        // 24 bits, signed; duplicates are not counted here, so it is never below zero.
        (fraction, expected.saturating_sub(received).min(0x7F_FFFF) as u32)
    }

    fn expected(&self) -> u64 {
        if !self.started {
            return 0;
        }
        (u64::from(self.cycles) << 16) + u64::from(self.max) + 1 - u64::from(self.base)
    }
}

impl Jitter {
    fn measure(&mut self, now: Mono, timestamp: u32) {
        let arrival = (u128::from(now.0) * 8 / 1_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(last) = self.transit.filter(|_| timestamp != self.timestamp) {
            let d = (transit.wrapping_sub(last) as i32).unsigned_abs();
            // A gap of more than a second is a pause or a new time base, not jitter.
            if d < super::super::SAMPLE_RATE {
                self.scaled = self.scaled + d - ((self.scaled + 8) >> 4);
                self.max_scaled = self.max_scaled.max(self.scaled);
            }
        }
        self.transit = Some(transit);
        self.timestamp = timestamp;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ssrc: u32, sequence: u16) -> Packet<'static> {
        Packet {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp: u32::from(sequence).wrapping_mul(160),
            ssrc,
            payload: &[],
        }
    }

    fn check(sequences: &[u16], expect: &[Arrival], received: u64, lost: u64) -> Source {
        let mut source = Source::default();
        let got: Vec<Arrival> = sequences
            .iter()
            .enumerate()
            .map(|(i, n)| source.accept(Mono::from_millis(20 * i as u64), &packet(1, *n), true))
            .collect();
        assert_eq!(got, expect, "{sequences:?}");
        assert_eq!((source.received(), source.lost()), (received, lost), "{sequences:?}");
        source
    }

    #[test]
    fn sequence_numbers_are_followed_over_loss_reordering_duplicates_and_wrap() {
        use Arrival::*;
        check(&[5, 6, 7], &[Fresh, InOrder, InOrder], 3, 0);
        check(&[5, 8], &[Fresh, InOrder], 2, 2);
        check(&[5, 7, 6], &[Fresh, InOrder, OutOfOrder], 3, 0);
        check(&[5, 5, 6, 5], &[Fresh, Duplicate, InOrder, Duplicate], 2, 0);
        check(&[5, 7, 6, 6], &[Fresh, InOrder, OutOfOrder, Duplicate], 3, 0);
        check(&[6, 5], &[Fresh, OutOfOrder], 2, 0);
        let wrapped = check(&[65_534, 65_535, 0, 1], &[Fresh, InOrder, InOrder, InOrder], 4, 0);
        assert_eq!(wrapped.extended_max(), 65_537);
        check(&[65_535, 1, 0], &[Fresh, InOrder, OutOfOrder], 3, 0);
        check(&[100, 30_000, 101], &[Fresh, Stray, InOrder], 2, 0);
        check(&[100, 30_000, 30_001, 30_002], &[Fresh, Stray, Fresh, InOrder], 3, 0);
    }

    #[test]
    fn a_new_source_takes_over_at_its_second_packet_and_interleaved_ones_do_not() {
        let mut source = Source::default();
        let mut go = |ssrc, n| source.accept(Mono::default(), &packet(ssrc, n), true);
        assert_eq!(go(1, 10), Arrival::Fresh);
        assert_eq!(go(2, 50), Arrival::Stray);
        assert_eq!(go(1, 11), Arrival::InOrder);
        assert_eq!(go(2, 51), Arrival::Stray);
        assert_eq!(go(1, 12), Arrival::InOrder);
        assert_eq!(go(2, 52), Arrival::Stray);
        assert_eq!(go(2, 53), Arrival::Fresh);
        assert_eq!(go(2, 54), Arrival::InOrder);
        assert_eq!((source.ssrc(), source.received(), source.lost()), (Some(2), 5, 0));
    }

    #[test]
    fn the_loss_of_a_report_is_that_since_the_last_one() {
        let mut source = Source::default();
        for n in [0u16, 1, 2, 3] {
            source.accept(Mono::default(), &packet(1, n), true);
        }
        assert_eq!(source.report_loss(), (0, 0));
        for n in [4u16, 7] {
            source.accept(Mono::default(), &packet(1, n), true);
        }
        assert_eq!(source.report_loss(), (128, 2), "2 of 4 since the last report");
        assert_eq!(source.report_loss(), (0, 2), "nothing expected since");
    }

    #[test]
    fn jitter_is_zero_for_an_even_stream_and_follows_an_uneven_one() {
        let run = |late: fn(u64) -> u64| {
            let mut source = Source::default();
            for i in 0..500u64 {
                source.accept(Mono::from_millis(20 * i + late(i)), &packet(1, i as u16), true);
            }
            source.jitter_ms().0
        };
        assert_eq!(run(|_| 0), 0.0);
        let uneven = run(|i| (i % 2) * 10);
        assert!((9.0..=10.5).contains(&uneven), "each transit differs by 10 ms: {uneven}");
    }
}
