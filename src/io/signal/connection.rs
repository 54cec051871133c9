//! One TCP or TLS connection: who opens it, reads it, writes it and says why it ended.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

use super::inbox::count;
use super::table::{Put, Seat, Way};
use super::{Event, Limits, Received, Shared};
use crate::sip::message::{Frame, StreamFramer};
use crate::sip::{Destination, Transport};

/// Bytes read at once.
const READ: usize = 4_096;
/// After bytes that are no message: time to send the refusal before closing.
const LINGER: Duration = Duration::from_secs(1);
/// The answer to a ping (RFC 5626 section 3.5.1).
const PONG: &[u8] = b"\r\n";

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The peer closed it.
    Peer,
    /// It broke while a message was being sent.
    Broken,
    /// Nothing was said for long.
    Idle,
    /// A message, or the first one, took too long.
    TooSlow,
    /// The peer does not read.
    NotRead,
    /// The bytes are no messages.
    Unframed,
    /// We close it.
    Ours,
}

/// A connection's fixed facts.
struct Facts<'a> {
    id: u64,
    transport: Transport,
    source: SocketAddr,
    shared: &'a Shared,
}

/// Opens a connection for a message, in a task of its own.
pub(super) fn open(way: Way, bytes: Bytes, shared: &Shared) {
    let Some(seat) = shared.table.begin(&way) else {
        let why = "too many connections are open".to_owned();
        return shared.inbox.report_now(Event::SendFailed(way.destination, why));
    };
    if shared.table.put(seat.id, bytes) != Put::Queued {
        shared.table.remove(seat.id);
        let why = "the message is longer than what may wait for a connection".to_owned();
        return shared.inbox.report_now(Event::SendFailed(way.destination, why));
    }
    let task = outbound(way, seat, shared.clone());
    shared.tasks.spawn_on(task, &shared.runtime);
}

async fn outbound(way: Way, mut seat: Seat, shared: Shared) {
    let Way { destination, local } = way;
    let id = seat.id;
    let facts = Facts { id, transport: destination.transport, source: destination.addr, shared: &shared };
    let killed = seat.kill.clone();
    let end = tokio::select! {
        end = connect_and_run(&destination, local, &facts, &mut seat) => end,
        () = killed.cancelled() => Ok(End::NotRead),
    };
    shared.table.remove(id);
    let unsent = !seat.queue.is_empty() || matches!(end, Ok(End::NotRead | End::Broken));
    match end {
        Ok(end) => {
            tally(end, &shared);
            shared.inbox.report(Event::ConnectionClosed(id)).await;
            if unsent {
                let why = "the connection ended before the message was sent".to_owned();
                shared.inbox.report(Event::SendFailed(destination, why)).await;
            }
        }
        Err(error) => {
            count(&shared.inbox.counts.connects_failed);
            tracing::warn!(%destination, name = destination.server_name, %error, "cannot connect");
            let why = cannot_connect(&destination, &error);
            shared.inbox.report(Event::SendFailed(destination, why)).await;
        }
    }
}

/// Why there is no connection, for people: which step failed, and what was said there.
fn cannot_connect(destination: &Destination, error: &io::Error) -> String {
    let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match refused {
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!("the certificate of {} is refused: {why}", destination.server_name)
        }
        Some(error) => format!("TLS: {error}"),
        None if error.kind() == io::ErrorKind::TimedOut => "no connection: it took too long".to_owned(),
        None => format!("no connection: {error}"),
    }
}

/// A socket of the address by which the peer knows us, where it has one.
fn socket_from(local: Option<IpAddr>, to: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(local) = local {
        let problem = |e: io::Error| io::Error::new(e.kind(), format!("cannot send from {local}: {e}"));
        socket.bind(SocketAddr::new(local, 0)).map_err(problem)?;
    }
    Ok(socket)
}

async fn connect_and_run(
    destination: &Destination,
    local: Option<IpAddr>,
    facts: &Facts<'_>,
    seat: &mut Seat,
) -> io::Result<End> {
    let limit = facts.shared.limits.handshake;
    let socket = socket_from(local, destination.addr)?;
    let stream = timeout(limit, socket.connect(destination.addr)).await??;
    stream.set_nodelay(true)?;
    if destination.transport != Transport::Tls {
        return Ok(run(stream, facts, seat, facts.shared.limits.idle).await);
    }
    let connector = facts.shared.identity.borrow().connector();
    let name = ServerName::try_from(destination.server_name.clone()).map_err(io::Error::other)?;
    let stream = timeout(limit, connector.connect(name, stream)).await??;
    Ok(run(stream, facts, seat, facts.shared.limits.idle).await)
}

