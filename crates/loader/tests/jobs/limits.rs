//! One load at a time, modes, retention, and what a start is refused for.

use loader::request::{Format, LoadRequest, Mode};
use loader::{JobState, LoaderConfig, Phase, StartError, StatusError, StatusQuery};
use serde_json::json;

use super::house::{Gate, House};

#[test]
fn one_load_at_a_time() {
    let gate = Gate::at(Phase::Parsing, 0);
    let house = House::gated(&gate, |_| {});
    house.file("v.csv", "~id\na\n");
    house.file("w.csv", "~id\nb\n");
    let first = house.start(house.request("v.csv", Format::Csv));
    gate.wait_held();
    let second = house.request("w.csv", Format::Csv);
    let refused = house.loader.start(second.clone(), None).expect_err("one load runs");
    assert_eq!(
        refused.to_string(),
        format!(
            "Failed to start new load for the source {}. Max concurrent load limit breached. Limit is 1",
            second.source
        )
    );
    assert_eq!(house.loader.list(100, true), [first.to_string()]);
    assert_eq!(house.loader.counters().jobs[&JobState::InProgress], 1);
    gate.open();
    house.ended(first);
    let status = house.load(second);
    assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED");
    assert_eq!(house.loader.counters().records_loaded, 2, "a vertex alone is one record");
    assert_eq!(house.loader.counters().jobs[&JobState::Completed], 2);
}

#[test]
fn the_oldest_jobs_are_forgotten() {
    let house = House::with(|config: &mut LoaderConfig| config.retained_jobs = 3);
    house.file("v.csv", "~id,~label,n:Int\na,L,wrong\n");
    let ids: Vec<_> = (0..5)
        .map(|_| {
            let id = house.start(house.request("v.csv", Format::Csv));
            house.ended(id);
            id.to_string()
        })
        .collect();
    let kept: Vec<_> = ids.iter().rev().take(3).cloned().collect();
    assert_eq!(house.loader.list(100, true), kept);
    assert_eq!(house.loader.list(2, true).len(), 2);
    assert!(matches!(house.loader.status(&ids[0], StatusQuery::default()), Err(StatusError::NotFound { .. })));
    let journal = house.store.journal();
    for prefix in ["loader/job/", "loader/feeds/", "loader/errors/"] {
        assert_eq!(journal.scan(prefix.as_bytes()).expect("the journal reads").len(), 3, "{prefix}");
    }
    assert_eq!(house.reopened().loader.list(100, true), kept);
}

#[test]
fn refused_starts_leave_nothing() {
    let house = House::new();
    for source in ["/no/such/file", "ftp://x", "s3://B", "file://relative"] {
        let request = LoadRequest { mode: Mode::New, ..LoadRequest::new(source, Format::Csv) };
        let refused = house.loader.start(request, None).expect_err(source);
        assert!(matches!(refused, StartError::Source(_)), "{source}: {refused}");
    }
    assert!(house.loader.list(100, true).is_empty());
    let off = House::with(|config| config.disabled = true);
    assert!(matches!(off.loader.start(off.request("v.csv", Format::Csv), None), Err(StartError::Unsupported(_))));
    assert!(matches!(off.loader.cancel("garbage", None), Err(loader::CancelError::Unsupported(_))));
}

#[test]
fn the_status_of_what_is_not_there() {
    let house = House::new();
    let unknown = "00000000-0000-4000-8000-000000000000";
    let error = house.loader.status(unknown, StatusQuery::default()).expect_err("unknown");
    assert_eq!(error.to_string(), format!("The load with id = {unknown} does not exist"));
    let error = house.loader.status("x", StatusQuery::default()).expect_err("no id");
    assert_eq!(error.to_string(), "Invalid loadId: x");
    assert_eq!(house.loader.progress(unknown), None);
}

#[test]
fn a_panic_ends_the_job_and_not_the_process() {
    for phase in [Phase::Listing, Phase::Downloading, Phase::Parsing, Phase::Preparing, Phase::Publishing] {
        let house = House::panicking(phase);
        house.file("v.csv", "~id,~label\na,L\n");
        let status = house.load(house.request("v.csv", Format::Csv));
        assert_eq!(status["overallStatus"]["status"], "LOAD_UNEXPECTED_ERROR", "{phase:?}: {status}");
        assert_eq!(status["errors"]["errorLogs"][0]["errorCode"], "INTERNAL_ERROR");
        assert_eq!(status["overallStatus"]["totalRecords"], 0);
        let status = house.load(house.request("v.csv", Format::Csv));
        assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED", "{phase:?}: {status}");
        assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}]));
        house.check();
    }
}
