//! Taking connections.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::inbox::count;
use super::{Shared, connection};
use crate::sip::Transport;

/// Connections the kernel completes before we take them.
const BACKLOG: i32 = 256;
/// Rest after a failed accept: out of file handles, most likely.
const REST: Duration = Duration::from_millis(100);

/// Opens a listener and starts to take connections. The address with its real port.
pub(super) fn start(
    addr: SocketAddr,
    transport: Transport,
    shared: &Shared,
    stop: &CancellationToken,
) -> io::Result<SocketAddr> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let local = listener.local_addr()?;
    let accepting = accept(listener, transport, shared.clone());
    let stopped = stop.clone().cancelled_owned();
    shared.tasks.spawn_on(
        async move {
            tokio::select! { () = accepting => {} () = stopped => {} }
        },
        &shared.runtime,
    );
    Ok(local)
}

async fn accept(listener: TcpListener, transport: Transport, shared: Shared) {
    loop {
        let (stream, source) = match listener.accept().await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let acceptor = match transport {
            Transport::Tls => match shared.identity.borrow().acceptor() {
                Some(acceptor) => Some(acceptor),
                // There is nothing to show.
                None => continue,
            },
            Transport::Tcp | Transport::Udp => None,
        };
        match shared.table.admit(source.ip()) {
            Some(seat) => {
                count(&shared.inbox.counts.accepted);
                let task = connection::inbound(stream, source, acceptor, seat, shared.clone());
                shared.tasks.spawn_on(task, &shared.runtime);
            }
            None => count(&shared.inbox.counts.refused),
        }
    }
}