/// Serves a connection that somebody opened.
pub(super) async fn inbound(
    stream: TcpStream,
    source: SocketAddr,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    mut seat: Seat,
    shared: Shared,
) {
    let id = seat.id;
    let transport = if acceptor.is_some() { Transport::Tls } else { Transport::Tcp };
    let facts = Facts { id, transport, source, shared: &shared };
    let killed = seat.kill.clone();
    let serve = async {
        // A socket that refuses this option still works.
        let _ = stream.set_nodelay(true);
        let first = shared.limits.first;
        match acceptor {
            None => run(stream, &facts, &mut seat, first).await,
            Some(acceptor) => match timeout(shared.limits.handshake, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => run(stream, &facts, &mut seat, first).await,
                _ => {
                    count(&shared.inbox.counts.handshakes_failed);
                    End::Peer
                }
            },
        }
    };
    let end = tokio::select! {
        end = serve => end,
        () = killed.cancelled() => End::NotRead,
    };
    shared.table.remove(id);
    tally(end, &shared);
    shared.inbox.report(Event::ConnectionClosed(id)).await;
}

fn tally(end: End, shared: &Shared) {
    let counts = &shared.inbox.counts;
    match end {
        End::TooSlow => count(&counts.too_slow),
        End::NotRead => count(&counts.not_read),
        End::Unframed => count(&counts.unframed),
        End::Peer | End::Broken | End::Idle | End::Ours => {}
    }
}

/// Reads and writes until either ends. `first` bounds the time to the first message.
async fn run<S: AsyncRead + AsyncWrite>(
    stream: S,
    facts: &Facts<'_>,
    seat: &mut Seat,
    first: Duration,
) -> End {
    let (reader, writer) = tokio::io::split(stream);
    let wrote = AtomicBool::new(false);
    let own = seat.own.clone();
    let mut reading = pin!(read(reader, facts, &own, &wrote, first));
    let mut writing = pin!(write(writer, seat, &facts.shared.limits, &wrote));
    tokio::select! {
        end = &mut writing => end,
        end = &mut reading => match end {
            // The refusal of what could not be framed is still to be sent.
            End::Unframed => match timeout(LINGER, writing).await {
                Ok(_) | Err(_) => End::Unframed,
            },
            end => end,
        },
    }
}

async fn read<S: AsyncRead>(
    mut reader: ReadHalf<S>,
    facts: &Facts<'_>,
    own: &tokio::sync::mpsc::WeakSender<Bytes>,
    wrote: &AtomicBool,
    first: Duration,
) -> End {
    let limits = &facts.shared.limits;
    let mut framer = StreamFramer::new();
    let mut buffer = [0; READ];
    let mut deadline = Instant::now() + first;
    let mut spoken = false;
    loop {
        let length = match timeout_at(deadline, reader.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return End::Peer,
            Ok(Ok(length)) => length,
            Err(_) if framer.is_partial() || !spoken && first < limits.idle => return End::TooSlow,
            Err(_) if wrote.swap(false, Relaxed) => {
                deadline = Instant::now() + limits.idle;
                continue;
            }
            Err(_) => return End::Idle,
        };
        let was_partial = framer.is_partial();
        framer.handle_bytes(&buffer[..length]);
        let mut whole = false;
        loop {
            match framer.poll_frame() {
                Ok(Some(Frame::Message(bytes))) => {
                    whole = true;
                    if !facts.hand_over(bytes).await {
                        return End::Ours;
                    }
                }
                Ok(Some(Frame::Ping)) => {
                    whole = true;
                    if let Some(own) = own.upgrade() {
                        // A full queue means that the peer does not read: no answer.
                        let _ = own.try_send(Bytes::from_static(PONG));
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    facts.hand_over(framer.take_rest()).await;
                    return End::Unframed;
                }
            }
        }
        spoken |= whole;
        deadline = match framer.is_partial() {
            true if was_partial && !whole => deadline,
            true => Instant::now() + limits.partial,
            false if spoken => Instant::now() + limits.idle,
            false => deadline,
        };
    }
}

impl Facts<'_> {
    async fn hand_over(&self, bytes: Vec<u8>) -> bool {
        let received = Received {
            transport: self.transport,
            source: self.source,
            connection: Some(self.id),
            bytes: bytes.into(),
        };
        self.shared.inbox.message(received).await
    }
}

async fn write<S: AsyncWrite>(
    mut writer: WriteHalf<S>,
    seat: &mut Seat,
    limits: &Limits,
    wrote: &AtomicBool,
) -> End {
    while let Some(bytes) = seat.queue.recv().await {
        let send = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        match timeout(limits.write, send).await {
            Ok(Ok(())) => {
                // A pong was never counted in.
                let _ = seat.waiting.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(bytes.len()));
                wrote.store(true, Relaxed);
            }
            Ok(Err(_)) => return End::Broken,
            Err(_) => return End::NotRead,
        }
    }
    // Closing properly lets the peer read the last bytes.
    let _ = timeout(limits.write, writer.shutdown()).await;
    End::Ours
}
