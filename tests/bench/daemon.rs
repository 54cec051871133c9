//! The real daemon under load: started as people start it, pinned to core 0, steered over its
//! API, measured from outside by what the kernel writes down of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ringback::io::store::Store;
use ringback::io::store::read::{AnswerRow, CallFilter, CallRow, CallSort, PAGE_LIMIT};
use serde_json::{Value, json};

use crate::meter;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/scripts");

/// What a daemon is started with.
pub struct Setup {
    /// The generator's signalling address: its only trunk, and where calls come from.
    pub trunk: SocketAddr,
    /// Script of inbound calls.
    pub script: &'static str,
    /// Recordings are written.
    pub record: bool,
    /// Further sections of the configuration.
    pub sections: String,
}

/// A running daemon; killed with this value.
pub struct Daemon {
    folder: Option<tempfile::TempDir>,
    /// Where it takes SIP.
    pub sip: SocketAddr,
    /// From the start of the process to the first good answer of `/readyz`.
    pub ready: Duration,
    child: Child,
    root: String,
    token: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// What it stored.
pub struct Stored {
    pub calls: Vec<CallRow>,
    pub answers: Vec<AnswerRow>,
    /// Talks with agents, in the order of the calls.
    pub talks: Vec<Talk>,
    pub recordings: PathBuf,
    /// Kept as long as the recordings are looked at.
    _folder: tempfile::TempDir,
}

/// An agent and a customer who talked.
pub struct Talk {
    /// Which of the calls.
    pub call: usize,
    /// On the wall clock, in ms.
    pub from: i64,
    pub to: i64,
}

/// A port of loopback that is free for UDP and for TCP.
fn free_port() -> u16 {
    loop {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port of loopback");
        let address = socket.local_addr().expect("its address");
        if std::net::TcpListener::bind(address).is_ok() {
            return address.port();
        }
    }
}

fn ringback(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.current_dir(folder).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

impl Daemon {
    /// Starts one with an empty store on core 0; ready when it returns.
    pub fn start(setup: &Setup) -> Daemon {
        let folder = tempfile::tempdir().expect("a folder");
        crate::prompts::write(&folder.path().join("prompts/en/bench"));
        let (sip, api) = (free_port(), free_port());
        let config = folder.path().join("ringback.toml");
        std::fs::write(&config, configuration(setup, sip, api)).expect("its configuration");
        let log = std::fs::File::create(folder.path().join("log")).expect("its log");
        meter::pin(0);
        let begun = Instant::now();
        let mut command = ringback(folder.path());
        command.args(["serve", "-c"]).arg(&config).stdout(log.try_clone().expect("its log")).stderr(log);
        let child = command.spawn().expect("ringback");
        meter::pin(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build();
        let http = http.expect("an HTTP client");
        let root = format!("http://127.0.0.1:{api}");
        let ready = runtime.block_on(wait_ready(&http, &root, begun));
        let token = make_token(folder.path(), &config);
        let sip = SocketAddr::from(([127, 0, 0, 1], sip));
        Daemon { folder: Some(folder), sip, ready, child, root, token, http, runtime }
    }

    /// CPU seconds of the whole process so far, and of its threads by the first letters of
    /// their names.
    pub fn cpu(&self) -> meter::Cpu {
        meter::cpu(&self.child.id().to_string())
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> u64 {
        meter::resident_bytes(&self.child.id().to_string())
    }

    /// Imports customers with these numbers and calls them all; the campaign runs when it returns.
    pub fn dial(&self, phones: &[String], settings: Value) {
        let mut csv = String::from("phone,name\n");
        for phone in phones {
            csv += &format!("{phone},Customer\n");
        }
        let path = format!("{}/api/v1/imports?list_name=bench&file_name=bench.csv", self.root);
        let report = self.send(self.http.post(path).header("content-type", "text/csv").body(csv));
        assert_eq!(report["counts"]["added"], phones.len(), "{report}");
        let body = json!({ "name": "bench", "list_name": "bench", "settings": settings });
        let campaign = self.send(self.http.post(format!("{}/api/v1/campaigns", self.root)).json(&body));
        let start = format!("{}/api/v1/campaigns/{}/start", self.root, campaign["id"]);
        self.send(self.http.post(start).json(&json!({})));
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Value {
        self.runtime.block_on(async {
            let response = request.bearer_auth(&self.token).send().await.expect("an answer of the API");
            let (status, url) = (response.status(), response.url().path().to_owned());
            let text = response.text().await.expect("a body");
            assert!(status.is_success(), "{url}: {status}: {text}");
            serde_json::from_str(&text).unwrap_or(Value::Null)
        })
    }

    /// Lets it end in order (SIGTERM) and reads what it stored.
    pub fn stop(mut self) -> Stored {
        let pid = libc::pid_t::try_from(self.child.id()).expect("a process id");
        // SAFETY: a signal to a child that was not waited for yet.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let status = self.child.wait().expect("a child of ours");
        let folder = self.folder.take().expect("it is taken here only");
        if !status.success() {
            let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            eprintln!("ringback ended with {status}:\n{}", &log[log.len().saturating_sub(2_000)..]);
        }
        let database = format!("sqlite:{}", folder.path().join("data/ringback.db").display());
        let (calls, answers, talks) = self.runtime.block_on(read(&database));
        Stored { calls, answers, talks, recordings: folder.path().join("recordings"), _folder: folder }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Asks every half millisecond.
async fn wait_ready(http: &reqwest::Client, root: &str, begun: Instant) -> Duration {
    let mut turn = tokio::time::interval(Duration::from_micros(500));
    loop {
        turn.tick().await;
        if http.get(format!("{root}/readyz")).send().await.is_ok_and(|r| r.status().is_success()) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the daemon is not ready within 30 s");
    }
}

fn make_token(folder: &Path, config: &Path) -> String {
    let mut create = ringback(folder);
    create.args(["token", "create", "--name", "bench", "--scope", "admin", "--json", "-c"]).arg(config);
    let output = create.output().expect("ringback token create");
    let made: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    made["secret"].as_str().expect("a secret").to_owned()
}

async fn read(database: &str) -> (Vec<CallRow>, Vec<AnswerRow>, Vec<Talk>) {
    let store = Store::open(database).await.expect("the database");
    let filter = CallFilter::default();
    let (mut calls, mut answers) = (Vec::new(), Vec::new());
    let mut after = None;
    loop {
        let page =
            store.call_rows(&filter, CallSort::Oldest, after.as_ref(), PAGE_LIMIT).await.expect("calls");
        calls.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    loop {
        let page = store.answer_page(None, None, after.as_ref(), PAGE_LIMIT).await.expect("answers");
        answers.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut talks = Vec::new();
    for (call, row) in calls.iter().enumerate() {
        let legs = store.bridged_row(row.id.parse().expect("an id")).await.expect("legs").legs;
        let talk = |leg: ringback::io::store::read::LegRow| {
            Some(Talk { call, from: leg.answered_at?, to: leg.ended_at })
        };
        talks.extend(legs.into_iter().filter_map(talk));
    }
    (calls, answers, talks)
}

fn configuration(setup: &Setup, sip: u16, api: u16) -> String {
    let Setup { trunk, script, record, sections } = setup;
    format!(
        r#"
[data]
dir = "data"
recordings = "recordings"
[sip]
udp = ["127.0.0.1:{sip}"]
[rtp]
address = "127.0.0.1"
workers = 1
[recording]
enabled = {record}
threads = 1
disk_floor_mb = 64
[dialer]
max_calls = 0
max_cps = 0.0
fetch_size = 1000
[api]
listen = ["127.0.0.1:{api}"]
[prompts]
dirs = ["prompts"]
scripts = ["{SCRIPTS}"]
[log]
level = "warn"
[[trunk]]
name = "load"
server = "{trunk}"
transport = "udp"
codecs = ["pcma"]
max_calls = 0
max_cps = 0.0
[[inbound]]
number = "*"
script = "{script}"
language = "en"
[shutdown]
grace = "2s"
{sections}
"#
    )
}
