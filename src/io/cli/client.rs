//! The daemon over its unix socket.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::tz::TimeZone;
use reqwest::Method;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use super::{EXIT_FAILED, EXIT_TEMPORARY};
use crate::io::web::Problem;

/// How long an answer may take; an import of the largest file is the slowest.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes of a file that are read and sent at once.
const UPLOAD_PIECE: usize = 64 * 1024;

/// Why a command did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    text: String,
    temporary: bool,
}

impl Failure {
    /// It did not work, and trying again will not help.
    pub fn failed(text: impl Into<String>) -> Self {
        Failure { text: text.into(), temporary: false }
    }

    /// The daemon is not there or busy: try again.
    pub fn temporary(text: impl Into<String>) -> Self {
        Failure { text: text.into(), temporary: true }
    }

    /// 1 or 75.
    pub fn exit_code(&self) -> u8 {
        if self.temporary { EXIT_TEMPORARY } else { EXIT_FAILED }
    }
}

impl From<crate::io::store::Error> for Failure {
    fn from(error: crate::io::store::Error) -> Self {
        Failure::failed(error.to_string())
    }
}

/// Speaks to the daemon.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    socket: PathBuf,
}

impl Client {
    /// A client for the daemon at that socket; nothing is sent yet.
    pub fn new(socket: &Path) -> Result<Client, Failure> {
        let http = reqwest::Client::builder().unix_socket(socket).timeout(PATIENCE).build();
        let http = http.map_err(|e| Failure::failed(format!("cannot make an HTTP client: {e}")))?;
        Ok(Client { http, socket: socket.to_owned() })
    }

    /// GET below `/api/v1`.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path).query(query)).await
    }

    /// GET below `/api/v1` of something that is no JSON.
    pub async fn text(&self, path: &str) -> Result<String, Failure> {
        self.answer(self.request(Method::GET, path)).await?.text().await.map_err(broke_off)
    }

    /// POST below `/api/v1` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT below `/api/v1` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// POST below `/api/v1` with a JSON body, answered in another form.
    pub async fn post_for(&self, form: &str, path: &str, body: &Value) -> Result<Vec<u8>, Failure> {
        let request = self.request(Method::POST, path).json(body).header("accept", form);
        Ok(self.answer(request).await?.bytes().await.map_err(broke_off)?.to_vec())
    }

    /// DELETE below `/api/v1`.
    pub async fn delete(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        self.send(self.request(Method::DELETE, path).query(query)).await
    }

    /// POST of a CSV file, which is sent as it is read.
    pub async fn upload(
        &self,
        path: &str,
        query: &[(&str, String)],
        csv: impl AsyncRead + Send + 'static,
    ) -> Result<Value, Failure> {
        let request = self.request(Method::POST, path).query(query).header("content-type", "text/csv");
        let pieces = ReaderStream::with_capacity(csv, UPLOAD_PIECE);
        self.send(request.body(reqwest::Body::wrap_stream(pieces))).await
    }

    /// GET below `/api/v1` as CSV into a new file.
    pub async fn download(&self, path: &str, query: &[(&str, String)], to: &Path) -> Result<(), Failure> {
        let request = self.request(Method::GET, path).query(query).header("accept", "text/csv");
        let mut response = self.answer(request).await?;
        let named = |e: std::io::Error| Failure::failed(format!("cannot write {}: {e}", to.display()));
        let mut file = std::fs::File::create(to).map_err(named)?;
        while let Some(piece) = response.chunk().await.map_err(broke_off)? {
            file.write_all(&piece).map_err(named)?;
        }
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        // The host is not looked up: the socket is the address.
        self.http.request(method, format!("http://localhost/api/v1{path}"))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let bytes = self.answer(request).await?.bytes().await.map_err(broke_off)?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|e| Failure::failed(format!("the daemon sent no JSON: {e}")))
    }

    /// The answer where it is a success, its body not read yet.
    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Failure> {
        let response = request.send().await.map_err(|e| {
            let mut cause: &dyn std::error::Error = &e;
            while let Some(source) = cause.source() {
                cause = source;
            }
            Failure::temporary(format!(
                "no daemon answers at {}: {cause}. Start it with `ringback serve`, or give --socket",
                self.socket.display()
            ))
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let bytes = response.bytes().await.map_err(broke_off)?;
        let busy = matches!(status.as_u16(), 429 | 503);
        let text = match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => describe(&problem),
            Err(_) => format!("the daemon answered {status}"),
        };
        Err(Failure { text, temporary: busy })
    }
}

fn broke_off(error: reqwest::Error) -> Failure {
    Failure::temporary(format!("the answer broke off: {error}"))
}

/// The problem in lines: what, and for each field where, what and how to mend it.
fn describe(problem: &Problem) -> String {
    let mut text = problem.detail.to_string();
    for error in &problem.errors {
        text.push_str(&format!("\n  {}: {}\n    hint: {}", error.field, error.detail, error.hint));
    }
    text
}

/// A text of a JSON object; empty where it is missing or null.
pub(super) fn text(value: &Value, key: &str) -> String {
    match &value[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The zone in which times are shown: the calendar's, in which the company works, wherever the
/// terminal stands.
static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// Sets the zone in which times are shown; once, when the program starts.
pub(super) fn show_times_in(zone: &TimeZone) {
    ZONE.set(zone.clone()).ok();
}

/// Milliseconds since 1970 as time of the calendar's zone to the second.
pub(super) fn local_time(millis: &Value) -> String {
    let Some(millis) = millis.as_i64() else { return String::new() };
    let zone = ZONE.get().cloned().unwrap_or_else(TimeZone::system);
    let at = crate::base::Timestamp(millis).to_jiff().to_zoned(zone);
    at.strftime("%m-%d %H:%M:%S").to_string()
}
