//! The plane on real loopback sockets.

#![allow(clippy::disallowed_methods, reason = "tests wait for threads by deadline")]

mod ties;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::*;
use crate::base::{Mono, Now, Rng};
use crate::io::recorder;
use crate::media::codec::{Decoder, Encoder};
use crate::media::rtcp::RtcpSession;
use crate::media::rtp::{Packet, RtpSender, Source};
use crate::media::telephone_event::EventSender;
use crate::media::tone::{sine, tone_dbfs};
use crate::media::{Codec, Control, FRAME_SAMPLES, PlayId, Prompt, Quality, Recording, Stream};

const PATIENCE: Duration = Duration::from_secs(20);

struct Rig {
    plane: RtpPlane,
    recorder: Recorder,
    events: mpsc::Receiver<(SessionId, Event)>,
    early: Vec<(SessionId, Event)>,
    folder: tempfile::TempDir,
}

impl Rig {
    fn start(ports: RangeInclusive<u16>, workers: usize) -> Rig {
        Rig::with(ports, workers, 1_024, true)
    }

    /// `room`: for so many events. `ring`: by io_uring where the kernel has it.
    fn with(ports: RangeInclusive<u16>, workers: usize, room: usize, ring: bool) -> Rig {
        Rig::at(Ipv4Addr::LOCALHOST, ports, workers, room, ring)
    }

    fn at(address: Ipv4Addr, ports: RangeInclusive<u16>, workers: usize, room: usize, ring: bool) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            recorder::Settings { folder: folder.path().into(), threads: 1, free_floor: 0, free_resume: 0 };
        let recorder = Recorder::start(settings).unwrap();
        let (to, events) = mpsc::channel(room);
        let settings = Settings { address: address.into(), ports, workers, ring };
        let plane = RtpPlane::start(settings, to, recorder.clone()).unwrap();
        Rig { plane, recorder, events, early: Vec::new(), folder }
    }

    fn order(&self, session: u64, command: Command) {
        self.plane.command(SessionId(session), command).unwrap();
    }

    /// The first event of `session` that `pick` takes, now or later.
    fn wait<T>(&mut self, session: u64, pick: impl Fn(&Event) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Ok(event) = self.events.try_recv() {
                self.early.push(event);
            }
            let found = self.early.iter().enumerate().find_map(|(n, (id, event))| {
                let taken = if id.0 == session { pick(event) } else { None };
                taken.map(|taken| (n, taken))
            });
            if let Some((n, taken)) = found {
                self.early.remove(n);
                return taken;
            }
            assert!(Instant::now() < until, "session {session}: only {:?}", self.early);
            std::thread::yield_now();
        }
    }

    fn open(&mut self, session: u64) -> SocketAddr {
        self.order(session, Command::Open { timeout: Duration::ZERO });
        self.wait(session, |event| match event {
            Event::Opened(address) => Some(*address),
            Event::OpenFailed(reason) => panic!("{reason}"),
            _ => None,
        })
    }

    fn close(&mut self, session: u64) -> (Option<Recording>, Quality) {
        self.order(session, Command::Close);
        self.wait(session, |event| match event {
            Event::Closed { recording, quality } => Some((recording.clone(), quality.clone())),
            _ => None,
        })
    }

    fn stop(self) {
        self.plane.stop();
        self.recorder.stop();
    }
}

fn stream(remote: SocketAddr) -> Stream {
    Stream {
        remote: Some(remote),
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        event_payload_type: Some(101),
        control: Default::default(),
        send: true,
        receive: true,
        srtp: None,
    }
}

/// A peer that answers each packet it gets with one of its own tone: no clock is needed.
struct Phone {
    socket: UdpSocket,
    rtp: RtpSender,
    keys: EventSender,
    tone: Vec<i16>,
    at: usize,
    heard: Vec<i16>,
    sequences: Vec<u16>,
    /// Where it sends to; None: where it hears from.
    sends_to: Option<SocketAddr>,
}

