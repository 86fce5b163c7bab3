//! What ends a query early: its deadline, a user's cancel, a client that left, a reset of the data, the server's stop.
//!
//! Three tokens say the same thing to three kinds of listener. The store's token is looked at by the operators, the
//! asynchronous one wakes whoever waits for a turn or for room in a channel, and the cause tells afterwards which
//! exception the client gets. A query that [settles](Watch::settle) first, to commit, is ended by nothing any more: a client
//! that is told of a failure may take it that nothing was changed.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use exec::registry::Manner;
use store::CancelToken;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::exception::{Exception, Failure, Limit};
use crate::reset::RESETTING;

/// Why a query was ended. The first cause counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It took too long.
    Deadline,
    /// A user cancelled it.
    Cancelled(Manner),
    /// Nobody waits for the answer any more.
    Vanished,
    /// The client took nothing of the answer for too long.
    Unread,
    /// The answer is larger than answers may be.
    Oversize {
        /// Most bytes.
        most: u64,
    },
    /// The data is being reset.
    Reset,
    /// The server stops.
    Shutdown,
    /// Nothing: it commits, and ends by itself.
    Settled,
}

/// What ends all queries at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    /// Cancelled when the server stops.
    pub(crate) closing: CancellationToken,
    /// Cancelled when the data is reset.
    pub(crate) reset: CancellationToken,
    /// How long a client may take nothing of a result, if that is limited.
    pub(crate) unread: Option<Duration>,
}

/// The state that all parts of one running query share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// For the operators.
    pub(crate) token: CancelToken,
    /// For whoever waits asynchronously.
    pub(crate) stop: CancellationToken,
    /// How long the client may take nothing.
    pub(crate) unread: Option<Duration>,
    cause: Arc<OnceLock<Cause>>,
    /// Cancelled when the query has ended.
    ended: CancellationToken,
}

/// Keeps the deadline's timer running; dropped when the query has ended.
#[derive(Debug)]
pub(crate) struct Timer {
    _ends: DropGuard,
}

/// Ends the query as vanished when dropped, which is when the client's connection is.
#[derive(Debug)]
pub(crate) struct Presence(Watch);

