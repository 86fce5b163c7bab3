//! The store against a plain set of quads: any sequence of insert, delete, load, publish, fold, compaction and restart
//! leaves the same set, in every order and through every way of reading.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use model::{Dataset, Quad, TermId, TermRef};
use proptest::prelude::*;
use store::{
    Behind, CancelToken, Columns, IngestBatch, IngestOptions, Options, Order, Ordinal, Pattern, Role, Rules, Snapshot,
    Store,
};

/// A small world, so that operations meet: some terms inline, some hashed.
const TERMS: [TermRef<'static>; 8] = [
    TermRef::Iri("http://example.org/one"),
    TermRef::Iri("http://example.org/a-longer-name/two"),
    TermRef::Iri("urn:3"),
    TermRef::String("short"),
    TermRef::String("a string of more than fifteen bytes"),
    TermRef::Int(7),
    TermRef::Lang { value: "hallo", language: "de" },
    TermRef::Double(2.5),
];
const GRAPHS: [TermRef<'static>; 3] =
    [TermRef::DefaultGraph, TermRef::Iri("http://example.org/graph"), TermRef::Iri("urn:g")];

type Small = (u8, u8, u8, u8);

fn terms((s, p, o, g): Small) -> [TermRef<'static>; 4] {
    [TERMS[usize::from(s) % 3], TERMS[usize::from(p) % 3], TERMS[usize::from(o) % 8], GRAPHS[usize::from(g) % 3]]
}

fn quad(store: &Store, small: Small) -> Quad {
    let [s, p, o, g] = terms(small).map(|term| store.encode(term));
    Quad::new(s, p, o, g)
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Insert,
    Delete,
    /// What the transaction shows is read, and must still be the same at its end.
    Look,
}

#[derive(Clone, Debug)]
enum Step {
    /// One transaction. The last flag rolls it back.
    Transaction(Vec<(Operation, Small)>, bool),
    Load(Vec<Small>),
    /// A load in several parts, each staged, that become visible together at the end, or not at all.
    Staged(Vec<Vec<Small>>, bool),
    Fold,
    Compact,
    Clear,
    Settle,
    Restart,
    /// A snapshot is taken here and must still be the same at the end.
    Snapshot,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let small = (0..3_u8, 0..3_u8, 0..8_u8, 0..3_u8);
    let operation = prop_oneof![4 => Just(Operation::Insert), 3 => Just(Operation::Delete), 1 => Just(Operation::Look)];
    let step = prop_oneof![
        6 => (prop::collection::vec((operation.clone(), small.clone()), 0..12), prop::bool::weighted(0.15))
            .prop_map(|(operations, back)| Step::Transaction(operations, back)),
        3 => prop::collection::vec(small.clone(), 0..25).prop_map(Step::Load),
        2 => (prop::collection::vec(prop::collection::vec(small.clone(), 0..12), 1..6), any::<bool>())
            .prop_map(|(parts, publish)| Step::Staged(parts, publish)),
        // Long enough to spill many times where memory is small.
        1 => (prop::collection::vec((operation, small.clone()), 30..70), any::<bool>())
            .prop_map(|(operations, back)| Step::Transaction(operations, back)),
        1 => Just(Step::Fold),
        1 => Just(Step::Compact),
        1 => Just(Step::Settle),
        1 => Just(Step::Clear),
        1 => Just(Step::Restart),
        1 => Just(Step::Snapshot),
    ];
    prop::collection::vec(step, 1..25)
}

fn load(store: &Store, quads: &[Small], expected: &BTreeSet<Quad>) {
    let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
    let mut ingest = store.ingest(Dataset::Rdf, options);
    let mut batch = IngestBatch::new();
    let key = store.hash_key();
    for (record, small) in quads.iter().enumerate() {
        let [s, p, o, g] = terms(*small).map(|term| batch.term(&key, term));
        batch.push(Quad::new(s, p, o, g), Ordinal::new(0, record as u64 + 1), Role::Record);
    }
    ingest.add(&mut batch).unwrap();
    let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
    let counts = prepared.feeds.get(&0).copied().unwrap_or_default();
    let fresh: BTreeSet<Quad> =
        quads.iter().map(|small| quad(store, *small)).filter(|quad| !expected.contains(quad)).collect();
    assert_eq!(counts.loaded, fresh.len() as u64);
    assert_eq!(counts.duplicates, (quads.len() - fresh.len()) as u64);
    assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
}

/// Loads parts, one after another judged against those before it, unseen by anybody until the end.
fn load_staged(store: &Store, parts: &[Vec<Small>], publish: bool, expected: &mut BTreeSet<Quad>) {
    let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
    let mut ingest = store.ingest(Dataset::Rdf, options);
    let key = store.hash_key();
    let mut after = expected.clone();
    let mut last = None;
    for part in parts {
        if let Some(prepared) = last.take() {
            ingest.stage(prepared, Vec::new()).unwrap();
        }
        let mut batch = IngestBatch::new();
        for (record, small) in part.iter().enumerate() {
            let [s, p, o, g] = terms(*small).map(|term| batch.term(&key, term));
            batch.push(Quad::new(s, p, o, g), Ordinal::new(0, record as u64 + 1), Role::Record);
        }
        ingest.add(&mut batch).unwrap();
        let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
        let fresh = part.iter().filter(|small| after.insert(quad(store, **small))).count();
        assert_eq!(prepared.feeds.get(&0).map_or(0, |counts| counts.loaded), fresh as u64);
        last = Some(prepared);
        compare(&store.snapshot(Dataset::Rdf), expected);
    }
    let decided = ingest.publish(last.unwrap(), &mut |_| publish.then(Vec::new)).unwrap();
    assert_eq!(decided, publish);
    ingest.discard();
    if publish {
        *expected = after;
    }
}

fn read(snapshot: &Snapshot, pattern: Pattern, order: Order) -> Vec<Quad> {
    snapshot.scan(pattern, order).flat_map(|batch| batch.unwrap().quads().collect::<Vec<_>>()).collect()
}

/// Every way of reading says what the set says.
fn compare(snapshot: &Snapshot, expected: &BTreeSet<Quad>) {
    let ids = |position: fn(&Quad) -> TermId| {
        let mut ids: Vec<_> = TERMS.iter().chain(&GRAPHS).map(|term| snapshot.encode(*term)).collect();
        ids.extend(expected.iter().map(position));
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let mut patterns = vec![Pattern::ALL];
    for id in ids(|quad| quad.s) {
        patterns.push(Pattern { s: Some(id), ..Pattern::ALL });
        patterns.push(Pattern { o: Some(id), ..Pattern::ALL });
        patterns.push(Pattern { g: Some(id), ..Pattern::ALL });
        patterns.push(Pattern { p: Some(id), ..Pattern::ALL });
    }
    patterns.extend(expected.iter().map(|quad| Pattern { s: Some(quad.s), o: Some(quad.o), ..Pattern::ALL }));
    patterns.extend(expected.iter().map(|quad| Pattern { p: Some(quad.p), g: Some(quad.g), ..Pattern::ALL }));
    for pattern in patterns {
        let matching: BTreeSet<Quad> = expected.iter().filter(|quad| pattern.matches(quad)).copied().collect();
        for order in Order::ALL.into_iter().filter(|order| pattern.is_held_by(*order)) {
            let found = read(snapshot, pattern, order);
            assert_eq!(found.len(), matching.len(), "{pattern:?} in {order:?}");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), matching, "{pattern:?} in {order:?}");
        }
    }
    let all: Vec<Quad> = ids(|quad| quad.s)
        .into_iter()
        .flat_map(|id| expected.iter().map(move |quad| Quad { s: id, ..*quad }))
        .collect();
    let contains = snapshot.contains_many(&all).unwrap();
    for (quad, found) in all.iter().zip(contains) {
        assert_eq!(found, expected.contains(quad));
    }
    // Expand: asked for in any order, repeats and strangers included.
    let mut asked = ids(|quad| quad.o);
    asked.reverse();
    asked.push(asked[0]);
    for order in Order::ALL {
        let expansion = snapshot.scan_many(&asked, Pattern::ALL, order).unwrap();
        let degrees = snapshot.degree_many(&asked, Pattern::ALL, order).unwrap();
        let rows: Vec<Quad> = expansion.quads.quads().collect();
        for (i, id) in asked.iter().enumerate() {
            let rows = &rows[expansion.spans[i].clone()];
            let is_of = |quad: &&Quad| match order {
                Order::Spog => quad.s == *id,
                Order::Posg => quad.p == *id,
                Order::Opsg => quad.o == *id && id.is_resource(),
                Order::Gspo => quad.g == *id && *id != TermId::DEFAULT_GRAPH,
            };
            let matching = expected.iter().filter(is_of).count();
            assert_eq!(rows.iter().filter(is_of).count(), matching, "{order:?} {id:?}");
            assert_eq!(rows.len(), matching, "{order:?} {id:?}");
            assert_eq!(degrees[i], matching as u64);
        }
        let second = |quad: &Quad| match order {
            Order::Spog | Order::Opsg => quad.p,
            Order::Posg => quad.o,
            Order::Gspo => quad.s,
        };
        let ends: BTreeSet<TermId> = rows.iter().map(second).collect();
        for end in ends {
            let below = snapshot.scan_many_below(&asked, end, order, Columns::ALL).unwrap();
            let found: Vec<Quad> = below.quads.quads().collect();
            for (span, all) in below.spans.iter().zip(&expansion.spans) {
                let expected: Vec<_> = rows[all.clone()].iter().filter(|quad| second(quad) < end).collect();
                assert_eq!(found[span.clone()].iter().collect::<Vec<_>>(), expected, "{order:?} below {end:?}");
            }
        }
    }
    for limit in [1, 7, 1000] {
        expand(snapshot, expected, &asked, limit);
    }
    let predicates: BTreeSet<TermId> = expected.iter().map(|quad| quad.p).collect();
    for least in predicates.iter().copied().chain([TermId::MIN, TermId::MAX]) {
        let found: Vec<TermId> = snapshot.predicates(least).map(Result::unwrap).collect();
        assert_eq!(found, predicates.range(least..).copied().collect::<Vec<_>>());
    }
    for p in ids(|quad| quad.p) {
        let objects: BTreeSet<TermId> = expected.iter().filter(|quad| quad.p == p).map(|quad| quad.o).collect();
        let found: Vec<TermId> = snapshot.objects(p).map(Result::unwrap).collect();
        assert_eq!(found, objects.into_iter().collect::<Vec<_>>());
    }
    // Terms come back.
    let ids: Vec<TermId> = expected.iter().flat_map(|quad| [quad.s, quad.p, quad.o, quad.g]).collect();
    for (id, term) in ids.iter().zip(snapshot.resolve_many(&ids).unwrap()) {
        assert!(TERMS.iter().chain(&GRAPHS).any(|known| snapshot.encode(*known) == *id), "{term:?}");
        assert_eq!(snapshot.resolve(*id).unwrap(), term);
    }
}

