//! Whole calls: comments, the tap over an hour, the end.

use super::*;
use crate::media::noise::Babble;
use crate::media::{AmdKind, AmdReason, AmdSettings};

#[test]
fn a_comment_ends_by_silence_maximum_key_or_order() {
    let check = |frames_of_speech: usize, max: u64, silence: u64, want_ms: u64, want_spoke: bool| {
        let mut world = World::started(Codec::Pcma);
        world.converse(Codec::Pcma, 440.0, 10);
        for _ in 0..15 {
            world.speak(SOURCE, Codec::Pcma, &[0; FRAME_SAMPLES]);
            world.tick();
        }
        world.events();
        let path = std::path::PathBuf::from("c.wav");
        let (max, silence) = (Duration::from_millis(max), Duration::from_millis(silence));
        world.order(Command::RecordComment { path: path.clone(), max, silence });
        let mut frames = 0;
        let speech = sine(300.0, 4_000.0, FRAME_SAMPLES);
        while world.events.is_empty() {
            let frame = if frames < frames_of_speech { &speech[..] } else { &[0; FRAME_SAMPLES] };
            world.speak(SOURCE, Codec::Pcma, frame);
            world.tick();
            assert!(world.out.comment, "every frame up to the last belongs to it");
            frames += 1;
        }
        let Event::Commented { path: got, duration, spoke } = world.events().remove(0) else { panic!() };
        assert_eq!((got, spoke), (path, want_spoke));
        assert!((duration.as_millis() as i64 - want_ms as i64).abs() <= 60, "{duration:?} for {want_ms}");
        assert_eq!(duration, TICK * frames as u32);
        world.tick();
        assert!(!world.out.comment);
    };
    check(100, 60_000, 2_000, 4_000, true);
    check(100, 1_000, 2_000, 1_000, true);
    check(0, 60_000, 3_000, 3_000, false);
    check(4, 60_000, 1_000, 1_080, false);
    check(50, 3_000, 0, 3_000, true);

    let mut world = World::started(Codec::Pcma);
    let comment = |world: &mut World| {
        let (max, silence) = (Duration::from_secs(60), Duration::ZERO);
        world.order(Command::RecordComment { path: "c.wav".into(), max, silence });
        world.tick();
    };
    comment(&mut world);
    world.order(Command::StopComment);
    comment(&mut world);
    world.order(Command::Close);
    let ends = world.events().iter().filter(|e| matches!(e, Event::Commented { .. })).count();
    assert_eq!(ends, 2);
}

fn verdicts(events: &[Event]) -> Vec<(AmdKind, AmdReason)> {
    let verdict = |event: &Event| match event {
        Event::Verdict(verdict) => Some((verdict.kind, verdict.reason)),
        _ => None,
    };
    events.iter().filter_map(verdict).collect()
}

#[test]
fn a_machine_is_told_from_a_person_and_a_key_always_wins() {
    // Speech as (frames, whether somebody speaks).
    let listen = |cadence: &[(usize, bool)], press_at: Option<usize>, stop_at: Option<usize>| {
        let mut world = World::started(Codec::Pcma);
        world.order(Command::Detect(AmdSettings::default()));
        let mut talker = Babble::new(4, 9_000.0).without_pauses();
        let mut frame = 0;
        for (frames, speaking) in cadence {
            for _ in 0..*frames {
                let mut sound = [0; FRAME_SAMPLES];
                if *speaking {
                    talker.fill(&mut sound);
                }
                world.speak(SOURCE, Codec::Pcma, &sound);
                if press_at == Some(frame) {
                    let timestamp = world.peer.timestamp();
                    let mut bytes = [0; MAX_PACKET];
                    let len = world.peer.event(101, true, timestamp, &[1, 10, 0, 160], &mut bytes);
                    world.deliver(SOURCE, &bytes[..len]);
                }
                if stop_at == Some(frame) {
                    world.order(Command::StopDetect);
                }
                world.tick();
                frame += 1;
            }
        }
        verdicts(&world.events())
    };
    let hello = [(20, false), (30, true), (100, false)];
    let greeting = [(20, false), (90, true), (10, false), (120, true), (100, false)];
    assert_eq!(listen(&hello, None, None), [(AmdKind::Human, AmdReason::ShortGreeting)]);
    assert_eq!(listen(&greeting, None, None)[0].0, AmdKind::Machine);
    let key = (AmdKind::Human, AmdReason::KeyPressed);
    assert_eq!(listen(&greeting, Some(40), None), [key]);
    assert_eq!(listen(&greeting, Some(250), None).last(), Some(&key), "while the beep is awaited");
    assert_eq!(listen(&hello, Some(140), None), [(AmdKind::Human, AmdReason::ShortGreeting)], "decided");
    assert_eq!(listen(&greeting, None, Some(40)), []);
}

