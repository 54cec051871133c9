//! The hotline under load: callers wait in a queue with music, agents with registered
//! telephones talk with them, both sides are recorded. What does it cost, and how soon after
//! an agent is free do the two hear each other?

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ringback::media::tone::tone_dbfs;

use crate::daemon::{Daemon, Setup, Stored};
use crate::meter::{self, Cpu};
use crate::rtp_load::{Heard, RtpLoad, quantile, tone_of};
use crate::sip_load::{Outcome, Plan, Role, SipLoad, tail_of};
use crate::survey::{find, most};

/// Mean length of a talk; talks differ by half of it.
const TALK: Duration = Duration::from_secs(30);
/// New callers a second until all are there.
const RAMP_RATE: f64 = 100.0;
/// From the last of them to what is measured.
const SETTLE: Duration = Duration::from_secs(5);
/// Agents' tones are those of calls from here on: no agent has the tone of a customer near.
const AGENT_TONES: usize = 1_450;
/// One talk in this many is listened to.
const LISTEN: usize = 5;
/// Frames between the answer and the recorder's first, and between its last and the end.
const SLACK_FRAMES: i64 = 3;

/// One line of the table.
pub struct Row {
    agents: usize,
    waiting: usize,
    cpu: Cpu,
    seconds: f64,
    bridged_seconds: f64,
    talks: usize,
    kilobytes: f64,
    customers: Heard,
    phones: Heard,
    outcomes: [Outcome; 2],
    missing_frames: i64,
}

impl Row {
    pub const HEAD: &str = "\
                      CPU-s per 1,000 bridged seconds   of the    KB per          free to heard, ms    gaps sent, ms   frames missing
 waiting  talking   total   media  files   rest     core  caller  talks    p50    p99  worst     p99  worst     sent  recorded   notes";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = |seconds: f64| seconds / self.bridged_seconds * 1_000.0;
        let (total, media, files) = (self.cpu.total, self.cpu.of("rtp-"), self.cpu.of("rec-"));
        // Without anybody who waits, an agent who is free waits for the next caller.
        let heard = |share: f64| match self.waiting {
            0 => "-".to_owned(),
            _ => format!("{:.1}", quantile(&self.phones.first_prompt_us, share) as f64 / 1_000.0),
        };
        let failed = |outcome: &Outcome| outcome.failed.values().sum::<usize>();
        write!(
            f,
            "{:>8} {:>8} {:>7.3} {:>7.3} {:>6.3} {:>6.3} {:>6.1} % {:>7.1} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6.1} {:>8} {:>9}   \
             failed {} and {}, repeated {}, generator late {}",
            self.waiting,
            self.agents,
            per(total),
            per(media),
            per(files),
            per(total - media - files),
            total / self.seconds * 100.0,
            self.kilobytes,
            self.talks,
            heard(0.5),
            heard(0.99),
            heard(1.0),
            self.customers.p99_ms().max(self.phones.p99_ms()),
            self.customers.worst_us.max(self.phones.worst_us) as f64 / 1_000.0,
            self.customers.lost + self.phones.lost,
            self.missing_frames,
            failed(&self.outcomes[0]),
            failed(&self.outcomes[1]),
            self.outcomes[0].repeated + self.outcomes[1].repeated,
            self.customers.generator_late + self.phones.generator_late,
        )
    }
}

fn hurry() {
    meter::pin(1);
    meter::hurry();
}

fn wall_ms() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as i64
}

