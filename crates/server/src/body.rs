//! A request's body: received whole, within a size, within a time, or refused.
//!
//! Time is bought with bytes: a body has a fixed patience plus what its size takes at a modest rate, so that a large
//! upload over a slow line gets through and a client that drips single bytes does not. A refused body is read on for a
//! moment and thrown away, since most clients read a reply only after they have sent everything.

#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::exception::{Exception, Failure, Limit};
use crate::parameters::excerpt;

/// Most bytes of the body of an operation that is not a query.
pub(crate) const MOST_CONTROL_BYTES: usize = 1 << 20;

/// Bytes that buy a second more.
pub(crate) const BYTES_A_SECOND: u64 = 64 << 10;

/// Unit in which [`Budget`] counts. Bodies up to one unit are free, so that control requests never wait for it.
const UNIT: usize = 1 << 20;

/// How long a refused body is read on.
const DISCARD: Duration = Duration::from_secs(5);

/// Memory for the bodies of all requests together.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

impl Budget {
    /// A budget of about this many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / UNIT).max(1))))
    }
}

/// A received body, with its share of the budget until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The bytes, decoded from chunks.
    pub(crate) bytes: Bytes,
    shares: Vec<OwnedSemaphorePermit>,
}

/// Receives `body` whole.
///
/// # Errors
///
/// - `BadRequestException`: over `limit`, an encoding, or broken framing;
/// - `ClientTimeoutException`: too slow;
/// - `TooManyRequestsException`: other bodies hold the whole budget.
pub(crate) async fn receive<B>(
    headers: &HeaderMap,
    body: B,
    limit: usize,
    patience: Duration,
    budget: &Budget,
) -> Result<Received, Failure>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display + Send,
{
    let mut body = Box::pin(body);
    let result = receive_all(headers, &mut body, limit, patience, budget).await;
    let sends_unasked = !headers.contains_key(header::EXPECT);
    if let Err(failure) = &result
        && failure.exception != Exception::ClientTimeout
        && sends_unasked
        && !body.is_end_stream()
    {
        discard(body);
    }
    result
}

/// Reads on what a client still sends, for a moment.
pub(crate) fn discard<B>(body: B)
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    tokio::spawn(async move {
        let mut body = pin!(body);
        // Elapsed or ended: either way enough was done for the client.
        let _ = timeout(DISCARD, async { while let Some(Ok(_)) = body.frame().await {} }).await;
    });
}

async fn receive_all<B>(
    headers: &HeaderMap,
    body: &mut (impl Body<Data = Bytes, Error = B> + Unpin),
    limit: usize,
    patience: Duration,
    budget: &Budget,
) -> Result<Received, Failure>
where
    B: std::fmt::Display,
{
    refuse_encoding(headers)?;
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let mut received = BytesMut::new();
    let mut shares = Vec::new();
    let started = Instant::now();
    loop {
        let bought = Duration::from_secs(received.len() as u64 / BYTES_A_SECOND);
        let Ok(frame) = timeout_at(started + patience + bought, body.frame()).await else {
            return Err(Failure::new(
                Exception::ClientTimeout,
                format!("The request was not received in time: {} bytes of its body arrived", received.len()),
            )
            .over(Limit::ReceiveTime));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| {
            Failure::new(Exception::BadRequest, format!("The request body cannot be read: {error}"))
        })?;
        // Trailers say nothing that an operation reads.
        let Ok(data) = frame.into_data() else { continue };
        if received.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        received.extend_from_slice(&data);
        cover(budget, received.len(), &mut shares)?;
    }
    Ok(Received { bytes: received.freeze(), shares })
}

/// Takes as many shares of the budget as so many received bytes need.
///
/// # Errors
///
/// `TooManyRequestsException`: others hold the whole budget.
pub(crate) fn cover(budget: &Budget, bytes: usize, shares: &mut Vec<OwnedSemaphorePermit>) -> Result<(), Failure> {
    while shares.len() * UNIT < bytes.saturating_sub(UNIT) {
        let share = Arc::clone(&budget.0).try_acquire_owned().map_err(|_| {
            Failure::new(Exception::TooManyRequests, "Too many large requests at once. Please retry later.")
                .over(Limit::BodyMemory)
        })?;
        shares.push(share);
    }
    Ok(())
}

impl Received {
    /// A body as if it had been received.
    #[cfg(test)]
    pub(crate) fn of(text: &'static str) -> Self {
        Self { bytes: Bytes::from_static(text.as_bytes()), shares: Vec::new() }
    }

    /// The bytes alone, when the body has been understood: its share of the budget is given back.
    pub(crate) fn into_bytes(self) -> Bytes {
        drop(self.shares);
        self.bytes
    }
}

fn refuse_encoding(headers: &HeaderMap) -> Result<(), Failure> {
    match headers.get(header::CONTENT_ENCODING) {
        None => Ok(()),
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"identity") => Ok(()),
        Some(value) => Err(Failure::new(
            Exception::BadRequest,
            format!(
                "Content-Encoding '{}' is not supported: send the body as it is",
                excerpt(&String::from_utf8_lossy(value.as_bytes()))
            ),
        )),
    }
}

fn too_large(limit: usize) -> Failure {
    Failure::new(Exception::BadRequest, format!("Request body over {limit} bytes")).over(Limit::Body)
}
