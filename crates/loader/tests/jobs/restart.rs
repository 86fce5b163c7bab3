//! What a restart finds: jobs, errors, and the one that was running.

use loader::request::{Format, LoadRequest, RequestKeys};
use loader::{CancelError, Phase, StartError};
use model::Dataset;
use serde_json::json;

use super::house::{Gate, House, names, rows};

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

/// The process ends in the middle: what was published stays and is counted, and the job runs on in the next one.
#[test]
fn a_running_job_goes_on() {
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
    house.loader.shutdown();
    let status = house.status(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_IN_PROGRESS");
    assert!(house.records(Dataset::Pg) > 0, "two publishes came through");
    assert_eq!(status["errors"]["errorLogs"], json!([]));
    let again = house.request("g", Format::Csv);
    assert!(matches!(house.loader.start(again.clone(), None), Err(StartError::ShuttingDown)));
    assert!(matches!(house.loader.cancel(&id.to_string(), None), Err(CancelError::ShuttingDown)));
    let house = house.reopened();
    house.loader.take_up();
    assert!(
        house.status(id)["overallStatus"]["totalTimeSpent"].as_u64()
            >= status["overallStatus"]["totalTimeSpent"].as_u64()
    );
    let ended = house.ended(id);
    assert_eq!(ended["overallStatus"]["status"], "LOAD_COMPLETED", "{ended}");
    assert_eq!(ended["overallStatus"]["totalRecords"], 401);
    assert_eq!(ended["overallStatus"]["totalDuplicates"], 0);
    assert_eq!(ended["overallStatus"]["runNumber"], 1);
    assert_eq!(ended["overallStatus"]["startTime"], status["overallStatus"]["startTime"]);
    assert_eq!(house.loader.list(100, true), [id.to_string()]);
    assert_eq!(house.vertices().len(), 201);
    house.check();
}

/// A process that ends before the files are listed: there is nothing to go on from, and the load begins anew.
#[test]
fn a_job_that_had_not_listed_its_files_begins_anew() {
    let gate = Gate::at(Phase::Listing, 0);
    let house = House::gated(&gate, |_| {});
    house.file("v.csv", "~id,~label\na,L\n");
    let id = house.start(house.request("v.csv", Format::Csv));
    gate.wait_held();
    let house = house.restarted(&gate, id, |_| {});
    assert_eq!(house.ended(id)["overallStatus"]["status"], "LOAD_COMPLETED");
    assert_eq!(house.vertices(), names(&["a"]));
}

/// Its source is not what it was: the load ends, and says so; what was published is counted.
#[test]
fn a_job_whose_files_are_gone_fails() {
    for fail_on_error in [false, true] {
        let gate = Gate::at(Phase::Staging, 6);
        let house = House::gated(&gate, |config| {
            config.block_bytes = 100;
            config.stage_at = Some(20);
            config.publish_at = Some(60);
        });
        let path = house.file("v.csv", format!("~id,~label,n:Int\n{}", rows(400, |row| format!("v{row},L,{row}\n"))));
        let id = house.start(LoadRequest { fail_on_error, ..house.request("v.csv", Format::Csv) });
        gate.wait_held();
        std::fs::remove_file(path).expect("the file");
        let house = house.restarted(&gate, id, |_| {});
        let status = house.ended(id);
        assert_eq!(status["overallStatus"]["status"], "LOAD_FAILED", "{status}");
        assert_eq!(status["feedCount"], json!([{"LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED": 1}]));
        assert_eq!(status["errors"]["errorLogs"][0]["errorCode"], "FILE_MODIFICATION_OR_DELETION_ERROR");
        assert_eq!(status["errors"]["endIndex"], 1);
        assert_eq!(status["overallStatus"]["totalRecords"], house.records(Dataset::Pg));
        assert!(house.records(Dataset::Pg) > 120, "what was sealed stays");
        house.check();
    }
}

/// Keys of a request are in memory only.
#[test]
fn a_job_that_lost_its_keys_fails() {
    let gate = Gate::at(Phase::Publishing, 1);
    let house = House::gated(&gate, |config| {
        config.block_bytes = 100;
        config.stage_at = Some(20);
        config.publish_at = Some(60);
    });
    house.file("v.csv", format!("~id,~label,n:Int\n{}", rows(400, |row| format!("v{row},L,{row}\n"))));
    let keys = RequestKeys { access_key: "known".to_owned(), secret_key: "only here".to_owned() };
    let id = house.start(LoadRequest { keys: Some(keys), ..house.request("v.csv", Format::Csv) });
    gate.wait_held();
    let house = house.restarted(&gate, id, |_| {});
    let status = house.ended(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_FAILED", "{status}");
    let message = status["errors"]["errorLogs"][0]["errorMessage"].as_str().expect("a message");
    assert!(message.contains("in memory only") && message.contains("RESUME"), "{message}");
    assert_eq!(status["overallStatus"]["totalRecords"], house.records(Dataset::Pg), "what was published stays");
    assert!(house.records(Dataset::Pg) > 0);
    assert_eq!(house.store.journal().scan(b"loader/seal/").expect("a journal"), []);
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
