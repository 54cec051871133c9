//! A daemon in two networks: each trunk sees the address by which it reaches us.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use serde_json::json;

use super::daemon::{Daemon, Setup, Trunk};
use super::program::{free_port, until};

/// A trunk that only listens; what it reads is shown with its source.
struct Listener(UdpSocket);

impl Listener {
    fn bind(address: &str) -> Listener {
        let socket = UdpSocket::bind((address, free_port())).expect("a socket");
        socket.set_nonblocking(true).expect("a mode");
        Listener(socket)
    }

    fn addr(&self) -> SocketAddr {
        self.0.local_addr().expect("its address")
    }

    /// The next request of this method, answered where it is OPTIONS.
    async fn request(&self, method: &str) -> (SocketAddr, String) {
        let found = until(Duration::from_secs(20), async || {
            let mut buffer = [0; 4_096];
            while let Ok((len, from)) = self.0.recv_from(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..len]).into_owned();
                if text.starts_with("OPTIONS") {
                    self.0.send_to(ok(&text).as_bytes(), from).ok();
                }
                if text.starts_with(method) {
                    return Some((from, text));
                }
            }
            None
        });
        found.await.unwrap_or_else(|| panic!("no {method} came to {}", self.addr()))
    }
}

/// 200 to a request.
fn ok(request: &str) -> String {
    let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let lines = request.lines().filter(|l| kept.iter().any(|k| l.starts_with(k)));
    let head: String = lines.map(|l| format!("{l}\r\n")).collect();
    format!("SIP/2.0 200 OK\r\n{head}Content-Length: 0\r\n\r\n")
}

fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().find(|l| l.starts_with(start)).unwrap_or_else(|| panic!("no {start} in\n{text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trunk_gets_via_contact_and_sdp_of_its_own_network() {
    let (first, second) = (Listener::bind("127.0.0.1"), Listener::bind("127.0.0.2"));
    let trunk = |name: &str, extra: &str| Trunk { extra: extra.into(), ..Trunk::at(name, 9) };
    let daemon =
        Daemon::start(&[trunk("first", ""), trunk("second", "local_address = \"127.0.0.1\"\n")], "").await;
    let port = daemon.sip_port;
    daemon.edit(|text| {
        let both = format!("udp = [\"127.0.0.1:{port}\", \"127.0.0.2:{port}\"]");
        let text = text.replace(&format!("udp = [\"127.0.0.1:{port}\"]"), &both);
        let text = text.replace("address = \"127.0.0.1\"\nport_min", "address = \"0.0.0.0\"\nport_min");
        let text = text.replacen("server = \"127.0.0.1:9\"", &format!("server = \"{}\"", first.addr()), 1);
        let text = text.replace("server = \"127.0.0.1:9\"", &format!("server = \"{}\"", second.addr()));
        let text = text.replace("local_address = \"127.0.0.1\"", "local_address = \"127.0.0.2\"");
        text.replace("options_ping = \"0s\"", "options_ping = \"5s\"")
    });
    let daemon = daemon.kill_and_start_again().await;
    for (listener, name, own) in [(&first, "first", "127.0.0.1"), (&second, "second", "127.0.0.2")] {
        let (from, options) = listener.request("OPTIONS").await;
        assert_eq!(from, SocketAddr::new(own.parse().unwrap(), port), "{options}");
        assert!(line(&options, "Via:").contains(&format!("UDP {own}:{port};")), "{options}");
        daemon.dial(name, if name == "first" { "13800000001" } else { "13800000002" }, json!({})).await;
        let (from, invite) = listener.request("INVITE").await;
        assert_eq!(from.ip().to_string(), own, "{invite}");
        assert!(line(&invite, "Via:").contains(&format!("UDP {own}:{port};")), "{invite}");
        assert!(line(&invite, "Contact:").contains(&format!("@{own}:{port}>")), "{invite}");
        assert_eq!(line(&invite, "c="), format!("c=IN IP4 {own}"), "{invite}");
    }
    let counted = until(Duration::from_secs(5), async || {
        let page = daemon.page("/metrics").await;
        let has = |line: &str| page.lines().any(|l| l.starts_with(line) && !l.ends_with(" 0"));
        (has("ringback_sip_messages_total{method=\"INVITE\",direction=\"out\"}")
            && has("ringback_sip_messages_total{method=\"OPTIONS\",direction=\"out\"}")
            && has("ringback_sip_responses_total{class=\"2xx\",direction=\"in\"}")
            && has("ringback_media_ticks_total{result="))
        .then_some(())
    });
    assert!(counted.await.is_some(), "not all is counted:\n{}", daemon.page("/metrics").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_over_tcp_is_reached_from_its_local_address() {
    let server = std::net::TcpListener::bind(("127.0.0.1", free_port())).expect("a socket");
    server.set_nonblocking(true).expect("a mode");
    let port = server.local_addr().expect("its address").port();
    let trunk = Trunk { transport: "tcp", ..Trunk::at("stream", port).with("options_ping = \"5s\"") };
    let sip = format!("tcp = [\"127.0.0.2:{}\"]", free_port());
    let daemon = Daemon::start_as(&Setup { sip, ..Setup::of(&[trunk]) }).await;
    let source = async || {
        let (_, from) = until(Duration::from_secs(20), async || server.accept().ok()).await?;
        Some(from.ip().to_string())
    };
    assert_eq!(source().await.as_deref(), Some("127.0.0.1"), "by the kernel's route");
    daemon.edit(|text| {
        let text = text.replace("address = \"127.0.0.1\"\nport_min", "address = \"0.0.0.0\"\nport_min");
        let text = text.replace("udp = [\"127.0.0.1:", "udp = [\"127.0.0.2:");
        text.replace("options_ping", "local_address = \"127.0.0.2\"\noptions_ping")
    });
    let daemon = daemon.kill_and_start_again().await;
    while server.accept().is_ok() {}
    assert_eq!(source().await.as_deref(), Some("127.0.0.2"));
    daemon.stop().await;
}