impl Phone {
    fn new(hz: f64) -> Phone {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Phone {
            socket,
            rtp: RtpSender::new(&mut Rng::seeded(hz as u64)),
            keys: EventSender::default(),
            tone: sine(hz, 8_000.0, 8_000),
            at: 0,
            heard: Vec::new(),
            sequences: Vec::new(),
            sends_to: None,
        }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Takes one packet and answers it.
    fn turn(&mut self) {
        let mut bytes = [0; 1_500];
        let (len, from) = self.socket.recv_from(&mut bytes).expect("the plane sends");
        let from = self.sends_to.unwrap_or(from);
        let packet = Packet::parse(&bytes[..len]).unwrap();
        self.sequences.push(packet.sequence);
        let mut pcm = [0; FRAME_SAMPLES];
        Decoder::new(Codec::Pcma).decode(packet.payload, &mut pcm);
        self.heard.extend(pcm);
        let timestamp = self.rtp.timestamp();
        let events: Vec<_> = self.keys.frame(timestamp).collect();
        for event in &events {
            let len = self.rtp.event(101, event.marker, event.timestamp, &event.payload, &mut bytes);
            self.socket.send_to(&bytes[..len], from).unwrap();
        }
        if events.is_empty() {
            let mut payload = [0; FRAME_SAMPLES];
            Encoder::new(Codec::Pcma).encode(&self.tone[self.at..self.at + FRAME_SAMPLES], &mut payload);
            let len = self.rtp.audio(8, &payload, &mut bytes);
            self.socket.send_to(&bytes[..len], from).unwrap();
        } else {
            self.rtp.skip(FRAME_SAMPLES as u32);
        }
        self.at = (self.at + FRAME_SAMPLES) % self.tone.len();
    }
}

fn is_tone(pcm: &[i16], hz: f64) -> bool {
    tone_dbfs(pcm, hz as f32) > -18.0
}

fn channel(path: &Path, which: usize) -> Vec<i16> {
    let mut wav = hound::WavReader::open(path).unwrap();
    wav.samples::<i16>().map(Result::unwrap).skip(which).step_by(2).collect()
}

/// RFC 5761: what comes on the RTP port as RTCP counts as such, and ours leaves from it.
#[test]
fn rtcp_shares_the_port_of_rtp_where_that_was_agreed() {
    let mut rig = Rig::start(42_900..=42_919, 1);
    let mut phone = Phone::new(440.0);
    let address = rig.open(7);
    rig.order(7, Command::Start(Stream { control: Control::Mux, ..stream(phone.address()) }));
    for _ in 0..10 {
        phone.turn();
    }
    rig.wait(7, |event| (*event == Event::FirstPacket).then_some(()));
    let mut report = [0; 200];
    let (mut rng, start) = (Rng::seeded(9), Mono::from_millis(10_000));
    let mut reports = RtcpSession::new(start, &mut rng);
    let now = Now { mono: start + Duration::from_secs(60), utc: crate::base::Timestamp(1_772_413_200_000) };
    let due = reports.poll_report(now, &phone.rtp, &mut Source::default(), &mut rng, &mut report);
    phone.socket.send_to(&report[..due.expect("a report is due")], address).unwrap();
    for _ in 0..10 {
        phone.turn();
    }
    rig.order(7, Command::Close);
    // The last words, with BYE, after what RTP is still on its way.
    let mut bytes = [0; 1_500];
    let goodbye = (0..50).any(|_| {
        let (len, from) = phone.socket.recv_from(&mut bytes).expect("the plane sends");
        assert_eq!(from, address, "one port for both");
        len > 1 && (200..=204).contains(&bytes[1])
    });
    assert!(goodbye, "no RTCP came to the RTP port");
    let quality = rig.wait(7, |event| match event {
        Event::Closed { quality, .. } => Some(quality.clone()),
        _ => None,
    });
    assert_eq!(quality.rejected, 0, "the report was not taken for audio");
    rig.stop();
}

#[test]
fn a_call_is_played_heard_recorded_and_closed() {
    let mut rig = Rig::start(42_000..=42_019, 2);
    let mut phone = Phone::new(440.0);
    let address = rig.open(7);
    assert_eq!((address.ip(), address.port() % 2), (Ipv4Addr::LOCALHOST.into(), 0));
    let path = rig.folder.path().join("2026/03/02/CALL.wav");
    rig.order(7, Command::Record { path: path.clone() });
    rig.order(7, Command::Start(stream(phone.address())));
    let prompt = Arc::new(Prompt::from_pcm("hello", &sine(700.0, 8_000.0, 400 * FRAME_SAMPLES)));
    rig.order(7, Command::Play { play: PlayId(1), prompts: vec![prompt], barge_in: true });
    for _ in 0..60 {
        phone.turn();
    }
    rig.wait(7, |event| (*event == Event::FirstPacket).then_some(()));
    phone.keys.press('5', 100).unwrap();
    for _ in 0..15 {
        phone.turn();
    }
    rig.wait(7, |event| matches!(event, Event::Played { finished: false, .. }).then_some(()));
    let key = rig.wait(7, |event| match event {
        Event::Digit { key, .. } => Some(*key),
        _ => None,
    });
    assert_eq!(key, '5');
    let comment = rig.folder.path().join("comment.wav");
    let (max, silence) = (Duration::from_millis(400), Duration::ZERO);
    rig.order(7, Command::RecordComment { path: comment.clone(), max, silence });
    for _ in 0..30 {
        phone.turn();
    }
    let spoke = rig.wait(7, |event| match event {
        Event::Commented { duration, spoke, .. } => Some((*duration, *spoke)),
        _ => None,
    });
    assert_eq!(spoke, (max, true));
    assert_eq!(hound::WavReader::open(&comment).unwrap().duration(), 3_200, "complete when it is told");

    let (recording, quality) = rig.close(7);
    let recording = recording.expect("recorded");
    let (left, right) = (channel(&path, 0), channel(&path, 1));
    assert_eq!((recording.missing_frames, left.len()), (0, right.len()));
    assert_eq!(recording.duration, Duration::from_micros(left.len() as u64 * 125));
    assert!((90..140).contains(&(left.len() / FRAME_SAMPLES)), "{}", left.len());
    assert!(is_tone(&left[1_600..8_000], 700.0) && is_tone(&right[1_600..8_000], 440.0));
    assert!(is_tone(&phone.heard[1_600..8_000], 700.0) && !is_tone(&phone.heard[13_000..], 700.0));
    assert_eq!(recording.sha256.len(), 64);
    assert_eq!(recorder::repair_file(&path).unwrap().sha256, recording.sha256);
    assert!(quality.packets_received >= 90 && quality.lost == 0, "{quality:?}");
    let steps = phone.sequences.windows(2).all(|w| w[1] == w[0].wrapping_add(1));
    assert!(steps, "every packet, in order");
    rig.stop();
}

#[test]
fn a_second_session_gets_other_ports_and_a_full_range_is_told() {
    let mut rig = Rig::start(42_100..=42_103, 1);
    let (a, b) = (rig.open(1), rig.open(2));
    assert_ne!(a, b);
    let failed = |rig: &mut Rig, session: u64| {
        rig.order(session, Command::Open { timeout: Duration::ZERO });
        rig.wait(session, |event| match event {
            Event::OpenFailed(reason) => Some(reason.clone()),
            _ => None,
        })
    };
    assert!(failed(&mut rig, 3).contains("port range"));
    assert!(failed(&mut rig, 1).contains("open already"));
    rig.close(1);
    assert!(failed(&mut rig, 3).contains("port range"), "a closed port rests");
    assert_eq!(rig.close(99), (None, Quality::default()), "an unknown session is closed already");
    rig.stop();
}

#[test]
fn a_port_of_another_program_is_passed_over() {
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 42_201)).unwrap();
    let mut rig = Rig::start(42_200..=42_203, 1);
    assert_eq!(rig.open(1).port(), 42_202);
    drop(taken);
    rig.stop();
}

