//! What signalling brings: messages, URIs, header fields, session descriptions, challenges.

use ringback::base::{Mono, Rng};
use ringback::media::Codec;
use ringback::sip::digest::{Algorithm, Challenge, ClientAuth, Response, ServerAuth};
use ringback::sip::header::split_list;
use ringback::sip::message::{Frame, MAX_MESSAGE, StreamFramer, parse};
use ringback::sip::offer::{Capabilities, Negotiation};
use ringback::sip::sdp::{self, Direction, MAX_MEDIA};
use ringback::sip::{Message, Method, NameAddr, Request, Srtp, Uri, Via};

use super::{INPUTS, fuzz, fuzz_text};
use crate::torture::corpus;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 0 9 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
const SECURE: &str = "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\nc=IN IP6 2001:db8::1\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20|1:4\r\nm=video 0 RTP/AVP 31\r\n";

#[test]
fn a_datagram_is_read_whole_or_refused_and_written_so_that_it_reads_the_same() {
    let examples: Vec<&[u8]> = corpus().collect();
    fuzz(INPUTS, &examples, |bytes| match parse(bytes) {
        Ok(message) => assert_eq!(parse(&message.to_bytes()).as_ref(), Ok(&message)),
        // A refusal carries the way back and not what was refused.
        Err(error) => {
            if let Some(reply) = error.reply {
                let reply = Message::Response(*reply).to_bytes();
                assert!(reply.len() <= bytes.len() + 1_024, "{} of {}", reply.len(), bytes.len());
            }
        }
    });
}

#[test]
fn a_stream_gives_the_same_messages_however_it_is_cut() {
    let examples: Vec<&[u8]> = corpus().collect();
    let frames = |bytes: &[u8], step: usize| {
        let (mut framer, mut frames) = (StreamFramer::new(), Vec::new());
        for part in bytes.chunks(step) {
            framer.handle_bytes(part);
            loop {
                match framer.poll_frame() {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(_) => {
                        assert!(framer.take_rest().len() <= MAX_MESSAGE);
                        return frames;
                    }
                }
            }
        }
        frames
    };
    fuzz(INPUTS, &examples, |bytes| {
        let messages = |frames: Vec<Frame>| {
            let messages = frames.into_iter().filter_map(|f| match f {
                Frame::Message(m) => Some(m),
                Frame::Ping => None,
            });
            messages.collect::<Vec<_>>()
        };
        let (whole, cut) = (messages(frames(bytes, 70_000)), messages(frames(bytes, 7)));
        assert_eq!(whole, cut);
    });
}

#[test]
fn addresses_and_vias_read_as_they_were_written() {
    let examples = [
        "sip:alice:secret@atlanta.example;transport=tcp;lr?subject=x&to=y",
        "sips:+86%20138@[2001:db8::1]:5061;user=phone",
        "tel:+8613800138000;ext=12",
        "\"A. G. \\\"Bell\\\"\" <sip:agb@bell.example;x=1>;tag=77;q=0.7",
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=5060;received=192.0.2.2",
        "Digest realm=\"a\", nonce=\"b\"",
    ];
    fuzz_text(INPUTS, &examples, |text| {
        if let Ok(uri) = Uri::parse(text) {
            assert_eq!(Uri::parse(&uri.to_string()).as_ref(), Ok(&uri));
        }
        if let Some(address) = NameAddr::parse(text) {
            // A header field reaches this reader as one line.
            if !text.contains(char::is_control) {
                assert_eq!(NameAddr::parse(&address.to_string()).as_ref(), Some(&address));
            }
        }
        if let Some(via) = Via::parse(text) {
            assert_eq!(Via::parse(&via.to_string()).as_ref(), Some(&via));
        }
        let listed: usize = split_list(text).map(str::len).sum();
        assert!(listed <= text.len());
    });
}

#[test]
fn a_session_description_is_answered_or_refused_within_its_limits() {
    fuzz(INPUTS, &[OFFER.as_bytes(), SECURE.as_bytes()], |bytes| {
        if let Ok(lines) = sdp::read(bytes) {
            assert!(lines.len() <= MAX_MEDIA);
        }
        let capabilities = Capabilities {
            codecs: vec![Codec::G722, Codec::Pcma, Codec::Pcmu],
            telephone_event: true,
            srtp: Srtp::Preferred,
            rtcp_mux: true,
            address: "192.0.2.9:4000".parse().expect("an address"),
        };
        let mut rng = Rng::seeded(1);
        let mut ours = Negotiation::new(capabilities.clone(), &mut rng);
        if let Ok((answer, stream)) = ours.answer(bytes, &mut rng) {
            let lines = sdp::read(answer.as_bytes()).expect("we read what we write");
            // Each line of the offer has its answer, in order (RFC 3264 section 6).
            assert_eq!(lines.len(), sdp::read(bytes).expect("it was answered").len());
            assert!(stream.payload_type < 128 && stream.receive_payload_type < 128);
        }
        let mut asked = Negotiation::new(capabilities, &mut rng);
        asked.offer(Direction::SendRecv, &mut rng);
        let _ = asked.accept(bytes);
    });
}

#[test]
fn a_challenge_is_answered_at_most_twice_and_a_forged_answer_never_passes() {
    let examples = [
        "Digest realm=\"a.example\", nonce=\"abc\", opaque=\"x\", stale=true, algorithm=SHA-256, qop=\"auth,auth-int\"",
        "Digest realm=\"\\\"\", nonce=\"\", algorithm=MD5",
        "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\", qop=auth, nc=00000001, cnonce=\"c\"",
    ];
    fuzz_text(INPUTS, &examples, |text| {
        let mut rng = Rng::seeded(2);
        if let Some(challenge) = Challenge::parse(text) {
            // A header field reaches this reader as one line; what is written never breaks it.
            let written = challenge.to_string();
            assert!(!written.contains(['\r', '\n']), "{written:?}");
            if !text.contains(char::is_control) {
                assert_eq!(Challenge::parse(&written).as_ref(), Some(&challenge));
            }
            let mut request = Request::new(Method::REGISTER, Uri::parse("sip:a.example").expect("a URI"));
            let mut auth = ClientAuth::new("u", "p", None);
            let mut response = request.respond(401, None);
            response.headers.push("WWW-Authenticate", text.to_owned());
            let mut answered = 0;
            while auth.handle_challenge(&response).is_ok() {
                auth.apply(&mut request, &mut rng);
                answered += 1;
                assert!(answered <= 2);
            }
        }
        if let Some(answer) = Response::parse(text) {
            let mut server = ServerAuth::new("r", &mut rng);
            let secret = Algorithm::Md5.secret("u", "r", "p");
            let verdict = server.check(Mono(1), "a", &Method::REGISTER, &answer, &secret);
            assert_eq!(verdict, ringback::sip::digest::Verdict::Refused);
        }
    });
}
