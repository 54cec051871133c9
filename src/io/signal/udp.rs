//! UDP sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::inbox::{Inbox, count};
use super::{Event, Received, Shared};
use crate::sip::message::is_keepalive;
use crate::sip::{Destination, Transport};

/// Bytes the kernel may hold for us: 2,000 INVITEs with their SDP. It may allow less
/// (`net.core.rmem_max`).
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
/// Bytes the kernel may hold of ours.
const SEND_BUFFER: usize = 1024 * 1024;
/// Datagrams read before other tasks get their turn.
const BATCH: usize = 64;
/// Datagrams that wait for the kernel's buffer: half a second at 2,000 a second.
const SEND_QUEUE: usize = 1_024;
/// The largest datagram.
const MAX_DATAGRAM: usize = 65_535;

/// All UDP sockets.
#[derive(Debug, Default)]
pub(super) struct Udp {
    sockets: Vec<Port>,
}

#[derive(Debug)]
struct Port {
    local: SocketAddr,
    socket: Arc<UdpSocket>,
    queue: mpsc::Sender<(SocketAddr, Bytes)>,
}

impl Udp {
    /// Opens a socket and starts to read. The address with its real port.
    pub(super) fn bind(
        &mut self,
        addr: SocketAddr,
        shared: &Shared,
        stop: &CancellationToken,
    ) -> io::Result<SocketAddr> {
        let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
        if addr.is_ipv6() {
            // IPv4 has its own socket, so that addresses never appear mapped.
            socket.set_only_v6(true)?;
        }
        // The kernel's default is used where it refuses.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        let local = socket.local_addr()?;
        let (queue, waiting) = mpsc::channel(SEND_QUEUE);
        let reader = read(Arc::clone(&socket), shared.inbox.clone());
        let stopped = stop.clone().cancelled_owned();
        shared.tasks.spawn_on(
            async move {
                tokio::select! { () = reader => {} () = stopped => {} }
            },
            &shared.runtime,
        );
        shared.tasks.spawn_on(flush(Arc::clone(&socket), waiting), &shared.runtime);
        self.sockets.push(Port { local, socket, queue });
        Ok(local)
    }

    /// Sends now, or queues where the kernel's buffer is full.
    pub(super) fn send(&self, destination: Destination, local: Option<IpAddr>, bytes: Bytes, inbox: &Inbox) {
        let addr = destination.addr;
        let of_family = || self.sockets.iter().filter(|p| p.local.is_ipv4() == addr.is_ipv4());
        let named = local.and_then(|ip| of_family().find(|p| p.local.ip() == ip));
        let Some(port) = named.or_else(|| of_family().next()) else {
            let family = if addr.is_ipv4() { "IPv4" } else { "IPv6" };
            let why = format!("there is no UDP socket for {family} (sip.udp)");
            return inbox.report_now(Event::SendFailed(destination, why));
        };
        // Whoever waits goes first.
        if port.queue.capacity() == SEND_QUEUE {
            match port.socket.try_send_to(&bytes, addr) {
                Ok(_) => return,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Too long, no route, forbidden: it will not go next time either.
                Err(error) => {
                    return inbox.report_now(Event::SendFailed(destination, error.to_string()));
                }
            }
        }
        if port.queue.try_send((addr, bytes)).is_err() {
            count(&inbox.counts.sends_dropped);
        }
    }

    /// Takes nothing more; what waits is still sent.
    pub(super) fn close(&mut self) {
        self.sockets.clear();
    }
}

async fn read(socket: Arc<UdpSocket>, inbox: Inbox) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    while socket.readable().await.is_ok() {
        for _ in 0..BATCH {
            match socket.try_recv_from(&mut buffer) {
                Ok((len, _)) if is_keepalive(&buffer[..len]) => {}
                Ok((len, source)) => inbox.datagram(Received {
                    transport: Transport::Udp,
                    source,
                    connection: None,
                    bytes: Bytes::copy_from_slice(&buffer[..len]),
                }),
                // Empty, or an ICMP error about something sent earlier.
                Err(_) => break,
            }
        }
        tokio::task::yield_now().await;
    }
}

async fn flush(socket: Arc<UdpSocket>, mut waiting: mpsc::Receiver<(SocketAddr, Bytes)>) {
    while let Some((addr, bytes)) = waiting.recv().await {
        // A failure here is a lost datagram; the transaction sends again.
        let _ = socket.send_to(&bytes, addr).await;
    }
}
