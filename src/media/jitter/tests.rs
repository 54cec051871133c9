use super::*;
use crate::base::{Mono, Rng};
use crate::media::Codec;
use crate::media::codec::Encoder;
use crate::media::rtp::Source;
use crate::media::tone::{sine, tone_dbfs};
use proptest::prelude::*;

/// One packet on its way: when it arrives (ms) and what it is.
#[derive(Clone)]
struct Sent {
    at: u64,
    sequence: u16,
    timestamp: u32,
    payload: Vec<u8>,
    comfort: bool,
}

/// `count` packets of a 1 kHz tone of `ptime` ms each.
fn stream(ptime: u64, count: u64) -> Vec<Sent> {
    let pcm = sine(1_000.0, 8_000.0, (ptime * 8 * count) as usize);
    let mut encoder = Encoder::new(Codec::Pcma);
    (0..count)
        .map(|i| {
            let n = (ptime * 8) as usize;
            let mut payload = vec![0; n];
            encoder.encode(&pcm[i as usize * n..][..n], &mut payload);
            let timestamp = 90_000u32.wrapping_add((i * ptime * 8) as u32);
            Sent { at: i * ptime, sequence: i as u16, timestamp, payload, comfort: false }
        })
        .collect()
}

struct Heard {
    kinds: Vec<FrameKind>,
    pcm: Vec<i16>,
    late: u64,
    delay_ms: u32,
}

impl Heard {
    fn count(&self, kind: FrameKind) -> usize {
        self.kinds.iter().filter(|k| **k == kind).count()
    }

    /// Frames that are no audio between the first and the last that are.
    fn gaps(&self) -> usize {
        let first = self.kinds.iter().position(|k| *k == FrameKind::Audio).unwrap_or(0);
        let last = self.kinds.iter().rposition(|k| *k == FrameKind::Audio).unwrap_or(0);
        self.kinds[first..=last].iter().filter(|k| **k != FrameKind::Audio).count()
    }
}

/// Plays a network: packets in order of arrival, one pull each 20 ms at 7 ms past the tick.
fn play(mut wire: Vec<Sent>) -> Heard {
    wire.sort_by_key(|p| p.at);
    let end = wire.last().map_or(0, |p| p.at) + 600;
    let (mut buffer, mut source, mut decoder) =
        (JitterBuffer::new(), Source::default(), Decoder::new(Codec::Pcma));
    let mut heard = Heard { kinds: Vec::new(), pcm: Vec::new(), late: 0, delay_ms: 0 };
    let mut wire = wire.into_iter().peekable();
    for tick in (7..end).step_by(20) {
        while let Some(sent) = wire.next_if(|p| p.at <= tick) {
            let packet = Packet {
                marker: false,
                payload_type: 8,
                sequence: sent.sequence,
                timestamp: sent.timestamp,
                ssrc: 1,
                payload: &sent.payload,
            };
            let arrival = source.accept(Mono::from_millis(sent.at), &packet, !sent.comfort);
            if !arrival.usable() {
                continue;
            }
            if arrival == crate::media::rtp::Arrival::Fresh {
                buffer.restart();
            }
            if sent.comfort { buffer.push_comfort(&packet) } else { buffer.push(&packet) }
        }
        if wire.peek().is_some() {
            heard.delay_ms = buffer.delay_ms();
        }
        let mut frame = [0; FRAME_SAMPLES];
        heard.kinds.push(buffer.pull(&mut decoder, &mut frame));
        heard.pcm.extend(frame);
    }
    heard.late = buffer.late();
    heard
}

#[test]
fn an_even_stream_of_every_packet_time_is_played_without_a_gap() {
    for ptime in [10, 20, 30, 40, 60] {
        let heard = play(stream(ptime, 6_000 / ptime));
        assert_eq!((heard.gaps(), heard.late), (0, 0), "{ptime} ms");
        let audio = heard.count(FrameKind::Audio);
        assert!((296..=300).contains(&audio), "6 s at {ptime} ms: {audio} frames");
        assert!(heard.delay_ms <= ptime as u32 + 40, "{ptime} ms: delay {} ms", heard.delay_ms);
    }
}

#[test]
fn the_first_packet_is_heard_after_two_frames() {
    let heard = play(stream(20, 50));
    assert_eq!(heard.kinds[..3], [FrameKind::Silence, FrameKind::Silence, FrameKind::Audio]);
}

#[test]
fn reordering_and_duplicates_cost_nothing() {
    let mut wire = stream(20, 300);
    for i in (10..290).step_by(7) {
        wire[i].at += 25;
    }
    for i in (5..295).step_by(9) {
        let copy = wire[i].clone();
        wire.push(copy);
    }
    let heard = play(wire);
    assert!(heard.gaps() <= 1, "{} gaps", heard.gaps());
    assert!(heard.late <= 1, "{} late", heard.late);
}

#[test]
fn five_percent_loss_is_concealed_frame_for_frame_and_time_is_kept() {
    let mut rng = Rng::seeded(5);
    let wire: Vec<Sent> = stream(20, 1_000).into_iter().filter(|_| !rng.chance(0.05)).collect();
    let lost = 1_000 - wire.len();
    let heard = play(wire);
    // Where two in a row are lost on a 20 ms delay, playout may be held once.
    assert!(heard.gaps().abs_diff(lost) <= 4, "{} gaps for {lost} lost", heard.gaps());
    assert_eq!(heard.late, 0);
    let middle = &heard.pcm[8_000..150_000];
    assert!(tone_dbfs(middle, 1_000.0) > -18.0, "the tone goes on through the holes");
}

