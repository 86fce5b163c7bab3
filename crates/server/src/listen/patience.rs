//! When a connection has been waited for long enough: it is idle, or its client does not take what it asked for.
//!
//! HTTP/1.1 has time limits of its own for both, and the socket watches its writes. Over HTTP/2 neither is enough: a client
//! that answers pings can keep a connection open for ever, and one that grants a stream no room leaves the socket free
//! while a reply waits. So what counts here are requests and pieces of replies.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::flight::Activity;

/// How long a connection is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// For the first request.
    pub(super) beginning: Duration,
    /// For the next request, when none is in flight.
    pub(super) idle: Duration,
    /// For the client to take a piece of a reply.
    pub(super) taking: Duration,
}

/// Why a connection is not waited for any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It has no request in flight: it can be closed politely.
    Idle,
    /// Replies wait for a client that does not take them.
    Stalled,
}

/// Waits until the patience with a connection is over. Before its first request that is the socket's business, which can
/// still answer who does not finish it.
pub(super) async fn over(mut activity: watch::Receiver<Activity>, patience: Patience) -> Over {
    // The first change is the first request. Whoever counts them is gone when the connection is, and so is this then.
    let _ = activity.changed().await;
    loop {
        let now = *activity.borrow_and_update();
        let (limit, over) = match now {
            Activity { requests: 0, .. } => (patience.idle, Over::Idle),
            Activity { offered: 0, .. } => (Duration::MAX, Over::Stalled),
            Activity { .. } => (patience.taking, Over::Stalled),
        };
        match timeout(limit, activity.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return over,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::flight::Traffic;

    const PATIENCE: Patience =
        Patience { beginning: Duration::from_secs(5), idle: Duration::from_secs(10), taking: Duration::from_secs(20) };

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends_a_working_one_does_not() {
        let traffic = Traffic::default();
        let activity = traffic.observe();
        let flight = traffic.begin();
        let began = Instant::now();
        tokio::spawn(async move {
            sleep(Duration::from_secs(1_000)).await;
            drop(flight);
        });
        assert_eq!(over(activity, PATIENCE).await, Over::Idle);
        assert_eq!(began.elapsed().as_secs(), 1_010);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_nobody_takes_ends_its_connection() {
        use axum::body::Body;
        use axum::http::Response;
        use http_body_util::BodyExt;

        let traffic = Traffic::default();
        let activity = traffic.observe();
        let mut reply = traffic.begin().replies(Response::new(Body::from("piece")));
        let computing = traffic.begin();
        let began = Instant::now();
        reply.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(over(activity, PATIENCE).await, Over::Stalled);
        assert_eq!(began.elapsed().as_secs(), 20);
        drop((reply, computing));
    }
}
