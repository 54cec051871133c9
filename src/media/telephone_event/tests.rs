use super::*;
use crate::base::Rng;
use crate::media::rtp::Packet;
use proptest::prelude::*;

/// `(sequence, marker, timestamp, key, end, duration)`
type Row = (u16, bool, u32, char, bool, u16);

fn keys(rows: &[Row]) -> String {
    let mut receiver = EventReceiver::default();
    rows.iter()
        .filter_map(|(sequence, marker, timestamp, key, end, duration)| {
            let [high, low] = duration.to_be_bytes();
            let payload = [event_of(*key).unwrap(), if *end { 0x8A } else { 0x0A }, high, low];
            receiver.accept(&Packet {
                marker: *marker,
                payload_type: 101,
                sequence: *sequence,
                timestamp: *timestamp,
                ssrc: 1,
                payload: &payload,
            })
        })
        .collect()
}

fn press(sequence: u16, timestamp: u32, key: char) -> Vec<Row> {
    (0..7).map(|i: u16| (sequence + i, i == 0, timestamp, key, i >= 4, 160 * (i + 1).min(5))).collect()
}

#[test]
fn one_press_is_one_digit_whatever_is_lost_repeated_or_reordered() {
    let check = |what: &str, rows: &[Row], expect: &str| assert_eq!(keys(rows), expect, "{what}");
    let five = press(100, 16_000, '5');
    check("all packets", &five, "5");
    check("the first is lost", &five[1..], "5");
    check("only the ends", &five[4..], "5");
    check("only the last end", &five[6..], "5");
    check("reversed", &five.iter().rev().copied().collect::<Vec<_>>(), "5");
    check("each twice", &five.iter().flat_map(|row| [*row, *row]).collect::<Vec<_>>(), "5");
    check("no end at all", &five[..4], "5");
    let two = [five.clone(), press(110, 17_600, '5')].concat();
    check("the same key twice", &two, "55");
    let lost_ends: Vec<Row> = [&five[..4], &press(110, 17_600, '5')[..]].concat();
    check("the same key twice, ends of the first lost", &lost_ends, "55");
    let marker_lost: Vec<Row> = [&five[..], &press(110, 17_600, '5')[1..]].concat();
    check("the same key twice, first packet of the second lost", &marker_lost, "55");
    let mut late_end = [five.clone(), press(110, 17_600, '6')].concat();
    let end = late_end.remove(6);
    late_end.push(end);
    check("an end that comes after the next key", &late_end, "56");
    let mut swapped = press(110, 17_600, '6');
    swapped.extend(&five[6..]);
    check("a key whose only packet comes after the next key", &swapped, "65");
}

#[test]
fn a_long_press_is_one_digit_across_its_segments() {
    let mut rows = vec![(1, true, 1_000, '8', false, 160)];
    rows.extend(
        (1..400u16).map(|i| (1 + i, false, 1_000, '8', false, (u32::from(i) * 160).min(65_535) as u16)),
    );
    rows.push((401, false, 1_000, '8', false, 65_535));
    rows.push((402, false, 1_000 + 65_535, '8', false, 160));
    rows.push((403, false, 1_000 + 65_535, '8', true, 320));
    rows.push((404, false, 1_000 + 65_535, '8', true, 320));
    assert_eq!(keys(&rows), "8");
    let without_the_segment_s_start: Vec<Row> =
        rows.iter().filter(|row| row.0 != 402 && row.0 != 401).copied().collect();
    assert_eq!(keys(&without_the_segment_s_start), "8");
    assert_eq!(keys(&[rows, press(500, 80_000, '8')].concat()), "88", "and a second press is another");
}

#[test]
fn odd_senders_are_understood() {
    let creeping: Vec<Row> =
        (0..5u16).map(|i| (i, i == 0, 1_000 + 160 * u32::from(i), '4', i == 4, 160 * (i + 1))).collect();
    assert_eq!(keys(&creeping), "4", "a timestamp that moves with every packet");
    let frozen = [press(1, 1_000, '1'), press(20, 1_000, '1'), press(40, 1_000, '2')].concat();
    assert_eq!(keys(&frozen), "112", "a timestamp that never moves");
}

