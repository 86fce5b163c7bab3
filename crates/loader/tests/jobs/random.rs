//! Random rows, good and bad, against a load row by row as a model: the right remainder, the right error log, whatever
//! the size of blocks, the number of threads and the moments of publishing.

use std::collections::{BTreeMap, BTreeSet};

use loader::request::{Format, LoadRequest, Parallelism};
use loader::{LoadId, RejectPart};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use store::CancelToken;

use super::house::House;

/// One row of a vertex file.
#[derive(Clone, Copy, Debug)]
enum Vertex {
    Good(u8),
    Wide(u8),
    NoNumber(u8),
}

/// One row of an edge file: id, ends, and whether it has a field too many.
#[derive(Clone, Copy, Debug)]
struct Edge {
    id: u8,
    ends: (u8, u8),
    wide: bool,
}

#[derive(Clone, Debug)]
struct Files {
    vertices: [Vec<Vertex>; 2],
    edges: [Vec<Edge>; 2],
}

#[derive(Clone, Copy, Debug)]
struct Way {
    block_bytes: usize,
    publish_at: Option<u64>,
    stage_at: Option<u64>,
    parallelism: Parallelism,
    fail_on_error: bool,
    atomic: bool,
}

fn files() -> impl Strategy<Value = Files> {
    let vertex = prop_oneof![
        12 => (0..40u8).prop_map(Vertex::Good),
        1 => (0..40u8).prop_map(Vertex::Wide),
        1 => (0..40u8).prop_map(Vertex::NoNumber),
    ];
    let edge = (0..30u8, (0..42u8, 0..42u8), prop::bool::weighted(0.05)).prop_map(|(id, ends, wide)| {
        // Ends follow from the id more often than not, so that repeats are of the same edge as well as of others.
        let ends = if id % 3 == 0 { ends } else { (id, id / 2) };
        Edge { id, ends, wide }
    });
    let vertices = prop::collection::vec(vertex, 0..60);
    let edges = prop::collection::vec(edge, 0..40);
    ([vertices.clone(), vertices], [edges.clone(), edges]).prop_map(|(vertices, edges)| Files { vertices, edges })
}

fn way() -> impl Strategy<Value = Way> {
    let parallelism = prop_oneof![Just(Parallelism::Low), Just(Parallelism::High), Just(Parallelism::Oversubscribe)];
    let quads = || prop::option::of(1..100u64);
    (1..400usize, quads(), quads(), parallelism, any::<bool>(), any::<bool>()).prop_map(
        |(block_bytes, publish_at, stage_at, parallelism, fail_on_error, atomic)| Way {
            block_bytes,
            publish_at,
            stage_at,
            parallelism,
            fail_on_error,
            atomic,
        },
    )
}

/// What is there afterwards, and what is reported: code, file and record.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    vertices: BTreeSet<String>,
    edges: BTreeSet<String>,
    errors: Vec<(String, String, u64)>,
    /// The rows of these errors, by file, as they stood.
    rejects: BTreeMap<String, String>,
}

/// A load row by row; all of it or nothing, if that is wanted.
fn model(files: &Files, fail_on_error: bool, atomic: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut ends = BTreeMap::new();
    let mut error = |code: &str, file: &str, record: usize, row: String| {
        *outcome.rejects.entry(file.to_owned()).or_default() += &row;
        outcome.errors.push((code.to_owned(), file.to_owned(), record as u64));
        fail_on_error
    };
    'load: {
        for (rows, file) in files.vertices.iter().zip(["v.csv", "w.csv"]) {
            for (row, record) in rows.iter().zip(1..) {
                match row {
                    Vertex::Good(id) => {
                        outcome.vertices.insert(format!("v{id}"));
                    }
                    Vertex::Wide(_) | Vertex::NoNumber(_) => {
                        if error("PARSING_ERROR", file, record, row.text()) {
                            break 'load;
                        }
                    }
                }
            }
        }
        for (rows, file) in files.edges.iter().zip(["e.csv", "f.csv"]) {
            for (row, record) in rows.iter().zip(1..) {
                let there = |end: u8| outcome.vertices.contains(&format!("v{end}"));
                let failed = if row.wide {
                    error("PARSING_ERROR", file, record, row.text())
                } else if !there(row.ends.0) || !there(row.ends.1) {
                    error("FROM_OR_TO_VERTEX_ARE_MISSING", file, 0, row.text())
                } else if *ends.entry(row.id).or_insert(row.ends) != row.ends {
                    error("ID_ASSIGNED_TO_MULTIPLE_EDGES", file, 0, row.text())
                } else {
                    false
                };
                if failed {
                    break 'load;
                }
            }
        }
    }
    outcome.edges = ends.keys().map(|id| format!("e{id}")).collect();
    if atomic && fail_on_error && !outcome.errors.is_empty() {
        outcome.vertices.clear();
        outcome.edges.clear();
    }
    outcome
}

impl Vertex {
    fn text(self) -> String {
        match self {
            Self::Good(id) => format!("v{id},L,{id}\n"),
            Self::Wide(id) => format!("v{id},L,1,surplus\n"),
            Self::NoNumber(id) => format!("v{id},L,\"not\na number\"\n"),
        }
    }
}

impl Edge {
    fn text(self) -> String {
        let Self { id, ends: (from, to), wide } = self;
        format!("e{id},v{from},v{to},X{}\n", if wide { ",surplus" } else { "" })
    }
}

