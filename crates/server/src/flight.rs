//! Requests in flight: how many there may be at once, and until when each counts.
//!
//! A request counts from its head to the last byte of its reply, so that replies which nobody takes count, too. Cancels
//! and looks at a status do not: whoever wants to see or end what fills the server must get through.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::exception::{Exception, Failure, Limit};

/// Places for the requests of all connections together.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    free: Arc<Semaphore>,
}

impl Places {
    /// So many places.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, free: Arc::new(Semaphore::new(most)) }
    }

    /// A place, until it is dropped.
    ///
    /// # Errors
    ///
    /// `TooManyRequestsException` if all are taken.
    pub(crate) fn take(&self) -> Result<OwnedSemaphorePermit, Failure> {
        Arc::clone(&self.free).try_acquire_owned().map_err(|_| {
            let text = format!("Too many requests: {} are in flight. Please retry later.", self.most);
            Failure::new(Exception::TooManyRequests, text).over(Limit::Requests)
        })
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.most.saturating_sub(self.free.available_permits())
    }
}

/// Keeps `place` until the body of `response` has been sent or dropped.
pub(crate) fn hold(response: Response<Body>, place: impl Send + 'static) -> Response<Body> {
    response.map(|body| Body::new(Held { body, _place: Box::new(place) }))
}

/// A body with something that lives as long.
struct Held {
    body: Body,
    _place: Box<dyn Send>,
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What the requests of one connection do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Requests in flight.
    pub(crate) requests: u32,
    /// Replies of which a piece was handed over and nothing more was asked for since.
    pub(crate) offered: u32,
    /// The last change, also that of a piece which was taken for another; `None` before the first request.
    pub(crate) since: Option<Instant>,
}

/// The activity of one connection. It is looked at now and then: to be told of each change would cost every request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic(Arc<Mutex<Activity>>);

impl Traffic {
    /// A request begins; it ends when what this returns is dropped, with [`Taken`] if there is a reply.
    pub(crate) fn begin(&self) -> Flight {
        self.change(|activity| activity.requests += 1);
        Flight(self.clone())
    }

    /// What it is now.
    pub(crate) fn now(&self) -> Activity {
        *self.activity()
    }

    fn change(&self, change: impl FnOnce(&mut Activity)) {
        let mut activity = self.activity();
        change(&mut activity);
        activity.since = Some(Instant::now());
    }

    fn activity(&self) -> MutexGuard<'_, Activity> {
        // Numbers are whole whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request of a connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Flight(Traffic);

impl Flight {
    /// The reply, of which each piece counts as activity.
    pub(crate) fn replies(self, response: Response<Body>) -> Response<Body> {
        response.map(|body| Body::new(Taken { body, flight: self, offered: false }))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.change(|activity| activity.requests -= 1);
    }
}

/// A body that tells when its pieces are taken.
struct Taken {
    body: Body,
    flight: Flight,
    /// Whether the last piece may still be waiting for the client.
    offered: bool,
}

impl Taken {
    fn set_offered(&mut self, offered: bool) {
        let before = std::mem::replace(&mut self.offered, offered);
        self.flight.0.change(|activity| {
            activity.offered = activity.offered - u32::from(before) + u32::from(offered);
        });
    }
}

impl hyper::body::Body for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.offered {
            self.set_offered(false);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_some() {
            self.set_offered(true);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.offered {
            self.set_offered(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::body::Body as _;

    use super::*;

    #[tokio::test]
    async fn a_place_is_kept_until_the_reply_is_gone() {
        let places = Places::new(1);
        let mut response = hold(Response::new(Body::from("reply")), places.take().unwrap());
        assert_eq!(response.body().size_hint().exact(), Some(5), "a reply keeps its length");
        let refused = places.take().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "TooManyRequestsException: Too many requests: 1 are in flight. Please retry later."
        );
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!((frame.into_data().unwrap(), places.taken()), (Bytes::from("reply"), 1));
        drop(response);
        assert_eq!(places.taken(), 0);
        drop(places.take().unwrap());
    }

    #[tokio::test]
    async fn traffic_tells_what_waits_for_the_client() {
        let traffic = Traffic::default();
        let now = || (traffic.now().requests, traffic.now().offered);
        assert_eq!(traffic.now().since, None);
        let (first, second) = (traffic.begin(), traffic.begin());
        assert_eq!(now(), (2, 0));
        let mut response = first.replies(Response::new(Body::from("reply")));
        drop(second);
        assert_eq!(now(), (1, 0));
        response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(now(), (1, 1));
        drop(response);
        assert_eq!(now(), (0, 0));
    }
}
