//! The socket: accepting, serving HTTP/1.1 and HTTP/2 without TLS, and stopping.
//!
//! Every connection holds a slot. When the ordinary slots are taken, some reserved ones still let a client in to cancel a
//! load or look at a status, so that overload never locks those out. A stop closes the socket, ends the queries, lets
//! running requests finish within a bounded time, and waits for starts and cancels, which no hang-up interrupts.

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
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::config::ServerConfig;
use crate::door::{Door, Peer};
use crate::guard::InvalidName;
use socket::Socket;

/// Largest head of a request, in bytes: a query may stand in the path.
const MOST_HEAD_BYTES: usize = 128 << 10;

/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 64;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A host or origin in the configuration is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
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
        let address = config.listen;
        let failed = |source| ServeError::Listen { address, source };
        let door = Arc::new(Door::new(config, store, loader)?);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, door })
    }

    /// The address it has: with port 0 configured, the port it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is done, then stops in good order: no new connections, queries end with
    /// `ServerShutdownException`, requests finish within the configured time. The loader is not shut down: its
    /// owner does that next.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let config = &self.door.config;
        let drain = config.drain_timeout;
        let all = Arc::new(Semaphore::new(config.connections + config.reserved_connections));
        let ordinary = Arc::new(Semaphore::new(config.connections));
        let connections = GracefulShutdown::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let (stream, slot) = tokio::select! {
                () = &mut shutdown => break,
                accepted = accept(&self.listener, &all) => accepted,
            };
            let Ok(local) = stream.local_addr() else { continue };
            let ordinary = Arc::clone(&ordinary).try_acquire_owned().ok();
            let peer = Peer { local: local.ip(), reserved: ordinary.is_none() };
            let serving = serve(stream, peer, Arc::clone(&self.door), connections.watcher());
            tokio::spawn(async move {
                serving.await;
                drop((slot, ordinary));
            });
        }
        drop(self.listener);
        self.door.close();
        if timeout(drain, connections.shutdown()).await.is_err() {
            tracing::warn!("some connections were cut: they had not ended within {drain:?}");
        }
        if timeout(drain, self.door.tasks.wait()).await.is_err() {
            tracing::warn!("some starts or cancels of loads had not ended within {drain:?}");
        }
    }
}

/// The next connection, once there is a slot for it. An error of `accept` is a matter of one connection, or of too many
/// open files, which passes.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: Peer, door: Arc<Door>, watcher: Watcher) {
    // Small replies are waited for one by one; a kernel without the option only makes them later.
    let _ = stream.set_nodelay(true);
    let patience = door.config.receive_timeout;
    let (socket, first_request) = Socket::new(stream, patience);
    let service = service_fn({
        let door = Arc::clone(&door);
        move |request| {
            first_request.begins();
            Arc::clone(&door).answer(request, peer).map(Ok::<_, Infallible>)
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(MOST_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(MOST_HEAD_BYTES as u32)
        .keep_alive_interval(patience)
        .keep_alive_timeout(patience);
    let connection = builder.serve_connection(TokioIo::new(socket), service).into_owned();
    door.metrics.connected();
    let span = tracing::debug_span!("connection", local = %peer.local);
    if let Err(error) = watcher.watch(connection).instrument(span).await {
        tracing::debug!(%error, "a connection broke off");
    }
    door.metrics.disconnected();
}
