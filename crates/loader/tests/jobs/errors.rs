//! What is wrong with files, and what becomes of the rest (spec/loader.md §2.6, §3.2, §5.3; the shared cases).

use std::io::Write;

use loader::request::{Format, LoadRequest};
use model::Dataset;
use serde_json::{Value, json};

use super::house::{House, names, rows};

/// Parsing, datatype and insert errors.
fn error_counts(status: &Value) -> Value {
    let overall = &status["overallStatus"];
    json!([overall["parsingErrors"], overall["datatypeMismatchErrors"], overall["insertErrors"]])
}

fn state(status: &Value) -> &str {
    status["overallStatus"]["status"].as_str().expect("a status")
}

/// The counters of a load into an empty store add up to what is there.
pub(crate) fn adds_up(house: &House, status: &Value, dataset: Dataset) {
    let overall = &status["overallStatus"];
    let number = |name: &str| overall[name].as_u64().expect("a number");
    let errors = number("parsingErrors") + number("datatypeMismatchErrors") + number("insertErrors");
    assert_eq!(
        number("totalRecords"),
        house.records(dataset) + number("totalDuplicates") + number("ignored") + errors,
        "{status}"
    );
    house.check();
}

#[test]
fn a_row_wider_than_its_header() {
    let house = House::new();
    house.file("wide/v.csv", "~id,~label\nm1,Mill\nm2,Mill\nm3,Mill\n");
    let edges = house.file(
        "wide/z-edges.csv",
        "~id,~from,~to,~label,since:Int\nr1,m1,m2,FEEDS,2011\nr2,m2,m3,FEEDS,2012,surplus\nr3,m3,m1,FEEDS,2013\n",
    );
    let status = house.load(house.request("wide", Format::Csv));
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(error_counts(&status), json!([1, 0, 0]));
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]));
    assert!(status["failedFeeds"][0]["fullUri"].as_str().is_some_and(|uri| uri.ends_with(&edges)));
    let error = &status["errors"]["errorLogs"][0];
    assert_eq!(error["errorCode"], "PARSING_ERROR");
    assert_eq!(error["recordNum"], 2);
    assert_eq!(error["line"], 3);
    assert!(error["errorMessage"].as_str().is_some_and(|text| text.starts_with("Record has more columns than header")));
    assert_eq!(house.edges(), names(&["r1", "r3"]));
    adds_up(&house, &status, Dataset::Pg);
}

#[test]
fn impossible_dates_are_reported_one_by_one() {
    let house = House::new();
    house.file(
        "v.csv",
        "~id,~label,born:Date\nd1,Cat,1987-05-04\nd2,Cat,1987-05-04T09:30\nd3,Cat,1987-05-04T09:30:15\n\
         d4,Cat,1987-05-04T09:30:15Z\nd5,Cat,1987-13-04\nd6,Cat,2001-02-30\nd7,Cat,1987-05-04T25:00:00\n\
         d8,Cat,04/05/1987\nd9,Cat,\n",
    );
    let status = house.load(house.request("v.csv", Format::Csv));
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(error_counts(&status), json!([0, 4, 0]));
    let logged = status["errors"]["errorLogs"].as_array().expect("an array");
    let found: Vec<_> = logged.iter().map(|error| (&error["recordNum"], &error["line"], &error["column"])).collect();
    let column = json!("born:Date");
    let [five, six, seven, eight, nine] = [5, 6, 7, 8, 9].map(Value::from);
    assert_eq!(
        found,
        [(&five, &six, &column), (&six, &seven, &column), (&seven, &eight, &column), (&eight, &nine, &column)]
    );
    for (error, text) in logged.iter().zip(["1987-13-04", "2001-02-30", "1987-05-04T25:00:00", "04/05/1987"]) {
        assert!(error["errorMessage"].as_str().is_some_and(|message| message.contains(text)), "{error}");
    }
    assert_eq!(house.vertices(), names(&["d1", "d2", "d3", "d4", "d9"]));
    adds_up(&house, &status, Dataset::Pg);
}