#[test]
fn a_recording_that_cannot_be_made_is_told_and_the_call_goes_on() {
    let mut rig = Rig::start(42_300..=42_303, 1);
    let mut phone = Phone::new(500.0);
    rig.open(1);
    let blocked = rig.folder.path().join("blocked");
    std::fs::write(&blocked, b"").unwrap();
    rig.order(1, Command::Record { path: blocked.join("C.wav") });
    rig.order(1, Command::Start(stream(phone.address())));
    rig.wait(1, |event| matches!(event, Event::RecordFailed(_)).then_some(()));
    for _ in 0..10 {
        phone.turn();
    }
    let (recording, quality) = rig.close(1);
    assert_eq!(recording, None);
    assert!(quality.packets_sent >= 10);
    rig.stop();
}

#[test]
fn terminal_events_survive_an_engine_that_does_not_take_them() {
    let mut rig = Rig::with(42_400..=42_599, 2, 1, true);
    for session in 0..100 {
        rig.order(session, Command::Open { timeout: Duration::ZERO });
        rig.order(session, Command::Close);
    }
    let until = Instant::now() + PATIENCE;
    while rig.plane.counters().sessions > 0 || rig.early.len() < 200 {
        assert!(Instant::now() < until, "{} of 200", rig.early.len());
        if let Ok(event) = rig.events.try_recv() {
            rig.early.push(event);
        }
    }
    for session in 0..100 {
        rig.wait(session, |event| matches!(event, Event::Opened(_)).then_some(()));
        rig.wait(session, |event| matches!(event, Event::Closed { .. }).then_some(()));
    }
    rig.stop();
}

