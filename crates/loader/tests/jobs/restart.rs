//! What a restart finds: jobs, errors, and the one that was running.

use loader::request::Format;
use loader::{Phase, StartError};
use model::Dataset;
use serde_json::json;

use super::house::{Gate, House, rows};

#[test]
fn ended_jobs_are_as_they_were() {
    let house = House::new();
    house.file("g/v.csv", "~id,~label,n:Int\na,L,1\nb,L,wrong\n");
    house.file("g/w.csv", "~id,~label\nc,L\n");
    let first = house.start(house.request("g", Format::Csv));
    let before = house.ended(first);
    let second = house.start(house.request("g/w.csv", Format::Csv));
    house.ended(second);
    let house = house.reopened();
    assert_eq!(house.status(first), before);
    assert_eq!(house.loader.list(100, true), [second.to_string(), first.to_string()]);
    let third = house.load(house.request("g", Format::Csv));
    assert_eq!(third["overallStatus"]["runNumber"], 2);
}

/// The process ends in the middle: what was published stays and is counted.
#[test]
fn a_running_job_ends_as_an_unexpected_error() {
    let gate = Gate::at(Phase::Publishing, 2);
    let house = House::gated(&gate, |config| {
        config.block_bytes = 200;
        config.publish_at = Some(60);
    });
    let rows = rows(200, |row| format!("v{row},L,{row}\n"));
    house.file("g/v.csv", format!("~id,~label,n:Int\n{rows}"));
    house.file("g/w.csv", "~id,~label\nw,L\n");
    let id = house.start(house.request("g", Format::Csv));
    gate.wait_held();
    std::thread::scope(|scope| {
        scope.spawn(|| house.loader.shutdown());
        while !house.loader.is_stopping(&id.to_string()) {
            std::thread::yield_now();
        }
        gate.open();
    });
    let status = house.status(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_UNEXPECTED_ERROR");
    assert_eq!(status["overallStatus"]["totalRecords"], house.records(Dataset::Pg));
    assert!(house.records(Dataset::Pg) > 0, "two publishes came through");
    assert_eq!(status["feedCount"], json!([{"LOAD_NOT_STARTED": 1}, {"LOAD_UNEXPECTED_ERROR": 1}]));
    assert_eq!(status["errors"]["errorLogs"][0]["errorCode"], "INTERNAL_ERROR");
    let again = house.request("g", Format::Csv);
    assert!(matches!(house.loader.start(again.clone(), None), Err(StartError::ShuttingDown)));
    let house = house.reopened();
    assert_eq!(house.status(id), status);
    let finished = house.load(again);
    assert_eq!(finished["overallStatus"]["status"], "LOAD_COMPLETED");
    assert_eq!(house.vertices().len(), 201);
    house.check();
}

#[test]
fn a_full_disk_fails_the_load_and_is_recorded() {
    let house = House::full(&Gate::open_one());
    house.file("v.csv", "~id,~label\na,L\n");
    let id = house.start(house.request("v.csv", Format::Csv));
    let status = house.ended(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_FAILED", "{status}");
    assert_eq!(status["overallStatus"]["totalRecords"], 0);
    assert_eq!(status["feedCount"], json!([{"LOAD_FAILED": 1}]));
    assert_eq!(status["errors"]["errorLogs"][0]["errorCode"], "INTERNAL_ERROR");
    let message = status["errors"]["errorLogs"][0]["errorMessage"].as_str().expect("a message");
    assert!(message.contains("no space left"), "{message}");
    // With space again, it loads.
    let house = house.reopened();
    assert_eq!(house.status(id), status);
    let again = house.load(house.request("v.csv", Format::Csv));
    assert_eq!(again["overallStatus"]["status"], "LOAD_COMPLETED", "{again}");
}

#[test]
fn a_cancel_works_on_a_full_disk() {
    let gate = Gate::at(Phase::Parsing, 0);
    let house = House::full(&gate);
    house.file("v.csv", "~id,~label\na,L\n");
    let id = house.start(house.request("v.csv", Format::Csv));
    gate.wait_held();
    std::thread::scope(|scope| {
        let cancel = scope.spawn(|| house.loader.cancel(&id.to_string(), None));
        while !house.loader.is_stopping(&id.to_string()) {
            std::thread::yield_now();
        }
        gate.open();
        cancel.join().expect("no panic").expect("the cancel wins");
    });
    assert_eq!(house.reopened().status(id)["overallStatus"]["status"], "LOAD_CANCELLED_BY_USER");
}
