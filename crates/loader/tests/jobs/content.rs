//! What is loaded and how it is counted, when nothing is wrong (spec/loader.md §4.4, §11).

use loader::request::{Format, LoadRequest, Parallelism};
use model::{Dataset, TermRef};
use serde_json::{Value, json};

use super::house::{House, names, rows};

const PEOPLE: &str = "~id,~label,name:String,team:String\na,Person,Ann,Red\nb,Person,Bo,Blue\n";
const KNOWS: &str = "~id,~from,~to,~label,since:Int\nk,a,b,KNOWS,2001\n";

/// The counters of a status, in short.
pub(crate) fn counts(status: &Value) -> Value {
    let overall = &status["overallStatus"];
    json!([overall["status"], overall["totalRecords"], overall["totalDuplicates"]])
}

#[test]
fn two_identical_rows_are_six_records_and_three_duplicates() {
    let house = House::new();
    house.file("v.csv", "~id,~label,name,team\na,Person,Ann,Red\na,Person,Ann,Red\n");
    let status = house.load(house.request("v.csv", Format::Csv));
    assert_eq!(counts(&status), json!(["LOAD_COMPLETED", 6, 3]));
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}]));
    assert_eq!(status["failedFeeds"], json!([]));
    assert_eq!(status["errors"]["endIndex"], 0);
    assert_eq!(house.records(Dataset::Pg), 3);
    house.check();
}

#[test]
fn loaded_again_every_record_is_a_duplicate() {
    let house = House::new();
    house.file("g/b-people.csv", PEOPLE);
    house.file("g/a-knows.csv", KNOWS);
    let first = house.load(house.request("g", Format::Csv));
    assert_eq!(counts(&first), json!(["LOAD_COMPLETED", 8, 0]));
    let before = house.quads(Dataset::Pg);
    let second = house.load(house.request("g", Format::Csv));
    assert_eq!(counts(&second), json!(["LOAD_COMPLETED", 8, 8]));
    assert_eq!(second["overallStatus"]["runNumber"], 2);
    assert_eq!(house.quads(Dataset::Pg), before);
    let report = house.check();
    assert_eq!((report.datasets[0].vertices, report.datasets[0].edges), (2, 1));
}

/// The edge file sorts first: vertices are loaded before edges all the same, unless the request says otherwise.
#[test]
fn vertices_come_first() {
    let house = House::new();
    house.file("g/a-knows.csv", KNOWS);
    house.file("g/b-people.csv", PEOPLE);
    house.file("g/c-more.csv", "~id\nc\n");
    assert_eq!(counts(&house.load(house.request("g", Format::Csv))), json!(["LOAD_COMPLETED", 9, 0]));
    assert_eq!(house.vertices(), names(&["a", "b", "c"]));
    assert_eq!(house.edges(), names(&["k"]));
}

#[test]
fn an_empty_file_is_a_completed_feed() {
    let house = House::new();
    house.file("g/a.csv", "");
    house.file("g/b.csv", PEOPLE);
    let status = house.load(house.request("g", Format::Csv));
    assert_eq!(counts(&status), json!(["LOAD_COMPLETED", 6, 0]));
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 2}]));
}

