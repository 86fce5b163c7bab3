//! Bolt on the server's port: Neo4j's drivers ask openCypher.
//!
//! - `incoming`: what arrives, message by message, read also while a statement runs: RESET and a client that leaves end it.
//! - `conversation`: one connection's task, from the handshake to GOODBYE. It alone writes to the socket.
//! - `transaction`: a thread for each transaction, which runs its statements and sends rows as they are pulled.
//! - `cursor`: the rows of a statement, as records.
//! - `precedence`: which transactions take the writers' place before they read.
//! - `codes`: what failures are called.
//!
//! A statement takes a turn of the queries' lane for as long as it works, not while its client thinks: a transaction that
//! waits for its client keeps a thread, but nobody from running.
//!
//! **Source**: spec/opencypher.md §6, §7.

mod codes;
mod conversation;
mod cursor;
mod incoming;
mod login;
mod precedence;
mod transaction;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bolt::Version;
use bolt::handshake::{self, MAGIC, PROPOSALS};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

pub use codes::BoltErrorCodes;
pub(crate) use precedence::Precedence;

use crate::door::{Door, Peer};
use conversation::Conversation;
use incoming::Link;

/// Messages that are read ahead, if their bytes have room.
const AHEAD: usize = 64;

/// How long a connection that ends is waited for.
const FAREWELL: Duration = Duration::from_secs(1);

/// The other side of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    /// As HTTP knows it.
    pub(crate) peer: Peer,
    /// Where it reached this server.
    pub(crate) server: SocketAddr,
}

/// Serves one connection to its end. Its client has until `login` to log in.
pub(crate) async fn serve<S>(stream: S, guest: Guest, login: Instant, door: &Arc<Door>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let _open = door.metrics.bolt_connected();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let shaking = timeout_at(login, shake_hands(&mut reader, &mut writer));
    let version = match shaking.await {
        Ok(Ok(Some(version))) => version,
        Ok(Ok(None)) => return tracing::debug!("a Bolt client speaks no version that is spoken here"),
        Ok(Err(error)) => return tracing::debug!(%error, "no Bolt handshake"),
        Err(_) => return tracing::debug!("no Bolt handshake in time"),
    };
    let link = Link::default();
    let (queue, messages) = mpsc::channel(AHEAD);
    let reading = incoming::read(reader, queue, &link, door);
    let talking = Conversation::new(Arc::clone(door), guest, version, &link, &mut writer).run(messages, login);
    // What was sent before the client left is still answered, though what runs is ended.
    tokio::select! {
        () = async { reading.await; std::future::pending().await } => {}
        () = talking => {}
    }
    // The last bytes were written, or the client is gone: neither is worth more than a moment.
    let _ = timeout(FAREWELL, writer.shutdown()).await;
}

async fn shake_hands(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Option<Version>> {
    let mut first = [0; MAGIC.len() + PROPOSALS];
    reader.read_exact(&mut first).await?;
    let proposals = first.last_chunk().expect("the proposals stand behind the magic");
    let chosen = handshake::choose(proposals);
    writer.write_all(&handshake::answer(chosen)).await?;
    writer.flush().await?;
    Ok(chosen)
}