#[test]
fn stop_finishes_the_recordings_of_running_calls() {
    let mut rig = Rig::start(42_600..=42_619, 1);
    let mut phone = Phone::new(440.0);
    rig.open(1);
    let path = rig.folder.path().join("running.wav");
    rig.order(1, Command::Record { path: path.clone() });
    rig.order(1, Command::Start(stream(phone.address())));
    for _ in 0..20 {
        phone.turn();
    }
    rig.plane.stop();
    let mut closed = None;
    while let Ok((_, event)) = rig.events.try_recv() {
        if let Event::Closed { recording, .. } = event {
            closed = recording;
        }
    }
    let samples = (closed.expect("told before the threads ended").duration.as_micros() / 125) as u32;
    assert_eq!(hound::WavReader::open(&path).unwrap().duration(), samples);
    assert!(samples >= 19 * 160);
    rig.recorder.stop();
}

#[test]
fn a_range_without_a_pair_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        recorder::Settings { folder: folder.path().into(), threads: 1, free_floor: 0, free_resume: 0 };
    let recorder = Recorder::start(settings).unwrap();
    let (to, _events) = mpsc::channel(1);
    let settings =
        Settings { address: Ipv4Addr::LOCALHOST.into(), ports: 42_001..=42_001, workers: 1, ring: true };
    let refused = RtpPlane::start(settings, to, recorder.clone()).err().unwrap().to_string();
    assert!(refused.contains("42001-42001") && refused.contains("20000-39999"), "{refused}");
    recorder.stop();
}

#[test]
fn two_sessions_of_one_call_hear_each_other_over_real_sockets_whichever_thread_has_them() {
    for ring in [true, false] {
        // With three threads the numbers alone would put them on different ones.
        hear_each_other(Rig::with(25_000..=25_099, 3, 1_024, ring));
    }
}

fn hear_each_other(mut rig: Rig) {
    use crate::media::{GroupId, Members, Mix};
    let customer = SessionId(1);
    let agent = SessionId::beside(2, customer);
    let mut phones = [Phone::new(500.0), Phone::new(1_200.0)];
    let path = rig.folder.path().join("bridged.wav");
    for (place, session) in [customer, agent].into_iter().enumerate() {
        rig.open(session.0);
        rig.order(session.0, Command::Start(stream(phones[place].address())));
        let (place, other) = (place as u8, 1 - place as u8);
        let all = Members::NONE.with(other);
        let mix = Mix { group: GroupId(1), place, hears: all, records: all, muted: false };
        rig.order(session.0, Command::Mix(Some(mix)));
    }
    rig.order(customer.0, Command::Record { path: path.clone() });
    // Long enough that flows count as even and sockets are tied.
    for _ in 0..150 {
        phones.iter_mut().for_each(Phone::turn);
    }
    rig.close(agent.0);
    let (recording, quality) = rig.close(customer.0);
    assert!(quality.lost == 0 && quality.packets_received >= 149, "{quality:?}");
    assert!(quality.jitter_max_ms < 15.0, "packets are stamped by the kernel: {quality:?}");
    for (phone, own, other) in [(&phones[0], 500.0, 1_200.0), (&phones[1], 1_200.0, 500.0)] {
        let heard = &phone.heard[phone.heard.len() - 6_400..];
        assert!(is_tone(heard, other), "{own} Hz hears {other} Hz");
        assert!(!is_tone(heard, own), "{own} Hz does not hear itself");
    }
    assert!(recording.is_some());
    let settled = |which| channel(&path, which)[4_000..].to_vec();
    assert!(is_tone(&settled(0), 1_200.0) && is_tone(&settled(1), 500.0));
    rig.stop();
}