#[test]
fn sixty_ms_of_jitter_is_absorbed_after_a_short_time() {
    let mut rng = Rng::seeded(60);
    let mut wire = stream(20, 1_500);
    for packet in &mut wire {
        packet.at += rng.below(61);
    }
    let heard = play(wire);
    let late_gaps = heard.kinds[250..1_500].iter().filter(|k| **k != FrameKind::Audio).count();
    assert!(late_gaps <= 12, "{late_gaps} of 1,250 frames after the first 5 s, late {}", heard.late);
    assert!((20..=120).contains(&heard.delay_ms), "delay {} ms", heard.delay_ms);
}

#[test]
fn delay_shrinks_when_the_path_calms_down() {
    let mut rng = Rng::seeded(61);
    let mut wire = stream(20, 2_500);
    for packet in wire.iter_mut().take(500) {
        packet.at += rng.below(120);
    }
    let heard = play(wire);
    assert!(heard.delay_ms <= 45, "delay {} ms after 40 calm seconds", heard.delay_ms);
}

#[test]
fn a_stall_of_200_ms_loses_nothing_and_a_long_one_ends_in_silence() {
    let mut wire = stream(20, 300);
    for packet in &mut wire[100..110] {
        packet.at = 2_199;
    }
    let heard = play(wire);
    assert_eq!(heard.late, 0);
    assert!(heard.count(FrameKind::Audio) >= 285, "{}", heard.count(FrameKind::Audio));

    let mut wire = stream(20, 300);
    wire.drain(100..200);
    let heard = play(wire);
    assert!(heard.count(FrameKind::Silence) >= 80, "{}", heard.count(FrameKind::Silence));
    assert_eq!(heard.kinds[210..300].iter().filter(|k| **k == FrameKind::Audio).count(), 90);
}

#[test]
fn a_jump_of_the_timestamp_or_a_new_numbering_begins_anew() {
    for (name, jump) in [("forward", 1_000_000u32), ("backward", 0u32.wrapping_sub(1_000_000))] {
        let mut wire = stream(20, 300);
        for packet in &mut wire[150..] {
            packet.timestamp = packet.timestamp.wrapping_add(jump);
        }
        let heard = play(wire);
        assert!(heard.count(FrameKind::Audio) >= 290, "{name}: {}", heard.count(FrameKind::Audio));
    }
    let mut wire = stream(20, 300);
    for packet in &mut wire[150..] {
        packet.timestamp = packet.timestamp.wrapping_add(77_777);
        packet.sequence += 20_000;
    }
    let heard = play(wire);
    assert!(heard.count(FrameKind::Audio) >= 289, "{}", heard.count(FrameKind::Audio));
}

#[test]
fn the_timestamp_may_wrap() {
    let mut wire = stream(20, 100);
    for packet in &mut wire {
        packet.timestamp = packet.timestamp.wrapping_add(u32::MAX - 98_000);
    }
    assert_eq!(play(wire).gaps(), 0);
}

#[test]
fn an_announced_pause_is_filled_by_quiet_noise_and_counts_as_nothing_lost() {
    let mut wire = stream(20, 300);
    wire.drain(101..200);
    wire[100].comfort = true;
    wire[100].payload = vec![60];
    let heard = play(wire);
    assert!(heard.count(FrameKind::Comfort) >= 90, "{}", heard.count(FrameKind::Comfort));
    assert_eq!(heard.kinds[..250].iter().filter(|k| **k == FrameKind::Concealed).count(), 0);
    let noise = &heard.pcm[110 * 160..190 * 160];
    let peak = noise.iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert!((20..=40).contains(&peak), "-60 dBov has amplitude 33: {peak}");
}

#[test]
fn nothing_comes_and_silence_is_what_is_heard() {
    let (mut buffer, mut decoder, mut frame) = (JitterBuffer::new(), Decoder::new(Codec::Pcma), [7; 160]);
    for _ in 0..100 {
        assert_eq!(buffer.pull(&mut decoder, &mut frame), FrameKind::Silence);
        assert_eq!(frame, [0; 160]);
    }
}

#[test]
fn a_buffer_is_small() {
    let bytes = std::mem::size_of::<JitterBuffer>() + Ring::LEN;
    assert!(bytes < 6 * 1_024, "{bytes} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever comes, a pull gives a frame, and the buffer never holds more than its ring.
    #[test]
    fn no_sequence_of_packets_panics(steps in proptest::collection::vec((any::<u32>(), 0usize..1_200, any::<bool>(), 0u8..4), 1..200)) {
        let (mut buffer, mut decoder, mut frame) = (JitterBuffer::new(), Decoder::new(Codec::G722), [0; 160]);
        for (bits, len, near, pulls) in steps {
            let timestamp = if near { bits % 5_000 } else { bits };
            let payload = vec![bits as u8; len];
            let packet = Packet { marker: false, payload_type: 9, sequence: 0, timestamp, ssrc: 1, payload: &payload };
            if bits % 17 == 0 { buffer.push_comfort(&packet) } else { buffer.push(&packet) }
            for _ in 0..pulls {
                buffer.pull(&mut decoder, &mut frame);
            }
        }
    }
}
