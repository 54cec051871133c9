//! Registrations, health checks, and credentials.

use std::time::Duration;

use super::desk::*;
use crate::sip::endpoint::*;

fn credentials() -> Credentials {
    Credentials { user: "4008000000".to_owned(), password: "secret".to_owned(), realm: None }
}

fn registration() -> Registration {
    Registration {
        destination: trunk(),
        registrar: "sip:trunk.example".to_owned(),
        aor: "sip:4008000000@trunk.example".to_owned(),
        contact_user: "4008000000".to_owned(),
        expires: 3600,
        route: Vec::new(),
        auth: Some(credentials()),
    }
}

const CHALLENGE: &str =
    "WWW-Authenticate: Digest realm=\"trunk\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n";
const PROXY_CHALLENGE: &str =
    "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"abc\", algorithm=SHA-256, qop=\"auth\"\r\n";

#[test]
fn a_registration_is_challenged_renewed_and_given_back() {
    let mut desk = Desk::new();
    let id = desk.ua.register(desk.now, registration());
    let first = desk.one("REGISTER sip:trunk.example ");
    assert_eq!((first.get("Contact"), first.get("Expires")), ("<sip:4008000000@192.0.2.1:5060>", "3600"));
    assert!(!first.has("Authorization"));
    desk.receive(&first.reply("401 Unauthorized", "r", CHALLENGE, ""));
    let second = desk.one("REGISTER");
    assert_eq!((second.get("CSeq"), second.get("Call-ID")), ("2 REGISTER", first.get("Call-ID")));
    assert!(second.get("Authorization").contains("nc=00000001"), "{}", second.text);
    desk.receive(&second.reply(
        "200 OK",
        "r",
        "Contact: <sip:4008000000@192.0.2.1:5060>;expires=600\r\n",
        "",
    ));
    assert_eq!(desk.news(), ["registered 600"]);
    let sent = desk.run(565_000);
    assert_eq!((sent.len(), sent[0].ms), (1, 565_000));
    assert!(sent[0].get("Authorization").contains("nc=00000002"), "the nonce is used again");
    desk.receive(&sent[0].reply("200 OK", "r", "Expires: 600\r\n", ""));
    assert_eq!(desk.news(), ["registered 600"]);
    desk.ua.unregister(desk.now, id);
    let last = desk.one("REGISTER");
    assert_eq!(last.get("Expires"), "0");
    desk.receive(&last.reply("200 OK", "r", "", ""));
    assert_eq!(desk.news(), ["unregistered"]);
    desk.assert_empty();
}

