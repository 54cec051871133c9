//! The 49 messages of RFC 4475, byte for byte where the RFC prints them so (`multi01` has
//! its length mended, so that only the repeated fields are wrong with it).

use ringback::sip::message::{Abilities, Frame, ParseError, StreamFramer, parse, refusal};
use ringback::sip::{Message, Method, Request, Uri, header};

/// What the RFC asks of a user agent server.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expect {
    /// A request that is read and served.
    Request,
    /// A response that is read.
    Response(u16),
    /// A request that is read, then refused before any call.
    Refused(u16),
    /// Bytes that are answered with this status.
    Bad(u16),
    /// Bytes that are dropped.
    Dropped,
}

use Expect::{Bad, Dropped, Refused, Response};

/// What the server of these tests understands.
pub const ABILITIES: Abilities<'_> = Abilities {
    methods: &["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "PRACK", "REGISTER"],
    extensions: &["100rel", "timer"],
    bodies: &["application/sdp"],
};

macro_rules! messages {
    ($($name:ident $expect:expr, $section:literal;)*) => {
        const MESSAGES: &[(&str, Expect, &str, &[u8])] = &[$((
            stringify!($name), $expect, $section,
            include_bytes!(concat!("fixtures/torture/", stringify!($name), ".sip")),
        ),)*];
    };
}

messages! {
    wsinv Expect::Request, "3.1.1.1";
    intmeth Refused(501), "3.1.1.2";
    esc01 Expect::Request, "3.1.1.3";
    escnull Expect::Request, "3.1.1.4";
    esc02 Refused(501), "3.1.1.5";
    lwsdisp Expect::Request, "3.1.1.6";
    longreq Expect::Request, "3.1.1.7";
    dblreq Expect::Request, "3.1.1.8";
    semiuri Expect::Request, "3.1.1.9";
    transports Expect::Request, "3.1.1.10";
    mpart01 Refused(405), "3.1.1.11";
    unreason Response(200), "3.1.1.12";
    noreason Response(100), "3.1.1.13";
    badinv01 Bad(400), "3.1.2.1";
    clerr Bad(400), "3.1.2.2";
    ncl Bad(400), "3.1.2.3";
    scalar02 Bad(400), "3.1.2.4";
    scalarlg Dropped, "3.1.2.5";
    quotbal Bad(400), "3.1.2.6";
    ltgtruri Bad(400), "3.1.2.7";
    lwsruri Bad(400), "3.1.2.8";
    lwsstart Bad(400), "3.1.2.9";
    trws Bad(400), "3.1.2.10";
    escruri Bad(400), "3.1.2.11";
    // The RFC leaves it open: Date plays no part in a call, so it is passed over.
    baddate Expect::Request, "3.1.2.12";
    regbadct Bad(400), "3.1.2.13";
    // The RFC lets the spaces inside the brackets be taken away.
    badaspec Expect::Request, "3.1.2.14";
    baddn Bad(400), "3.1.2.15";
    badvers Bad(505), "3.1.2.16";
    mismatch01 Bad(400), "3.1.2.17";
    mismatch02 Bad(400), "3.1.2.18";
    bigcode Dropped, "3.1.2.19";
    badbranch Expect::Request, "3.2.1";
    insuf Bad(400), "3.3.1";
    unkscm Refused(416), "3.3.2";
    novelsc Refused(416), "3.3.3";
    unksm2 Expect::Request, "3.3.4";
    bext01 Refused(420), "3.3.5";
    invut Refused(415), "3.3.6";
    regaut01 Expect::Request, "3.3.7";
    multi01 Bad(400), "3.3.8";
    mcl01 Bad(400), "3.3.9";
    bcast Response(200), "3.3.10";
    zeromf Expect::Request, "3.3.11";
    cparam01 Expect::Request, "3.3.12";
    cparam02 Expect::Request, "3.3.13";
    regescrt Expect::Request, "3.3.14";
    sdp01 Expect::Request, "3.3.15";
    inv2543 Expect::Request, "3.4.1";
}

