//! Bodies too large, encoded, slow or many at once.

use std::convert::Infallible;

use axum::http::HeaderValue;
use futures_util::stream;
use http_body_util::{Full, StreamBody};
use hyper::body::Frame;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn chunks(sizes: &[usize]) -> impl Body<Data = Bytes, Error = Infallible> + Send + use<> {
    let frames: Vec<_> = sizes.iter().map(|size| Ok(Frame::data(Bytes::from(vec![b'x'; *size])))).collect();
    StreamBody::new(stream::iter(frames))
}

async fn check(sizes: &[usize], limit: usize) -> Result<usize, Exception> {
    receive(&HeaderMap::new(), chunks(sizes), limit, PATIENCE, &Budget::new(8 << 20))
        .await
        .map(|received| received.into_bytes().len())
        .map_err(|failure| failure.exception)
}

#[tokio::test]
async fn sizes() {
    assert_eq!(check(&[], 10).await, Ok(0));
    assert_eq!(check(&[10], 10).await, Ok(10));
    assert_eq!(check(&[5, 5], 10).await, Ok(10));
    assert_eq!(check(&[5, 6], 10).await, Err(Exception::BadRequest));
    assert_eq!(check(&[0, 0, 11], 10).await, Err(Exception::BadRequest));
}

#[tokio::test]
async fn a_declared_size_over_the_limit_is_refused_before_anything_is_read() {
    let body = Full::new(Bytes::from_static(b"0123456789"));
    let failure = receive(&HeaderMap::new(), body, 9, PATIENCE, &Budget::new(1 << 20)).await.unwrap_err();
    assert_eq!(failure, Failure::new(Exception::BadRequest, "Request body over 9 bytes").over(Limit::Body));
}

#[tokio::test]
async fn an_encoding_is_refused_by_name() {
    for (encoding, accepted) in [("identity", true), ("gzip", false), ("zstd, gzip", false)] {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        let received = receive(&headers, chunks(&[1]), 9, PATIENCE, &Budget::new(1 << 20)).await;
        assert_eq!(received.is_ok(), accepted, "{encoding}");
    }
}

#[tokio::test]
async fn large_bodies_share_one_budget() {
    let budget = Budget::new(2 * UNIT);
    let limit = 10 * UNIT;
    let first = receive(&HeaderMap::new(), chunks(&[3 * UNIT]), limit, PATIENCE, &budget).await.unwrap();
    let second = receive(&HeaderMap::new(), chunks(&[2 * UNIT]), limit, PATIENCE, &budget).await.unwrap_err();
    assert_eq!(second.exception, Exception::TooManyRequests);
    receive(&HeaderMap::new(), chunks(&[UNIT]), limit, PATIENCE, &budget).await.expect("a small body needs no share");
    drop(first);
    receive(&HeaderMap::new(), chunks(&[2 * UNIT]), limit, PATIENCE, &budget).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_given_up_and_bytes_buy_time() {
    let stalled = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let began = Instant::now();
    let failure = receive(&HeaderMap::new(), stalled, 10, PATIENCE, &Budget::new(1 << 20)).await.unwrap_err();
    assert_eq!(failure.exception, Exception::ClientTimeout);
    assert_eq!(began.elapsed().as_secs(), 20);

    let slow = StreamBody::new(stream::unfold(0, |sent| async move {
        if sent == 10 {
            return None;
        }
        tokio::time::sleep(Duration::from_secs(4)).await;
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; 256 << 10]))), sent + 1))
    }));
    let received = receive(&HeaderMap::new(), slow, 10 << 20, PATIENCE, &Budget::new(8 << 20)).await.unwrap();
    assert_eq!(received.bytes.len(), 10 * (256 << 10));
}
