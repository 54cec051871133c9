//! One POST to a webhook or robot, over TLS where its address says so. A connection for each:
//! robots take a message every few seconds at most.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, Uri, header};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::notice::HttpRequest;

/// How long the other side may take.
const TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 64 * 1024;

/// Status, what `Retry-After` asks for, and the body.
pub(super) type Answered = (u16, Option<Duration>, Vec<u8>);

/// Certificates of authorities in a text of PEM; none of an empty one.
///
/// # Errors
/// A sentence: it is no PEM, or holds no certificate.
pub fn trusted(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    if pem.is_empty() {
        return Ok(Vec::new());
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let found = found.map_err(|e| format!("it cannot be read as PEM: {e}"))?;
    if found.is_empty() {
        return Err("there is no certificate in it: give those of the authority, in PEM".into());
    }
    Ok(found)
}

/// Posts.
#[derive(Clone)]
pub(super) struct Post {
    tls: TlsConnector,
}

impl Post {
    /// Trusts the public authorities, and these in PEM. Certificates are always verified.
    ///
    /// # Errors
    /// A sentence: TLS cannot be spoken.
    pub(super) fn new(authorities: &str) -> Result<Post, String> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for own in trusted(authorities)? {
            roots.add(own).map_err(|e| format!("an authority of our own: {e}"))?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| format!("TLS: {e}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Post { tls: TlsConnector::from(Arc::new(tls)) })
    }

    /// Sends a request and reads its answer. Redirects are answers: what is signed for one
    /// address is not carried to another.
    ///
    /// # Errors
    /// A sentence without the address, which may hold a key.
    pub(super) async fn send(&self, request: &HttpRequest) -> Result<Answered, String> {
        match tokio::time::timeout(TIME, self.exchange(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(format!("no answer within {} s", TIME.as_secs())),
        }
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<Answered, String> {
        let uri: Uri = request.url.parse().map_err(|_| "the address cannot be read".to_owned())?;
        let host = uri.host().ok_or("the address names no host")?;
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((bare, port)).await.map_err(|e| format!("{host}:{port}: {e}"))?;
        let response = if secure {
            let name = ServerName::try_from(bare.to_owned()).map_err(said)?;
            let stream = self.tls.connect(name, stream).await.map_err(|e| format!("{host}: TLS: {e}"))?;
            ask(stream, &uri, request).await?
        } else {
            ask(stream, &uri, request).await?
        };
        let status = response.status().as_u16();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
        let body = axum::body::to_bytes(Body::new(response.into_body()), ANSWER_BYTES).await.map_err(said)?;
        Ok((status, wait.map(Duration::from_secs), body.to_vec()))
    }
}

fn said(error: impl Display) -> String {
    error.to_string()
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    request: &HttpRequest,
) -> Result<Response<Incoming>, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    // It ends with the sender; its error is the request's too.
    tokio::spawn(async move { connection.await.ok() });
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let mut post = Request::post(path)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, concat!("ringback/", env!("CARGO_PKG_VERSION")))
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in &request.headers {
        post = post.header(*name, value);
    }
    let post = post.body(Body::from(request.body.clone())).map_err(said)?;
    sender.send_request(post).await.map_err(said)
}