#[test]
fn a_bad_header_fails_its_file_only() {
    let house = House::new();
    house.file("arr/v.csv", "~id,~label\nk1,Kiln\nk2,Kiln\n");
    house.file("arr/w-edges.csv", "~id,~from,~to,~label,grades:Int[]\nf1,k1,k2,FIRES,3;4;5\nf2,k2,k1,FIRES,7\n");
    let status = house.load(house.request("arr", Format::Csv));
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(error_counts(&status), json!([1, 0, 0]));
    let error = &status["errors"]["errorLogs"][0];
    assert_eq!((&error["errorCode"], &error["recordNum"]), (&json!("PARSING_ERROR"), &json!(0)));
    assert!(error["errorMessage"].as_str().is_some_and(|text| text.contains("grades")));
    assert_eq!(house.vertices(), names(&["k1", "k2"]));
    assert!(house.edges().is_empty());
    adds_up(&house, &status, Dataset::Pg);
}

#[test]
fn one_edge_id_on_two_edges() {
    let house = House::new();
    house.file("dup/v.csv", "~id,~label\ns1,Site\ns2,Site\ns3,Site\n");
    house.file(
        "dup/w-edges.csv",
        "~id,~from,~to,~label,kg:Int\np1,s1,s2,SHIPS,10\np1,s1,s3,SHIPS,11\np2,s2,s3,SHIPS,12\np3,s3,s1,SHIPS,13\n\
         p3,s3,s1,SHIPS,13\n",
    );
    let status = house.load(house.request("dup", Format::Csv));
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(error_counts(&status), json!([0, 0, 1]));
    assert_eq!(status["overallStatus"]["totalDuplicates"], 2);
    let error = &status["errors"]["errorLogs"][0];
    assert_eq!(error["errorCode"], "ID_ASSIGNED_TO_MULTIPLE_EDGES");
    assert_eq!(error["errorMessage"], "The edge id 'p1' is assigned to multiple edges.");
    assert_eq!((&error["recordNum"], &error["line"]), (&json!(0), &json!(3)));
    assert_eq!(house.edges(), names(&["p1", "p2", "p3"]));
    adds_up(&house, &status, Dataset::Pg);
}

#[test]
fn an_edge_without_an_end() {
    let house = House::new();
    house.file("gap/nodes.csv", "~id,~label\nw1,Work\nw2,Work\n");
    house.file("gap/rels.csv", "~id,~from,~to,~label\nx1,w1,w2,CITES\nx2,w2,w404,CITES\nx3,w2,w1,CITES\n");
    let status = house.load(house.request("gap", Format::Csv));
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(error_counts(&status), json!([0, 0, 1]));
    let error = &status["errors"]["errorLogs"][0];
    assert_eq!(error["errorCode"], "FROM_OR_TO_VERTEX_ARE_MISSING");
    assert_eq!(error["errorMessage"], "Either from vertex, 'w2', or to vertex, 'w404', is not present.");
    assert_eq!((&error["recordNum"], &error["line"]), (&json!(0), &json!(3)));
    assert_eq!(house.edges(), names(&["x1", "x3"]));
    assert_eq!(house.vertices(), names(&["w1", "w2"]));
    adds_up(&house, &status, Dataset::Pg);
}

#[test]
fn a_second_single_value() {
    let house = House::new();
    house.file("v.csv", "~id,~label,x:String(single)\na,L,one\na,L,two\nb,L,one\nb,L,one\n");
    let status = house.load(house.request("v.csv", Format::Csv));
    assert_eq!(error_counts(&status), json!([0, 0, 1]));
    let error = &status["errors"]["errorLogs"][0];
    assert_eq!(error["errorCode"], "SINGLE_CARDINALITY_VIOLATION");
    assert_eq!(error["errorMessage"], "The vertex 'a' has an existing value for property 'x'");
    adds_up(&house, &status, Dataset::Pg);
}

