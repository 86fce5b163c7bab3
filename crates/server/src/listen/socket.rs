//! A connection's socket: not waited for without end, and polite to who sends no HTTP.
//!
//! HTTP has its own time limits once a request's head is being read. Two waits lie outside of them: for the first bytes,
//! which decide between HTTP/1.1 and HTTP/2, and for a client that does not take its reply. Both end here, with an error
//! that closes the connection.
//!
//! A first head that is not HTTP, or not there in time, never becomes a request: the HTTP layer answers it with a bare
//! status or not at all. Clients want an error body, so it is put in that answer's place. Only what is written before
//! any request has begun can be such an answer; nothing else is ever touched.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::patience::Patience;
use crate::exception::{Exception, Failure};
use crate::request_id::RequestId;

/// The socket of one connection, in the clear or behind TLS.
#[derive(Debug)]
pub(super) struct Socket<S: AsyncWrite + Unpin> {
    stream: S,
    /// How long a write may make no progress.
    patience: Duration,
    /// How large a head may be, for whoever sends a larger one.
    head_bytes: usize,
    first_request: FirstRequest,
    /// Whether a byte came in.
    heard: bool,
    /// Whether a byte went out.
    spoken: bool,
    /// The answer to what is no request, as far as it is not sent.
    apology: Vec<u8>,
    /// Runs out if no request has begun by then.
    beginning: Pin<Box<Sleep>>,
    /// Runs while the client takes nothing.
    writing: Pin<Box<Sleep>>,
    stalled: bool,
}

/// Tells the socket that a request has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct FirstRequest(Arc<AtomicBool>);

impl FirstRequest {
    /// From here on, HTTP's own limits hold for reading, and all that is written is ours.
    pub(super) fn begins(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<S: AsyncWrite + Unpin> Socket<S> {
    /// Waits for the first request and for any progress of a write as long as `patience` lasts.
    pub(super) fn new(stream: S, patience: Patience, head_bytes: usize) -> (Self, FirstRequest) {
        let first_request = FirstRequest::default();
        let socket = Self {
            stream,
            patience: patience.taking,
            head_bytes,
            first_request: first_request.clone(),
            heard: false,
            spoken: false,
            apology: Vec::new(),
            beginning: Box::pin(sleep(patience.beginning)),
            writing: Box::pin(sleep(patience.taking)),
            stalled: false,
        };
        (socket, first_request)
    }

    /// Whether `bytes` are the HTTP layer's own answer to a head that it could not read. If so, a better one is sent
    /// instead.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        let first = !self.spoken && !self.first_request.has_begun();
        self.spoken = true;
        let Some(status) = bytes.strip_prefix(b"HTTP/1.1 4").filter(|_| first) else { return false };
        let text = match status {
            [b'3', b'1', ..] => format!("The request's head is over {} bytes", self.head_bytes),
            [b'1', b'4', ..] => "The request's target is too long".to_owned(),
            _ => "The request's head is not well-formed HTTP".to_owned(),
        };
        self.apology = apology(Exception::BadRequest, text);
        true
    }

    /// Sends what is left of the apology.
    fn apologise(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.apology.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.apology))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.apology.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }

    /// Lets a pending write wait for as long as the patience lasts.
    fn wait<T>(&mut self, cx: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.stalled = false;
            return progress;
        }
        if !self.stalled {
            self.stalled = true;
            self.writing.as_mut().reset(Instant::now() + self.patience);
        }
        ready!(self.writing.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its reply")))
    }

    fn send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.apologise(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Socket<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let progress = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.heard |= buffer.filled().len() > before;
        if progress.is_pending() && !self.first_request.has_begun() {
            ready!(self.beginning.as_mut().poll(cx));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no request came")));
        }
        progress
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let progress = self.send(cx, bytes);
        self.wait(cx, progress)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = match self.apologise(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.stream).poll_flush(cx),
            unsent => unsent,
        };
        self.wait(cx, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = match self.apologise(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.stream).poll_shutdown(cx),
            unsent => unsent,
        };
        self.wait(cx, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // Only the first write can need a replacement, and that is one head in one slice.
        let progress = if let [only] = slices {
            self.send(cx, only)
        } else {
            self.spoken = true;
            Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
        };
        self.wait(cx, progress)
    }
}

impl<S: AsyncWrite + Unpin> Drop for Socket<S> {
    /// A head that began and did not end in time: the HTTP layer only closes the connection.
    fn drop(&mut self) {
        if self.heard && !self.spoken && !self.first_request.has_begun() {
            let text = "The request was not received in time: its head did not end".to_owned();
            // What does not go out at once is not worth waiting for: the client has kept us waiting.
            let mut nobody = Context::from_waker(Waker::noop());
            let mut stream = Pin::new(&mut self.stream);
            let _ = stream.as_mut().poll_write(&mut nobody, &apology(Exception::ClientTimeout, text));
            let _ = stream.poll_flush(&mut nobody);
        }
    }
}

/// What a client gets that speaks HTTP without TLS to a socket with it.
pub(super) fn not_in_the_clear() -> Vec<u8> {
    let text = "This server speaks TLS: the endpoint begins with https://".to_owned();
    apology(Exception::BadRequest, text)
}

/// The bytes of a whole reply.
fn apology(exception: Exception, text: String) -> Vec<u8> {
    let id = RequestId::random();
    let status = exception.status();
    let body = Failure::new(exception, text).body(id);
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json; charset=UTF-8\r\nx-amzn-errortype: {}\r\n\
         x-amzn-requestid: {id}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        exception.name(),
        body.len()
    )
    .into_bytes()
}
