//! A damaged block is named by `check` with what is lost, and queries that do not touch it answer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use model::{Dataset, Quad, TermId, TermRef};
use store::{CancelToken, Columns, IngestBatch, IngestOptions, Options, Order, Ordinal, Pattern, Role, Rules, Store};

const VERTICES: u64 = 3000;

fn open(directory: &Path) -> store::Result<Store> {
    Store::open(directory, Options { memory: 64 << 20, ..Options::default() })
}

fn fill(store: &Store) {
    let options = IngestOptions { rules: Rules::GremlinCsv, cancel: CancelToken::new(), threads: 1 };
    let mut ingest = store.ingest(Dataset::Pg, options);
    let mut batch = IngestBatch::new();
    let key = store.hash_key();
    for n in 0..VERTICES {
        let ordinal = Ordinal::new(0, n);
        let s = batch.term(&key, TermRef::Vertex(&format!("p{n}")));
        let label = batch.term(&key, TermRef::String("Person"));
        batch.push(Quad::in_default_graph(s, TermId::LABEL, label), ordinal, Role::Record);
        let p = batch.term(&key, TermRef::Key("name"));
        let o = batch.term(&key, TermRef::String(&format!("somebody of the name of {n}")));
        batch.push(Quad::in_default_graph(s, p, o), ordinal, Role::Record);
        let o = batch.term(&key, TermRef::Vertex(&format!("p{}", n * 7 % VERTICES)));
        let g = batch.term(&key, TermRef::Edge(&format!("e{n}")));
        let p = batch.term(&key, TermRef::EdgeLabel("KNOWS"));
        batch.push(Quad::new(s, p, o, g), Ordinal::new(1, n), Role::Record);
    }
    ingest.add(&mut batch).unwrap();
    let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
    assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = directory.join("segments").read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn quads(store: &Store, pattern: Pattern, order: Order) -> store::Result<Vec<Quad>> {
    let mut quads = Vec::new();
    for batch in store.snapshot(Dataset::Pg).scan(pattern, order) {
        quads.extend(batch?.quads());
    }
    quads.sort_unstable();
    Ok(quads)
}

#[test]
fn damage_is_named_and_the_rest_answers() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    fill(&store);
    assert!(store.check(&CancelToken::new()).unwrap().is_clean());
    let good: Vec<_> = Order::ALL.iter().map(|order| quads(&store, Pattern::ALL, *order).unwrap()).collect();
    let subjects: Vec<TermId> = (0..VERTICES).map(|n| store.encode(TermRef::Vertex(&format!("p{n}")))).collect();
    store.close();
    drop(store);
    let files = files(directory.path());
    assert_eq!(files.len(), 5, "four orders and the dictionary");
    let mut seed = 11_u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    for file in &files {
        let whole = std::fs::read(file).unwrap();
        for round in 0..12 {
            let mut bytes = whole.clone();
            // In its first block, in its last bytes, anywhere.
            let at = match round {
                0 => below(500),
                1 => whole.len() - 1 - below(80),
                _ => below(whole.len()),
            };
            bytes[at] ^= 1 << below(8);
            std::fs::write(file, &bytes).unwrap();
            let name = file.file_name().unwrap().to_str().unwrap();
            match open(directory.path()) {
                Err(error) => assert!(error.to_string().contains(name), "{error}"),
                Ok(store) => {
                    let report = store.check(&CancelToken::new()).unwrap();
                    let named = report.problems.iter().find(|problem| problem.contains(name));
                    let named = named.unwrap_or_else(|| panic!("byte {at} of {name}: {:?}", report.problems));
                    assert!(named.contains("lost are"), "{named}");
                    for (order, good) in Order::ALL.into_iter().zip(&good) {
                        if let Ok(read) = quads(&store, Pattern::ALL, order) {
                            assert_eq!(&read, good, "{} after byte {at} of {name}", order.name());
                        }
                    }
                    // Of ten blocks of subjects at most one is lost.
                    let answers = |s: &&TermId| {
                        let pattern = Pattern { s: Some(**s), ..Pattern::ALL };
                        quads(&store, pattern, Order::Spog).is_ok_and(|quads| quads.len() == 3)
                    };
                    let answered = subjects.iter().filter(answers).count();
                    assert!(answered >= subjects.len() * 8 / 10, "{answered} of {}", subjects.len());
                    store.close();
                }
            }
        }
        std::fs::write(file, &whole).unwrap();
    }
    let store = open(directory.path()).unwrap();
    assert!(store.check(&CancelToken::new()).unwrap().is_clean());
}

#[test]
fn only_columns_asked_for_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    fill(&store);
    let snapshot = store.snapshot(Dataset::Pg);
    let knows = Pattern { p: Some(store.encode(TermRef::EdgeLabel("KNOWS"))), ..Pattern::ALL };
    let ids: Vec<_> = [9, 2000, 7, 2000, 5000].map(|n| store.encode(TermRef::Vertex(&format!("p{n}")))).to_vec();
    let all = snapshot.scan_many(&ids, knows, Order::Spog).unwrap();
    let some = snapshot.scan_many_columns(&ids, knows, Order::Spog, Columns::O.and(Columns::G)).unwrap();
    assert_eq!(all.spans.iter().map(ExactSizeIterator::len).collect::<Vec<_>>(), [1, 1, 1, 1, 0]);
    assert_eq!((&some.spans, &some.quads.o, &some.quads.g), (&all.spans, &all.quads.o, &all.quads.g));
    assert!(some.quads.s.is_empty() && some.quads.p.is_empty());
    let subjects = all.spans.iter().flat_map(|span| &all.quads.s[span.clone()]);
    assert!(subjects.eq(&ids[..4]), "{:?}", all.quads.s);
}
