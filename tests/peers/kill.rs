//! `kill -9` at many moments: nobody is called twice for one attempt, nobody is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback::sip::Message;
use serde_json::json;

use super::daemon::{Daemon, Trunk};
use super::program::until;
use crate::support::databases::block_on;

/// Times the daemon is killed.
const KILLS: usize = 8;
/// Customers of the list.
const CUSTOMERS: usize = 40;

/// A trunk where everybody rings for a moment and is busy. It counts the calls it saw.
pub struct Carrier {
    pub port: u16,
    /// Call-IDs by number.
    seen: Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>,
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Carrier {
    pub fn start() -> Carrier {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        // The wait for a message is the time that it rings.
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
        let port = socket.local_addr().expect("an address").port();
        let (seen, over) = (Arc::<Mutex<BTreeMap<_, _>>>::default(), Arc::new(AtomicBool::new(false)));
        let (kept, ended) = (seen.clone(), over.clone());
        let thread = std::thread::spawn(move || run(&socket, &kept, &ended));
        Carrier { port, seen, over, thread: Some(thread) }
    }

    /// Calls it saw so far.
    pub fn calls(&self) -> usize {
        self.seen.lock().expect("no panic").values().map(BTreeSet::len).sum()
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn run(socket: &UdpSocket, seen: &Mutex<BTreeMap<String, BTreeSet<String>>>, over: &AtomicBool) {
    let mut buffer = [0; 65_536];
    let mut ringing = Vec::new();
    while !over.load(Ordering::Relaxed) {
        match socket.recv_from(&mut buffer) {
            Ok((len, from)) => {
                let Ok(Message::Request(request)) = Message::parse(&buffer[..len]) else { continue };
                match request.method.to_string().as_str() {
                    "INVITE" => {
                        let number = request.uri.user.clone().unwrap_or_default();
                        let id = request.headers.get("Call-ID").map(|v| v.to_string()).unwrap_or_default();
                        seen.lock().expect("no panic").entry(number).or_default().insert(id);
                        let bytes = Message::Response(request.respond(180, Some("carrier"))).to_bytes();
                        socket.send_to(&bytes, from).ok();
                        ringing.push((request, from));
                    }
                    "ACK" => {}
                    _ => {
                        let bytes = Message::Response(request.respond(200, Some("carrier"))).to_bytes();
                        socket.send_to(&bytes, from).ok();
                    }
                }
            }
            Err(_) => {
                for (request, from) in ringing.drain(..) {
                    let bytes = Message::Response(request.respond(486, Some("carrier"))).to_bytes();
                    socket.send_to(&bytes, from).ok();
                }
            }
        }
    }
}

#[test]
fn killed_at_many_moments_nobody_is_called_twice_for_one_attempt_and_nobody_is_forgotten() {
    block_on(async {
        let carrier = Carrier::start();
        let trunk = Trunk::at("carrier", carrier.port);
        let mut daemon = Daemon::start(&[trunk], "").await;
        let numbers: Vec<String> = (0..CUSTOMERS).map(|i| format!("138000{:05}", 20_000 + i)).collect();
        let settings = json!({
            "trunk_group": "carrier", "concurrency": 5, "calls_per_second": 12.0, "max_attempts": 20,
            "daily_cap_per_number": 0,
            "retry": { "busy": { "delay_minutes": 0, "max": 0 }, "lost": { "delay_minutes": 0, "max": 20 } },
        });
        let campaign = daemon.dial_all("kill", &numbers, settings).await;
        for kill in 1..=KILLS {
            // Each kill falls after some more calls have begun: at another moment of their lives.
            let more = kill * CUSTOMERS / (KILLS + 2);
            let reached = until(Duration::from_secs(20), async || (carrier.calls() >= more).then_some(()));
            assert!(reached.await.is_some(), "only {} calls before kill {kill}", carrier.calls());
            daemon = daemon.kill_and_start_again().await;
        }
        let path = format!("/campaigns/{campaign}");
        let done = until(Duration::from_secs(60), async || {
            (daemon.get(&path).await["state"] == "done").then_some(())
        });
        assert!(done.await.is_some(), "not done: {}", daemon.get(&format!("{path}/progress")).await);
        check(&daemon, &carrier, &numbers).await;
        daemon.stop().await;
    });
}

async fn check(daemon: &Daemon, carrier: &Carrier, numbers: &[String]) {
    let calls = daemon.get("/calls?limit=500&unmask=true").await;
    let mut attempts: BTreeMap<String, usize> = BTreeMap::new();
    let mut lost = 0;
    for call in calls["items"].as_array().expect("calls") {
        assert_eq!(call["state"], "ended", "a call is up for ever: {call}");
        lost += usize::from(call["disposition"] == "lost");
        *attempts.entry(call["phone"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let seen = carrier.seen.lock().expect("no panic").clone();
    for number in numbers {
        let (tried, rang) =
            (attempts.get(number).copied().unwrap_or(0), seen.get(number).map_or(0, BTreeSet::len));
        assert!(rang >= 1, "{number} was forgotten");
        assert!(rang <= tried, "{number} rang {rang} times for {tried} attempts");
    }
    println!("{KILLS} kills, {} calls seen, {lost} attempts lost", carrier.calls());
}
