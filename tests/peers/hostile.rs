//! A trunk by hand that does what no scenario of SIPp can: messages in one breath.

use std::net::UdpSocket;
use std::time::Duration;

use serde_json::json;

use super::daemon::{Daemon, Trunk};
use super::program::until;
use super::raw::{received, socket};

/// A header field of a message.
fn field<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name} in\n{message}")).trim()
}

/// A final response to the INVITE, with this To tag; 2xx with an answer.
fn response(invite: &str, status: &str, tag: &str, own: &UdpSocket) -> String {
    let own = own.local_addr().expect("its address");
    let sdp = format!(
        "v=0\r\no=peer 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n",
        own.ip()
    );
    let sdp = if status.starts_with('2') { sdp } else { String::new() };
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "From", "Call-ID", "CSeq"] {
        text.push_str(&format!("{name}: {}\r\n", field(invite, name)));
    }
    text.push_str(&format!(
        "To: {};tag={tag}\r\nContact: <sip:peer@{own}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        field(invite, "To"),
        sdp.len()
    ));
    text
}

/// A request of the phone with this tag.
fn request(invite: &str, method: &str, tag: &str, own: &UdpSocket) -> String {
    let own = own.local_addr().expect("its address");
    let target = field(invite, "Contact").trim_matches(['<', '>']);
    format!(
        "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{method}{tag}\r\nMax-Forwards: 70\r\n\
         From: {};tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 7 {method}\r\nContent-Length: 0\r\n\r\n",
        field(invite, "To"),
        field(invite, "From"),
        field(invite, "Call-ID")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_behind_a_final_response_in_one_breath_is_sorted_out() {
    let peer = socket("127.0.0.1");
    let port = peer.local_addr().expect("its address").port();
    let daemon = Daemon::start(&[Trunk::at("trunk", port)], "").await;
    let next = async |start: &str| {
        let found = until(Duration::from_secs(20), async || {
            received(&peer).into_iter().find(|message| message.starts_with(start))
        });
        found.await.unwrap_or_else(|| panic!("no {start}"))
    };
    let send = |message: String| {
        peer.send_to(message.as_bytes(), ("127.0.0.1", daemon.sip_port)).expect("a datagram");
    };
    let settings = || json!({ "trunk_group": "trunk" });

    // BYE overtakes the ACK that it does not wait for.
    let campaign = daemon.dial("first", "13800000001", settings()).await;
    let invite = next("INVITE").await;
    send(response(&invite, "200 OK", "a", &peer));
    send(request(&invite, "BYE", "a", &peer));
    let call = daemon.call_of(campaign, Duration::from_secs(10)).await;
    assert_eq!((&call["disposition"], &call["ended_by"]), (&json!("hung_up"), &json!("peer")), "{call}");

    // One phone refuses, and another answers all the same: it must not stay up.
    let campaign = daemon.dial("second", "13800000002", settings()).await;
    let invite = next("INVITE").await;
    send(response(&invite, "486 Busy Here", "a", &peer));
    send(response(&invite, "200 OK", "b", &peer));
    let bye = next("BYE").await;
    assert!(field(&bye, "To").ends_with("tag=b"), "{bye}");
    let call = daemon.call_of(campaign, Duration::from_secs(10)).await;
    assert_eq!((&call["disposition"], &call["answered_at"]), (&json!("busy"), &json!(null)), "{call}");
    daemon.stop().await;
}
