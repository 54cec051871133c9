//! Digits: once each, by events or tones, and what they stop.

use super::*;
use crate::media::DigitSource;
use crate::media::telephone_event::EventSender;
use crate::media::tone::dtmf;

const EVENT: u8 = 101;

/// The peer sends its audio or key packets of one tick; each is lost with `loss`.
fn key_tick(world: &mut World, keys: &mut EventSender, loss: f64) {
    let timestamp = world.peer.timestamp();
    let events: Vec<_> = keys.frame(timestamp).collect();
    if events.is_empty() {
        let bytes = world.packet(Codec::Pcma, &[8; FRAME_SAMPLES]);
        if !world.rng.chance(loss) {
            world.deliver(SOURCE, &bytes);
        }
    } else {
        for event in events {
            let mut bytes = [0; MAX_PACKET];
            let len = world.peer.event(EVENT, event.marker, event.timestamp, &event.payload, &mut bytes);
            if !world.rng.chance(loss) {
                world.deliver(SOURCE, &bytes[..len]);
            }
        }
        world.peer.skip(FRAME_SAMPLES as u32);
    }
    world.tick();
}

fn digits(events: &[Event]) -> String {
    let key = |event: &Event| match event {
        Event::Digit { key, .. } => Some(*key),
        _ => None,
    };
    events.iter().filter_map(key).collect()
}

#[test]
fn each_digit_comes_once_under_five_percent_loss() {
    let mut world = World::started(Codec::Pcma);
    let mut keys = EventSender::default();
    let mut pressed = String::new();
    for n in 0..1_000u32 {
        let key = b"0123456789*#ABCD"[world.rng.below(16) as usize] as char;
        // Every second press repeats the last one, which is where double counting hides.
        let key = if n % 2 == 1 { pressed.chars().last().unwrap() } else { key };
        pressed.push(key);
        keys.press(key, 80).unwrap();
        while keys.is_busy() {
            key_tick(&mut world, &mut keys, 0.05);
        }
    }
    assert_eq!(digits(&world.events()), pressed);
}

#[test]
fn a_digit_stops_a_play_with_barge_in_at_once_and_no_other() {
    let check = |barge_in: bool| {
        let mut world = World::started(Codec::Pcma);
        let long = prompt("long", 700.0, 500);
        let mut keys = EventSender::default();
        for _ in 0..10 {
            key_tick(&mut world, &mut keys, 0.0);
        }
        world.play(3, &[&long], barge_in);
        key_tick(&mut world, &mut keys, 0.0);
        world.events();
        keys.press('4', 100).unwrap();
        key_tick(&mut world, &mut keys, 0.0);
        let stopped = Event::Played { play: PlayId(3), finished: false };
        let digit = Event::Digit { key: '4', source: DigitSource::Event };
        let heard = world.events();
        assert_eq!(heard, if barge_in { vec![stopped, digit] } else { vec![digit] });
        assert_eq!(level(&world.tap().left) > -30.0, !barge_in, "the packet of the same tick");
    };
    check(true);
    check(false);
}

#[test]
fn tones_are_listened_for_only_without_telephone_events() {
    let check = |event_payload_type: Option<u8>, want: &str| {
        let mut world = World::new();
        world.order(Command::Start(Stream { event_payload_type, ..stream(Codec::Pcmu) }));
        let mut line = Vec::new();
        for key in "5#0".chars() {
            line.extend(dtmf(key, 6_000.0, 800));
            line.extend(vec![0; 800]);
        }
        for frame in line.chunks(FRAME_SAMPLES) {
            world.speak(SOURCE, Codec::Pcmu, frame);
            world.tick();
        }
        for _ in 0..10 {
            world.tick();
        }
        assert_eq!(digits(&world.events()), want);
    };
    check(None, "5#0");
    check(Some(EVENT), "");
}