/// Every message of the corpus, for other tests.
pub fn corpus() -> impl Iterator<Item = &'static [u8]> {
    MESSAGES.iter().map(|(_, _, _, bytes)| *bytes)
}

fn verdict(parsed: &Result<Message, ParseError>) -> Expect {
    match parsed {
        Ok(Message::Response(response)) => Response(response.status),
        Ok(Message::Request(request)) => match refusal(request, &ABILITIES) {
            Some(response) => Refused(response.status),
            None => Expect::Request,
        },
        Err(ParseError { reply: Some(reply), .. }) => Bad(reply.status),
        Err(_) => Dropped,
    }
}

fn request(name: &str) -> Request {
    let (.., bytes) = MESSAGES.iter().find(|(n, ..)| *n == name).expect("a message of this name");
    match parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("{name}: {other:?}"),
    }
}

/// Requirement 17 of reliability: all 49 messages are answered as the RFC says.
#[test]
fn the_49_torture_messages_get_the_answer_rfc_4475_asks_for() {
    assert_eq!(MESSAGES.len(), 49);
    for (name, expect, section, bytes) in MESSAGES {
        let parsed = parse(bytes);
        assert_eq!(verdict(&parsed), *expect, "{name}, RFC 4475 section {section}: {parsed:?}");
    }
}

#[test]
fn the_same_messages_on_a_stream_get_the_same_answers_byte_by_byte() {
    // A response without a length the stream can trust, and lengths that lie, end the
    // stream; a missing one means no body here.
    const LIES: [&str; 4] = ["clerr", "ncl", "mcl01", "inv2543"];
    for (name, expect, section, bytes) in MESSAGES.iter().filter(|(name, ..)| !LIES.contains(name)) {
        let mut framer = StreamFramer::new();
        let mut frames = Vec::new();
        for byte in bytes.iter() {
            framer.handle_bytes(&[*byte]);
            while let Some(frame) = framer.poll_frame().unwrap_or_else(|e| panic!("{name}: {e}")) {
                frames.push(frame);
            }
        }
        let Some(Frame::Message(first)) = frames.first() else { panic!("{name}: no frame") };
        assert_eq!(verdict(&parse(first)), *expect, "{name}, RFC 4475 section {section}");
        assert_eq!(frames.len(), if *name == "dblreq" { 2 } else { 1 }, "{name}");
    }
}

#[test]
fn what_is_refused_on_the_wire_carries_the_way_back() {
    for (name, expect, _, bytes) in MESSAGES {
        let Bad(_) = expect else { continue };
        let reply = parse(bytes).unwrap_err().reply.unwrap_or_else(|| panic!("{name}: no reply"));
        assert!(reply.headers.contains(header::VIA), "{name}");
        assert!(reply.headers.contains(header::CSEQ), "{name}");
        if *name != "insuf" {
            assert!(reply.headers.call_id().is_some(), "{name}");
        }
    }
}

#[test]
fn whatever_is_read_is_written_so_that_it_reads_the_same() {
    for (name, _, _, bytes) in MESSAGES {
        if let Ok(message) = parse(bytes) {
            assert_eq!(parse(&message.to_bytes()).as_ref(), Ok(&message), "{name}");
        }
    }
}

