//! One object of S3, fetched in ranges that insist on the object that was listed.
//!
//! Every request has `If-Match` with the listed ETag, and every answer is held against the listed ETag and size, since not
//! every store looks at `If-Match`. A range goes on where a body breaks off, and is given up after some tries without a
//! byte in between. A body that is shorter than promised is never taken for the end.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::{Response, StatusCode};
use tokio::sync::mpsc;

use super::S3Source;
use super::failure::Failure;
use crate::source::FeedInfo;
use crate::source::error::ReadError;
use crate::source::retry::Retry;

/// Bytes of a piece that is handed on; smaller ones only go into the first half of a channel.
const CHUNK: usize = 64 << 10;

/// The pieces of a range, and why there are no more.
pub(super) type Pieces = mpsc::Receiver<Result<Bytes, ReadError>>;

type Sender = mpsc::Sender<Result<Bytes, ReadError>>;

/// An object to read.
#[derive(Debug)]
pub(crate) struct Object {
    source: Arc<S3Source>,
    feed: FeedInfo,
    end: u64,
}

impl Object {
    /// The first `limit` bytes of the object that was listed as `feed`.
    pub(crate) fn new(source: &Arc<S3Source>, feed: &FeedInfo, limit: u64) -> Self {
        Self { source: Arc::clone(source), feed: feed.clone(), end: feed.size.min(limit) }
    }

    /// How many of its bytes are wanted.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn uri(&self) -> &str {
        &self.feed.uri
    }

    /// A channel that holds all of a range, so that whoever fetches it never waits for whoever reads it.
    pub(super) fn channel(bytes: u64) -> (Sender, Pieces) {
        mpsc::channel(2 * bytes.div_ceil(CHUNK as u64) as usize + 2)
    }

    /// Sends the bytes from `start` to `end`, over as many connections as that takes.
    pub(super) async fn fetch(&self, start: u64, end: u64, sender: &Sender) -> Result<(), ReadError> {
        let Some(url) = self.source.bucket.object_url(&self.feed.key) else {
            return Err(ReadError::Failed(format!(
                "{} cannot be read: no URL can name a key with '.' or '..' parts",
                self.feed.uri
            )));
        };
        let mut range = Range { position: start, end, whole: start == 0 && end == self.feed.size };
        let mut retry = Retry::new(self.source.bucket.timing);
        loop {
            let before = range.position;
            let failure = match self.open(&url, range).await {
                Ok(response) => match self.forward(response, &mut range, sender).await {
                    Ok(()) => return Ok(()),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            if !failure.may_pass() || !retry.again(range.position > before).await {
                return Err(self.explain(&failure, range.position));
            }
            tracing::debug!(feed = self.feed.uri, range.position, %failure, "reading again from where it broke off");
        }
    }

    /// Asks for a range, and makes sure that it is one of the listed object.
    async fn open(&self, url: &str, range: Range) -> Result<Response, Failure> {
        let mut headers = Vec::new();
        if let Some(etag) = &self.feed.etag {
            headers.push(("if-match", etag.clone()));
        }
        let all = range.whole && range.position == 0;
        if !all {
            headers.push(("range", format!("bytes={}-{}", range.position, range.end - 1)));
        }
        let response = self.source.bucket.get(url, &headers).await?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        // A store that ignores If-Match is found out by the ETag it sends, or by the size.
        if header("etag").zip(self.feed.etag.as_deref()).is_some_and(|(sent, listed)| bare(sent) != bare(listed)) {
            return Err(changed("its ETag is not the listed one"));
        }
        let total = if all {
            response.content_length()
        } else {
            if response.status() != StatusCode::PARTIAL_CONTENT {
                return Err(Failure::Unusable("the store does not answer requests for a range".to_owned()));
            }
            let sent = header("content-range").and_then(|text| text.strip_prefix("bytes ")).unwrap_or_default();
            let (sent, total) = sent.split_once('/').unwrap_or_default();
            if sent.split_once('-').is_none_or(|(start, _)| start.parse() != Ok(range.position)) {
                let wanted = range.position;
                return Err(Failure::Unusable(format!(
                    "asked for the bytes from {wanted} on, the store sent '{sent}'"
                )));
            }
            total.parse().ok()
        };
        match total {
            Some(total) if total != self.feed.size => Err(changed("its size is not the listed one")),
            _ => Ok(response),
        }
    }

    /// Passes on what comes, until the range's end. A reader that went away is an end too.
    async fn forward(&self, mut response: Response, range: &mut Range, sender: &Sender) -> Result<(), Failure> {
        // Copied, since the client's own buffers may be many times as large as what came in them.
        let mut piece = BytesMut::with_capacity(CHUNK);
        let outcome = loop {
            let missing = range.end - range.position - piece.len() as u64;
            let mut chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) if missing > 0 => break Err(Failure::Transport("the connection was closed early".to_owned())),
                Ok(None) => break Ok(()),
                Err(error) => break Err(Failure::transport(&error)),
            };
            if chunk.len() as u64 > missing {
                break Err(if range.whole {
                    changed("its size is not the listed one")
                } else {
                    Failure::Unusable("the store sent more than it was asked for".to_owned())
                });
            }
            while !chunk.is_empty() {
                let room = piece.capacity() - piece.len();
                piece.extend_from_slice(&chunk.split_to(chunk.len().min(room)));
                let full = piece.len() == piece.capacity();
                // A reader with little to do gets what there is.
                let hungry = sender.capacity() * 2 >= sender.max_capacity();
                if (full || hungry) && !range.send(piece.split().freeze(), sender).await {
                    return Ok(());
                }
                if full {
                    piece = BytesMut::with_capacity(CHUNK);
                }
            }
        };
        if !piece.is_empty() && !range.send(piece.freeze(), sender).await {
            return Ok(());
        }
        outcome
    }

    fn explain(&self, failure: &Failure, position: u64) -> ReadError {
        let uri = &self.feed.uri;
        match failure {
            Failure::Status { status, .. }
                if matches!(
                    *status,
                    StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE
                ) =>
            {
                ReadError::ModifiedOrDeleted(format!("{uri} was changed or removed after the load began ({failure})"))
            }
            Failure::Status { .. } if failure.is_denial() => {
                ReadError::AccessDenied(format!("{uri} may not be read ({failure})"))
            }
            failure => ReadError::Failed(format!("{uri} cannot be read beyond byte {position}: {failure}")),
        }
    }
}

/// What is still to come.
#[derive(Clone, Copy, Debug)]
struct Range {
    position: u64,
    end: u64,
    /// It began as the whole object.
    whole: bool,
}

impl Range {
    /// Whether anybody took it.
    async fn send(&mut self, piece: Bytes, sender: &Sender) -> bool {
        self.position += piece.len() as u64;
        sender.send(Ok(piece)).await.is_ok()
    }
}

/// An ETag without its quotes: stores differ in whether a listing has them.
fn bare(etag: &str) -> &str {
    etag.trim().trim_matches('"')
}

/// What a changed object is reported as, beside S3's own 412 and 404.
fn changed(how: &str) -> Failure {
    Failure::Status {
        status: StatusCode::PRECONDITION_FAILED,
        code: "PreconditionFailed".to_owned(),
        message: how.to_owned(),
    }
}
