//! Strangers and hostile peers while calls are up: the calls go on unharmed, memory stays
//! bounded, and everything that was taken is given back.
//!
//! `RINGBACK_TEST_LONG=1` floods 100 calls for 10 s; otherwise 30 calls for 3 s.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ringback::io::demo::DemoTrunk;
use ringback::sim::{Act, Behaviour, Mix, Person};
use serde_json::{Value, json};

use super::daemon::{Daemon, Setup, Trunk, own_network};
use super::encrypted::authority;
use super::program::{free_port, is_long, until};
use super::raw;
use crate::support::databases::block_on;

/// INVITEs a second.
const RATE: u32 = 200;
/// What the daemon may grow by under a flood, in KB.
const GROWTH: u64 = 32 * 1024;

/// A trunk where everybody answers at once and presses 5 this long after the question.
fn people(numbers: &[String], thought_ms: u32) -> DemoTrunk {
    let person = Person {
        answer_ms: 100,
        greeting_ms: 0,
        acts: vec![Act::Press { keys: "5".to_owned(), thought_ms }],
        patience_ms: 0,
        ..Person::default()
    };
    let mut mix = Mix::new(1, Vec::new());
    for number in numbers {
        mix.set(number, Behaviour::Answers(person.clone()));
    }
    DemoTrunk::with_mix(mix, 1).expect("a simulated trunk")
}

fn numbers(first: usize, count: usize) -> Vec<String> {
    (0..count).map(|i| format!("138000{:05}", first + i)).collect()
}

/// A thread that sends INVITEs from an address that is no trunk's, until it is stopped.
struct Flood {
    over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<std::thread::JoinHandle<(u64, u64)>>,
}