/// Block size, number of threads and how often is published change nothing.
#[test]
fn the_outcome_does_not_depend_on_how_it_was_made() {
    let vertices = rows(500, |row| {
        let text = if row % 7 == 0 { "\"two\nlines\"" } else { "one" };
        let number = if row % 50 == 49 { "wrong".to_owned() } else { row.to_string() };
        format!("v{row},L{},{text},{number}\n", row % 3)
    });
    let vertices = format!("~id,~label,t:String,n:Int\n{vertices}");
    let edges = rows(500, |row| format!("e{row},v{row},v{},NEXT\n", (row + 1) % 500));
    let edges = format!("~id,~from,~to,~label\n{edges}");
    let run = |adjust, parallelism, fail_on_error| {
        let house = House::with(adjust);
        house.file("g/e.csv", &edges);
        house.file("g/v.csv", &vertices);
        let mut request = house.request("g", Format::Csv);
        request.parallelism = parallelism;
        request.fail_on_error = fail_on_error;
        let mut status = house.load(request);
        house.check();
        let errors = status["errors"]["errorLogs"].take();
        let lines: Vec<_> = errors
            .as_array()
            .expect("an array")
            .iter()
            .map(|error| (error["recordNum"].clone(), error["line"].clone(), error["errorMessage"].clone()))
            .collect();
        (counts(&status), status["feedCount"].clone(), lines, house.vertices(), house.edges())
    };
    for fail_on_error in [true, false] {
        let straight = run(|_| {}, Parallelism::Low, fail_on_error);
        assert_eq!(straight.2.len(), if fail_on_error { 1 } else { 30 });
        for (adjust, parallelism) in [
            ((|config| config.block_bytes = 100) as fn(&mut loader::LoaderConfig), Parallelism::Oversubscribe),
            (|config| config.publish_at = Some(1), Parallelism::High),
            (
                |config| {
                    config.block_bytes = 1;
                    config.publish_at = Some(100);
                },
                Parallelism::Oversubscribe,
            ),
        ] {
            let made_otherwise = run(adjust, parallelism, fail_on_error);
            // Lines of rows that refer to missing vertices are told where they are certain; compare the rest.
            assert_eq!((&straight.0, &straight.1), (&made_otherwise.0, &made_otherwise.1));
            assert_eq!((&straight.3, &straight.4), (&made_otherwise.3, &made_otherwise.4));
            let messages = |lines: &[(Value, Value, Value)]| -> Vec<_> {
                lines.iter().map(|(record, _, message)| (record.clone(), message.clone())).collect()
            };
            assert_eq!(messages(&straight.2), messages(&made_otherwise.2));
            for (one, other) in straight.2.iter().zip(&made_otherwise.2) {
                assert!(one.1 == other.1 || one.1.is_null() || other.1.is_null(), "{one:?} {other:?}");
            }
        }
    }
}

#[test]
fn rdf_formats_load_and_blank_nodes_are_a_files_own() {
    let house = House::with(|config| config.block_bytes = 64);
    let line = "<http://ex.test/a> <http://ex.test/p> _:x .\n";
    house.file("nt/a.nt", line.repeat(10));
    house.file("nt/b.nt", line);
    assert_eq!(counts(&house.load(house.request("nt", Format::NTriples))), json!(["LOAD_COMPLETED", 11, 9]));
    assert_eq!(house.quads(Dataset::Rdf).len(), 2);

    house.file("ttl/a.ttl", "@prefix : <http://ex.test/> . :s :p 1, 2 ; :q [ :r :s ] .");
    house.file("ttl/b.ttl", "@prefix : <http://ex.test/> . :s :p 1, 3 .");
    assert_eq!(counts(&house.load(house.request("ttl", Format::Turtle))), json!(["LOAD_COMPLETED", 6, 1]));

    let xml = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://ex.test/">
        <rdf:Description rdf:about="http://ex.test/x"><e:p>one</e:p><e:p>two</e:p></rdf:Description></rdf:RDF>"#;
    house.file("x.rdf", xml);
    assert_eq!(counts(&house.load(house.request("x.rdf", Format::RdfXml))), json!(["LOAD_COMPLETED", 2, 0]));
    house.check();
}

/// spec/loader.md §7.4: values that are there stay, what is lacking is added; duplicates are counted by row.
#[test]
fn a_second_opencypher_load_adds_and_never_changes() {
    let house = House::new();
    house.file("a.csv", ":ID,name:String,:LABEL\n1,Ann,Person\n2,Bo,Person\n");
    house.file("b.csv", ":ID,name:String,age:Int,:LABEL\n1,Other,5,Boss\n");
    assert_eq!(counts(&house.load(house.request("a.csv", Format::OpenCypher))), json!(["LOAD_COMPLETED", 4, 0]));
    let status = house.load(house.request("b.csv", Format::OpenCypher));
    assert_eq!(counts(&status), json!(["LOAD_COMPLETED", 3, 1]));
    assert_eq!(status["overallStatus"]["ignored"], 1);
    assert_eq!(house.records(Dataset::Pg), 6);
    house.check();
}

