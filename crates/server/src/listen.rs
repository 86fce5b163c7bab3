//! The sockets: accepting, serving HTTP/1.1 and HTTP/2 with TLS or without, and stopping.
//!
//! HTTP and Bolt share the port: the first four bytes of a connection tell them apart.
//!
//! There is one for clients and, if wanted, one for the operator's tools on this machine: it answers what monitors ask and
//! nothing else, without TLS and without signatures.
//!
//! Every connection holds a slot. When the ordinary slots are taken, some reserved ones still let a client in to cancel a
//! load or look at a status, so that overload never locks those out. A reserved connection ends with its first reply, so
//! that nobody can sit on it, and whoever comes with other work is told at once that it is too much. A stop closes the
//! socket, ends the queries, lets running requests finish within a bounded time, and waits for starts and cancels, which no
//! hang-up interrupts.

mod first;
mod patience;
mod socket;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::bolt::Guest;
use crate::config::ServerConfig;
use crate::door::{Door, Entrance, Peer};
use crate::flight::Traffic;
use crate::guard::InvalidName;
use crate::tls::{self, TlsError};
use patience::{Over, Patience, over};
use socket::{Socket, not_in_the_clear};

/// How long a reserved connection is waited for.
const RESERVED: Duration = Duration::from_secs(5);

/// Connections at once on the operator's socket.
const ADMIN_CONNECTIONS: usize = 16;

/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 64;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A host or origin in the configuration is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The IAM file cannot be taken.
    #[error(transparent)]
    Iam(#[from] auth::Error),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// A server that has its socket and does not accept yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    /// The operator's socket.
    admin: Option<TcpListener>,
    tls: Option<TlsAcceptor>,
    door: Arc<Door>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Takes the address of `config`. Connections made from now on wait until [`Server::run`].
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the configuration names what is no host or origin, or the address cannot be had.
    pub async fn bind(config: ServerConfig, store: store::Store, loader: loader::Loader) -> Result<Self, ServeError> {
        let tls = config.tls.clone().map(tls::settings).transpose()?.map(TlsAcceptor::from);
        let (address, admin) = (config.listen, config.admin_listen);
        let door = Arc::new(Door::new(config, store, loader)?);
        let listener = bind(address).await?;
        let address = listener.local_addr().map_err(|source| ServeError::Listen { address, source })?;
        let admin = match admin {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        Ok(Self { listener, address, admin, tls, door })
    }

    /// The address it has: with port 0 configured, the port it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the operator's socket, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.local_addr().ok()
    }

    /// Serves until `shutdown` is done, then stops in good order: no new connections, queries end with
    /// `ServerShutdownException`, requests finish within the configured time. The loader is not shut down: its
    /// owner does that next.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let config = &self.door.config;
        let drain = config.drain_timeout;
        let all = Arc::new(Semaphore::new(config.connections + config.reserved_connections));
        let ordinary = Arc::new(Semaphore::new(config.connections));
        let operators = Arc::new(Semaphore::new(ADMIN_CONNECTIONS));
        let connections = TaskTracker::new();
        let mut shutdown = pin!(shutdown);
        let door = Arc::clone(&self.door);
        let upkeep = tokio::spawn(async move { door.metrics.keep_up().await });
        loop {
            let (accepted, entrance) = tokio::select! {
                () = &mut shutdown => break,
                accepted = accept(&self.listener, &all) => (accepted, Entrance::Main),
                accepted = accept_operator(self.admin.as_ref(), &operators) => (accepted, Entrance::Admin),
            };
            let (stream, remote, slot) = accepted;
            let Ok(local) = stream.local_addr() else { continue };
            let ordinary = Arc::clone(&ordinary).try_acquire_owned().ok();
            let tls = self.tls.clone().filter(|_| entrance == Entrance::Main);
            let peer = Peer {
                local: local.ip(),
                remote: remote.ip().to_canonical(),
                reserved: ordinary.is_none() && entrance == Entrance::Main,
                secure: tls.is_some(),
                entrance,
            };
            let guest = Guest { peer, server: local };
            let serving = serve(stream, tls, guest, Arc::clone(&self.door));
            connections.spawn(async move {
                serving.await;
                drop((slot, ordinary));
            });
        }
        drop((self.listener, self.admin));
        upkeep.abort();
        // It ends as cancelled.
        let _ = upkeep.await;
        self.door.close();
        connections.close();
        if timeout(drain, connections.wait()).await.is_err() {
            tracing::warn!("some connections were cut: they had not ended within {drain:?}");
        }
        if timeout(drain, self.door.tasks.wait()).await.is_err() {
            tracing::warn!("some starts or cancels of loads had not ended within {drain:?}");
        }
    }
}