#[test]
fn a_wrong_password_is_not_tried_for_ever_and_later_again() {
    let mut desk = Desk::new();
    desk.ua.register(desk.now, registration());
    let mut answered = 0;
    for _ in 0..10 {
        for sent in desk.sent() {
            answered += 1;
            let nonce = CHALLENGE.replace("abc", &format!("n{answered}"));
            desk.receive(&sent.reply("401 Unauthorized", "r", &nonce, ""));
        }
    }
    assert!((2..=3).contains(&answered), "{answered} REGISTERs in a row");
    let events = desk.events();
    let [Event::RegistrationFailed { status: 401, reason, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(reason.contains("refused user and password"), "{reason}");
    let sent = desk.run(7_000);
    assert!(!sent.is_empty() && sent[0].ms >= 5_000);
}

#[test]
fn silence_and_423_and_retry_after() {
    let mut desk = Desk::new();
    desk.ua.register(desk.now, registration());
    desk.run(32_000);
    assert_eq!(desk.news(), ["registration failed 408"]);
    let sent = desk.run(7_000);
    desk.receive(&sent[0].reply("423 Interval Too Brief", "r", "Min-Expires: 7200\r\n", ""));
    let again = desk.one("REGISTER");
    assert_eq!(again.get("Expires"), "7200");
    desk.receive(&again.reply("503 Service Unavailable", "r", "Retry-After: 120\r\n", ""));
    let events = desk.events();
    let [Event::RegistrationFailed { status: 503, retry_in, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(*retry_in >= Duration::from_secs(120));
    assert!(desk.run(119_000).is_empty());
}

#[test]
fn giving_back_while_a_register_is_under_way_follows_it() {
    let mut desk = Desk::new();
    let id = desk.ua.register(desk.now, registration());
    let first = desk.one("REGISTER");
    desk.ua.unregister(desk.now, id);
    desk.quiet();
    desk.receive(&first.reply("200 OK", "r", "Expires: 600\r\n", ""));
    let last = desk.one("REGISTER");
    assert_eq!(last.get("Expires"), "0");
    desk.run(32_000);
    assert_eq!(desk.news(), ["unregistered"]);
    assert_eq!(desk.ua.held().registrations, 0);
    desk.assert_empty();
}

#[test]
fn health_checks_report_round_trip_status_and_silence() {
    let mut desk = Desk::new();
    let ping = Ping {
        destination: trunk(),
        uri: "sip:trunk.example".to_owned(),
        from: "sip:ringback@ringback.example".to_owned(),
        timeout: Duration::from_secs(3),
        auth: None,
    };
    desk.ua.ping(desk.now, ping.clone());
    let options = desk.one("OPTIONS sip:trunk.example ");
    desk.run(40);
    desk.receive(&options.reply("404 Not Found", "p", "", ""));
    let events = desk.events();
    let [Event::Pong { status: 404, rtt, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*rtt, Duration::from_millis(40));
    desk.ua.ping(desk.now, ping.clone());
    desk.run(2_999);
    assert!(desk.news().is_empty());
    desk.run(1);
    assert_eq!(desk.news(), ["ping failed"]);
    desk.ua.ping(desk.now, ping);
    desk.ua.handle_transport_failure(desk.now, TransportFailure::Destination(&trunk(), "no route"));
    assert_eq!(desk.news(), ["ping failed"]);
    desk.assert_empty();
}

#[test]
fn a_challenged_invite_goes_out_again_and_its_ack_and_bye_carry_credentials() {
    let mut desk = Desk::new();
    let session = desk.ua.invite(desk.now, Invite { auth: Some(credentials()), ..invitation() });
    let first = desk.one("INVITE");
    desk.receive(&first.reply("407 Proxy Authentication Required", "x", PROXY_CHALLENGE, ""));
    let sent = desk.sent();
    assert_eq!((&sent[0].text[..3], sent[0].get("CSeq"), sent[0].branch()), ("ACK", "1 ACK", first.branch()));
    let again = &sent[1];
    assert_eq!((again.get("CSeq"), again.get("Call-ID")), ("2 INVITE", first.get("Call-ID")));
    assert_eq!((again.sender_tag(), again.body()), (first.sender_tag(), OFFER));
    assert_ne!(again.branch(), first.branch());
    assert!(again.get("Proxy-Authorization").contains("algorithm=SHA-256"), "{}", again.text);
    desk.receive(&again.reply_sdp("200 OK", "phone", ""));
    let ack = desk.one("ACK");
    assert_eq!(ack.get("Proxy-Authorization"), again.get("Proxy-Authorization"));
    assert_eq!(ack.get("CSeq"), "2 ACK");
    // A BYE that is challenged anew.
    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE");
    desk.receive(&bye.reply(
        "407 Proxy Authentication Required",
        "",
        &PROXY_CHALLENGE.replace("abc", "def"),
        "",
    ));
    let bye = desk.one("BYE");
    assert_eq!(bye.get("CSeq"), "4 BYE");
    assert!(bye.get("Proxy-Authorization").contains("nonce=\"def\""));
    desk.receive(&bye.reply("200 OK", "", "", ""));
    let events = desk.events();
    let [Event::Answered { .. }, Event::Ended { end, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(end.trace.items().iter().all(|item| !item.text.contains("response=")), "credentials are masked");
    desk.assert_empty();
}

#[test]
fn a_foreign_realm_gets_nothing() {
    let mut desk = Desk::new();
    let auth = Credentials { realm: Some("other".to_owned()), ..credentials() };
    desk.ua.invite(desk.now, Invite { auth: Some(auth), ..invitation() });
    let invite = desk.one("INVITE");
    desk.receive(&invite.reply("407 Proxy Authentication Required", "x", PROXY_CHALLENGE, ""));
    desk.one("ACK");
    assert_eq!(desk.news(), ["failed 407 Peer"]);
    desk.assert_empty();
}
