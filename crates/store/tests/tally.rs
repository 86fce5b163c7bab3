//! Tallies against what a scan finds, in several layers, with removals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use model::{Dataset, Quad, Tag, TermId, TermRef};
use store::{CancelToken, Counted, Options, Order, Pattern, Snapshot, Store, Transaction};

/// The first predicate behind labels and keys.
const FIRST_TYPE: TermId = TermId::new(Tag::EdgeLabelInline, 0);

/// Some vertices, one of them with very many relationships of three types, and properties of vertices and edges.
fn write(transaction: &mut Transaction, edges: std::ops::Range<u32>) {
    for edge in edges {
        let from = format!("v{}", if edge % 4 == 0 { edge % 500 } else { 7 });
        let to = format!("v{}", edge % 997);
        let kind = ["A", "KNOWS", "a type with quite a long name"][edge as usize % 3];
        let (from, to, id) = (TermRef::Vertex(&from), TermRef::Vertex(&to), format!("e{edge}"));
        transaction.insert(from, TermRef::EdgeLabel(kind), to, TermRef::Edge(&id)).unwrap();
        for holder in [from, TermRef::Edge(&id)] {
            let value = TermRef::Int(edge as i32 % 60);
            transaction.insert(holder, TermRef::Key("age"), value, TermRef::DefaultGraph).unwrap();
        }
    }
}

fn tallied(
    snapshot: &Snapshot,
    order: Order,
    given: &[TermId],
    of: (TermId, TermId),
    counted: Counted<'_>,
) -> Vec<(TermId, u64)> {
    let mut found = Vec::new();
    let mut tally = snapshot.tally(order, given, of, counted);
    while let Some((ids, counts)) = tally.next(10, &CancelToken::new()).unwrap() {
        assert!(!ids.is_empty());
        found.extend(ids.into_iter().zip(counts));
    }
    found
}

fn scanned(
    snapshot: &Snapshot,
    pattern: Pattern,
    order: Order,
    id: impl Fn(&Quad) -> Option<TermId>,
) -> Vec<(TermId, u64)> {
    let mut found: BTreeMap<TermId, u64> = BTreeMap::new();
    for batch in snapshot.scan(pattern, order) {
        for id in batch.unwrap().quads().filter_map(|quad| id(&quad)) {
            *found.entry(id).or_default() += 1;
        }
    }
    found.into_iter().collect()
}

fn compare(snapshot: &Snapshot) {
    let label = |text| snapshot.encode(TermRef::EdgeLabel(text));
    let (a, long, age) = (label("A"), label("a type with quite a long name"), snapshot.encode(TermRef::Key("age")));
    let all = (TermId::MIN, TermId::MAX);
    let vertices = (TermId::new(Tag::VertexInline, 0), TermId::new(Tag::EdgeInline, 0));
    for order in [Order::Spog, Order::Opsg] {
        let lead = |quad: &Quad| if order == Order::Spog { quad.s } else { quad.o };
        let right = |quad: &Quad| lead(quad).is_vertex().then(|| lead(quad));
        let from = tallied(snapshot, order, &[], vertices, Counted::From(FIRST_TYPE));
        assert!(from == scanned(snapshot, Pattern::ALL, order, |quad| right(quad).filter(|_| quad.p >= FIRST_TYPE)));
        let among = tallied(snapshot, order, &[], vertices, Counted::Among(&[long, a]));
        assert!(
            among == scanned(snapshot, Pattern::ALL, order, |quad| right(quad).filter(|_| [a, long].contains(&quad.p)))
        );
        assert!(
            tallied(snapshot, order, &[], all, Counted::All)
                == scanned(snapshot, Pattern::ALL, order, |quad| Some(lead(quad)))
        );
    }
    let pattern = Pattern { p: Some(age), ..Pattern::ALL };
    let ages = tallied(snapshot, Order::Posg, &[age], all, Counted::All);
    assert!(ages.len() <= 60 && ages == scanned(snapshot, pattern, Order::Posg, |quad| Some(quad.o)));
    let [first, last] = [10, 19].map(|age| snapshot.encode(TermRef::Int(age)));
    assert_eq!(tallied(snapshot, Order::Posg, &[age], (first, last), Counted::All), ages[10..20]);
}

#[test]
fn tallies_are_what_scans_find() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
    assert!(
        store
            .snapshot(Dataset::Pg)
            .tally(Order::Spog, &[], (TermId::MIN, TermId::MAX), Counted::All)
            .next(1, &CancelToken::new())
            .unwrap()
            .is_none()
    );
    let mut transaction = store.begin(Dataset::Pg);
    write(&mut transaction, 0..12_000);
    transaction.commit().unwrap();
    store.fold(Dataset::Pg).unwrap();
    compare(&store.snapshot(Dataset::Pg));
    let mut transaction = store.begin(Dataset::Pg);
    write(&mut transaction, 12_000..14_000);
    for batch in store.snapshot(Dataset::Pg).scan(Pattern::ALL, Order::Spog) {
        for quad in batch.unwrap().quads().step_by(5) {
            transaction.delete(&quad).unwrap();
        }
    }
    transaction.commit().unwrap();
    compare(&store.snapshot(Dataset::Pg));
    store.fold(Dataset::Pg).unwrap();
    compare(&store.snapshot(Dataset::Pg));
    // A layer that holds no relationship.
    let mut transaction = store.begin(Dataset::Pg);
    for vertex in 0..500 {
        let vertex = format!("v{vertex}");
        let age = TermRef::Key("age");
        transaction.insert(TermRef::Vertex(&vertex), age, TermRef::Int(1), TermRef::DefaultGraph).unwrap();
    }
    transaction.commit().unwrap();
    compare(&store.snapshot(Dataset::Pg));
}
