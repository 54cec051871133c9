//! Mutated torture messages and generated ones: reading never panics, and what is read is
//! written so that it reads the same.

use proptest::prelude::*;
use ringback::base::Rng;
use ringback::sip::message::{parse, refusal};
use ringback::sip::{Message, Method, NameAddr, Request, Response, Uri, header};

use crate::torture::{ABILITIES, corpus};

/// Mutants in an ordinary run; `RINGBACK_MUTANTS` asks for more.
const MUTANTS: u64 = 20_000;

/// Pieces that parsers stumble over.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n ",
    b"\r\n\r\n",
    b"\0",
    b"\"",
    b"\\",
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"@",
    b"%",
    b"%4",
    b"=",
    b"?",
    b"[",
    b"]",
    b"[::1]",
    b"\xFF",
    b"\xE5\xBC",
    b" ",
    b"\t",
    b"SIP/2.0",
    b"99999999999999999999",
    b"-1",
    b"Via: ",
    b"Content-Length: ",
    b"l:9",
    b"tel:",
    b"sips:",
    b"z9hG4bK",
    b"*",
];

fn mutant(rng: &mut Rng, messages: &[&[u8]]) -> Vec<u8> {
    let pick = |rng: &mut Rng, len: usize| rng.below(len as u64) as usize;
    let mut bytes = messages[pick(rng, messages.len())].to_vec();
    for _ in 0..=rng.below(6) {
        let at = pick(rng, bytes.len().max(1)).min(bytes.len());
        let end = (at + pick(rng, 12)).min(bytes.len());
        match rng.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, PIECES[pick(rng, PIECES.len())].iter().copied())),
            3 => drop(bytes.splice(at..end, PIECES[pick(rng, PIECES.len())].iter().copied())),
            4 => {
                let other = messages[pick(rng, messages.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[pick(rng, other.len())..]);
            }
            _ => {
                let again = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, again));
            }
        }
    }
    bytes
}

/// Everything a call asks of a message.
fn read_all(message: &Message) {
    let headers = message.headers();
    let _ =
        (headers.via(), headers.from(), headers.to(), headers.cseq(), headers.contacts(), headers.route());
    let _ =
        (headers.record_route(), headers.rseq(), headers.rack(), headers.session_expires(), headers.min_se());
    let _ = (headers.retry_after(), headers.expires(), headers.max_forwards(), headers.reasons());
    let _ = (headers.content_type(), headers.list(header::SUPPORTED).count());
    if let Message::Request(request) = message {
        let _ = refusal(request, &ABILITIES);
        let _ = request.uri.user_unescaped();
    }
}

#[test]
fn mutated_messages_never_panic_and_survive_a_round_trip() {
    let rounds = std::env::var("RINGBACK_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTANTS);
    let messages: Vec<_> = corpus().collect();
    let mut rng = Rng::seeded(4_475);
    let mut read = 0u64;
    for round in 0..rounds {
        let bytes = mutant(&mut rng, &messages);
        match parse(&bytes) {
            Ok(message) => {
                read += 1;
                read_all(&message);
                let written = message.to_bytes();
                let again = parse(&written);
                assert_eq!(again.as_ref(), Ok(&message), "round {round}: {}", bytes.escape_ascii());
            }
            Err(error) => {
                if let Some(reply) = error.reply {
                    read_all(&Message::Response(*reply));
                }
            }
        }
    }
    assert!(read > rounds / 20, "the mutants are not all refused: {read} of {rounds}");
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,12}"
}

fn uri() -> impl Strategy<Value = Uri> {
    let host = prop_oneof![
        "[a-z][a-z0-9]{0,8}\\.example",
        Just("192.0.2.7".to_owned()),
        Just("2001:db8::7".to_owned())
    ];
    (".{0,10}", host, proptest::option::of(1u16..), proptest::option::of("[a-z0-9]{1,6}")).prop_map(
        |(user, host, port, param)| {
            let mut uri = Uri::sip(&user, &host, port);
            if let Some(value) = param {
                uri.params.set("x", &value);
            }
            uri
        },
    )
}

fn address() -> impl Strategy<Value = NameAddr> {
    (proptest::option::of("[^\r\n\0]{1,12}"), uri(), token()).prop_map(|(display, uri, tag)| {
        NameAddr::new(uri).with_display(display.as_deref().unwrap_or_default()).with_tag(&tag)
    })
}

fn request() -> impl Strategy<Value = Request> {
    let fields = proptest::collection::vec((token(), "[^\r\n]{0,20}"), 0..6);
    let body = proptest::collection::vec(any::<u8>(), 0..64);
    (token(), uri(), address(), address(), fields, body, 0u32..1 << 31).prop_map(
        |(method, uri, from, to, fields, body, number)| {
            let method = Method::from(method.as_str());
            let mut request = Request::new(method.clone(), uri);
            let headers = &mut request.headers;
            headers.push(header::VIA, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport");
            headers.push(header::FROM, &from);
            headers.push(header::TO, &to);
            headers.push(header::CALL_ID, "generated@example");
            headers.push(header::CSEQ, ringback::sip::CSeq { number, method });
            for (name, value) in fields {
                headers.push(format!("X-{name}"), value);
            }
            request.body = body;
            request
        },
    )
}

proptest! {
    #[test]
    fn a_generated_request_reads_as_it_was_written(request in request()) {
        let message = Message::Request(request);
        prop_assert_eq!(parse(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn an_address_reads_as_it_was_written(address in address()) {
        prop_assert_eq!(NameAddr::parse(&address.to_string()), Some(address));
    }

    #[test]
    fn a_response_to_a_generated_request_reads_as_it_was_written(request in request(), status in 100u16..700) {
        let response: Response = request.respond(status, Some("mine"));
        let message = Message::Response(response);
        prop_assert_eq!(parse(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let mut start = b"INVITE sip:a@b SIP/2.0\r\nVia: ".to_vec();
        start.extend_from_slice(&bytes);
        let _ = parse(&start);
    }
}
