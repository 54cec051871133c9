//! What strangers and broken peers can do: nothing that stays.

use std::net::SocketAddr;

use super::desk::*;
use crate::sip::endpoint::*;

fn flood(desk: &mut Desk, calls: usize, source: impl Fn(usize) -> SocketAddr) -> Vec<String> {
    let mut lines = Vec::new();
    for i in 0..calls {
        let text = request_with_branch("INVITE", 1, "", &format!("flood{i}"), SDP_TYPE, ANSWER);
        desk.receive_from(source(i), &text.replace("inbound-1", &format!("flood-{i}")));
        lines.extend(desk.sent().iter().map(|sent| sent.text[..11].to_owned()));
    }
    lines
}

fn count(lines: &[String], line: &str) -> usize {
    lines.iter().filter(|l| *l == line).count()
}

#[test]
fn one_address_gets_its_burst_and_the_rest_503() {
    let mut desk = Desk::new();
    let lines = flood(&mut desk, 200, |_| "198.51.100.1:5060".parse().unwrap());
    assert_eq!((count(&lines, "SIP/2.0 100"), count(&lines, "SIP/2.0 503")), (20, 180));
    let news = desk.news();
    assert_eq!((news.len(), news.iter().filter(|word| *word == "flood").count()), (21, 1));
    assert_eq!((desk.ua.counters().flood, desk.ua.held().sessions), (180, 20));
    // The trunk's calls are not counted.
    desk.ua.set_trusted(vec![trunk().addr.ip()]);
    assert_eq!(count(&flood(&mut desk, 100, |_| trunk().addr), "SIP/2.0 100"), 100);
    assert_eq!(desk.ua.counters().flood, 180);
}

#[test]
fn invites_that_nobody_acknowledges_are_bounded_and_the_trunk_still_gets_through() {
    let mut settings = Settings::default();
    settings.limits.server_transactions = 100;
    let mut desk = Desk::with(settings);
    let lines =
        flood(&mut desk, 1_000, |i| SocketAddr::from(([198, 51, (i / 250) as u8, (i % 250) as u8], 5060)));
    assert_eq!((count(&lines, "SIP/2.0 100"), count(&lines, "SIP/2.0 503")), (75, 925));
    for event in desk.events() {
        if let Event::Incoming(call) = event {
            desk.ua.reject(desk.now, call.session, 403, Vec::new());
        }
    }
    assert_eq!(desk.ua.held().servers, 75, "each waits for its ACK");
    desk.sent();
    desk.events();
    desk.ua.set_trusted(vec![trunk().addr.ip()]);
    let session = desk.incoming("");
    desk.ua.hangup(desk.now, session, Hangup::default());
    desk.assert_empty();
    assert_eq!(desk.ua.counters().overload, 925);
}

#[test]
fn a_call_that_is_up_can_end_however_many_begin() {
    let mut settings = Settings::default();
    settings.limits.server_transactions = 1;
    let mut desk = Desk::with(settings);
    let (_, accepted) = desk.accepted_call("");
    let other = request_of_caller("INVITE", 1, "", SDP_TYPE, ANSWER).replace("Call-ID: ", "Call-ID: other");
    desk.receive(&other.replace("branch=", "branch=z9hG4bK-other"));
    desk.one("SIP/2.0 503");
    desk.receive(&request_of_caller("BYE", 2, &accepted.to_tag(), "", ""));
    desk.one("SIP/2.0 200");
}

#[test]
fn refusals_carry_retry_after_and_the_same_tag_each_time() {
    let mut settings = Settings::default();
    settings.limits.sessions = 0;
    let mut desk = Desk::with(settings);
    let invite = request_of_caller("INVITE", 1, "", SDP_TYPE, ANSWER);
    desk.receive(&invite);
    let first = desk.one("SIP/2.0 503");
    assert_eq!(first.get("Retry-After"), "5");
    desk.receive(&invite);
    assert_eq!(desk.one("SIP/2.0 503").text, first.text);
    desk.receive(&request_with_branch("ACK", 1, &first.to_tag(), "INVITE1", "", ""));
    desk.quiet();
    assert_eq!(desk.ua.held(), Held::default(), "nothing was kept");
}

