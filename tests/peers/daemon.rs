//! The real daemon, started as people start it: a configuration file, a token from the
//! command line, everything else through the API.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::program::{Program, free_port, until};

/// One trunk of the configuration.
#[derive(Clone)]
pub struct Trunk {
    pub name: String,
    pub port: u16,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'static str,
    /// Further lines of its section.
    pub extra: String,
}

impl Trunk {
    /// A trunk of that name at a UDP port of 127.0.0.1.
    pub fn at(name: &str, port: u16) -> Trunk {
        Trunk { name: name.to_owned(), port, transport: "udp", extra: String::new() }
    }

    /// The same trunk with further lines in its section.
    pub fn with(mut self, lines: &str) -> Trunk {
        self.extra.push_str(lines);
        self.extra.push('\n');
        self
    }
}

/// A trunk at 127.0.0.1, so that calls from this machine are a trunk's and not a stranger's.
pub fn own_network() -> Trunk {
    Trunk::at("own", free_port())
}

/// What a daemon's configuration says.
pub struct Setup {
    pub trunks: Vec<Trunk>,
    /// Further lines of `[sip]`.
    pub sip: String,
    /// Further sections, such as `[[inbound]]`.
    pub sections: String,
    /// `shutdown.grace`.
    pub grace: &'static str,
    /// Megabytes that recordings leave free.
    pub disk_floor_mb: u32,
}

impl Setup {
    pub fn of(trunks: &[Trunk]) -> Setup {
        Setup {
            trunks: trunks.to_vec(),
            sip: String::new(),
            sections: String::new(),
            grace: "5s",
            disk_floor_mb: 64,
        }
    }
}

/// A daemon is ready within this time, however busy the machine.
const READY: Duration = Duration::from_secs(20);

/// A running daemon; it is killed with this value.
pub struct Daemon {
    pub folder: tempfile::TempDir,
    pub sip_port: u16,
    program: Program,
    base: String,
    token: String,
    http: reqwest::Client,
}

/// The program, with its current folder there.
pub fn ringback(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.current_dir(folder).env_remove("RUST_LOG");
    command
}

fn here(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(below)
}

impl Daemon {
    /// Starts a daemon with these trunks and inbound rules; ready when it returns.
    pub async fn start(trunks: &[Trunk], inbound: &str) -> Daemon {
        Daemon::start_as(&Setup { sections: inbound.to_owned(), ..Setup::of(trunks) }).await
    }

    /// Starts a daemon with this configuration; ready when it returns.
    pub async fn start_as(setup: &Setup) -> Daemon {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (sip_port, api_port) = (free_port(), free_port());
        let config = folder.path().join("ringback.toml");
        std::fs::write(&config, configuration(setup, sip_port, api_port)).expect("the configuration");
        let root = format!("http://127.0.0.1:{api_port}");
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build();
        let http = http.expect("an HTTP client");
        let program = serve(folder.path(), &config, &root, &http, READY).await;
        let token = make_token(folder.path(), &config, "tests");
        Daemon { folder, sip_port, program, base: format!("{root}/api/v1"), token, http }
    }

    pub async fn get(&self, path: &str) -> Value {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Value {
        self.send(self.http.patch(format!("{}{path}", self.base)).json(body)).await
    }

    /// Sends a file.
    pub async fn post_csv(&self, path: &str, csv: String) -> Value {
        let request = self.http.post(format!("{}{path}", self.base));
        self.send(request.header("content-type", "text/csv").body(csv)).await
    }

    /// The bytes of a file.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let response = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send();
        let response = response.await.expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.expect("a body").to_vec()
    }

    /// A page outside the API, such as `/metrics`.
    pub async fn page(&self, path: &str) -> String {
        let root = self.base.trim_end_matches("/api/v1");
        let response = self.http.get(format!("{root}{path}")).bearer_auth(&self.token).send().await;
        response.expect("an answer").text().await.expect("a body")
    }