/// failOnError TRUE: rows below the lowest error stay, none after; files after it are not started.
#[test]
fn the_first_error_stops_a_strict_load() {
    let house = House::with(|config| config.block_bytes = 32);
    house.file("s/a.csv", "~id,~label\na1,A\na2,A\n");
    let rows = rows(200, |row| if row == 120 { "b120,B,wrong\n".to_owned() } else { format!("b{row},B,{row}\n") });
    house.file("s/b.csv", format!("~id,~label,n:Int\n{rows}"));
    house.file("s/c.csv", "~id,~label,n:Int\nc1,C,wrong\n");
    let strict = LoadRequest { fail_on_error: true, ..house.request("s", Format::Csv) };
    let status = house.load(strict);
    assert_eq!(state(&status), "LOAD_CANCELLED_DUE_TO_ERRORS");
    assert_eq!(status["feedCount"], json!([{"LOAD_NOT_STARTED": 1}, {"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]));
    assert_eq!(error_counts(&status), json!([0, 1, 0]));
    assert_eq!(status["errors"]["errorLogs"].as_array().map(Vec::len), Some(1));
    assert_eq!(status["errors"]["errorLogs"][0]["recordNum"], 121);
    assert_eq!(house.vertices().len(), 2 + 120);
    adds_up(&house, &status, Dataset::Pg);

    let alone = LoadRequest { fail_on_error: true, ..house.request("s/c.csv", Format::Csv) };
    assert_eq!(state(&house.load(alone)), "LOAD_FAILED");
}

/// The same with an error that only validation finds.
#[test]
fn the_first_violation_stops_a_strict_load() {
    let house = House::new();
    house.file("s/v.csv", "~id,~label\na,A\nb,A\n");
    house.file("s/w.csv", "~id,~from,~to,~label\ne1,a,b,X\ne2,a,nobody,X\ne3,b,a,X\n");
    house.file("s/x.csv", "~id,~from,~to,~label\ne4,a,b,X\ne5,a,b,X,surplus\n");
    let status = house.load(LoadRequest { fail_on_error: true, ..house.request("s", Format::Csv) });
    assert_eq!(state(&status), "LOAD_CANCELLED_DUE_TO_ERRORS");
    assert_eq!(error_counts(&status), json!([0, 0, 1]));
    assert_eq!(status["feedCount"], json!([{"LOAD_NOT_STARTED": 1}, {"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]));
    assert_eq!(house.edges(), names(&["e1"]));
    adds_up(&house, &status, Dataset::Pg);
}

#[test]
fn broken_quoting_ends_its_file_and_not_the_load() {
    for (name, broken) in [("inside", "x\"y"), ("after", "\"x\"y"), ("open", "\"never closed")] {
        let house = House::with(|config| config.block_bytes = 16);
        let rows = |prefix: &str| rows(50, |row| format!("{prefix}{row},L,t\n"));
        let head = "~id,~label,t\n";
        house.file("q/a.csv", format!("{head}{}bad,L,{broken}\n{}", rows("a"), rows("lost")));
        house.file("q/b.csv", format!("{head}{}", rows("b")));
        let status = house.load(house.request("q", Format::Csv));
        assert_eq!(state(&status), "LOAD_FAILED", "{name}");
        assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]), "{name}");
        assert_eq!(error_counts(&status), json!([1, 0, 0]), "{name}: {status}");
        assert_eq!(house.vertices().len(), 100, "{name}");
        adds_up(&house, &status, Dataset::Pg);
    }
}

#[test]
fn one_broken_nquad_line() {
    let house = House::new();
    house.file(
        "d.nq",
        "<http://ex.test/s1> <http://ex.test/p> \"a\" <http://ex.test/g> .\n\
         <http://ex.test/s2> |http://ex.test/p> \"b\" <http://ex.test/g> .\n\
         <http://ex.test/s3> <http://ex.test/p> \"c\" .\n",
    );
    let status = house.load(house.request("d.nq", Format::NQuads));
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(error_counts(&status), json!([1, 0, 0]));
    let error = &status["errors"]["errorLogs"][0];
    assert_eq!((&error["errorCode"], &error["recordNum"]), (&json!("PARSING_ERROR"), &json!(2)));
    assert_eq!(house.quads(Dataset::Rdf).len(), 2);
    adds_up(&house, &status, Dataset::Rdf);
}

#[test]
fn xml_that_breaks_off_keeps_what_came_before() {
    let house = House::new();
    house.file(
        "x/a.rdf",
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://ex.test/">
           <rdf:Description rdf:about="http://ex.test/x"><e:p>one</e:p></rdf:Description><e:broken"#,
    );
    house.file(
        "x/b.rdf",
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://ex.test/">
           <rdf:Description rdf:about="http://ex.test/y"><e:p>two</e:p></rdf:Description></rdf:RDF>"#,
    );
    let status = house.load(house.request("x", Format::RdfXml));
    assert_eq!(state(&status), "LOAD_FAILED");
    assert_eq!(status["feedCount"], json!([{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}]));
    assert_eq!(house.quads(Dataset::Rdf).len(), 2);
    adds_up(&house, &status, Dataset::Rdf);
}

/// Rows that were decoded before the damage stay; the message names the compression.
#[test]
fn a_damaged_gzip_keeps_what_came_before() {
    let rows = rows(60_000, |row| format!("v{row},L,{}\n", row * 7919 % 10_007));
    let text = format!("~id,~label,n:Int\n{rows}");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    let whole = encoder.finish().expect("memory takes it");
    let cut = whole.get(..whole.len() / 2).expect("a half").to_vec();
    for (fail_on_error, blocks) in [(false, 1 << 20), (true, 4096)] {
        let house = House::with(if blocks == 4096 { |config| config.block_bytes = 4096 } else { |_| {} });
        house.file("v.csv.gz", &cut);
        let status = house.load(LoadRequest { fail_on_error, ..house.request("v.csv.gz", Format::Csv) });
        assert_eq!(state(&status), "LOAD_FAILED", "{status}");
        assert_eq!(error_counts(&status), json!([1, 0, 0]), "{status}");
        let error = &status["errors"]["errorLogs"][0];
        assert_eq!(error["errorCode"], "PARSING_ERROR");
        assert!(error["errorMessage"].as_str().is_some_and(|text| text.contains("gzip")), "{error}");
        let vertices = house.vertices().len() as u64;
        assert!(vertices > 1_000 && vertices < 60_000, "{vertices}");
        assert_eq!(error["recordNum"], vertices + 1, "every whole row before the damage is loaded");
        adds_up(&house, &status, Dataset::Pg);
    }
    let house = House::new();
    house.file("v.csv.gz", &whole);
    assert_eq!(state(&house.load(house.request("v.csv.gz", Format::Csv))), "LOAD_COMPLETED");
}

#[test]
fn five_faulty_lines_and_pages_of_them() {
    let house = House::new();
    house.file("d.nq", "| one\n| two\n| three\n| four\n| five\n");
    let id = house.start(house.request("d.nq", Format::NQuads));
    house.loader.wait(&id.to_string()).expect("the load");
    let page = |page| {
        let query = loader::StatusQuery { errors: true, page, errors_per_page: 3, details: false };
        house.loader.status(&id.to_string(), query).expect("a status")
    };
    let first = page(1);
    assert_eq!(first["overallStatus"]["totalRecords"], 5);
    assert_eq!(first["overallStatus"]["parsingErrors"], 5);
    assert_eq!(first.get("failedFeeds"), None);
    let records = |status: &Value| -> Vec<u64> {
        let logs = status["errors"]["errorLogs"].as_array().expect("an array");
        logs.iter().filter_map(|error| error["recordNum"].as_u64()).collect()
    };
    let bounds = |status: &Value| json!([status["errors"]["startIndex"], status["errors"]["endIndex"]]);
    assert_eq!((bounds(&first), records(&first)), (json!([1, 3]), vec![1, 2, 3]));
    let second = page(2);
    assert_eq!((bounds(&second), records(&second)), (json!([4, 5]), vec![4, 5]));
    assert_eq!((bounds(&page(3)), records(&page(3))), (json!([0, 0]), vec![]));
}

/// The counters stay exact; the log keeps the latest 10,000, whatever the publishes.
#[test]
fn the_log_is_bounded_and_the_counters_are_not() {
    let house = House::with(|config| config.block_bytes = 20_000);
    house.file("d.nt", "| bad\n".repeat(12_345));
    let id = house.start(house.request("d.nt", Format::NTriples));
    let status = house.ended(id);
    assert_eq!(status["overallStatus"]["parsingErrors"], 12_345);
    let query = loader::StatusQuery { errors: true, page: 1, errors_per_page: u64::MAX, details: false };
    let status = house.loader.status(&id.to_string(), query).expect("a status");
    assert_eq!(status["errors"]["endIndex"], 10_000);
    assert_eq!(status["errors"]["errorLogs"][0]["recordNum"], 2_346);
    assert_eq!(status["errors"]["errorLogs"][9_999]["recordNum"], 12_345);
}
