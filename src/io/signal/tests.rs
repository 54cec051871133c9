//! Real sockets on loopback. Requirement 16 of reliability: slow and hostile peers are
//! bounded by count and time, others go on.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

use super::*;

const OPTIONS: &[u8] =
    b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n";
/// Longer than any wait in these tests, shorter than a person's patience.
const PATIENCE: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(200);

fn local() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn settings() -> Settings {
    Settings { udp: vec![local()], tcp: vec![local()], ..Settings::default() }
}

async fn start(settings: Settings) -> (Signal, mpsc::Receiver<Event>) {
    start_with(settings, 256).await
}

async fn start_with(settings: Settings, room: usize) -> (Signal, mpsc::Receiver<Event>) {
    let (sender, events) = mpsc::channel(room);
    (Signal::start(settings, sender).await.unwrap(), events)
}

fn bound(signal: &Signal, transport: Transport) -> SocketAddr {
    signal.bound().into_iter().find(|(t, _)| *t == transport).unwrap().1
}

async fn next(events: &mut mpsc::Receiver<Event>) -> Event {
    timeout(PATIENCE, events.recv()).await.expect("an event").expect("an open queue")
}

async fn message(events: &mut mpsc::Receiver<Event>) -> Received {
    match next(events).await {
        Event::Received(received) => received,
        other => panic!("{other:?}"),
    }
}

fn to(transport: Transport, addr: SocketAddr, name: &str) -> Destination {
    Destination { transport, addr, server_name: name.to_owned() }
}

fn transmit(destination: Destination, connection: Option<u64>, bytes: impl Into<Bytes>) -> Transmit {
    Transmit { destination, local: None, connection, bytes: bytes.into(), session: None }
}

/// Reads until the peer closes; what it said.
async fn to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the connection to end");
    // A reset is an end as well.
    drop(read);
    said
}

/// Both directions of UDP work; also the proof that somebody else goes on.
async fn udp_works(signal: &Signal, events: &mut mpsc::Receiver<Event>) {
    let peer = UdpSocket::bind(local()).await.unwrap();
    peer.send_to(OPTIONS, bound(signal, Transport::Udp)).await.unwrap();
    let got = loop {
        if let Event::Received(got) = next(events).await {
            break got;
        }
    };
    assert_eq!((got.source, got.connection), (peer.local_addr().unwrap(), None));
    signal.send(transmit(to(Transport::Udp, got.source, ""), None, &b"answer"[..]));
    let mut buffer = [0; 100];
    let (len, _) = timeout(PATIENCE, peer.recv_from(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(&buffer[..len], b"answer");
}

#[tokio::test]
async fn datagrams_go_both_ways_and_keepalives_are_passed_over() {
    let (signal, mut events) = start(settings()).await;
    let peer = UdpSocket::bind(local()).await.unwrap();
    peer.send_to(b"\r\n\r\n", bound(&signal, Transport::Udp)).await.unwrap();
    udp_works(&signal, &mut events).await;
    assert_eq!(signal.counters().datagrams, 1);
    signal.send(transmit(to(Transport::Udp, "[::1]:9".parse().unwrap(), ""), None, &b"x"[..]));
    assert!(matches!(next(&mut events).await, Event::SendFailed(..)), "no IPv6 socket is open");
}

#[tokio::test]
async fn a_client_may_send_one_byte_at_a_time_and_ping() {
    let (signal, mut events) = start(settings()).await;
    let mut client = TcpStream::connect(bound(&signal, Transport::Tcp)).await.unwrap();
    client.set_nodelay(true).unwrap();
    for byte in OPTIONS {
        client.write_all(&[*byte]).await.unwrap();
    }
    let got = message(&mut events).await;
    assert_eq!((&got.bytes[..], got.transport), (OPTIONS, Transport::Tcp));
    assert_eq!(got.source, client.local_addr().unwrap());
    signal.send(transmit(to(Transport::Tcp, got.source, ""), got.connection, &b"answer"[..]));
    let mut buffer = [0; 6];
    client.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"answer");
    client.write_all(b"\r\n\r\n").await.unwrap();
    client.read_exact(&mut buffer[..2]).await.unwrap();
    assert_eq!(&buffer[..2], b"\r\n");
    drop(client);
    assert!(matches!(next(&mut events).await, Event::ConnectionClosed(id) if Some(id) == got.connection));
    assert_eq!(signal.connections(), 0);
}

#[tokio::test]
async fn a_connection_out_is_used_again_and_its_end_is_reported() {
    let (signal, mut events) = start(settings()).await;
    let trunk = TcpListener::bind(local()).await.unwrap();
    let destination = to(Transport::Tcp, trunk.local_addr().unwrap(), "trunk");
    for _ in 0..3 {
        signal.send(transmit(destination.clone(), None, OPTIONS));
    }
    let (mut served, _) = timeout(PATIENCE, trunk.accept()).await.expect("a connection").unwrap();
    let mut all = vec![0; OPTIONS.len() * 3];
    served.read_exact(&mut all).await.unwrap();
    served.write_all(OPTIONS).await.unwrap();
    let got = message(&mut events).await;
    assert_eq!(signal.connections(), 1);
    drop((served, trunk));
    assert!(matches!(next(&mut events).await, Event::ConnectionClosed(id) if Some(id) == got.connection));
    signal.send(transmit(destination.clone(), got.connection, OPTIONS));
    match next(&mut events).await {
        Event::SendFailed(failed, _) => assert_eq!(failed, destination),
        other => panic!("{other:?}"),
    }
    assert_eq!(signal.counters().connects_failed, 1);
}

#[tokio::test]
async fn a_connection_out_leaves_from_the_address_that_is_named() {
    let (signal, mut events) = start(settings()).await;
    let trunk = TcpListener::bind(local()).await.unwrap();
    let destination = to(Transport::Tcp, trunk.local_addr().unwrap(), "trunk");
    let from = |local: &str| Transmit {
        local: Some(local.parse().unwrap()),
        ..transmit(destination.clone(), None, OPTIONS)
    };
    let mut served = Vec::new();
    for (local, connections) in [("127.0.0.3", 1), ("127.0.0.3", 1), ("127.0.0.4", 2)] {
        signal.send(from(local));
        if served.len() < connections {
            let (stream, source) = timeout(PATIENCE, trunk.accept()).await.expect("a connection").unwrap();
            assert_eq!(source.ip().to_string(), local);
            served.push(stream);
        }
        let mut message = vec![0; OPTIONS.len()];
        let last = served.last_mut().unwrap();
        timeout(PATIENCE, last.read_exact(&mut message)).await.expect("a message").unwrap();
    }
    signal.send(from("192.0.2.200"));
    let Event::SendFailed(_, why) = next(&mut events).await else { panic!("that address is not ours") };
    assert!(why.contains("cannot send from 192.0.2.200"), "{why}");
}

/// An authority, and a certificate of it for these names, as PEM files in a folder.
fn authority(folder: &std::path::Path, name: &str, names: &[&str]) -> (PathBuf, PathBuf, PathBuf) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let file = |end: &str, text: String| {
        let path = folder.join(format!("{name}-{end}.pem"));
        std::fs::write(&path, text).unwrap();
        path
    };
    (file("ca", ca.pem()), file("certificate", certificate.pem()), file("key", key.serialize_pem()))
}

