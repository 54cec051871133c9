//! One Chromium, steered over the WebDriver protocol (W3C) that its driver speaks: a few JSON requests.
//! The crate thirtyfour would do the same, but its `impl Add<Key> for String` leaves `String + &String`
//! ambiguous in the whole program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::peers::program::{Program, can_run, find, free_port, until};

/// How long a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser; it ends with this value.
pub struct Chromium {
    /// Address of the session.
    session: String,
    http: reqwest::Client,
    _program: Program,
    folder: tempfile::TempDir,
}

/// Whether a browser can be had; its absence is told.
pub fn is_there() -> bool {
    can_run("chromium") && can_run("chromedriver")
}

/// Where pictures are left for people to look at.
pub fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/console");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    folder
}

impl Chromium {
    pub async fn start() -> Chromium {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let mut command = Command::new(find("chromedriver").expect("chromedriver"));
        command.arg(format!("--port={port}"));
        let program = Program::start("chromedriver", &mut command, folder.path());
        let root = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("an HTTP client");
        let up = until(PATIENCE, async || http.get(format!("{root}/status")).send().await.ok()).await;
        assert!(up.is_some(), "chromedriver does not answer:\n{}", program.tail());
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--mute-audio",
            "--lang=en",
            "--accept-lang=en",
            "--no-proxy-server",
            &profile,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments, "binary": find("chromium").expect("chromium") },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let made = http.post(format!("{root}/session")).json(&wanted).send().await.expect("a session");
        let made: Value = made.json().await.expect("JSON");
        let id = made["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}"));
        Chromium { session: format!("{root}/session/{id}"), http, _program: program, folder }
    }

    pub async fn go(&self, url: &str) {
        self.post("url", &json!({ "url": url })).await;
    }

    /// What a script gives.
    pub async fn ask(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// The same for a script that calls `arguments[0]` when it is done.
    pub async fn ask_later(&self, script: &str) -> Value {
        self.post("execute/async", &json!({ "script": script, "args": [] })).await
    }

    /// Waits until a script gives something true.
    pub async fn wait(&self, what: &str, script: &str) {
        let script = format!("return Boolean({script})");
        let came = until(PATIENCE, async || (self.ask(&script).await == true).then_some(())).await;
        if came.is_none() {
            self.picture("failed").await;
            panic!("{what}: `{script}` did not come to be; the page is in target/console/failed.png");
        }
    }

    /// Address of an element, where there is one.
    async fn find(&self, css: &str) -> Option<String> {
        let found = self.try_post("element", &json!({ "using": "css selector", "value": css })).await.ok()?;
        let id = found.as_object()?.values().next()?.as_str()?.to_owned();
        Some(format!("element/{id}"))
    }

    pub async fn click(&self, css: &str) {
        self.act_on(css, "press", "click", &json!({})).await;
    }

    pub async fn fill(&self, css: &str, text: &str) {
        self.act_on(css, "write in", "value", &json!({ "text": text })).await;
    }

    /// A page that was only just asked for may not have the element yet, and a board that is put anew takes its
    /// buttons with it: then the new one is taken.
    async fn act_on(&self, css: &str, what: &str, act: &str, body: &Value) {
        let done = until(PATIENCE, async || {
            let element = self.find(css).await?;
            self.try_post(&format!("{element}/{act}"), body).await.ok()
        });
        if done.await.is_none() {
            self.picture("failed").await;
            panic!("nothing to {what} at {css}; the page is in target/console/failed.png");
        }
    }

    /// Presses keys one after the other, whatever has the focus; with that key held down, where one is named.
    pub async fn press(&self, keys: &str, held: Option<char>) {
        let stroke = |key: char| {
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
        };
        let mut strokes: Vec<Value> = keys.chars().flat_map(stroke).collect();
        if let Some(held) = held {
            strokes.insert(0, json!({ "type": "keyDown", "value": held }));
            strokes.push(json!({ "type": "keyUp", "value": held }));
        }
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] });
        self.post("actions", &actions).await;
    }

    /// The window as a telephone or a screen has it: a headless window itself is never narrower than 500.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    async fn devtools(&self, command: &str, params: Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": params })).await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body).await.unwrap_or_else(|error| panic!("{path} {body}: {error}"))
    }

    /// The value, or the error of the protocol.
    async fn try_post(&self, path: &str, body: &Value) -> Result<Value, Value> {
        let answer = self.http.post(format!("{}/{path}", self.session)).json(body).send().await;
        let answer = answer.expect("an answer of chromedriver");
        let is_good = answer.status().is_success();
        let mut answer: Value = answer.json().await.expect("JSON");
        let value = answer["value"].take();
        if is_good { Ok(value) } else { Err(value["message"].clone()) }
    }

    /// Leaves a picture of the whole page.
    pub async fn picture(&self, name: &str) {
        use base64::Engine as _;
        let size =
            self.ask("return [innerWidth, Math.min(document.documentElement.scrollHeight, 6000)]").await;
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let whole = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.devtools("Page.captureScreenshot", whole).await;
        let text = taken["data"].as_str().unwrap_or_else(|| panic!("no picture: {taken}"));
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base 64");
        std::fs::write(pictures().join(format!("{name}.png")), bytes).expect("a picture");
    }

    /// Mistakes that the browser told of since the last time.
    pub async fn mistakes(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "browser" })).await;
        let lines = log.as_array().cloned().unwrap_or_default();
        let grave = lines.into_iter().filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING");
        grave.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Every address that was asked since the last time.
    pub async fn requests(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "performance" })).await;
        let mut asked = Vec::new();
        for line in log.as_array().into_iter().flatten() {
            let message: Value =
                serde_json::from_str(line["message"].as_str().unwrap_or_default()).unwrap_or_default();
            let message = &message["message"];
            if message["method"] == "Network.requestWillBeSent" {
                let url = message["params"]["request"]["url"].as_str();
                // The browser's own first tab is no page of ours.
                asked.extend(url.filter(|url| !url.starts_with("chrome:")).map(str::to_owned));
            }
        }
        asked
    }

    pub async fn end(self) {
        self.http.delete(&self.session).send().await.ok();
    }
}

/// A test that fails leaves no browser behind: every process of it names its profile.
impl Drop for Chromium {
    fn drop(&mut self) {
        let profile = self.folder.path().display().to_string();
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&words).contains(&profile) {
                Command::new("kill").arg("-KILL").arg(process.file_name()).status().ok();
            }
        }
    }
}
