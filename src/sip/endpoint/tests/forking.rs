//! One INVITE, several phones; routes.

use super::desk::*;
use crate::sip::endpoint::*;

#[test]
fn the_first_2xx_wins_and_later_ones_get_ack_and_bye() {
    let mut desk = Desk::new();
    let session = desk.ua.invite(desk.now, invitation());
    let invite = desk.one("INVITE");
    desk.receive(&invite.reply("180 Ringing", "a", "", ""));
    desk.receive(&invite.reply_sdp("183 Session Progress", "b", ""));
    desk.receive(&invite.reply("180 Ringing", "a", "", ""));
    assert_eq!(desk.news(), ["provisional 180 0", "provisional 183 sdp 1", "provisional 180 0"]);
    desk.receive(&invite.reply_sdp("200 OK", "b", ""));
    assert_eq!(desk.one("ACK").to_tag(), "b");
    assert_eq!(desk.news(), ["answered 1"]);

    let late = invite.reply_sdp("200 OK", "a", "").replace("phone@192.0.2.9:5062", "other@192.0.2.9:5099");
    desk.receive(&late);
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..3]).collect::<Vec<_>>(), ["ACK", "BYE"]);
    assert!(sent.iter().all(|s| s.to_tag() == "a" && s.to.port() == 5099 && s.text.contains("sip:other@")));
    assert_eq!((sent[0].get("CSeq"), sent[1].get("CSeq")), ("1 ACK", "2 BYE"));
    // Its retransmission gets the ACK only.
    desk.receive(&late);
    assert_eq!(desk.one("ACK").text, sent[0].text);
    desk.receive(&sent[1].reply("200 OK", "", "", ""));
    assert!(desk.news().is_empty(), "the call that won is untouched");

    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE");
    assert_eq!(bye.to_tag(), "b");
    desk.receive(&bye.reply("200 OK", "", "", ""));
    // Still later, when the session is gone.
    desk.receive(&invite.reply_sdp("200 OK", "c", ""));
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..3]).collect::<Vec<_>>(), ["ACK", "BYE"]);
    desk.receive(&sent[1].reply("200 OK", "", "", ""));
    assert_eq!(desk.news(), ["ended 200 Us"]);
    desk.assert_empty();
}

#[test]
fn a_2xx_of_a_former_life_is_ended_if_it_comes_from_a_trunk() {
    let mut before = Desk::new();
    before.ua.invite(before.now, invitation());
    let invite = before.one("INVITE");
    let ok = invite.reply_sdp("200 OK", "phone", "");
    let mut desk = Desk::new();
    desk.receive(&ok);
    desk.quiet();
    assert_eq!(desk.ua.counters().stray, 1);
    desk.ua.set_trusted(vec![trunk().addr.ip()]);
    desk.receive(&ok);
    let sent = desk.sent();
    assert_eq!(sent.iter().map(|s| &s.text[..3]).collect::<Vec<_>>(), ["ACK", "BYE"]);
    assert_eq!(sent[1].sender_tag(), invite.sender_tag());
    desk.assert_empty();
}

#[test]
fn loose_routes_are_followed_in_reverse_order_of_record_route() {
    let mut desk = Desk::new();
    let routes = "Record-Route: <sip:192.0.2.21:5070;lr>\r\nRecord-Route: <sip:192.0.2.22;lr>\r\n";
    let (session, _, ack) = desk.answered_call(routes);
    let check = |sent: &Sent| {
        assert!(sent.line().contains(" sip:phone@192.0.2.9:5062 "), "{}", sent.text);
        assert_eq!(sent.all("Route"), ["<sip:192.0.2.22;lr>", "<sip:192.0.2.21:5070;lr>"]);
        assert_eq!(sent.to, "192.0.2.22:5060".parse().unwrap());
    };
    check(&ack);
    desk.ua.hangup(desk.now, session, Hangup::default());
    check(&desk.one("BYE"));
}

#[test]
fn a_strict_router_gets_its_own_uri_and_the_target_at_the_end() {
    let mut desk = Desk::new();
    let routes = "Record-Route: <sip:192.0.2.21;lr>, <sip:192.0.2.22>\r\n";
    let (.., ack) = desk.answered_call(routes);
    assert!(ack.line().starts_with("ACK sip:192.0.2.22 "), "{}", ack.text);
    assert_eq!(ack.all("Route"), ["<sip:192.0.2.21;lr>", "<sip:phone@192.0.2.9:5062>"]);
    assert_eq!(ack.to, "192.0.2.22:5060".parse().unwrap());
}

#[test]
fn a_callee_follows_record_route_in_order_and_echoes_it() {
    let mut desk = Desk::new();
    let routes = "Record-Route: <sip:192.0.2.21;lr>, <sip:192.0.2.22;lr>\r\n";
    let (session, ok) = desk.accepted_call(routes);
    assert_eq!(ok.all("Record-Route"), ["<sip:192.0.2.21;lr>", "<sip:192.0.2.22;lr>"]);
    desk.ua.hangup(desk.now, session, Hangup::default());
    let bye = desk.one("BYE sip:caller@192.0.2.9:5062 ");
    assert_eq!(bye.all("Route"), ["<sip:192.0.2.21;lr>", "<sip:192.0.2.22;lr>"]);
    assert_eq!((bye.to, bye.get("CSeq")), ("192.0.2.21:5060".parse().unwrap(), "1 BYE"));
}

#[test]
fn an_outbound_proxy_is_preloaded() {
    let mut desk = Desk::new();
    desk.ua.invite(desk.now, Invite { route: vec!["sip:192.0.2.9;lr".to_owned()], ..invitation() });
    let invite = desk.one("INVITE sip:13800000001@trunk.example ");
    assert_eq!(invite.get("Route"), "<sip:192.0.2.9;lr>");
    desk.receive(&invite.reply("486 Busy Here", "x", "", ""));
    assert_eq!(desk.one("ACK").get("Route"), "<sip:192.0.2.9;lr>");
}

#[test]
fn a_private_contact_of_a_public_peer_is_answered_at_its_source() {
    let mut desk = Desk::new();
    let mut invite = invitation();
    invite.destination.addr = "203.0.113.5:5060".parse().unwrap();
    desk.ua.invite(desk.now, invite);
    let invite = desk.one("INVITE");
    desk.receive(&invite.reply_sdp("200 OK", "phone", "").replace("192.0.2.9:5062", "10.0.0.8:5060"));
    let ack = desk.one("ACK sip:phone@10.0.0.8:5060 ");
    assert_eq!(ack.to, "203.0.113.5:5060".parse().unwrap());
}
