//! Settling: few sets, whatever came; and nothing changed when it cannot be done.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::Range;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use model::{Dataset, Quad, TermRef};
use store::{CancelToken, Error, IngestBatch, IngestOptions, Options, Order, Ordinal, Pattern, Role, Rules, Store};

const SETS: u64 = 9;
const QUADS: u64 = 2000;

fn open(directory: &Path, disk_floor: u64) -> Store {
    Store::open(directory, Options { disk_floor, memory: 16 << 20, ..Options::default() }).unwrap()
}

/// Loads sets that overlap by half, and returns how many quads there are.
fn fill(store: &Store) -> u64 {
    load(store, 0..SETS)
}

/// Loads some of those sets; how many quads there are after the last.
fn load(store: &Store, sets: Range<u64>) -> u64 {
    let key = store.hash_key();
    let last = sets.end;
    for set in sets {
        let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
        let mut ingest = store.ingest(Dataset::Rdf, options);
        let mut batch = IngestBatch::new();
        for i in 0..QUADS {
            let number = set * QUADS / 2 + i;
            let s = batch.term(&key, TermRef::Iri(&format!("http://example.org/subject/{}", number % 1777)));
            let o = batch.term(&key, TermRef::Int(number as i32));
            let p = batch.term(&key, TermRef::Iri("http://example.org/predicate"));
            batch.push(Quad::in_default_graph(s, p, o), Ordinal::new(0, i + 1), Role::Record);
        }
        ingest.add(&mut batch).unwrap();
        let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
        assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
    }
    (last + 1) * QUADS / 2
}

fn read(store: &Store) -> Vec<Quad> {
    let scan = store.snapshot(Dataset::Rdf).scan(Pattern::ALL, Order::Posg);
    scan.flat_map(|batch| batch.unwrap().quads().collect::<Vec<_>>()).collect()
}

fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory.join("segments")).unwrap().count()
}

/// A load that goes on keeps the background from merging so few sets.
fn bystander(store: &Store) -> store::Ingest {
    let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
    store.ingest(Dataset::Pg, options)
}

#[test]
fn at_leisure_sets_of_like_sizes_become_one() {
    let directory = tempfile::tempdir().unwrap();
    let quiet = Duration::from_millis(20);
    let options = Options { disk_floor: 0, memory: 16 << 20, quiet, ..Options::default() };
    let store = Store::open(directory.path(), options).unwrap();
    // Two alike: few enough, but not for long.
    load(&store, 0..1);
    load(&store, 2..3);
    while store.usage().segment_sets > 1 {
        sleep(quiet);
    }
    // Half of the third is there already: the first is four times as large as it.
    load(&store, 3..4);
    let done = store.usage().compactions_done;
    sleep(5 * quiet);
    assert_eq!((store.usage().segment_sets, store.usage().compactions_done), (2, done));
    // As long as a load goes on, nobody is at leisure.
    let going = bystander(&store);
    load(&store, 6..7);
    sleep(5 * quiet);
    assert_eq!((store.usage().segment_sets, store.usage().compactions_done), (3, done));
    drop(going);
    while store.usage().segment_sets > 1 {
        sleep(quiet);
    }
    assert_eq!(read(&store).len() as u64, 7 * QUADS / 2);
    assert!(store.check(&CancelToken::new()).unwrap().is_clean());
}

#[test]
fn a_settled_store_has_at_most_four_sets_and_the_same_quads() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), 0);
    let going = bystander(&store);
    let quads = fill(&store);
    let before = store.usage();
    assert!(before.segment_sets == SETS && before.compaction_waiting, "{before:?}");
    let (snapshot, expected) = (store.snapshot(Dataset::Rdf), read(&store));
    assert_eq!(expected.len() as u64, quads);
    store.settle(&CancelToken::new()).unwrap();
    let after = store.usage();
    assert!(after.segment_sets <= 4 && !after.compaction_waiting, "{after:?}");
    assert!(after.compactions_done > 0 && after.compacted_bytes > 0, "{after:?}");
    assert_eq!(after.compactions_running, 0);
    assert_eq!(read(&store), expected);
    let kept = snapshot.scan(Pattern::ALL, Order::Posg).map(|batch| batch.unwrap().len()).sum::<usize>();
    assert_eq!(kept as u64, quads, "a reader keeps the files it reads");
    drop(snapshot);
    assert!(files(directory.path()) as u64 <= 5 * after.segment_sets);
    assert_eq!(store.check(&CancelToken::new()).unwrap().problems, Vec::<String>::new());
    store.settle(&CancelToken::new()).unwrap();
    assert_eq!(store.usage().compactions_done, after.compactions_done, "there is nothing left to do");
    drop(going);
}

#[test]
fn what_cannot_be_settled_stays_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), 0);
    let going = bystander(&store);
    fill(&store);
    let (expected, there) = (read(&store), files(directory.path()));
    let pulled = CancelToken::new();
    pulled.cancel();
    assert!(matches!(store.settle(&pulled), Err(Error::Cancelled)));
    let usage = store.usage();
    assert_eq!((usage.segment_sets, usage.merging_bytes, files(directory.path())), (SETS, 0, there));
    assert_eq!(read(&store), expected);
    drop((going, store));

    // No room above the floor: nothing is begun.
    let store = open(directory.path(), u64::MAX / 2);
    let sets = store.usage().segment_sets;
    assert!(sets > 4);
    assert!(matches!(store.settle(&CancelToken::new()), Err(Error::DiskFull { .. })));
    let usage = store.usage();
    assert_eq!((usage.segment_sets, usage.merging_bytes, files(directory.path())), (sets, 0, there));
    assert_eq!(read(&store), expected);
    drop(store);

    // Who only reads changes nothing.
    let options = Options { disk_floor: 0, read_only: true, ..Options::default() };
    let store = Store::open(directory.path(), options).unwrap();
    assert!(matches!(store.settle(&CancelToken::new()), Err(Error::ReadOnly)));
    assert_eq!(read(&store), expected);
    assert_eq!((store.usage().segment_sets, files(directory.path())), (sets, there));
    drop(store);

    let store = open(directory.path(), u64::MAX / 2);
    store.close(); // does not wait for the next try
    assert!(matches!(store.settle(&CancelToken::new()), Err(Error::Cancelled | Error::DiskFull { .. })));
}
