use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::base::{Mono, Now, Rng, Timestamp};
use crate::media::codec::Encoder;
use crate::media::rtp::{MAX_PACKET, Packet, RtpSender};
use crate::media::telephone_event::EventReceiver;
use crate::media::tone::{DtmfDetector, sine, tone_dbfs};
use crate::media::{Codec, FRAME_SAMPLES};
use crate::sip::{Message, Request};

/// A caller written in plain text, so that nothing of the daemon's own call handling helps.
struct Caller {
    phone: Phone,
    now: Now,
    sent: Vec<Message>,
    keys: String,
    heard: Vec<i16>,
    sender: RtpSender,
    encoder: Encoder,
    events: EventReceiver,
    tones: DtmfDetector,
    /// What is left of the prompt being played, and of the pause after it, in frames.
    prompt: Vec<i16>,
}

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\n\
                     a=rtpmap:101 telephone-event/8000\r\n";

fn request(method: &str, cseq: u32, body: &str) -> Request {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let text = format!(
        "{method} sip:13800138000@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK{method}{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:4001@127.0.0.1>;tag=us\r\nTo: <sip:13800138000@127.0.0.1>\r\nCall-ID: c1\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:us@127.0.0.1:5070>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    match Message::parse(text.as_bytes()).expect("a valid message") {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!("it is a request"),
    }
}

impl Caller {
    fn call(behaviour: Behaviour, offer: &str) -> Caller {
        let now = Now { mono: Mono::from_millis(10_000), utc: Timestamp(1_772_413_200_000) };
        let local: SocketAddr = "127.0.0.1:5060".parse().unwrap();
        let rtp: SocketAddr = "127.0.0.1:6000".parse().unwrap();
        let phone = Phone::ring(now, request("INVITE", 1, offer), behaviour, local, rtp, Rng::seeded(4));
        let mut caller = Caller {
            phone,
            now,
            sent: Vec::new(),
            keys: String::new(),
            heard: Vec::new(),
            sender: RtpSender::new(&mut Rng::seeded(5)),
            encoder: Encoder::new(Codec::Pcma),
            events: EventReceiver::default(),
            tones: DtmfDetector::new(),
            prompt: Vec::new(),
        };
        caller.drain();
        caller
    }

    fn drain(&mut self) {
        while let Some(output) = self.phone.poll_output() {
            match output {
                Output::Sip(bytes) => self.sent.push(Message::parse(&bytes).expect("a valid message")),
                Output::Rtp(to, bytes) => {
                    assert_eq!(to.port(), 4_000);
                    let packet = Packet::parse(&bytes).expect("a valid packet");
                    if packet.payload_type == 101 {
                        self.keys.extend(self.events.accept(&packet));
                        continue;
                    }
                    let pcm: Vec<i16> =
                        packet.payload.iter().map(|c| crate::media::g711::alaw_decode(*c)).collect();
                    self.keys.extend(self.tones.push(&pcm));
                    self.heard.extend(pcm);
                }
            }
        }
    }

    fn run(&mut self, millis: u64) {
        for _ in 0..millis / 20 {
            self.now = self.now.after(Duration::from_millis(20));
            if self.phone.is_talking() {
                let n = self.prompt.len().min(FRAME_SAMPLES);
                let mut frame = [0; FRAME_SAMPLES];
                frame[..n].copy_from_slice(&self.prompt[..n]);
                self.prompt.drain(..n);
                let (mut payload, mut buffer) = ([0; FRAME_SAMPLES], [0; MAX_PACKET]);
                self.encoder.encode(&frame, &mut payload);
                let len = self.sender.audio(8, &payload, &mut buffer);
                self.phone.handle_rtp(&buffer[..len]);
            }
            self.phone.tick(self.now);
            self.drain();
        }
    }

    fn send(&mut self, method: &str, cseq: u32, body: &str) {
        self.phone.handle_message(self.now, request(method, cseq, body).into());
        self.drain();
    }

    fn play(&mut self, millis: usize) {
        self.prompt = sine(700.0, 8_000.0, millis * 8);
        self.run(millis as u64);
    }

    fn statuses(&self) -> Vec<u16> {
        self.sent
            .iter()
            .filter_map(|m| if let Message::Response(r) = m { Some(r.status) } else { None })
            .collect()
    }

    /// Method and body of the phone's own requests, retransmissions left out.
    fn own_requests(&self) -> Vec<(String, String)> {
        let mut seen = std::collections::BTreeSet::new();
        let requests =
            self.sent.iter().filter_map(|m| if let Message::Request(r) = m { Some(r) } else { None });
        requests
            .filter(|r| seen.insert(r.headers.cseq().map(|c| c.number)))
            .map(|r| (r.method.to_string(), String::from_utf8_lossy(&r.body).into_owned()))
            .collect()
    }

