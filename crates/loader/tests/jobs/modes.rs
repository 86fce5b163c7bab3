//! NEW, RESUME and AUTO: what is skipped, what is loaded again, and that nothing becomes two.

use loader::request::{Format, LoadRequest, Mode};
use loader::{Phase, StartError};
use model::Dataset;
use serde_json::{Value, json};

use super::house::{Gate, House, names};

fn with(mode: Mode, request: LoadRequest) -> LoadRequest {
    LoadRequest { mode, ..request }
}

/// State, records, duplicates and run number.
fn outcome(status: &Value) -> (&str, u64, u64, u64) {
    let overall = &status["overallStatus"];
    let number = |name: &str| overall[name].as_u64().expect("a number");
    (
        overall["status"].as_str().expect("a state"),
        number("totalRecords"),
        number("totalDuplicates"),
        number("runNumber"),
    )
}

#[test]
fn auto_on_a_source_that_was_loaded_loads_nothing_and_says_so() {
    let house = House::new();
    house.file("g/a.csv", "~id\na\n");
    house.file("g/b.csv", "~id\nb\n");
    let request = house.request("g", Format::Csv);
    let first = house.load(with(Mode::Auto, request.clone()));
    assert_eq!(outcome(&first), ("LOAD_COMPLETED", 2, 0, 1));
    assert!(first.get("skippedFeeds").is_none() && first.get("note").is_none());
    // Changed since, and skipped all the same: mode NEW is the way to load it again.
    house.file("g/a.csv", "~id\na\nc\n");
    for (mode, run) in [(Mode::Auto, 2), (Mode::Resume, 3)] {
        let again = house.load(with(mode, request.clone()));
        assert_eq!(outcome(&again), ("LOAD_COMPLETED", 0, 0, run));
        assert_eq!(again["feedCount"], json!([{"LOAD_COMPLETED": 2}]));
        assert_eq!(again["skippedFeeds"], 2);
        assert_eq!(
            again["note"],
            "Nothing was loaded: 2 of 2 files were loaded before and are skipped. Use mode NEW to load them again"
        );
    }
    assert_eq!(outcome(&house.load(with(Mode::New, request))), ("LOAD_COMPLETED", 3, 2, 4));
    assert_eq!(house.vertices(), names(&["a", "b", "c"]));
}

#[test]
fn what_makes_two_loads_loads_of_the_same() {
    let house = House::new();
    house.file("g/a.csv", "~id\na\n");
    let request = with(Mode::Auto, house.request("g/a.csv", Format::Csv));
    house.load(request.clone());
    let other_format = LoadRequest { format: Format::OpenCypher, ..request.clone() };
    assert_eq!(outcome(&house.load(other_format)).3, 1);
    let other_source = with(Mode::Auto, house.request("g", Format::Csv));
    assert_eq!(outcome(&house.load(other_source)), ("LOAD_COMPLETED", 1, 1, 1));
}

#[test]
fn resume_needs_something_to_resume() {
    let house = House::new();
    house.file("v.csv", "~id\na\n");
    let request = with(Mode::Resume, house.request("v.csv", Format::Csv));
    let refused = house.loader.start(request.clone(), None).expect_err("nothing was loaded before");
    assert_eq!(
        refused.to_string(),
        format!("Failed to start load from the source {}. No previous load found to resume.", request.source)
    );
    assert!(house.loader.list(100, true).is_empty());
    house.load(with(Mode::New, request.clone()));
    assert_eq!(outcome(&house.load(request)), ("LOAD_COMPLETED", 0, 0, 2));
}

