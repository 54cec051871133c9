//! Agents' phones at the real daemon: baresip and SIPp register, by hand what no phone would do.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use ringback::base::Rng;
use ringback::sip::{ClientAuth, Message, Method, Request, Response, Uri};
use serde_json::{Value, json};

use super::baresip::{PLAIN, Phone, baresip_as, is_ready};
use super::daemon::{Daemon, Setup, Trunk, own_network};
use super::encrypted::authority;
use super::program::{can_run, free_port, until};
use super::raw;
use super::sipp::Sipp;
use crate::support::databases::block_on;

const PASSWORD: &str = "warm-tea-41";

/// Two agents; phones on UDP are asked whether they live at this pace.
fn agents(keepalive: &str) -> String {
    format!(
        "[agents]\nalgorithms = [\"sha-256\", \"md5\"]\nregister_min = \"10s\"\nregister_max = \"60s\"\nkeepalive = \"{keepalive}\"\n\
         [[agent]]\nname = \"anna\"\nextension = \"8001\"\nsecret = \"{PASSWORD}\"\nmay_dial = [\"agents\", \"1XXXXXXXXXX\"]\n\
         [[agent]]\nname = \"bob\"\nextension = \"8002\"\nsecret = \"{PASSWORD}\"\n"
    )
}

async fn agent(daemon: &Daemon, name: &str) -> Value {
    let all = daemon.get("/agents").await;
    let items = all["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().find(|a| a["name"] == name).unwrap_or_else(|| panic!("no {name}: {all}"))
}

async fn becomes(daemon: &Daemon, name: &str, state: &str, reason: &str) -> Value {
    let limit = Duration::from_secs(30);
    let is = |a: &Value| a["state"] == state && (reason.is_empty() || a["reason"] == reason);
    match until(limit, async || Some(agent(daemon, name).await).filter(is)).await {
        Some(agent) => agent,
        None => panic!("{name} is not {state} ({reason}): {}\n{}", agent(daemon, name).await, daemon.log()),
    }
}

/// The same for phones that know MD5 alone.
fn agents_of_old_phones(keepalive: &str) -> String {
    agents(keepalive).replace("\"sha-256\", ", "")
}

/// A phone by hand, on a UDP socket.
struct Hand {
    socket: UdpSocket,
    to: SocketAddr,
    user: &'static str,
    auth: ClientAuth,
    rng: Rng,
    seq: u32,
}

impl Hand {
    fn at(address: &str, daemon: &Daemon, user: &'static str, password: &str) -> Hand {
        Hand {
            socket: raw::socket(address),
            to: SocketAddr::from(([127, 0, 0, 1], daemon.sip_port)),
            user,
            auth: ClientAuth::new(user, password, None),
            rng: Rng::seeded(5),
            seq: 0,
        }
    }

    fn request(&mut self, method: Method, callee: &str, fields: &[(&'static str, String)]) -> Request {
        self.seq += 1;
        let (from, seq, user) = (self.socket.local_addr().unwrap(), self.seq, self.user);
        let at = if callee.is_empty() { String::new() } else { format!("{callee}@") };
        let mut request = Request::new(method.clone(), Uri::parse(&format!("sip:{at}{}", self.to)).unwrap());
        let headers = &mut request.headers;
        headers.push("Via", format!("SIP/2.0/UDP {from};branch=z9hG4bKhand{seq}x{};rport", from.port()));
        headers.push("Max-Forwards", "70");
        headers.push("From", format!("<sip:{user}@{}>;tag=h{user}", self.to));
        let to = if callee.is_empty() { user } else { callee };
        headers.push("To", format!("<sip:{to}@{}>", self.to));
        headers.push("Call-ID", format!("hand-{user}-{}-{method}", from.port()));
        headers.push("CSeq", format!("{seq} {method}"));
        headers.push("Contact", format!("<sip:{user}@{from}>"));
        for (name, value) in fields {
            headers.push(*name, value.as_str());
        }
        request
    }

    fn send(&self, request: &Request) {
        let bytes = Message::Request(request.clone()).to_bytes();
        self.socket.send_to(&bytes, self.to).unwrap();
    }

    /// The final response to this request, acknowledged where it is an INVITE's.
    fn answer(&self, request: &Request) -> Response {
        let mut buffer = vec![0; 65_536];
        for _ in 0..2_000 {
            let Ok(length) = self.socket.recv(&mut buffer) else { continue };
            if let Ok(Message::Response(response)) = Message::parse(&buffer[..length])
                && response.status >= 200
                && ["Call-ID", "CSeq"]
                    .iter()
                    .all(|name| response.headers.get(name) == request.headers.get(name))
            {
                if request.method == Method::INVITE {
                    self.acknowledge(request, &response);
                }
                return response;
            }
        }
        panic!("no final answer came");
    }

    fn acknowledge(&self, invite: &Request, response: &Response) {
        let mut ack = Request::new(Method::ACK, invite.uri.clone());
        for name in ["Via", "Max-Forwards", "From", "Call-ID"] {
            ack.headers.copy_from(&invite.headers, name);
        }
        ack.headers.copy_from(&response.headers, "To");
        ack.headers.push("CSeq", format!("{} ACK", invite.headers.cseq().unwrap().number));
        if response.is_success() {
            let via = ack.headers.get("Via").unwrap().replace("z9hG4bK", "z9hG4bKack");
            ack.headers.set("Via", via);
        }
        self.send(&ack);
    }

    /// One request, answering one challenge.
    fn ask(&mut self, method: Method, callee: &str, fields: &[(&'static str, String)]) -> (Request, u16) {
        for _ in 0..2 {
            let mut request = self.request(method.clone(), callee, fields);
            self.auth.apply(&mut request, &mut self.rng);
            self.send(&request);
            let response = self.answer(&request);
            let challenged = matches!(response.status, 401 | 407);
            if !challenged || self.auth.handle_challenge(&response).is_err() {
                self.auth.handle_accepted();
                return (request, response.status);
            }
        }
        let mut request = self.request(method, callee, fields);
        self.auth.apply(&mut request, &mut self.rng);
        self.send(&request);
        let status = self.answer(&request).status;
        (request, status)
    }

    fn register(&mut self, seconds: u32) -> u16 {
        self.ask(Method::REGISTER, "", &[("Expires", seconds.to_string())]).1
    }
}

#[test]
fn a_phone_by_hand_registers_is_refused_for_a_wrong_password_and_a_replay_and_expires() {
    block_on(async {
        let daemon = Daemon::start(&[Trunk::at("far", free_port())], &agents("5s")).await;
        let offline = agent(&daemon, "anna").await;
        assert_eq!((&offline["state"], &offline["reason"]), (&json!("offline"), &json!("start")));
        let mut wrong = Hand::at("127.0.0.3", &daemon, "8001", "guess-guess");
        assert_eq!(wrong.register(60), 401);
        let mut nobody = Hand::at("127.0.0.4", &daemon, "9999", "guess-guess");
        assert_eq!(nobody.register(60), 401, "nobody learns who exists");
        let mut anna = Hand::at("127.0.0.2", &daemon, "8001", PASSWORD);
        assert_eq!(anna.register(5), 423);
        let (request, status) = anna.ask(Method::REGISTER, "", &[("Expires", "12".to_owned())]);
        assert_eq!(status, 200);
        becomes(&daemon, "anna", "available", "registered").await;
        // The same proof again, in another transaction.
        let mut replay = request.clone();
        replay.headers.set(
            "Via",
            format!("SIP/2.0/UDP {};branch=z9hG4bKreplay;rport", anna.socket.local_addr().unwrap()),
        );
        replay.headers.set("CSeq", "900 REGISTER");
        anna.send(&replay);
        let refused = anna.answer(&replay);
        assert_eq!(refused.status, 401);
        assert!(refused.headers.get("WWW-Authenticate").unwrap().contains("stale=true"));
        // Two contacts: a second phone of the same agent.
        let mut second = Hand::at("127.0.0.2", &daemon, "8001", PASSWORD);
        assert_eq!(second.register(60), 200);
        let both = until(Duration::from_secs(5), async || {
            Some(agent(&daemon, "anna").await)
                .filter(|a| a["phones"].as_array().is_some_and(|p| p.len() == 2))
        });
        assert!(both.await.is_some(), "{}", agent(&daemon, "anna").await);
        // Neither answers the OPTIONS nor renews: both are gone, and the reason is kept.
        let gone = becomes(&daemon, "anna", "offline", "").await;
        let reason = gone["reason"].as_str().unwrap_or_default();
        assert!(matches!(reason, "phone_unreachable" | "registration_expired"), "{gone}");
        let expect = [json!("offline"), json!("available"), json!("offline")];
        let kept = until(Duration::from_secs(5), async || {
            let history = daemon.get("/agents/history?agent=anna").await;
            let states = history["items"].as_array().cloned().unwrap_or_default();
            states.iter().rev().map(|s| s["state"].clone()).eq(expect.clone()).then_some(())
        });
        assert!(kept.await.is_some(), "{}", daemon.get("/agents/history?agent=anna").await);
        daemon.stop().await;
    });
}

#[test]
fn star_codes_move_the_agent_and_a_phone_dials_only_what_is_listed() {
    block_on(async {
        let daemon = Daemon::start(&[own_network()], &agents("0s")).await;
        let mut anna = Hand::at("127.0.0.2", &daemon, "8001", PASSWORD);
        assert_eq!(anna.register(60), 200);
        becomes(&daemon, "anna", "available", "").await;
        let offer = |hand: &Hand| {
            let text = raw::invite(hand.socket.local_addr().unwrap(), hand.to, "x", 1);
            text.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()
        };
        let mut dial = |number: &'static str| {
            let body = offer(&anna);
            anna.seq += 10;
            for _ in 0..2 {
                let mut request = anna.request(Method::INVITE, number, &[]);
                request.headers.set("Call-ID", format!("dial-{number}-{}", anna.seq));
                anna.auth.apply(&mut request, &mut anna.rng);
                anna.send(&request.clone().with_body("application/sdp", body.clone()));
                let response = anna.answer(&request);
                if response.status != 407 {
                    anna.auth.handle_accepted();
                    return (response.status, response.headers.get("Warning").unwrap_or_default().to_owned());
                }
                anna.auth.handle_challenge(&response).unwrap();
            }
            panic!("challenged for ever");
        };
        assert_eq!(dial("*322").0, 200, "a voice confirms it");
        becomes(&daemon, "anna", "not_ready", "lunch").await;
        assert_eq!(dial("*31").0, 200);
        becomes(&daemon, "anna", "available", "by_hand").await;
        for number in ["0044123456", "8001", "*99", "12345"] {
            let (status, warning) = dial(number);
            assert!(status == 403 && warning.contains("may_dial"), "{number}: {status} {warning}");
        }
        let (status, warning) = dial("8002");
        assert!(
            status == 480 && warning.contains("no phone"),
            "the colleague is not there: {status} {warning}"
        );
        let calls = daemon.get("/calls?state=ended").await;
        assert_eq!(calls["items"].as_array().map(Vec::len), Some(0), "a code leaves no call: {calls}");
    });
}

#[test]
fn strangers_are_asked_who_they_are_and_two_hundred_a_second_cost_one_answer_each() {
    block_on(async {
        let daemon = Daemon::start(&[Trunk::at("far", free_port())], &agents("0s")).await;
        let to = SocketAddr::from(([127, 0, 0, 1], daemon.sip_port));
        let socket = raw::socket("127.0.0.2");
        let from = socket.local_addr().unwrap();
        let mut answers = Vec::new();
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        // Two hundred in a second, and not more in one breath than any socket's buffer holds.
        for call in 0..200 {
            if call % 10 == 0 {
                turn.tick().await;
                answers.extend(raw::received(&socket));
            }
            socket.send_to(raw::invite(from, to, "13800001111", call).as_bytes(), to).unwrap();
        }
        let all = until(Duration::from_secs(10), async || {
            answers.extend(raw::received(&socket));
            (answers.len() >= 200).then_some(())
        });
        assert!(all.await.is_some(), "{} answers", answers.len());
        let mut calls: Vec<_> =
            answers.iter().filter_map(|a| a.split("Call-ID: ").nth(1)?.lines().next()).collect();
        calls.sort_unstable();
        calls.dedup();
        assert_eq!((answers.len(), calls.len()), (200, 200), "one answer each, and no retransmission");
        let asked = answers.iter().filter(|a| a.starts_with("SIP/2.0 407")).count();
        let refused = answers.iter().filter(|a| a.starts_with("SIP/2.0 503")).count();
        assert!(asked >= 1 && asked + refused == 200, "{asked} asked, {refused} refused");
        assert_eq!(daemon.get("/live/calls").await["items"].as_array().map(Vec::len), Some(0));
        daemon.stop().await;
    });
}

#[test]
fn an_agent_is_moved_by_the_api_and_told_in_words_what_cannot_be() {
    block_on(async {
        let daemon = Daemon::start(&[own_network()], &agents("0s")).await;
        let put = async |body: Value| daemon.try_put("/agents/anna/state", &body).await;
        let (status, problem) = put(json!({ "state": "available" })).await;
        assert!(status == 409 && problem["detail"].to_string().contains("no phone"), "{problem}");
        let mut anna = Hand::at("127.0.0.2", &daemon, "8001", PASSWORD);
        assert_eq!(anna.register(60), 200);
        becomes(&daemon, "anna", "available", "").await;
        assert_eq!(put(json!({ "state": "not_ready", "reason": "siesta" })).await.0, 422);
        assert_eq!(put(json!({ "state": "on_call" })).await.0, 422);
        let (status, moved) = put(json!({ "state": "not_ready", "reason": "meeting" })).await;
        assert_eq!((status, &moved["state"]), (200, &json!("not_ready")), "{moved}");
        assert_eq!(daemon.try_put("/agents/nobody/state", &json!({ "state": "offline" })).await.0, 404);
        let events = daemon.get("/audit?limit=50").await.to_string();
        assert!(events.contains("agent.state"), "{events}");
        daemon.stop().await;
    });
}

#[test]
fn sipp_registers_and_its_agent_is_available() {
    if !can_run("sipp") {
        return;
    }
    block_on(async {
        let daemon = Daemon::start(&[own_network()], &agents_of_old_phones("0s")).await;
        let phone = Sipp::calling("register", "8001", daemon.sip_port, daemon.folder.path());
        phone.must_end_well().await;
        let here = becomes(&daemon, "anna", "available", "registered").await;
        assert_eq!(here["phones"].as_array().map(Vec::len), Some(1), "{here}");
        daemon.stop().await;
    });
}

/// Accounts of baresip that register, over a transport.
fn account(user: &str, port: u16, transport: &str) -> String {
    format!(
        "<sip:{user}@127.0.0.1:{port};transport={transport}>;auth_user={user};auth_pass={PASSWORD};regint=30;answermode=auto;audio_codecs=PCMA/8000/1\n"
    )
}

#[test]
fn baresip_registers_over_udp_tcp_and_tls_and_its_agent_leaves_with_its_connection() {
    if !can_run("baresip") || !can_run("sox") {
        return;
    }
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let (ca, certificate) = authority(folder.path(), "office");
        let (tcp, tls) = (free_port(), free_port());
        let mut setup = Setup::of(&[Trunk::at("far", free_port())]);
        setup.sip = format!(
            "tcp = [\"127.0.0.1:{tcp}\"]\ntls = [\"127.0.0.1:{tls}\"]\ntls_certificate = \"{0}\"\ntls_key = \"{0}\"\n",
            certificate.display()
        );
        setup.sections = agents_of_old_phones("5s");
        let daemon = Daemon::start_as(&setup).await;
        for (transport, port) in [("udp", daemon.sip_port), ("tcp", tcp), ("tls", tls)] {
            let own = free_port();
            let config = format!("sip_cafile {}\n", ca.display());
            let accounts = account("8001", port, transport);
            let phone = Phone { config, ..PLAIN };
            let mut program = baresip_as(folder.path(), own, &phone, &accounts);
            is_ready(&program).await;
            let here = becomes(&daemon, "anna", "available", "").await;
            assert_eq!(here["phones"][0]["transport"], transport, "{here}\n{}", program.tail());
            program.kill();
            let gone = becomes(&daemon, "anna", "offline", "").await;
            let why = if transport == "udp" { "phone_unreachable" } else { "connection_closed" };
            assert_eq!(gone["reason"], why, "{gone}");
        }
        daemon.stop().await;
    });
}
