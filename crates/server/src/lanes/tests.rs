//! Full lanes, impatient callers, work that outlives its caller, panics.

use std::sync::mpsc;

use super::*;

const SMALL: LaneSize = LaneSize { running: 1, waiting: 1 };

#[tokio::test]
async fn a_full_lane_lets_one_wait_and_turns_the_next_away() {
    let lane = Lane::new("queries", SMALL);
    let first = lane.turn().await.unwrap();
    let mut second = Box::pin(lane.turn());
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(lane.load(), LaneSize { running: 1, waiting: 1 });

    let refused = lane.turn().await.unwrap_err();
    assert_eq!(refused.exception, Exception::TooManyRequests);
    assert_eq!(refused.message, "Too many requests: 1 queries are running and 1 are waiting. Please retry later.");

    drop(first);
    drop(second.await.unwrap());
    assert_eq!(lane.load(), LaneSize { running: 0, waiting: 0 });
}

#[tokio::test]
async fn one_who_stops_waiting_gives_the_place_back() {
    let lane = Lane::new("queries", SMALL);
    let _first = lane.turn().await.unwrap();
    let mut second = Box::pin(lane.turn());
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(second);
    assert_eq!(lane.load(), LaneSize { running: 1, waiting: 0 });
}

#[tokio::test]
async fn work_ends_though_nobody_waits_for_it() {
    let lane = Lane::new("starts", SMALL);
    let (go, gate) = mpsc::channel::<()>();
    let (done, finished) = mpsc::channel::<()>();
    let turn = lane.turn().await.unwrap();
    let mut run = Box::pin(lane.run(turn, move || {
        gate.recv().unwrap();
        done.send(()).unwrap();
    }));
    assert!(futures_util::poll!(&mut run).is_pending());
    drop(run);
    go.send(()).unwrap();
    finished.recv().unwrap();
    lane.turn().await.unwrap();
}

#[tokio::test]
async fn a_panic_is_an_internal_failure_and_frees_the_lane() {
    let lane = Lane::new("queries", SMALL);
    let turn = lane.turn().await.unwrap();
    let failure = lane.run(turn, || panic!("a panic on purpose")).await.unwrap_err();
    assert_eq!(failure.exception, Exception::InternalFailure);
    assert!(!failure.message.contains("on purpose"));
    lane.turn().await.unwrap();
}
