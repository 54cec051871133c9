//! The media plane driven without SIP: what does a recorded call cost?

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringback::io::recorder::{self, Recorder};
use ringback::io::rtp::{self, RtpPlane};
use ringback::media::tone::{sine, tone_dbfs};
use ringback::media::{Codec, Command, Event, PlayId, Prompt, Recording, SessionId, Stream};
use tokio::sync::mpsc;

use crate::meter;
use crate::rtp_load::{EVENT, Heard, Order, PCMA, RtpLoad, tone_of};

/// What the prompts say: one tone, so that a recording can be checked.
const PROMPT_HZ: u32 = 333;
/// Calls begin spread over this part of their length.
const RAMP: f64 = 0.25;
/// One call in this many has its recording listened to.
const LISTEN: usize = 10;
/// Frames between an order and the plane's look at it, at the beginning and at the end.
const SLACK_FRAMES: i64 = 3;

/// One line of the table.
pub struct Row {
    calls: usize,
    media_cpu: f64,
    recorder_cpu: f64,
    kilobytes: f64,
    failed: usize,
    digits_right: usize,
    digits_sent: usize,
    heard: Heard,
    missing_frames: i64,
    counters: rtp::Counters,
}

impl Row {
    pub const HEAD: &str = "\
                 CPU-s per 1,000 call-s      KB per            digits   gaps between packets   frames missing    \n\
      calls    media  recorder  total     call  failed     right     p99 ms   worst ms   sent   recorded   notes";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>11} {:>8.3} {:>9.3} {:>6.3} {:>8.1} {:>7} {:>9} {:>10} {:>10.1} {:>6} {:>10}   late ticks {}, generator late {}",
            self.calls,
            self.media_cpu,
            self.recorder_cpu,
            self.media_cpu + self.recorder_cpu,
            self.kilobytes,
            self.failed,
            format!("{}/{}", self.digits_right, self.digits_sent),
            self.heard.p99_ms(),
            self.heard.worst_us as f64 / 1_000.0,
            self.heard.lost,
            self.missing_frames,
            self.counters.ticks_late,
            self.heard.generator_late,
        )
    }
}

#[derive(Default)]
struct Call {
    begun: Option<Instant>,
    recorded: Option<Instant>,
    closing: Option<Instant>,
    pressed: String,
    heard: String,
    plays: u32,
}

struct Run {
    plane: RtpPlane,
    load: RtpLoad,
    events: mpsc::Receiver<(SessionId, Event)>,
    prompt: Arc<Prompt>,
    folder: tempfile::TempDir,
    calls: Vec<Call>,
    recordings: BTreeMap<usize, Recording>,
    failed: usize,
    ended: usize,
}

/// Runs `count` calls of `seconds` and gives their row.
pub fn measure(count: usize, seconds: u64) -> Row {
    meter::raise_file_limit();
    let folder = tempfile::tempdir().expect("a folder for recordings");
    let prompt = Arc::new(Prompt::from_pcm("bench", &sine(f64::from(PROMPT_HZ), 8_000.0, 8_000 * 10)));
    let load = RtpLoad::start(count, 0, || {
        meter::pin(1);
        meter::hurry();
    })
    .expect("loopback sockets");
    meter::pin(0);
    let settings =
        recorder::Settings { folder: folder.path().into(), threads: 1, free_floor: 0, free_resume: 0 };
    let recorder = Recorder::start(settings).expect("a recorder");
    let (to, events) = mpsc::channel(16_384);
    let settings =
        rtp::Settings { address: Ipv4Addr::LOCALHOST.into(), ports: 16_384..=32_767, workers: 1, ring: true };
    let plane = RtpPlane::start(settings, to, recorder.clone()).expect("a plane");
    meter::pin(1);
    let calls = (0..count).map(|_| Call::default()).collect();
    let recordings = BTreeMap::new();
    let mut run = Run { plane, load, events, prompt, folder, calls, recordings, failed: 0, ended: 0 };
    std::thread::sleep(Duration::from_millis(300));
    let idle = meter::resident_bytes("self");
    let (media, files) = (meter::cpu("self").of("rtp-"), meter::cpu("self").of("rec-"));
    let loaded = run.drive(seconds);
    let call_seconds = (count as u64 * seconds) as f64 / 1_000.0;
    let row = Row {
        calls: count,
        media_cpu: (meter::cpu("self").of("rtp-") - media) / call_seconds,
        recorder_cpu: (meter::cpu("self").of("rec-") - files) / call_seconds,
        kilobytes: loaded.saturating_sub(idle) as f64 / 1_024.0 / count as f64,
        failed: run.failed,
        digits_right: run.calls.iter().map(|c| right(&c.pressed, &c.heard)).sum(),
        digits_sent: run.calls.iter().map(|c| c.pressed.len()).sum(),
        missing_frames: run.missing_frames(),
        counters: run.plane.counters(),
        heard: run.load.finish(),
    };
    run.plane.stop();
    recorder.stop();
    row
}

/// Digits that came in their place; one too many or too few costs all behind it.
fn right(pressed: &str, heard: &str) -> usize {
    pressed.chars().zip(heard.chars()).take_while(|(p, h)| p == h).count()
        - heard.len().saturating_sub(pressed.len()).min(pressed.len())
}

