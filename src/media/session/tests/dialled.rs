//! Extensions that are dialled through.

use super::*;
use crate::media::tone::DtmfDetector;

/// The packets of `frames` ticks after an order to press `keys` without a pause.
fn press(world: &mut World, keys: &str, frames: usize) -> Vec<Sent> {
    world.order(Command::SendKeys { pause: Duration::ZERO, keys: keys.into() });
    (0..frames).filter_map(|_| world.tick()).collect()
}

#[test]
fn a_press_is_seven_packets_of_20_ms_with_one_timestamp_and_a_growing_duration() {
    let mut world = World::started(Codec::Pcma);
    let before = world.tick().unwrap();
    let sent = press(&mut world, "8", 12);
    let began = before.timestamp.wrapping_add(160);
    let events: Vec<&Sent> = sent.iter().take_while(|p| p.payload_type == 101).collect();
    assert_eq!(events.len(), 7);
    for (n, packet) in events.iter().enumerate() {
        let ticks = [160u16, 320, 480, 640, 800, 800, 800][n].to_be_bytes();
        let end = if n >= 4 { 0x80 } else { 0 };
        assert_eq!(packet.payload, [8, end | 10, ticks[0], ticks[1]], "packet {n}");
        assert_eq!((packet.marker, packet.timestamp), (n == 0, began), "packet {n}");
        assert_eq!(packet.sequence, before.sequence.wrapping_add(1 + n as u16), "packet {n}");
    }
    let silence = Codec::Pcma.silence_byte();
    for (n, packet) in sent.iter().enumerate().skip(7) {
        assert_eq!(packet.payload_type, 8);
        assert!(packet.payload.iter().all(|b| *b == silence));
        let expect = began.wrapping_add(160 * n as u32);
        assert_eq!((packet.timestamp, packet.marker), (expect, n == 7), "the audio clock went on");
    }
    assert_eq!(world.events(), [Event::KeysSent]);
}

#[test]
fn keys_follow_each_other_every_200_ms_and_pauses_are_silence() {
    let mut world = World::started(Codec::Pcmu);
    world.order(Command::SendKeys { pause: Duration::from_millis(100), keys: "1x,2".into() });
    let mut starts = Vec::new();
    let mut done = None;
    for frame in 0..200 {
        if world.tick().is_some_and(|p| p.payload_type == 101 && p.marker) {
            starts.push(frame);
        }
        if done.is_none() && world.events().contains(&Event::KeysSent) {
            done = Some(frame);
        }
    }
    // 5 frames of pause, the key and its gap, 100 frames for the comma, the second key.
    assert_eq!((starts, done), (vec![5, 115], Some(125)));
}

#[test]
fn without_events_the_keys_are_tones_and_the_recording_hears_them_either_way() {
    for (codec, events) in
        [(Codec::Pcma, None), (Codec::Pcmu, None), (Codec::G722, None), (Codec::Pcma, Some(101))]
    {
        let mut world = World::new();
        world.order(Command::Start(Stream { event_payload_type: events, ..stream(codec) }));
        world.order(Command::SendKeys { pause: Duration::from_millis(40), keys: "801*#D".into() });
        let (mut wire, mut tap) = (DtmfDetector::new(), DtmfDetector::new());
        let mut decoder = crate::media::codec::Decoder::new(codec);
        let (mut on_wire, mut on_tap) = (String::new(), String::new());
        for _ in 0..80 {
            let packet = world.tick().unwrap();
            if packet.payload_type == codec.static_payload_type() {
                let mut pcm = [0; FRAME_SAMPLES];
                decoder.decode(&packet.payload, &mut pcm);
                on_wire.extend(wire.push(&pcm));
            }
            on_tap.extend(tap.push(&world.tap().left));
        }
        assert_eq!(on_tap, "801*#D", "{codec:?} {events:?}");
        assert_eq!(on_wire, if events.is_some() { "" } else { "801*#D" }, "{codec:?} {events:?}");
    }
}

#[test]
fn a_prompt_waits_until_the_keys_are_out_and_a_hold_stops_them() {
    let mut world = World::started(Codec::Pcma);
    let tone = prompt("hello", 500.0, 10);
    world.order(Command::SendKeys { pause: Duration::ZERO, keys: "80".into() });
    world.play(1, &[&tone], false);
    world.tick();
    world.order(Command::Start(Stream { send: false, ..stream(Codec::Pcma) }));
    assert!((0..50).all(|_| world.tick().is_none()), "nothing is sent on hold");
    world.order(Command::Start(stream(Codec::Pcma)));
    let rest: Vec<Sent> = (0..19).filter_map(|_| world.tick()).collect();
    assert_eq!(rest.iter().filter(|p| p.payload_type == 101).count(), 13, "the keys go on where they were");
    assert_eq!(world.events(), []);
    for _ in 0..12 {
        world.tick();
    }
    assert_eq!(world.events(), [Event::KeysSent, Event::Played { play: PlayId(1), finished: true }]);
}

#[test]
fn an_absurd_number_of_keys_and_seconds_is_cut() {
    let mut world = World::started(Codec::Pcma);
    world.order(Command::SendKeys { pause: Duration::from_secs(10_000), keys: "5".repeat(10_000) });
    let frames = (0..5_000).take_while(|_| {
        world.tick();
        world.events().is_empty()
    });
    assert_eq!(frames.count(), 30 * 50 + 32 * 10);
}
