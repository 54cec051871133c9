//! REFER in a call (RFC 3515): taken or refused, and told how it went.

use super::desk::{Desk, request_of_callee};
use crate::sip::endpoint::*;

const TO: &str = "Refer-To: <sip:1002@ringback.example>\r\n";

/// The session of the one REFER that came, and whom it names.
fn referred(desk: &mut Desk) -> (SessionId, String) {
    let events = desk.events();
    let [Event::Refer { session, refer_to }] = &events[..] else { panic!("{events:?}") };
    (*session, refer_to.to_string())
}

#[test]
fn a_refer_that_is_taken_gets_202_and_two_notifies() {
    let mut desk = Desk::new();
    let (session, call, _) = desk.answered_call("");
    desk.receive(&request_of_callee(&call, "REFER", 7, TO, ""));
    assert_eq!(referred(&mut desk), (session, "sip:1002@ringback.example".to_owned()));
    desk.ua.answer_refer(desk.now, session, Ok(()));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..11]).collect::<Vec<_>>(), ["SIP/2.0 202", "NOTIFY sip:"]);
    let notify = &sent[1];
    assert_eq!((notify.get("Event"), notify.body()), ("refer;id=7", "SIP/2.0 100 Trying\r\n"));
    assert!(notify.get("Subscription-State").starts_with("active"));
    desk.receive(&notify.reply("200 OK", "", "", ""));
    // Another one is too early.
    desk.receive(&request_of_callee(&call, "REFER", 8, TO, ""));
    desk.one("SIP/2.0 491");
    desk.ua.refer_done(desk.now, session, 486);
    let last = desk.one("NOTIFY");
    assert_eq!(last.body(), "SIP/2.0 486 Busy Here\r\n");
    assert_eq!(last.get("Subscription-State"), "terminated;reason=noresource");
    // A phone that has forgotten the subscription has not forgotten the call.
    desk.receive(&last.reply("481 Subscription Does Not Exist", "", "", ""));
    assert!(desk.events().is_empty());
    desk.ua.refer_done(desk.now, session, 200);
    assert!(desk.sent().is_empty(), "told once");
    desk.receive(&request_of_callee(&call, "REFER", 9, TO, ""));
    desk.ua.answer_refer(desk.now, session, Err(603));
    desk.one("SIP/2.0 603");
    assert_eq!(desk.events().len(), 1);
}

#[test]
fn a_refer_without_one_target_is_a_bad_request() {
    for fields in ["", "Refer-To: \r\n", "Refer-To: <nonsense\r\n"] {
        let mut desk = Desk::new();
        let (_, call, _) = desk.answered_call("");
        desk.receive(&request_of_callee(&call, "REFER", 2, fields, ""));
        desk.one("SIP/2.0 400");
        assert!(desk.events().is_empty());
    }
}
