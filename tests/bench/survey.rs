//! Recorded survey calls through the whole daemon: signalling, media, script, files, store.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringback::media::tone::tone_dbfs;
use serde_json::json;

use crate::daemon::{Daemon, Setup, Stored};
use crate::meter::{self, Cpu};
use crate::rtp_load::{Heard, RtpLoad, quantile, tone_of};
use crate::sip_load::{Outcome, Plan, Role, SipLoad, key_of, tail_of};

/// Calls begin spread over this part of their length, but not faster than [`FASTEST`].
const RAMP: f64 = 0.5;
/// New calls a second.
const FASTEST: f64 = 300.0;
/// One call in this many has its recording listened to.
const LISTEN: usize = 10;
/// Frames between the answer and the recorder's first, and between its last and the end.
const SLACK_FRAMES: i64 = 3;
/// Keys pressed in a call.
const KEYS: u32 = 5;

/// Who begins the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The daemon dials a list.
    Outbound,
    /// Customers call in.
    Inbound,
}

/// One line of the table.
pub struct Row {
    direction: Direction,
    calls: usize,
    cpu: Cpu,
    call_seconds: f64,
    kilobytes: f64,
    failed: usize,
    digits: (usize, usize),
    missing_frames: i64,
    heard: Heard,
    outcome: Outcome,
}

impl Row {
    pub const HEAD: &str = "\
                  CPU-s per 1,000 call-seconds            KB per          digits     gaps sent, ms   frames missing  first prompt   key to reaction
          calls   total   media  files   rest    call  failed      right     p99   worst    sent recorded  p99 ms     p99 ms   notes";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = |seconds: f64| seconds / self.call_seconds * 1_000.0;
        let (media, files) = (per(self.cpu.of("rtp-")), per(self.cpu.of("rec-")));
        let total = per(self.cpu.total);
        let p99 = |values: &[u64]| quantile(values, 0.99) as f64 / 1_000.0;
        write!(
            f,
            "{:<8} {:>6} {:>7.3} {:>7.3} {:>6.3} {:>6.3} {:>7.1} {:>7} {:>10} {:>7} {:>7.1} {:>7} {:>8} {:>7.1} {:>10.1}   \
             repeated {}, generator late {}",
            if self.direction == Direction::Outbound { "outbound" } else { "inbound" },
            self.calls,
            total,
            media,
            files,
            total - media - files,
            self.kilobytes,
            self.failed,
            format!("{}/{}", self.digits.0, self.digits.1),
            self.heard.p99_ms(),
            self.heard.worst_us as f64 / 1_000.0,
            self.heard.lost,
            self.missing_frames,
            p99(&self.heard.first_prompt_us),
            p99(&self.heard.reaction_us),
            self.outcome.repeated,
            self.heard.generator_late,
        )
    }
}

/// Runs `count` calls of `length` and gives their row.
pub fn measure(direction: Direction, count: usize, length: Duration) -> Row {
    let ramp = length.mul_f64(RAMP).max(Duration::from_secs_f64(count as f64 / FASTEST));
    let rate = count as f64 / ramp.as_secs_f64();
    let media = RtpLoad::start(count, 0, || {
        meter::pin(1);
        meter::hurry();
    });
    let media = Arc::new(media.expect("loopback sockets"));
    let plan = Plan {
        calls: count,
        ring: Duration::from_millis(20),
        hold: Some(length),
        keys: (1..=KEYS).map(|n| length * n / (KEYS + 1)).collect(),
        per_second: rate,
        at_once: count,
    };
    let (sip, daemon) = start(direction, plan, Some(media.clone()), true);
    let idle = daemon.resident_bytes();
    let before = daemon.cpu();
    if direction == Direction::Outbound {
        daemon.dial(&numbers(count), campaign(count, rate, "bench-survey"));
    }
    let peak = watch(&daemon, &sip, count, ramp + length + Duration::from_secs(20));
    let cpu = daemon.cpu().since(&before);
    let outcome = sip.finish();
    let media = Arc::into_inner(media).expect("the signalling has ended");
    let heard = media.finish();
    let stored = daemon.stop();
    Row {
        direction,
        calls: count,
        cpu,
        call_seconds: spoken_seconds(&stored),
        kilobytes: peak.saturating_sub(idle) as f64 / 1_024.0 / count as f64,
        failed: failed(&stored, count),
        digits: digits(&stored, outcome.pressed),
        missing_frames: missing_frames(&stored, &outcome),
        heard,
        outcome,
    }
}

/// The signalling generator and the daemon, each knowing the other.
pub fn start(
    direction: Direction,
    plan: Plan,
    media: Option<Arc<RtpLoad>>,
    record: bool,
) -> (SipLoad, Daemon) {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let pin = || {
        meter::pin(1);
        meter::hurry();
    };
    match direction {
        Direction::Outbound => {
            let sip = SipLoad::start(loopback, Role::Answer, plan, media, pin).expect("a socket");
            let setup =
                Setup { trunk: sip.address(), script: "bench-survey", record, sections: String::new() };
            (sip, Daemon::start(&setup))
        }
        Direction::Inbound => {
            // Calls come from the trunk's address, whatever their port.
            let trunk = SocketAddr::from(([127, 0, 0, 1], 9));
            let daemon =
                Daemon::start(&Setup { trunk, script: "bench-survey", record, sections: String::new() });
            let sip = SipLoad::start(loopback, Role::Dial(daemon.sip), plan, media, pin);
            (sip.expect("a socket"), daemon)
        }
    }
}

