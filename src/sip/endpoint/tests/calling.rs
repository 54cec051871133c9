//! Our INVITE: answers, refusals, silence, CANCEL, redirects, lost messages.

use super::desk::*;
use crate::sip::endpoint::*;
use crate::sip::{Destination, Transport};

fn times(sent: &[Sent], start: &str) -> Vec<u64> {
    sent.iter().filter(|sent| sent.text.starts_with(start)).map(|sent| sent.ms).collect()
}

fn start(desk: &mut Desk) -> (SessionId, Sent) {
    let session = desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    (session, invite)
}

#[test]
fn ringing_early_media_answer_and_our_bye() {
    let mut desk = Desk::new();
    let (session, invite) = start(&mut desk);
    assert_eq!(invite.get("P-Asserted-Identity"), "<sip:4008000000@ringback.example>");
    assert_eq!(invite.get("Supported"), "100rel, timer");
    assert_eq!((invite.get("Contact"), invite.body()), ("<sip:ringback@192.0.2.1:5060>", OFFER));
    desk.receive(&invite.reply("100 Trying", "", "", ""));
    desk.receive(&invite.reply("180 Ringing", "phone", "", ""));
    desk.receive(&invite.reply_sdp("183 Session Progress", "phone", ""));
    assert_eq!(desk.news(), ["provisional 180 0", "provisional 183 sdp 0"]);
    desk.receive(&invite.reply_sdp("200 OK", "phone", ""));
    let ack = desk.one("ACK sip:phone@192.0.2.9:5062 ");
    assert_eq!((ack.get("CSeq"), ack.to_tag().as_str()), ("1 ACK", "phone"));
    assert_eq!(ack.to.port(), 5062);
    assert_ne!(ack.branch(), invite.branch());
    assert_eq!(desk.news(), ["answered 0"]);

    // A lost ACK: the 200 comes again, and so does the same ACK.
    desk.receive(&invite.reply_sdp("200 OK", "phone", ""));
    assert_eq!(desk.one("ACK").text, ack.text);
    assert!(desk.news().is_empty());

    desk.ua.hangup(desk.now, session, Hangup { q850: 16, text: "done".to_owned(), ..Hangup::default() });
    let bye = desk.one("BYE sip:phone@192.0.2.9:5062 ");
    assert_eq!((bye.get("CSeq"), bye.get("Reason")), ("2 BYE", "Q.850;cause=16;text=\"done\""));
    desk.receive(&bye.reply("200 OK", "", "", ""));
    let Some(Event::Ended { end, .. }) = desk.ua.poll_event() else { panic!("no end") };
    assert_eq!((end.by, end.cause.sip, end.cause.q850), (By::Us, 200, 16));
    let ladder: Vec<(bool, String)> =
        end.trace.items().iter().map(|i| (i.sent, i.text.lines().next().unwrap()[..11].to_owned())).collect();
    let expect: Vec<(bool, String)> = [
        (true, "INVITE sip:"),
        (false, "SIP/2.0 100"),
        (false, "SIP/2.0 180"),
        (false, "SIP/2.0 183"),
        (false, "SIP/2.0 200"),
        (true, "ACK sip:pho"),
        (false, "SIP/2.0 200"),
        (true, "ACK sip:pho"),
        (true, "BYE sip:pho"),
        (false, "SIP/2.0 200"),
    ]
    .map(|(sent, line)| (sent, line.to_owned()))
    .into();
    assert_eq!(ladder, expect);
    desk.assert_empty();
}