    /// Status and length of a page as it is sent to who takes that encoding.
    pub async fn size_of(&self, path: &str, encoding: &str) -> (u16, usize) {
        let request = self.http.get(format!("{}{path}", self.root())).timeout(Duration::from_secs(120));
        let request = request.header("accept-encoding", encoding);
        let response = request.bearer_auth(&self.token).send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.bytes().await.expect("a body").len())
    }

    /// Sends a POST that may be refused: status and body.
    pub async fn try_post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        let response = request.bearer_auth(&self.token).send().await.expect("an answer of the API");
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    /// Sends a PUT that may be refused: status and body.
    pub async fn try_put(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.put(format!("{}{path}", self.base)).json(body);
        let response = request.bearer_auth(&self.token).send().await.expect("an answer of the API");
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    /// Where people reach it.
    pub fn root(&self) -> String {
        self.base.trim_end_matches("/api/v1").to_owned()
    }

    /// What it wrote on its log so far.
    pub fn log(&self) -> String {
        self.program.output()
    }

    /// Changes the configuration file.
    pub fn edit(&self, change: impl FnOnce(String) -> String) {
        let path = self.folder.path().join("ringback.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        std::fs::write(&path, change(text)).expect("the configuration");
    }

    /// Sends a signal to the program.
    pub fn signal(&self, name: &str) {
        self.program.signal(name);
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.bearer_auth(&self.token).send().await.expect("an answer of the API");
        let (status, url) = (response.status(), response.url().path().to_owned());
        let text = response.text().await.expect("a body");
        assert!(status.is_success(), "{url}: {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Imports one customer into a list of its own and starts its campaign; gives its id.
    pub async fn dial(&self, name: &str, phone: &str, settings: Value) -> i64 {
        self.dial_all(name, &[phone.to_owned()], settings).await
    }

    /// The same for many customers.
    pub async fn dial_all(&self, name: &str, phones: &[String], settings: Value) -> i64 {
        let mut csv = String::from("phone,name,external_id\n");
        for (i, phone) in phones.iter().enumerate() {
            csv.push_str(&format!("{phone},Customer {name},{name}-{i}\n"));
        }
        let report = self.post_csv(&format!("/imports?list_name={name}&file_name={name}.csv"), csv).await;
        assert_eq!(report["counts"]["added"], phones.len(), "{report}");
        let mut all = json!({
            "trunk_group": name, "script": "one-key", "language": "en", "machine": "ignore", "max_attempts": 1,
            "windows": ["Mon-Sun 00:00-24:00"], "caller_id": "4001234567", "ring_seconds": 5,
        });
        all.as_object_mut().expect("an object").extend(settings.as_object().cloned().unwrap_or_default());
        let body = json!({ "name": name, "list_name": name, "settings": all });
        let id = self.post("/campaigns", &body).await["id"].as_i64().expect("an id");
        self.post(&format!("/campaigns/{id}/start"), &json!({})).await;
        id
    }

    /// A trunk as the API shows it.
    pub async fn trunk(&self, name: &str) -> Value {
        let all = self.get("/trunks?limit=500").await;
        let items = all["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("no trunk {name}: {all}"))
    }

    /// Waits until a trunk is as it should be.
    pub async fn trunk_becomes(&self, name: &str, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = until(limit, async || Some(self.trunk(name).await).filter(&wanted)).await;
        match found {
            Some(trunk) => trunk,
            None => panic!("trunk {name} is not as it should be: {}", self.trunk(name).await),
        }
    }

    /// Waits for the end of a campaign's only call and gives it.
    pub async fn call_of(&self, campaign: i64, limit: Duration) -> Value {
        let path = format!("/calls?campaign={campaign}&state=ended");
        let call = until(limit, async || self.get(&path).await["items"].get(0).cloned()).await;
        match call {
            Some(call) => call,
            None => panic!(
                "campaign {campaign} has no ended call: {}",
                self.get(&format!("/campaigns/{campaign}")).await
            ),
        }
    }

    /// `kill -9`, then a new start on the same folder; ready when it returns.
    pub async fn kill_and_start_again(mut self) -> Daemon {
        self.program.kill();
        let config = self.folder.path().join("ringback.toml");
        let root = self.base.trim_end_matches("/api/v1").to_owned();
        self.program = serve(self.folder.path(), &config, &root, &self.http, READY).await;
        self
    }

    /// Waits until it has ended with 0, then starts it again on the same folder.
    pub async fn end_and_start_again(mut self, limit: Duration) -> Daemon {
        let status = self.program.wait(limit).await;
        assert!(status.success(), "ended with {status}:\n{}", self.program.tail());
        let config = self.folder.path().join("ringback.toml");
        let root = self.base.trim_end_matches("/api/v1").to_owned();
        self.program = serve(self.folder.path(), &config, &root, &self.http, READY).await;
        self
    }

    /// Status and text of `/readyz`, which needs no token.
    pub async fn readiness(&self) -> (u16, String) {
        let root = self.base.trim_end_matches("/api/v1");
        let response = self.http.get(format!("{root}/readyz")).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.unwrap_or_default())
    }

    /// Waits until so many calls speak with their script.
    pub async fn calls_up(&self, count: usize, limit: Duration) {
        let up = async || {
            let live = self.get("/live/calls").await;
            let items = live["items"].as_array().cloned().unwrap_or_default();
            items.iter().filter(|call| call["state"] == "script").count()
        };
        let reached = until(limit, async || (up().await >= count).then_some(())).await;
        let live = self.get("/live/calls").await;
        assert!(reached.is_some(), "only {} of {count} calls are up: {live}", up().await);
    }

    /// All ended calls of a campaign.
    pub async fn ended_calls(&self, campaign: i64) -> Vec<Value> {
        let all = self.get(&format!("/calls?campaign={campaign}&state=ended&limit=500")).await;
        all["items"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until so many calls of a campaign have ended; gives them.
    pub async fn all_ended(&self, campaign: i64, count: usize, limit: Duration) -> Vec<Value> {
        let ended = async || Some(self.ended_calls(campaign).await).filter(|calls| calls.len() >= count);
        match until(limit, ended).await {
            Some(calls) => calls,
            None => panic!("only {} of {count} calls have ended", self.ended_calls(campaign).await.len()),
        }
    }

    /// Memory that the program holds, in KB (VmRSS).
    pub fn memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.pid()));
        let status = status.expect("a running program");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Plays a call's recording: its length in milliseconds, by its samples.
    pub async fn play(&self, call: &Value) -> u64 {
        let id = call["id"].as_str().expect("an id");
        let audio = self.bytes(&format!("/calls/{id}/recording")).await;
        let mut wav = hound::WavReader::new(audio.as_slice()).expect("a WAV");
        assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 8_000), "{call}");
        let samples = wav.samples::<i16>().filter(Result::is_ok).count() as u64;
        assert_eq!(samples, u64::from(wav.len()), "it is shorter than it says: {call}");
        samples / 2 / 8
    }

    /// SIGTERM; the daemon must drain and end with 0.
    pub async fn stop(mut self) {
        self.program.terminate();
        let status = self.program.wait(Duration::from_secs(15)).await;
        assert!(status.success(), "ended with {status}:\n{}", self.program.tail());
    }
}

/// Starts `ringback serve` and waits until it is ready, for `limit` at most.
pub async fn serve(
    folder: &Path,
    config: &Path,
    root: &str,
    http: &reqwest::Client,
    limit: Duration,
) -> Program {
    let mut command = ringback(folder);
    let mut program = Program::start("ringback", command.args(["serve", "-c"]).arg(config), folder);
    let ready = until(limit, async || {
        if let Some(status) = program.ended() {
            panic!("ringback serve ended with {status}:\n{}", program.tail());
        }
        http.get(format!("{root}/readyz")).send().await.is_ok_and(|r| r.status().is_success()).then_some(())
    });
    assert!(ready.await.is_some(), "not ready within {limit:?}:\n{}", program.tail());
    program
}

fn configuration(setup: &Setup, sip_port: u16, api_port: u16) -> String {
    let scripts = here("scripts");
    let Setup { trunks, sip, sections, grace, disk_floor_mb } = setup;
    let mut text = format!(
        r#"
[data]
dir = "data"
recordings = "recordings"
[sip]
udp = ["127.0.0.1:{sip_port}"]
{sip}
[rtp]
address = "127.0.0.1"
port_min = 20000
port_max = 31999
[recording]
disk_floor_mb = {disk_floor_mb}
[dialer]
setup_timeout = "5s"
windows = ["Mon-Sun 00:00-24:00"]
[api]
listen = ["127.0.0.1:{api_port}"]
[prompts]
scripts = ["{}"]
[shutdown]
grace = "{grace}"
{sections}
"#,
        scripts.display()
    );
    for trunk in trunks {
        let Trunk { name, port, transport, extra } = trunk;
        let quiet = if extra.contains("options_ping") { "" } else { "options_ping = \"0s\"\n" };
        text.push_str(&format!(
            "\n[[trunk]]\nname = \"{name}\"\ngroup = \"{name}\"\nserver = \"127.0.0.1:{port}\"\n\
             transport = \"{transport}\"\nfrom_domain = \"127.0.0.1\"\n{quiet}{extra}\n"
        ));
    }
    text
}

/// A token of that name for everything.
pub fn make_token(folder: &Path, config: &Path, name: &str) -> String {
    let mut create = ringback(folder);
    create.args(["token", "create", "--name", name, "--scope", "admin", "--json", "-c"]).arg(config);
    let output = create.output().expect("ringback token create");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let made: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    made["secret"].as_str().unwrap_or_else(|| panic!("no secret in {made}")).to_owned()
}