#[test]
fn events_that_are_no_keys_and_short_payloads_are_ignored() {
    let mut receiver = EventReceiver::default();
    let mut accept = |payload: &[u8]| {
        receiver.accept(&Packet {
            marker: true,
            payload_type: 101,
            sequence: 1,
            timestamp: 5,
            ssrc: 1,
            payload,
        })
    };
    assert_eq!(accept(&[16, 0, 0, 160]), None, "flash");
    assert_eq!(accept(&[5, 0, 0]), None);
    assert_eq!(accept(&[]), None);
    assert_eq!(accept(&[11, 0, 0, 160, 99]), Some('#'), "trailing bytes are tolerated");
}

#[test]
fn codes_and_keys_correspond() {
    for event in 0..16 {
        assert_eq!(key_of(event).and_then(event_of), Some(event));
    }
    assert_eq!((key_of(16), event_of('x'), event_of('d')), (None, None, Some(15)));
}

#[test]
fn the_sender_sends_what_the_table_shows() {
    let mut sender = EventSender::default();
    sender.press('5', 100).unwrap();
    let mut sent = Vec::new();
    for i in 0..5 {
        sent.extend(sender.frame(16_000 + i * 160));
    }
    let rows: Vec<(bool, u32, u8, u8, u16)> = sent
        .iter()
        .map(|e| {
            let [event, flags, high, low] = e.payload;
            (e.marker, e.timestamp, event, flags, u16::from_be_bytes([high, low]))
        })
        .collect();
    let expect: Vec<_> = [(true, 10, 160), (false, 10, 320), (false, 10, 480), (false, 10, 640)]
        .into_iter()
        .chain([(false, 0x8A, 800); 3])
        .map(|(marker, flags, duration)| (marker, 16_000, 5, flags, duration))
        .collect();
    assert_eq!(rows, expect);
    assert!(sender.is_busy(), "the pause after the key");
    assert_eq!((0..3).map(|_| sender.frame(0).count()).sum::<usize>(), 0);
    assert!(!sender.is_busy());
}

#[test]
fn a_full_queue_refuses_keys() {
    let mut sender = EventSender::default();
    let refused = (0..100).filter(|_| sender.press('1', 100) == Err(KeyQueueFull)).count();
    assert_eq!(refused, 36);
}

proptest! {
    /// Any number typed through the sender arrives exactly, as long as one packet of each
    /// press does; packets may be lost, repeated and swapped with their neighbours.
    #[test]
    fn what_is_typed_is_what_is_heard(number in "[0-9*#A-D]{1,20}", seed in any::<u64>()) {
        let mut rng = Rng::seeded(seed);
        let mut sender = EventSender::default();
        for key in number.chars() {
            sender.press(key, 60 + 20 * rng.below(10) as u32).unwrap();
        }
        let (mut sequence, mut timestamp, mut wire) = (rng.next_u32() as u16, rng.next_u32(), Vec::new());
        while sender.is_busy() {
            let mut kept = Vec::new();
            for event in sender.frame(timestamp) {
                sequence = sequence.wrapping_add(1);
                kept.push((sequence, event));
            }
            // Of three ends at least one survives; of the others any may be lost.
            let must = if kept.len() == 3 { Some(rng.below(3) as usize) } else { None };
            for (i, packet) in kept.into_iter().enumerate() {
                if must == Some(i) || rng.chance(0.7) {
                    wire.push(packet);
                    if rng.chance(0.2) {
                        wire.push(packet);
                    }
                }
            }
            timestamp = timestamp.wrapping_add(160);
        }
        for i in 1..wire.len() {
            if rng.chance(0.2) && wire[i - 1].1.timestamp == wire[i].1.timestamp {
                wire.swap(i - 1, i);
            }
        }
        let mut receiver = EventReceiver::default();
        let heard: String = wire
            .iter()
            .filter_map(|(sequence, event)| receiver.accept(&Packet {
                marker: event.marker,
                payload_type: 101,
                sequence: *sequence,
                timestamp: event.timestamp,
                ssrc: 1,
                payload: &event.payload,
            }))
            .collect();
        prop_assert_eq!(heard, number);
    }

    #[test]
    fn no_payload_panics(packets in proptest::collection::vec((any::<u16>(), any::<u32>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..8)), 0..40)) {
        let mut receiver = EventReceiver::default();
        for (sequence, timestamp, marker, payload) in &packets {
            let _ = receiver.accept(&Packet { marker: *marker, payload_type: 101, sequence: *sequence, timestamp: *timestamp, ssrc: 1, payload });
        }
    }
}
