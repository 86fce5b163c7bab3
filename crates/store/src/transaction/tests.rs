//! Transactions that outgrow their memory, and those that are left alone.

use std::path::Path;

use super::*;
use crate::{Options, Order, Pattern, Store};

/// A transaction spills at its third operation.
fn open(directory: &Path) -> Store {
    let store = Store::open(directory, Options { memory: 16 << 10, disk_floor: 0, ..Options::default() }).unwrap();
    store.settle(&CancelToken::new()).unwrap();
    store
}

fn name(i: u64) -> String {
    format!("http://example.org/a-name-that-is-hashed/{i}")
}

fn insert(transaction: &mut Transaction, numbers: std::ops::Range<u64>) -> Result<()> {
    for i in numbers {
        let name = name(i);
        let term = TermRef::Iri(&name);
        assert!(transaction.insert(term, TermRef::Iri("urn:p"), TermRef::Int(7), TermRef::DefaultGraph)?);
    }
    Ok(())
}

fn delete(transaction: &mut Transaction, i: u64) -> bool {
    let name = name(i);
    let [s, p, o] = [TermRef::Iri(&name), TermRef::Iri("urn:p"), TermRef::Int(7)].map(|term| transaction.encode(term));
    transaction.delete(&Quad::in_default_graph(s, p, o)).unwrap()
}

/// Every subject, by its name.
fn read(snapshot: &Snapshot) -> Vec<String> {
    let quads = snapshot.scan(Pattern::ALL, Order::Spog).flat_map(|batch| batch.unwrap().s);
    let mut names: Vec<_> = quads.map(|id| format!("{:?}", snapshot.resolve(id).unwrap())).collect();
    names.sort();
    names
}

fn files(store: &Store) -> usize {
    std::fs::read_dir(store.directory().join("segments")).unwrap().count()
}

fn staged(store: &Store) -> usize {
    store.shared().state().staged.len()
}

#[test]
fn what_was_spilled_is_seen_at_once_or_never() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut transaction = store.begin(Dataset::Rdf);
    insert(&mut transaction, 0..100).unwrap();
    assert!(staged(&store) > 1 && staged(&store) <= SETS + 1, "{} sets are staged", staged(&store));
    assert!((0..50).all(|i| delete(&mut transaction, i)));
    assert!(!delete(&mut transaction, 7), "it is deleted already");
    assert_eq!(read(&transaction.snapshot()).len(), 50);
    assert_eq!(read(&store.snapshot(Dataset::Rdf)), Vec::<String>::new());
    // The other data set's commits go on, and take numbers.
    let mut other = store.begin(Dataset::Pg);
    insert(&mut other, 0..1).unwrap();
    let before = other.commit().unwrap();
    let own = read(&transaction.snapshot());
    let commit = transaction.commit().unwrap();
    assert!(commit > before);
    assert_eq!(store.snapshot(Dataset::Rdf).commit(), commit);
    assert_eq!(read(&store.snapshot(Dataset::Rdf)), own);
    assert_eq!(staged(&store), 0);

    // Deleting what others wrote, and rolling back.
    let mut transaction = store.begin(Dataset::Rdf);
    assert!((50..100).all(|i| delete(&mut transaction, i)));
    assert!(staged(&store) > 0);
    let emptied = transaction.snapshot();
    transaction.rollback();
    assert_eq!(staged(&store), 0);
    assert_eq!(read(&store.snapshot(Dataset::Rdf)), own);
    assert_eq!(read(&emptied), Vec::<String>::new(), "a reader keeps what it reads");
    drop(emptied);

    // Once more, for good; then by the next process.
    let mut transaction = store.begin(Dataset::Rdf);
    assert!((50..99).all(|i| delete(&mut transaction, i)));
    transaction.commit().unwrap();
    let left = read(&store.snapshot(Dataset::Rdf));
    assert_eq!(left.len(), 1);
    drop(store);
    let store = open(directory.path());
    assert_eq!(read(&store.snapshot(Dataset::Rdf)), left);
    store.compact(Dataset::Rdf).unwrap();
    assert_eq!(read(&store.snapshot(Dataset::Rdf)), left);
    assert_eq!(store.check(&CancelToken::new()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn what_was_staged_goes_with_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut transaction = store.begin(Dataset::Rdf);
    insert(&mut transaction, 0..100).unwrap();
    assert!(files(&store) > 0);
    store.close();
    let error = transaction.commit().unwrap_err();
    assert!(matches!(error, Error::Engine(_) | Error::Cancelled), "{error}");
    drop(store);
    let store = open(directory.path());
    assert_eq!((files(&store), staged(&store)), (0, 0));
    assert_eq!(read(&store.snapshot(Dataset::Rdf)), Vec::<String>::new());
}

#[test]
fn who_idles_while_another_waits_is_rolled_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut idle = store.begin(Dataset::Rdf);
    insert(&mut idle, 0..100).unwrap();
    assert!(staged(&store) > 0);
    store.shared().idle_millis.store(0, std::sync::atomic::Ordering::SeqCst);
    let mut eager = store.begin(Dataset::Rdf);
    insert(&mut eager, 200..201).unwrap();
    assert_eq!(staged(&store), 0, "what it had staged is dropped");
    store.shared().idle_millis.store(60_000, std::sync::atomic::Ordering::SeqCst);
    assert!(matches!(insert(&mut idle, 100..101), Err(Error::Expired { .. })));
    assert!(matches!(insert(&mut idle, 100..101), Err(Error::Expired { .. })), "once and for all");
    assert_eq!(files(&store), 0, "its files are gone");
    assert!(matches!(idle.commit(), Err(Error::Expired { .. })));
    insert(&mut eager, 201..202).unwrap();
    eager.commit().unwrap();
    assert_eq!(read(&store.snapshot(Dataset::Rdf)).len(), 2);
}

