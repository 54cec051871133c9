//! HTTP requests to other servers, over TLS where the address says so. A connection for each: what
//! ringback asks of others is rare.

use std::fmt::Display;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, Uri, header};
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

/// A client that trusts the public authorities, and those it was given. Certificates are always verified.
#[derive(Clone)]
pub struct Https {
    tls: TlsConnector,
}

impl std::fmt::Debug for Https {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Https")
    }
}

impl Https {
    /// Trusts the public authorities, and these in PEM.
    ///
    /// # Errors
    /// A sentence: TLS cannot be spoken.
    pub fn new(authorities: &str) -> Result<Https, String> {
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
        Ok(Https { tls: TlsConnector::from(Arc::new(tls)) })
    }

    /// Sends a request whose address is absolute, and gives the beginning of its answer. Redirects are
    /// answers: what is signed for one address is not carried to another. Takes as long as the other side.
    ///
    /// # Errors
    /// A sentence without the path, which may hold a key.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, String> {
        let uri = request.uri().clone();
        let host = uri.host().ok_or("the address names no host")?;
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((bare, port)).await.map_err(|e| format!("{host}:{port}: {e}"))?;
        if secure {
            let name = ServerName::try_from(bare.to_owned()).map_err(said)?;
            let stream = self.tls.connect(name, stream).await.map_err(|e| format!("{host}: TLS: {e}"))?;
            ask(stream, &uri, request).await
        } else {
            ask(stream, &uri, request).await
        }
    }
}

fn said(error: impl Display) -> String {
    error.to_string()
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    mut request: Request<Body>,
) -> Result<Response<Incoming>, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    // It ends with the sender; its error is the request's too.
    tokio::spawn(async move { connection.await.ok() });
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(authority).map_err(said)?;
    *request.uri_mut() = path.parse().map_err(said)?;
    request.headers_mut().insert(header::HOST, host);
    sender.send_request(request).await.map_err(said)
}
