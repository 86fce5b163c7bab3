//! Loads that are stopped at random moments, with everything dropped, and go on in another process: the graph, the
//! counters and the error log are those of a load that nobody disturbed.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use loader::request::{Format, LoadRequest};
use loader::{LoadId, LoaderConfig, Phase, RejectPart, StatusQuery};
use model::{Dataset, Quad, Term, TermId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::house::{Gate, House};

/// How the files are packed.
#[derive(Clone, Copy, Debug)]
enum Packing {
    Plain,
    Gzip,
    Bzip2,
}

impl Packing {
    fn pack(self, text: &str) -> Vec<u8> {
        match self {
            Self::Plain => text.as_bytes().to_vec(),
            Self::Gzip => {
                let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                writer.write_all(text.as_bytes()).expect("memory");
                writer.finish().expect("memory")
            }
            Self::Bzip2 => {
                let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                writer.write_all(text.as_bytes()).expect("memory");
                writer.finish().expect("memory")
            }
        }
    }
}

/// The sizes of one process, and where it ends.
#[derive(Clone, Copy, Debug)]
struct Process {
    block_bytes: usize,
    publish_at: Option<u64>,
    stage_at: Option<u64>,
    /// Whether each block is published or sealed at once.
    hasty: bool,
    phase: Phase,
    nth: u32,
}

#[derive(Clone, Debug)]
struct Case {
    format: Format,
    packing: Packing,
    /// One for each row: what it is about, and whether something is wrong with it.
    files: Vec<Vec<(u8, u8)>>,
    /// Whether the last line has no line end.
    open_end: bool,
    fail_on_error: bool,
    atomic: bool,
    processes: Vec<Process>,
}

fn process() -> impl Strategy<Value = Process> {
    let phase = prop_oneof![
        1 => Just(Phase::Listing),
        1 => Just(Phase::Downloading),
        4 => Just(Phase::Parsing),
        2 => Just(Phase::Preparing),
        2 => Just(Phase::Writing),
        4 => Just(Phase::Staging),
        4 => Just(Phase::Publishing),
    ];
    let quads = || prop::option::of(1..100u64);
    (1..400usize, quads(), prop::option::weighted(0.8, 1..60u64), prop::bool::weighted(0.2), phase, 0..6u32).prop_map(
        |(block_bytes, publish_at, stage_at, hasty, phase, nth)| Process {
            block_bytes,
            publish_at,
            stage_at,
            hasty,
            phase,
            nth,
        },
    )
}

fn case(format: Format) -> impl Strategy<Value = Case> {
    let packing = prop_oneof![Just(Packing::Plain), Just(Packing::Gzip), Just(Packing::Bzip2)];
    // One row in sixteen is wrong in some way.
    let files = prop::collection::vec(prop::collection::vec((0..60u8, any::<u8>()), 0..80), 1..5);
    let processes = prop::collection::vec(process(), 1..5);
    let flags = (any::<bool>(), prop::bool::weighted(0.3), prop::bool::weighted(0.3));
    (packing, files, processes, flags).prop_map(
        move |(packing, files, processes, (open_end, fail_on_error, atomic))| Case {
            format,
            packing,
            files,
            open_end,
            fail_on_error,
            atomic,
            processes,
        },
    )
}

/// The text of file number `file`.
fn text(format: Format, file: usize, rows: &[(u8, u8)]) -> String {
    let edges = file % 2 == 1;
    let mut text = match format {
        Format::Csv if edges => "~id,~from,~to,~label,w:Int\n".to_owned(),
        Format::Csv => "~id,~label,n:Int(single)\n".to_owned(),
        Format::OpenCypher if edges => ":ID,:START_ID,:END_ID,:TYPE,w:Int\n".to_owned(),
        Format::OpenCypher => ":ID,n:Int,:LABEL\n".to_owned(),
        Format::Turtle => "@prefix x: <http://x.test/> .\n".to_owned(),
        Format::RdfXml => "<?xml version=\"1.0\"?>\n<rdf:RDF xmlns:x=\"http://x.test/\" \
             xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
            .to_owned(),
        Format::NTriples | Format::NQuads => String::new(),
    };
    let texts = rows.iter().enumerate().map(|(row, &(about, wrong))| {
        let wrong = (wrong % 16 == 0).then_some(wrong / 16);
        match format {
            Format::Csv | Format::OpenCypher => csv_row(format, edges, about, wrong),
            Format::NTriples | Format::NQuads => match wrong {
                Some(0..8) => "| bad\n".to_owned(),
                Some(_) => format!("_:b{about} <http://x.test/p> \"blank {about}\" .\n"),
                None => format!("<http://x.test/{about}> <http://x.test/p> \"{}\" .\n", row % 7),
            },
            Format::Turtle => match wrong {
                Some(0..8) => "x:a x:b | x:c .\n".to_owned(),
                Some(_) => format!("[] x:name \"anonymous {row} of {file}\" .\n"),
                None => format!("x:{about} x:p \"{}\" ;\n  x:q x:{} .\n", row % 7, row % 5),
            },
            Format::RdfXml => match wrong {
                Some(0) => "<x:broken>\n".to_owned(),
                Some(1..8) => {
                    format!("<rdf:Description><x:name>anonymous {row} of {file}</x:name></rdf:Description>\n")
                }
                _ => {
                    let place = format!("rdf:about=\"http://x.test/{about}\"");
                    format!("<rdf:Description {place}><x:p>{}</x:p>\n</rdf:Description>\n", row % 7)
                }
            },
        }
    });
    text.extend(texts);
    if format == Format::RdfXml {
        text.push_str("</rdf:RDF>\n");
    }
    text
}

fn csv_row(format: Format, edges: bool, about: u8, wrong: Option<u8>) -> String {
    let (number, label) = match (format, edges) {
        (Format::OpenCypher, false) => (1, 2),
        (_, false) => (2, 1),
        (_, true) => (4, 3),
    };
    let mut fields = vec![if edges { format!("e{about}") } else { format!("v{about}") }];
    fields.resize(if edges { 5 } else { 3 }, String::new());
    fields[number] = (about % 3).to_string();
    "L".clone_into(&mut fields[label]);
    if edges {
        fields[1] = format!("v{}", about % 20);
        fields[2] = format!("v{}", about / 3);
    }
    match wrong {
        Some(0..4) => fields.push("surplus".to_owned()),
        Some(4..6) => "no number".clone_into(&mut fields[number]),
        Some(6..8) => "\"a line\nbreak\"".clone_into(&mut fields[label]),
        Some(8..10) if edges => "v0".clone_into(&mut fields[2]), // another edge with the same id
        Some(10..12) => "17".clone_into(&mut fields[number]),    // a second single value
        Some(12) => return "\n".to_owned(),
        Some(13) => "\"never closed".clone_into(&mut fields[label]),
        _ => {}
    }
    fields.join(",") + "\n"
}

fn write(house: &House, case: &Case) {
    for (file, rows) in case.files.iter().enumerate() {
        let mut text = text(case.format, file, rows);
        if case.open_end && text.ends_with('\n') {
            text.pop();
        }
        house.file(&format!("g/{file}"), case.packing.pack(&text));
    }
}

fn request(house: &House, case: &Case) -> LoadRequest {
    LoadRequest { fail_on_error: case.fail_on_error, atomic: case.atomic, ..house.request("g", case.format) }
}

/// The graph, with each blank node by what is said of it.
fn graph(house: &House, dataset: Dataset) -> BTreeSet<[String; 4]> {
    let snapshot = house.store.snapshot(dataset);
    let quads = house.quads(dataset);
    let mut nodes: BTreeMap<TermId, Vec<String>> = BTreeMap::new();
    let show = |id: TermId| match snapshot.resolve(id).expect("a term") {
        Term::Blank(_) => "_".to_owned(),
        term => format!("{term:?}"),
    };
    for Quad { s, p, o, .. } in &quads {
        if show(*s) == "_" {
            nodes.entry(*s).or_default().extend([show(*p), show(*o)]);
        }
    }
    let name = |id: TermId| nodes.get(&id).map_or_else(|| show(id), |said| said.join(" "));
    quads.iter().map(|quad| [name(quad.s), name(quad.p), name(quad.o), name(quad.g)]).collect()
}

/// All that is told of an ended load, but for times and for the directory.
fn told(house: &House, id: LoadId) -> Value {
    house.loader.wait(&id.to_string()).expect("there is such a load");
    let query = StatusQuery { details: true, errors: true, page: 1, errors_per_page: 10_000 };
    let mut status = house.loader.status(&id.to_string(), query).expect("there is such a load");
    let file = |uri: &mut Value| {
        let name = uri.as_str().and_then(|uri| uri.rsplit('/').next()).unwrap_or_default().to_owned();
        *uri = name.into();
    };
    let plain = |counters: &mut Value| {
        for time in ["totalTimeSpent", "startTime"] {
            counters[time] = Value::Null;
        }
        file(&mut counters["fullUri"]);
    };
    plain(&mut status["overallStatus"]);
    status["failedFeeds"].as_array_mut().expect("an array").iter_mut().for_each(plain);
    status["errors"]["loadId"] = Value::Null;
    for error in status["errors"]["errorLogs"].as_array_mut().expect("an array") {
        file(&mut error["fileName"]);
        // The line of a row that is refused in the end is told where it is certain, which depends on blocks.
        if error["recordNum"] == 0 {
            error["line"] = Value::Null;
        }
        let message = error["errorMessage"].as_str().expect("a text").to_owned();
        error["errorMessage"] = message.replace(&*house.path("").to_string_lossy(), "").into();
    }
    let texts = (1..6).flat_map(|feed| RejectPart::ALL.map(|part| house.reject_file(id, feed, part)));
    status["rejects"] = texts.collect();
    status
}

fn configure(config: &mut LoaderConfig, process: Process, gate: &Arc<Gate>) {
    let gate = Arc::clone(gate);
    config.block_bytes = process.block_bytes;
    config.publish_at = process.publish_at;
    config.stage_at = process.stage_at;
    config.seal_after = if process.hasty { Duration::ZERO } else { Duration::from_hours(1) };
    config.pause = Some(Arc::new(move |phase| gate.pass(phase)));
}

/// Nothing of the load is left but what is in the graph.
fn tidy(house: &House) {
    assert_eq!(house.store.journal().scan(b"loader/seal/").expect("a journal"), []);
    house.check();
    for dataset in Dataset::ALL {
        house.store.compact(dataset).expect("there is space");
    }
    assert_eq!(house.store.usage().temporary_bytes, 0);
    let files = std::fs::read_dir(house.path("../data/segments")).expect("the segments' directory").count() as u64;
    assert!(files <= 5 * house.store.usage().segment_sets, "{files} files");
}

/// A house with the files of the case, and a load that is disturbed by the end of each process.
fn disturbed(case: &Case) -> (House, LoadId, u32) {
    let (mut restarts, mut processes) = (0, case.processes.iter());
    let last =
        Process { block_bytes: 1 << 20, publish_at: None, stage_at: None, hasty: false, phase: Phase::Ended, nth: 0 };
    let mut process = *processes.next().unwrap_or(&last);
    let mut gate = Gate::at(process.phase, process.nth);
    let mut house = House::hooked(|config| configure(config, process, &gate));
    write(&house, case);
    let id = house.start(request(&house, case));
    loop {
        let progress = || house.loader.progress(&id.to_string()).expect("there is such a load").phase;
        while !gate.is_held() && progress() != Phase::Ended {
            std::thread::yield_now();
        }
        if !gate.is_held() {
            return (house, id, restarts);
        }
        restarts += 1;
        process = *processes.next().unwrap_or(&last);
        let next = Gate::at(process.phase, process.nth);
        house = house.restarted(&gate, id, |config| configure(config, process, &next));
        gate = next;
    }
}

fn goes_on(format: Format, cases: u32) {
    let restarts = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let dataset = if format.is_rdf() { Dataset::Rdf } else { Dataset::Pg };
    let ran = runner.run(&case(format), |case| {
        let plain = House::new();
        write(&plain, &case);
        let id = plain.start(request(&plain, &case));
        let expected = told(&plain, id);
        let (house, id, times) = disturbed(&case);
        restarts.set(restarts.get() + times);
        prop_assert_eq!(told(&house, id), expected, "after {} restarts", times);
        prop_assert_eq!(graph(&house, dataset), graph(&plain, dataset));
        tidy(&house);
        let after = told(&house, id);
        let house = house.reopened();
        prop_assert_eq!(told(&house, id), after, "once it has ended, a restart changes nothing");
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(restarts.get() >= cases / 4, "{restarts:?} restarts in {cases} loads");
}

#[test]
fn gremlin_csv_goes_on() {
    goes_on(Format::Csv, 24);
}

#[test]
fn opencypher_csv_goes_on() {
    goes_on(Format::OpenCypher, 16);
}

#[test]
fn n_triples_go_on() {
    goes_on(Format::NTriples, 12);
}

#[test]
fn n_quads_go_on() {
    goes_on(Format::NQuads, 8);
}

#[test]
fn turtle_goes_on() {
    goes_on(Format::Turtle, 12);
}

#[test]
fn rdf_xml_goes_on() {
    goes_on(Format::RdfXml, 12);
}
