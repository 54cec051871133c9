//! Benchmark of the console: how soon each page answers, and how much it sends, with a hundred thousand rows of
//! everything behind it.
//!
//! ```text
//! cargo bench --bench console                every page, the best and the median of nine
//! cargo bench --bench console -- tickets     pages with this in their address
//! ```
//!
//! Wanted: under 100 ms and 60 kB each. The rows are those of the test that watches the sizes
//! (`tests/support/plenty.rs`).

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark reads clocks and prints"
)]

#[allow(dead_code, reason = "of what it measures only the processor is asked for")]
mod meter;
#[path = "../support/plenty.rs"]
mod plenty;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ringback::io::store::{Db, Store};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};

const PACK: &str = "furniture_mall";
const WANTED: Duration = Duration::from_millis(100);
const WANTED_BYTES: usize = 60_000;
/// Times that a page is asked for, after one that is not counted.
const TIMES: usize = 9;
/// The daemon looks at its tickets, callbacks and books at least so often.
const TURN: Duration = Duration::from_secs(60);

/// A daemon over a database of its own; killed with this value.
struct Daemon {
    folder: tempfile::TempDir,
    child: Child,
    root: String,
    token: String,
    http: reqwest::Client,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn ringback(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.current_dir(folder).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

impl Daemon {
    async fn start() -> Daemon {
        let folder = tempfile::tempdir().unwrap();
        let (sip, api) = (free_port(), free_port());
        let text = format!(
            "[data]\ndir = \"data\"\nrecordings = \"recordings\"\n[sip]\nudp = [\"127.0.0.1:{sip}\"]\n\
             [rtp]\naddress = \"127.0.0.1\"\n[api]\nlisten = [\"127.0.0.1:{api}\"]\nrate = 100000\nburst = 100000\n[log]\nlevel = \"warn\"\n"
        );
        std::fs::write(folder.path().join("ringback.toml"), text).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = ringback(folder.path());
        command.args(["serve", "-c", "ringback.toml"]).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build().unwrap();
        let root = format!("http://127.0.0.1:{api}");
        let began = Instant::now();
        while !http.get(format!("{root}/readyz")).send().await.is_ok_and(|r| r.status().is_success()) {
            assert!(began.elapsed() < Duration::from_secs(60), "the daemon is not ready within a minute");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut create = ringback(folder.path());
        create.args([
            "token",
            "create",
            "--name",
            "bench",
            "--scope",
            "admin",
            "--json",
            "-c",
            "ringback.toml",
        ]);
        let made: Value = serde_json::from_slice(&create.output().unwrap().stdout).unwrap();
        let token = made["secret"].as_str().unwrap().to_owned();
        Daemon { folder, child, root, token, http }
    }

    /// Makes the rows, and gives the day on which most of them stand.
    async fn fill(&self) -> String {
        let body = json!({ "kind": "complaint", "severity": "major", "name": "李娜", "phone": "13800000002",
            "pack": PACK, "fields": { "content": "请尽快" } });
        let request = self.http.post(format!("{}/api/v1/tickets", self.root)).bearer_auth(&self.token);
        let made = request.json(&body).send().await.unwrap();
        assert!(made.status().is_success(), "{}", made.text().await.unwrap());
        let file = format!("sqlite:{}", self.folder.path().join("data/ringback.db").display());
        let store = Store::open(&file).await.unwrap();
        let Db::Sqlite { write, .. } = store.db() else { unreachable!("the benchmark is of SQLite") };
        let now = jiff::Timestamp::now();
        let today = now.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).date().to_string();
        for sql in plenty::statements(plenty::ROWS, PACK, now.as_millisecond(), &today) {
            write.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        store.close().await;
        today
    }

    /// Waits until the daemon has done what the rows call for, such as the deadlines of thousands of tickets.
    async fn rest(&self) {
        let (began, mut last, mut quiet) = (Instant::now(), self.busy(), 0);
        while quiet < 3 || began.elapsed() < TURN {
            assert!(began.elapsed() < 10 * TURN, "the daemon has no rest");
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.busy();
            quiet = if now - last <= 0.05 { quiet + 1 } else { 0 };
            last = now;
        }
    }

    /// Processor time of the daemon so far, in seconds.
    fn busy(&self) -> f64 {
        meter::cpu(&self.child.id().to_string()).total
    }

    /// Status, length and time of one answer.
    async fn ask(&self, path: &str) -> (u16, usize, Duration) {
        let began = Instant::now();
        // As a browser asks.
        let request = self.http.get(format!("{}{path}", self.root)).header("accept-encoding", "gzip");
        let request = request.bearer_auth(&self.token);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap().len();
        (status, bytes, began.elapsed())
    }
}

#[tokio::main]
async fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let daemon = Daemon::start().await;
    let began = Instant::now();
    let today = daemon.fill().await;
    println!("{} rows of everything in {:.1} s", plenty::ROWS, began.elapsed().as_secs_f64());
    daemon.rest().await;
    println!("| page | best | median | bytes | |\n|---|---|---|---|---|");
    let (mut slow, mut large) = (0, 0);
    let wanted = |path: &String| given.is_empty() || given.iter().any(|part| path.contains(part.as_str()));
    let pages: Vec<String> = plenty::pages(PACK, &today).into_iter().filter(wanted).collect();
    for path in &pages {
        let (status, bytes, _) = daemon.ask(path).await;
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            times.push(daemon.ask(path).await.2);
        }
        times.sort();
        let median = times[TIMES / 2];
        (slow, large) = (slow + usize::from(median > WANTED), large + usize::from(bytes > WANTED_BYTES));
        let note = match (status, median > WANTED, bytes > WANTED_BYTES) {
            (200, false, false) => String::new(),
            (200, true, _) => "SLOW".into(),
            (200, ..) => "LARGE".into(),
            _ => format!("HTTP {status}"),
        };
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!("| {path} | {:.1} ms | {:.1} ms | {bytes} | {note} |", ms(times[0]), ms(median));
    }
    println!("{} pages; {slow} over {WANTED:?}, {large} over {WANTED_BYTES} bytes", pages.len());
}
