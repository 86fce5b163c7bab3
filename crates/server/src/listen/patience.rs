//! When a connection has been waited for long enough: it is idle, or its client does not take what it asked for.
//!
//! HTTP/1.1 has time limits of its own for both, and the socket watches its writes. Over HTTP/2 neither is enough: a client
//! that answers pings can keep a connection open for ever, and one that grants a stream no room leaves the socket free
//! while a reply waits. So what counts here are requests and pieces of replies.

use std::time::Duration;

use tokio::time::sleep;

use crate::flight::{Activity, Traffic};

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

/// The shortest time between two looks at a connection.
const LEAST: Duration = Duration::from_millis(50);

/// Waits until the patience with a connection is over. Before its first request that is the socket's business, which can
/// still answer who does not finish it.
pub(super) async fn over(traffic: Traffic, patience: Patience) -> Over {
    // No limit that begins after a look can pass before the next one.
    let step = patience.idle.min(patience.taking).max(LEAST);
    loop {
        let activity = traffic.now();
        let (limit, over) = match activity {
            Activity { requests: 0, .. } => (patience.idle, Over::Idle),
            Activity { offered: 0, .. } => (Duration::MAX, Over::Stalled),
            Activity { .. } => (patience.taking, Over::Stalled),
        };
        let left = activity.since.map_or(step, |since| limit.saturating_sub(since.elapsed()));
        if left.is_zero() {
            return over;
        }
        sleep(left.min(step)).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const PATIENCE: Patience =
        Patience { beginning: Duration::from_secs(5), idle: Duration::from_secs(10), taking: Duration::from_secs(20) };

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends_a_working_one_does_not() {
        let traffic = Traffic::default();
        let flight = traffic.begin();
        let began = Instant::now();
        tokio::spawn(async move {
            sleep(Duration::from_secs(1_000)).await;
            drop(flight);
        });
        assert_eq!(over(traffic, PATIENCE).await, Over::Idle);
        assert_eq!(began.elapsed().as_secs(), 1_010);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_nobody_takes_ends_its_connection() {
        use axum::body::Body;
        use axum::http::Response;
        use http_body_util::BodyExt;

        let traffic = Traffic::default();
        let mut reply = traffic.begin().replies(Response::new(Body::from("piece")));
        let computing = traffic.begin();
        let began = Instant::now();
        reply.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(over(traffic, PATIENCE).await, Over::Stalled);
        assert_eq!(began.elapsed().as_secs(), 20);
        drop((reply, computing));
    }
}
