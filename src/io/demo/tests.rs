use std::net::UdpSocket;
use std::time::Duration;

use super::*;
use crate::media::codec::Encoder;
use crate::media::rtp::{MAX_PACKET, Packet, RtpSender};
use crate::media::telephone_event::EventReceiver;
use crate::media::tone::sine;
use crate::media::{Codec, FRAME_SAMPLES};
use crate::sim::{Act, Behaviour, Person};
use crate::sip::{Message, Response};

/// A plain-text caller over real sockets.
struct Caller {
    sip: UdpSocket,
    rtp: UdpSocket,
    trunk: SocketAddr,
    number: &'static str,
}

impl Caller {
    fn new(trunk: SocketAddr, number: &'static str) -> Caller {
        let bind = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            socket
        };
        Caller { sip: bind(), rtp: bind(), trunk, number }
    }

    fn send(&self, method: &str, cseq: u32, to_tag: &str, body: &str) {
        let (local, number) = (self.sip.local_addr().unwrap(), self.number);
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:{number}@{trunk} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{number}{method}{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:4001@{local}>;tag=us\r\nTo: <sip:{number}@{trunk}>{to_tag}\r\nCall-ID: {number}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:us@{local}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len(),
            trunk = self.trunk,
        );
        self.sip.send_to(text.as_bytes(), self.trunk).unwrap();
    }

    fn invite(&self) {
        let port = self.rtp.local_addr().unwrap().port();
        let offer = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n\
             a=rtpmap:101 telephone-event/8000\r\n"
        );
        self.send("INVITE", 1, "", &offer);
    }

    fn receive(&self) -> Message {
        let mut buffer = [0; 4_096];
        let (len, _) = self.sip.recv_from(&mut buffer).expect("a message within 10 s");
        Message::parse(&buffer[..len]).expect("a valid message")
    }

    /// The next response to the INVITE or another request with at least this status.
    fn response(&self, at_least: u16) -> Response {
        loop {
            if let Message::Response(response) = self.receive()
                && response.status >= at_least
            {
                return response;
            }
        }
    }
}

#[test]
fn a_customer_is_called_over_real_sockets_votes_and_hangs_up() {
    let mut mix = Mix::demo(1);
    let acts = vec![Act::Press { keys: "5".to_owned(), thought_ms: 100 }];
    let person = Person { answer_ms: 100, patience_ms: 800, repeat_last: false, acts, ..Person::default() };
    mix.set("13800138000", Behaviour::Answers(person));
    let trunk = DemoTrunk::with_mix(mix, 1).unwrap();
    let caller = Caller::new(trunk.address(), "13800138000");
    caller.invite();
    let ok = caller.response(200);
    let tag = format!(";tag={}", ok.headers.to_tag().unwrap());
    caller.send("ACK", 1, &tag, "");
    let sdp = String::from_utf8(ok.body).unwrap();
    let port = sdp.split("m=audio ").nth(1).unwrap().split(' ').next().unwrap().parse::<u16>().unwrap();

    // The phone's own packets are the clock: one of ours for each of theirs. After its
    // greeting a prompt of one second is played.
    let (mut sender, mut encoder) = (RtpSender::new(&mut Rng::seeded(1)), Encoder::new(Codec::Pcma));
    let (mut events, mut keys, mut buffer) = (EventReceiver::default(), String::new(), [0; MAX_PACKET]);
    let prompt = sine(700.0, 8_000.0, 8_000);
    for i in 0..400usize {
        let Ok((len, _)) = caller.rtp.recv_from(&mut buffer) else { break };
        let packet = Packet::parse(&buffer[..len]).unwrap();
        if packet.payload_type == 101 {
            keys.extend(events.accept(&packet));
        }
        if !keys.is_empty() {
            break;
        }
        let at = i.saturating_sub(50) * FRAME_SAMPLES;
        let frame = if i >= 50 { prompt.get(at..at + FRAME_SAMPLES) } else { None };
        let (mut payload, mut out) = ([0; FRAME_SAMPLES], [0; MAX_PACKET]);
        encoder.encode(frame.unwrap_or(&[0; FRAME_SAMPLES]), &mut payload);
        let len = sender.audio(8, &payload, &mut out);
        caller.rtp.send_to(&out[..len], ("127.0.0.1", port)).unwrap();
    }
    assert_eq!(keys, "5");
    let Message::Request(bye) = caller.receive() else { panic!("the customer hangs up") };
    assert_eq!(bye.method.to_string(), "BYE");
    caller.sip.send_to(&Message::from(bye.respond(200, None)).to_bytes(), trunk.address()).unwrap();
    assert!(trunk.counters().rtp_packets.load(Ordering::Relaxed) > 50);
    trunk.stop();
}

