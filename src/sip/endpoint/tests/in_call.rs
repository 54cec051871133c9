//! Requests inside an answered call, both ways.

use super::desk::*;
use crate::sip::endpoint::*;

fn end_by_callee(desk: &mut Desk, invite: &Sent, seq: u32) {
    desk.receive(&request_of_callee(invite, "BYE", seq, "", ""));
    desk.one("SIP/2.0 200");
    assert_eq!(desk.news(), ["ended 200 Peer"]);
    desk.assert_empty();
}

#[test]
fn we_hold_and_resume() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    for seq in [2, 3] {
        desk.ua.offer(desk.now, session, HELD.into());
        let invite = desk.one("INVITE sip:phone@192.0.2.9:5062 ");
        assert_eq!((invite.get("CSeq"), invite.body()), (format!("{seq} INVITE").as_str(), HELD));
        assert_eq!(invite.sender_tag(), call.sender_tag());
        desk.receive(&invite.reply_sdp("200 OK", "", ""));
        assert_eq!(desk.one("ACK").get("CSeq"), format!("{seq} ACK"));
        assert_eq!(desk.news(), ["answer sdp"]);
    }
    end_by_callee(&mut desk, &call, 1);
}

#[test]
fn a_refused_offer_leaves_the_call_up() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.ua.offer(desk.now, session, HELD.into());
    let invite = desk.one("INVITE");
    desk.receive(&invite.reply("488 Not Acceptable Here", "", "", ""));
    assert_eq!(desk.one("ACK").branch(), invite.branch());
    assert_eq!(desk.news(), ["answer 488"]);
    end_by_callee(&mut desk, &call, 1);
}

#[test]
fn an_offer_answered_with_481_or_408_or_silence_ends_the_call() {
    for (status, expect) in [("481 No", "481 Peer"), ("408 Timeout", "408 Fault"), ("", "408 Fault")] {
        let mut desk = Desk::new();
        let (session, ..) = desk.answered_call("");
        desk.ua.offer(desk.now, session, HELD.into());
        let invite = desk.one("INVITE");
        let sent = if status.is_empty() {
            desk.run(32_000)
        } else {
            desk.receive(&invite.reply(status, "", "", ""));
            desk.sent()
        };
        let bye = sent.iter().find(|sent| sent.text.starts_with("BYE")).expect("a BYE");
        desk.receive(&bye.reply("200 OK", "", "", ""));
        assert_eq!(desk.news(), [format!("lost {expect}"), format!("ended {expect}")], "{status}");
        desk.assert_empty();
    }
}

#[test]
fn offers_wait_for_each_other_and_the_latest_counts() {
    let mut desk = Desk::new();
    let (session, ..) = desk.answered_call("");
    desk.ua.offer(desk.now, session, HELD.into());
    let first = desk.one("INVITE");
    desk.ua.offer(desk.now, session, "v=1\r\n".into());
    desk.ua.offer(desk.now, session, OFFER.into());
    desk.quiet();
    desk.receive(&first.reply_sdp("200 OK", "", ""));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..6]).collect::<Vec<_>>(), ["ACK si", "INVITE"]);
    assert_eq!(sent[1].body(), OFFER);
}

#[test]
fn they_hold_and_we_answer() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "INVITE", 1, SDP_TYPE, HELD));
    desk.one("SIP/2.0 100");
    assert_eq!(desk.news(), ["offer sdp"]);
    desk.ua.answer(desk.now, session, Ok(OFFER.into()));
    let ok = desk.one("SIP/2.0 200");
    assert_eq!((ok.body(), ok.get("Contact")), (OFFER, "<sip:ringback@192.0.2.1:5060>"));
    assert_eq!(desk.run(500)[0].text, ok.text, "again until the ACK");
    desk.receive(&request_of_callee(&call, "ACK", 1, "", ""));
    assert!(desk.run(10_000).is_empty() && desk.news().is_empty());
    end_by_callee(&mut desk, &call, 2);
}

#[test]
fn an_offer_that_cannot_be_taken_gets_488_and_the_call_stays() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "INVITE", 1, SDP_TYPE, HELD));
    desk.one("SIP/2.0 100");
    desk.ua.answer(desk.now, session, Err(488));
    let refusal = desk.one("SIP/2.0 488");
    let ack = request_of_callee(&call, "ACK", 1, "", "").replace("z9hG4bKpeerACK1", "z9hG4bKpeerINVITE1");
    desk.receive(&ack);
    assert!(desk.run(10_000).is_empty(), "{}", refusal.text);
    assert_eq!(desk.news(), ["offer sdp"]);
    end_by_callee(&mut desk, &call, 2);
}