impl Watch {
    /// A watch that ends the query after `limit`, if there is one, or with all others.
    pub(crate) fn begin(limit: Option<Duration>, ends: Ends) -> (Self, Timer) {
        let watch = Self { unread: ends.unread, ..Self::default() };
        let ended = watch.ended.clone();
        let timer = Timer { _ends: ended.clone().drop_guard() };
        let deadline = limit.map(|limit| Instant::now() + limit);
        let pulled = watch.clone();
        tokio::spawn(async move {
            let passed = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = ended.cancelled() => {}
                () = passed => pulled.pull(Cause::Deadline),
                () = ends.closing.cancelled() => pulled.pull(Cause::Shutdown),
                () = ends.reset.cancelled() => pulled.pull(Cause::Reset),
            }
        });
        (watch, timer)
    }

    /// Ends the query at that moment, too.
    pub(crate) fn end_at(&self, runtime: &Handle, moment: Instant) {
        let watch = self.clone();
        runtime.spawn(async move {
            tokio::select! {
                () = watch.ended.cancelled() => {}
                () = sleep_until(moment) => watch.pull(Cause::Deadline),
            }
        });
    }

    /// Ends the query.
    pub(crate) fn pull(&self, cause: Cause) {
        // Losing against an earlier cause is fine: that one is told.
        let _ = self.cause.set(cause);
        match self.cause.get() {
            Some(Cause::Settled) => {}
            // Its client goes on waiting: for the result that ends here.
            Some(Cause::Cancelled(Manner::Silent)) => self.token.cancel(),
            _ => {
                self.token.cancel();
                self.stop.cancel();
            }
        }
    }

    /// From here on nothing ends the query, unless something has.
    ///
    /// # Errors
    ///
    /// What has ended it.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        match self.cause.set(Cause::Settled) {
            Ok(()) => Ok(()),
            Err(_) => self.failure().map_or(Ok(()), Err),
        }
    }

    /// Whether a user has cancelled it and wants it to end with what it has.
    pub(crate) fn is_silenced(&self) -> bool {
        self.cause.get() == Some(&Cause::Cancelled(Manner::Silent))
    }

    /// To be held by what is dropped with the client's connection.
    pub(crate) fn presence(&self) -> Presence {
        Presence(self.clone())
    }

    /// What the client of an ended query is told; `None` while nothing has ended it.
    pub(crate) fn failure(&self) -> Option<Failure> {
        Some(match self.cause.get()? {
            Cause::Deadline => Failure::new(Exception::TimeLimitExceeded, "Operation terminated (deadline exceeded)")
                .over(Limit::QueryTime),
            Cause::Unread => {
                Failure::new(Exception::ClientTimeout, "The result was not taken in time").over(Limit::SendTime)
            }
            Cause::Oversize { most } => {
                let text = format!(
                    "The result is over {most} bytes (--max-result): ask for less at a time, with LIMIT and OFFSET"
                );
                Failure::new(Exception::QueryLimit, text).over(Limit::Result)
            }
            Cause::Vanished | Cause::Cancelled(_) => {
                Failure::new(Exception::CancelledByUser, "Operation terminated (cancelled by user)")
            }
            Cause::Reset => Failure::new(Exception::ServerShutdown, RESETTING),
            Cause::Shutdown => {
                Failure::new(Exception::ServerShutdown, "The server is shutting down. Please retry the query later.")
            }
            Cause::Settled => return None,
        })
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.pull(Cause::Vanished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(watch: &Watch) -> Option<Exception> {
        watch.failure().map(|failure| failure.exception)
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_a_query() {
        let (watch, _timer) = Watch::begin(Some(Duration::from_mins(2)), Ends::default());
        assert_eq!(exception(&watch), None);
        watch.stop.cancelled().await;
        assert!(watch.token.is_cancelled());
        assert_eq!(exception(&watch), Some(Exception::TimeLimitExceeded));
    }

    #[tokio::test(start_paused = true)]
    async fn an_ended_query_has_no_deadline() {
        let (watch, timer) = Watch::begin(Some(Duration::from_secs(1)), Ends::default());
        drop(timer);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!watch.token.is_cancelled());
    }

    #[tokio::test]
    async fn the_first_cause_counts() {
        let ends = Ends::default();
        let (watch, _timer) = Watch::begin(None, ends.clone());
        drop(watch.presence());
        ends.closing.cancel();
        watch.stop.cancelled().await;
        assert_eq!(exception(&watch), Some(Exception::CancelledByUser));
    }

    #[tokio::test(start_paused = true)]
    async fn a_query_that_commits_is_not_ended() {
        let (watch, _timer) = Watch::begin(Some(Duration::from_secs(1)), Ends::default());
        watch.settle().unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        watch.pull(Cause::Vanished);
        assert!(!watch.token.is_cancelled() && !watch.stop.is_cancelled());
        let (late, _timer) = Watch::begin(None, Ends::default());
        late.pull(Cause::Deadline);
        assert_eq!(late.settle().unwrap_err().exception, Exception::TimeLimitExceeded);
    }

    #[tokio::test(start_paused = true)]
    async fn the_earlier_of_two_deadlines_counts() {
        let (watch, _timer) = Watch::begin(Some(Duration::from_mins(2)), Ends::default());
        let began = Instant::now();
        watch.end_at(&Handle::current(), began + Duration::from_secs(1));
        watch.stop.cancelled().await;
        assert_eq!(began.elapsed().as_secs(), 1);
    }

    #[test]
    fn a_silent_cancel_lets_the_client_wait_for_what_there_is() {
        let watch = Watch::default();
        watch.pull(Cause::Cancelled(Manner::Silent));
        watch.pull(Cause::Deadline);
        assert!(watch.token.is_cancelled() && !watch.stop.is_cancelled() && watch.is_silenced());
    }
}