/// What waits is resumed from what there is when its turn comes.
#[test]
fn a_resume_that_waits_goes_on_with_the_load_before_it() {
    let gate = Gate::at(Phase::Parsing, 0);
    let house = House::gated(&gate, |_| {});
    house.file("v.csv", "~id\na\n");
    house.file("w.csv", "~id\nb\n");
    let queued = |mode, name: &str| LoadRequest { queue_request: true, ..with(mode, house.request(name, Format::Csv)) };
    house.start(house.request("v.csv", Format::Csv));
    gate.wait_held();
    let refused = house.loader.start(queued(Mode::Resume, "w.csv"), None).expect_err("nothing to resume, ever");
    assert!(matches!(refused, StartError::NothingToResume { .. }));
    let resumed = house.start(queued(Mode::Resume, "v.csv"));
    let never_run = house.start(queued(Mode::New, "w.csv"));
    let in_vain = house.start(queued(Mode::Resume, "w.csv"));
    house.loader.cancel(&never_run.to_string(), None).expect("it waits");
    gate.open();
    assert_eq!(outcome(&house.ended(resumed)), ("LOAD_COMPLETED", 0, 0, 2));
    let status = house.ended(in_vain);
    assert_eq!(outcome(&status), ("LOAD_FAILED_INVALID_REQUEST", 0, 0, 2));
    let message = status["errors"]["errorLogs"][0]["errorMessage"].as_str().expect("a message");
    assert!(message.ends_with("No previous load found to resume."), "{message}");
}