#[test]
fn a_reinvite_without_an_offer_asks_for_ours_and_the_ack_answers() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "INVITE", 1, "", ""));
    desk.one("SIP/2.0 100");
    assert_eq!(desk.news(), ["offer"]);
    desk.ua.answer(desk.now, session, Ok(OFFER.into()));
    assert_eq!(desk.one("SIP/2.0 200").body(), OFFER);
    desk.receive(&request_of_callee(&call, "ACK", 1, SDP_TYPE, ANSWER));
    assert_eq!(desk.news(), ["answer sdp"]);
    end_by_callee(&mut desk, &call, 2);
}

#[test]
fn an_offer_that_we_never_answer_gets_500_after_32_s() {
    let mut desk = Desk::new();
    let (_, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "UPDATE", 1, SDP_TYPE, HELD));
    desk.quiet();
    let sent = desk.run(32_000);
    assert_eq!((sent.len(), sent[0].line()), (1, "SIP/2.0 500 Server Internal Error"));
    assert_eq!(desk.news(), ["offer sdp"]);
    end_by_callee(&mut desk, &call, 2);
}

#[test]
fn glare_gets_491_and_ours_is_repeated_after_the_right_pause() {
    // We own the Call-ID: 2.1 to 4 s. The callee's side waits up to 2 s.
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.ua.offer(desk.now, session, HELD.into());
    let invite = desk.one("INVITE");
    desk.receive(&request_of_callee(&call, "INVITE", 1, SDP_TYPE, HELD));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..11]).collect::<Vec<_>>(), ["SIP/2.0 100", "SIP/2.0 491"]);
    desk.receive(&request_of_callee(&call, "ACK", 1, "", "").replace("peerACK1", "peerINVITE1"));
    desk.receive(&invite.reply("491 Request Pending", "", "", ""));
    desk.one("ACK");
    assert!(desk.run(2_099).is_empty());
    let again = desk.run(1_901);
    assert_eq!(again[0].get("CSeq"), "3 INVITE");
    assert_eq!(again[0].body(), HELD);
    assert!((2_100..=4_000).contains(&again[0].ms), "{}", again[0].ms);
    desk.receive(&again[0].reply_sdp("200 OK", "", ""));
    desk.one("ACK");
    assert_eq!(desk.news(), ["answer sdp"]);

    let mut desk = Desk::new();
    let (session, _) = desk.accepted_call("");
    desk.ua.offer(desk.now, session, HELD.into());
    let invite = desk.one("INVITE");
    desk.receive(&invite.reply("491 Request Pending", "", "", ""));
    desk.one("ACK");
    let again = desk.run(2_000);
    assert!(again[0].text.starts_with("INVITE") && again[0].ms <= 2_000);
}

#[test]
fn endless_glare_is_given_up_and_reported() {
    let mut desk = Desk::new();
    let (session, ..) = desk.answered_call("");
    desk.ua.offer(desk.now, session, HELD.into());
    for _ in 0..20 {
        for sent in desk.run(4_000) {
            if sent.text.starts_with("INVITE") {
                desk.receive(&sent.reply("491 Request Pending", "", "", ""));
            }
        }
    }
    assert_eq!(desk.news(), ["answer 491"]);
}

#[test]
fn requests_that_overlap_get_500_with_retry_after() {
    let mut desk = Desk::new();
    let (_, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "INVITE", 1, SDP_TYPE, HELD));
    desk.one("SIP/2.0 100");
    desk.receive(&request_of_callee(&call, "UPDATE", 2, SDP_TYPE, HELD));
    let busy = desk.one("SIP/2.0 500");
    assert!(busy.get("Retry-After").parse::<u32>().unwrap() <= 10);
    // A number that went by.
    desk.receive(&request_of_callee(&call, "INFO", 1, "", ""));
    desk.one("SIP/2.0 500");
}