/// REC-03: what the recording is made of stays true to the clock.
#[test]
fn the_tap_stays_aligned_over_an_hour_with_loss_jitter_and_gaps() {
    let mut world = World::started(Codec::Pcma);
    let click = sine(1_000.0, 16_000.0, FRAME_SAMPLES);
    let mut arrivals: Vec<(Mono, Vec<u8>)> = Vec::new();
    let (mut spoken, mut heard, mut frames) = (Vec::new(), Vec::new(), 0u64);
    for tick in 0..180_000u64 {
        // Silence of 3 s without packets every ten minutes; a click every 10 s else.
        let gap = tick % 30_000 > 29_850;
        let speaking = tick % 500 == 250;
        let mut bytes = world.packet(Codec::Pcma, if speaking { &click } else { &[0; FRAME_SAMPLES] });
        let lost = gap || !speaking && world.rng.chance(0.02);
        let jitter = Duration::from_micros(world.rng.below(15_000));
        if !lost {
            arrivals.push((world.now + jitter, std::mem::take(&mut bytes)));
        }
        if speaking && !lost {
            spoken.push(tick);
        }
        let due = world.now + TICK;
        arrivals.retain(|(when, bytes)| {
            let here = *when <= due;
            if here {
                world.session.handle_rtp(*when, at(SOURCE), bytes);
            }
            !here
        });
        if tick == 77_777 {
            world.now = world.now + TICK;
            world.session.skip();
            frames += 1;
            continue;
        }
        world.tick();
        frames += 1;
        if level(&world.tap().right) > -25.0 {
            heard.push(tick);
        }
    }
    assert_eq!(frames, 180_000, "one frame per tick");
    let late: Vec<u64> = spoken
        .iter()
        .map(|said| heard.iter().find(|h| **h >= *said).map_or(u64::MAX, |h| h - said))
        .collect();
    let (least, most) = (late.iter().min().unwrap(), late.iter().max().unwrap());
    assert!(most - least <= 2 && *most <= 5, "in ticks of 20 ms: {least} to {most}");
    assert!(spoken.len() > 350);
}

#[test]
fn the_end_is_told_once_with_what_was_counted() {
    let mut world = World::started(Codec::Pcma);
    world.converse(Codec::Pcma, 440.0, 50);
    let hello = prompt("hello", 700.0, 100);
    world.play(1, &[&hello], true);
    world.tick();
    world.events();
    world.order(Command::Close);
    let events = world.events();
    assert_eq!(events[0], Event::Played { play: PlayId(1), finished: false });
    let Event::Closed { recording: None, quality } = &events[1] else { panic!("{events:?}") };
    assert_eq!((quality.packets_sent, quality.packets_received, quality.lost), (51, 50, 0));
    world.speak(SOURCE, Codec::Pcma, &[0; FRAME_SAMPLES]);
    assert_eq!(world.tick(), None, "nothing leaves a closed session");
    world.order(Command::Close);
    assert_eq!(world.events(), []);
}