fn tls_settings(certificate: &std::path::Path, key: &std::path::Path) -> Settings {
    Settings {
        tls: vec![local()],
        certificate: Some(certificate.to_owned()),
        key: Some(key.to_owned()),
        ..settings()
    }
}

/// Requirement 23 of reliability.
#[tokio::test]
async fn tls_is_verified_by_authority_and_name() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, certificate, key) = authority(folder.path(), "right", &["trunk.example", "127.0.0.1"]);
    let (other_ca, ..) = authority(folder.path(), "other", &["trunk.example"]);
    let (server, mut arrived) = start(tls_settings(&certificate, &key)).await;
    let addr = bound(&server, Transport::Tls);
    for (trusted, name, expect) in [
        (Some(ca.clone()), "trunk.example", true),
        (Some(ca.clone()), "127.0.0.1", true),
        (Some(ca.clone()), "evil.example", false),
        (Some(ca.clone()), "not a name", false),
        (Some(other_ca), "trunk.example", false),
        (None, "trunk.example", false),
    ] {
        let (client, mut events) = start(Settings { ca: trusted.clone(), ..Settings::default() }).await;
        client.send(transmit(to(Transport::Tls, addr, name), None, OPTIONS));
        if expect {
            let got = message(&mut arrived).await;
            assert_eq!((&got.bytes[..], got.transport), (OPTIONS, Transport::Tls), "{name}");
            server.send(transmit(to(Transport::Tls, got.source, ""), got.connection, OPTIONS));
            assert_eq!(&message(&mut events).await.bytes[..], OPTIONS, "{name}");
        } else {
            let Event::SendFailed(_, why) = next(&mut events).await else { panic!("{name} {trusted:?}") };
            assert!(why.contains("certificate") == (name != "not a name"), "{name}: {why}");
        }
        client.close().await;
        assert!(matches!(next(&mut arrived).await, Event::ConnectionClosed(_)) || name == "not a name");
    }
}

