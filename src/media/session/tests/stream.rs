//! Whom the session hears and answers, and what it sends.

use super::*;

#[test]
fn it_sends_to_the_signalled_address_until_the_first_packet_and_then_to_its_source() {
    let mut world = World::started(Codec::Pcma);
    assert_eq!(world.tick().unwrap().to, at(SIGNALLED));
    world.speak(SOURCE, Codec::Pcma, &[0; FRAME_SAMPLES]);
    assert_eq!(world.events(), [Event::FirstPacket]);
    assert_eq!(world.tick().unwrap().to, at(SOURCE));
    world.speak(SOURCE, Codec::Pcma, &[0; FRAME_SAMPLES]);
    assert_eq!(world.events(), [], "told once");
}

#[test]
fn a_third_party_is_neither_played_nor_recorded_nor_answered() {
    let mut world = World::started(Codec::Pcma);
    assert!(is_tone(&world.converse(Codec::Pcma, 440.0, 50)[3_200..], 440.0));
    let mut thief = World::started(Codec::Pcma);
    thief.peer = RtpSender::new(&mut Rng::seeded(99));
    let loud = sine(1_500.0, 30_000.0, FRAME_SAMPLES);
    let tone = sine(440.0, 8_000.0, 50 * FRAME_SAMPLES);
    let mut heard = Vec::new();
    for frame in tone.chunks(FRAME_SAMPLES) {
        let stolen = thief.packet(Codec::Pcma, &loud);
        world.deliver("203.0.113.66:9", &stolen);
        world.speak(SOURCE, Codec::Pcma, frame);
        assert_eq!(world.tick().unwrap().to, at(SOURCE));
        heard.extend(world.tap().right);
    }
    assert!(is_tone(&heard, 440.0) && !heard.iter().any(|s| s.abs() > 12_000));
    assert_eq!(world.session.foreign(), 50);
    // Not even when the peer is silent for long.
    for _ in 0..500 {
        let stolen = thief.packet(Codec::Pcma, &loud);
        world.deliver("203.0.113.66:9", &stolen);
        assert_eq!(world.tick().unwrap().to, at(SOURCE));
    }
    assert_eq!(level(&world.tap().right), -100.0);
}

#[test]
fn a_stream_that_moves_is_followed_after_a_silence_or_a_new_sdp() {
    let mut world = World::started(Codec::Pcma);
    world.converse(Codec::Pcma, 440.0, 20);
    let moved = "198.51.100.7:40200";
    let tone = sine(440.0, 8_000.0, FRAME_SAMPLES);
    let mut answered = None;
    for tick in 0..100 {
        world.speak(moved, Codec::Pcma, &tone);
        if world.tick().unwrap().to == at(moved) && answered.is_none() {
            answered = Some(tick);
        }
    }
    assert_eq!(answered, Some(24), "after 500 ms of silence at the old address");
    assert!(is_tone(&world.tap().right, 440.0));

    let elsewhere = "203.0.113.5:6000";
    let changed = Stream { remote: Some(at(elsewhere)), ..stream(Codec::Pcma) };
    world.order(Command::Start(changed));
    assert_eq!(world.tick().unwrap().to, at(elsewhere));
    world.speak("203.0.113.5:6002", Codec::Pcma, &tone);
    assert_eq!(world.tick().unwrap().to, at("203.0.113.5:6002"));
    assert_eq!(world.events(), [Event::FirstPacket]);
}

#[test]
fn packets_are_continuous_with_silence_where_nothing_plays() {
    let mut world = World::started(Codec::Pcmu);
    let hello = prompt("hello", 700.0, 5);
    let mut sent = Vec::new();
    for tick in 0..20 {
        if tick == 8 {
            world.play(1, &[&hello], false);
        }
        sent.push(world.tick().unwrap());
        let speaking = (8..13).contains(&tick);
        assert_eq!(level(&world.tap().left) > -30.0, speaking, "tick {tick}");
        assert_eq!(sent[tick].payload.iter().all(|b| *b == 0xFF), !speaking, "tick {tick}");
    }
    for pair in sent.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        assert!(!pair[1].marker, "only silence that was not sent begins a new spurt");
    }
    assert!(sent[0].marker);
    assert_eq!(world.events(), [Event::Played { play: PlayId(1), finished: true }]);
}

#[test]
fn prompts_follow_each_other_without_a_gap_and_a_new_play_replaces_the_old() {
    let mut world = World::started(Codec::Pcma);
    let (a, b) = (prompt("a", 500.0, 3), prompt("b", 900.0, 2));
    world.play(7, &[&a, &b], false);
    let said: Vec<Vec<u8>> = (0..5).map(|_| world.tick().unwrap().payload).collect();
    let payload = |p: &Prompt, n| p.payload(Codec::Pcma, n).unwrap().to_vec();
    assert_eq!(said, [payload(&a, 0), payload(&a, 1), payload(&a, 2), payload(&b, 0), payload(&b, 1)]);
    assert_eq!(world.events(), []);
    world.tick();
    assert_eq!(world.events(), [Event::Played { play: PlayId(7), finished: true }]);

    world.play(8, &[&a], false);
    world.tick();
    world.play(9, &[&b], false);
    assert_eq!(world.tick().unwrap().payload, payload(&b, 0));
    world.order(Command::StopPlay);
    assert_eq!(world.tick().unwrap().payload, [0xD5; 160]);
    world.play(10, &[], false);
    world.tick();
    let ends = [(8, false), (9, false), (10, true)];
    assert_eq!(world.events(), ends.map(|(id, finished)| Event::Played { play: PlayId(id), finished }));
}

