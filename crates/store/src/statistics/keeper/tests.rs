//! One computation for each commit, whoever asks; what deleting, switching off and resetting leave.

use std::os::unix::fs::FileExt;
use std::sync::Barrier;

use model::TermRef;

use super::*;
use crate::Store;
use crate::statistics::tests::open;
use crate::statistics::{Graph, Rdf};

const LONG: Duration = Duration::from_mins(10);

fn write(store: &Store, name: &str) {
    let mut transaction = store.begin(Dataset::Rdf);
    let [s, p] = [TermRef::Iri(name), TermRef::Iri("urn:p")];
    assert!(transaction.insert(s, p, TermRef::Int(1), TermRef::DefaultGraph).unwrap());
    transaction.commit().unwrap();
}

fn current(store: &Store) -> Standing {
    store.statistics().current(Dataset::Rdf, LONG, &CancelToken::new()).unwrap()
}

fn standing(store: &Store) -> Standing {
    store.statistics().standing(Dataset::Rdf, LONG, &CancelToken::new()).unwrap()
}

fn run(store: &Store) -> Arc<Run> {
    current(store).run.expect("statistics are there")
}

fn subjects(run: &Run) -> u64 {
    match &run.statistics.graph {
        Some(Graph::Rdf(Rdf { subjects, .. })) => *subjects,
        other => panic!("no RDF graph: {other:?}"),
    }
}

#[test]
fn all_who_ask_share_one_run_until_the_next_commit() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    write(&store, "urn:1");
    let together = Barrier::new(8);
    let ids: Vec<u64> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    run(&store).id
                })
            })
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let first = run(&store);
    assert!(ids.iter().all(|id| *id == first.id), "{ids:?}");
    assert!(first.ended_millis >= first.id);
    assert_eq!(store.statistics().refresh(Dataset::Rdf).unwrap(), first.id, "nothing has changed");
    store.fold(Dataset::Rdf).unwrap();
    store.compact(Dataset::Rdf).unwrap();
    assert_eq!(run(&store).id, first.id, "nor does it when layers are merged");

    write(&store, "urn:2");
    let second = run(&store);
    assert!(second.id > first.id);
    assert_eq!((subjects(&first), subjects(&second)), (1, 2));
}

#[test]
fn of_nothing_there_are_statistics_only_for_who_insists() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let found = standing(&store);
    assert!(found.auto_compute && found.run.is_none() && found.computing.is_none());
    assert!(!store.statistics().delete(Dataset::Rdf).unwrap(), "there are none");
    assert_eq!(subjects(&run(&store)), 0);
    assert!(standing(&store).run.is_some());
}

#[test]
fn deleted_ones_come_back_by_a_refresh_or_with_the_next_commit() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    write(&store, "urn:1");
    let first = run(&store).id;
    for restart in [false, true] {
        assert!(store.statistics().delete(Dataset::Rdf).unwrap());
        assert!(!store.statistics().delete(Dataset::Rdf).unwrap(), "they are gone");
        if restart {
            drop(store);
            store = open(directory.path());
        }
        let found = current(&store);
        assert!(found.auto_compute && found.run.is_none() && found.computing.is_none());
        let refreshed = store.statistics().refresh(Dataset::Rdf).unwrap();
        assert!(refreshed > first);
        assert_eq!(run(&store).id, refreshed);
    }
    assert!(store.statistics().delete(Dataset::Rdf).unwrap());
    write(&store, "urn:2");
    assert_eq!(subjects(&run(&store)), 2);
}

#[test]
fn switched_off_they_stay_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    write(&store, "urn:1");
    let first = run(&store);
    store.statistics().set_auto_compute(Dataset::Rdf, false).unwrap();
    write(&store, "urn:2");
    let found = current(&store);
    assert!(!found.auto_compute);
    assert_eq!(found.run.unwrap(), first, "outdated, and there");
    let other = store.statistics().current(Dataset::Pg, LONG, &CancelToken::new()).unwrap();
    assert!(other.auto_compute && other.run.is_some(), "the other graph has its own");

    drop(store);
    store = open(directory.path());
    let found = current(&store);
    assert!(!found.auto_compute && found.run.is_none(), "what was computed is not kept, what was said is");
    store.statistics().refresh(Dataset::Rdf).unwrap();
    assert_eq!(subjects(&standing(&store).run.unwrap()), 2, "who asks for them gets them");
}

#[test]
fn a_reset_drops_what_was_computed_and_undoes_a_deletion() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    write(&store, "urn:1");
    assert_eq!(subjects(&run(&store)), 1);
    store.clear(Vec::new(), &CancelToken::new()).unwrap();
    assert!(standing(&store).run.is_none());
    assert_eq!(subjects(&run(&store)), 0);

    write(&store, "urn:1");
    assert!(store.statistics().delete(Dataset::Rdf).unwrap());
    store.clear(Vec::new(), &CancelToken::new()).unwrap();
    assert_eq!(subjects(&run(&store)), 0);
    drop(store);
    store = open(directory.path());
    assert_eq!(subjects(&run(&store)), 0);
}

#[test]
fn a_load_is_followed_by_a_run_only_where_that_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    write(&store, "urn:1");
    store.statistics().after_load();
    let now = |store: &Store| store.statistics().0.state(Dataset::Rdf).standing();
    assert!(now(&store).run.is_none() && now(&store).computing.is_none());
    store.statistics().compute_after_loads();
    store.statistics().after_load();
    let computing = now(&store);
    let id = computing.computing.or(computing.run.map(|run| run.id)).expect("it has begun");
    assert_eq!(run(&store).id, id);
    store.statistics().after_load();
    assert_eq!(run(&store).id, id, "they are current");
}

#[test]
fn who_does_not_wait_is_told_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    write(&store, "urn:1");
    let keeper = store.statistics();
    let found = keeper.current(Dataset::Rdf, Duration::ZERO, &CancelToken::new()).unwrap();
    assert!(found.run.is_none());
    let cancel = CancelToken::new();
    cancel.cancel();
    assert!(matches!(keeper.current(Dataset::Rdf, LONG, &cancel), Err(Error::Cancelled)));
    store.close();
    assert!(matches!(keeper.current(Dataset::Rdf, LONG, &CancelToken::new()), Err(Error::Cancelled)));
}

#[test]
fn a_damaged_file_is_told_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    write(&store, "urn:1");
    store.fold(Dataset::Rdf).unwrap();
    store.compact(Dataset::Rdf).unwrap();
    let segments: Vec<_> = std::fs::read_dir(directory.path().join("segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    let whole: Vec<Vec<u8>> = segments.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for (path, bytes) in segments.iter().zip(&whole) {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(&[!bytes[0]], 0).unwrap();
    }
    let found = current(&store);
    assert!(found.run.is_none() && found.computing.is_none());
    assert!(found.failure.unwrap().contains("is damaged"));
    for (path, bytes) in segments.iter().zip(&whole) {
        std::fs::write(path, bytes).unwrap();
    }
    let found = current(&store);
    assert!(found.failure.is_none());
    assert_eq!(subjects(&found.run.unwrap()), 1);
}