#[test]
fn a_statement_at_work_is_not_taken_for_idle() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let token = CancelToken::new();
    let mut working = store.begin(Dataset::Rdf);
    let mut other = store.begin(Dataset::Rdf);
    insert(&mut other, 0..1).unwrap();
    other.commit().unwrap();
    assert_eq!(read(&working.snapshot()).len(), 0);
    working.lock(&token).unwrap();
    assert_eq!(read(&working.snapshot()).len(), 1, "it sees what its writes will meet");
    store.shared().idle_millis.store(0, std::sync::atomic::Ordering::SeqCst);
    insert(&mut working, 1..3).unwrap();
    let mut waiting = store.begin(Dataset::Rdf);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| waiting.lock(&token));
        insert(&mut working, 3..4).unwrap();
        token.cancel();
        assert!(matches!(waiter.join().unwrap(), Err(Error::Cancelled)), "it waits, and not for ever");
    });
    working.rest();
    waiting.lock(&CancelToken::new()).unwrap();
    assert!(matches!(insert(&mut working, 4..5), Err(Error::Expired { .. })), "another one has the slot");
}

#[test]
fn the_delta_is_bounded() {
    const MEMORY: u64 = 256 << 10;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options { memory: MEMORY, disk_floor: 0, ..Options::default() }).unwrap();
    let bell = store.bell();
    let folding = bell.keep_from_folding();
    for i in 0..40 {
        let mut transaction = store.begin(Dataset::Rdf);
        insert(&mut transaction, i * 20..i * 20 + 20).unwrap();
        transaction.commit().unwrap();
    }
    let delta = store.shared().delta_bytes(Dataset::Rdf);
    assert!(delta > MEMORY / 4 && delta < MEMORY / 3, "{delta} bytes in the delta");
    assert!(store.usage().segment_sets > 0);
    assert_eq!(read(&store.snapshot(Dataset::Rdf)).len(), 800);
    drop(folding);
}

#[test]
fn a_locked_transaction_reads_what_nobody_changes_before_it_writes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut first = store.begin(Dataset::Rdf);
    let mut second = store.begin(Dataset::Rdf);
    first.lock(&CancelToken::new()).unwrap();
    let gone = CancelToken::new();
    gone.cancel();
    assert!(matches!(second.lock(&gone), Err(Error::Cancelled)), "whoever waits can be ended");
    insert(&mut first, 0..1).unwrap();
    first.commit().unwrap();
    assert_eq!(read(&second.snapshot()).len(), 0, "as of its begin");
    second.lock(&CancelToken::new()).unwrap();
    assert_eq!(read(&second.snapshot()).len(), 1, "as of its lock");
    second.rollback();
}
