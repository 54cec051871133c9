//! A shop with recorded calls, a vault and a keeper, and a small object store.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ringback::base::{CallId, Rng, Timestamp};
use ringback::io::vault::{Access, Keeper, KeepingRules, KeyRing, Settings, Step, Vault};
use ringback::io::web::EventHub;
use ringback::retention::{Retention, Terms};
use sha2::{Digest, Sha256};

use crate::support::databases::{Database, execute};
use crate::web::site::{MONDAY, Site};

pub const DAY: Duration = Duration::from_secs(24 * 3_600);

pub struct House {
    pub site: Site,
    pub vault: Vault,
    pub keeper: Keeper,
    calls: u32,
}

/// Archived after 30 days, deleted after so many.
pub fn rules(delete_after: Option<u32>) -> KeepingRules {
    let otherwise = Terms { archive_after: Some(30), delete_after };
    KeepingRules { retention: Retention { rules: Vec::new(), otherwise }, ..KeepingRules::default() }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl House {
    pub async fn open(database: &Database, rules: KeepingRules) -> House {
        let site = Site::on(database).await;
        let vault = site.api.vault().clone();
        let keeper = Keeper::start(vault.clone(), EventHub::new(1), rules).unwrap();
        site.api.set_keeper(keeper.clone());
        House { site, vault, keeper, calls: 0 }
    }

    /// A keeper over the same vault that is cut off after that step.
    pub fn cut_off_after(&self, last: Step, rules: KeepingRules) -> Keeper {
        let watch = move |step: Step| {
            if step == last { Err(io::Error::other("the machine went down")) } else { Ok(()) }
        };
        Keeper::watched(self.vault.clone(), EventHub::new(2), rules, watch).unwrap()
    }

    /// A call that ended so many days ago, with its recording of that many seconds; its id and its WAV.
    pub async fn call(&mut self, days: u32, phone: &str, seconds: f64) -> (String, Vec<u8>) {
        self.calls += 1;
        let ended = MONDAY.0 - i64::try_from((DAY * days).as_millis()).unwrap();
        let id = CallId::new(Timestamp(ended), &mut Rng::seeded(self.calls.into())).to_string();
        let name = format!("2026/01/01/{id}.wav");
        let wav = write_wav(&self.path(&name), seconds, self.calls.into());
        let sha = hex(&Sha256::digest(&wav));
        self.sql(&format!(
            "INSERT INTO calls (id, direction, state, phone, reserved_at, started_at, answered_at, ended_at, ended_by,
                 disposition, recording, recording_ms, sha256, ticketed)
             VALUES ('{id}', 'outbound', 'ended', '{phone}', {ended}, {ended}, {ended}, {ended}, 'peer', 'completed',
                 '{name}', {}, '{sha}', 1)",
            (seconds * 1_000.0) as i64
        ))
        .await;
        (id, wav)
    }

    pub async fn sql(&self, sql: &str) {
        execute(&self.site.store, sql).await.unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.site.recordings().join(name)
    }

    /// Every file below the recordings folder, by its path.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.site.recordings(), &self.site.recordings(), &mut found);
        found.sort();
        found
    }

    pub async fn heard(&self, id: &str) -> Vec<u8> {
        let answer = self.site.get(&format!("/api/v1/calls/{id}/recording")).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        answer.bytes
    }

    pub fn seal_with(&self, ring: KeyRing) {
        self.vault.set_settings(Settings { ring, ..self.vault.settings() });
    }

    pub async fn run(&self) -> ringback::io::vault::KeepingReport {
        self.keeper.run(false, MONDAY).await.unwrap()
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(root, &path, found),
            false => found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned()),
        }
    }
}

