//! SIP on the wire: UDP, TCP and TLS sockets between the network and the engine's loop.

use std::net::SocketAddr;
use std::path::PathBuf;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::sip::endpoint::Transmit;
use crate::sip::{Destination, Transport};

/// What to bind, and whom to trust.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// UDP addresses; requests leave from the first.
    pub udp: Vec<SocketAddr>,
    /// TCP addresses to listen on; connections out need none.
    pub tcp: Vec<SocketAddr>,
    /// TLS addresses to listen on; they need `certificate` and `key`.
    pub tls: Vec<SocketAddr>,
    /// PEM chain shown to TLS clients.
    pub certificate: Option<PathBuf>,
    /// PEM key of `certificate`.
    pub key: Option<PathBuf>,
    /// PEM file of the only authorities trusted; None: the public ones.
    pub ca: Option<PathBuf>,
}

/// A message that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Over which transport.
    pub transport: Transport,
    /// From where.
    pub source: SocketAddr,
    /// On which connection, for streams.
    pub connection: Option<u64>,
    /// The message.
    pub bytes: Bytes,
}

/// What the sockets report.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message came.
    Received(Received),
    /// A connection is gone, for whatever reason.
    ConnectionClosed(u64),
    /// Nothing can be sent there.
    SendFailed(Destination),
}

/// Why the sockets could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address is taken or not ours.
    #[error("cannot bind {0} {1}: {2}")]
    Bind(Transport, SocketAddr, std::io::Error),
}

/// The open sockets.
#[derive(Debug)]
pub struct Signal {
    bound: Vec<(Transport, SocketAddr)>,
}

impl Signal {
    /// Binds everything; messages and news go to `events`.
    ///
    /// # Errors
    /// The first address, certificate or key that cannot be used.
    pub async fn start(settings: Settings, events: mpsc::Sender<Event>) -> Result<Signal, Error> {
        let _ = (settings, events);
        Ok(Signal { bound: Vec::new() })
    }

    /// What is bound, with the real ports.
    pub fn bound(&self) -> Vec<(Transport, SocketAddr)> {
        self.bound.clone()
    }

    /// Sends, or queues for a connection; never waits. What cannot be sent comes back as
    /// [`Event::SendFailed`] or [`Event::ConnectionClosed`].
    pub fn send(&self, transmit: Transmit) {
        let _ = transmit;
    }

    /// Closes every socket after what is queued has been sent.
    pub async fn close(self) {}
}