/// Expand piece by piece gives each id its rows, in every order, whatever is given behind the id.
fn expand(snapshot: &Snapshot, expected: &BTreeSet<Quad>, asked: &[TermId], limit: usize) {
    let key = |order: Order, Quad { s, p, o, g }: Quad| match order {
        Order::Spog => [s, p, o, g],
        Order::Posg => [p, o, s, g],
        Order::Opsg => [o, p, s, g],
        Order::Gspo => [g, s, p, o],
    };
    let held = |order: Order, quad: &&Quad| match order {
        Order::Spog | Order::Posg => true,
        Order::Opsg => quad.o.is_resource(),
        Order::Gspo => quad.g != TermId::DEFAULT_GRAPH,
    };
    for order in Order::ALL {
        let keys: Vec<_> = expected.iter().filter(|quad| held(order, quad)).map(|quad| key(order, *quad)).collect();
        let seconds: Vec<TermId> = keys.iter().map(|key| key[1]).rev().take(5).collect();
        let least = keys.iter().map(|key| key[1]).max().unwrap_or(TermId::MIN);
        let thirds: Vec<TermId> = (0..asked.len()).map(|at| keys.get(at).map_or(TermId::MAX, |key| key[2])).collect();
        for behind in [
            Behind::From(TermId::MIN),
            Behind::From(least),
            Behind::Second(&seconds),
            Behind::Second(&[]),
            Behind::Third(&seconds, &thirds),
        ] {
            let wanted = |at: usize, key: &[TermId; 4]| {
                key[0] == asked[at]
                    && match behind {
                        Behind::From(least) => key[1] >= least,
                        Behind::Second(seconds) => seconds.contains(&key[1]),
                        Behind::Third(seconds, thirds) => seconds.contains(&key[1]) && key[2] == thirds[at],
                    }
            };
            let all = (0..asked.len()).flat_map(|at| keys.iter().map(move |key| (at as u32, *key)));
            let mut matching: Vec<_> = all.filter(|(at, key)| wanted(*at as usize, key)).collect();
            let mut found = Vec::new();
            let mut expander = snapshot.expand(asked, behind, order, Columns::ALL);
            while let Some((origins, quads)) = expander.next(limit, &CancelToken::new()).unwrap() {
                assert!(!quads.is_empty() && origins.len() == quads.len());
                assert!(limit > 1 || quads.len() <= asked.len());
                assert!(limit < 1000 || origins.is_sorted());
                found.extend(origins.into_iter().zip(quads.quads().map(|quad| key(order, quad))));
            }
            found.sort_unstable();
            matching.sort_unstable();
            assert_eq!(found, matching, "{order:?} {behind:?} {limit}");
        }
    }
}

