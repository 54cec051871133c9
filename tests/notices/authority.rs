//! An authority of one's own, and servers that speak TLS with a certificate of it before those that do
//! not.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// When TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// With the first byte.
    Tls,
    /// After STARTTLS (RFC 3207).
    Starttls,
}

pub struct Authority {
    /// Its certificate.
    pub pem: String,
    acceptor: TlsAcceptor,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "office authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        Authority { pem: issuer.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// Listens on a port of its own before the one at `behind`.
    pub async fn front(&self, behind: u16, front: Front) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { serve(stream, &acceptor, behind, front).await });
            }
        });
        port
    }
}

/// A client that does not trust the certificate ends the handshake: then nothing is passed on.
async fn serve(mut stream: TcpStream, acceptor: &TlsAcceptor, behind: u16, front: Front) {
    if front == Front::Starttls {
        stream.write_all(b"220 front ESMTP\r\n").await.unwrap();
        let mut lines = BufReader::new(&mut stream);
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).await.unwrap() == 0 {
                return;
            }
            let begins = line.to_uppercase().starts_with("STARTTLS");
            let answer: &[u8] = if begins { b"220 go on\r\n" } else { b"250-front\r\n250 STARTTLS\r\n" };
            lines.get_mut().write_all(answer).await.unwrap();
            if begins {
                break;
            }
        }
    }
    let Ok(mut inside) = acceptor.accept(stream).await else { return };
    let mut server = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
    if front == Front::Starttls {
        // The client has had its greeting.
        let mut byte = [0];
        while byte != *b"\n" {
            server.read_exact(&mut byte).await.unwrap();
        }
    }
    tokio::io::copy_bidirectional(&mut inside, &mut server).await.ok();
}
