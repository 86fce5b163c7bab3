//! A result on its way: written by a worker thread, sent by the socket's task, with a bounded channel between them.
//!
//! Until the first piece is full nothing has been sent, so a failure is a proper reply and a small result has a length.
//! After that the status is out: a failure is appended to a query's result as the JSON that its reply would have had,
//! and a file breaks off, so that nobody takes a piece for the whole. A client that asked for trailers finds the
//! failure there. The worker waits when the client reads slowly, until the [`Watch`] ends it. A worker that is deep in
//! a step which looks at no token keeps its thread and its turn; its client is not kept waiting for that.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, Write};
use std::mem;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::exception::{Exception, Failure};
use crate::lanes::{Begun, Lane};
use crate::request_id::RequestId;
use crate::watch::{Cause, Presence, Timer, Watch};

/// Bytes of a piece.
const PIECE: usize = 64 << 10;

/// Pieces between worker and socket.
const PIECES: usize = 4;

/// How long a worker has to stop.
const GRACE: Duration = Duration::from_secs(1);

const STATUS_TRAILER: HeaderName = HeaderName::from_static("x-neptune-status");
const DETAIL_TRAILER: HeaderName = HeaderName::from_static("x-neptune-detail");

/// What the worker writes into.
#[derive(Debug)]
pub(crate) struct Sink {
    media_type: &'static str,
    /// Bytes that may still be written.
    room: Option<Room>,
    /// Whether a piece has left.
    begun: bool,
    /// Whether pieces stay until what is written is true.
    held: bool,
    buffer: Vec<u8>,
    pieces: mpsc::Sender<Piece>,
    watch: Watch,
    runtime: Handle,
}

/// How large a result may be, and what is left of that.
#[derive(Clone, Copy, Debug)]
struct Room {
    most: u64,
    left: u64,
}

/// Some bytes of a result and what the whole of it is.
#[derive(Debug)]
struct Piece {
    media_type: &'static str,
    bytes: Bytes,
}

/// How a worker ended, and what it had not sent yet.
#[derive(Debug)]
struct Ending {
    result: Result<(), Failure>,
    rest: Piece,
}

/// How a client is told of a failure after the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateFailure {
    /// By JSON behind what was sent, as the service does for query results.
    Append,
    /// By a connection that ends before the body does, unless trailers can tell.
    BreakOff,
}

/// What a streamed reply depends on besides its content.
#[derive(Debug)]
pub(crate) struct Terms {
    /// The request's id, for a failure's body.
    pub(crate) id: RequestId,
    /// Whether the client reads trailers.
    pub(crate) trailers: bool,
    /// What a failure after the first bytes looks like.
    pub(crate) late_failure: LateFailure,
    /// What ends the work early.
    pub(crate) watch: Watch,
    /// Its deadline.
    pub(crate) timer: Timer,
}

/// Runs `work` in `lane` and gives the reply that streams what it writes.
///
/// # Errors
///
/// A failure of `work` before its first piece is full, and of the lane.
pub(crate) async fn reply<W>(lane: &Lane, terms: Terms, work: W) -> Result<Response<Body>, Failure>
where
    W: FnOnce(&mut Sink) -> Result<(), Failure> + Send + 'static,
{
    let presence = terms.watch.presence();
    let turn = tokio::select! {
        biased;
        () = terms.watch.stop.cancelled() => Err(terms.watch.failure().unwrap_or_else(gone)),
        turn = lane.turn() => turn,
    }?;
    let (sender, mut pieces) = mpsc::channel(PIECES);
    let mut sink = Sink {
        media_type: "application/octet-stream",
        room: None,
        begun: false,
        held: false,
        buffer: Vec::new(),
        pieces: sender,
        watch: terms.watch.clone(),
        runtime: Handle::current(),
    };
    let timer = terms.timer;
    let begun = lane.begin(turn, move || {
        let result = work(&mut sink);
        drop(timer);
        sink.end(result)
    })?;
    let Terms { id, trailers, late_failure, watch, .. } = terms;
    let first = unless_overdue(&watch, pieces.recv()).await?;
    let Some(first) = first else {
        return whole(unless_overdue(&watch, begun.end()).await??, presence, trailers);
    };
    let rest = Rest { id, trailers, late_failure, watch, pieces, begun, _presence: presence };
    Ok(streamed(first, rest))
}

