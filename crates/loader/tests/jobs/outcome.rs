//! What a load that met errors comes to: with a tolerance, and without.

use loader::request::{Format, LoadRequest};
use model::Dataset;
use serde_json::{Value, json};

use super::errors::adds_up;
use super::house::{House, rows};

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
