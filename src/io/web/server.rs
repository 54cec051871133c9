//! The HTTP server: TCP and a unix socket, built by hand over hyper because
//! `axum::serve` sets no timer, so that slow headers would never be cut.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, header};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::listing::EXCEL;
use super::patient::Patient;

/// Connections at once, TCP and unix together: a task and two small buffers each.
pub const CONNECTION_LIMIT: usize = 512;
/// TCP connections of one address at once, so that one machine cannot take them all.
pub const CONNECTIONS_PER_ADDRESS: usize = 128;
/// Bytes of request line and headers.
pub const HEAD_LIMIT: usize = 16 * 1024;
/// Wait after an accept that failed for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long peers may take. The defaults are meant for production; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From connect, or the last answer, to the end of the next request's headers.
    pub head: Duration,
    /// Without progress while we write.
    pub write: Duration,
    /// For open requests at the end; what is left then is cut.
    pub stop: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            head: Duration::from_secs(15),
            write: Duration::from_secs(30),
            stop: Duration::from_secs(5),
        }
    }
}

/// How a request reached us; stands in the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Over the network.
    Tcp(SocketAddr),
    /// Over the unix socket, whose file mode lets only the daemon's user in.
    Unix,
}

/// Where to listen.
#[derive(Debug)]
pub struct Server {
    tcp: Vec<TcpListener>,
    unix: Option<(UnixListener, SocketFile)>,
    patience: Patience,
}

/// Removes the socket's file at the end.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Server {
    /// Binds the addresses and the socket. A left-over socket file is replaced, unless
    /// another daemon answers on it. Errors name the address or path.
    pub async fn bind(tcp: &[SocketAddr], unix: Option<&Path>, patience: Patience) -> io::Result<Server> {
        let mut listeners = Vec::new();
        for address in tcp {
            listeners.push(TcpListener::bind(address).await.map_err(|e| named(&e, &address.to_string()))?);
        }
        let unix = match unix {
            Some(path) => Some((bind_unix(path).await?, SocketFile(path.to_owned()))),
            None => None,
        };
        Ok(Server { tcp: listeners, unix, patience })
    }

    /// Addresses that are bound, with the real port where 0 was asked for.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.tcp.iter().filter_map(|l| l.local_addr().ok()).collect()
    }

    /// Serves until `stop`; then open requests have `patience.stop` to end.
    pub async fn run(self, router: Router, stop: CancellationToken) {
        let acceptor = Arc::new(Acceptor {
            router,
            patience: self.patience,
            room: Arc::new(Semaphore::new(CONNECTION_LIMIT)),
            by_address: Mutex::default(),
            connections: TaskTracker::new(),
            stop: stop.clone(),
            cut: CancellationToken::new(),
        });
        let loops = TaskTracker::new();
        for listener in self.tcp {
            loops.spawn(acceptor.clone().accept_tcp(listener));
        }
        let socket_file = self.unix.map(|(listener, file)| {
            loops.spawn(acceptor.clone().accept_unix(listener));
            file
        });
        stop.cancelled().await;
        loops.close();
        loops.wait().await;
        drop(socket_file);
        acceptor.connections.close();
        if tokio::time::timeout(acceptor.patience.stop, acceptor.connections.wait()).await.is_err() {
            tracing::info!(open = acceptor.connections.len(), "cutting HTTP connections that did not end");
            acceptor.cut.cancel();
            acceptor.connections.wait().await;
        }
    }
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let name = path.display().to_string();
    if tokio::net::UnixStream::connect(path).await.is_ok() {
        let error = io::Error::new(io::ErrorKind::AddrInUse, "another ringback answers on it");
        return Err(named(&error, &name));
    }
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| named(&e, &name))?;
    }
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(named(&e, &name)),
        _ => {}
    }
    // Bound under a private name first: between bind and chmod nobody can know it.
    let private = path.with_extension(format!("{}.new", std::process::id()));
    let _ = std::fs::remove_file(&private);
    let listener = UnixListener::bind(&private).map_err(|e| named(&e, &name))?;
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&private, path).map_err(|e| named(&e, &name))?;
    Ok(listener)
}

fn named(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("cannot listen on {what}: {error}"))
}

struct Acceptor {
    router: Router,
    patience: Patience,
    room: Arc<Semaphore>,
    by_address: Mutex<BTreeMap<IpAddr, usize>>,
    connections: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
}

/// One address's place among its connections, given back when dropped.
struct Place(Arc<Acceptor>, IpAddr);

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.0.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.1) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(all.remove(&self.1)),
        }
    }
}

impl Acceptor {
    async fn accept_tcp(self: Arc<Self>, listener: TcpListener) {
        while let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await {
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(e) => {
                    self.pause(&e).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let place = self.place(peer.ip());
            let permit = self.room.clone().try_acquire_owned().ok();
            let (Some(place), Some(permit)) = (place, permit) else {
                self.connections.spawn(refuse(stream, self.patience.write));
                continue;
            };
            let this = self.clone();
            self.connections.spawn(async move {
                this.serve(stream, Via::Tcp(peer), permit).await;
                drop(place);
            });
        }
    }

    async fn accept_unix(self: Arc<Self>, listener: UnixListener) {
        while let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await {
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(e) => {
                    self.pause(&e).await;
                    continue;
                }
            };
            let Ok(permit) = self.room.clone().acquire_owned().await else { return };
            let this = self.clone();
            self.connections.spawn(async move { this.serve(stream, Via::Unix, permit).await });
        }
    }

    async fn pause(&self, error: &io::Error) {
        tracing::warn!(%error, "cannot accept an HTTP connection");
        let _ = self.stop.run_until_cancelled(tokio::time::sleep(ACCEPT_PAUSE)).await;
    }

    fn place(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut all = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(address).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Place(self.clone(), address))
    }

    async fn serve<S>(&self, stream: S, via: Via, permit: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = self.router.clone().map_request(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(via);
            ask_for_file(&mut request);
            request
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.patience.head)
            .max_buf_size(HEAD_LIMIT.max(8192))
            .serve_connection(
                TokioIo::new(Patient::new(stream, self.patience.write)),
                TowerToHyperService::new(service),
            );
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = self.cut.cancelled() => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(?via, %error, "HTTP connection ended badly");
        }
        drop(permit);
    }
}

/// A path of the API that ends in `.csv` or `.xlsx` asks for the same list as that kind in `Accept`, so
/// that a link downloads it.
fn ask_for_file<B>(request: &mut hyper::Request<B>) {
    let path = request.uri().path();
    let kinds = [(".csv", "text/csv"), (".xlsx", EXCEL)];
    let found = kinds.into_iter().find_map(|(ending, kind)| Some((path.strip_suffix(ending)?, kind)));
    let Some((list, kind)) = found.filter(|(list, _)| list.starts_with("/api/v1/")) else { return };
    let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
    if let Ok(uri) = format!("{list}{query}").parse() {
        *request.uri_mut() = uri;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(kind));
    }
}

/// Says 503 without reading a request: the peer has too many connections, or all have.
async fn refuse<S: AsyncWrite + Unpin>(mut stream: S, patience: Duration) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = tokio::time::timeout(patience, async {
        stream.write_all(ANSWER).await?;
        stream.shutdown().await
    })
    .await;
}