#[test]
fn opencypher_id_spaces_and_generated_ids() {
    let house = House::new();
    house.file("oc/players.csv", ":ID(player),name:String,:LABEL\n7,Ada,Player\n9,Bo,Player;Captain\n");
    house.file("oc/teams.csv", ":ID(team),name:String,:LABEL\n7,Reds,Team\n");
    house.file(
        "oc/plays.csv",
        ":START_ID(player),:END_ID(team),:TYPE,since:Int\n7,7,PLAYS_FOR,2019\n9,7,PLAYS_FOR,2020\n",
    );
    let strict = LoadRequest { fail_on_error: true, ..house.request("oc", Format::OpenCypher) };
    let status = house.load(strict.clone());
    let state = status["overallStatus"]["status"].as_str().expect("a status");
    assert!(["LOAD_FAILED", "LOAD_CANCELLED_DUE_TO_ERRORS"].contains(&state), "{status}");
    assert!(status["errors"]["errorLogs"][0]["errorMessage"].as_str().is_some_and(|text| text.contains(":ID")));
    let generated = LoadRequest { user_provided_edge_ids: false, ..strict };
    let status = house.load(generated);
    assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED", "{status}");
    let report = house.check();
    assert_eq!((report.datasets[0].vertices, report.datasets[0].edges), (3, 2));
}

/// spec/loader.md §2.8: with the flag TRUE a new value of a single property replaces what the element has, in the order
/// of rows, wherever epochs end; without it that is a violation.
#[test]
fn single_values_are_replaced_on_request() {
    let old = "~id,~label,age:Int(single),tag:String\na,P,1,x\nb,P,2,x\nc,P,3,x\n";
    // a: 1 → 7 → 8; b: 2 → 9 → 2, which it had; c: the same twice; d is new. `tag` is a set, and goes on being one.
    let new = "~id,age:Int(single),tag:String\na,7,y\na,8,x\nb,9,\nb,2,\nc,3,\nc,3,\nd,4,\nd,5,\n";
    let edge = "~id,~from,~to,~label,weight:Double\nk,a,b,KNOWS,0.5\n";
    let edge_again = "~id,~from,~to,~label,weight:Double\nk,a,b,KNOWS,0.75\n";
    for adjust in [
        (|_| {}) as fn(&mut loader::LoaderConfig),
        |config| {
            config.block_bytes = 1;
            config.stage_at = Some(1);
        },
        |config| {
            config.block_bytes = 1;
            config.publish_at = Some(1);
        },
    ] {
        let house = House::with(adjust);
        house.file("old/v.csv", old);
        house.file("old/e.csv", edge);
        house.file("new/v.csv", new);
        house.file("new/e.csv", edge_again);
        assert_eq!(counts(&house.load(house.request("old", Format::Csv))), json!(["LOAD_COMPLETED", 11, 0]));
        let before = house.quads(Dataset::Pg);

        let refused =
            house.load(LoadRequest { atomic: true, fail_on_error: true, ..house.request("new", Format::Csv) });
        assert_eq!(refused["errors"]["errorLogs"][0]["errorCode"], "SINGLE_CARDINALITY_VIOLATION");
        assert_eq!(house.quads(Dataset::Pg), before);

        let request = LoadRequest { update_single_cardinality_properties: true, ..house.request("new", Format::Csv) };
        let status = house.load(request.clone());
        // Twelve records: of ages 7, 8, 9, 2, 4, 5 are loaded in turn and 3, 3 are duplicates; tag y is new, x is there;
        // the edge is there, its weight changes.
        assert_eq!(counts(&status), json!(["LOAD_COMPLETED", 12, 4]));
        assert_eq!(status["overallStatus"]["insertErrors"], 0);
        assert!(house.has_values("age", &[8, 2, 3, 5].map(TermRef::Int)));
        assert!(house.has_values("tag", &["x", "x", "x", "y"].map(TermRef::String)));
        assert!(house.has_values("weight", &[TermRef::Double(0.75)]));
        house.check();

        // Once more: the values go round, and end as they were.
        let after = house.quads(Dataset::Pg);
        house.load(request);
        assert_eq!(house.quads(Dataset::Pg), after);
        house.check();
        let house = house.reopened();
        assert_eq!(house.quads(Dataset::Pg), after);
    }
}
