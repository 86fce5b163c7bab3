//! A call that is sent again is answered again (design §9, "Retries").

use loader::request::Format;
use loader::{Attempt, CancelError, Phase};

use super::house::{Gate, House};

const fn attempt(number: u8) -> Attempt {
    Attempt { fingerprint: [number; 16] }
}

#[test]
fn a_repeated_start_is_one_job_even_after_a_restart() {
    let house = House::new();
    house.file("v.csv", "~id\na\n");
    let request = house.request("v.csv", Format::Csv);
    let id = house.loader.start(request.clone(), Some(attempt(1))).expect("it starts");
    assert_eq!(house.loader.start(request.clone(), Some(attempt(1))).expect("a repeat"), id);
    house.ended(id);
    assert_eq!(house.loader.start(request.clone(), Some(attempt(1))).expect("a repeat"), id);
    let house = house.reopened();
    assert_eq!(house.loader.start(request.clone(), Some(attempt(1))).expect("a repeat"), id);
    let other = house.loader.start(request, Some(attempt(2))).expect("a new call");
    assert_ne!(other, id);
    house.ended(other);
    assert_eq!(house.loader.list(100, true), [other.to_string(), id.to_string()]);
}

#[test]
fn a_refused_start_is_tried_again() {
    let house = House::new();
    let request = house.request("v.csv", Format::Csv);
    house.loader.start(request.clone(), Some(attempt(1))).expect_err("there is no such file");
    assert!(house.loader.list(100, true).is_empty());
    house.file("v.csv", "~id\na\n");
    let id = house.loader.start(request, Some(attempt(1))).expect("now there is");
    house.ended(id);
}

#[test]
fn a_repeated_cancel_is_answered_as_the_first() {
    let gate = Gate::at(Phase::Parsing, 0);
    let house = House::gated(&gate, |_| {});
    house.file("v.csv", "~id\na\n");
    let id = house.start(house.request("v.csv", Format::Csv)).to_string();
    gate.wait_held();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| house.loader.cancel(&id, Some(attempt(7))));
        let repeat = scope.spawn(|| house.loader.cancel(&id, Some(attempt(7))));
        let other = scope.spawn(|| house.loader.cancel(&id, Some(attempt(8))));
        while !house.loader.is_stopping(&id) {
            std::thread::yield_now();
        }
        gate.open();
        first.join().expect("no panic").expect("the first is answered");
        repeat.join().expect("no panic").expect("the repeat too");
        // A call of its own: it either waited too, or came too late.
        let _ = other.join().expect("no panic");
    });
    house.loader.cancel(&id, Some(attempt(7))).expect("the same answer");
    assert!(matches!(house.loader.cancel(&id, Some(attempt(9))), Err(CancelError::NotFound { .. })));
    let house = house.reopened();
    house.loader.cancel(&id, Some(attempt(7))).expect("the same answer after a restart");
    assert!(matches!(house.loader.cancel(&id, Some(attempt(9))), Err(CancelError::NotFound { .. })));
}

#[test]
fn concurrent_repeats_of_a_start_are_one_job() {
    let house = House::new();
    house.file("v.csv", "~id\na\n");
    let request = house.request("v.csv", Format::Csv);
    let ids: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> =
            (0..6).map(|_| scope.spawn(|| house.loader.start(request.clone(), Some(attempt(3))))).collect();
        starts.into_iter().map(|start| start.join().expect("no panic").expect("it starts")).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(house.loader.list(100, true).len(), 1);
    house.ended(ids[0]);
}
