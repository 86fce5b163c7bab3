//! What a load that met errors comes to: with a tolerance, and without.

use loader::Phase;
use loader::request::{Format, LoadRequest, Mode};
use model::{Dataset, TermRef};
use serde_json::{Value, json};

use super::errors::adds_up;
use super::house::{Gate, House, rows};

fn state(status: &Value) -> &str {
    status["overallStatus"]["status"].as_str().expect("a status")
}

/// `count` rows of a vertex each, of which every tenth, from the first, is too wide.
fn with_bad_rows(prefix: &str, count: u32) -> String {
    let rows = rows(count, |row| format!("{prefix}{row},L{}\n", if row % 10 == 0 { ",surplus" } else { "" }));
    format!("~id,~label\n{rows}")
}

fn tolerating(house: &House, name: &str, tolerance: &str) -> LoadRequest {
    LoadRequest { tolerance: Some(tolerance.parse().expect("a tolerance")), ..house.request(name, Format::Csv) }
}

/// 200 records, 20 of them bad, in two files: the counters and the log are the same, whatever is tolerated.
#[test]
fn errors_within_the_tolerance_do_not_fail_a_load() {
    for (tolerance, ends) in
        [("20", "LOAD_COMPLETED"), ("19", "LOAD_FAILED"), ("10%", "LOAD_COMPLETED"), ("9.9%", "LOAD_FAILED")]
    {
        for (atomic, publish_at) in [(false, None), (false, Some(30)), (true, None)] {
            let house = House::hooked(|config| {
                config.publish_at = publish_at;
                config.block_bytes = 100;
            });
            house.file("t/a.csv", with_bad_rows("a", 150));
            house.file("t/b.csv", with_bad_rows("b", 50));
            let status = house.load(LoadRequest { atomic, ..tolerating(&house, "t", tolerance) });
            assert_eq!(state(&status), ends, "{tolerance}");
            assert_eq!(status["feedCount"], json!([{ ends: 2 }]), "{tolerance}");
            let overall = &status["overallStatus"];
            assert_eq!((&overall["totalRecords"], &overall["parsingErrors"]), (&json!(200), &json!(20)));
            assert_eq!(status["errors"]["endIndex"], 20);
            assert_eq!(
                status["failedFeeds"].as_array().map(Vec::len),
                Some(if ends == "LOAD_COMPLETED" { 0 } else { 2 })
            );
            adds_up(&house, &status, Dataset::Pg);
        }
    }
}

/// What could not be read is not a number of bad records: nobody knows how many there are.
#[test]
fn an_unreadable_file_is_not_tolerated() {
    let cut = with_bad_rows("c", 50) + "broken,\"L\"x\n" + &rows(50, |row| format!("lost{row},L\n"));
    for (name, file) in [("header", "~id,~label,n:Int,n:Int\na,L,1,2\n"), ("quoting", cut.as_str())] {
        let house = House::new();
        house.file("t/a.csv", with_bad_rows("a", 20));
        house.file("t/b.csv", file);
        let status = house.load(tolerating(&house, "t", "50%"));
        assert_eq!(state(&status), "LOAD_FAILED", "{name}");
        assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]), "{name}");
        assert!(status["failedFeeds"][0]["fullUri"].as_str().is_some_and(|uri| uri.ends_with("b.csv")), "{name}");
        adds_up(&house, &status, Dataset::Pg);
    }
}

/// Rows that the store refuses count like those that cannot be read.
#[test]
fn refused_edges_are_tolerated_too() {
    for (tolerance, ends) in [("2", "LOAD_COMPLETED"), ("1", "LOAD_FAILED")] {
        let house = House::new();
        house.file("t/v.csv", "~id,~label\na,L\nb,L\n");
        house.file("t/w.csv", "~id,~from,~to\n1,a,b\n2,a,nobody\n3,nobody,b\n");
        let status = house.load(tolerating(&house, "t", tolerance));
        assert_eq!(state(&status), ends);
        assert_eq!(status["overallStatus"]["insertErrors"], 2);
        adds_up(&house, &status, Dataset::Pg);
    }
}

/// What was loaded before is no reason for AUTO to do nothing, if all that was before was a dry run.
#[test]
fn a_dry_run_counts_as_no_load() {
    let house = House::new();
    house.file("v.csv", "~id,~label\na,L\nb,L\n");
    let auto = |dry_run| LoadRequest { mode: Mode::Auto, dry_run, ..house.request("v.csv", Format::Csv) };
    for _ in 0..2 {
        let status = house.load(auto(true));
        assert_eq!((state(&status), &status["overallStatus"]["totalRecords"]), ("LOAD_COMPLETED", &json!(2)));
        assert_eq!(house.loader.counters().records_loaded, 0);
    }
    let status = house.load(auto(false));
    assert_eq!((state(&status), &status["overallStatus"]["totalRecords"]), ("LOAD_COMPLETED", &json!(2)));
    assert_eq!((house.vertices().len(), house.loader.counters().records_loaded), (2, 2));
}

/// However small the memory is, and wherever it is stopped, a dry run leaves nothing, and nobody waits for it.
#[test]
fn a_dry_run_is_in_nobodys_way() {
    for phase in [Phase::Preparing, Phase::Writing, Phase::Staging, Phase::Publishing] {
        let gate = Gate::at(phase, u32::from(phase == Phase::Preparing));
        let house = House::gated(&gate, |config| {
            config.stage_at = Some(500);
            config.block_bytes = 1_000;
        });
        house.file("v.csv", format!("~id,~label\n{}", rows(2_000, |row| format!("v{row},L\n"))));
        let id = house.start(LoadRequest { dry_run: true, ..house.request("v.csv", Format::Csv) });
        gate.wait_held();
        // The writer slot is free.
        let mut writer = house.store.begin(Dataset::Pg);
        let label = TermRef::String("M");
        assert!(
            writer
                .insert(TermRef::Vertex("v7"), TermRef::Label, label, TermRef::DefaultGraph)
                .expect("the slot is free")
        );
        writer.commit().expect("a commit");
        let cancelled = phase != Phase::Publishing;
        if cancelled {
            std::thread::scope(|scope| {
                scope.spawn(|| house.loader.cancel(&id.to_string(), None).expect("it runs"));
                while !house.loader.is_stopping(&id.to_string()) {
                    std::thread::yield_now();
                }
                gate.open();
            });
        } else {
            gate.open();
        }
        let status = house.ended(id);
        let (ends, records) = if cancelled { ("LOAD_CANCELLED_BY_USER", 0) } else { ("LOAD_COMPLETED", 2_000) };
        assert_eq!((state(&status), &status["overallStatus"]["totalRecords"]), (ends, &json!(records)), "{phase:?}");
        assert_eq!((house.vertices().len(), house.segments().len()), (1, 0), "{phase:?}");
        house.check();
    }
}