#[test]
fn refusals_end_with_their_cause_and_are_acknowledged() {
    let check = |status: &str, fields: &str, expect: (u16, u8, Option<u32>)| {
        let mut desk = Desk::new();
        let (_, invite) = start(&mut desk);
        desk.receive(&invite.reply(status, "x", fields, ""));
        let ack = desk.one("ACK sip:13800000001@trunk.example ");
        assert_eq!((ack.branch(), ack.get("CSeq"), ack.to_tag().as_str()), (invite.branch(), "1 ACK", "x"));
        let events = desk.events();
        let [Event::Failed { end, .. }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((end.cause.sip, end.cause.q850, end.retry_after), expect, "{status}");
        assert_eq!((end.by, end.trace.len()), (By::Peer, 3));
        // A retransmitted refusal gets the ACK again and is no news.
        desk.receive(&invite.reply(status, "x", fields, ""));
        assert_eq!(desk.one("ACK").text, ack.text);
        assert!(desk.events().is_empty());
        desk.assert_empty();
    };
    check("486 Busy Here", "", (486, 17, None));
    check("480 Temporarily Unavailable", "Reason: Q.850;cause=20;text=\"off\"\r\n", (480, 20, None));
    check("404 Not Found", "", (404, 1, None));
    check("484 Address Incomplete", "", (484, 28, None));
    check("410 Gone", "", (410, 22, None));
    check("603 Decline", "", (603, 21, None));
    check("488 Not Acceptable Here", "", (488, 127, None));
    check("503 Service Unavailable", "Retry-After: 30\r\n", (503, 41, Some(30)));
    check("483 Too Many Hops", "", (483, 127, None));
    check("401 Unauthorized", "WWW-Authenticate: Digest realm=\"x\", nonce=\"1\"\r\n", (401, 21, None));
    check("302 Moved Temporarily", "Contact: <sip:x@evil.example>\r\n", (302, 0, None));
}

#[test]
fn silence_ends_by_timer_b_after_seven_invites() {
    let mut desk = Desk::new();
    let (_, _) = start(&mut desk);
    let sent = desk.run(31_999);
    assert_eq!(times(&sent, "INVITE"), [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert!(desk.news().is_empty());
    desk.run(1);
    assert_eq!(desk.news(), ["failed 408 Fault"]);
    desk.assert_empty();
}

#[test]
fn a_provisional_response_stops_retransmission_and_silence_after_it_ends_by_timer_c() {
    let mut desk = Desk::new();
    let (_, invite) = start(&mut desk);
    desk.receive(&invite.reply("100 Trying", "", "", ""));
    assert!(desk.run(184_999).is_empty());
    let sent = desk.run(1);
    assert_eq!(times(&sent, "CANCEL"), [185_000]);
    // Nobody answers the CANCEL either: over after 64*T1.
    desk.run(32_000);
    assert_eq!(desk.news(), ["failed 487 Fault"]);
    desk.assert_empty();
}

#[test]
fn hanging_up_while_it_rings_cancels() {
    let mut desk = Desk::new();
    let (session, invite) = start(&mut desk);
    desk.receive(&invite.reply("180 Ringing", "phone", "", ""));
    desk.ua.hangup(desk.now, session, Hangup { text: "no answer".to_owned(), q850: 19, ..Hangup::default() });
    let cancel = desk.one("CANCEL sip:13800000001@trunk.example ");
    assert_eq!(
        (cancel.branch(), cancel.get("CSeq"), cancel.has("Reason")),
        (invite.branch(), "1 CANCEL", true)
    );
    desk.receive(&cancel.reply("200 OK", "phone", "", ""));
    desk.receive(&invite.reply("487 Request Terminated", "phone", "", ""));
    desk.one("ACK");
    assert_eq!(desk.news(), ["provisional 180 0", "failed 487 Us"]);
    desk.assert_empty();
}

#[test]
fn hanging_up_before_any_provisional_response_waits_with_the_cancel() {
    let mut desk = Desk::new();
    let (session, invite) = start(&mut desk);
    desk.ua.hangup(desk.now, session, Hangup::default());
    desk.quiet();
    desk.receive(&invite.reply("100 Trying", "", "", ""));
    desk.one("CANCEL");
    desk.receive(&invite.reply("180 Ringing", "phone", "", ""));
    desk.quiet();
    desk.receive(&invite.reply("487 Request Terminated", "phone", "", ""));
    desk.one("ACK");
    assert_eq!(desk.news(), ["failed 487 Us"]);
    desk.assert_empty();
}

#[test]
fn an_answer_that_crosses_our_cancel_gets_ack_and_bye() {
    let mut desk = Desk::new();
    let (session, invite) = start(&mut desk);
    desk.receive(&invite.reply("180 Ringing", "phone", "", ""));
    desk.ua.hangup(desk.now, session, Hangup::default());
    let cancel = desk.one("CANCEL");
    desk.receive(&invite.reply_sdp("200 OK", "phone", ""));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..3]).collect::<Vec<_>>(), ["ACK", "BYE"]);
    desk.receive(&cancel.reply("481 Call/Transaction Does Not Exist", "phone", "", ""));
    desk.receive(&sent[1].reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["provisional 180 0", "failed 487 Us"]);
    desk.assert_empty();
}

