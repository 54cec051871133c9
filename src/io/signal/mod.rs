//! SIP on the wire: UDP, TCP and TLS sockets between the network and the engine's loop.
//!
//! Nobody waits for anybody here. A send is done at once or queued within bounds; a peer
//! that stops reading loses its connection, a peer that says nothing or half a message
//! loses it too, and when the engine is behind, datagrams are dropped and counted while
//! streams are simply not read.

mod connection;
mod inbox;
mod listen;
mod table;
mod tls;
mod udp;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::inbox::Counters;
use self::inbox::Inbox;
use self::table::{Put, Table, Way};
pub use self::tls::Identity;
use self::udp::Udp;
use crate::sip::endpoint::Transmit;
use crate::sip::{Destination, Transport};

/// What to bind, and whom to trust.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// UDP addresses; messages leave from the one they name, else from the first of the
    /// peer's address family.
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
    /// What one peer and all peers may hold.
    pub limits: Limits,
}

/// Bounds on streams. A connection costs about 10 KB, under TLS about 40 KB.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections that others opened, together: a thousand phones.
    pub inbound: usize,
    /// Connections from one address: phones behind one NAT, or a trunk with a pool.
    pub per_address: usize,
    /// Connections we opened: each trunk destination needs one.
    pub outbound: usize,
    /// To connect, and then again for the TLS handshake; half-open ones end here.
    pub handshake: Duration,
    /// From connecting to the first whole message.
    pub first: Duration,
    /// From the first to the last byte of one message.
    pub partial: Duration,
    /// Without a message in either direction. Health checks come more often.
    pub idle: Duration,
    /// For the peer to take one message.
    pub write: Duration,
    /// Messages queued for one connection.
    pub queue: usize,
    /// Bytes queued for one connection.
    pub queue_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            inbound: 1_000,
            per_address: 64,
            outbound: 256,
            handshake: Duration::from_secs(5),
            first: Duration::from_secs(30),
            partial: Duration::from_secs(20),
            idle: Duration::from_secs(900),
            write: Duration::from_secs(10),
            queue: 256,
            queue_bytes: 512 * 1024,
        }
    }
}

/// How long `close` waits for what is queued.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

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
    /// Nothing can be sent there, and why, in words.
    SendFailed(Destination, String),
}

/// Why the sockets could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address is taken or not ours.
    #[error("cannot bind {0} {1}: {2}")]
    Bind(Transport, SocketAddr, std::io::Error),
    /// A TLS address without certificate or key.
    #[error("tls {0} needs a certificate and a key: set both, or listen on udp and tcp only")]
    NoCertificate(SocketAddr),
    /// A PEM file cannot be read or holds nothing of the kind.
    #[error("{}: {reason}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The open sockets.
#[derive(Debug)]
pub struct Signal {
    bound: Vec<(Transport, SocketAddr)>,
    udp: Udp,
    shared: Shared,
    identity: watch::Sender<Identity>,
    stop: CancellationToken,
}

/// What every task needs.
#[derive(Clone, Debug)]
struct Shared {
    inbox: Inbox,
    table: Arc<Table>,
    limits: Arc<Limits>,
    identity: watch::Receiver<Identity>,
    tasks: TaskTracker,
    runtime: Handle,
}

impl Signal {
    /// Binds everything; messages and news go to `events`. Of its room a quarter is kept
    /// for datagrams, so that busy streams cannot crowd them out.
    ///
    /// # Errors
    /// The first address, certificate or key that cannot be used.
    pub async fn start(settings: Settings, events: mpsc::Sender<Event>) -> Result<Signal, Error> {
        let (identity, current) = watch::channel(Identity::read(&settings)?);
        let shared = Shared {
            inbox: Inbox::new(events),
            table: Arc::new(Table::new(&settings.limits)),
            limits: Arc::new(settings.limits),
            identity: current,
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
        };
        let stop = CancellationToken::new();
        let mut bound = Vec::new();
        let mut udp = Udp::default();
        for addr in settings.udp {
            let local = udp.bind(addr, &shared, &stop).map_err(|e| Error::Bind(Transport::Udp, addr, e))?;
            bound.push((Transport::Udp, local));
        }
        for addr in settings.tcp {
            let local = listen::start(addr, Transport::Tcp, &shared, &stop)
                .map_err(|e| Error::Bind(Transport::Tcp, addr, e))?;
            bound.push((Transport::Tcp, local));
        }
        for addr in settings.tls {
            let local = listen::start(addr, Transport::Tls, &shared, &stop)
                .map_err(|e| Error::Bind(Transport::Tls, addr, e))?;
            bound.push((Transport::Tls, local));
        }
        Ok(Signal { bound, udp, shared, identity, stop })
    }

    /// Shows and trusts this from here on; connections that are open keep what they have.
    pub fn set_identity(&self, identity: Identity) {
        self.identity.send_replace(identity);
    }

    /// What is bound, with the real ports.
    pub fn bound(&self) -> Vec<(Transport, SocketAddr)> {
        self.bound.clone()
    }

    /// What came, went and was refused since the start.
    pub fn counters(&self) -> Counters {
        self.shared.inbox.counters()
    }

    /// Connections that are open or being opened.
    pub fn connections(&self) -> usize {
        self.shared.table.len()
    }

    /// Sends, or queues for a connection; never waits. What cannot be sent comes back as
    /// [`Event::SendFailed`] or [`Event::ConnectionClosed`]. A datagram that finds the
    /// socket's and our own queue full is lost, as datagrams may be.
    pub fn send(&self, transmit: Transmit) {
        let Transmit { destination, local, connection, bytes, .. } = transmit;
        if destination.transport == Transport::Udp {
            return self.udp.send(destination, local, bytes, &self.shared.inbox);
        }
        let table = &self.shared.table;
        let bytes = match connection.map(|id| table.put(id, bytes.clone())) {
            Some(Put::Queued | Put::Overflow) => return,
            Some(Put::Gone) | None => bytes,
        };
        let way = Way { local: local.filter(|ip| ip.is_ipv4() == destination.addr.is_ipv4()), destination };
        match table.put_to(&way, bytes.clone()) {
            Put::Queued | Put::Overflow => {}
            Put::Gone => connection::open(way, bytes, &self.shared),
        }
    }

    /// Closes every socket after what is queued has been sent, at the latest after 2 s.
    pub async fn close(mut self) {
        self.stop.cancel();
        self.udp.close();
        self.shared.table.close();
        self.shared.tasks.close();
        let _ = tokio::time::timeout(CLOSE_LIMIT, self.shared.tasks.wait()).await;
        self.shared.table.abort();
    }
}

/// Tasks end with their owner also where nobody called `close`.
impl Drop for Signal {
    fn drop(&mut self) {
        self.stop.cancel();
        self.shared.table.close();
    }
}

#[cfg(test)]
mod tests;
