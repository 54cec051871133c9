//! RTCP in both directions, and SRTP around both protocols.

use super::*;
use crate::media::rtcp::{self, RtcpSession};
use crate::media::rtp::Source;
use crate::media::srtp::{SrtpReceiver, SrtpSender};
use crate::media::{Control, SrtpKeys, SrtpPair, SrtpProfile};

const CONTROL: &str = "198.51.100.7:40101";

fn keys(seed: u8) -> SrtpKeys {
    SrtpKeys { profile: SrtpProfile::Aes128CmSha1_80, key: [seed; 16], salt: [seed ^ 0x55; 14] }
}

fn secured(local: u8, remote: u8) -> Stream {
    let pair = SrtpPair { local: keys(local), remote: keys(remote) };
    Stream { srtp: Some(Box::new(pair)), ..stream(Codec::Pcma) }
}

#[test]
fn both_sides_report_and_the_end_carries_what_they_said() {
    let mut world = World::started(Codec::Pcma);
    let mut peer_reports = RtcpSession::new(world.now, &mut world.rng.clone());
    let mut peer_source = Source::default();
    let (mut sent, mut round_trip) = (Vec::new(), Vec::new());
    let speech = sine(440.0, 8_000.0, FRAME_SAMPLES);
    for tick in 0..3_000u64 {
        let bytes = world.packet(Codec::Pcma, &speech);
        // One packet in a hundred of the peer is lost; so is one in fifty of ours.
        if tick % 100 != 50 {
            world.deliver(SOURCE, &bytes);
        }
        world.tick();
        let now = world.both_clocks();
        if let Some((_, bytes)) = world.out.rtp().filter(|_| tick % 50 != 25) {
            peer_source.accept(world.now, &Packet::parse(bytes).unwrap(), true);
        }
        if let Some((to, bytes)) = world.out.rtcp() {
            assert_eq!(to, at(CONTROL));
            let report = peer_reports.handle_packet(now, bytes, &world.peer).unwrap();
            sent.push((tick, report));
        }
        let mut out = [0; 200];
        let peer = &world.peer;
        let due = peer_reports.poll_report(now, peer, &mut peer_source, &mut world.rng, &mut out);
        if let Some(len) = due {
            // The report needs 60 ms to come.
            round_trip.push((tick + 3, out[..len].to_vec()));
        }
        round_trip.retain(|(due, bytes)| {
            let here = *due <= tick;
            if here {
                world.session.handle_rtcp(now, at(CONTROL), bytes);
            }
            !here
        });
    }
    assert!((9..=20).contains(&sent.len()), "every 5 s on average: {}", sent.len());
    let last = sent.last().unwrap().1.about_us.unwrap();
    assert!((25..=31).contains(&last.cumulative_lost), "{last:?}");
    world.order(Command::Close);
    world.tick();
    let (_, bye) = world.out.rtcp().expect("the last report");
    assert!(rtcp::parse(bye, world.peer.ssrc()).unwrap().bye);
    world.tick();
    assert!(world.out.rtcp().is_none(), "said once");
    let Some(Event::Closed { quality, .. }) = world.events().pop() else { panic!() };
    assert_eq!((quality.packets_sent, quality.packets_received), (3_000, 2_970));
    assert_eq!((quality.lost, quality.rejected), (30, 0));
    assert!((0.01..0.025).contains(&quality.remote_loss.unwrap()), "{quality:?}");
    assert!((50.0..=70.0).contains(&quality.rtt_ms.unwrap()), "{quality:?}");
    assert!((3.5..4.5).contains(&quality.mos), "{quality:?}");
}

#[test]
fn reports_of_strangers_are_not_heard() {
    let mut world = World::started(Codec::Pcma);
    world.converse(Codec::Pcma, 440.0, 5);
    let mut thief = RtcpSession::new(Mono(0), &mut Rng::seeded(5));
    let mut out = [0; 200];
    let len = thief.bye(world.both_clocks(), &world.peer, &mut Source::default(), &mut out);
    let before = world.session.foreign();
    world.session.handle_rtcp(world.both_clocks(), at("203.0.113.66:40101"), &out[..len]);
    assert_eq!(world.session.foreign(), before + 1);
    assert!(!world.session.reports.peer_left());
    world.session.handle_rtcp(world.both_clocks(), at(CONTROL), &out[..len]);
    assert!(world.session.reports.peer_left());
}

