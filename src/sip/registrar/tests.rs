//! Registration as phones do it, through the endpoint: challenges, contacts, guesses.

use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::base::{Now, Rng};
use crate::sip::digest::{Algorithm, Challenge};
use crate::sip::endpoint::{Endpoint, Event, Received, Settings, TransportFailure};
use crate::sip::message::{Message, Request, Response};
use crate::sip::{ClientAuth, Method, Transport, Uri};

/// A registrar with the users 8001 and 8002, and the other side's pen.
struct Office {
    ua: Endpoint,
    now: Now,
    seq: u32,
    rng: Rng,
}

/// One phone.
#[derive(Clone)]
struct Phone {
    user: &'static str,
    auth: ClientAuth,
    at: SocketAddr,
    transport: Transport,
    connection: Option<u64>,
    call_id: String,
    contact: String,
}

fn settings() -> RegistrarSettings {
    let users = [("8001", "tea"), ("8002", "rice")];
    let users = users.map(|(user, word)| (user.to_owned(), Secrets::of_password(user, "ringback", word)));
    RegistrarSettings { users: users.into(), ..RegistrarSettings::default() }
}

fn phone(user: &'static str, password: &str, port: u16) -> Phone {
    let at = SocketAddr::from(([198, 51, 100, 7], port));
    Phone {
        user,
        auth: ClientAuth::new(user, password, None),
        at,
        transport: Transport::Udp,
        connection: None,
        call_id: format!("reg-{port}"),
        contact: format!("<sip:{user}@10.0.0.5:5060>"),
    }
}

impl Office {
    fn open() -> Office {
        let mut ua = Endpoint::new(Settings::default(), Rng::seeded(3));
        ua.set_registrar(Now::default(), settings());
        Office { ua, now: Now::default(), seq: 0, rng: Rng::seeded(4) }
    }

    fn pass(&mut self, seconds: u64) -> Vec<String> {
        self.now = self.now.after(Duration::from_secs(seconds));
        self.ua.handle_timeout(self.now);
        self.news()
    }

    fn news(&mut self) -> Vec<String> {
        let word = |event: Event| match event {
            Event::Presence(p) => format!("{} {} {}", p.user, p.contacts, p.gone.map_or("", Gone::as_str)),
            Event::Guarded(who) => format!("guarded {who}"),
            other => format!("{other:?}"),
        };
        std::iter::from_fn(|| self.ua.poll_event()).map(word).collect()
    }

