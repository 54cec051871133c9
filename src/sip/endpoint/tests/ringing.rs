//! Their INVITE: answers, refusals, CANCEL, lost ACK, overlapping requests.

use super::desk::*;
use crate::sip::endpoint::*;

fn lines(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|sent| sent.text[..11].to_owned()).collect()
}

#[test]
fn ringing_accept_ack_and_their_bye() {
    let mut desk = Desk::new();
    let identity = "P-Asserted-Identity: <tel:13800000001>\r\n";
    desk.receive(&request_of_caller("INVITE", 1, "", &format!("{SDP_TYPE}{identity}"), ANSWER));
    let trying = desk.one("SIP/2.0 100");
    assert_eq!(
        trying.get("Via"),
        "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKcallerINVITE1;rport=5060;received=192.0.2.9"
    );
    assert!(!trying.get("To").contains("tag="));
    let events = desk.events();
    let [Event::Incoming(call)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(call.request_uri, "sip:4008000000@192.0.2.1:5060");
    assert_eq!(call.from_uri, "sip:13800000001@trunk.example");
    assert_eq!(call.asserted.as_deref(), Some("<tel:13800000001>"));
    assert_eq!(call.offer.as_deref(), Some(ANSWER.as_bytes()));
    let session = call.session;

    desk.ua.progress(desk.now, session, Progress { status: 180, sdp: None, reliable: false });
    let ringing = desk.one("SIP/2.0 180");
    desk.ua.accept(desk.now, session, OFFER.into());
    let ok = desk.one("SIP/2.0 200");
    assert_eq!(ok.to_tag(), ringing.to_tag());
    assert_eq!((ok.get("Contact"), ok.body()), ("<sip:4008000000@192.0.2.1:5060>", OFFER));
    desk.receive(&request_of_caller("ACK", 1, &ok.to_tag(), "", ""));
    assert_eq!(desk.news(), ["confirmed"]);
    assert!(desk.run(40_000).is_empty());
    desk.receive(&request_of_caller("BYE", 2, &ok.to_tag(), "Reason: Q.850;cause=16\r\n", ""));
    desk.one("SIP/2.0 200");
    // A retransmitted BYE gets its 200 again.
    desk.receive(&request_of_caller("BYE", 2, &ok.to_tag(), "", ""));
    desk.one("SIP/2.0 200");
    assert_eq!(desk.news(), ["ended 200 Peer"]);
    desk.assert_empty();
}

#[test]
fn a_retransmitted_invite_gets_the_last_response_again_and_makes_no_second_call() {
    let mut desk = Desk::new();
    let invite = request_of_caller("INVITE", 1, "", SDP_TYPE, ANSWER);
    let session = desk.incoming("");
    desk.receive(&invite);
    desk.one("SIP/2.0 100");
    desk.ua.progress(desk.now, session, Progress { status: 183, sdp: Some(OFFER.into()), reliable: false });
    let early = desk.one("SIP/2.0 183");
    assert_eq!(early.body(), OFFER);
    desk.receive(&invite);
    assert_eq!(desk.one("SIP/2.0 183").text, early.text);
    assert!(desk.news().is_empty());
    desk.ua.accept(desk.now, session, OFFER.into());
    desk.one("SIP/2.0 200");
    desk.receive(&invite);
    desk.quiet();
    assert_eq!(desk.ua.held().sessions, 1);
}

#[test]
fn a_200_is_repeated_until_timer_h_and_a_missing_ack_ends_the_call_by_bye() {
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.accept(desk.now, session, OFFER.into());
    let sent = desk.run(31_999);
    let at: Vec<u64> = sent.iter().filter(|s| s.text.starts_with("SIP/2.0 200")).map(|s| s.ms).collect();
    assert_eq!(at, [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    let sent = desk.run(1);
    assert_eq!(lines(&sent), ["BYE sip:cal"]);
    desk.receive(&sent[0].reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["lost 408 Fault", "ended 408 Fault"]);
    desk.assert_empty();
}

#[test]
fn hanging_up_before_the_ack_waits_for_it() {
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.accept(desk.now, session, OFFER.into());
    let ok = desk.one("SIP/2.0 200");
    desk.ua.hangup(desk.now, session, Hangup::default());
    desk.quiet();
    desk.receive(&request_of_caller("ACK", 1, &ok.to_tag(), "", ""));
    let bye = desk.one("BYE");
    desk.receive(&bye.reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["confirmed", "ended 200 Us"]);
    desk.assert_empty();
}

#[test]
fn a_bye_that_overtakes_the_ack_ends_the_call() {
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.accept(desk.now, session, OFFER.into());
    let ok = desk.one("SIP/2.0 200");
    desk.receive(&request_of_caller("BYE", 2, &ok.to_tag(), "", ""));
    desk.one("SIP/2.0 200");
    desk.receive(&request_of_caller("ACK", 1, &ok.to_tag(), "", ""));
    assert_eq!(desk.news(), ["ended 200 Peer"]);
    assert!(desk.run(40_000).is_empty());
    desk.assert_empty();
}

#[test]
fn a_cancel_ends_the_call_with_487() {
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.progress(desk.now, session, Progress { status: 180, sdp: None, reliable: false });
    desk.one("SIP/2.0 180");
    desk.receive(&request_of_caller("CANCEL", 1, "", "Reason: SIP;cause=200;text=\"elsewhere\"\r\n", ""));
    let sent = desk.sent();
    assert_eq!(lines(&sent), ["SIP/2.0 200", "SIP/2.0 487"]);
    assert_eq!((sent[0].get("CSeq"), sent[1].get("CSeq")), ("1 CANCEL", "1 INVITE"));
    assert_eq!(desk.news(), ["failed 487 Peer"]);
    // The 487 is repeated until its ACK, which shares the branch of the INVITE.
    assert_eq!(lines(&desk.run(500)), ["SIP/2.0 487"]);
    desk.receive(&request_with_branch("ACK", 1, &sent[1].to_tag(), "INVITE1", "", ""));
    assert!(desk.run(40_000).is_empty());
    desk.assert_empty();
}

#[test]
fn a_cancel_after_the_answer_or_for_nothing_changes_nothing() {
    let mut desk = Desk::new();
    let (session, _) = desk.accepted_call("");
    desk.receive(&request_of_caller("CANCEL", 1, "", "", ""));
    desk.one("SIP/2.0 200");
    assert!(desk.news().is_empty());
    desk.receive(&request_of_caller("CANCEL", 7, "", "", ""));
    desk.one("SIP/2.0 481");
    desk.ua.hangup(desk.now, session, Hangup::default());
    desk.one("BYE");
}

#[test]
fn refusals_are_repeated_until_the_ack_and_at_most_to_timer_h() {
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.reject(desk.now, session, 503, vec![("Retry-After".to_owned(), "60".to_owned())]);
    let refusal = desk.one("SIP/2.0 503");
    assert_eq!(refusal.get("Retry-After"), "60");
    assert_eq!(desk.news(), ["failed 503 Us"]);
    let at: Vec<u64> = desk.run(40_000).iter().map(|s| s.ms).collect();
    assert_eq!(at, [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    desk.assert_empty();
}

#[test]
fn a_call_that_nobody_takes_is_refused_with_480_and_hangup_gives_its_status() {
    let mut desk = Desk::new();
    desk.incoming("");
    assert_eq!(lines(&desk.run(180_000)), ["SIP/2.0 480"]);
    assert_eq!(desk.news(), ["failed 480 Fault"]);
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.hangup(desk.now, session, Hangup { status: 486, q850: 17, text: "busy".to_owned() });
    assert_eq!(desk.one("SIP/2.0 486").get("Reason"), "Q.850;cause=17;text=\"busy\"");
    assert_eq!(desk.news(), ["failed 486 Us"]);
}

#[test]
fn the_caller_may_end_an_early_dialog_by_bye() {
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.progress(desk.now, session, Progress { status: 180, sdp: None, reliable: false });
    let tag = desk.one("SIP/2.0 180").to_tag();
    desk.receive(&request_of_caller("BYE", 2, &tag, "", ""));
    assert_eq!(lines(&desk.sent()), ["SIP/2.0 200", "SIP/2.0 487"]);
    assert_eq!(desk.news(), ["failed 487 Peer"]);
    desk.assert_empty();
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_the_ack_answers() {
    let mut desk = Desk::new();
    desk.receive(&request_of_caller("INVITE", 1, "", "", ""));
    desk.one("SIP/2.0 100");
    let events = desk.events();
    let [Event::Incoming(call)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(call.offer, None);
    desk.ua.accept(desk.now, call.session, OFFER.into());
    let ok = desk.one("SIP/2.0 200");
    assert_eq!(ok.body(), OFFER);
    desk.receive(&request_of_caller("ACK", 1, &ok.to_tag(), SDP_TYPE, ANSWER));
    assert_eq!(desk.news(), ["confirmed sdp"]);
}

#[test]
fn the_same_invite_by_another_path_is_a_merged_request() {
    let mut desk = Desk::new();
    desk.incoming("");
    desk.receive(&request_with_branch("INVITE", 1, "", "otherpath", SDP_TYPE, ANSWER));
    desk.one("SIP/2.0 482");
    assert!(desk.news().is_empty());
    assert_eq!(desk.ua.held().sessions, 1);
}

#[test]
fn responses_go_to_the_source_with_rport_and_to_sent_by_without() {
    let source = "198.51.100.7:40123".parse().unwrap();
    let invite = request_of_caller("INVITE", 1, "", SDP_TYPE, ANSWER);
    let mut desk = Desk::new();
    desk.receive_from(source, &invite);
    let trying = desk.one("SIP/2.0 100");
    assert_eq!(trying.to, source);
    assert!(trying.get("Via").contains("received=198.51.100.7") && trying.get("Via").contains("rport=40123"));
    let mut desk = Desk::new();
    desk.receive_from(source, &invite.replace(";rport", ""));
    let trying = desk.one("SIP/2.0 100");
    assert_eq!(trying.to, "198.51.100.7:5060".parse().unwrap());
    assert!(trying.get("Via").contains("received=198.51.100.7"));
}

#[test]
fn an_inbound_dialog_reuses_its_connection() {
    let mut desk = Desk::new();
    let source = "192.0.2.9:41000".parse().unwrap();
    let text = request_of_caller("INVITE", 1, "", SDP_TYPE, ANSWER)
        .replace("/UDP", "/TCP")
        .replace("5062>", "5062;transport=tcp>");
    let received = Received {
        transport: crate::sip::Transport::Tcp,
        source,
        connection: Some(77),
        bytes: text.as_bytes(),
    };
    desk.ua.handle_received(desk.now, received);
    let trying = desk.one("SIP/2.0 100");
    assert_eq!((trying.connection, trying.to), (Some(77), source));
    let events = desk.events();
    let [Event::Incoming(call)] = &events[..] else { panic!("{events:?}") };
    desk.ua.accept(desk.now, call.session, OFFER.into());
    let ok = desk.one("SIP/2.0 200");
    assert_eq!(ok.get("Contact"), "<sip:4008000000@192.0.2.1:5060;transport=tcp>");
    desk.receive(&request_of_caller("ACK", 1, &ok.to_tag(), "", ""));
    desk.ua.hangup(desk.now, call.session, Hangup::default());
    let bye = desk.one("BYE");
    assert_eq!((bye.connection, bye.to.port()), (Some(77), 5062));
    desk.ua.handle_transport_failure(desk.now, TransportFailure::Connection(77));
    assert_eq!(desk.news(), ["confirmed", "ended 200 Us"]);
}
