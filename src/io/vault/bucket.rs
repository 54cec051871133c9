//! Archives in S3 and what speaks like it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    WriteMultipart,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio_stream::StreamExt;

use super::file::seek_to;
use crate::base::hex;
use crate::io::https::Https;

/// What places of this kind begin with.
pub(super) const SCHEME: &str = "s3://";
/// Bytes sent at once: what is larger goes in parts of this size.
const PART: usize = 8 * 1024 * 1024;
/// Bytes fetched at once by a reader that jumps about.
const FETCH: u64 = 512 * 1024;
/// How long one request may take, with a part on a slow line.
const REQUEST: Duration = Duration::from_secs(120);
/// How often a request is tried again, and for how long altogether.
const TRIES: usize = 3;
const TRYING: Duration = Duration::from_secs(20);

/// How an object store is spoken to.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// `https://host`; buckets are its first folders. Empty: Amazon's own for the region.
    pub endpoint: String,
    /// Region that requests are signed for.
    pub region: String,
    /// Who asks.
    pub access_key_id: String,
    /// What requests are signed with.
    pub secret_access_key: String,
}

/// Without its secret.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A folder of a bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    store: Arc<AmazonS3>,
    prefix: String,
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    let missing = error.to_string().contains("not found");
    io::Error::new(if missing { io::ErrorKind::NotFound } else { io::ErrorKind::Other }, error)
}

impl Bucket {
    /// The bucket and folder of `s3://bucket/folder`.
    pub fn new(place: &str, access: &Access) -> io::Result<Bucket> {
        let (bucket, prefix) = place
            .strip_prefix(SCHEME)
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
            .unwrap_or_default();
        let https = Https::new("").map_err(io::Error::other)?;
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(5),
                base: 2.0,
            },
            max_retries: TRIES,
            retry_timeout: TRYING,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&access.region)
            .with_access_key_id(&access.access_key_id)
            .with_secret_access_key(&access.secret_access_key)
            .with_retry(retry)
            // What many stores that speak like S3 do not know.
            .with_disable_bulk_delete(true)
            .with_http_connector(Connector(https));
        if !access.endpoint.is_empty() {
            builder = builder.with_endpoint(&access.endpoint).with_allow_http(true);
        }
        let store = Arc::new(builder.build().map_err(failed)?);
        Ok(Bucket { store, prefix: prefix.trim_matches('/').to_owned() })
    }

    fn key(&self, path: &str) -> Path {
        if self.prefix.is_empty() { Path::from(path) } else { Path::from(format!("{}/{path}", self.prefix)) }
    }

    /// Puts a file there; what is there already under that path is replaced.
    pub async fn put(&self, file: &FilePath, path: &str) -> io::Result<()> {
        let key = self.key(path);
        let length = tokio::fs::metadata(file).await?.len();
        if length <= PART as u64 {
            let bytes = tokio::fs::read(file).await?;
            self.store.put(&key, PutPayload::from(bytes)).await.map_err(failed)?;
            return Ok(());
        }
        let upload = self.store.put_multipart(&key).await.map_err(failed)?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, PART);
        let mut file = tokio::fs::File::open(file).await?;
        loop {
            let mut part = Vec::with_capacity(PART);
            let mut taken = tokio::io::AsyncReadExt::take(&mut file, PART as u64);
            if tokio::io::AsyncReadExt::read_to_end(&mut taken, &mut part).await? == 0 {
                break;
            }
            parts.wait_for_capacity(1).await.map_err(failed)?;
            parts.put(part.into());
        }
        parts.finish().await.map_err(failed)?;
        Ok(())
    }

    /// Hex SHA-256 and length of what is there, read back whole.
    pub async fn digest(&self, path: &str) -> io::Result<(String, u64)> {
        let answer = self.store.get_opts(&self.key(path), GetOptions::default()).await.map_err(failed)?;
        let (mut hash, mut bytes, mut stream) = (Sha256::new(), 0, answer.into_stream());
        while let Some(part) = stream.next().await {
            let part = part.map_err(failed)?;
            hash.update(&part);
            bytes += part.len() as u64;
        }
        Ok((hex(&hash.finalize()), bytes))
    }

    /// Takes it away; what is not there was what was wanted.
    pub async fn remove(&self, path: &str) -> io::Result<()> {
        match self.store.delete(&self.key(path)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            removed => removed.map_err(failed),
        }
    }

    /// A reader of what is there, for threads that may wait.
    pub fn open(&self, path: &str, length: u64, runtime: Handle) -> Far {
        let (store, key) = (self.store.clone(), self.key(path));
        Far { store, key, length, runtime, at: 0, held: (0, Bytes::new()) }
    }
}

/// Reads a file of a bucket range by range.
pub(super) struct Far {
    store: Arc<AmazonS3>,
    key: Path,
    length: u64,
    runtime: Handle,
    at: u64,
    held: (u64, Bytes),
}

impl Read for Far {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.length {
            return Ok(0);
        }
        if !(self.held.0..self.held.0 + self.held.1.len() as u64).contains(&self.at) {
            let range = self.at..(self.at + FETCH).min(self.length);
            let fetched = self.runtime.block_on(self.store.get_range(&self.key, range)).map_err(failed)?;
            if fetched.is_empty() {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the archive holds less of it than was stored",
                ));
            }
            self.held = (self.at, fetched);
        }
        let from = usize::try_from(self.at - self.held.0).map_err(io::Error::other)?;
        let taken = (self.held.1.len() - from).min(out.len());
        out[..taken].copy_from_slice(&self.held.1[from..from + taken]);
        self.at += taken as u64;
        Ok(taken)
    }
}

impl Seek for Far {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = seek_to(self.at, self.length, to)?;
        Ok(self.at)
    }
}

/// Lets the crate that signs requests send them as everything else here is sent: a client of its own would
/// bring a second TLS.
#[derive(Clone, Debug)]
struct Connector(Https);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Connector {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let request = axum::http::Request::from_parts(head, Body::new(body));
            let wrong = |kind, text: String| HttpError::new(kind, io::Error::other(text));
            let answer = tokio::time::timeout(REQUEST, self.0.send(request))
                .await
                .map_err(|_| {
                    wrong(HttpErrorKind::Timeout, format!("no answer within {} s", REQUEST.as_secs()))
                })?
                .map_err(|error| wrong(HttpErrorKind::Connect, error))?;
            let (head, body) = answer.into_parts();
            Ok(HttpResponse::from_parts(head, HttpResponseBody::new(Answer(body))))
        })
    }
}

/// The body of an answer with the errors that the crate wants.
struct Answer(hyper::body::Incoming);

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, HttpError>>> {
        let frame = std::pin::Pin::new(&mut self.0).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(|e| HttpError::new(HttpErrorKind::Interrupted, e))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.0.size_hint()
    }
}
