//! Session timers (RFC 4028) in both roles.

use super::desk::*;
use crate::sip::endpoint::*;

const ALLOW: &str = "Allow: INVITE, ACK, BYE, UPDATE\r\n";

#[test]
fn we_refresh_at_half_the_interval_by_update() {
    let mut desk = Desk::new();
    let fields = format!("{ALLOW}Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n");
    let (_, invite, _) = desk.answered_call(&fields);
    assert_eq!((invite.get("Session-Expires"), invite.get("Min-SE")), ("1800", "90"));
    for round in 1..=3 {
        let sent = desk.run(300_000);
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].ms, sent[0].body()), (round * 300_000, ""));
        assert!(sent[0].text.starts_with("UPDATE"));
        assert_eq!(sent[0].get("Session-Expires"), "600;refresher=uac");
        desk.receive(&sent[0].reply("200 OK", "", "Session-Expires: 600;refresher=uac\r\n", ""));
    }
    assert!(desk.news().is_empty());
}

#[test]
fn we_refresh_by_reinvite_where_update_is_unknown() {
    for fields in [
        "Session-Expires: 600;refresher=uac\r\n".to_owned(),
        format!("{ALLOW}Session-Expires: 600;refresher=uac\r\n"),
    ] {
        let mut desk = Desk::new();
        desk.answered_call(&fields);
        let mut sent = desk.run(300_000);
        if sent[0].text.starts_with("UPDATE") {
            desk.receive(&sent[0].reply("501 Not Implemented", "", "", ""));
            sent = desk.sent();
        }
        assert!(sent[0].text.starts_with("INVITE"));
        assert_eq!((sent[0].body(), sent[0].get("Session-Expires")), (OFFER, "600;refresher=uac"));
        desk.receive(&sent[0].reply_sdp("200 OK", "", "Session-Expires: 600;refresher=uac\r\n"));
        desk.one("ACK");
        assert!(desk.news().is_empty(), "the same description is no news");
    }
}

#[test]
fn refreshes_that_get_no_answer_end_the_call() {
    let mut desk = Desk::new();
    desk.answered_call(&format!("{ALLOW}Session-Expires: 600;refresher=uac\r\n"));
    let sent = desk.run(332_000);
    let bye = sent.iter().find(|s| s.text.starts_with("BYE")).expect("a BYE");
    assert_eq!(bye.ms, 332_000);
    assert_eq!(desk.news(), ["lost 408 Fault"], "before anybody answers the BYE");
    desk.receive(&bye.reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["ended 408 Fault"]);
    desk.assert_empty();
}

#[test]
fn refreshes_that_are_refused_end_the_call_when_the_interval_is_nearly_over() {
    let mut desk = Desk::new();
    desk.answered_call(&format!("{ALLOW}Session-Expires: 600;refresher=uac\r\n"));
    let mut bye = None;
    while bye.is_none() {
        for sent in desk.run(1_000) {
            if sent.text.starts_with("UPDATE") {
                desk.receive(&sent.reply("500 Server Internal Error", "", "", ""));
            } else {
                bye = Some(sent);
            }
        }
    }
    assert_eq!(bye.unwrap().ms, 568_000);
}

#[test]
fn where_they_refresh_silence_ends_the_call_and_refreshes_keep_it() {
    let mut desk = Desk::new();
    let (_, call, _) = desk.answered_call("Session-Expires: 600;refresher=uas\r\n");
    assert!(desk.run(300_000).is_empty());
    desk.receive(&request_of_callee(
        &call,
        "UPDATE",
        1,
        "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n",
        "",
    ));
    let ok = desk.one("SIP/2.0 200");
    assert_eq!((ok.get("Session-Expires"), ok.get("Require")), ("600;refresher=uac", "timer"));
    assert!(desk.run(567_999).is_empty());
    let sent = desk.run(1);
    assert!(sent[0].text.starts_with("BYE") && sent[0].get("Reason").contains("cause=102"));
    desk.receive(&sent[0].reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["lost 408 Fault", "ended 408 Fault"]);
    desk.assert_empty();
}

#[test]
fn without_session_expires_in_the_2xx_there_is_no_timer() {
    let mut desk = Desk::new();
    desk.answered_call("");
    assert!(desk.run(3 * 3_600_000).is_empty());
}

#[test]
fn a_422_raises_our_interval_and_a_second_one_that_does_not_grow_fails() {
    let mut desk = Desk::new();
    desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    desk.receive(&invite.reply("422 Session Interval Too Small", "x", "Min-SE: 3600\r\n", ""));
    let sent = desk.sent();
    assert!(sent[0].text.starts_with("ACK"));
    let again = &sent[1];
    assert_eq!(
        (again.get("Min-SE"), again.get("Session-Expires"), again.get("CSeq")),
        ("3600", "3600", "2 INVITE")
    );
    assert_eq!(again.get("Call-ID"), invite.get("Call-ID"));
    desk.receive(&again.reply("422 Session Interval Too Small", "x", "Min-SE: 3600\r\n", ""));
    desk.one("ACK");
    assert_eq!(desk.news(), ["failed 422 Peer"]);
    desk.assert_empty();
}

#[test]
fn too_short_an_interval_of_theirs_gets_422() {
    let mut desk = Desk::new();
    let fields = format!("{SDP_TYPE}Supported: timer\r\nSession-Expires: 60\r\n");
    desk.receive(&request_of_caller("INVITE", 1, "", &fields, ANSWER));
    assert_eq!(desk.one("SIP/2.0 422").get("Min-SE"), "90");
    assert!(desk.news().is_empty());
    desk.assert_empty();
}

#[test]
fn as_the_callee_we_state_the_interval_and_the_roles() {
    let check = |fields: &str, session_expires: &str, requires: bool| {
        let mut desk = Desk::new();
        let (_, ok) = desk.accepted_call(fields);
        assert_eq!(ok.get("Session-Expires"), session_expires, "{fields}");
        assert_eq!(ok.has("Require"), requires, "{fields}");
    };
    check("", "1800;refresher=uas", false);
    check("Supported: timer\r\nSession-Expires: 600\r\n", "600;refresher=uac", true);
    check("Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n", "600;refresher=uas", false);
}

#[test]
fn as_the_callee_without_timers_at_the_caller_we_refresh() {
    let mut desk = Desk::new();
    desk.accepted_call("");
    let sent = desk.run(900_000);
    assert_eq!((&sent[0].text[..6], sent[0].body()), ("INVITE", OFFER));
    assert_eq!(sent[0].get("Session-Expires"), "1800;refresher=uac");
}

#[test]
fn timers_can_be_off() {
    let settings = Settings { session_expires: 0, ..Settings::default() };
    let mut desk = Desk::with(settings);
    desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    assert!(!invite.has("Session-Expires") && invite.get("Supported") == "100rel");
}
