//! Loads that are all or nothing: invisible until their end, and gone without a trace if they do not come to it.

use std::sync::Arc;

use loader::request::{Format, LoadRequest};
use loader::{LoadId, LoaderConfig, Phase};
use model::{Dataset, Quad};
use serde_json::{Value, json};

use super::house::{Gate, House, names, rows};

/// Settings with which a graph of a few hundred rows is staged many times. Blocks are small, since those that were taken
/// when memory is full are parsed to the end.
fn many_stages(config: &mut LoaderConfig) {
    config.block_bytes = 60;
    config.stage_at = Some(50);
}

/// What is in the store before, the files of the load to come, and a request for it.
fn prepare(house: &House) -> (Vec<Quad>, LoadRequest) {
    house.file("before.csv", "~id,~label,n:Int\nv0,Before,-1\nold,Before,7\n");
    assert_eq!(state(&house.load(house.request("before.csv", Format::Csv))), "LOAD_COMPLETED");
    let vertices = rows(300, |row| format!("v{row},L,{row}\n"));
    let edges = rows(300, |row| format!("e{row},v{row},v{},NEXT\n", (row + 1) % 300));
    house.file("g/v.csv", format!("~id,~label,n:Int\n{vertices}"));
    house.file("g/e.csv", format!("~id,~from,~to,~label\n{edges}"));
    (house.quads(Dataset::Pg), atomic(house, "g"))
}

fn atomic(house: &House, name: &str) -> LoadRequest {
    LoadRequest { atomic: true, ..house.request(name, Format::Csv) }
}

fn state(status: &Value) -> &str {
    status["overallStatus"]["status"].as_str().expect("a status")
}

fn segment_files(house: &House) -> usize {
    std::fs::read_dir(house.path("../data/segments")).expect("the segments' directory").count()
}

/// Nothing of the load is in the directory, now or after a restart, and the next load finds everything as it was.
fn without_a_trace(house: House, id: LoadId, before: &[Quad], files: usize) {
    let status = house.status(id);
    assert_eq!(house.quads(Dataset::Pg), before);
    assert_eq!(house.store.usage().temporary_bytes, 0);
    assert!(segment_files(&house) <= files, "{} files, {files} before the load", segment_files(&house));
    house.check();
    let house = house.reopened();
    assert_eq!(house.status(id), status);
    assert_eq!(house.quads(Dataset::Pg), before);
    assert_eq!(state(&house.load(atomic(&house, "g"))), "LOAD_COMPLETED");
    assert_eq!((house.vertices().len(), house.edges().len()), (301, 300));
    house.check();
}

/// Held where only the last write is left to do, after many stages, nobody sees a thing.
#[test]
fn nothing_is_visible_before_everything_is() {
    let gate = Gate::open_one();
    let house = House::gated(&gate, many_stages);
    let (before, request) = prepare(&house);
    let files = segment_files(&house);
    gate.close_at(Phase::Staging, 8);
    let id = house.start(request);
    gate.wait_held();
    assert_eq!(house.quads(Dataset::Pg), before);
    assert!(segment_files(&house) > files, "what is staged is on disk");
    let live = house.status(id);
    assert_eq!(state(&live), "LOAD_IN_PROGRESS");
    assert!(live["overallStatus"]["totalRecords"].as_u64() > Some(400), "live: what was read so far: {live}");
    gate.close_at(Phase::Publishing, 0);
    gate.wait_held();
    assert_eq!(house.quads(Dataset::Pg), before);
    assert_eq!(house.status(id)["feedCount"], json!([{"LOAD_IN_PROGRESS": 2}]), "a feed completes when it is visible");
    gate.open();
    let status = house.ended(id);
    assert_eq!(state(&status), "LOAD_COMPLETED", "{status}");
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 2}]));
    assert_eq!(status["overallStatus"]["totalRecords"], 900);
    assert_eq!(house.quads(Dataset::Pg).len(), before.len() + 900);
    assert_eq!((house.vertices().len(), house.edges().len()), (301, 300));
    house.check();
    assert_eq!(house.loader.counters().records_loaded, 904);
}

