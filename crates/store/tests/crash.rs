//! `kill -9` at random moments: what was acknowledged is there, what was not is not half there, nothing else is left.
//!
//! The parent starts this test binary again as a writer, which prints a number after each acknowledged step, and kills it
//! a random moment after it has read a random one of them: inside a transaction (some of them spill, and delete what
//! others wrote), a load (some of them staged), a fold or a compaction. `HALIMEDE_CRASHES` says how often.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and its child talks to it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use model::{Dataset, Quad, TermRef};
use store::{
    CancelToken, IngestBatch, IngestOptions, JournalWrite, Options, Order, Ordinal, Pattern, Role, Rules, Store,
    Transaction,
};

const DIRECTORY: &str = "STORE_CRASH_TEST_DIRECTORY";
const PREDICATE: TermRef<'static> = TermRef::Iri("http://example.org/written-in-step");
/// The name of all loads, and where the journal says which step is staged half-way.
const LOAD: &str = "the load";
const STAGED: &[u8] = b"staged";
/// Quads of one step: all of them or none must be there.
const WIDTH: u64 = 50;
/// Quads of a large transaction, which spills several times.
const LARGE: u64 = 400;
/// How often the writer is killed if nobody says otherwise.
const CRASHES: u64 = 40;

fn open(directory: &Path) -> Store {
    Store::open(directory, Options { disk_floor: 0, memory: 1 << 20, ..Options::default() }).unwrap()
}

/// Whether a step is a large transaction, which deletes what the step before it wrote.
const fn is_large(step: u64) -> bool {
    step % 7 == 5
}

const fn width(step: u64) -> u64 {
    if is_large(step) { LARGE } else { WIDTH }
}

fn subject(step: u64, i: u64) -> String {
    format!("http://example.org/step/{step}/subject/{i}")
}

fn transact(store: &Store, transaction: &mut Transaction, step: u64) {
    for i in 0..width(step) {
        let (name, value) = (subject(step, i), step.to_string());
        let (s, o) = (TermRef::Iri(&name), TermRef::String(&value));
        transaction.insert(s, PREDICATE, o, TermRef::DefaultGraph).unwrap();
        if is_large(step) && i < width(step - 1) {
            let (name, value) = (subject(step - 1, i), (step - 1).to_string());
            let [s, p, o] = [TermRef::Iri(&name), PREDICATE, TermRef::String(&value)].map(|term| store.encode(term));
            assert!(transaction.delete(&Quad::in_default_graph(s, p, o)).unwrap());
        }
    }
}

/// Commits, loads, folds and compactions for ever, from step `from` on.
fn write(directory: &Path, from: u64) {
    let store = open(directory);
    let key = store.hash_key();
    let mut out = std::io::stdout();
    for step in from.. {
        let value = step.to_string();
        if step % 3 == 0 && !is_large(step) {
            let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
            let mut ingest = store.ingest(Dataset::Rdf, options);
            ingest.go_by(LOAD).unwrap();
            let mut batch = IngestBatch::new();
            // Every other load is staged half-way, and goes on from there if it was killed.
            let half = if step % 2 == 0 { WIDTH / 2 } else { WIDTH };
            let staged = ingest.staged_sets() > 0;
            assert!(!staged || store.journal().get(STAGED).unwrap().unwrap() == value.as_bytes(), "step {step}");
            for i in if staged { half } else { 0 }..WIDTH {
                if i == half && !staged {
                    ingest.add(&mut batch).unwrap();
                    let prepared = ingest.prepare(None, false, &mut |_| {}).unwrap();
                    let write = JournalWrite::Put { key: STAGED.to_vec(), value: value.clone().into_bytes() };
                    ingest.stage(prepared, vec![write]).unwrap();
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
            transact(&store, &mut transaction, step);
            if is_large(step) && step % 2 == 0 {
                transaction.rollback(); // what it has spilled is nobody's
                transaction = store.begin(Dataset::Rdf);
                transact(&store, &mut transaction, step);
            }
            transaction.commit().unwrap();
        }
        writeln!(out, "step {step}").unwrap();
        out.flush().unwrap();
        match step % 11 {
            2 | 5 => store.fold(Dataset::Rdf).unwrap(),
            7 => store.settle(&CancelToken::new()).unwrap(),
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
    let (mut acknowledged, mut resumable) = (0, 0);
    let crashes = std::env::var("HALIMEDE_CRASHES").map_or(CRASHES, |number| number.parse().unwrap());
    let mut below = |limit: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % limit
    };
    for _ in 0..crashes {
        let wait_for = acknowledged + 1 + below(12);
        let moment = Duration::from_micros(below(15_000)); // a step takes a few milliseconds
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
        std::thread::sleep(moment);
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
        let last = found.last_key_value().map_or(0, |(step, _)| *step);
        assert!(last >= acknowledged, "step {acknowledged} was acknowledged, and {last} is the last");
        assert!(last <= acknowledged + 1, "step {last} was never begun");
        for step in 1..=last {
            let there = found.get(&step).copied().unwrap_or_default();
            let expected = if is_large(step + 1) && step < last { 0 } else { width(step) };
            assert_eq!(there, expected, "step {step} of {last}, {acknowledged} acknowledged");
        }
        acknowledged = last;
        if below(2) == 0 {
            continue; // go on from many sets
        }
        // With nothing left to tidy in the background, the files are those of the live sets.
        store.fold(Dataset::Rdf).unwrap();
        store.compact(Dataset::Rdf).unwrap();
        let usage = store.usage();
        assert_eq!((usage.temporary_bytes, usage.merging_bytes), (0, 0));
        let files = std::fs::read_dir(directory.path().join("segments")).unwrap().count() as u64;
        store.keep_staged(&[]);
        let files_without_staged = std::fs::read_dir(directory.path().join("segments")).unwrap().count() as u64;
        resumable += u64::from(files > files_without_staged);
        assert!(files_without_staged <= 5, "{files_without_staged} files for {} sets", usage.segment_sets);
    }
    println!("{resumable} times something was staged when the directory was tidied");
    assert!(acknowledged > crashes);
}
