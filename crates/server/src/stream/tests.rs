//! Results small and large, failures early and late, clients that leave.

use std::time::Duration;

use http_body_util::BodyExt;

use super::*;
use crate::lanes::LaneSize;
use crate::watch::Ends;

fn lane() -> Lane {
    Lane::new("queries", LaneSize { running: 2, waiting: 2 })
}

fn terms(trailers: bool) -> Terms {
    let (watch, timer) = Watch::begin(Some(Duration::from_mins(10)), Ends::default());
    Terms { id: RequestId::random(), trailers, late_failure: LateFailure::Append, watch, timer }
}

fn broken() -> Failure {
    Failure::new(Exception::MemoryLimitExceeded, "Operation terminated (out of memory)")
}

async fn collect(response: Response<Body>) -> (String, Option<HeaderMap>) {
    let collected = response.into_body().collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    (String::from_utf8(collected.to_bytes().to_vec()).unwrap(), trailers)
}

#[tokio::test]
async fn a_small_result_has_a_length() {
    let response = reply(&lane(), terms(false), |sink| {
        sink.set_media_type("text/csv");
        sink.write_all(b"x\r\n1\r\n").unwrap();
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(response.headers()["content-type"], "text/csv");
    assert_eq!(hyper::body::Body::size_hint(response.body()).exact(), Some(6));
    assert_eq!(collect(response).await, ("x\r\n1\r\n".to_owned(), None));
}

#[tokio::test]
async fn a_failure_before_the_first_piece_is_the_reply() {
    let failure = reply(&lane(), terms(false), |sink| {
        sink.write_all(b"a beginning").unwrap();
        Err(broken())
    })
    .await
    .unwrap_err();
    assert_eq!(failure, broken());
}

#[tokio::test]
async fn a_large_result_comes_whole_and_in_order() {
    let response = reply(&lane(), terms(true), |sink| {
        for number in 0..100_000 {
            writeln!(sink, "{number}").unwrap();
        }
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(response.headers()["trailer"], "X-Neptune-Status, X-Neptune-Detail");
    let (text, trailers) = collect(response).await;
    assert!(text.lines().map(|line| line.parse::<u32>().unwrap()).eq(0..100_000));
    let trailers = trailers.unwrap();
    assert_eq!(trailers["x-neptune-status"], "200 OK");
    assert_eq!(trailers["x-neptune-detail"], "");
}

#[tokio::test]
async fn a_late_failure_is_appended_and_told_in_the_trailers() {
    let terms = terms(true);
    let id = terms.id;
    let response = reply(&lane(), terms, |sink| {
        sink.write_all(&vec![b'x'; PIECE]).unwrap();
        sink.write_all(b"y").unwrap();
        Err(broken())
    })
    .await
    .unwrap();
    let (text, trailers) = collect(response).await;
    assert_eq!(text[PIECE..], format!("y{}", broken().body(id)));
    let trailers = trailers.unwrap();
    assert_eq!(trailers["x-neptune-status"], "500 MemoryLimitExceededException");
    let detail = trailers["x-neptune-detail"].to_str().unwrap();
    let decoded: String = url::form_urlencoded::parse(detail.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    assert_eq!(decoded, broken().body(id));
    assert!(detail.contains("Operation+terminated+%28out+of+memory%29"), "{detail}");
}

#[tokio::test]
async fn a_file_breaks_off_unless_trailers_can_tell() {
    for trailers in [false, true] {
        let terms = Terms { late_failure: LateFailure::BreakOff, ..terms(trailers) };
        let response = reply(&lane(), terms, |sink| {
            sink.write_all(&vec![b'x'; PIECE]).unwrap();
            Err(broken())
        })
        .await
        .unwrap();
        let collected = response.into_body().collect().await;
        assert_eq!(collected.is_ok(), trailers);
        if let Ok(collected) = collected {
            assert_eq!(collected.trailers().unwrap()["x-neptune-status"], "500 MemoryLimitExceededException");
            assert_eq!(collected.to_bytes().len(), PIECE);
        }
    }
}

#[tokio::test]
async fn a_panic_after_the_first_piece_is_told_too() {
    let response = reply(&lane(), terms(false), |sink| {
        sink.write_all(&vec![b'x'; PIECE]).unwrap();
        panic!("a panic on purpose");
    })
    .await
    .unwrap();
    let (text, _) = collect(response).await;
    assert!(text[PIECE..].contains("InternalFailureException"), "{}", &text[PIECE..]);
}

#[tokio::test]
async fn a_client_that_leaves_ends_a_worker_that_waits_for_room() {
    let lane = lane();
    let (done, ended) = tokio::sync::oneshot::channel();
    let terms = terms(false);
    let token = terms.watch.token.clone();
    let response = reply(&lane, terms, move |sink| {
        let piece = vec![b'x'; PIECE];
        let error = loop {
            if let Err(error) = sink.write_all(&piece) {
                break error;
            }
        };
        done.send(error.kind()).unwrap();
        Ok(())
    })
    .await
    .unwrap();
    drop(response);
    assert_eq!(ended.await.unwrap(), io::ErrorKind::BrokenPipe);
    assert!(token.is_cancelled());
}

#[tokio::test]
async fn a_client_that_leaves_before_the_reply_pulls_the_token() {
    let lane = lane();
    let terms = terms(false);
    let token = terms.watch.token.clone();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let mut waiting = Box::pin(reply(&lane, terms, move |_| {
        gate.recv().ok();
        Ok(())
    }));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    assert!(!token.is_cancelled());
    drop(waiting);
    assert!(token.is_cancelled());
    drop(go);
}

#[tokio::test]
async fn the_deadline_is_the_failure_whatever_the_work_says() {
    let terms = terms(false);
    let watch = terms.watch.clone();
    let failure = reply(&lane(), terms, move |_| {
        watch.pull(Cause::Deadline);
        Err(broken())
    })
    .await
    .unwrap_err();
    assert_eq!(failure.exception, Exception::TimeLimitExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_does_not_stop_is_not_waited_for() {
    let lane = lane();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let failure = reply(&lane, terms(false), move |_| {
        gate.recv().ok();
        Ok(())
    })
    .await
    .unwrap_err();
    assert_eq!(failure.exception, Exception::TimeLimitExceeded);
    assert_eq!(lane.load().running, 1);
    drop(go);
}