#[test]
fn update_works_both_ways() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n");
    desk.receive(&request_of_callee(&call, "UPDATE", 1, SDP_TYPE, HELD));
    assert_eq!(desk.news(), ["offer sdp"]);
    desk.ua.answer(desk.now, session, Ok(OFFER.into()));
    assert_eq!(desk.one("SIP/2.0 200").body(), OFFER);
    assert!(desk.run(5_000).is_empty(), "no ACK follows an UPDATE");
    // Without an offer it refreshes the target.
    let moved =
        request_of_callee(&call, "UPDATE", 2, "", "").replace("phone@192.0.2.9:5062", "moved@192.0.2.9:5063");
    desk.receive(&moved);
    desk.one("SIP/2.0 200");
    assert!(desk.news().is_empty());
    desk.ua.hangup(desk.now, session, Hangup::default());
    desk.one("BYE sip:moved@192.0.2.9:5063 ");
}

#[test]
fn info_options_and_unknown_requests_in_a_call() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(
        &call,
        "INFO",
        1,
        "Content-Type: application/dtmf-relay\r\n",
        "Signal=5\r\nDuration=160\r\n",
    ));
    desk.one("SIP/2.0 200");
    let events = desk.events();
    let [Event::Info { content_type, body, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((content_type.as_str(), &body[..8]), ("application/dtmf-relay", &b"Signal=5"[..]));
    desk.receive(&request_of_callee(&call, "OPTIONS", 2, "", ""));
    let options = desk.one("SIP/2.0 200");
    assert!(
        options.has("Accept")
            && options.get("Allow").contains("UPDATE")
            && options.get("Supported").contains("timer")
    );
    for (method, seq, expect) in
        [("SUBSCRIBE", 3, "SIP/2.0 405"), ("DANCE", 4, "SIP/2.0 501"), ("PRACK", 5, "SIP/2.0 481")]
    {
        desk.receive(&request_of_callee(&call, method, seq, "", ""));
        let sent = desk.one(expect);
        assert_eq!(sent.has("Allow"), method != "PRACK");
    }
    assert!(desk.news().is_empty());
    desk.ua.info(desk.now, session, "application/dtmf-relay", "Signal=1\r\n".into());
    let info = desk.one("INFO sip:phone@");
    desk.receive(&info.reply("200 OK", "", "", ""));
    end_by_callee(&mut desk, &call, 6);
}

#[test]
fn a_bye_while_an_offer_is_open_ends_both() {
    let mut desk = Desk::new();
    let (_, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "INVITE", 1, SDP_TYPE, HELD));
    desk.one("SIP/2.0 100");
    desk.receive(&request_of_callee(&call, "BYE", 2, "", ""));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..11]).collect::<Vec<_>>(), ["SIP/2.0 200", "SIP/2.0 487"]);
    assert_eq!(desk.news(), ["offer sdp", "ended 200 Peer"]);
    desk.assert_empty();
}

#[test]
fn our_bye_while_our_offer_is_open_still_acknowledges_its_answer() {
    let mut desk = Desk::new();
    let (session, ..) = desk.answered_call("");
    desk.ua.offer(desk.now, session, HELD.into());
    let invite = desk.one("INVITE");
    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE");
    desk.receive(&invite.reply_sdp("200 OK", "", ""));
    assert_eq!(desk.one("ACK").get("CSeq"), "2 ACK");
    desk.receive(&bye.reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["ended 200 Us"]);
    desk.assert_empty();
}

#[test]
fn both_sides_hang_up_at_once() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE");
    desk.receive(&request_of_callee(&call, "BYE", 1, "", ""));
    desk.one("SIP/2.0 200");
    desk.receive(&bye.reply("481 Call/Transaction Does Not Exist", "", "", ""));
    assert_eq!(desk.news(), ["ended 200 Us"]);
    desk.assert_empty();
}

#[test]
fn a_cancelled_reinvite_gets_487_and_the_call_stays() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "INVITE", 1, SDP_TYPE, HELD));
    desk.one("SIP/2.0 100");
    desk.receive(&request_of_callee(&call, "CANCEL", 1, "", "").replace("peerCANCEL1", "peerINVITE1"));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..11]).collect::<Vec<_>>(), ["SIP/2.0 200", "SIP/2.0 487"]);
    desk.ua.answer(desk.now, session, Ok(OFFER.into()));
    desk.quiet();
    assert_eq!(desk.news(), ["offer sdp"]);
}

#[test]
fn the_longest_call_is_ended() {
    let settings = Settings { call_limit: std::time::Duration::from_secs(60), ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.answered_call("");
    let sent = desk.run(60_000);
    assert!(sent[0].text.starts_with("BYE"));
    desk.receive(&sent[0].reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["lost 200 Fault", "ended 200 Fault"]);
}
