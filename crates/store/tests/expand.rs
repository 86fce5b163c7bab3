//! Expand over runs that are longer than a block, in several layers, with removals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::{Dataset, Quad, Tag, TermId, TermRef};
use store::{Behind, CancelToken, Columns, Options, Order, Pattern, Snapshot, Store, Transaction};

/// The first predicate behind labels and keys.
const FIRST_TYPE: TermId = TermId::new(Tag::EdgeLabelInline, 0);

/// Some vertices, one of them with very many properties and relationships of three types.
fn write(transaction: &mut Transaction, edges: std::ops::Range<u32>) {
    for edge in edges {
        let from = format!("v{}", if edge % 4 == 0 { edge % 50 } else { 7 });
        let to = format!("v{}", edge % 997);
        let kind = ["A", "KNOWS", "a type with quite a long name"][edge as usize % 3];
        let (from, to, id) = (TermRef::Vertex(&from), TermRef::Vertex(&to), format!("e{edge}"));
        transaction.insert(from, TermRef::EdgeLabel(kind), to, TermRef::Edge(&id)).unwrap();
        let (key, value) = (format!("k{}", edge % 1500), TermRef::Int(edge as i32 / 1500));
        transaction.insert(from, TermRef::Key(&key), value, TermRef::DefaultGraph).unwrap();
    }
}

/// What the scans of each id find, by the place of the id.
fn scanned(snapshot: &Snapshot, ids: &[TermId], order: Order, right: impl Fn(&Quad) -> bool) -> Vec<(u32, Quad)> {
    let mut found = Vec::new();
    for (at, id) in (0..).zip(ids) {
        let pattern = match order {
            Order::Opsg => Pattern { o: Some(*id), ..Pattern::ALL },
            _ => Pattern { s: Some(*id), ..Pattern::ALL },
        };
        for batch in snapshot.scan(pattern, order) {
            found.extend(batch.unwrap().quads().filter(&right).map(|quad| (at, quad)));
        }
    }
    found
}

fn expanded(snapshot: &Snapshot, ids: &[TermId], behind: Behind<'_>, order: Order, limit: usize) -> Vec<(u32, Quad)> {
    let mut found = Vec::new();
    let mut expander = snapshot.expand(ids, behind, order, Columns::ALL);
    while let Some((origins, quads)) = expander.next(limit, &CancelToken::new()).unwrap() {
        assert!(quads.len() < limit + ids.len(), "{} rows at once", quads.len());
        found.extend(origins.into_iter().zip(quads.quads()));
    }
    found
}

fn compare(snapshot: &Snapshot) {
    let ids: Vec<TermId> =
        [7, 3, 49, 7, 1000, 0, 12, 7].map(|n| snapshot.encode(TermRef::Vertex(&format!("v{n}")))).to_vec();
    let knows = snapshot.encode(TermRef::EdgeLabel("KNOWS"));
    let long = snapshot.encode(TermRef::EdgeLabel("a type with quite a long name"));
    let ends = vec![ids[5]; ids.len()];
    for order in [Order::Spog, Order::Opsg] {
        let far = |quad: &Quad| if order == Order::Spog { quad.o } else { quad.s };
        let both = [long, knows];
        for (behind, right) in [
            (Behind::From(FIRST_TYPE), Box::new(|quad: &Quad| quad.p >= FIRST_TYPE) as Box<dyn Fn(&Quad) -> bool>),
            (Behind::From(TermId::MIN), Box::new(|_: &Quad| true)),
            (Behind::Second(&both), Box::new(move |quad| quad.p == knows || quad.p == long)),
            (Behind::Third(&both[1..], &ends), Box::new(|quad| quad.p == knows && far(quad) == ends[0])),
        ] {
            let mut expected = scanned(snapshot, &ids, order, right);
            expected.sort_unstable();
            for limit in [1, 100, 1024, 1 << 20] {
                let mut found = expanded(snapshot, &ids, behind, order, limit);
                assert!(limit < 1 << 20 || found.is_sorted_by_key(|(origin, _)| *origin));
                found.sort_unstable();
                assert_eq!(found.len(), expected.len(), "{order:?} {behind:?} {limit}");
                assert!(found == expected, "{order:?} {behind:?} {limit}");
            }
        }
    }
}

#[test]
fn a_hub_is_expanded_piece_by_piece() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
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
}