#[test]
fn wsinv_reads_through_folding_and_white_space() {
    let headers = request("wsinv").headers;
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some(r#"J Rosenberg \""#));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(headers.to_tag().as_deref(), Some("1918181833n"));
    assert_eq!(headers.max_forwards(), Some(68));
    assert_eq!(headers.cseq().unwrap().to_string(), "9 INVITE");
    assert_eq!(headers.get("Subject"), Some(""));
    let via = headers.via().unwrap();
    assert_eq!((via.transport.as_str(), via.sent_by().as_str()), ("UDP", "192.0.2.2"));
    assert_eq!(headers.list(header::VIA).count(), 3);
    assert!(headers.route()[0].uri.is_loose());
    let contact = headers.contact().unwrap();
    assert_eq!(contact.display.as_deref(), Some(r#"Quoted string """#));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(contact.params.get("q"), Some("0.33"));
}

#[test]
fn intmeth_keeps_every_unusual_character() {
    let request = request("intmeth");
    assert_eq!(request.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    assert_eq!(request.uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(request.uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    let from = request.headers.from().unwrap();
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    assert_eq!(
        from.params.unquoted("fromParam''~+*_!.-%").as_deref(),
        Some("\u{440}\u{430}\u{431}\u{43E}\u{442}\u{430}\u{44E}\u{449}\u{438}\u{439}")
    );
    assert_eq!(request.headers.to().unwrap().display.as_deref(), Some("BEL:\u{7} NUL:\u{0} DEL:\u{7F}"));
    assert_eq!(request.headers.get("extensionHeader-!.%*+_`'~"), Some("\u{FEFF}\u{5927}\u{505C}\u{96FB}"));
}

#[test]
fn escapes_stay_where_they_are_and_resolve_when_asked() {
    let esc01 = request("esc01");
    assert_eq!(esc01.uri.user_unescaped().as_deref(), Some("sips:user@example.com"));
    assert_eq!(esc01.uri.host.to_string(), "example.net");
    assert_eq!(esc01.headers.to().unwrap().uri.user_unescaped().as_deref(), Some("user"));
    let null = request("escnull").headers.contacts();
    assert_eq!(null[1].uri.user.as_deref(), Some("%00%00"));
    let esc02 = request("esc02");
    assert_eq!(esc02.method, Method::Other("RE%47IST%45R".to_owned()));
    assert_eq!(esc02.headers.contacts().len(), 2, "C%6Fntact is not Contact");
    assert_eq!(request("semiuri").uri.user.as_deref(), Some("user;par=u%40example.net"));
}

#[test]
fn contact_parameters_belong_to_the_field_or_to_the_uri() {
    let field = request("cparam01").headers.contact().unwrap();
    assert!(field.params.has("unknownparam") && field.uri.params.is_empty());
    let uri = request("cparam02").headers.contact().unwrap();
    assert!(uri.params.is_empty() && uri.uri.params.has("unknownparam"));
    let routed = request("regescrt").headers.contact().unwrap();
    assert_eq!(routed.uri.headers.as_deref(), Some("Route=%3Csip:sip.example.com%3E"));
}

#[test]
fn old_and_odd_peers_are_understood() {
    assert!(!request("badbranch").headers.via().unwrap().has_magic_branch());
    let old = request("inv2543");
    assert_eq!((old.headers.via().unwrap().branch(), old.headers.from_tag()), (None, None));
    assert_eq!(old.body.len(), 105);
    assert_eq!(request("dblreq").body, b"");
    assert_eq!(request("mpart01").body.len(), 553);
    assert_eq!(
        request("badaspec").headers.to().unwrap().uri,
        Uri::parse("sip:t.watson@example.org").unwrap()
    );
    assert_eq!(request("longreq").headers.list(header::VIA).count(), 34);
    assert_eq!(request("unksm2").headers.contact().unwrap().uri.to_string(), "name:John_Smith");
}

/// rsip is the second opinion: what it can read of our writing means the same to it.
#[test]
fn rsip_reads_what_we_write() {
    use rsip::message::HeadersExt as _;
    use rsip::prelude::*;
    for name in ["esc01", "lwsdisp", "zeromf", "sdp01", "badbranch"] {
        let ours = request(name);
        let theirs = rsip::SipMessage::try_from(Message::from(ours.clone()).to_bytes().as_slice());
        let theirs = theirs.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(theirs.call_id_header().unwrap().value(), ours.headers.call_id().unwrap(), "{name}");
        assert_eq!(
            theirs.cseq_header().unwrap().seq().unwrap(),
            ours.headers.cseq().unwrap().number,
            "{name}"
        );
        assert_eq!(theirs.body(), &ours.body, "{name}");
    }
}
