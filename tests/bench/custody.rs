//! Benchmark of the chain of custody over SQLite: what its triggers add to the end of a call, entries
//! linked in a second, and how fast all of it is verified.
//!
//! ```text
//! cargo bench --bench custody                    20,000 calls, 200 of them with a file of 1 MB
//! cargo bench --bench custody -- 200000 1000     these numbers
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reads clocks and prints"
)]

use std::path::Path;
use std::time::Instant;

use ringback::base::Timestamp;
use ringback::calendar::Calendar;
use ringback::io::custody::{Order, verify};
use ringback::io::recorder::sha256_of;
use ringback::io::store::{Db, Store};
use sqlx::{AssertSqlSafe, Executor};

/// Answers of a call.
const ANSWERS: u32 = 5;
/// Bytes of a recording: half a minute in stereo.
const BYTES: usize = 1_000_000;
/// Calls that end in one transaction.
const TOGETHER: u32 = 1_000;

fn main() {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let calls = numbers.first().copied().unwrap_or(20_000);
    let files = numbers.get(1).copied().unwrap_or(200).min(calls);
    tokio::runtime::Runtime::new().unwrap().block_on(run(calls, files));
}

async fn run(calls: u32, files: u32) {
    let folder = tempfile::tempdir().unwrap();
    let recordings = folder.path().join("recordings");
    std::fs::create_dir_all(&recordings).unwrap();
    let sha256 = write_files(&recordings, files);
    let mut ended = Vec::new();
    for triggers in [false, true] {
        let url = format!("sqlite:{}", folder.path().join(format!("{triggers}.db")).display());
        let store = Store::open(&url).await.unwrap();
        if !triggers {
            let drop = "DROP TRIGGER custody_of_recordings; DROP TRIGGER custody_of_answers; DROP TRIGGER custody_of_late_answers";
            execute(&store, drop).await;
        }
        let began = Instant::now();
        end_calls(&store, calls, files, &sha256).await;
        ended.push((began.elapsed().as_secs_f64(), store));
    }
    let (with, store) = ended.pop().unwrap();
    let (without, other) = ended.pop().unwrap();
    other.close().await;
    println!("{calls} calls with {ANSWERS} answers each, {files} files of {BYTES} bytes");
    println!(
        "a call stored: {:.1} us without triggers, {:.1} us with them",
        us(without, calls),
        us(with, calls)
    );
    let (began, mut linked, mut longest) = (Instant::now(), 0, 0.0_f64);
    loop {
        let waiting = store.custody_waiting().await.unwrap();
        if waiting.is_empty() {
            break;
        }
        let batch = Instant::now();
        let salt = || Ok("ab".repeat(16));
        let now = (Timestamp(1_772_413_200_000), Timestamp(0));
        linked += store.custody_link(&waiting, &Default::default(), salt, now).await.unwrap();
        longest = longest.max(batch.elapsed().as_secs_f64());
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "linked: {linked} entries in {seconds:.2} s, {:.0} a second; the longest batch {:.1} ms",
        linked as f64 / seconds,
        longest * 1_000.0
    );
    let calendar = Calendar::plain(jiff::tz::TimeZone::UTC);
    let found = verify(&store, &calendar, &recordings, &Order::default(), &|_| {}).await.unwrap();
    assert!(found.good, "{found:?}");
    println!(
        "verified: {} entries and {} files, {:.0} MB, in {:.2} s",
        found.entries,
        found.files,
        found.bytes as f64 / 1e6,
        found.seconds
    );
    let began = Instant::now();
    let read: u64 = (0..files).map(|n| sha256_of(&recordings.join(name(n)), |_| {}).unwrap().1).sum();
    println!("files alone: {:.0} MB/s", read as f64 / 1e6 / began.elapsed().as_secs_f64());
    println!("peak memory: {} MB", peak_kb() / 1_024);
    store.close().await;
}

fn us(seconds: f64, calls: u32) -> f64 {
    seconds * 1e6 / f64::from(calls)
}

fn id(n: u32) -> String {
    format!("01KJ{n:022}")
}

fn name(n: u32) -> String {
    format!("2026/03/02/{}.wav", id(n))
}

/// Files of the same bytes; their SHA-256.
fn write_files(folder: &Path, files: u32) -> String {
    let bytes: Vec<u8> = (0..BYTES).map(|n| (n * 31 % 251) as u8).collect();
    for n in 0..files.max(1) {
        let path = folder.join(name(n));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
    }
    let (sha256, _) = sha256_of(&folder.join(name(0)), |_| {}).unwrap();
    if files == 0 {
        std::fs::remove_file(folder.join(name(0))).unwrap();
    }
    sha256
}

async fn end_calls(store: &Store, calls: u32, files: u32, sha256: &str) {
    for first in (0..calls).step_by(TOGETHER as usize) {
        let mut sql = String::from("BEGIN;");
        for n in first..calls.min(first + TOGETHER) {
            let id = id(n);
            sql += &format!(
                "INSERT INTO calls (id, direction, state, phone, reserved_at) VALUES ('{id}', 'inbound', 'reserved', '1', {n});"
            );
            for seq in 1..=ANSWERS {
                sql += &format!(
                    "INSERT INTO answers (call_id, seq, question, keys, score, at) VALUES ('{id}', {seq}, 'q', '5', 5, {n});"
                );
            }
            let recording = if n < files {
                format!("recording = '{}', recording_ms = 31250, sha256 = '{sha256}',", name(n))
            } else {
                String::new()
            };
            sql += &format!(
                "UPDATE calls SET {recording} state = 'ended', disposition = 'completed', ended_at = {n} WHERE id = '{id}';"
            );
        }
        sql += "COMMIT";
        execute(store, &sql).await;
    }
}

async fn execute(store: &Store, sql: &str) {
    let Db::Sqlite { write, .. } = store.db() else { unreachable!("a file was opened") };
    write.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