impl Flood {
    fn start(to: SocketAddr) -> Flood {
        let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (ended, count) = (over.clone(), sent.clone());
        let thread = std::thread::spawn(move || {
            let socket = raw::socket("127.0.0.2");
            let from = socket.local_addr().expect("an address");
            let (begun, mut refused, mut taken) = (Instant::now(), 0, 0);
            while !ended.load(Ordering::Relaxed) {
                let due = (begun.elapsed().as_secs_f64() * f64::from(RATE)) as u64;
                while count.load(Ordering::Relaxed) < due {
                    let call = count.fetch_add(1, Ordering::Relaxed);
                    socket.send_to(raw::invite(from, to, "4001234567", call).as_bytes(), to).ok();
                }
                // The wait for answers is the pause between bursts.
                for text in raw::received(&socket) {
                    refused += u64::from(text.starts_with("SIP/2.0 4") || text.starts_with("SIP/2.0 5"));
                    taken += u64::from(text.starts_with("SIP/2.0 2"));
                }
            }
            (refused, taken)
        });
        Flood { over, sent, thread: Some(thread) }
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Stops it: INVITEs refused and taken.
    fn stop(&mut self) -> (u64, u64) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().expect("running").join().expect("no panic")
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// A call that went as if nothing else had been there: its key was heard and all of it is
/// recorded.
async fn is_unharmed(daemon: &Daemon, call: &Value) {
    assert_eq!(call["disposition"], "completed", "{call}");
    let id = call["id"].as_str().unwrap_or_default();
    let answers = daemon.get(&format!("/calls/{id}/answers")).await;
    assert_eq!(answers["items"][0]["keys"], "5", "{call}: {answers}");
    let length = daemon.play(call).await;
    let up = call["ended_at"].as_i64().zip(call["answered_at"].as_i64()).map(|(end, at)| end - at);
    let up = up.and_then(|ms| u64::try_from(ms).ok()).expect("both times");
    assert!(length.abs_diff(up) < 500, "{length} ms are recorded of {up} ms: {call}");
    assert_eq!(call["missing_frames"], 0, "{call}");
}

#[test]
fn strangers_who_flood_do_not_harm_running_calls_nor_keep_new_ones_out() {
    block_on(async {
        let (count, seconds) = if is_long() { (100, 10) } else { (30, 3) };
        let (many, one) = (numbers(60_000, count), numbers(61_000, 1));
        let people = people(&[many.clone(), one.clone()].concat(), seconds * 1_000 + 500);
        let port = people.address().port();
        let trunk = |name| Trunk::at(name, port).with("max_calls = 200\nmax_cps = 50.0");
        let daemon = Daemon::start(&[trunk("people"), trunk("one")], "").await;
        let settings = json!({ "concurrency": count, "calls_per_second": 25.0 });
        let campaign = daemon.dial_all("people", &many, settings).await;
        daemon.calls_up(count, Duration::from_secs(60)).await;
        let before = daemon.memory_kb();
        let mut flood = Flood::start(([127, 0, 0, 1], daemon.sip_port).into());
        let late = daemon.dial("one", &one[0], json!({})).await;
        // It speaks with its script while the others still do.
        daemon.calls_up(count + 1, Duration::from_secs(u64::from(seconds))).await;
        assert_eq!(daemon.trunk("one").await["calls"], 1, "it is the new one that is up");
        let enough = u64::from(RATE * seconds);
        let flooded = until(Duration::from_secs(u64::from(seconds) + 10), async || {
            (flood.sent() >= enough).then_some(())
        });
        assert!(flooded.await.is_some(), "the flood is too slow: {}", flood.sent());
        let growth = daemon.memory_kb().saturating_sub(before);
        let (sent, (refused, taken)) = (flood.sent(), flood.stop());
        assert_eq!(taken, 0, "a stranger's call was taken");
        for call in daemon.all_ended(campaign, count, Duration::from_secs(60)).await {
            is_unharmed(&daemon, &call).await;
        }
        is_unharmed(&daemon, &daemon.call_of(late, Duration::from_secs(30)).await).await;
        println!("{count} calls, {sent} INVITEs, {refused} refusals, {growth} KB more");
        assert!(growth < GROWTH, "{growth} KB more");
        assert!(refused >= 20, "the burst of a stranger is answered: {refused}");
        daemon.stop().await;
    });
}

#[test]
fn calls_that_are_never_acknowledged_end_by_timer_h_and_leave_nothing() {
    block_on(async {
        const CALLS: u64 = 20;
        let rule = "[[inbound]]\nnumber = \"400*\"\nscript = \"listen\"\nlanguage = \"en\"\n";
        // Timer H is 64 T1: 6.4 s.
        let setup = Setup {
            sip: "t1 = \"100ms\"".to_owned(),
            sections: rule.to_owned(),
            ..Setup::of(&[own_network().with("max_calls = 50\nmax_cps = 0.0")])
        };
        let daemon = Daemon::start_as(&setup).await;
        let (peer, to) = (raw::socket("127.0.0.1"), SocketAddr::from(([127, 0, 0, 1], daemon.sip_port)));
        let from = peer.local_addr().expect("an address");
        for call in 0..CALLS {
            peer.send_to(raw::invite(from, to, "4001234567", call).as_bytes(), to).expect("sent");
        }
        let mut heard = Vec::new();
        let answered = until(Duration::from_secs(5), async || {
            heard.extend(raw::received(&peer));
            let calls =
                heard.iter().filter(|text| text.starts_with("SIP/2.0 200")).filter_map(|t| call_id(t));
            (calls.collect::<std::collections::BTreeSet<_>>().len() as u64 == CALLS).then_some(())
        });
        assert!(answered.await.is_some(), "not all are answered");
        assert!(daemon.trunk("own").await["calls"].as_u64() > Some(0), "no call is up");
        daemon.trunk_becomes("own", Duration::from_secs(15), |trunk| trunk["calls"] == 0).await;
        let stored = until(Duration::from_secs(5), async || {
            let all = daemon.get("/calls?direction=inbound&state=ended&limit=500").await;
            all["items"].as_array().cloned().filter(|calls| calls.len() as u64 == CALLS)
        });
        let stored = stored.await.expect("each has a record");
        for call in &stored {
            assert_eq!((&call["sip_status"], &call["ended_by"]), (&json!(408), &json!("fault")), "{call}");
        }
        heard.extend(raw::received(&peer));
        let byes = heard.iter().filter(|text| text.starts_with("BYE ")).filter_map(|t| call_id(t));
        let byes = byes.collect::<std::collections::BTreeSet<_>>().len() as u64;
        assert_eq!(byes, CALLS, "RFC 3261 section 13.3.1.4: a BYE ends the dialog");
        daemon.stop().await;
    });
}

fn call_id(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("Call-ID: "))
}

/// A client that asks and asks and reads no answer, until it is shut out.
fn deaf(to: SocketAddr) -> std::thread::JoinHandle<std::io::Error> {
    let mut stream = TcpStream::connect(to).expect("a connection");
    // Small buffers: what waits in the kernel would hide for long that nobody reads. Not
    // smaller: Linux 6.18 drops whole segments, with the acknowledgements in them, that
    // overflow the buffer, and then this client stops by itself.
    let socket = socket2::SockRef::from(&stream);
    socket.set_recv_buffer_size(65_536).expect("a small buffer");
    socket.set_send_buffer_size(16_384).expect("a small buffer");
    stream.set_write_timeout(Some(Duration::from_secs(40))).expect("a timeout");
    std::thread::spawn(move || {
        for call in 0u64.. {
            let ask = format!(
                "OPTIONS sip:x@{to} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK{call}\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\n\
                 Call-ID: never-read-{call}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            );
            if let Err(error) = stream.write_all(ask.as_bytes()) {
                return error;
            }
        }
        unreachable!("it asks until an error")
    })
}

/// Streams that mean no good, each with what it sends first.
fn hostile_streams(tcp: SocketAddr, tls: SocketAddr) -> Vec<(&'static str, TcpStream)> {
    let open = |to: SocketAddr| {
        let stream = TcpStream::connect(to).expect("a connection");
        stream.set_nonblocking(true).expect("a flag");
        stream
    };
    let mut streams = Vec::new();
    let mut long = open(tcp);
    let head = format!("OPTIONS sip:x@{tcp} SIP/2.0\r\nSubject: {}\r\n", "x".repeat(64 * 1024));
    long.write_all(head.as_bytes()).ok();
    streams.push(("a header of 64 KB", long));
    let mut many = open(tcp);
    let lines: String = (0..4_000).map(|i| format!("X-{i}: 123456789\r\n")).collect();
    many.write_all(format!("OPTIONS sip:x@{tcp} SIP/2.0\r\n{lines}").as_bytes()).ok();
    streams.push(("64 KB of headers", many));
    // The first bytes of a ClientHello and nothing more.
    for _ in 0..20 {
        let mut half = open(tls);
        half.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]).ok();
        streams.push(("half a TLS handshake", half));
    }
    streams
}