/// With 16 KiB a transaction spills at its third operation, and the delta is folded all the time.
fn options(memory: u64) -> Options {
    Options { memory, disk_floor: 0, ..Options::default() }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory.join("segments")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn equals_a_plain_set(steps in steps(), memory in prop_oneof![Just(1_u64 << 20), Just(1 << 14)]) {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(directory.path(), options(memory)).unwrap();
        let mut expected: BTreeSet<Quad> = BTreeSet::new();
        let mut kept: Vec<(Snapshot, BTreeSet<Quad>)> = Vec::new();
        for step in steps {
            match step {
                Step::Transaction(operations, back) => {
                    let mut transaction = store.begin(Dataset::Rdf);
                    let mut after = expected.clone();
                    let mut looks: Vec<(Snapshot, BTreeSet<Quad>)> = Vec::new();
                    for (operation, small) in operations {
                        let quad = quad(&store, small);
                        let [s, p, o, g] = terms(small);
                        match operation {
                            Operation::Insert => {
                                prop_assert_eq!(transaction.insert(s, p, o, g).unwrap(), after.insert(quad));
                            }
                            Operation::Delete => {
                                prop_assert_eq!(transaction.delete(&quad).unwrap(), after.remove(&quad));
                            }
                            Operation::Look => looks.push((transaction.snapshot(), after.clone())),
                        }
                    }
                    for s in TERMS.iter().take(3).map(|term| store.encode(*term)) {
                        let of_subject = |predicates: RangeInclusive<TermId>| {
                            let mut quads = transaction.quads_of(s, predicates.clone()).unwrap();
                            quads.sort_unstable();
                            let inside = |quad: &&Quad| quad.s == s && predicates.contains(&quad.p);
                            assert_eq!(quads, after.iter().filter(inside).copied().collect::<Vec<_>>());
                        };
                        of_subject(TermId::MIN..=TermId::MAX);
                        let mut predicates: Vec<TermId> = TERMS.iter().take(3).map(|term| store.encode(*term)).collect();
                        predicates.sort_unstable();
                        of_subject(predicates[0]..=predicates[1]);
                        for p in predicates {
                            of_subject(p..=p);
                        }
                    }
                    looks.push((transaction.snapshot(), after.clone()));
                    for (snapshot, then) in &looks {
                        compare(snapshot, then);
                    }
                    drop(looks);
                    prop_assert_eq!(read(&store.snapshot(Dataset::Rdf), Pattern::ALL, Order::Spog).len(), expected.len());
                    if back {
                        // Who has read it keeps reading it.
                        kept.push((transaction.snapshot(), after));
                        transaction.rollback();
                    } else {
                        transaction.commit().unwrap();
                        expected = after;
                    }
                }
                Step::Load(quads) => {
                    load(&store, &quads, &expected);
                    expected.extend(quads.iter().map(|small| quad(&store, *small)));
                }
                Step::Staged(parts, publish) => load_staged(&store, &parts, publish, &mut expected),
                Step::Fold => store.fold(Dataset::Rdf).unwrap(),
                Step::Compact => store.compact(Dataset::Rdf).unwrap(),
                Step::Settle => {
                    store.settle(&CancelToken::new()).unwrap();
                    let usage = store.usage();
                    prop_assert!(usage.segment_sets <= 4 && !usage.compaction_waiting, "{:?}", usage);
                }
                Step::Clear => {
                    store.clear(Vec::new(), &CancelToken::new()).unwrap();
                    expected.clear();
                    prop_assert_eq!((store.usage().segment_sets, store.usage().delta_quads), (0, 0));
                }
                Step::Restart => {
                    for (snapshot, then) in kept.drain(..) {
                        compare(&snapshot, &then);
                    }
                    drop(store);
                    store = Store::open(directory.path(), options(memory)).unwrap();
                }
                Step::Snapshot => kept.push((store.snapshot(Dataset::Rdf), expected.clone())),
            }
            compare(&store.snapshot(Dataset::Rdf), &expected);
        }
        for (snapshot, then) in &kept {
            compare(snapshot, then);
        }
        kept.clear();
        store.settle(&CancelToken::new()).unwrap();
        prop_assert_eq!((store.usage().temporary_bytes, store.usage().merging_bytes), (0, 0));
        let report = store.check(&CancelToken::new()).unwrap();
        prop_assert_eq!(&report.problems, &Vec::<String>::new());
        prop_assert_eq!(report.datasets[1].quads, expected.len() as u64);
        prop_assert_eq!(report.datasets[0].quads, 0, "the other data set stays empty");
        let before = files(directory.path());
        drop(store);
        drop(Store::open(directory.path(), options(memory)).unwrap());
        prop_assert_eq!(before, files(directory.path()), "nothing was left for the next start to remove");
    }
}
