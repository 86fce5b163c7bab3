//! The highest expressions that the parser lets through are planned and computed on an ordinary stack.

use cypher::Query;
use exec::Map;
use exec::clock::SystemClock;
use exec::context::Context;
use exec::fault::Error;
use exec::memory::Memory;
use model::{Dataset, TermRef};
use store::{CancelToken, Options, Store};

#[test]
fn the_highest_expressions_are_computed_on_an_ordinary_stack() {
    let directory = tempfile::tempdir().unwrap();
    let store =
        Store::open(directory.path(), Options { memory: 64 << 20, disk_floor: 0, ..Options::default() }).unwrap();
    // A node with a relationship to itself, so that patterns within patterns are walked to the innermost.
    let (node, edge) = (TermRef::Vertex("a"), TermRef::Edge("e"));
    let mut transaction = store.begin(Dataset::Pg);
    transaction.insert(node, TermRef::Label, TermRef::String("A"), TermRef::DefaultGraph).unwrap();
    transaction.insert(node, TermRef::EdgeLabel("T"), node, edge).unwrap();
    transaction.commit().unwrap();
    let snapshot = store.snapshot(Dataset::Pg);
    // The thread of a test has two megabytes, as any other has.
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{a: ", "1", "}"),
        ("NOT ", "true", ""),
        ("- ", "1.5", ""),
        ("abs(", "1", ")"),
        ("CASE WHEN ", "true", " THEN true END"),
        ("[x IN ", "[1]", " WHERE true | x]"),
        ("[x IN [1] | ", "x", "]"),
        ("all(x IN [1] WHERE ", "true", ")"),
        ("reduce(x = 0, y IN [1] | ", "x", ")"),
        ("true AND (", "true", ")"),
        ("1 < (", "1", ")"),
        ("1 + ", "1", ""),
        ("", "{}", ".b"),
        ("", "[]", "[0]"),
        ("", "[]", "[0..]"),
        ("", "1", " IS NULL"),
        ("[(a)-->(b) WHERE ", "true", " | true] = []"),
        ("EXISTS { MATCH (a) WHERE ", "true", " }"),
    ] {
        for (before, behind) in [("RETURN ", " AS x"), ("UNWIND [1] AS n WITH n WHERE null = ", " RETURN n")] {
            let text = |depth: usize| format!("{before}{}{middle}{}{behind}", open.repeat(depth), close.repeat(depth));
            let depths: Vec<usize> = (1..=cypher::MAX_HEIGHT as usize).collect();
            let highest = depths.partition_point(|depth| Query::parse(&text(*depth)).is_ok());
            let query = Query::parse(&text(highest)).unwrap();
            let prepared = query.prepare(&Map::default(), &snapshot).unwrap();
            let clock = SystemClock::now();
            let context = Context::reading(snapshot.clone(), CancelToken::default(), Memory::new(64 << 20), &clock);
            let mut rows = prepared.rows(&context);
            let answer = rows.next_batch();
            // Lists may be too deep for a value; then that is the answer.
            assert!(matches!(answer, Ok(_) | Err(Error::Eval(_))), "{before}{open}{middle}{close}: {answer:?}");
        }
    }
}