#[test]
fn a_callee_that_sends_bye_before_it_answers_ends_the_call() {
    let mut desk = Desk::new();
    let (_, invite) = start(&mut desk);
    desk.receive(&invite.reply("180 Ringing", "phone", "", ""));
    desk.receive(&request_of_callee(&invite, "BYE", 1, "", ""));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..11]).collect::<Vec<_>>(), ["SIP/2.0 200", "CANCEL sip:"]);
    desk.receive(&invite.reply("487 Request Terminated", "phone", "", ""));
    desk.one("ACK");
    assert_eq!(desk.news(), ["provisional 180 0", "failed 487 Peer"]);
    desk.assert_empty();
}

#[test]
fn a_transport_failure_fails_the_call_at_once() {
    let mut desk = Desk::new();
    start(&mut desk);
    desk.ua.handle_transport_failure(desk.now, TransportFailure::Destination(&trunk(), "no route"));
    assert_eq!(desk.news(), ["failed 503 Fault"]);
    desk.assert_empty();
}

#[test]
fn a_stream_is_not_sent_twice_and_its_connection_is_used() {
    let mut desk = Desk::new();
    let mut invite = invitation();
    invite.destination.transport = Transport::Tcp;
    let session = desk.ua.invite(desk.now, invite);
    let invite = desk.one("INVITE");
    assert!(invite.get("Via").starts_with("SIP/2.0/TCP 192.0.2.1:5060;"), "{}", invite.text);
    assert_eq!(invite.get("Contact"), "<sip:ringback@192.0.2.1:5060;transport=tcp>");
    assert!(desk.run(31_000).is_empty());
    desk.receive(&invite.reply_sdp("200 OK", "phone", "").replace(":5062>", ":5060;transport=tcp>"));
    assert_eq!(desk.one("ACK").to, trunk().addr);
    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE");
    desk.receive(&bye.reply("200 OK", "", "", ""));
    desk.assert_empty();
}