impl Run {
    /// Lets all calls live; gives the memory with all of them up.
    fn drive(&mut self, seconds: u64) -> u64 {
        let count = self.calls.len();
        let length = Duration::from_secs(seconds);
        let begin = Instant::now();
        let step = length.mul_f64(RAMP) / count as u32;
        let (mut opened, mut loaded) = (0, 0);
        // Closing waits for files; well beyond the last call that is a failure.
        let give_up = begin + length.mul_f64(1.0 + RAMP) + Duration::from_secs(40);
        while self.ended < count && Instant::now() < give_up {
            let now = Instant::now();
            while opened < count && now >= begin + step * opened as u32 {
                self.order(opened, Command::Open { timeout: Duration::from_secs(30) });
                opened += 1;
            }
            while let Ok((session, event)) = self.events.try_recv() {
                self.handle(now, session.0 as usize, event);
            }
            self.live(now, length);
            if now >= begin + length.mul_f64((1.0 + RAMP) / 2.0) && loaded == 0 {
                loaded = meter::resident_bytes("self");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.failed += count - self.ended;
        loaded
    }

    fn order(&self, call: usize, command: Command) {
        let mut command = command;
        while let Err(rtp::Full(back)) = self.plane.command(SessionId(call as u64), command) {
            command = back;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn handle(&mut self, now: Instant, n: usize, event: Event) {
        match event {
            Event::Opened(SocketAddr::V4(address)) => {
                let path = self.folder.path().join(format!("{}/{n}.wav", n % 20));
                self.order(n, Command::Record { path });
                let remote = Some(self.load.address(n).into());
                self.order(n, Command::Start(stream(remote)));
                self.play(n);
                self.load.order(Order::Start { call: n, to: address, since_ns: 0 });
                self.calls[n].begun = Some(now);
                self.calls[n].recorded = Some(now);
            }
            Event::Digit { key, .. } => {
                self.calls[n].heard.push(key);
                self.play(n);
            }
            Event::Closed { recording, .. } => {
                self.ended += 1;
                match recording {
                    Some(recording) => {
                        self.recordings.insert(n, recording);
                    }
                    None => self.failed += 1,
                }
            }
            Event::OpenFailed(reason) => {
                eprintln!("call {n}: {reason}");
                self.failed += 1;
                self.ended += 1;
            }
            Event::RecordFailed(reason) => eprintln!("call {n}: {reason}"),
            _ => {}
        }
    }

    fn play(&mut self, n: usize) {
        self.calls[n].plays += 1;
        let play = PlayId(self.calls[n].plays);
        self.order(n, Command::Play { play, prompts: vec![self.prompt.clone()], barge_in: true });
    }

    /// Customers press five keys over their call, then it is closed.
    fn live(&mut self, now: Instant, length: Duration) {
        for n in 0..self.calls.len() {
            let call = &mut self.calls[n];
            let Some(begun) = call.begun.filter(|_| call.closing.is_none()) else { continue };
            let age = now - begun;
            let due = (age.as_secs_f64() / length.as_secs_f64() * 6.0) as usize;
            if call.pressed.len() < due.min(5) {
                let key = b"0123456789*#"[(n + call.pressed.len() * 5) % 12] as char;
                call.pressed.push(key);
                self.load.order(Order::Press { call: n, key });
            }
            if age >= length {
                call.closing = Some(now);
                self.order(n, Command::Close);
                self.load.order(Order::Stop { call: n });
            }
        }
    }

    /// Frames that the recordings lack: told by the recorder, or too short for their call, or
    /// without the tones that they should hold.
    fn missing_frames(&self) -> i64 {
        let mut missing = 0;
        for (n, call) in self.calls.iter().enumerate() {
            let (Some(from), Some(to)) = (call.recorded, call.closing) else { continue };
            let wanted = (to - from).as_millis() as i64 / 20 - SLACK_FRAMES;
            let Some(recording) = self.recordings.get(&n) else {
                missing += wanted;
                continue;
            };
            let frames = recording.duration.as_millis() as i64 / 20;
            missing += (recording.missing_frames / 160) as i64 + (wanted - frames).max(0);
            if n % LISTEN == 0 && !holds_both(&recording.path, n) {
                eprintln!("call {n}: {} does not hold both tones", recording.path.display());
                missing += wanted;
            }
        }
        missing
    }
}

fn stream(remote: Option<SocketAddr>) -> Stream {
    Stream {
        remote,
        codec: Codec::Pcma,
        payload_type: PCMA,
        receive_payload_type: PCMA,
        event_payload_type: Some(EVENT),
        control: Default::default(),
        send: true,
        receive: true,
        srtp: None,
    }
}

/// Whether the file has the prompt on the left and the call's own tone on the right in most
/// of its quarter seconds.
fn holds_both(path: &Path, call: usize) -> bool {
    let Ok(mut wav) = hound::WavReader::open(path) else { return false };
    let samples: Vec<i16> = wav.samples().filter_map(Result::ok).collect();
    let channel = |which: usize| samples.iter().skip(which).step_by(2).copied().collect::<Vec<i16>>();
    let has = |pcm: &[i16], hz: u32| {
        let parts: Vec<_> = pcm.chunks_exact(2_000).collect();
        let with = parts.iter().filter(|part| tone_dbfs(part, hz as f32) > -20.0).count();
        with * 10 >= parts.len() * 6
    };
    has(&channel(0), PROMPT_HZ) && has(&channel(1), tone_of(call))
}
