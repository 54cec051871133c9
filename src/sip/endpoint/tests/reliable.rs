//! Reliable provisional responses (RFC 3262), both ways.

use super::desk::*;
use crate::sip::endpoint::*;

#[test]
fn reliable_responses_are_acknowledged_in_order_only() {
    let mut desk = Desk::new();
    desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    let reliable = |rseq: u32| {
        invite.reply_sdp("183 Session Progress", "phone", &format!("Require: 100rel\r\nRSeq: {rseq}\r\n"))
    };
    desk.receive(&reliable(70));
    let prack = desk.one("PRACK sip:phone@192.0.2.9:5062 ");
    assert_eq!((prack.get("RAck"), prack.get("CSeq")), ("70 1 INVITE", "2 PRACK"));
    desk.receive(&prack.reply("200 OK", "", "", ""));
    desk.receive(&reliable(70));
    desk.receive(&reliable(72));
    desk.quiet();
    assert_eq!(desk.news(), ["provisional 183 sdp 0"]);
    desk.receive(&reliable(71));
    assert_eq!(desk.one("PRACK").get("RAck"), "71 1 INVITE");
    // The ACK keeps the number of the INVITE; what follows runs on after the PRACKs.
    desk.receive(&invite.reply("200 OK", "phone", "Contact: <sip:phone@192.0.2.9:5062>\r\n", ""));
    assert_eq!(desk.one("ACK").get("CSeq"), "1 ACK");
    desk.receive(&request_of_callee(&invite, "BYE", 1, "", ""));
    desk.one("SIP/2.0 200");
    desk.assert_empty();
}

#[test]
fn each_fork_counts_its_own_responses() {
    let mut desk = Desk::new();
    desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    for (tag, rseq) in [("a", 5), ("b", 900)] {
        desk.receive(&invite.reply_sdp(
            "183 Session Progress",
            tag,
            &format!("Require: 100rel\r\nRSeq: {rseq}\r\n"),
        ));
        let prack = desk.one("PRACK");
        assert_eq!((prack.to_tag().as_str(), prack.get("CSeq")), (tag, "2 PRACK"));
    }
}

#[test]
fn we_can_require_100rel() {
    let mut desk = Desk::new();
    desk.ua.invite(desk.now, Invite { require_100rel: true, ..invitation() });
    assert_eq!(desk.one("INVITE").get("Require"), "100rel");
}

#[test]
fn our_reliable_response_is_repeated_until_its_prack() {
    let mut desk = Desk::new();
    let session = desk.incoming("Supported: 100rel\r\n");
    desk.ua.progress(desk.now, session, Progress { status: 183, sdp: Some(OFFER.into()), reliable: true });
    let early = desk.one("SIP/2.0 183");
    assert_eq!(early.get("Require"), "100rel");
    let again: Vec<u64> = desk.run(4_000).iter().map(|s| s.ms).collect();
    assert_eq!(again, [500, 1_500, 3_500]);
    // What follows waits for the PRACK.
    desk.ua.progress(desk.now, session, Progress { status: 180, sdp: None, reliable: true });
    desk.quiet();
    let rseq: u32 = early.get("RSeq").parse().unwrap();
    let wrong = format!("RAck: {} 1 INVITE\r\n", rseq + 1);
    desk.receive(&request_of_caller("PRACK", 2, &early.to_tag(), &wrong, ""));
    desk.one("SIP/2.0 481");
    desk.receive(&request_of_caller("PRACK", 3, &early.to_tag(), &format!("RAck: {rseq} 1 INVITE\r\n"), ""));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..11]).collect::<Vec<_>>(), ["SIP/2.0 200", "SIP/2.0 180"]);
    assert_eq!(sent[1].get("RSeq"), (rseq + 1).to_string());
    // So does the answer, and it does not repeat the description (RFC 3262 section 5).
    desk.ua.accept(desk.now, session, OFFER.into());
    desk.quiet();
    desk.receive(&request_of_caller(
        "PRACK",
        4,
        &early.to_tag(),
        &format!("RAck: {} 1 INVITE\r\n", rseq + 1),
        "",
    ));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..11]).collect::<Vec<_>>(), ["SIP/2.0 200", "SIP/2.0 200"]);
    assert_eq!((sent[1].get("CSeq"), sent[1].body()), ("1 INVITE", ""));
    desk.receive(&request_of_caller("ACK", 1, &early.to_tag(), "", ""));
    assert_eq!(desk.news(), ["confirmed"]);
    desk.receive(&request_of_caller("BYE", 5, &early.to_tag(), "", ""));
    desk.one("SIP/2.0 200");
    desk.assert_empty();
}