/// Whether the client takes trailers.
pub(crate) fn reads_trailers(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::TE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

impl Sink {
    /// Says what is written from here on.
    pub(crate) fn set_media_type(&mut self, media_type: &'static str) {
        self.media_type = media_type;
    }

    /// Lets no more than `most` bytes be written, to end the work with an error at the next.
    pub(crate) fn set_limit(&mut self, most: u64) {
        self.room = Some(Room { most, left: most });
    }

    /// Whether a piece has left, so that a failure is none of the reply's head any more.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Keeps what is written until [`Self::release`].
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Lets go what was kept.
    pub(crate) fn release(&mut self) -> io::Result<()> {
        self.held = false;
        if self.buffer.len() >= PIECE { self.send() } else { Ok(()) }
    }

    /// Forgets what was written, if none of it has left.
    pub(crate) fn restart(&mut self) -> bool {
        if !self.begun {
            self.buffer.clear();
        }
        !self.begun
    }

    /// Where its socket is served.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn piece(&mut self) -> Piece {
        Piece { media_type: self.media_type, bytes: Bytes::from(mem::take(&mut self.buffer)) }
    }

    /// Waits for room in the channel.
    fn send(&mut self) -> io::Result<()> {
        let piece = self.piece();
        let sent = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.watch.stop.cancelled() => Err(Cause::Vanished),
                sent = self.pieces.send(piece) => sent.map_err(|_| Cause::Vanished),
                () = sleep(self.watch.unread.unwrap_or(Duration::MAX)) => Err(Cause::Unread),
            }
        });
        self.begun |= sent.is_ok();
        sent.map_err(|cause| {
            self.watch.pull(cause);
            io::Error::new(io::ErrorKind::BrokenPipe, "the result is not wanted any more")
        })
    }

    /// What ended the work from outside goes before what the work made of it.
    fn end(mut self, result: Result<(), Failure>) -> Ending {
        let result = result.map_err(|failure| self.watch.failure().unwrap_or(failure));
        Ending { result, rest: self.piece() }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(Room { most, left }) = &mut self.room {
            let Some(rest) = left.checked_sub(bytes.len() as u64) else {
                self.watch.pull(Cause::Oversize { most: *most });
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the result is too large"));
            };
            *left = rest;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE && !self.held {
            self.send()?;
        }
        Ok(bytes.len())
    }

    /// Does nothing: only full pieces are sent, and the last one at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits for a worker, but not for long once its work is not wanted any more.
async fn unless_overdue<T>(watch: &Watch, wait: impl Future<Output = T>) -> Result<T, Failure> {
    let overdue = async {
        watch.stop.cancelled().await;
        sleep(GRACE).await;
    };
    tokio::select! {
        biased;
        done = wait => Ok(done),
        () = overdue => {
            tracing::warn!("the work of this request does not stop: its client is answered without it");
            Err(watch.failure().unwrap_or_else(gone))
        }
    }
}

/// The reply of a result that fits one piece.
fn whole(ending: Ending, presence: Presence, trailers: bool) -> Result<Response<Body>, Failure> {
    ending.result?;
    drop(presence);
    let Piece { media_type, bytes } = ending.rest;
    let mut response = if trailers {
        let frames = [Frame::data(bytes), Frame::trailers(success_trailers())].map(Ok::<_, Infallible>);
        let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
        announce_trailers(response.headers_mut());
        response
    } else {
        Response::new(Body::from(bytes))
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    Ok(response)
}

/// What follows the first piece.
struct Rest {
    id: RequestId,
    trailers: bool,
    late_failure: LateFailure,
    watch: Watch,
    pieces: mpsc::Receiver<Piece>,
    begun: Begun<Ending>,
    /// Dropped with the body: a client that leaves ends the work.
    _presence: Presence,
}

/// Where a body stands.
enum Stage {
    First(Piece, Rest),
    More(Rest),
    Trailers(HeaderMap),
    End,
}

fn streamed(first: Piece, rest: Rest) -> Response<Body> {
    let media_type = first.media_type;
    let trailers = rest.trailers;
    let frames = stream::unfold(Stage::First(first, rest), async |stage| {
        let (frame, next) = match stage {
            Stage::First(piece, rest) => (Frame::data(piece.bytes), Stage::More(rest)),
            Stage::More(mut rest) => {
                if let Ok(Some(piece)) = unless_overdue(&rest.watch, rest.pieces.recv()).await {
                    (Frame::data(piece.bytes), Stage::More(rest))
                } else {
                    match last(rest).await {
                        Ok(last) => last,
                        Err(failure) => return Some((Err(io::Error::other(failure)), Stage::End)),
                    }
                }
            }
            Stage::Trailers(trailers) => (Frame::trailers(trailers), Stage::End),
            Stage::End => return None,
        };
        Some((Ok(frame), next))
    });
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if trailers {
        announce_trailers(response.headers_mut());
    }
    response
}

/// The last bytes, how a failure is told behind them, and what the trailers say.
async fn last(rest: Rest) -> Result<(Frame<Bytes>, Stage), Failure> {
    let Rest { id, trailers, late_failure, watch, begun, .. } = rest;
    let (bytes, failure) = match unless_overdue(&watch, begun.end()).await.flatten() {
        Ok(Ending { result, rest }) => (rest.bytes, result.err()),
        Err(failure) => (Bytes::new(), Some(failure)),
    };
    let Some(failure) = failure else {
        return Ok((Frame::data(bytes), if trailers { Stage::Trailers(success_trailers()) } else { Stage::End }));
    };
    tracing::warn!(%id, %failure, "a result failed after its first byte");
    let body = failure.body(id);
    let told = failure_trailers(&failure, &body);
    let bytes = match late_failure {
        LateFailure::Append => Bytes::from([&bytes[..], body.as_bytes()].concat()),
        LateFailure::BreakOff if trailers => bytes,
        LateFailure::BreakOff => return Err(failure),
    };
    Ok((Frame::data(bytes), if trailers { Stage::Trailers(told) } else { Stage::End }))
}

fn announce_trailers(headers: &mut HeaderMap) {
    headers.insert(header::TRAILER, HeaderValue::from_static("X-Neptune-Status, X-Neptune-Detail"));
}

fn success_trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS_TRAILER, HeaderValue::from_static("200 OK"));
    trailers.insert(DETAIL_TRAILER, HeaderValue::from_static(""));
    trailers
}

/// The detail is encoded form style, as in the documented sample.
fn failure_trailers(failure: &Failure, body: &str) -> HeaderMap {
    let status = format!("{} {}", failure.exception.status().as_u16(), failure.exception.name());
    let detail: String = url::form_urlencoded::byte_serialize(body.as_bytes()).collect();
    let mut trailers = HeaderMap::new();
    for (name, value) in [(STATUS_TRAILER, status), (DETAIL_TRAILER, detail)] {
        trailers
            .insert(name, HeaderValue::from_str(&value).expect("names, digits and form encoding are visible ASCII"));
    }
    trailers
}

fn gone() -> Failure {
    Failure::new(Exception::InternalFailure, "The work was ended before it was done")
}