/// Lets `agents` talk while `waiting` callers wait, for `length`, and gives the row.
pub fn measure(agents: usize, waiting: usize, length: Duration) -> Row {
    let at_once = agents + waiting;
    let ramp = Duration::from_secs_f64(at_once as f64 / RAMP_RATE) + SETTLE;
    let talks = agents + (agents as f64 * (ramp + length).as_secs_f64() / TALK.as_secs_f64() * 1.5) as usize;
    let media = |calls, first| Arc::new(RtpLoad::start(calls, first, hurry).expect("loopback sockets"));
    let (customers, phones) = (media(at_once + talks, 0), media(talks, AGENT_TONES));
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let plan = Plan {
        calls: at_once + talks,
        ring: Duration::ZERO,
        hold: None,
        keys: Vec::new(),
        per_second: RAMP_RATE,
        at_once,
    };
    // Calls come from the trunk's address, whatever their port.
    let trunk = SocketAddr::from(([127, 0, 0, 1], 9));
    let sections = crate::phones::sections(agents);
    let daemon = Daemon::start(&Setup { trunk, script: "bench-hotline", record: true, sections });
    let of_agents = Plan { calls: talks, hold: Some(TALK), ..plan.clone() };
    let desk =
        SipLoad::start(loopback, Role::Desk(daemon.sip, agents), of_agents, Some(phones.clone()), hurry)
            .expect("a socket");
    let idle = daemon.resident_bytes();
    let callers = SipLoad::start(loopback, Role::Dial(daemon.sip), plan, Some(customers.clone()), hurry)
        .expect("a socket");
    std::thread::sleep(ramp);
    let (before, begun, from) = (daemon.cpu(), Instant::now(), wall_ms());
    std::thread::sleep(length);
    let (cpu, seconds, to) = (daemon.cpu().since(&before), begun.elapsed().as_secs_f64(), wall_ms());
    let full = daemon.resident_bytes();
    // What happens while the daemon stops is no part of the row.
    callers.dial_no_more();
    desk.dial_no_more();
    let stored = daemon.stop();
    let outcomes = [callers.finish(), desk.finish()];
    let heard = |load: Arc<RtpLoad>| Arc::into_inner(load).expect("the signalling has ended").finish();
    Row {
        agents,
        waiting,
        cpu,
        seconds,
        bridged_seconds: stored.talks.iter().map(|t| (t.to.min(to) - t.from.max(from)).max(0)).sum::<i64>()
            as f64
            / 1_000.0,
        talks: stored.talks.iter().filter(|talk| (from..to).contains(&talk.from)).count(),
        kilobytes: full.saturating_sub(idle) as f64 / 1_024.0 / at_once as f64,
        missing_frames: missing_frames(&stored, &outcomes, to),
        customers: heard(customers),
        phones: heard(phones),
        outcomes,
    }
}

/// Frames that the recordings of talks lack that ended before `to`: told by the recorder, or too
/// short for their call, or without the voices they should hold.
fn missing_frames(stored: &Stored, outcomes: &[Outcome; 2], to: i64) -> i64 {
    let place = |outcome: &Outcome| -> BTreeMap<usize, usize> {
        outcome.tails.iter().enumerate().map(|(n, tail)| (*tail, n)).collect()
    };
    let (customers, agents) = (place(&outcomes[0]), place(&outcomes[1]));
    let mut missing = 0;
    for (n, talk) in stored.talks.iter().enumerate().filter(|(_, talk)| talk.to <= to) {
        let call = &stored.calls[talk.call];
        let (Some(answered), Some(ended)) = (call.answered_at, call.ended_at) else { continue };
        let frames = call.recording_ms.unwrap_or(0) / 20;
        missing +=
            call.missing_frames.unwrap_or(0) / 160 + ((ended - answered) / 20 - SLACK_FRAMES - frames).max(0);
        let tail = tail_of(&call.phone);
        let voices = customers.get(&tail).zip(agents.get(&tail));
        let at = |ms: i64| ((ms - answered).max(0) * 8) as usize;
        let heard = voices.is_some_and(|(customer, agent)| {
            let hz = [tone_of(AGENT_TONES + agent), tone_of(*customer)];
            holds_both(&find(&stored.recordings, &call.id), at(talk.from)..at(talk.to), hz)
        });
        if n % LISTEN == 0 && !heard {
            eprintln!("call {}: the recording does not hold both sides of the talk", call.id);
            missing += (talk.to - talk.from) / 20;
        }
    }
    missing
}

/// Whether that part of the file has these tones on its left and its right.
fn holds_both(path: &std::path::Path, part: std::ops::Range<usize>, hz: [u32; 2]) -> bool {
    let Ok(mut wav) = hound::WavReader::open(path) else { return false };
    let samples: Vec<i16> = wav.samples().filter_map(Result::ok).collect();
    hz.iter().enumerate().all(|(side, hz)| {
        let all: Vec<i16> = samples.iter().skip(side).step_by(2).copied().collect();
        let talk = &all[part.start.min(all.len())..part.end.min(all.len())];
        talk.len() > 8_000 && most(talk, &|quarter| tone_dbfs(quarter, *hz as f32) > -20.0)
    })
}
