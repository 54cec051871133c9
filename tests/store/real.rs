//! The real daemon over a database and folders of the test's choosing, with its API and
//! its command line.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::peers::daemon::{make_token, ringback, serve};
use crate::peers::program::{Program, free_port};

/// A running daemon; it is killed with this value.
pub struct Real {
    pub program: Program,
    /// From the start of the process until `/readyz` said yes.
    pub ready_after: Duration,
    folder: PathBuf,
    root: String,
    token: String,
    http: reqwest::Client,
}

impl Real {
    /// Starts it in `folder` with further lines of configuration; ready when it returns.
    pub async fn start(folder: &Path, extra: &str) -> Real {
        Real::start_in(folder, "data", "recordings", extra).await
    }

    /// The same with folders of its data and recordings below `folder`.
    pub async fn start_in(folder: &Path, data: &str, recordings: &str, extra: &str) -> Real {
        let (sip_port, api_port) = (free_port(), free_port());
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/scripts");
        let text = format!(
            "[data]\ndir = \"{data}\"\nrecordings = \"{recordings}\"\n[sip]\nudp = [\"127.0.0.1:{sip_port}\"]\n\
             [rtp]\naddress = \"127.0.0.1\"\nport_min = 20000\nport_max = 31999\n\
             [api]\nlisten = [\"127.0.0.1:{api_port}\"]\n[prompts]\nscripts = [\"{}\"]\n{extra}\n",
            scripts.display()
        );
        std::fs::write(folder.join("ringback.toml"), text).expect("the configuration");
        let root = format!("http://127.0.0.1:{api_port}");
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build();
        let http = http.expect("an HTTP client");
        let began = Instant::now();
        let config = Path::new("ringback.toml");
        let program = serve(folder, config, &root, &http, Duration::from_secs(60)).await;
        let ready_after = began.elapsed();
        let token = make_token(folder, config, &crate::support::databases::unique_name());
        Real { program, ready_after, folder: folder.to_owned(), root, token, http }
    }

    /// Runs a command of its command line.
    pub fn cli(&self, line: &[&str]) -> Output {
        let output = ringback(&self.folder).args(line).args(["-c", "ringback.toml"]).output();
        output.expect("the command line runs")
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.root)).bearer_auth(&self.token)
    }

    /// The JSON of a successful answer.
    pub async fn get(&self, path: &str) -> Value {
        expect_success(self.request(Method::GET, path)).await
    }

    /// Status and JSON of whatever the answer is.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.request(Method::POST, path).json(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Why it is not ready; empty: it is.
    pub async fn not_ready(&self) -> String {
        let answer = self.http.get(format!("{}/readyz", self.root)).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        if status.is_success() { String::new() } else { format!("{status}: {text}") }
    }

    /// Brings a CSV into a list of that name.
    pub async fn upload(&self, list: &str, csv: impl Into<reqwest::Body>) -> Value {
        let request = self.request(Method::POST, &format!("/imports?list_name={list}"));
        expect_success(request.header("content-type", "text/csv").body(csv)).await
    }

    /// The most memory it held so far, in kB.
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// From now on [`Real::peak_memory`] counts anew.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.program.pid()), "5").expect("our own child");
    }

    fn status(&self, key: &str) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.program.pid())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with(key)).expect("a line of the kernel");
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number of kB")
    }
}

async fn expect_success(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// A number out of the environment, for longer runs of the same test.
pub fn count_from(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.replace('_', "").parse().ok()).unwrap_or(default)
}
