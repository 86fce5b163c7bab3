//! `kill -9` at random moments: what was acknowledged is there, what was not is not half there, nothing else is left.
//!
//! The parent starts this test binary again as a writer, which prints a number after each acknowledged step, and kills it
//! when it has read a random one of them: somewhere inside the next step.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and its child talks to it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use model::{Dataset, Quad, TermRef};
use store::{CancelToken, IngestBatch, IngestOptions, Options, Order, Ordinal, Pattern, Role, Rules, Store};

const DIRECTORY: &str = "STORE_CRASH_TEST_DIRECTORY";
const PREDICATE: TermRef<'static> = TermRef::Iri("http://example.org/written-in-step");
/// Quads of one step: all of them or none must be there.
const WIDTH: u64 = 50;

fn open(directory: &Path) -> Store {
    Store::open(directory, Options { disk_floor: 0, memory: 4 << 20, ..Options::default() }).unwrap()
}

fn subject(step: u64, i: u64) -> String {
    format!("http://example.org/step/{step}/subject/{i}")
}

/// Commits, loads, folds and compactions for ever, from step `from` on.
fn write(directory: &Path, from: u64) {
    let store = open(directory);
    let key = store.hash_key();
    let mut out = std::io::stdout();
    for step in from.. {
        let value = step.to_string();
        if step % 3 == 0 {
            let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
            let mut ingest = store.ingest(Dataset::Rdf, options);
            let mut batch = IngestBatch::new();
            // Every other load is staged half-way.
            let half = if step % 2 == 0 { WIDTH / 2 } else { WIDTH };
            for i in 0..WIDTH {
                if i == half {
                    ingest.add(&mut batch).unwrap();
                    let prepared = ingest.prepare(None, false, &mut |_| {}).unwrap();
                    ingest.stage(prepared).unwrap();
                }
                let s = batch.term(&key, TermRef::Iri(&subject(step, i)));
                let p = batch.term(&key, PREDICATE);
                let o = batch.term(&key, TermRef::String(&value));
                batch.push(Quad::in_default_graph(s, p, o), Ordinal::new(0, i + 1), Role::Record);
            }
            ingest.add(&mut batch).unwrap();
            let prepared = ingest.prepare(None, false, &mut |_| {}).unwrap();
            assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
        } else {
            let mut transaction = store.begin(Dataset::Rdf);
            for i in 0..WIDTH {
                let subject = subject(step, i);
                let (s, o) = (TermRef::Iri(&subject), TermRef::String(&value));
                transaction.insert(s, PREDICATE, o, TermRef::DefaultGraph).unwrap();
            }
            transaction.commit().unwrap();
        }
        writeln!(out, "step {step}").unwrap();
        out.flush().unwrap();
        match step % 11 {
            5 => store.fold(Dataset::Rdf).unwrap(),
            9 => store.compact(Dataset::Rdf).unwrap(),
            _ => {}
        }
    }
}

/// How many quads each step left.
fn steps(store: &Store) -> BTreeMap<u64, u64> {
    let snapshot = store.snapshot(Dataset::Rdf);
    let mut steps = BTreeMap::new();
    for batch in snapshot.scan(Pattern::ALL, Order::Spog) {
        for term in snapshot.resolve_many(&batch.unwrap().o).unwrap() {
            let model::Term::Value(model::Value::String(step)) = term else { panic!("{term:?}") };
            *steps.entry(step.parse().unwrap()).or_default() += 1;
        }
    }
    steps
}

#[test]
fn what_was_acknowledged_survives() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let from = steps(&open(Path::new(&directory))).last_key_value().map_or(1, |(step, _)| step + 1);
        return write(Path::new(&directory), from);
    }
    let directory = tempfile::tempdir().unwrap();
    let mut random = 20_261_125_u64;
    let mut acknowledged = 0;
    for _ in 0..30 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let wait_for = acknowledged + 1 + (random >> 33) % 12;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_was_acknowledged_survives", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next().expect("the writer runs until it is killed").unwrap();
            let Some((_, step)) = line.split_once("step ") else { continue };
            acknowledged = step.parse().unwrap();
            if acknowledged >= wait_for {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts too.
        for line in lines.map_while(Result::ok) {
            if let Some((_, step)) = line.split_once("step ") {
                acknowledged = step.parse().unwrap();
            }
        }

        let store = open(directory.path());
        let report = store.check(&CancelToken::new()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        let found = steps(&store);
        for step in 1..=acknowledged {
            assert_eq!(found.get(&step), Some(&WIDTH), "step {step} of {acknowledged} acknowledged");
        }
        for (step, quads) in &found {
            assert_eq!(*quads, WIDTH, "step {step} is half there");
            assert!(*step <= acknowledged + 1, "step {step} was never begun");
        }
        acknowledged = found.last_key_value().map_or(0, |(step, _)| *step);
        // With nothing left to tidy in the background, the files are those of the live sets.
        store.fold(Dataset::Rdf).unwrap();
        store.compact(Dataset::Rdf).unwrap();
        let usage = store.usage();
        assert_eq!(usage.temporary_bytes, 0);
        let files = std::fs::read_dir(directory.path().join("segments")).unwrap().count() as u64;
        assert!(files <= 5, "{files} files for {} sets", usage.segment_sets);
    }
    assert!(acknowledged > 30);
}
