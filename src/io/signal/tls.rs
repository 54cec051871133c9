//! TLS by rustls with ring. Certificates are always verified; there is no switch.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::Error;

/// Where Debian and its kin keep the authorities the machine trusts.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn bad(path: &Path, reason: impl ToString) -> Error {
    Error::Pem { path: path.to_owned(), reason: reason.to_string() }
}

/// For connections out: trusts the authorities of the file alone, else the public ones and
/// those of the machine.
pub(super) fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|e| bad(path, e))?;
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
pub(super) fn acceptor(
    addr: SocketAddr,
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<TlsAcceptor, Error> {
    let (Some(certificate), Some(key)) = (certificate, key) else { return Err(Error::NoCertificate(addr)) };
    let chain = certificates(certificate)?;
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