#[test]
fn a_cancel_in_any_phase_leaves_nothing() {
    for (phase, nth) in [
        (Phase::Listing, 0),
        (Phase::Classifying, 0),
        (Phase::Downloading, 0),
        (Phase::Parsing, 0),
        (Phase::Parsing, 12),
        (Phase::Preparing, 0),
        (Phase::Preparing, 3),
        (Phase::Writing, 0),
        (Phase::Writing, 3),
        (Phase::Staging, 0),
        (Phase::Staging, 3),
        (Phase::Publishing, 0),
    ] {
        let gate = Gate::open_one();
        let house = House::gated(&gate, many_stages);
        let (before, request) = prepare(&house);
        let files = segment_files(&house);
        gate.close_at(phase, nth);
        let id = house.start(request);
        gate.wait_held();
        std::thread::scope(|scope| {
            let cancel = scope.spawn(|| house.loader.cancel(&id.to_string(), None));
            while !house.loader.is_stopping(&id.to_string()) {
                std::thread::yield_now();
            }
            gate.open();
            cancel.join().expect("no panic").unwrap_or_else(|error| panic!("{phase:?} {nth}: {error}"));
        });
        let status = house.status(id);
        assert_eq!(state(&status), "LOAD_CANCELLED_BY_USER", "{phase:?} {nth}");
        assert_eq!(status["overallStatus"]["totalRecords"], 0, "{phase:?} {nth}: {status}");
        without_a_trace(house, id, &before, files);
    }
}

/// The process ends after some stages. In the next one the load has not begun again when it is cancelled.
#[test]
fn a_cancel_after_a_restart_leaves_nothing() {
    let gate = Gate::open_one();
    let house = House::gated(&gate, many_stages);
    let (before, request) = prepare(&house);
    let files = segment_files(&house);
    gate.close_at(Phase::Staging, 4);
    let id = house.start(request);
    gate.wait_held();
    let next = Gate::at(Phase::Downloading, 0);
    let house = house.restarted(&gate, id, |config| {
        let next = Arc::clone(&next);
        config.pause = Some(Arc::new(move |phase| next.pass(phase)));
    });
    next.wait_held();
    assert_eq!(state(&house.status(id)), "LOAD_IN_PROGRESS");
    assert_eq!(house.quads(Dataset::Pg), before);
    assert!(segment_files(&house) > files, "what was staged waits");
    std::thread::scope(|scope| {
        let cancel = scope.spawn(|| house.loader.cancel(&id.to_string(), None));
        while !house.loader.is_stopping(&id.to_string()) {
            std::thread::yield_now();
        }
        next.open();
        cancel.join().expect("no panic").expect("the cancel wins");
    });
    let status = house.status(id);
    assert_eq!(state(&status), "LOAD_CANCELLED_BY_USER");
    assert_eq!(status["overallStatus"]["totalRecords"], 0);
    without_a_trace(house, id, &before, files);
}

/// It becomes visible at once, whatever came between.
#[test]
fn a_restart_does_not_make_it_visible() {
    let gate = Gate::open_one();
    let house = House::gated(&gate, many_stages);
    let (before, request) = prepare(&house);
    gate.close_at(Phase::Staging, 7);
    let id = house.start(request);
    gate.wait_held();
    let next = Gate::at(Phase::Publishing, 0);
    let house = house.restarted(&gate, id, |config| {
        let next = Arc::clone(&next);
        many_stages(config);
        config.pause = Some(Arc::new(move |phase| next.pass(phase)));
    });
    next.wait_held();
    assert_eq!(house.quads(Dataset::Pg), before);
    next.open();
    let status = house.ended(id);
    assert_eq!(state(&status), "LOAD_COMPLETED", "{status}");
    assert_eq!((status["overallStatus"]["totalRecords"].as_u64(), house.edges().len()), (Some(900), 300));
    house.check();
}