#[test]
fn redirects_are_followed_within_the_trunk_only_and_without_loops() {
    let mut desk = Desk::new();
    let mut invite = invitation();
    let within = vec![("trunk.example".to_owned(), trunk()), ("192.0.2.9".to_owned(), trunk())];
    invite.redirect = Redirect::Follow { max: 9, within };
    desk.ua.invite(desk.now, invite);
    let mut uris = Vec::new();
    // Each answer points on, back to a URI that was tried, and out of the trunk.
    for step in 0..9 {
        let sent = desk.sent();
        let Some(invite) = sent.iter().find(|sent| sent.text.starts_with("INVITE")) else { break };
        uris.push(invite.line().split(' ').nth(1).unwrap().to_owned());
        assert_eq!(invite.to, trunk().addr);
        assert_eq!(invite.get("CSeq"), format!("{} INVITE", step + 1));
        let contacts = format!(
            "Contact: <sip:out@evil.example>;q=0.9, <sip:13800000001@trunk.example>;q=0.8, <sip:n{step}@192.0.2.9>;q=0.5\r\n"
        );
        desk.receive(&invite.reply("302 Moved Temporarily", "r", &contacts, ""));
    }
    let expect = [
        "sip:13800000001@trunk.example",
        "sip:n0@192.0.2.9",
        "sip:n1@192.0.2.9",
        "sip:n2@192.0.2.9",
        "sip:n3@192.0.2.9",
        "sip:n4@192.0.2.9",
    ];
    assert_eq!(uris, expect);
    let events = desk.events();
    let [Event::Failed { end, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((end.cause.sip, end.redirected_to.len()), (302, 3));
    desk.assert_empty();
}

#[test]
fn an_invite_without_an_offer_is_answered_in_the_ack() {
    let mut desk = Desk::new();
    let session = desk.ua.invite(desk.now, Invite { offer: None, ..invitation() });
    let invite = desk.one("INVITE");
    assert_eq!(invite.get("Supported"), "timer");
    desk.receive(&invite.reply_sdp("200 OK", "phone", ""));
    desk.quiet();
    assert_eq!(desk.news(), ["answered 0 offer"]);
    desk.receive(&invite.reply_sdp("200 OK", "phone", ""));
    desk.quiet();
    desk.ua.answer(desk.now, session, Ok(OFFER.into()));
    let ack = desk.one("ACK");
    assert_eq!(ack.body(), OFFER);
    desk.receive(&invite.reply_sdp("200 OK", "phone", ""));
    assert_eq!(desk.one("ACK").text, ack.text);
    desk.receive(&request_of_callee(&invite, "BYE", 1, "", ""));
    desk.one("SIP/2.0 200");
    assert_eq!(desk.news(), ["ended 200 Peer"]);
    desk.assert_empty();
}

#[test]
fn an_offer_in_the_200_that_cannot_be_taken_is_acknowledged_and_hung_up() {
    let mut desk = Desk::new();
    let session = desk.ua.invite(desk.now, Invite { offer: None, ..invitation() });
    let invite = desk.one("INVITE");
    desk.receive(&invite.reply_sdp("200 OK", "phone", ""));
    desk.ua.answer(desk.now, session, Err(488));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..3]).collect::<Vec<_>>(), ["ACK", "BYE"]);
    desk.receive(&sent[1].reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["answered 0 offer", "lost 488 Fault", "ended 488 Fault"]);
    desk.assert_empty();
}

#[test]
fn a_bye_without_an_answer_ends_by_timer_f_with_intervals_up_to_t2() {
    let mut desk = Desk::new();
    let (session, ..) = desk.answered_call("");
    desk.ua.hangup(desk.now, session, Hangup::default());
    let sent = desk.run(31_999);
    assert_eq!(
        times(&sent, "BYE"),
        [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]
    );
    assert!(desk.news().is_empty());
    desk.run(1);
    assert_eq!(desk.news(), ["ended 200 Us"]);
    desk.assert_empty();
}

#[test]
fn a_provisional_response_to_a_bye_slows_its_retransmission_to_t2() {
    let mut desk = Desk::new();
    let (session, ..) = desk.answered_call("");
    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE");
    desk.receive(&bye.reply("100 Trying", "", "", ""));
    let sent = desk.run(13_000);
    assert_eq!(times(&sent, "BYE"), [4_000, 8_000, 12_000]);
}

