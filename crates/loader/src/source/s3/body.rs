//! One object's bytes: read ahead by a task on the runtime, handed to a blocking reader.
//!
//! The channel between the two is the buffer, [`CHUNK`] times [`CHUNKS`] bytes at most. The task insists on the
//! listed ETag, goes on with a range request where a body breaks off, and gives up after some tries without a byte in
//! between. The reader looks at its cancel token every few milliseconds while it waits; when it is dropped, the task
//! is aborted and its socket closed, however stalled.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, Bytes};
use reqwest::{Response, StatusCode};
use store::CancelToken;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::S3Source;
use super::failure::Failure;
use crate::source::error::ReadError;
use crate::source::{FeedInfo, Timing, wait};

/// Larger pieces are cut, so that the number of pieces bounds the bytes.
const CHUNK: usize = 64 << 10;
const CHUNKS: usize = 64;

/// The blocking end.
#[derive(Debug)]
pub(crate) struct BodyReader {
    chunks: mpsc::Receiver<Result<Bytes, ReadError>>,
    current: Bytes,
    /// What every read answers from now on.
    over: Option<Result<(), ReadError>>,
    remaining: u64,
    task: JoinHandle<()>,
    runtime: Handle,
    cancel: CancelToken,
    bytes_read: Arc<AtomicU64>,
    uri: String,
}

impl BodyReader {
    pub(crate) fn start(
        source: &Arc<S3Source>,
        feed: &FeedInfo,
        runtime: &Handle,
        cancel: &CancelToken,
        bytes_read: Arc<AtomicU64>,
        timing: Timing,
    ) -> Self {
        let (sender, chunks) = mpsc::channel(CHUNKS);
        let (source, wanted) = (Arc::clone(source), feed.clone());
        let task = runtime.spawn(async move {
            if let Err(error) = pump(&source, &wanted, &sender, timing).await {
                // Nobody listens any more if this fails.
                let _ = sender.send(Err(error)).await;
            }
        });
        Self {
            chunks,
            current: Bytes::new(),
            over: None,
            remaining: feed.size,
            task,
            runtime: runtime.clone(),
            cancel: cancel.clone(),
            bytes_read,
            uri: feed.uri.clone(),
        }
    }

    /// Waits for the next chunk; `None` at the end.
    fn next_chunk(&mut self) -> Result<Option<Bytes>, ReadError> {
        let received = match self.chunks.try_recv() {
            Ok(chunk) => Some(chunk),
            Err(mpsc::error::TryRecvError::Disconnected) => None,
            Err(mpsc::error::TryRecvError::Empty) => {
                wait::unless_cancelled(&self.runtime, &self.cancel, self.chunks.recv()).ok_or(ReadError::Cancelled)?
            }
        };
        match received {
            Some(chunk) => chunk.map(Some),
            None if self.remaining == 0 => Ok(None),
            // The task ends without a word only when its runtime does.
            None => Err(ReadError::Failed(format!("reading {} was stopped", self.uri))),
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(ReadError::Cancelled.into());
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.current.is_empty() {
            match &self.over {
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(error.clone().into()),
                None => match self.next_chunk() {
                    Ok(Some(chunk)) => {
                        self.remaining = self.remaining.saturating_sub(chunk.len() as u64);
                        self.current = chunk;
                    }
                    Ok(None) => self.over = Some(Ok(())),
                    Err(error) => self.over = Some(Err(error)),
                },
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads the object to its end, over as many connections as that takes.
async fn pump(
    source: &S3Source,
    feed: &FeedInfo,
    sender: &mpsc::Sender<Result<Bytes, ReadError>>,
    timing: Timing,
) -> Result<(), ReadError> {
    let Some(url) = source.bucket.object_url(&feed.key) else {
        return Err(ReadError::Failed(format!(
            "{} cannot be read: no URL can name a key with '.' or '..' parts",
            feed.uri
        )));
    };
    let mut position = 0;
    let mut failures = 0;
    let mut backoff = timing.backoff;
    loop {
        let before = position;
        let failure = match open(source, feed, &url, position).await {
            Ok(response) => match forward(response, feed, &mut position, sender).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        if position > before {
            (failures, backoff) = (0, timing.backoff);
        } else {
            failures += 1;
        }
        if !failure.may_pass() || failures >= timing.tries {
            return Err(explain(&failure, feed, position));
        }
        tracing::debug!(feed = feed.uri, position, %failure, "reading again from where it broke off");
        tokio::time::sleep(backoff).await;
        backoff *= 2;
    }
}

/// What a changed object is reported as, beside S3's own 412 and 404.
fn changed() -> Failure {
    Failure::Status {
        status: StatusCode::PRECONDITION_FAILED,
        code: "PreconditionFailed".to_owned(),
        message: "its size is not the listed one".to_owned(),
    }
}

/// Asks for the object from `position` on, and makes sure that it is the listed one.
async fn open(source: &S3Source, feed: &FeedInfo, url: &str, position: u64) -> Result<Response, Failure> {
    let mut headers = Vec::new();
    if let Some(etag) = &feed.etag {
        headers.push(("if-match", etag.clone()));
    }
    if position > 0 {
        headers.push(("range", format!("bytes={position}-")));
    }
    let response = source.bucket.get(url, &headers).await?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let total = if position == 0 {
        response.content_length()
    } else {
        if response.status() != StatusCode::PARTIAL_CONTENT {
            return Err(Failure::Unusable("the store does not answer requests for a range".to_owned()));
        }
        let range = header("content-range").and_then(|text| text.strip_prefix("bytes ")).unwrap_or_default();
        let (range, total) = range.split_once('/').unwrap_or_default();
        if range.split_once('-').is_none_or(|(start, _)| start.parse() != Ok(position)) {
            return Err(Failure::Unusable(format!("asked for the bytes from {position} on, the store sent '{range}'")));
        }
        total.parse().ok()
    };
    // A store that ignores If-Match is found out by the size, or by the ETag it sends.
    let other = header("etag").zip(feed.etag.as_deref()).is_some_and(|(sent, listed)| sent != listed);
    if other || total.is_some_and(|total| total != feed.size) { Err(changed()) } else { Ok(response) }
}

/// Passes on what comes, until the object's end. A reader that went away is an end too.
async fn forward(
    mut response: Response,
    feed: &FeedInfo,
    position: &mut u64,
    sender: &mpsc::Sender<Result<Bytes, ReadError>>,
) -> Result<(), Failure> {
    while let Some(mut chunk) = response.chunk().await.map_err(|error| Failure::transport(&error))? {
        if *position + chunk.len() as u64 > feed.size {
            return Err(changed());
        }
        while !chunk.is_empty() {
            let piece = chunk.split_to(chunk.len().min(CHUNK));
            *position += piece.len() as u64;
            if sender.send(Ok(piece)).await.is_err() {
                return Ok(());
            }
        }
    }
    if *position < feed.size { Err(Failure::Transport("the connection was closed early".to_owned())) } else { Ok(()) }
}

fn explain(failure: &Failure, feed: &FeedInfo, position: u64) -> ReadError {
    let uri = &feed.uri;
    match failure {
        Failure::Status { status, .. }
            if matches!(
                *status,
                StatusCode::NOT_FOUND | StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE
            ) =>
        {
            ReadError::ModifiedOrDeleted(format!("{uri} was changed or removed after the load began ({failure})"))
        }
        Failure::Status { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. } => {
            ReadError::AccessDenied(format!("{uri} may not be read ({failure})"))
        }
        failure => ReadError::Failed(format!("{uri} cannot be read beyond byte {position}: {failure}")),
    }
}