#[test]
fn requests_outside_any_call_are_answered_without_state() {
    let check = |method: &str, to_tag: &str, fields: &str, body: &str, expect: &str, header: &str| {
        let mut desk = Desk::new();
        desk.receive(&request_of_caller(method, 1, to_tag, fields, body));
        let sent = desk.one(expect);
        assert!(header.is_empty() || sent.has(header), "{}", sent.text);
        assert!(sent.get("To").contains("tag="));
        assert_eq!(desk.ua.held(), Held::default());
        assert!(desk.news().is_empty());
    };
    check("OPTIONS", "", "", "", "SIP/2.0 200", "Allow");
    check("OPTIONS", "", "Max-Forwards: 0\r\n", "", "SIP/2.0 ", "");
    check("OPTIONS", "gone", "", "", "SIP/2.0 481", "");
    check("BYE", "gone.1", "", "", "SIP/2.0 481", "");
    check("BYE", "", "", "", "SIP/2.0 481", "");
    check("INVITE", "gone.1", SDP_TYPE, ANSWER, "SIP/2.0 481", "");
    check("PRACK", "gone.1", "RAck: 1 1 INVITE\r\n", "", "SIP/2.0 481", "");
    check("UPDATE", "gone.1", "", "", "SIP/2.0 481", "");
    check("INFO", "", "", "", "SIP/2.0 481", "");
    check("REGISTER", "", "", "", "SIP/2.0 405", "Allow");
    check("SUBSCRIBE", "", "", "", "SIP/2.0 405", "Allow");
    check("FROBNICATE", "", "", "", "SIP/2.0 501", "Allow");
    check("INVITE", "", "Require: 100rel, teleport\r\n", "", "SIP/2.0 420", "Unsupported");
    check("INVITE", "", "Content-Type: application/pidf+xml\r\n", "<x/>", "SIP/2.0 415", "Accept");
}

#[test]
fn malformed_messages_are_refused_or_dropped_and_counted() {
    let mut desk = Desk::new();
    let invite = request_of_caller("INVITE", 1, "", SDP_TYPE, ANSWER);
    for (from, to, expect) in [
        ("CSeq: 1 INVITE", "CSeq: x INVITE", "SIP/2.0 400"),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", "SIP/2.0 400"),
        (" SIP/2.0\r\nVia", " SIP/7.0\r\nVia", "SIP/2.0 505"),
        ("Contact: <sip:caller@192.0.2.9:5062>\r\n", "", "SIP/2.0 400"),
    ] {
        desk.receive(&invite.replace(from, to));
        // The refusal repeats the broken field, so it is looked at as bytes.
        let refusal = desk.ua.poll_transmit().expect("a refusal");
        assert!(refusal.bytes.starts_with(expect.as_bytes()), "{to}: {:?}", refusal.bytes);
        assert_eq!(refusal.destination.addr, trunk().addr);
    }
    for text in ["\0\0\0", "GET / HTTP/1.1\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "", "\r\n\r\n", "x"] {
        desk.receive(text);
        desk.quiet();
    }
    let big = format!("{}{}", invite, "x".repeat(70_000));
    desk.receive(&big);
    desk.quiet();
    let counters = desk.ua.counters();
    assert_eq!(counters.bad_requests, 4);
    assert_eq!(counters.malformed, 5);
    assert!(desk.news().is_empty());
    assert_eq!(desk.ua.held(), Held::default());
}

#[test]
fn responses_that_match_nothing_are_counted_and_dropped() {
    let mut desk = Desk::new();
    desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    let forged = invite.reply("200 OK", "x", "", "").replace("z9hG4bK", "z9hG4bKx");
    desk.receive(&forged);
    desk.receive(&invite.reply("200 OK", "x", "", "").replace("1 INVITE", "1 BYE"));
    desk.quiet();
    assert_eq!(desk.ua.counters().stray, 2);
    assert!(desk.news().is_empty());
}