#[test]
fn the_second_offer_follows_a_488_or_606_once_and_nothing_else() {
    let second = bytes::Bytes::from_static(ANSWER.as_bytes());
    for (status, again) in
        [("488 Not Acceptable Here", true), ("606 Not Acceptable", true), ("486 Busy", false)]
    {
        let mut desk = Desk::new();
        desk.ua.invite(desk.now, Invite { second_offer: Some(second.clone()), ..invitation() });
        let invite = desk.one("INVITE");
        assert_eq!(invite.body(), OFFER);
        desk.receive(&invite.reply(status, "x", "", ""));
        let sent = desk.sent();
        assert!(sent[0].text.starts_with("ACK"), "{status}");
        assert_eq!(sent.len() > 1, again, "{status}");
        if let Some(invite) = sent.get(1) {
            assert_eq!((invite.body(), invite.get("CSeq")), (ANSWER, "2 INVITE"), "{status}");
            assert!(desk.news().is_empty(), "{status}");
            desk.receive(&invite.reply(status, "x", "", ""));
            desk.one("ACK");
        }
        assert_eq!(desk.news(), [format!("failed {} Peer", &status[..3])]);
        desk.assert_empty();
    }
}

/// A phone that answers from the trunk and names a place that cannot be reached.
fn names_a_place_that_is_not_there(desk: &mut Desk) -> (SessionId, Sent, String, Destination) {
    let (session, invite) = start(desk);
    let contact = "Contact: <sip:phone@203.0.113.7:5070;transport=tcp>\r\nContent-Type: application/sdp\r\n";
    let ok = invite.reply("200 OK", "phone", contact, ANSWER);
    desk.receive(&ok);
    let addr = "203.0.113.7:5070".parse().unwrap();
    let place = Destination { transport: Transport::Tcp, addr, server_name: "203.0.113.7".to_owned() };
    (session, invite, ok, place)
}

#[test]
fn a_2xx_whose_contact_cannot_be_reached_is_acknowledged_and_ended_where_it_came_from() {
    let mut desk = Desk::new();
    let (session, _, ok, place) = names_a_place_that_is_not_there(&mut desk);
    let first = desk.one("ACK sip:phone@203.0.113.7:5070");
    assert_eq!(first.to, place.addr);
    desk.ua.handle_transport_failure(desk.now, TransportFailure::Destination(&place, "refused"));
    let second = desk.one("ACK sip:phone@203.0.113.7:5070");
    assert_eq!((second.to, second.get("CSeq")), (trunk().addr, "1 ACK"));
    assert!(second.get("Via").starts_with("SIP/2.0/UDP "), "{}", second.text);
    assert_eq!(second.all("Via").len(), 1);
    // The 200 comes again: the ACK goes the way that works.
    desk.receive(&ok);
    assert_eq!(desk.one("ACK").to, trunk().addr);
    assert_eq!(desk.news(), ["answered 0"], "the call is up");
    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE sip:phone@203.0.113.7:5070");
    assert_eq!((bye.to, bye.get("CSeq")), (trunk().addr, "2 BYE"));
    desk.receive(&bye.reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["ended 200 Us"]);
    desk.assert_empty();
}

#[test]
fn a_bye_that_does_not_leave_is_sent_once_more_where_the_call_began() {
    let mut desk = Desk::new();
    let (session, _, _, place) = names_a_place_that_is_not_there(&mut desk);
    desk.one("ACK");
    desk.ua.hangup(desk.now, session, Hangup { q850: 16, text: "done".to_owned(), ..Hangup::default() });
    assert_eq!(desk.one("BYE").to, place.addr);
    desk.ua.handle_transport_failure(desk.now, TransportFailure::Destination(&place, "refused"));
    let sent = desk.sent();
    let lines: Vec<&str> = sent.iter().map(|sent| sent.text.split(' ').next().unwrap()).collect();
    assert_eq!(lines, ["ACK", "BYE"], "nobody ever got the ACK either");
    assert!(sent.iter().all(|sent| sent.to == trunk().addr));
    assert_eq!((sent[1].get("CSeq"), sent[1].get("Reason")), ("3 BYE", "Q.850;cause=16;text=\"done\""));
    // That place fails, too: it is over, and nothing is sent for ever.
    let there = trunk();
    desk.ua.handle_transport_failure(desk.now, TransportFailure::Destination(&there, "no route"));
    assert!(desk.sent().is_empty());
    desk.assert_empty();
}
