//! Clearing: everything goes at once, whatever it lay in, and nothing comes back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use model::{Dataset, TermRef};
use store::{CancelToken, Error, JournalWrite, Options, Order, Pattern, Store};

fn open(directory: &Path) -> Store {
    Store::open(directory, Options { disk_floor: 0, memory: 16 << 20, ..Options::default() }).unwrap()
}

fn write(store: &Store, dataset: Dataset, from: u32, to: u32) {
    let mut transaction = store.begin(dataset);
    for n in from..to {
        let name = format!("http://example.org/{n}");
        let [s, p] = [TermRef::Iri(&name), TermRef::Iri("http://example.org/p")];
        assert!(transaction.insert(s, p, TermRef::Int(n as i32), TermRef::DefaultGraph).unwrap());
    }
    transaction.commit().unwrap();
}

fn quads(store: &Store, dataset: Dataset) -> usize {
    store.snapshot(dataset).scan(Pattern::ALL, Order::Spog).map(|batch| batch.unwrap().len()).sum()
}

fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory.join("segments")).unwrap().count()
}

#[test]
fn segments_and_the_delta_go_with_what_the_journal_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for dataset in Dataset::ALL {
        write(&store, dataset, 0, 500);
        store.fold(dataset).unwrap();
        write(&store, dataset, 500, 700);
    }
    let reader = store.snapshot(Dataset::Rdf);
    let word = || JournalWrite::Put { key: b"word".to_vec(), value: b"cleared".to_vec() };
    store.clear(vec![word()], &CancelToken::new()).unwrap();

    assert_eq!(Dataset::ALL.map(|dataset| quads(&store, dataset)), [0, 0]);
    assert_eq!(store.journal().get(b"word").unwrap().as_deref(), Some(b"cleared".as_slice()));
    let seen: usize = reader.scan(Pattern::ALL, Order::Posg).map(|batch| batch.unwrap().len()).sum();
    assert_eq!(seen, 700, "who reads goes on reading");
    drop(reader);
    assert_eq!(files(directory.path()), 0);

    // What comes next is all there is, also after a restart.
    write(&store, Dataset::Rdf, 0, 10);
    drop(store);
    let store = open(directory.path());
    assert_eq!(Dataset::ALL.map(|dataset| quads(&store, dataset)), [0, 10]);
    assert!(store.check(&CancelToken::new()).unwrap().is_clean());
}

#[test]
fn a_writer_is_waited_for_and_its_commit_goes_too() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut writer = store.begin(Dataset::Pg);
    let [s, p] = [TermRef::Vertex("v"), TermRef::Key("k")];
    writer.insert(s, p, TermRef::Int(1), TermRef::DefaultGraph).unwrap();
    let clearing = std::thread::spawn({
        let store = store.clone();
        move || store.clear(Vec::new(), &CancelToken::new())
    });
    writer.commit().unwrap();
    clearing.join().unwrap().unwrap();
    assert_eq!(quads(&store, Dataset::Pg), 0);
    assert!(store.check(&CancelToken::new()).unwrap().is_clean());

    // Who gives up waiting has changed nothing.
    write(&store, Dataset::Rdf, 0, 10);
    let mut writer = store.begin(Dataset::Pg);
    writer.insert(s, p, TermRef::Int(1), TermRef::DefaultGraph).unwrap();
    let cancel = CancelToken::new();
    cancel.cancel();
    assert!(matches!(store.clear(Vec::new(), &cancel), Err(Error::Cancelled)));
    writer.commit().unwrap();
    assert_eq!(Dataset::ALL.map(|dataset| quads(&store, dataset)), [1, 10]);
}
