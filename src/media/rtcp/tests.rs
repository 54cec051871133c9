use std::time::Duration;

use super::*;
use crate::base::{Mono, Now, Rng, Timestamp};
use crate::media::jitter::JitterBuffer;
use crate::media::rtp::{MAX_PACKET, Packet, RtpSender, Source};
use proptest::prelude::*;

struct End {
    rtcp: RtcpSession,
    sender: RtpSender,
    source: Source,
    rng: Rng,
}

impl End {
    fn new(now: Now, seed: u64) -> Self {
        let mut rng = Rng::seeded(seed);
        End {
            rtcp: RtcpSession::new(now.mono, &mut rng),
            sender: RtpSender::new(&mut rng),
            source: Source::default(),
            rng,
        }
    }

    fn send(&mut self) -> Vec<u8> {
        let mut out = [0; MAX_PACKET];
        let len = self.sender.audio(8, &[0xD5; 160], &mut out);
        out[..len].to_vec()
    }

    fn report(&mut self, now: Now) -> Option<Vec<u8>> {
        let mut out = [0; MAX_REPORT];
        let len = self.rtcp.poll_report(now, &self.sender, &mut self.source, &mut self.rng, &mut out)?;
        Some(out[..len].to_vec())
    }
}

/// Runs two ends for a while with a one-way delay, every `lose`th packet of `a` lost.
fn run(seconds: u64, delay_ms: u64, lose: u64) -> (End, End, Vec<u64>) {
    let mut now = Now { mono: Mono::from_millis(1_000), utc: Timestamp(1_772_413_200_000) };
    let (mut a, mut b) = (End::new(now, 1), End::new(now, 2));
    let (mut to_a, mut to_b, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    for tick in 0..seconds * 100 {
        now = now.after(Duration::from_millis(10));
        let arrival = now.mono + Duration::from_millis(delay_ms);
        if tick % 2 == 0 {
            let packet = a.send();
            if tick / 2 % lose != 3 {
                to_b.push((arrival, false, packet));
            }
            to_a.push((arrival, false, b.send()));
        }
        if let Some(report) = a.report(now) {
            reports.push(now.mono.as_millis());
            to_b.push((arrival, true, report));
        }
        if let Some(report) = b.report(now) {
            to_a.push((arrival, true, report));
        }
        for (end, wire) in [(&mut a, &mut to_a), (&mut b, &mut to_b)] {
            wire.retain(|(at, rtcp, bytes)| {
                if *at > now.mono {
                    return true;
                }
                if *rtcp {
                    end.rtcp.handle_packet(now, bytes, &end.sender).unwrap();
                } else {
                    end.source.accept(now.mono, &Packet::parse(bytes).unwrap(), true);
                }
                false
            });
        }
    }
    (a, b, reports)
}

#[test]
fn both_ends_learn_round_trip_time_loss_and_jitter() {
    let (a, b, _) = run(30, 40, 20);
    let quality = |end: &End| end.rtcp.quality(&end.sender, &end.source, &JitterBuffer::new(), 0);
    let (qa, qb) = (quality(&a), quality(&b));
    for rtt in [qa.rtt_ms, qb.rtt_ms] {
        let rtt = rtt.expect("reports were exchanged");
        assert!((78.0..=92.0).contains(&rtt), "two ways of 40 ms, polled each 10 ms: {rtt}");
    }
    let seen = qa.remote_loss.unwrap();
    assert!((0.04..=0.06).contains(&seen), "a is told of its 5 % loss: {seen}");
    assert!((0.04..=0.06).contains(&qb.loss()), "{}", qb.loss());
    assert_eq!((qa.lost, qb.remote_loss), (0, Some(0.0)));
    assert!(qa.mos > 4.0 && qb.mos < qa.mos - 0.3, "{} against {}", qb.mos, qa.mos);
}

#[test]
fn reports_come_every_two_to_six_seconds_and_never_in_step() {
    let (_, _, reports) = run(60, 5, 1_000);
    assert!((10..=20).contains(&reports.len()), "{reports:?}");
    let gaps: Vec<u64> = reports.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(gaps.iter().all(|gap| (2_040..=6_170).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap != gaps[0]));
}

#[test]
fn who_only_listens_sends_a_receiver_report_and_who_leaves_says_bye() {
    let now = Now { mono: Mono::from_millis(9_000), utc: Timestamp(1_772_413_200_000) };
    let mut end = End::new(Now::default(), 1);
    let report = end.report(now).unwrap();
    assert_eq!(report[1], 201, "nothing was sent");
    end.send();
    let mut out = [0; MAX_REPORT];
    let len = end.rtcp.bye(now, &end.sender, &mut end.source, &mut out);
    assert_eq!(out[1], 200, "a packet was sent");
    let mut peer = End::new(now, 2);
    assert!(peer.rtcp.handle_packet(now, &out[..len], &peer.sender).unwrap().bye);
    assert!(peer.rtcp.peer_left());
}

#[test]
fn opinion_scores_are_those_of_the_e_model() {
    for (delay, loss, expect) in
        [(0.0, 0.0, 4.41), (100.0, 0.0, 4.37), (300.0, 0.0, 3.71), (0.0, 0.05, 3.97), (0.0, 1.0, 1.22)]
    {
        let got = mos(delay, loss);
        assert!((got - expect).abs() < 0.08, "{delay} ms, {loss}: {got}, expected {expect}");
    }
}

proptest! {
    #[test]
    fn no_datagram_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, 1);
    }

    /// Random bytes behind valid headers reach the inner parsers far more often.
    #[test]
    fn no_half_valid_datagram_panics(count in 0u8..32, kind in 200u8..=207, words in 0u8..12, rest in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut bytes = vec![0x80 | count, kind, 0, words];
        bytes.extend(rest);
        bytes.resize(4 + usize::from(words) * 4, 0);
        let _ = parse(&bytes, 1);
    }
}