fn write(house: &House, files: &Files) {
    for (rows, name) in files.vertices.iter().zip(["g/v.csv", "g/w.csv"]) {
        let rows: String = rows.iter().map(|row| row.text()).collect();
        house.file(name, format!("~id,~label,n:Int\n{rows}"));
    }
    for (rows, name) in files.edges.iter().zip(["g/e.csv", "g/f.csv"]) {
        let rows: String = rows.iter().map(|row| row.text()).collect();
        house.file(name, format!("~id,~from,~to,~label\n{rows}"));
    }
}

fn found(house: &House, status: &Value) -> Outcome {
    let logs = status["errors"]["errorLogs"].as_array().expect("an array");
    let errors = logs.iter().map(|error| {
        let text = |member: &str| error[member].as_str().expect("a text").to_owned();
        let file = text("fileName").rsplit('/').next().unwrap_or_default().to_owned();
        (text("errorCode"), file, error["recordNum"].as_u64().expect("a number"))
    });
    let id: LoadId = serde_json::from_value(status["errors"]["loadId"].clone()).expect("an id");
    let list = house.rejects(id);
    let feeds = list["feeds"].as_array().expect("an array");
    let rejects = feeds.iter().map(|feed| {
        let text = house.reject_file(id, feed["feed"].as_u64().expect("a number"), RejectPart::Rows);
        let file = feed["fileName"].as_str().expect("a text").rsplit('/').next().unwrap_or_default().to_owned();
        (file, text.split_once('\n').expect("a header").1.to_owned())
    });
    let rejects = rejects.collect();
    Outcome { vertices: house.vertices(), edges: house.edges(), errors: errors.collect(), rejects }
}

/// A house whose loads go this way.
fn house(way: Way) -> House {
    House::hooked(|config| {
        config.block_bytes = way.block_bytes;
        config.publish_at = way.publish_at;
        config.stage_at = way.stage_at;
    })
}

fn request(house: &House, way: Way) -> LoadRequest {
    LoadRequest {
        parallelism: way.parallelism,
        fail_on_error: way.fail_on_error,
        atomic: way.atomic,
        ..house.request("g", Format::Csv)
    }
}

/// Loads the files into a house of their own.
fn load(files: &Files, way: Way) -> (House, Value) {
    let house = house(way);
    write(&house, files);
    let status = house.load(request(&house, way));
    (house, status)
}

#[test]
fn a_load_is_a_load_row_by_row() {
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&(files(), way()), |(files, way)| {
        let (house, status) = load(&files, way);
        prop_assert_eq!(found(&house, &status), model(&files, way.fail_on_error, way.atomic), "{}", status);
        super::errors::adds_up(&house, &status, model::Dataset::Pg);
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Whether memory is full once, often or never, and whether all becomes visible at once: unless an error takes an atomic
/// load back, the counters are the same to the last duplicate, and so are the states of the files.
#[test]
fn the_budget_changes_nothing() {
    let mut runner = TestRunner::new(Config { cases: 30, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&(files(), way()), |(files, way)| {
        let plain = Way { block_bytes: 1 << 20, publish_at: None, stage_at: None, atomic: false, ..way };
        let told = |status: &Value| {
            let overall = &status["overallStatus"];
            let counters = ["status", "totalRecords", "totalDuplicates", "parsingErrors", "insertErrors", "ignored"];
            let mut told: Vec<Value> = counters.iter().map(|name| overall[name].clone()).collect();
            told.push(status["feedCount"].clone());
            told
        };
        let (_, expected) = load(&files, plain);
        let errors = |status: &Value| status["errors"]["endIndex"].clone();
        let taken_back = way.atomic && way.fail_on_error && errors(&expected) != 0;
        let way = Way { atomic: way.atomic && !taken_back, ..way };
        let (_, status) = load(&files, way);
        prop_assert_eq!(told(&status), told(&expected));
        prop_assert_eq!(errors(&status), errors(&expected));
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
}

/// A dry run over a store that holds something says what the load after it says, to the last line, and leaves no trace
/// but its record.
#[test]
fn a_dry_run_tells_what_the_load_does() {
    let mut runner = TestRunner::new(Config { cases: 30, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&(files(), files(), way()), |(before, files, way)| {
        let house = house(way);
        write(&house, &before);
        house.load(house.request("g", Format::Csv));
        write(&house, &files);
        house.store.settle(&CancelToken::new()).expect("the disk"); // or merges would leave traces of their own
        let trace = || (house.quads(model::Dataset::Pg), house.segments());
        let untouched = trace();
        let mut told = house.load(LoadRequest { dry_run: true, ..request(&house, way) });
        prop_assert_eq!(trace(), untouched);
        prop_assert_eq!(told["overallStatus"]["dryRun"].take(), true);
        let mut done = house.load(request(&house, way));
        prop_assert_eq!(&done["overallStatus"]["dryRun"].take(), &Value::Null);
        for status in [&mut told, &mut done] {
            status["errors"]["loadId"].take();
            let feeds = status["failedFeeds"].as_array_mut().expect("an array").drain(..).collect::<Vec<_>>();
            let subjects = feeds.into_iter().chain([status["overallStatus"].clone()]);
            let subjects: Vec<Value> = subjects
                .map(|mut subject| {
                    for member in ["runNumber", "startTime", "totalTimeSpent"] {
                        subject[member].take();
                    }
                    subject
                })
                .collect();
            status["failedFeeds"] = subjects.into();
            status["overallStatus"].take();
        }
        prop_assert_eq!(told, done);
        house.check();
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
}