#[test]
fn failed_and_new_files_are_loaded_and_successes_accumulate() {
    let house = House::new();
    house.file("g/a.csv", "~id\na\n");
    house.file("g/b.csv", "~id,n:Int\nb,1\nbb,wrong\n");
    let request = with(Mode::Auto, house.request("g", Format::Csv));
    let first = house.load(request.clone());
    assert_eq!(first["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]));
    assert_eq!(outcome(&first).1, 3);

    house.file("g/c.csv", "~id,n:Int\nc,wrong\n");
    let second = house.load(request.clone());
    assert_eq!(second["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 2}]));
    assert_eq!(outcome(&second), ("LOAD_FAILED", 3, 1, 2), "what was loaded of b counts as a duplicate");
    assert_eq!(second["skippedFeeds"], 1);
    assert_eq!(second["note"], "1 of 3 files were loaded before and are skipped. Use mode NEW to load them again");
    assert_eq!(second["failedFeeds"].as_array().map(Vec::len), Some(2));

    let house = house.reopened();
    house.file("g/b.csv", "~id,n:Int\nb,1\nbb,2\n");
    let third = house.load(request.clone());
    assert_eq!(third["feedCount"], json!([{"LOAD_COMPLETED": 2}, {"LOAD_FAILED": 1}]));
    house.file("g/c.csv", "~id,n:Int\nc,3\n");
    let fourth = house.load(with(Mode::Resume, request.clone()));
    assert_eq!(outcome(&fourth), ("LOAD_COMPLETED", 1, 0, 4));
    assert_eq!(fourth["skippedFeeds"], 2);
    assert_eq!(outcome(&house.load(request)), ("LOAD_COMPLETED", 0, 0, 5));
    assert_eq!(house.vertices(), names(&["a", "b", "bb", "c"]));
    house.check();
}

/// A file that was away while one of the chain was listed is still known to the next.
#[test]
fn a_file_that_was_away_is_skipped_when_it_is_back() {
    let house = House::new();
    house.file("g/a.csv", "~id\na\n");
    house.file("g/b.csv", "~id\nb\n");
    let request = with(Mode::Auto, house.request("g", Format::Csv));
    house.load(request.clone());
    std::fs::rename(house.path("g/b.csv"), house.path("b.away")).expect("it moves");
    assert_eq!(house.load(request.clone())["skippedFeeds"], 1);
    std::fs::rename(house.path("b.away"), house.path("g/b.csv")).expect("it moves");
    assert_eq!(house.load(request)["skippedFeeds"], 2);
}

/// Nodes and edges that the files do not name have the same names when a file is read again, and others in a NEW load.
#[test]
fn a_resume_of_unchanged_files_changes_nothing() {
    for (format, file, records) in [
        (Format::NTriples, "_:a <http://x/p> _:b .\n_:a <http://x/p> \"v\" .\nbroken\n", 2),
        (Format::NQuads, "_:a <http://x/p> _:b <http://x/g> .\nbroken\n", 1),
        (Format::Turtle, "_:a <http://x/p> [ <http://x/q> 1 ] .\n<http://x/s> <http://x/p> broken .\n", 2),
        (Format::OpenCypher, ":START_ID,:END_ID,:TYPE,n:Int\na,b,T,1\na,b,T,wrong\n", 2),
    ] {
        let house = House::new();
        if format == Format::OpenCypher {
            house.file("v.csv", ":ID\na\nb\n");
            house.load(house.request("v.csv", format));
        }
        house.file("g/f", file);
        let mut request = house.request("g", format);
        request.user_provided_edge_ids = false;
        let dataset = if format.is_rdf() { Dataset::Rdf } else { Dataset::Pg };
        let before = house.records(dataset);
        let first = house.load(with(Mode::New, request.clone()));
        assert_eq!(outcome(&first).0, "LOAD_FAILED", "{format}: {first}");
        let loaded = house.quads(dataset);
        assert_eq!(house.records(dataset) - before, records, "{format}: {first}");
        for mode in [Mode::Auto, Mode::Resume, Mode::Auto] {
            let again = house.load(with(mode, request.clone()));
            assert_eq!(outcome(&again).0, "LOAD_FAILED", "{format}: {again}");
            assert_eq!(house.quads(dataset), loaded, "{format} {mode:?}: the same names, nothing twice");
        }
        house.load(with(Mode::New, request));
        assert_eq!(house.records(dataset) - before, 2 * records, "{format}: a NEW load makes new ones");
        house.check();
    }
}

/// The first load of the chain gives the names even when it is no longer remembered.
#[test]
fn a_chain_outlives_its_first_load() {
    let house = House::with(|config| config.retained_jobs = 2);
    house.file("g/f.nt", "_:a <http://x/p> _:b .\nbroken\n");
    let request = with(Mode::Auto, house.request("g", Format::NTriples));
    house.load(request.clone());
    let loaded = house.quads(Dataset::Rdf);
    for _ in 0..4 {
        house.load(request.clone());
        assert_eq!(house.quads(Dataset::Rdf), loaded);
    }
    // But once all of it is forgotten, AUTO is NEW.
    house.file("other.nt", "");
    for _ in 0..2 {
        house.load(house.request("other.nt", Format::NTriples));
    }
    assert_eq!(outcome(&house.load(request)).3, 1);
    assert_eq!(house.quads(Dataset::Rdf).len(), 2 * loaded.len());
}

#[test]
fn an_atomic_load_that_is_resumed_takes_back_only_what_is_its_own() {
    let house = House::new();
    house.file("g/a.csv", "~id\na\n");
    house.file("g/b.csv", "~id,n:Int\nb,wrong\n");
    let request = with(Mode::Auto, house.request("g", Format::Csv));
    house.load(request.clone());
    house.file("g/c.csv", "~id\nc\n");
    let atomic = LoadRequest { atomic: true, fail_on_error: true, ..request };
    let status = house.load(atomic.clone());
    assert_eq!(status["skippedFeeds"], 1);
    assert_eq!(status["feedCount"], json!([{"LOAD_NOT_STARTED": 1}, {"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]));
    assert_eq!(house.vertices(), names(&["a"]));
    house.file("g/b.csv", "~id,n:Int\nb,1\n");
    let status = house.load(atomic);
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 3}]));
    assert_eq!(house.vertices(), names(&["a", "b", "c"]));
}

#[test]
fn what_is_gone_from_the_graph_is_forgotten() {
    let house = House::new();
    house.file("v.csv", "~id\na\n");
    house.file("t.nt", "<http://x/s> <http://x/p> \"v\" .\n");
    let vertices = with(Mode::Auto, house.request("v.csv", Format::Csv));
    let triples = with(Mode::Auto, house.request("t.nt", Format::NTriples));
    house.load(vertices.clone());
    house.load(triples.clone());
    house.loader.reset().expect("the store takes it");
    assert_eq!((house.records(Dataset::Pg), house.records(Dataset::Rdf)), (0, 0));
    let house = house.reopened();
    assert!(matches!(
        house.loader.start(with(Mode::Resume, vertices.clone()), None),
        Err(StartError::NothingToResume { .. })
    ));
    assert_eq!(outcome(&house.load(vertices.clone())), ("LOAD_COMPLETED", 1, 0, 2));
    assert_eq!(outcome(&house.load(vertices)), ("LOAD_COMPLETED", 0, 0, 3));
    assert_eq!(outcome(&house.load(triples)), ("LOAD_COMPLETED", 1, 0, 2));
    assert_eq!((house.vertices(), house.records(Dataset::Rdf)), (names(&["a"]), 1));
    house.check();
}