#[tokio::test]
async fn bad_certificate_settings_say_what_is_wrong_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, certificate, key) = authority(folder.path(), "a", &["a.example"]);
    let (_, _, other_key) = authority(folder.path(), "b", &["b.example"]);
    let check = async |settings: Settings, expect: &str| {
        let error = Signal::start(settings, mpsc::channel(1).0).await.unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(Settings { tls: vec![local()], ..Settings::default() }, "needs a certificate and a key").await;
    check(tls_settings(&folder.path().join("none.pem"), &key), "none.pem").await;
    check(tls_settings(&key, &key), "no certificate in PEM").await;
    check(tls_settings(&certificate, &ca), "no private key in PEM").await;
    check(tls_settings(&certificate, &other_key), "does not go with the key").await;
    check(Settings { ca: Some(key), ..Settings::default() }, "a-key.pem: no certificate").await;
    let taken = UdpSocket::bind(local()).await.unwrap();
    let udp = vec![taken.local_addr().unwrap()];
    check(Settings { udp, ..Settings::default() }, "cannot bind udp 127.0.0.1:").await;
}

#[tokio::test]
async fn a_peer_that_never_reads_loses_its_connection_and_nobody_else_waits() {
    for (queue_bytes, expect_after) in [(256 * 1024, "queue"), (usize::MAX, "write deadline")] {
        let limits = Limits { queue_bytes, queue: 2_000, write: SOON, ..Limits::default() };
        let (signal, mut events) = start(Settings { limits, ..settings() }).await;
        let deaf = TcpListener::bind(local()).await.unwrap();
        let destination = to(Transport::Tcp, deaf.local_addr().unwrap(), "deaf");
        let large = Bytes::from(vec![b'x'; 60_000]);
        signal.send(transmit(destination.clone(), None, large.clone()));
        let (_held, _) = timeout(PATIENCE, deaf.accept()).await.expect("a connection").unwrap();
        // More than the kernel's buffers of both sides hold.
        for _ in 0..500 {
            signal.send(transmit(destination.clone(), None, large.clone()));
        }
        let mut failed = Vec::new();
        while failed.len() < 2 {
            failed.push(next(&mut events).await);
        }
        assert!(matches!(failed[0], Event::ConnectionClosed(_)), "{expect_after}: {failed:?}");
        assert!(
            matches!(&failed[1], Event::SendFailed(d, _) if *d == destination),
            "{expect_after}: {failed:?}"
        );
        udp_works(&signal, &mut events).await;
        assert!(signal.counters().not_read >= 1, "{expect_after}");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, certificate, key) = authority(folder.path(), "a", &["a.example"]);
    let limits = Limits { handshake: SOON, first: SOON, partial: SOON, ..Limits::default() };
    let (signal, mut events) = start(Settings { limits, ..tls_settings(&certificate, &key) }).await;
    let (tcp, tls) = (bound(&signal, Transport::Tcp), bound(&signal, Transport::Tls));
    for (addr, bytes) in [
        (tls, &b""[..]),
        (tls, b"\x16\x03\x01"),
        (tls, b"OPTIONS sip:a SIP/2.0\r\n"),
        (tcp, b""),
        (tcp, b"\r\n"),
        (tcp, b"OPTIONS sip:a SIP/2.0\r\nVia: "),
        (tcp, b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 10\r\n\r\nhalf"),
    ] {
        let mut client = TcpStream::connect(addr).await.unwrap();
        client.write_all(bytes).await.unwrap();
        to_end(&mut client).await;
        assert!(matches!(next(&mut events).await, Event::ConnectionClosed(_)));
    }
    let counters = signal.counters();
    assert_eq!((counters.handshakes_failed, counters.too_slow, counters.messages), (3, 4, 0));
    assert_eq!(signal.connections(), 0);
}

#[tokio::test]
async fn a_head_without_end_closes_its_own_connection_only() {
    let (signal, mut events) = start(settings()).await;
    let addr = bound(&signal, Transport::Tcp);
    let mut good = TcpStream::connect(addr).await.unwrap();
    let mut bad = TcpStream::connect(addr).await.unwrap();
    let mut head = b"OPTIONS sip:a SIP/2.0\r\nX: ".to_vec();
    head.resize(70_000, b'x');
    // The other side may close before all is written.
    let _ = bad.write_all(&head).await;
    let got = message(&mut events).await;
    assert!(crate::sip::message::parse(&got.bytes).is_err());
    to_end(&mut bad).await;
    assert!(matches!(next(&mut events).await, Event::ConnectionClosed(_)));
    assert_eq!(signal.counters().unframed, 1);
    good.write_all(OPTIONS).await.unwrap();
    assert_eq!(&message(&mut events).await.bytes[..], OPTIONS);
}

#[tokio::test]
async fn a_message_without_a_readable_length_is_refused_before_its_connection_closes() {
    let (signal, mut events) = start(settings()).await;
    let mut client = TcpStream::connect(bound(&signal, Transport::Tcp)).await.unwrap();
    client
        .write_all(b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nContent-Length: -9\r\n\r\n")
        .await
        .unwrap();
    let got = message(&mut events).await;
    let reply = crate::sip::message::parse(&got.bytes).unwrap_err().reply.expect("a 400");
    let bytes = crate::sip::Message::Response(*reply).to_bytes();
    signal.send(transmit(to(Transport::Tcp, got.source, ""), got.connection, bytes));
    let said = to_end(&mut client).await;
    assert!(said.starts_with(b"SIP/2.0 400 "), "{}", said.escape_ascii());
}

#[tokio::test]
async fn connections_are_counted_per_address_and_in_all() {
    for limits in [Limits { per_address: 2, ..Limits::default() }, Limits { inbound: 2, ..Limits::default() }]
    {
        let (signal, mut events) = start(Settings { limits, ..settings() }).await;
        let addr = bound(&signal, Transport::Tcp);
        let mut held = Vec::new();
        for _ in 0..2 {
            let mut client = TcpStream::connect(addr).await.unwrap();
            client.write_all(OPTIONS).await.unwrap();
            message(&mut events).await;
            held.push(client);
        }
        let mut third = TcpStream::connect(addr).await.unwrap();
        assert_eq!(to_end(&mut third).await, b"");
        assert_eq!(signal.counters().refused, 1);
        held.clear();
        for _ in 0..2 {
            assert!(matches!(next(&mut events).await, Event::ConnectionClosed(_)));
        }
        let mut again = TcpStream::connect(addr).await.unwrap();
        again.write_all(OPTIONS).await.unwrap();
        message(&mut events).await;
    }
}

#[tokio::test]
async fn connections_out_are_counted_too() {
    let limits = Limits { outbound: 1, ..Limits::default() };
    let (signal, mut events) = start(Settings { limits, ..Settings::default() }).await;
    let trunk = TcpListener::bind(local()).await.unwrap();
    let first = to(Transport::Tcp, trunk.local_addr().unwrap(), "first");
    let second = to(Transport::Tcp, trunk.local_addr().unwrap(), "second");
    signal.send(transmit(first, None, OPTIONS));
    signal.send(transmit(second.clone(), None, OPTIONS));
    assert!(matches!(next(&mut events).await, Event::SendFailed(d, _) if d == second));
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_datagrams_and_only_delays_streams() {
    const ROOM: usize = 8;
    const MESSAGES: usize = 40;
    let (signal, mut events) = start_with(settings(), ROOM).await;
    let mut client = TcpStream::connect(bound(&signal, Transport::Tcp)).await.unwrap();
    client.write_all(&OPTIONS.repeat(MESSAGES)).await.unwrap();
    let peer = UdpSocket::bind(local()).await.unwrap();
    // Streams fill three quarters at most, so these find room until the queue is full.
    let mut counters = signal.counters();
    while counters.datagrams_dropped == 0 || counters.messages == 0 {
        peer.send_to(OPTIONS, bound(&signal, Transport::Udp)).await.unwrap();
        tokio::task::yield_now().await;
        counters = signal.counters();
    }
    assert!(counters.datagrams >= (ROOM / 4) as u64, "{counters:?}");
    let mut from_stream = 0;
    while from_stream < MESSAGES {
        from_stream += usize::from(message(&mut events).await.connection.is_some());
    }
    assert_eq!(signal.counters().messages, MESSAGES as u64);
}

#[tokio::test]
async fn close_sends_what_is_queued_and_ends_every_task() {
    let (signal, _events) = start(settings()).await;
    let trunk = TcpListener::bind(local()).await.unwrap();
    let destination = to(Transport::Tcp, trunk.local_addr().unwrap(), "trunk");
    for _ in 0..10 {
        signal.send(transmit(destination.clone(), None, OPTIONS));
    }
    let tasks = signal.shared.tasks.clone();
    signal.close().await;
    assert!(tasks.is_empty(), "{} tasks are left", tasks.len());
    let (mut served, _) = timeout(PATIENCE, trunk.accept()).await.expect("a connection").unwrap();
    assert_eq!(to_end(&mut served).await.len(), OPTIONS.len() * 10);
}