    fn requests(&self) -> Vec<String> {
        self.own_requests().into_iter().map(|(method, _)| method).collect()
    }
}

fn person(acts: Vec<Act>) -> Person {
    Person { acts, repeat_last: false, ..Person::default() }
}

fn press(keys: &str) -> Act {
    Act::Press { keys: keys.to_owned(), thought_ms: 200 }
}

#[test]
fn a_person_answers_greets_votes_at_each_prompt_and_hangs_up_at_the_end() {
    for keying in [Keying::Event, Keying::Inband, Keying::Info] {
        let person = Person { keying, ..person(vec![press("1"), press("5"), Act::Ignore]) };
        let mut caller = Caller::call(Behaviour::Answers(person), OFFER);
        assert_eq!(caller.statuses(), [100, 180]);
        caller.run(700);
        assert_eq!(caller.statuses(), [100, 180, 200]);
        caller.send("ACK", 1, "");
        caller.run(1_500);
        assert!(crate::media::level::dbfs(&caller.heard[..8_000]) > -30.0, "the greeting");
        for expect in ["1", "15", "15"] {
            caller.play(900);
            caller.run(1_400);
            if keying == Keying::Info {
                continue;
            }
            assert_eq!(caller.keys, expect, "{keying:?}");
        }
        if keying == Keying::Info {
            let expect =
                ["1", "5"].map(|key| ("INFO".to_owned(), format!("Signal={key}\r\nDuration=100\r\n")));
            assert_eq!(caller.own_requests(), expect);
        }
        assert!(caller.phone.is_talking());
        caller.run(2_600);
        assert_eq!(caller.requests().last().map(String::as_str), Some("BYE"), "{keying:?}");
        assert_eq!(caller.phone.heard().prompts, 3);
    }
}

#[test]
fn each_voice_is_its_own_tone_where_asked() {
    let person = Person { tone_hz: 620, greeting_ms: 2_000, ..person(vec![]) };
    let mut caller = Caller::call(Behaviour::Answers(person), OFFER);
    caller.run(2_500);
    let spoken = &caller.heard[8_000..12_000];
    assert!(tone_dbfs(spoken, 620.0) > -12.5 && tone_dbfs(spoken, 700.0) < -40.0);
}

#[test]
fn refusals_are_repeated_until_they_are_acknowledged() {
    for (behaviour, status, rings) in [
        (Behaviour::BUSY, 486, false),
        (Behaviour::DECLINES, 603, true),
        (Behaviour::INVALID_NUMBER, 404, false),
        (Behaviour::UNAVAILABLE, 480, false),
        (Behaviour::CONGESTED, 503, false),
    ] {
        let mut caller = Caller::call(behaviour, OFFER);
        caller.run(2_100);
        caller.run(1_700);
        let statuses = caller.statuses();
        assert_eq!(statuses.contains(&180), rings, "{status}");
        assert!(statuses.iter().filter(|s| **s == status).count() >= 3, "{statuses:?}");
        let before = statuses.len();
        caller.send("ACK", 1, "");
        caller.run(5_000);
        assert_eq!(caller.statuses().len(), before, "silent after the ACK");
        assert!(caller.phone.is_over(caller.now));
    }
    let caller = Caller::call(Behaviour::BUSY, "v=0\r\nm=audio 4000 RTP/AVP 18\r\n");
    assert_eq!(caller.statuses(), [100, 488]);
}

#[test]
fn a_phone_that_nobody_answers_is_cancelled_once() {
    let mut caller = Caller::call(Behaviour::NoAnswer, OFFER);
    caller.run(20_000);
    assert_eq!(caller.statuses(), [100, 180]);
    caller.send("CANCEL", 1, "");
    assert_eq!(caller.statuses(), [100, 180, 200, 487]);
    caller.send("ACK", 1, "");
    caller.send("CANCEL", 1, "");
    assert_eq!(caller.statuses(), [100, 180, 200, 487, 200]);
}

#[test]
fn a_200_that_crosses_a_cancel_stands_and_its_bye_is_answered() {
    let mut caller = Caller::call(Behaviour::Answers(Person::default()), OFFER);
    caller.run(700);
    caller.send("CANCEL", 1, "");
    caller.send("ACK", 1, "");
    caller.send("BYE", 2, "");
    assert_eq!(caller.statuses(), [100, 180, 200, 200, 200]);
    caller.run(5_000);
    assert!(caller.phone.is_over(caller.now));
}