/// Mobile numbers, told apart by their tails.
pub fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("138{n:08}")).collect()
}

/// Settings of the campaign.
pub fn campaign(count: usize, rate: f64, script: &str) -> serde_json::Value {
    json!({
        "script": script, "language": "en", "windows": ["00:00-24:00"], "concurrency": count,
        "calls_per_second": rate, "machine": "ignore", "max_attempts": 1, "ring_seconds": 30,
    })
}

/// Waits until every call is over, for `limit` at most; gives the largest memory seen.
pub fn watch(daemon: &Daemon, sip: &SipLoad, count: usize, limit: Duration) -> u64 {
    let begun = Instant::now();
    let mut peak = 0;
    while sip.over() < count && begun.elapsed() < limit {
        peak = peak.max(daemon.resident_bytes());
        std::thread::sleep(Duration::from_millis(100));
    }
    // The last files are closed and the last rows written.
    std::thread::sleep(Duration::from_millis(1_500));
    peak
}

/// Whether it is so in most quarter seconds.
pub fn most(pcm: &[i16], is: &dyn Fn(&[i16]) -> bool) -> bool {
    let parts: Vec<_> = pcm.chunks_exact(2_000).collect();
    parts.iter().filter(|part| is(part)).count() * 10 >= parts.len() * 8
}

fn spoken_seconds(stored: &Stored) -> f64 {
    let spoken = |call: &ringback::io::store::read::CallRow| Some(call.ended_at? - call.answered_at?);
    stored.calls.iter().filter_map(spoken).sum::<i64>() as f64 / 1_000.0
}

/// Calls that did not complete their survey.
fn failed(stored: &Stored, count: usize) -> usize {
    count - stored.calls.iter().filter(|c| c.disposition.as_deref() == Some("completed")).count().min(count)
}

/// Keys stored where they belong, of those pressed.
fn digits(stored: &Stored, pressed: usize) -> (usize, usize) {
    let tails: BTreeMap<&str, usize> =
        stored.calls.iter().map(|call| (call.id.as_str(), tail_of(&call.phone))).collect();
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut right = 0;
    for answer in &stored.answers {
        let Some(tail) = tails.get(answer.call_id.as_str()) else { continue };
        let turn = turns.entry(&answer.call_id).or_default();
        right += usize::from(answer.keys.as_deref() == Some(key_of(*tail, *turn).to_string().as_str()));
        *turn += 1;
    }
    (right, pressed)
}

/// Frames that the recordings lack: told by the recorder, or too short for their call, or
/// without the tones that they should hold.
fn missing_frames(stored: &Stored, outcome: &Outcome) -> i64 {
    let callers: BTreeMap<usize, usize> =
        outcome.tails.iter().enumerate().map(|(n, tail)| (*tail, n)).collect();
    let mut missing = 0;
    for (n, call) in stored.calls.iter().enumerate() {
        let (Some(from), Some(to)) = (call.answered_at, call.ended_at) else { continue };
        let wanted = (to - from) / 20 - SLACK_FRAMES;
        let frames = call.recording_ms.unwrap_or(0) / 20;
        missing += call.missing_frames.unwrap_or(0) / 160 + (wanted - frames).max(0);
        let generator = callers.get(&tail_of(&call.phone)).copied().unwrap_or(usize::MAX);
        if n % LISTEN == 0 && !holds_both(&find(&stored.recordings, &call.id), generator) {
            eprintln!("call {}: the recording does not hold both sides", call.id);
            missing += wanted;
        }
    }
    missing
}

/// `recordings/YYYY/MM/DD/<call id>.wav`.
pub fn find(recordings: &Path, id: &str) -> std::path::PathBuf {
    let mut folder = recordings.to_owned();
    for _ in 0..3 {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        if let Some(next) = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).max() {
            folder = next;
        }
    }
    folder.join(format!("{id}.wav"))
}

/// Whether the file has a prompt on the left and the call's own tone on the right in most of
/// its quarter seconds.
fn holds_both(path: &Path, generator: usize) -> bool {
    let Ok(mut wav) = hound::WavReader::open(path) else { return false };
    let samples: Vec<i16> = wav.samples().filter_map(Result::ok).collect();
    let channel = |which: usize| samples.iter().skip(which).step_by(2).copied().collect::<Vec<i16>>();
    let hears_prompt = |part: &[i16]| {
        (0..crate::prompts::COUNT as u32).any(|n| tone_dbfs(part, crate::prompts::hz(n) as f32) > -20.0)
    };
    most(&channel(0), &hears_prompt)
        && most(&channel(1), &|part| tone_dbfs(part, tone_of(generator) as f32) > -20.0)
}