/// Noise that comes and goes, as it comes over an A-law line; its bytes.
pub fn write_wav(path: &Path, seconds: f64, seed: u64) -> Vec<u8> {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let mut rng = Rng::seeded(seed);
    for frame in 0..(seconds * 8_000.0) as u64 {
        for side in 0..2 {
            let loud = if frame / 8_000 % 2 == side { 3 } else { 9 };
            let sample = (rng.next_u64() as i16) >> loud;
            let line = ringback::media::g711::alaw_decode(ringback::media::g711::alaw_encode(sample));
            writer.write_sample(line).unwrap();
        }
    }
    writer.finalize().unwrap();
    std::fs::read(path).unwrap()
}

/// An object store that speaks as much of S3 as an archive needs: paths, ranges, parts, and a look at the
/// signature of each request.
#[derive(Clone, Default)]
pub struct Bucket {
    pub objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    parts: Arc<Mutex<BTreeMap<(String, usize), Vec<u8>>>>,
    /// It gives back something else than it was given.
    pub lies: Arc<AtomicBool>,
    /// It answers nothing but 503.
    pub down: Arc<AtomicBool>,
    /// What was asked, as method and path.
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl Bucket {
    /// Serves on a port of its own; how to get there.
    pub async fn serve(&self) -> Access {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Access {
            endpoint,
            region: "eu-test-1".into(),
            access_key_id: "AKTEST".into(),
            secret_access_key: "not a secret".into(),
        }
    }

    pub fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }
}

async fn answer(State(bucket): State<Bucket>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let key = head.uri.path().trim_start_matches('/').to_owned();
    bucket.asked.lock().unwrap().push(format!("{} {key}", head.method));
    let text =
        |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let signed = text("authorization");
    let right = signed.starts_with("AWS4-HMAC-SHA256 Credential=AKTEST/")
        && signed.contains("/eu-test-1/s3/aws4_request")
        && signed.contains("Signature=");
    if !right {
        return (StatusCode::FORBIDDEN, format!("not signed: {signed}")).into_response();
    }
    if bucket.down.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let of_query = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned)
    };
    match head.method {
        Method::PUT => {
            let hash = text("x-amz-content-sha256");
            assert_eq!(hash, hex(&Sha256::digest(&body)), "what is signed is what is sent");
            match of_query("partNumber") {
                Some(part) => {
                    bucket.parts.lock().unwrap().insert((key, part.parse().unwrap()), body);
                }
                None => {
                    bucket.objects.lock().unwrap().insert(key, body);
                }
            }
            ([(header::ETAG, "\"tag\"")], "").into_response()
        }
        Method::POST if query == "uploads" || query == "uploads=" => format!(
            "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>{key}</Key><UploadId>7</UploadId></InitiateMultipartUploadResult>"
        )
        .into_response(),
        Method::POST => {
            let mut parts = bucket.parts.lock().unwrap();
            let whole: Vec<u8> = parts.values().flatten().copied().collect();
            parts.clear();
            bucket.objects.lock().unwrap().insert(key.clone(), whole);
            format!("<CompleteMultipartUploadResult><Key>{key}</Key><ETag>\"tag\"</ETag></CompleteMultipartUploadResult>")
                .into_response()
        }
        Method::DELETE => {
            bucket.objects.lock().unwrap().remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => read(&bucket, &key, &text("range")),
    }
}

fn read(bucket: &Bucket, key: &str, range: &str) -> Response {
    let objects = bucket.objects.lock().unwrap();
    let Some(object) = objects.get(key) else { return StatusCode::NOT_FOUND.into_response() };
    let mut object = object.clone();
    if bucket.lies.load(Ordering::Relaxed) {
        object[0] ^= 1;
    }
    let length = object.len();
    let response = Response::builder()
        .header(header::ETAG, "\"tag\"")
        .header(header::LAST_MODIFIED, "Mon, 02 Mar 2026 01:00:00 GMT");
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return response.body(Body::from(object)).unwrap();
    };
    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse::<usize>().unwrap().min(length - 1));
    response
        .status(StatusCode::PARTIAL_CONTENT)
        .header(header::CONTENT_RANGE, format!("bytes {from}-{to}/{length}"))
        .body(Body::from(object[from..=to].to_vec()))
        .unwrap()
}