/// The next connection, once there is a slot for it. An error of `accept` is a matter of one connection, or of too many
/// open files, which passes.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => return (stream, remote, slot),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The next connection of the operator's socket; never, if there is none.
async fn accept_operator(
    listener: Option<&TcpListener>,
    slots: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    match listener {
        Some(listener) => accept(listener, slots).await,
        None => std::future::pending().await,
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

/// How long a connection is waited for. One in reserve is there for one request, and not for long.
fn patience(config: &ServerConfig, peer: Peer) -> Patience {
    let (beginning, idle) = if peer.reserved {
        (RESERVED.min(config.idle_timeout), Duration::ZERO)
    } else {
        (config.idle_timeout, config.idle_timeout)
    };
    Patience { beginning, idle, taking: config.send_timeout }
}

/// Serves one connection to its end.
async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, guest: Guest, door: Arc<Door>) {
    let peer = guest.peer;
    // Small replies are waited for one by one; a kernel without the option only makes them later.
    let _ = stream.set_nodelay(true);
    door.metrics.connected();
    let span = tracing::debug_span!("connection", local = %peer.local, remote = %peer.remote);
    let conversation = async {
        match tls {
            None => converse(stream, guest, &door).await,
            Some(tls) => match shake_hands(stream, &tls, peer, &door).await {
                Ok(Some(stream)) => converse(stream, guest, &door).await,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "no TLS handshake"),
            },
        }
    };
    conversation.instrument(span).await;
    door.metrics.disconnected();
}

/// The TLS handshake, within the patience that a first request has. A client that speaks HTTP in the clear is told so, in
/// the clear; then there is nothing left to serve.
async fn shake_hands(
    mut stream: TcpStream,
    tls: &TlsAcceptor,
    peer: Peer,
    door: &Door,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let handshake = async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase() {
            stream.write_all(&not_in_the_clear()).await?;
            stream.shutdown().await?;
            return Ok(None);
        }
        tls.accept(stream).await.map(Some)
    };
    tokio::select! {
        () = door.closing.cancelled() => Ok(None),
        shaken = timeout(patience(&door.config, peer).beginning, handshake) => {
            shaken.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it was not ended in time")))
        }
    }
}

/// Whatever the client speaks.
async fn converse<S>(stream: S, guest: Guest, door: &Arc<Door>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut patience = patience(&door.config, guest.peer);
    if guest.peer.entrance == Entrance::Admin {
        return converse_in_http(stream, guest.peer, patience, door).await;
    }
    let (began, beginning) = (Instant::now(), patience.beginning);
    let looked = tokio::select! {
        () = door.closing.cancelled() => return,
        looked = timeout(beginning, first::look(stream)) => looked,
    };
    patience.beginning = beginning.saturating_sub(began.elapsed());
    match looked {
        Ok(Ok((stream, true))) => crate::bolt::serve(stream, guest, began + beginning, door).await,
        Ok(Ok((stream, false))) => converse_in_http(stream, guest.peer, patience, door).await,
        Ok(Err(error)) => tracing::debug!(%error, "a connection broke off"),
        Err(_) => tracing::debug!("no request came"),
    }
}

/// Requests and replies on one connection.
async fn converse_in_http<S>(stream: S, peer: Peer, patience: Patience, door: &Arc<Door>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = &door.config;
    let (socket, first_request) = Socket::new(stream, patience, config.head_bytes);
    let traffic = Traffic::default();
    let mut over = pin!(over(traffic.clone(), patience));
    let service = service_fn({
        let door = Arc::clone(door);
        move |request| {
            first_request.begins();
            let flight = traffic.begin();
            Arc::clone(&door).answer(request, peer).map(|response| Ok::<_, Infallible>(flight.replies(response)))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.beginning).max_buf_size(config.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(config.head_bytes as u32)
        .keep_alive_interval(config.idle_timeout)
        .keep_alive_timeout(config.idle_timeout);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), service));
    let (mut closing, mut watched) = (false, true);
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            () = door.closing.cancelled(), if !closing => closing = true,
            why = over.as_mut(), if watched => match why {
                Over::Idle => (closing, watched) = (true, false),
                Over::Stalled => {
                    tracing::debug!("a client does not take its replies: its connection is closed");
                    return;
                }
            },
        }
        connection.as_mut().graceful_shutdown();
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
