use super::*;
use crate::media::SrtpProfile;

fn rng() -> Rng {
    Rng::seeded(3264)
}

fn side(srtp: Srtp, codecs: &[Codec]) -> Negotiation {
    let address = "198.51.100.1:40000".parse().unwrap();
    Negotiation::new(capabilities(srtp, codecs, address), &mut rng())
}

fn capabilities(srtp: Srtp, codecs: &[Codec], address: SocketAddr) -> Capabilities {
    Capabilities { codecs: codecs.to_vec(), telephone_event: true, srtp, rtcp_mux: false, address }
}

/// Offers RTCP on the RTP port.
fn muxing() -> Negotiation {
    let address = "198.51.100.1:40000".parse().unwrap();
    let capabilities = Capabilities { rtcp_mux: true, ..capabilities(Srtp::Off, &BOTH, address) };
    Negotiation::new(capabilities, &mut rng())
}

const BOTH: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

fn plain() -> Negotiation {
    side(Srtp::Off, &BOTH)
}

fn remote(media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}")
}

fn version(text: &str) -> u64 {
    let origin = text.lines().find(|line| line.starts_with("o=")).unwrap();
    origin.split(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn an_offer_lists_what_we_can_do() {
    let text = plain().offer(Direction::SendRecv, &mut rng());
    let media: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("c=")).collect();
    assert_eq!(
        media,
        [
            "c=IN IP4 198.51.100.1",
            "t=0 0",
            "m=audio 40000 RTP/AVP 8 0 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            "a=maxptime:60",
            "a=sendrecv",
        ]
    );
    assert!(!side(Srtp::Required, &BOTH).offer(Direction::SendRecv, &mut rng()).contains("RTP/AVP"));
}

#[test]
fn offers_are_answered_with_one_codec_in_the_offerers_order() {
    fn check(media: &str, expect: &str, stream: (Codec, u8, Option<u8>)) {
        let (text, got) =
            plain().answer(remote(media).as_bytes(), &mut rng()).unwrap_or_else(|e| panic!("{media}: {e}"));
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(lines.join(" | "), expect, "{media}");
        assert_eq!((got.codec, got.payload_type, got.event_payload_type), stream, "{media}");
        assert_eq!(got.receive_payload_type, got.payload_type);
    }
    check("m=audio 4000 RTP/AVP 0 8\r\n", "m=audio 40000 RTP/AVP 0", (Codec::Pcmu, 0, None));
    check(
        "m=audio 4000 RTP/AVP 18 300 9 8 96\r\na=rtpmap:96 telephone-event/8000\r\n",
        "m=audio 40000 RTP/AVP 8 96",
        (Codec::Pcma, 8, Some(96)),
    );
    check(
        "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 PCMA/8000\r\n",
        "m=audio 40000 RTP/AVP 97",
        (Codec::Pcma, 97, None),
    );
    check(
        "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/48000\r\nm=audio 4002 RTP/AVP 8\r\n",
        "m=video 0 RTP/AVP 31 | m=audio 40000 RTP/AVP 8 | m=audio 0 RTP/AVP 8",
        (Codec::Pcma, 8, None),
    );
}

/// Requirement 18 of reliability: an error with 488 or 400, never a panic.
#[test]
fn offers_nobody_can_serve_are_refused() {
    fn check(text: &str, srtp: Srtp, expect: u16) {
        let result = side(srtp, &BOTH).answer(text.as_bytes(), &mut rng());
        assert_eq!(result.map_err(|e| e.status()), Err(expect), "{text}");
    }
    check(&remote("m=audio 0 RTP/AVP 8\r\n"), Srtp::Off, 488);
    check(&remote("m=video 5000 RTP/AVP 31\r\n"), Srtp::Off, 488);
    check(&remote(""), Srtp::Off, 488);
    check(&remote("m=audio 4000 RTP/AVP 18\r\n"), Srtp::Off, 488);
    check(&remote("m=audio 4000 RTP/AVP 300\r\n"), Srtp::Off, 488);
    check(&remote("m=audio 4000 UDP/TLS/RTP/SAVPF 8\r\n"), Srtp::Off, 488);
    check(&remote("m=audio 4000 RTP/SAVP 8\r\n"), Srtp::Off, 488);
    check(&remote("m=audio 4000 RTP/SAVP 8\r\n"), Srtp::Preferred, 488);
    check(&remote("m=audio 4000 RTP/AVP 8\r\n"), Srtp::Required, 488);
    check(&remote("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 224.0.0.1\r\n"), Srtp::Off, 488);
    check(&remote("m=audio 70000 RTP/AVP 8\r\n"), Srtp::Off, 400);
    check(&remote(&"m=audio 4000 RTP/AVP 8\r\n".repeat(1_000)), Srtp::Off, 400);
    check("", Srtp::Off, 400);
}

#[test]
fn hold_and_resume_change_the_directions_and_nothing_else() {
    let mut us = plain();
    let mut versions = Vec::new();
    let mut check = |more: &str, expect: &str, send: bool, receive: bool, sent_to: bool| {
        let (text, stream) =
            us.answer(remote(&format!("m=audio 4000 RTP/AVP 8\r\n{more}")).as_bytes(), &mut rng()).unwrap();
        assert!(text.ends_with(&format!("a={expect}\r\n")), "{more}: {text}");
        assert_eq!(
            (stream.send, stream.receive, stream.remote.is_some()),
            (send, receive, sent_to),
            "{more}"
        );
        versions.push(version(&text));
    };
    check("", "sendrecv", true, true, true);
    check("a=sendonly\r\n", "recvonly", false, true, true);
    check("a=sendonly\r\n", "recvonly", false, true, true);
    check("a=inactive\r\n", "inactive", false, false, true);
    check("a=recvonly\r\n", "sendonly", true, false, true);
    check("c=IN IP4 0.0.0.0\r\n", "recvonly", false, true, false);
    check("", "sendrecv", true, true, true);
    let steps: Vec<u64> = versions.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(steps, [1, 0, 1, 1, 1, 1], "the version grows only where the description changed");
}

#[test]
fn our_own_hold_stays_while_the_peer_offers() {
    let (mut us, mut peer) = (plain(), plain());
    let hold = us.offer(Direction::SendOnly, &mut rng());
    let (answer, theirs) = peer.answer(hold.as_bytes(), &mut rng()).unwrap();
    let stream = us.accept(answer.as_bytes()).unwrap();
    assert_eq!((stream.send, stream.receive), (true, false));
    assert_eq!((theirs.send, theirs.receive), (false, true));
    let (text, stream) = us.answer(remote("m=audio 4000 RTP/AVP 8\r\n").as_bytes(), &mut rng()).unwrap();
    assert!(text.contains("a=sendonly") && stream.send && !stream.receive);
}

#[test]
fn answers_may_number_their_payloads_differently() {
    let mut us = side(Srtp::Off, &[Codec::Pcma, Codec::G722]);
    us.offer(Direction::SendRecv, &mut rng());
    let answer = remote(
        "m=audio 4000 RTP/AVP 110 96\r\na=rtpmap:110 G722/8000\r\na=rtpmap:96 telephone-event/8000\r\n",
    );
    let stream = us.accept(answer.as_bytes()).unwrap();
    assert_eq!((stream.codec, stream.payload_type, stream.receive_payload_type), (Codec::G722, 110, 9));
    assert_eq!(stream.event_payload_type, Some(101), "towards us our own number holds");
    assert_eq!(stream.remote, Some("192.0.2.1:4000".parse().unwrap()));
}

#[test]
fn answers_that_take_nothing_are_errors_and_a_refused_offer_changes_nothing() {
    let mut us = plain();
    assert_eq!(us.accept(remote("m=audio 4000 RTP/AVP 8\r\n").as_bytes()), Err(NotAcceptable::NoOffer));
    us.offer(Direction::SendRecv, &mut rng());
    for media in [
        "m=audio 0 RTP/AVP 8\r\n",
        "m=audio 4000 RTP/AVP 9\r\n",
        "",
        "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 host.example\r\n",
    ] {
        assert!(us.accept(remote(media).as_bytes()).is_err(), "{media}");
    }
    assert!(us.accept(remote("m=audio 4000 RTP/AVP 8\r\n").as_bytes()).is_ok(), "the offer is still open");
    us.offer(Direction::Inactive, &mut rng());
    us.withdraw();
    let (_, stream) = us.answer(remote("m=audio 4000 RTP/AVP 8\r\n").as_bytes(), &mut rng()).unwrap();
    assert!(stream.send && stream.receive);
}

#[test]
fn an_early_answer_a_fork_and_the_final_one_are_all_taken() {
    let mut us = plain();
    us.offer(Direction::SendRecv, &mut rng());
    for port in [4000, 4002, 4000] {
        let stream = us.accept(remote(&format!("m=audio {port} RTP/AVP 8\r\n")).as_bytes()).unwrap();
        assert_eq!(stream.remote.map(|r| r.port()), Some(port));
    }
}

#[test]
fn our_later_offers_keep_every_line_and_number_of_the_call() {
    let mut us = plain();
    let offer = remote(
        "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\n",
    );
    us.answer(offer.as_bytes(), &mut rng()).unwrap();
    let text = us.offer(Direction::SendRecv, &mut rng());
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=video 0 RTP/AVP 31", "m=audio 40000 RTP/AVP 8 0 96"]);
}

/// Both sides by this code: their keys must cross.
#[test]
fn srtp_is_agreed_or_refused_as_both_sides_wish() {
    fn check(offerer: Srtp, answerer: Srtp, expect: Option<bool>) {
        let (mut a, mut b) = (side(offerer, &BOTH), side(answerer, &BOTH));
        let offer = a.offer(Direction::SendRecv, &mut Rng::seeded(1));
        let answered = b.answer(offer.as_bytes(), &mut Rng::seeded(2));
        assert_eq!(answered.is_ok(), expect.is_some(), "{offerer:?} {answerer:?}");
        let Ok((answer, theirs)) = answered else { return };
        let ours = a.accept(answer.as_bytes()).unwrap();
        assert_eq!(ours.srtp.is_some(), expect == Some(true), "{offerer:?} {answerer:?}");
        match (ours.srtp, theirs.srtp) {
            (Some(ours), Some(theirs)) => {
                assert_eq!((&ours.local, &ours.remote), (&theirs.remote, &theirs.local));
                assert_ne!(ours.local, ours.remote);
                assert_eq!(ours.local.profile, SrtpProfile::Aes128CmSha1_80);
            }
            (None, None) => {}
            other => panic!("one side encrypts: {other:?}"),
        }
    }
    use Srtp::{Off, Preferred, Required};
    check(Off, Off, Some(false));
    check(Off, Preferred, Some(false));
    check(Off, Required, None);
    check(Preferred, Off, Some(false));
    check(Preferred, Preferred, Some(true));
    check(Preferred, Required, Some(true));
    check(Required, Off, None);
    check(Required, Preferred, Some(true));
    check(Required, Required, Some(true));
}

/// A peer that refuses RTP/AVP even with keys is asked again with the same keys.
#[test]
fn a_preference_for_srtp_has_a_second_offer_and_takes_the_answer_to_either() {
    for srtp in [Srtp::Off, Srtp::Required] {
        let mut us = side(srtp, &BOTH);
        us.offer(Direction::SendRecv, &mut rng());
        assert_eq!(us.offer_secured(), None, "{srtp:?}");
    }
    let mut us = side(Srtp::Preferred, &BOTH);
    assert_eq!(us.offer_secured(), None, "nothing is open");
    let first = us.offer(Direction::SendRecv, &mut rng());
    let second = us.offer_secured().unwrap();
    assert!(
        first.contains("m=audio 40000 RTP/AVP 8 0 101") && second.contains("m=audio 40000 RTP/SAVP 8 0 101")
    );
    let keys = |text: &str| {
        text.lines().filter(|l| l.starts_with("a=crypto")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!((keys(&first), keys(&first).len(), version(&second)), (keys(&second), 2, version(&first) + 1));

    let (answer, theirs) =
        side(Srtp::Required, &BOTH).answer(second.as_bytes(), &mut Rng::seeded(2)).unwrap();
    let ours = us.clone().accept(answer.as_bytes()).unwrap();
    assert_eq!(ours.srtp.as_ref().map(|keys| &keys.local), theirs.srtp.as_ref().map(|keys| &keys.remote));
    let plain = us.clone().accept(remote("m=audio 4000 RTP/AVP 8\r\n").as_bytes()).unwrap();
    assert!(plain.srtp.is_none());
    us.accept(answer.as_bytes()).unwrap();
    let later = us.offer(Direction::SendOnly, &mut rng());
    assert!(later.contains("RTP/SAVP"), "the transport of a call stays: {later}");
    assert_eq!(version(&later), version(&second) + 1);
}

#[test]
fn an_answer_without_keys_or_with_foreign_ones_is_refused_where_srtp_is_required() {
    let mut us = side(Srtp::Required, &BOTH);
    us.offer(Direction::SendRecv, &mut rng());
    let key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    for (line, expect) in [
        ("m=audio 4000 RTP/SAVP 8\r\n".to_owned(), false),
        ("m=audio 4000 RTP/AVP 8\r\n".to_owned(), false),
        (format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:9 AES_CM_128_HMAC_SHA1_80 {key}\r\n"), false),
        (format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 {key}\r\n"), false),
        (format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:2 AES_CM_128_HMAC_SHA1_32 {key}\r\n"), true),
    ] {
        assert_eq!(us.accept(remote(&line).as_bytes()).is_ok(), expect, "{line}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_negotiation_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
                                         cut in 0usize..400, flip in 0usize..400) {
        let mut us = side(Srtp::Preferred, &BOTH);
        let _ = us.answer(&bytes, &mut rng());
        let mut text = side(Srtp::Preferred, &BOTH).offer(Direction::SendRecv, &mut rng()).into_bytes();
        let at = flip % text.len();
        text[at] = bytes.first().copied().unwrap_or(b'=');
        text.truncate(cut.max(1));
        let _ = us.answer(&text, &mut rng());
        us.offer(Direction::SendRecv, &mut rng());
        let _ = us.accept(&text);
    }
}

#[test]
fn rtcp_goes_where_the_peer_says() {
    fn check(lines: &str, expect: Control) {
        let media = format!("m=audio 4000 RTP/AVP 8\r\n{lines}");
        let (text, answered) = plain().answer(remote(&media).as_bytes(), &mut rng()).unwrap();
        assert_eq!(answered.control, expect, "{lines}");
        assert_eq!(text.contains("a=rtcp-mux"), expect == Control::Mux, "{lines}");
        let mut offerer = muxing();
        assert!(offerer.offer(Direction::SendRecv, &mut rng()).contains("a=rtcp-mux\r\n"));
        assert_eq!(offerer.accept(remote(&media).as_bytes()).unwrap().control, expect, "{lines}");
    }
    let at = |text: &str| Control::At(text.parse().unwrap());
    check("", Control::NextPort);
    check("a=rtcp:4007\r\n", at("192.0.2.1:4007"));
    check("a=rtcp:4007 IN IP4 192.0.2.9\r\n", at("192.0.2.9:4007"));
    check("a=rtcp:4007 IN IP6 2001:db8::9\r\n", at("[2001:db8::9]:4007"));
    check("a=rtcp-mux\r\n", Control::Mux);
    check("a=rtcp:4000\r\na=rtcp-mux\r\n", Control::Mux);
    for nonsense in
        ["0", "x", "", "70000", "4007 IN IP4 host", "4007 IN IP4 0.0.0.0", "4007 IN IP4 224.0.0.1"]
    {
        check(&format!("a=rtcp:{nonsense}\r\n"), Control::NextPort);
    }
}

#[test]
fn a_peer_without_rtcp_mux_is_not_troubled_by_it() {
    let offer = plain().offer(Direction::SendRecv, &mut rng());
    assert!(!offer.contains("rtcp"), "nothing is offered unless the trunk wants it");
    let mut offerer = plain();
    offerer.offer(Direction::SendRecv, &mut rng());
    let answer = remote("m=audio 4000 RTP/AVP 8\r\na=rtcp-mux\r\n");
    assert_eq!(offerer.accept(answer.as_bytes()).unwrap().control, Control::NextPort, "an answer to nothing");
}