    fn request(&mut self, method: Method, phone: &Phone, fields: &[(&'static str, &str)]) -> Request {
        self.seq += 1;
        let uri = if method == Method::REGISTER { "sip:office.example" } else { "sip:8002@office.example" };
        let mut request = Request::new(method, Uri::parse(uri).unwrap());
        let (seq, user) = (self.seq, phone.user);
        let via = format!("SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK{seq}{user};rport");
        request.headers.push("Via", via);
        request.headers.push("From", format!("<sip:{user}@office.example>;tag=t{user}"));
        let to = if uri.contains('@') { "8002" } else { user };
        request.headers.push("To", format!("<sip:{to}@office.example>"));
        request.headers.push("Call-ID", phone.call_id.as_str());
        request.headers.push("CSeq", format!("{seq} {}", request.method.as_str()));
        request.headers.push("Max-Forwards", "70");
        for (name, value) in fields {
            request.headers.push(*name, *value);
        }
        request
    }

    fn send(&mut self, phone: &Phone, request: &Request) -> Option<Response> {
        let bytes = Message::Request(request.clone()).to_bytes();
        let received = Received {
            transport: phone.transport,
            source: phone.at,
            connection: phone.connection,
            bytes: &bytes,
        };
        self.ua.handle_received(self.now, received);
        let mut answer = None;
        while let Some(sent) = self.ua.poll_transmit() {
            assert_eq!((sent.destination.addr, sent.connection), (phone.at, phone.connection));
            let Message::Response(response) = Message::parse(&sent.bytes).unwrap() else { panic!() };
            answer = Some(response);
        }
        answer
    }

    /// REGISTER with these fields besides Contact, answering one challenge.
    fn register(&mut self, phone: &mut Phone, fields: &[(&'static str, &str)]) -> Response {
        let contact = phone.contact.clone();
        let fields: Vec<_> =
            [("Contact", contact.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.ask(Method::REGISTER, phone, &fields)
    }

    fn ask(&mut self, method: Method, phone: &mut Phone, fields: &[(&'static str, &str)]) -> Response {
        for _ in 0..2 {
            let mut request = self.request(method.clone(), phone, fields);
            phone.auth.apply(&mut request, &mut self.rng);
            let response = self.send(phone, &request).expect("an answer");
            if !matches!(response.status, 401 | 407) {
                phone.auth.handle_accepted();
                return response;
            }
            if phone.auth.handle_challenge(&response).is_err() {
                return response;
            }
        }
        let mut request = self.request(method, phone, fields);
        phone.auth.apply(&mut request, &mut self.rng);
        self.send(phone, &request).expect("an answer")
    }
}

#[test]
fn a_phone_registers_renews_and_leaves_and_its_presence_is_told_once() {
    let mut office = Office::open();
    let mut desk = phone("8001", "tea", 5060);
    let bare = office.request(Method::REGISTER, &desk, &[("Contact", "<sip:8001@10.0.0.5>")]);
    let challenge = office.send(&desk, &bare).unwrap();
    let lines: Vec<&str> = challenge.headers.all("WWW-Authenticate").collect();
    assert!(challenge.status == 401 && lines.len() == 2, "{lines:?}");
    assert!(lines[0].contains("SHA-256") && lines[1].contains("MD5") && lines[0].contains("qop=\"auth\""));
    assert_eq!(office.ua.held().servers, 0, "a challenge costs no memory");
    let ok = office.register(&mut desk, &[("Expires", "120")]);
    assert_eq!(ok.status, 200);
    assert_eq!(ok.headers.get("Contact"), Some("<sip:8001@10.0.0.5:5060>;expires=120"));
    assert_eq!(office.news(), ["8001 1 "]);
    // Calls go back to where the REGISTER came from, not to the private address it names.
    assert_eq!(office.ua.phones_of("8001")[0].destination.addr, desk.at);
    assert!(office.pass(100).is_empty());
    assert_eq!(office.register(&mut desk, &[("Expires", "120")]).status, 200);
    assert!(office.pass(119).is_empty(), "a renewal is no news");
    assert_eq!(office.pass(2), ["8001 0 registration_expired"]);
    office.register(&mut desk, &[]);
    assert_eq!(office.ask(Method::REGISTER, &mut desk, &[("Contact", "*"), ("Expires", "0")]).status, 200);
    assert_eq!(office.news(), ["8001 1 ", "8001 0 unregistered"]);
}

#[test]
fn only_what_is_offered_is_taken() {
    let mut office = Office::open();
    let mut desk = phone("8001", "tea", 5060);
    office.register(&mut desk, &[]);
    let only = RegistrarSettings { algorithms: vec![Algorithm::Sha256], ..settings() };
    office.ua.set_registrar(office.now, only);
    let bare = office.request(Method::REGISTER, &desk, &[]);
    let challenge = office.send(&desk, &bare).unwrap();
    assert_eq!(challenge.headers.all("WWW-Authenticate").count(), 1);
    let nonce = Challenge::parse(challenge.headers.get("WWW-Authenticate").unwrap()).unwrap().nonce;
    let weaker = format!("Digest realm=\"ringback\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"");
    let mut response = challenge.clone();
    response.headers.set("WWW-Authenticate", weaker);
    let mut old = phone("8001", "tea", 5060);
    old.auth.handle_challenge(&response).unwrap();
    let mut request = office.request(Method::REGISTER, &old, &[]);
    old.auth.apply(&mut request, &mut Rng::seeded(1));
    assert_eq!(office.send(&old, &request).unwrap().status, 401, "a right proof by a weaker algorithm");
}

#[test]
fn several_contacts_stand_side_by_side_and_a_restarted_phone_replaces_itself() {
    let mut office = Office::open();
    let (mut desk, mut mobile) = (phone("8001", "tea", 5060), phone("8001", "tea", 40_000));
    mobile.contact = "<sip:8001@10.0.0.9>;q=0.5;+sip.instance=\"<urn:uuid:1>\"".to_owned();
    office.register(&mut desk, &[]);
    let both = office.register(&mut mobile, &[]);
    assert_eq!(both.headers.list("Contact").count(), 2);
    let order: Vec<u16> = office.ua.phones_of("8001").iter().map(|b| b.q).collect();
    assert_eq!(order, [1000, 500]);
    // Another port and Call-ID, the same instance.
    let mut again =
        Phone { call_id: "other".into(), at: SocketAddr::from(([198, 51, 100, 7], 40_001)), ..mobile };
    again.contact = "<sip:8001@10.0.0.9:7777>;q=0.5;+sip.instance=\"<urn:uuid:1>\"".to_owned();
    assert_eq!(office.register(&mut again, &[]).headers.list("Contact").count(), 2);
    assert_eq!(office.news(), ["8001 1 ", "8001 2 "]);
    // The limit takes the one that was renewed least recently, so nobody is shut out.
    for port in 41_000..41_004 {
        let mut more = phone("8001", "tea", port);
        more.contact = format!("<sip:8001@10.0.0.9:{port}>");
        assert_eq!(office.register(&mut more, &[]).status, 200);
    }
    assert_eq!(office.ua.phones_of("8001").len(), 4);
    assert!(office.ua.phones_of("8001").iter().all(|b| b.destination.addr.port() >= 41_000));
}

#[test]
fn what_the_rfc_refuses_is_refused_and_changes_nothing() {
    let mut office = Office::open();
    let mut desk = phone("8001", "tea", 5060);
    office.register(&mut desk, &[]);
    let brief = office.register(&mut desk, &[("Expires", "10")]);
    assert_eq!((brief.status, brief.headers.get("Min-Expires")), (423, Some("60")));
    for fields in [
        &[("Contact", "*")][..],
        &[("Contact", "*"), ("Expires", "60")],
        &[("Contact", "*"), ("Contact", "<sip:a@b>"), ("Expires", "0")],
        &[("Contact", "<tel:8001>")],
        &[("Contact", "<broken")],
    ] {
        assert_eq!(office.ask(Method::REGISTER, &mut desk, fields).status, 400, "{fields:?}");
    }
    // An older REGISTER that was delayed changes nothing.
    let seq = office.seq;
    office.seq = 0;
    assert_eq!(office.register(&mut desk, &[("Expires", "0")]).status, 500);
    office.seq = seq;
    // Nobody registers for somebody else.
    let mut thief = phone("8002", "tea", 5061);
    thief.auth = ClientAuth::new("8001", "tea", None);
    assert_eq!(office.register(&mut thief, &[]).status, 403);
    assert_eq!(office.ua.phones_of("8001").len(), 1);
    assert!(office.ua.phones_of("8002").is_empty());
    // Asking what there is changes nothing.
    assert_eq!(office.ask(Method::REGISTER, &mut desk, &[]).headers.list("Contact").count(), 1);
}

#[test]
fn unknown_users_and_wrong_passwords_get_the_same_answer_and_a_replay_gets_a_fresh_nonce() {
    let mut office = Office::open();
    let strip = |response: &Response| {
        let mut response = response.clone();
        let challenge: Vec<String> = response.headers.all("WWW-Authenticate").map(str::to_owned).collect();
        response.headers.remove("WWW-Authenticate");
        let shape: Vec<String> =
            challenge.iter().map(|c| c.split("nonce").next().unwrap().to_owned()).collect();
        (response.status, response.headers.fields().count(), shape)
    };
    let mut wrong = phone("8001", "guess", 5060);
    let mut nobody = phone("8002", "guess", 5061);
    nobody.user = "9999";
    nobody.auth = ClientAuth::new("9999", "guess", None);
    let (a, b) = (office.register(&mut wrong, &[]), office.register(&mut nobody, &[]));
    assert_eq!(strip(&a), strip(&b));
    assert_eq!(a.status, 401);
    let mut desk = phone("8001", "tea", 5062);
    desk.at = "203.0.113.9:5062".parse().unwrap();
    office.register(&mut desk, &[]);
    let mut request = office.request(Method::REGISTER, &desk, &[("Contact", "<sip:8001@10.0.0.5:5060>")]);
    desk.auth.apply(&mut request, &mut Rng::seeded(9));
    assert_eq!(office.send(&desk, &request).unwrap().status, 200);
    assert_eq!(office.send(&desk, &request).unwrap().status, 200, "a retransmission is the same request");
    request.headers.set("Via", "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKstolen;rport");
    request.headers.set("CSeq", "999 REGISTER");
    let replay = office.send(&desk, &request).unwrap();
    assert!(replay.status == 401 && replay.headers.get("WWW-Authenticate").unwrap().contains("stale=true"));
}

#[test]
fn guesses_are_slowed_then_shut_out_and_a_registered_phone_goes_on() {
    let mut office = Office::open();
    let mut desk = phone("8001", "tea", 5060);
    desk.at = "203.0.113.9:5060".parse().unwrap();
    office.register(&mut desk, &[("Expires", "3600")]);
    office.news();
    let mut seen = Vec::new();
    for guess in 0..40 {
        let mut thief = phone("8001", &format!("guess{guess}"), 30_000 + guess);
        seen.push(office.register(&mut thief, &[]).status);
        office.pass(20);
    }
    assert!(seen[0] == 401 && seen.contains(&503) && *seen.last().unwrap() == 403, "{seen:?}");
    assert_eq!(office.ua.counters().auth_failed, 10);
    assert!(office.ua.counters().shut_out > 20);
    // 8001 can still renew from where it is; the same user elsewhere has to wait.
    office.now = office.now.after(Duration::from_secs(1));
    assert_eq!(office.register(&mut desk, &[("Expires", "3600")]).status, 200);
    let mut elsewhere = phone("8001", "tea", 5070);
    elsewhere.at = "203.0.113.10:5060".parse().unwrap();
    assert_eq!(office.register(&mut elsewhere, &[]).status, 403);
    office.pass(900);
    assert_eq!(office.register(&mut elsewhere, &[]).status, 200);
}

#[test]
fn a_phone_on_a_stream_is_reached_on_its_connection_and_is_gone_with_it() {
    let mut office = Office::open();
    let mut desk = phone("8001", "tea", 50_123);
    (desk.transport, desk.connection) = (Transport::Tcp, Some(7));
    office.register(&mut desk, &[]);
    let place = office.ua.phones_of("8001")[0].destination.clone();
    let ping = crate::sip::endpoint::Ping {
        destination: place,
        uri: "sip:8001@10.0.0.5".into(),
        from: "sip:ringback@office.example".into(),
        timeout: Duration::from_secs(4),
        auth: None,
    };
    office.ua.ping(office.now, ping);
    assert_eq!(office.ua.poll_transmit().unwrap().connection, Some(7));
    office.ua.handle_transport_failure(office.now, TransportFailure::Connection(8));
    assert_eq!(office.news(), ["8001 1 "]);
    office.ua.handle_transport_failure(office.now, TransportFailure::Connection(7));
    assert!(office.news().contains(&"8001 0 connection_closed".to_owned()));
}

#[test]
fn a_call_is_an_agents_only_with_proof_and_strangers_cost_one_stateless_answer_each() {
    let mut office = Office::open();
    let mut refused = [0; 2];
    for n in 0..200 {
        let mut stranger = phone("8001", "x", 5060);
        stranger.call_id = format!("call-{n}");
        let invite = office.request(Method::INVITE, &stranger, &[("Contact", "<sip:x@10.0.0.5>")]);
        let status = office.send(&stranger, &invite).unwrap().status;
        refused[usize::from(status == 407)] += u32::from(matches!(status, 407 | 503));
    }
    assert_eq!(refused, [180, 20]);
    let held = office.ua.held();
    assert_eq!((held.sessions, held.servers, held.timers), (0, 0, 0));
    assert!(office.news().iter().all(|news| news.starts_with("Flood")));
    office.pass(60);
    let mut desk = phone("8001", "tea", 6060);
    desk.at = "203.0.113.9:6060".parse().unwrap();
    assert_eq!(office.ask(Method::INVITE, &mut desk, &[("Contact", "<sip:8001@10.0.0.5>")]).status, 100);
    let agent = std::iter::from_fn(|| office.ua.poll_event()).find_map(|event| match event {
        Event::Incoming(incoming) => incoming.agent,
        _ => None,
    });
    assert_eq!(agent.as_deref(), Some("8001"));
}

#[test]
fn a_reload_drops_who_is_gone_and_keeps_the_others() {
    let mut office = Office::open();
    office.register(&mut phone("8001", "tea", 5060), &[]);
    office.register(&mut phone("8002", "rice", 5061), &[]);
    let mut new = settings();
    new.users.insert("8001".into(), Secrets::of_password("8001", "ringback", "coffee"));
    office.news();
    office.ua.set_registrar(office.now, new);
    assert_eq!(office.news(), ["8001 0 removed"]);
    assert_eq!(office.ua.phones_of("8002").len(), 1);
}
