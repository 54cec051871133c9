use super::*;

fn round_trip(text: &str) {
    match Uri::parse(text) {
        Ok(uri) => assert_eq!(uri.to_string(), text),
        Err(error) => panic!("{text}: {error}"),
    }
}

#[test]
fn uris_are_written_back_as_they_came() {
    for text in [
        "sip:alice@atlanta.example.com",
        "sip:host",
        "sips:alice:secret@192.0.2.1:5061;transport=tls;lr?Subject=x&To=y",
        "sip:+861380013@[2001:db8::1]:5070;user=phone",
        "sip:[2001:db8::10]",
        "sip:user;par=u%40example.net@example.com",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        "sip:proxy;received=1.2.3.4:5060;x=[::1]:9",
        "tel:+8610;phone-context=example.com",
        "isbn:2983792873",
        "http://www.example.com",
        "soap.beep://192.0.2.103:3002",
    ] {
        round_trip(text);
    }
}

#[test]
fn broken_uris_are_refused() {
    for text in [
        "",
        "sip",
        "sip:",
        ":x",
        "sip:@host",
        "sip:a@",
        "sip:a b@host",
        "sip:a@host:70000",
        "sip:a@host:x",
        "sip:a@[::1",
        "sip:a@[zz]",
        "sip:a%4@host",
        "sip:a@host;transport=udp;transport=tcp",
        "tel:",
        "<sip:a@b>",
        "sip:a@b>",
        "sip:a@ho st",
        "sip:a@host;x=\"y\"",
    ] {
        assert!(Uri::parse(text).is_err(), "{text}");
    }
}

#[test]
fn users_are_escaped_and_unescaped() {
    let uri = Uri::sip("a b@\u{5F20}", "host", None);
    assert_eq!(uri.to_string(), "sip:a%20b%40%E5%BC%A0@host");
    assert_eq!(uri.user_unescaped().as_deref(), Some("a b@\u{5F20}"));
}

#[test]
fn uris_compare_as_rfc_3261_section_19_1_4_says() {
    fn check(a: &str, b: &str, expect: bool) {
        let (a, b) = (Uri::parse(a).unwrap(), Uri::parse(b).unwrap());
        assert_eq!(a.is_same(&b), expect, "{a} {b}");
        assert_eq!(b.is_same(&a), expect, "{b} {a}");
    }
    check("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp", true);
    check("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true);
    check("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true);
    check("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false);
    check("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false);
    check("sip:bob@biloxi.com;transport=udp", "sip:bob@biloxi.com;transport=tcp", false);
    check("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false);
    check("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false);
    check("sip:bob@biloxi.com", "sip:bob@biloxi.com;user=phone", false);
    check("sip:bob@biloxi.com", "sips:bob@biloxi.com", false);
}

#[test]
fn rsip_takes_our_uris() {
    let uri = Uri::parse("sip:bob@192.0.2.4:5070;transport=tcp").unwrap();
    let theirs = rsip::Uri::from(&uri);
    assert_eq!(theirs.user(), Some("bob"));
    assert_eq!(theirs.to_string(), "sip:bob@192.0.2.4:5070;transport=TCP");
}