#[test]
fn hostile_streams_delay_nobody_and_are_closed() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let (_, certificate) = authority(folder.path(), "ours");
        let (tcp, tls) = (free_port(), free_port());
        let file = certificate.display();
        let sip = format!(
            "tcp = [\"127.0.0.1:{tcp}\"]\ntls = [\"127.0.0.1:{tls}\"]\ntls_certificate = \"{file}\"\ntls_key = \"{file}\""
        );
        let customers = numbers(62_000, 10);
        let people = people(&customers, 500);
        let trunk = Trunk::at("people", people.address().port()).with("max_calls = 50\nmax_cps = 50.0");
        let daemon = Daemon::start_as(&Setup { sip, ..Setup::of(&[trunk]) }).await;
        let before = daemon.memory_kb();
        let local = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let mut streams = hostile_streams(local(tcp), local(tls));
        let deaf = deaf(local(tcp));
        // One byte at a time, all the while.
        let mut slow = TcpStream::connect(local(tcp)).expect("a connection");
        let mut bytes =
            b"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nSubject: ".iter().chain(std::iter::repeat(&b'x'));
        let settings = json!({ "concurrency": 10, "calls_per_second": 20.0 });
        let campaign = daemon.dial_all("people", &customers, settings).await;
        let calls = until(Duration::from_secs(30), async || {
            slow.write_all(&[*bytes.next().expect("endless")]).ok();
            Some(daemon.ended_calls(campaign).await).filter(|calls| calls.len() == customers.len())
        });
        for call in &calls.await.expect("the calls end") {
            is_unharmed(&daemon, call).await;
        }
        let growth = daemon.memory_kb().saturating_sub(before);
        assert!(growth < GROWTH, "{growth} KB more");
        // What cannot be a message is refused at once, half a handshake after 5 s.
        let mut open = Vec::new();
        let closed = until(Duration::from_secs(15), async || {
            streams.retain_mut(|(_, stream)| !is_closed(stream));
            open = streams.iter().map(|(name, _)| *name).collect();
            open.is_empty().then_some(())
        });
        assert!(closed.await.is_some(), "still open: {open:?}");
        // Whoever does not read is shut out, or is not written to for 10 s.
        let shut_out = until(Duration::from_secs(60), async || deaf.is_finished().then_some(()));
        assert!(shut_out.await.is_some(), "it asks for ever and reads nothing");
        let error = deaf.join().expect("no panic");
        assert!(error.kind() != std::io::ErrorKind::WouldBlock, "it was left waiting: {error}");
        daemon.stop().await;
    });
}

/// Whether the other side has closed it; what it sent is thrown away.
fn is_closed(stream: &mut TcpStream) -> bool {
    loop {
        match stream.read(&mut [0; 65_536]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}