#[test]
fn a_secured_stream_is_protected_both_ways_and_takes_nothing_else() {
    let mut world = World::new();
    world.order(Command::Start(secured(1, 2)));
    let mut seal = SrtpSender::new(&keys(2)).unwrap();
    let mut open = SrtpReceiver::new(&keys(1)).unwrap();
    let hello = prompt("hello", 700.0, 200);
    world.play(1, &[&hello], false);
    let speech = sine(440.0, 8_000.0, 200 * FRAME_SAMPLES);
    let mut heard = Vec::new();
    let mut reports = 0;
    for (n, frame) in speech.chunks(FRAME_SAMPLES).enumerate() {
        let plain = world.packet(Codec::Pcma, frame);
        let sealed = seal.protect(&plain).unwrap();
        world.deliver(SOURCE, &plain);
        world.deliver(SOURCE, &sealed);
        world.deliver(SOURCE, &sealed);
        if n == 100 {
            // The same SDP again, as a session refresh brings it, keeps the state.
            world.order(Command::Start(secured(1, 2)));
            world.order(Command::Start(Stream { send: true, payload_type: 8, ..secured(1, 2) }));
        }
        world.now = world.now + TICK;
        let now = world.both_clocks();
        world.session.tick(now, &mut world.out);
        let (_, bytes) = world.out.rtp().unwrap();
        let opened = open.unprotect(bytes).unwrap();
        let payload = Packet::parse(&opened).unwrap().payload.to_vec();
        assert_eq!(payload, hello.payload(Codec::Pcma, n).unwrap());
        if let Some((_, bytes)) = world.out.rtcp() {
            reports += 1;
            rtcp::parse(&open.unprotect_rtcp(bytes).unwrap(), world.peer.ssrc()).unwrap();
        }
        heard.extend(world.out.tap.right);
    }
    assert!(is_tone(&heard[3_200..], 440.0));
    assert!(reports >= 1, "a report within 4 s");
    world.order(Command::Close);
    world.collect();
    let Some(Event::Closed { quality, .. }) = world.events().pop() else { panic!() };
    assert_eq!(quality.packets_received, 200);
    assert_eq!(quality.rejected, 400, "plain ones and replays");
}

#[test]
fn new_keys_in_a_new_sdp_are_used_at_once() {
    let mut world = World::new();
    world.order(Command::Start(secured(1, 2)));
    let mut old = SrtpSender::new(&keys(2)).unwrap();
    let first = world.packet(Codec::Pcma, &[0; FRAME_SAMPLES]);
    world.deliver(SOURCE, &old.protect(&first).unwrap());
    assert_eq!(world.events(), [Event::FirstPacket]);
    world.order(Command::Start(secured(3, 4)));
    world.now = world.now + TICK;
    world.session.tick(world.both_clocks(), &mut world.out);
    let (_, bytes) = world.out.rtp().unwrap();
    assert!(SrtpReceiver::new(&keys(1)).unwrap().unprotect(bytes).is_err());
    assert!(SrtpReceiver::new(&keys(3)).unwrap().unprotect(bytes).is_ok());
}

/// Where the reports of a minute go, and whether from the RTP port, with the peer at `source`.
fn reports_to(control: Control, source: &str) -> Vec<(SocketAddr, bool)> {
    let mut world = World::new();
    world.order(Command::Start(Stream { control, ..stream(Codec::Pcma) }));
    let mut found = Vec::new();
    for _ in 0..3_000 {
        world.speak(source, Codec::Pcma, &[0; FRAME_SAMPLES]);
        world.tick();
        found.extend(world.out.rtcp().map(|(to, _)| (to, world.out.is_muxed())));
    }
    found.dedup();
    found
}

#[test]
fn reports_go_to_the_next_port_to_that_of_a_rtcp_or_to_rtp_itself() {
    let elsewhere = Control::At(at("192.0.2.9:5000"));
    for (control, source, expect) in [
        (Control::NextPort, SIGNALLED, ("192.0.2.1:4001", false)),
        (elsewhere, SIGNALLED, ("192.0.2.9:5000", false)),
        // Behind NAT what the SDP says is wrong.
        (elsewhere, SOURCE, (CONTROL, false)),
        (Control::Mux, SIGNALLED, (SIGNALLED, true)),
        (Control::Mux, SOURCE, (SOURCE, true)),
    ] {
        assert_eq!(reports_to(control, source), [(at(expect.0), expect.1)], "{control:?} from {source}");
    }
}

#[test]
fn rtcp_is_told_from_rtp_only_where_both_share_a_port() {
    let mut world = World::new();
    let report = [0x81, 200, 0, 0];
    let marked_audio = [0x80, 0x80 | 8, 0, 0];
    for (control, expect) in [(Control::NextPort, false), (Control::Mux, true)] {
        world.order(Command::Start(Stream { control, ..stream(Codec::Pcma) }));
        assert_eq!(world.session.is_control(&report), expect);
        assert!(!world.session.is_control(&marked_audio) && !world.session.is_control(&[]));
    }
    // A host that a=rtcp named is heard; a stranger is not.
    let mut world = World::new();
    world.order(Command::Start(Stream { control: Control::At(at("192.0.2.9:5000")), ..stream(Codec::Pcma) }));
    let now = world.both_clocks();
    let before = world.session.foreign();
    world.session.handle_rtcp(now, at("192.0.2.9:5000"), &report);
    assert_eq!(world.session.foreign(), before);
    world.session.handle_rtcp(now, at("192.0.2.66:5000"), &report);
    assert_eq!(world.session.foreign(), before + 1);
}
