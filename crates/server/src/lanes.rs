//! Lanes: how many of each kind of work run at once, how many may wait, and threads that are theirs alone.
//!
//! Nothing below the server is asynchronous, so work runs on a thread that nobody else has meanwhile. Each kind has its
//! lane: a query that takes all threads of the query lane never keeps a cancel or a status waiting, and a start that
//! probes a slow source keeps only other starts. A lane's waiting line is bounded; whoever finds it full is told to come
//! again.
//!
//! - `threads`: a thread that has done its work is kept for a while, for the next.

#[cfg(test)]
mod tests;
mod threads;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::exception::{Exception, Failure, Limit};
use threads::Threads;

/// How large a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneSize {
    /// Pieces of work that run at once.
    pub running: usize,
    /// Pieces of work that may wait for one of those.
    pub waiting: usize,
}

/// One kind of work.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    name: &'static str,
    size: LaneSize,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    threads: Threads,
}

/// The right to run one piece of work in a lane, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// Work that runs; it goes on if this is dropped.
#[derive(Debug)]
pub(crate) struct Begun<T>(oneshot::Receiver<Option<T>>);

impl<T> Begun<T> {
    /// Its result.
    ///
    /// # Errors
    ///
    /// `InternalFailureException` if it panicked.
    pub(crate) async fn end(self) -> Result<T, Failure> {
        self.0.await.ok().flatten().ok_or_else(|| {
            Failure::new(Exception::InternalFailure, "An unexpected error occurred while answering the request")
        })
    }
}

impl Lane {
    /// A lane whose threads are named `name`.
    pub(crate) fn new(name: &'static str, size: LaneSize) -> Self {
        Self {
            name,
            size,
            running: Arc::new(Semaphore::new(size.running)),
            waiting: Arc::new(Semaphore::new(size.waiting)),
            threads: Threads::default(),
        }
    }

    /// Waits for a turn, behind whoever waits already.
    ///
    /// # Errors
    ///
    /// `TooManyRequestsException` at once if the waiting line is full.
    pub(crate) async fn turn(&self) -> Result<Turn, Failure> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(Failure::new(
                Exception::TooManyRequests,
                format!(
                    "Too many requests: {} {} are running and {} are waiting. Please retry later.",
                    self.size.running, self.name, self.size.waiting
                ),
            )
            .over(Limit::Queue));
        };
        let permit = Arc::clone(&self.running).acquire_owned().await.map_err(|closed| {
            Failure::new(Exception::ServerShutdown, format!("The server is shutting down: {closed}"))
        })?;
        Ok(Turn { _permit: permit })
    }

    /// Runs `work` on a thread of the lane, to its end even if the caller stops waiting.
    ///
    /// # Errors
    ///
    /// `TooManyRequestsException` if the machine gives no thread; `InternalFailureException` if `work` panicked.
    pub(crate) async fn run<T, W>(&self, turn: Turn, work: W) -> Result<T, Failure>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        self.begin(turn, work)?.end().await
    }

    /// Begins `work` on a thread of the lane.
    ///
    /// # Errors
    ///
    /// `TooManyRequestsException` if the machine gives no thread.
    pub(crate) fn begin<T, W>(&self, turn: Turn, work: W) -> Result<Begun<T>, Failure>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let span = tracing::Span::current();
        let body = move || {
            let result = span.in_scope(|| catch_unwind(AssertUnwindSafe(work)));
            drop(turn);
            if result.is_err() {
                span.in_scope(|| tracing::error!("the work of this request panicked"));
            }
            // Nobody listens any more when the client has left; the work is done all the same.
            let _ = sender.send(result.ok());
        };
        self.threads.begin(self.name, Box::new(body)).map_err(|error| {
            Failure::new(Exception::TooManyRequests, format!("No thread can be started for this request: {error}"))
        })?;
        Ok(Begun(receiver))
    }

    /// Pieces of work running and waiting now.
    pub(crate) fn load(&self) -> LaneSize {
        LaneSize {
            running: self.size.running.saturating_sub(self.running.available_permits()),
            waiting: self.size.waiting.saturating_sub(self.waiting.available_permits()),
        }
    }
}