#[test]
fn in_dialog_requests_are_answered_and_hold_stops_the_voice() {
    let mut caller = Caller::call(Behaviour::Answers(Person::default()), OFFER);
    caller.run(700);
    caller.send("ACK", 1, "");
    for (method, cseq) in [("OPTIONS", 2), ("INFO", 3), ("UPDATE", 4)] {
        caller.send(method, cseq, "");
        assert_eq!(caller.statuses().last(), Some(&200), "{method}");
    }
    caller.send("MADEUP", 5, "");
    assert_eq!(caller.statuses().last(), Some(&501));
    caller.send("INVITE", 6, &format!("{OFFER}a=sendonly\r\n"));
    let Some(Message::Response(answer)) = caller.sent.last() else { panic!("a response") };
    assert!(String::from_utf8_lossy(&answer.body).contains("a=recvonly"));
    caller.send("ACK", 6, "");
    let before = caller.heard.len();
    caller.run(400);
    assert_eq!(caller.heard.len(), before, "on hold");
    caller.send("INVITE", 7, OFFER);
    caller.send("ACK", 7, "");
    caller.run(400);
    assert!(caller.heard.len() > before);
}

#[test]
fn people_interrupt_comment_and_hang_up_in_the_middle() {
    let interrupt = Act::Interrupt { keys: "4".to_owned(), after_ms: 400 };
    let mut caller = Caller::call(Behaviour::Answers(person(vec![interrupt])), OFFER);
    caller.run(1_500);
    caller.prompt = sine(700.0, 8_000.0, 40_000);
    caller.run(800);
    assert_eq!(caller.keys, "4", "while the prompt plays");

    let comment = Act::Speak { millis: 1_000, then: Some('#') };
    let mut caller = Caller::call(Behaviour::Answers(person(vec![comment])), OFFER);
    caller.run(1_500);
    caller.play(500);
    caller.run(1_500);
    assert_eq!(caller.keys, "");
    caller.run(1_500);
    assert_eq!(caller.keys, "#");

    let mut caller = Caller::call(Behaviour::Answers(person(vec![Act::HangUpAfter(600)])), OFFER);
    caller.run(1_500);
    caller.prompt = sine(700.0, 8_000.0, 40_000);
    caller.run(800);
    assert_eq!(caller.requests(), ["BYE"]);
}

#[test]
fn a_machine_greets_beeps_records_and_hangs_up() {
    let machine =
        Behaviour::AnsweringMachine { answer_ms: 500, greeting_ms: 4_000, beep_hz: 1_000, record_ms: 3_000 };
    let mut caller = Caller::call(machine, OFFER);
    caller.run(600);
    caller.send("ACK", 1, "");
    caller.run(7_000);
    let loudest = caller.heard.chunks(1_600).map(|c| tone_dbfs(c, 1_000.0)).fold(f32::MIN, f32::max);
    assert!(loudest > -13.0, "the beep: {loudest}");
    assert!(caller.phone.is_talking());
    caller.run(1_500);
    assert_eq!(caller.requests(), ["BYE"]);
}

#[test]
fn early_media_sounds_before_the_answer() {
    let behaviour = Behaviour::EarlyMediaThenAnswer { early_ms: 1_000, person: Person::default() };
    let mut caller = Caller::call(behaviour, OFFER);
    assert_eq!(caller.statuses(), [100, 183]);
    caller.run(900);
    assert!(tone_dbfs(&caller.heard, 450.0) > -13.0);
    assert!(!caller.phone.is_talking());
    caller.run(900);
    assert_eq!(caller.statuses(), [100, 183, 200]);
}

#[test]
fn the_mix_is_the_same_for_the_same_seed_and_holds_every_kind() {
    let (a, b, c) = (Mix::demo(7), Mix::demo(7), Mix::demo(8));
    let number = |i: u32| format!("138{:08}", i * 7_919);
    let mut differ = 0;
    let mut kinds = std::collections::BTreeSet::new();
    for i in 0..500 {
        let behaviour = a.behaviour(&number(i));
        assert_eq!(behaviour, b.behaviour(&number(i)));
        assert_eq!(behaviour, a.behaviour(&format!("+86{}", number(i))), "a prefix changes nothing");
        differ += usize::from(behaviour != c.behaviour(&number(i)));
        kinds.insert(match behaviour {
            Behaviour::Refuses { status, .. } => status.to_string(),
            other => format!("{other:?}").chars().take_while(|c| c.is_alphabetic()).collect(),
        });
    }
    assert!(differ > 300);
    let expect = [
        "404",
        "480",
        "486",
        "503",
        "603",
        "AnsweringMachine",
        "Answers",
        "EarlyMediaThenAnswer",
        "NoAnswer",
    ];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), expect);
    let mut named = Mix::demo(7);
    named.set("10086", Behaviour::Dead);
    assert_eq!(named.behaviour("10086"), Behaviour::Dead);
}
