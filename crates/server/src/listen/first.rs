//! The first bytes of a connection, which tell Bolt from HTTP.
//!
//! They are read, since what comes through TLS cannot be peeked at, and given back to whoever reads next.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bolt::handshake::MAGIC;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// A stream of which some bytes were read already.
#[derive(Debug)]
pub(super) struct Begun<S> {
    stream: S,
    first: [u8; MAGIC.len()],
    /// How many bytes were read.
    read: usize,
    /// How many of them were given back.
    given: usize,
}

/// Reads until it is clear whether this is Bolt. No byte more is read than that takes.
///
/// # Errors
///
/// Those of the stream.
pub(super) async fn look<S: AsyncRead + Unpin>(mut stream: S) -> io::Result<(Begun<S>, bool)> {
    let mut first = [0; MAGIC.len()];
    let mut read = 0;
    while read < first.len() && first[..read] == MAGIC[..read] {
        match stream.read(&mut first[read..]).await? {
            0 => break,
            more => read += more,
        }
    }
    Ok((Begun { stream, first, read, given: 0 }, first == MAGIC))
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let waiting = &self.first[self.given..self.read];
        if waiting.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let count = waiting.len().min(buffer.remaining());
        buffer.put_slice(&waiting[..count]);
        self.given += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bolt_is_told_from_http_and_nothing_is_lost() {
        for (sent, is_bolt) in [
            (&b"\x60\x60\xB0\x17\0\0\0\x03"[..], true),
            (b"GET / HTTP/1.1\r\n", false),
            (b"\x60\x60\xB0\x18 and more", false),
            (b"`", false),
            (b"", false),
        ] {
            let (mut stream, found) = look(sent).await.unwrap();
            assert_eq!(found, is_bolt, "{sent:?}");
            let mut read = Vec::new();
            stream.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, sent);
        }
    }
}
