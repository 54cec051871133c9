//! Benchmark of the evidence: what it costs to hear and judge a call, in CPU-seconds a minute of
//! call, and how much memory a long one takes; and what it costs to archive and to seal recordings.
//!
//! ```text
//! cargo bench --bench evidence
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reads clocks and prints"
)]

use std::path::Path;

use ringback::app::load_scorecards;
use ringback::base::{CallId, Disposition, Rng, Timestamp};
use ringback::call::{Direction, EndedBy, HungUpFirst};
use ringback::config;
use ringback::evidence::{CallFacts, Heard, Kept, Part, Register, judge};
use ringback::io::evidence::hear;
use ringback::io::store::{Db, Store};
use ringback::io::vault::{self, Keeper, KeepingRules, Key, KeyRing, Vault};
use ringback::io::web::EventHub;
use ringback::media::noise::Babble;
use ringback::retention::{Retention, Terms};
use sha2::{Digest, Sha256};
use sqlx::Executor;

/// Calls of so many minutes, each so often.
const CALLS: [(u32, u32); 4] = [(1, 30), (3, 20), (10, 6), (120, 1)];
/// What a minute of call may cost, in CPU-seconds.
const GOAL: f64 = 0.05;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let card = load_scorecards(&config::Policy::default()).unwrap().cards.of("default").unwrap().0;
    println!("| calls | of minutes | CPU-ms a minute | turns | peak memory |\n|---|---|---|---|---|");
    let (mut seconds, mut minutes) = (0.0, 0.0);
    for (length, count) in CALLS {
        let path = folder.path().join(format!("{length}.wav"));
        record(&path, length);
        let facts = facts(length);
        let before = cpu_seconds();
        let mut heard = Heard::default();
        for _ in 0..count {
            heard = hear(std::fs::File::open(&path).unwrap(), &card.speech).unwrap();
            let stored = serde_json::to_string(&heard).unwrap();
            let evidence = judge(&card, &facts, Some(&heard), None);
            assert!(!stored.is_empty() && !evidence.findings.is_empty());
        }
        let spent = cpu_seconds() - before;
        let whole = f64::from(length * count);
        println!(
            "| {count} | {length} | {:.2} | {} | {} MB |",
            spent * 1_000.0 / whole,
            heard.left.len() + heard.right.len(),
            peak_memory() / 1_024
        );
        (seconds, minutes) = (seconds + spent, minutes + whole);
    }
    let cost = seconds / minutes;
    println!("{cost:.5} CPU-seconds a minute of call; wanted {GOAL}");
    assert!(cost < GOAL, "a minute of call costs {cost:.5} CPU-seconds");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(keeping(folder.path()));
}

/// Archives an hour of conversation as FLAC, then seals it: encoded, read back, compared, hashed.
async fn keeping(folder: &Path) {
    let recordings = folder.join("kept");
    std::fs::create_dir_all(&recordings).unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.join("kept.db").display())).await.unwrap();
    let id = CallId::new(Timestamp(0), &mut Rng::seeded(1)).to_string();
    let path = recordings.join(format!("{id}.wav"));
    record(&path, 60);
    let wav = std::fs::read(&path).unwrap();
    let sha256: String = Sha256::digest(&wav).iter().map(|byte| format!("{byte:02x}")).collect();
    let sql = format!(
        "INSERT INTO calls (id, direction, state, disposition, phone, reserved_at, ended_at, recording, sha256)
         VALUES ('{id}', 'inbound', 'ended', 'served', '1', 0, 0, '{id}.wav', '{sha256}')"
    );
    let Db::Sqlite { write, .. } = store.db() else { return };
    write.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    let vault = Vault::new(store.clone(), recordings);
    let otherwise = Terms { archive_after: Some(0), delete_after: None };
    let retention = Retention { rules: Vec::new(), otherwise };
    let rules = KeepingRules { retention, ..KeepingRules::default() };
    let keeper = Keeper::start(vault.clone(), EventHub::new(1), rules).unwrap();
    println!("| an hour of two channels | CPU-seconds | bytes |\n|---|---|---|\n| WAV | - | {} |", wav.len());
    let ring = KeyRing::of(vec![Key::random(Timestamp(0)).unwrap()]);
    for (what, ring) in [("archived as FLAC", KeyRing::default()), ("the FLAC sealed", ring)] {
        vault.set_settings(vault::Settings { ring, ..vault::Settings::default() });
        let before = process_seconds();
        let report = keeper.run(false, Timestamp(1)).await.unwrap();
        assert_eq!(report.tally.failed, 0, "{report:?}");
        let spent = process_seconds() - before;
        println!("| {what} | {spent:.2} | {} |", store.stored_sums().await.unwrap()[0].bytes);
    }
    let before = process_seconds();
    let mut sound = vault.open(&format!("{id}.wav")).await.unwrap();
    let mut heard = Vec::new();
    std::io::Read::read_to_end(&mut sound, &mut heard).unwrap();
    assert!(heard == wav, "it is heard as it was recorded");
    println!("| opened and decoded | {:.2} | {} |", process_seconds() - before, heard.len());
}

/// What this process has spent, the kernel's part included.
fn process_seconds() -> f64 {
    clock_seconds(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// A conversation: each speaks for some seconds, then the other; now and then both.
fn record(path: &Path, minutes: u32) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    let (mut ours, mut theirs) = (Babble::new(1, 6_000.0), Babble::new(2, 5_000.0));
    for second in 0..minutes * 60 {
        let (left, right) = (ours.speak(1_000), theirs.speak(1_000));
        let (we, they) = (second % 9 < 5, second % 9 >= 4);
        for (l, r) in left.iter().zip(&right) {
            wav.write_sample(if we { *l } else { 0 }).unwrap();
            wav.write_sample(if they { *r } else { 0 }).unwrap();
        }
    }
    wav.finalize().unwrap();
}

fn facts(minutes: u32) -> CallFacts {
    let (from, to) = (Timestamp(0), Timestamp(i64::from(minutes) * 60_000));
    CallFacts {
        direction: Direction::Inbound,
        started_at: from,
        answered_at: Some(from),
        ended_at: to,
        ended_by: EndedBy::Peer,
        disposition: Disposition::Served,
        parts: vec![Part { agent: "li".into(), rang_at: from, from, to, transferred: false }],
        hung_up_first: Some((HungUpFirst::Customer, to)),
        holds: Vec::new(),
        pauses: Vec::new(),
        steps: Vec::new(),
        steps_out_of_order: String::new(),
        keys: 0,
        quality: None,
        missing_samples: 0,
        recorded: true,
        kept: Kept::default(),
        rule: String::new(),
        department: String::new(),
        brand: String::new(),
        title: String::new(),
        tickets: Vec::new(),
        complaint: false,
        register: Register::Open,
        told_done: false,
        promise_kept: false,
        usual_ms: None,
    }
}

/// What this thread has spent, the kernel's part included.
fn cpu_seconds() -> f64 {
    clock_seconds(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock_seconds(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills the struct that it is given.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Highest resident size of this process so far, in KB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