#[test]
fn many_calls_at_once_end_each_in_its_own_way() {
    let trunk = DemoTrunk::start(3).unwrap();
    let mix = Mix::demo(3);
    let numbers: Vec<&'static str> = (0..40u32).map(|i| &*format!("1390000{:04}", i * 13).leak()).collect();
    let callers: Vec<Caller> = numbers.iter().map(|n| Caller::new(trunk.address(), n)).collect();
    callers.iter().for_each(Caller::invite);
    for caller in &callers {
        match mix.behaviour(caller.number) {
            Behaviour::Refuses { status, .. } => {
                assert_eq!(caller.response(300).status, status, "{}", caller.number);
                caller.send("ACK", 1, "", "");
            }
            Behaviour::NoAnswer | Behaviour::Dead => {
                caller.response(180);
                caller.send("CANCEL", 1, "", "");
                assert_eq!(caller.response(400).status, 487);
            }
            _ => {
                let ok = caller.response(200);
                let tag = format!(";tag={}", ok.headers.to_tag().unwrap());
                caller.send("ACK", 1, &tag, "");
                caller.send("BYE", 2, &tag, "");
                let bye = loop {
                    let response = caller.response(200);
                    if response.headers.cseq().unwrap().number == 2 {
                        break response;
                    }
                };
                assert_eq!(bye.status, 200);
            }
        }
    }
    assert_eq!(trunk.counters().calls.load(Ordering::Relaxed), 40);
}

#[test]
fn what_is_no_call_is_answered_too() {
    let trunk = DemoTrunk::start(3).unwrap();
    let caller = Caller::new(trunk.address(), "1");
    for (method, status) in [("OPTIONS", 200), ("REGISTER", 200), ("BYE", 481)] {
        caller.send(method, 1, "", "");
        assert_eq!(caller.response(200).status, status, "{method}");
    }
    caller.sip.send_to(b"\x00\x01nonsense", trunk.address()).unwrap();
    caller.send("OPTIONS", 2, "", "");
    caller.response(200);
    assert_eq!(trunk.counters().malformed.load(Ordering::Relaxed), 1);
}

#[test]
fn the_sample_list_names_at_least_40_customers_of_several_companies() {
    let (mut phones, mut companies) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    let mut rows = 0;
    for file in crate::io::assets::list("demo/").into_iter().filter(|file| file.ends_with(".csv")) {
        let bytes = crate::io::assets::read(&file).expect("the list is in the binary");
        let mut reader = csv::Reader::from_reader(&*bytes);
        let headers = reader.headers().unwrap().clone();
        let column =
            |name: &str| headers.iter().position(|h| h == name).unwrap_or_else(|| panic!("{file}: {name}"));
        let (phone, company, name) = (column("phone"), column("company"), column("name"));
        for row in reader.records() {
            let row = row.expect("every row has every column");
            rows += 1;
            assert!(!row[name].is_empty());
            companies.insert(row[company].to_owned());
            let number = crate::base::PhoneNumber::parse(&row[phone], Some("021"))
                .unwrap_or_else(|e| panic!("{file}: {}: {e}", &row[phone]));
            assert!(phones.insert(number.0.as_str().to_owned()), "{file}: {} stands twice", &row[phone]);
        }
    }
    let mut outcomes = std::collections::BTreeMap::<String, u32>::new();
    for number in &phones {
        let kind = match Mix::demo(DEMO_SEED).behaviour(number) {
            Behaviour::Answers(person) => format!("answers, {} keys", person.acts.len().min(3)),
            Behaviour::Refuses { status, .. } => status.to_string(),
            other => format!("{other:?}").chars().take_while(|c| c.is_alphabetic()).collect(),
        };
        *outcomes.entry(kind).or_default() += 1;
    }
    println!("customers of the sample list with seed {DEMO_SEED}: {outcomes:?}");
    assert!(outcomes.len() >= 8, "the demo shows many outcomes: {outcomes:?}");
    assert!(rows >= 40 && companies.len() >= 6, "{rows} rows, {} companies", companies.len());
}