#[test]
fn the_codec_changes_in_the_middle_of_a_call() {
    let mut world = World::started(Codec::Pcma);
    let hello = prompt("hello", 700.0, 60);
    world.play(1, &[&hello], false);
    assert!(is_tone(&world.converse(Codec::Pcma, 440.0, 20)[1_600..], 440.0));
    let mut before = world.tick().unwrap();
    for codec in [Codec::Pcmu, Codec::G722, Codec::Pcma] {
        world.order(Command::Start(stream(codec)));
        // One packet in the old codec was still on its way: dropped, not decoded as noise.
        let old = world.packet(Codec::Pcma, &sine(440.0, 8_000.0, FRAME_SAMPLES));
        if codec != Codec::Pcma {
            world.deliver(SOURCE, &old);
        }
        let after = world.tick().unwrap();
        assert_eq!(after.payload_type, codec.static_payload_type());
        assert_eq!(after.timestamp, before.timestamp.wrapping_add(160));
        let heard = world.converse(codec, 600.0, 10);
        if codec != Codec::G722 {
            assert!(is_tone(&heard[1_200..], 600.0), "{codec:?}");
        }
        before = world.tick().unwrap();
    }
    assert_eq!(world.events(), [Event::FirstPacket]);
}

#[test]
fn hold_stops_both_ways_and_resume_goes_on_in_time() {
    let mut world = World::with_timeout(Duration::from_secs(5));
    world.order(Command::Start(stream(Codec::Pcma)));
    world.converse(Codec::Pcma, 440.0, 20);
    let hello = prompt("hello", 700.0, 10);
    world.play(1, &[&hello], false);
    let before = world.tick().unwrap();
    world.events();
    let check = |world: &mut World, held: Stream, sends: bool, hears: bool| {
        world.order(Command::Start(held));
        for tick in 0..300 {
            world.speak(SOURCE, Codec::Pcma, &sine(440.0, 8_000.0, FRAME_SAMPLES));
            assert_eq!(world.tick().is_some(), sends, "tick {tick}");
            if tick > 20 {
                assert_eq!(level(&world.tap().right) > -30.0, hears, "tick {tick}");
            }
        }
    };
    let on_hold = Stream { remote: None, ..stream(Codec::Pcma) };
    check(&mut world, on_hold, false, true);
    check(&mut world, Stream { send: false, receive: false, ..stream(Codec::Pcma) }, false, false);
    assert_eq!(world.events(), [], "the prompt waits, and hold is no timeout");
    world.order(Command::Start(stream(Codec::Pcma)));
    let after = world.tick().unwrap();
    assert_eq!((after.to, after.marker), (at(SOURCE), true));
    assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 160 * 601);
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    assert_eq!(after.payload, hello.payload(Codec::Pcma, 1).unwrap());
}

#[test]
fn silence_of_the_peer_is_told_once_and_again_after_it_came_back() {
    let mut world = World::with_timeout(Duration::from_secs(10));
    for _ in 0..1_000 {
        world.tick();
    }
    assert_eq!(world.events(), [], "before the stream begins nothing is expected");
    world.order(Command::Start(stream(Codec::Pcma)));
    for tick in 1..=1_000 {
        world.tick();
        assert_eq!(world.events().len(), usize::from(tick == 500), "tick {tick}");
    }
    world.converse(Codec::Pcma, 440.0, 3);
    for tick in 1..=1_000 {
        world.tick();
        let timeouts = world.events().iter().filter(|e| **e == Event::Timeout).count();
        assert_eq!(timeouts, usize::from(tick == 500 - 1), "tick {tick}");
    }
    let mut never = World::started(Codec::Pcma);
    for _ in 0..10_000 {
        never.tick();
    }
    assert_eq!(never.events(), []);
}

#[test]
fn nothing_that_a_network_delivers_panics_and_all_of_it_is_counted() {
    let mut world = World::started(Codec::Pcma);
    world.converse(Codec::Pcma, 440.0, 5);
    let good = world.packet(Codec::Pcma, &[0; FRAME_SAMPLES]);
    for round in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..1 + world.rng.below(6) {
            let place = world.rng.below(bytes.len() as u64) as usize;
            bytes[place] = world.rng.next_u32() as u8;
        }
        bytes.truncate(world.rng.below(bytes.len() as u64 + 1) as usize);
        world.deliver(SOURCE, &bytes);
        world.session.handle_rtcp(world.both_clocks(), at(SOURCE), &bytes);
        if round % 4 == 0 {
            world.tick();
        }
    }
    world.order(Command::Close);
    let Some(Event::Closed { quality, .. }) = world.events().pop() else { panic!("closed") };
    assert!(quality.rejected > 1_000, "{quality:?}");
}