#[test]
fn a_caller_that_requires_100rel_gets_it_unasked_and_one_that_cannot_never() {
    let mut desk = Desk::new();
    let session = desk.incoming("Require: 100rel\r\n");
    desk.ua.progress(desk.now, session, Progress { status: 180, sdp: None, reliable: false });
    assert!(desk.one("SIP/2.0 180").has("RSeq"));
    let mut desk = Desk::new();
    let session = desk.incoming("");
    desk.ua.progress(desk.now, session, Progress { status: 180, sdp: None, reliable: true });
    assert!(!desk.one("SIP/2.0 180").has("RSeq"));
}

#[test]
fn a_reliable_response_without_prack_ends_the_call_with_504() {
    let mut desk = Desk::new();
    let session = desk.incoming("Supported: 100rel\r\n");
    desk.ua.progress(desk.now, session, Progress { status: 180, sdp: None, reliable: true });
    let sent = desk.run(32_000);
    assert!(sent.last().unwrap().text.starts_with("SIP/2.0 504"));
    assert_eq!(desk.news(), ["failed 504 Fault"]);
    desk.assert_empty();
}

#[test]
fn update_before_the_answer_after_a_reliable_exchange() {
    // Ours.
    let mut desk = Desk::new();
    let session = desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    desk.ua.offer(desk.now, session, HELD.into());
    assert_eq!(desk.news(), ["answer 491"], "the first exchange is still open");
    desk.receive(&invite.reply_sdp(
        "183 Session Progress",
        "phone",
        "Require: 100rel\r\nRSeq: 1\r\nAllow: UPDATE, PRACK\r\n",
    ));
    let prack = desk.one("PRACK");
    desk.receive(&prack.reply("200 OK", "", "", ""));
    desk.ua.offer(desk.now, session, HELD.into());
    let update = desk.one("UPDATE sip:phone@");
    assert_eq!(update.body(), HELD);
    // Theirs meets ours.
    desk.receive(&request_of_callee(&invite, "UPDATE", 1, SDP_TYPE, HELD));
    desk.one("SIP/2.0 491");
    desk.receive(&update.reply_sdp("200 OK", "", ""));
    assert_eq!(desk.news(), ["provisional 183 sdp 0", "answer sdp"]);
    desk.receive(&request_of_callee(&invite, "UPDATE", 2, SDP_TYPE, HELD));
    assert_eq!(desk.news(), ["offer sdp"]);
    desk.ua.answer(desk.now, session, Ok(OFFER.into()));
    assert_eq!(desk.one("SIP/2.0 200").body(), OFFER);

    // Theirs, to us as the callee.
    let mut desk = Desk::new();
    let session = desk.incoming("Supported: 100rel\r\n");
    desk.ua.progress(desk.now, session, Progress { status: 183, sdp: Some(OFFER.into()), reliable: true });
    let early = desk.one("SIP/2.0 183");
    let rack = format!("RAck: {} 1 INVITE\r\n", early.get("RSeq"));
    desk.receive(&request_of_caller("PRACK", 2, &early.to_tag(), &rack, ""));
    desk.one("SIP/2.0 200");
    desk.receive(&request_of_caller("UPDATE", 3, &early.to_tag(), SDP_TYPE, HELD));
    assert_eq!(desk.news(), ["offer sdp"]);
    desk.ua.answer(desk.now, session, Ok(OFFER.into()));
    assert_eq!(desk.one("SIP/2.0 200").body(), OFFER);
}

#[test]
fn a_prack_may_carry_an_offer() {
    let mut desk = Desk::new();
    let session = desk.incoming("Supported: 100rel\r\n");
    desk.ua.progress(desk.now, session, Progress { status: 183, sdp: Some(OFFER.into()), reliable: true });
    let early = desk.one("SIP/2.0 183");
    let fields = format!("{SDP_TYPE}RAck: {} 1 INVITE\r\n", early.get("RSeq"));
    desk.receive(&request_of_caller("PRACK", 2, &early.to_tag(), &fields, HELD));
    assert_eq!(desk.news(), ["offer sdp"]);
    desk.ua.answer(desk.now, session, Ok(ANSWER.into()));
    let ok = desk.one("SIP/2.0 200");
    assert_eq!((ok.get("CSeq"), ok.body()), ("2 PRACK", ANSWER));
}
