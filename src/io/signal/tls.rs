//! TLS by rustls with ring. Certificates are always verified; there is no switch.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{Error, Settings};

/// Where Debian and its kin keep the authorities the machine trusts.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn bad(path: &Path, reason: impl ToString) -> Error {
    Error::Pem { path: path.to_owned(), reason: reason.to_string() }
}

/// What we show to TLS clients and whom we trust as one: read from files as a whole, and put
/// in the place of another as a whole. Each connection keeps what it began with.
#[derive(Clone)]
pub struct Identity {
    acceptor: Option<TlsAcceptor>,
    client: Arc<ClientConfig>,
    /// The certificates that were read.
    read: Vec<CertificateDer<'static>>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("shows", &self.acceptor.is_some()).finish_non_exhaustive()
    }
}

/// The same certificates; a key goes with its certificate.
impl PartialEq for Identity {
    fn eq(&self, other: &Identity) -> bool {
        self.read == other.read
    }
}

impl Identity {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// The first file that cannot be used, and why.
    pub fn read(settings: &Settings) -> Result<Identity, Error> {
        let mut read = Vec::new();
        let client = client(settings.ca.as_deref(), &mut read)?;
        let acceptor = match (settings.tls.first(), &settings.certificate, &settings.key) {
            (None, ..) => None,
            (Some(_), Some(certificate), Some(key)) => Some(acceptor(certificate, key, &mut read)?),
            (Some(addr), ..) => return Err(Error::NoCertificate(*addr)),
        };
        Ok(Identity { acceptor, client, read })
    }

    /// For connections in; None where TLS is not listened for.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.acceptor.clone()
    }

    /// For connections out.
    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.client))
    }
}

/// For connections out: trusts the authorities of the file alone, else the public ones and
/// those of the machine.
fn client(ca: Option<&Path>, read: &mut Vec<CertificateDer<'static>>) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate.clone()).map_err(|e| bad(path, e))?;
                read.push(certificate);
            }
        }
        None => {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            if let Ok(found) = CertificateDer::pem_file_iter(SYSTEM_AUTHORITIES) {
                // A broken one among them must not take the others with it.
                roots.add_parsable_certificates(found.filter_map(Result::ok));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// For connections in.
fn acceptor(
    certificate: &Path,
    key: &Path,
    read: &mut Vec<CertificateDer<'static>>,
) -> Result<TlsAcceptor, Error> {
    let chain = certificates(certificate)?;
    read.extend(chain.iter().cloned());
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|e| bad(key, format!("no private key in PEM: {e}")))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|e| bad(certificate, format!("does not go with the key {}: {e}", key.display())))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_file_iter(path).map_err(|e| bad(path, e))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|e| bad(path, e))?;
    if found.is_empty() { Err(bad(path, "no certificate in PEM")) } else { Ok(found) }
}