/// What an error leaves of a strict load: the error, told as a load that is not atomic would tell it.
#[test]
fn the_first_error_takes_everything_back() {
    let good = "~id,~from,~to,~label\n";
    let bad_row = rows(300, |row| format!("x{row},v1,v2,X{}\n", if row == 250 { ",surplus" } else { "" }));
    let no_end = rows(300, |row| format!("x{row},v1,{},X\n", if row == 250 { "nobody" } else { "v2" }));
    let both = rows(300, |row| match row {
        200 => "x200,v1,nobody,X\n".to_owned(),
        250 => "x250,v1,v2,X,surplus\n".to_owned(),
        _ => format!("x{row},v1,v2,X\n"),
    });
    for (text, feeds) in [
        (format!("{good}{bad_row}"), json!([{"LOAD_FAILED": 1}, {"LOAD_CANCELLED_DUE_TO_ERRORS": 2}])),
        (format!("{good}{no_end}"), json!([{"LOAD_FAILED": 1}, {"LOAD_CANCELLED_DUE_TO_ERRORS": 2}])),
        (format!("{good}{both}"), json!([{"LOAD_FAILED": 1}, {"LOAD_CANCELLED_DUE_TO_ERRORS": 2}])),
    ] {
        let house = House::with(many_stages);
        let (before, request) = prepare(&house);
        let files = segment_files(&house);
        house.file("g/x.csv", &text);
        let id = house.start(LoadRequest { fail_on_error: true, ..request.clone() });
        let status = house.ended(id);
        assert_eq!(state(&status), "LOAD_FAILED", "{status}");
        assert_eq!(status["feedCount"], feeds, "{status}");
        let overall = &status["overallStatus"];
        assert_eq!(overall["totalRecords"], 1, "nothing but the error is counted: {status}");
        let errors = ["parsingErrors", "datatypeMismatchErrors", "insertErrors"];
        assert_eq!(errors.iter().filter_map(|name| overall[name].as_u64()).sum::<u64>(), 1, "{status}");
        assert_eq!(house.loader.counters().errors, 1);

        let other = House::with(many_stages);
        prepare(&other);
        other.file("g/x.csv", &text);
        let plain = other.load(LoadRequest { fail_on_error: true, atomic: false, ..other.request("g", Format::Csv) });
        let told = |status: &Value| {
            let error = &status["errors"]["errorLogs"][0];
            json!([error["errorCode"], error["errorMessage"], error["recordNum"]])
        };
        assert_eq!(told(&status), told(&plain));
        assert_eq!(status["errors"]["endIndex"], 1);

        std::fs::remove_file(house.path("g/x.csv")).expect("the file");
        without_a_trace(house, id, &before, files);
    }
}

/// Files behind the one that stops the load were not begun; the load failed all the same.
#[test]
fn files_that_were_not_begun() {
    let house = House::new();
    house.file("s/a.csv", "~id,~label\na1,A\n");
    house.file("s/b.csv", "~id,~label\nb1,B,surplus\n");
    house.file("s/c.csv", "~id,~label\nc1,C\n");
    let status = house.load(LoadRequest { fail_on_error: true, ..atomic(&house, "s") });
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(
        status["feedCount"],
        json!([{"LOAD_NOT_STARTED": 1}, {"LOAD_FAILED": 1}, {"LOAD_CANCELLED_DUE_TO_ERRORS": 1}])
    );
    assert!(house.vertices().is_empty());
    // Nothing was loaded, so AUTO has nothing to skip.
    house.file("s/b.csv", "~id,~label\nb1,B\n");
    let auto = LoadRequest { mode: loader::request::Mode::Auto, ..atomic(&house, "s") };
    assert_eq!(state(&house.load(auto)), "LOAD_COMPLETED");
    assert_eq!(house.vertices(), names(&["a1", "b1", "c1"]));
}

/// With failOnError FALSE the good rows become visible at the end, at once.
#[test]
fn a_lenient_load_publishes_what_is_good() {
    let text = rows(300, |row| match row % 50 {
        10 => format!("x{row},v1,nobody,X\n"),
        20 => format!("x{row},v1,v2,X,surplus\n"),
        _ => format!("x{row},v1,v2,X\n"),
    });
    let gate = Gate::open_one();
    let house = House::gated(&gate, many_stages);
    let (before, request) = prepare(&house);
    house.file("g/x.csv", format!("~id,~from,~to,~label\n{text}"));
    gate.close_at(Phase::Publishing, 0);
    let id = house.start(request);
    gate.wait_held();
    assert_eq!(house.quads(Dataset::Pg), before);
    assert_eq!(house.status(id)["errors"]["errorLogs"], json!([]), "errors are told with the rows");
    gate.open();
    let status = house.ended(id);
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 2}, {"LOAD_FAILED": 1}]));
    assert_eq!(status["overallStatus"]["parsingErrors"], 6);
    assert_eq!(status["overallStatus"]["insertErrors"], 6);
    assert_eq!(status["errors"]["endIndex"], 12);
    assert_eq!(status["overallStatus"]["totalRecords"], 900 + 300);
    assert_eq!(house.edges().len(), 300 + 288);
    house.check();
}

#[test]
fn a_full_disk_leaves_nothing() {
    let house = House::full(&Gate::open_one());
    house.file("v.csv", "~id,~label\na,L\n");
    let status = house.load(atomic(&house, "v.csv"));
    assert_eq!(state(&status), "LOAD_FAILED", "{status}");
    assert_eq!(status["overallStatus"]["totalRecords"], 0);
    assert_eq!(status["feedCount"], json!([{"LOAD_FAILED": 1}]));
    assert_eq!(segment_files(&house), 0);
    let house = house.reopened();
    assert_eq!(state(&house.load(atomic(&house, "v.csv"))), "LOAD_COMPLETED");
}
