//! Short queries that would make huge values, or walk lists for ever: each ends with an error, within its memory.

use std::thread;
use std::time::Duration;

use cypher::{Query, output};
use exec::clock::SystemClock;
use exec::context::Context;
use exec::memory::Memory;
use exec::{EvalError, Map, fault};
use model::Dataset;
use store::{CancelToken, Options, Store};

/// Bytes that a query may hold.
const MEMORY: u64 = 8 << 20;

/// A text of a megabyte, as `t`.
const TEXT: &str = "WITH reduce(s = 'a', i IN range(1, 20) | s + s) AS t ";

/// Runs a query on an empty graph to the last byte of its result; that, and the most that it held.
fn run(text: &str, cancel: CancelToken) -> (fault::Result<u64>, u64) {
    let directory = tempfile::tempdir().expect("a folder can be made");
    let options = Options { create: true, memory: 64 << 20, ..Options::default() };
    let snapshot = Store::open(directory.path(), options).expect("a store can be made").snapshot(Dataset::Pg);
    let query = Query::parse(text).expect("it is well-formed");
    let prepared = query.prepare(&Map::default(), &snapshot).expect("it can be planned");
    let (memory, clock) = (Memory::new(MEMORY), SystemClock::now());
    let context = Context::reading(snapshot, cancel, memory.clone(), &clock);
    let written = output::write_json(&mut std::io::sink(), query.columns(), &mut prepared.rows(&context), &context);
    (written, memory.peak())
}

#[test]
fn sharing_does_not_make_a_value_endless() {
    for text in [
        "WITH reduce(l = [1], i IN range(1, 100) | [l, l]) AS x RETURN x = x",
        "WITH reduce(m = {a: 1}, i IN range(1, 100) | {a: m, b: m}) AS x RETURN x ORDER BY x",
        "WITH reduce(l = [1], i IN range(1, 100) | [l, l]) AS x RETURN DISTINCT x",
    ] {
        let (result, _) = run(text, CancelToken::new());
        assert!(matches!(result, Err(fault::Error::Eval(EvalError::TooLarge { .. }))), "{text}: {result:?}");
    }
}

#[test]
fn values_that_are_made_count_as_memory() {
    let copies = |what: &str| (0..50).map(|n| what.replace('#', &n.to_string())).collect::<Vec<_>>().join(", ");
    for query in [
        "RETURN size([x IN range(1, 1000) | t + x])".to_owned(),
        "UNWIND range(1, 1000) AS x RETURN t + x".to_owned(),
        "UNWIND range(1, 1000) AS x RETURN replace(t, 'a', 'b') AS y".to_owned(),
        "UNWIND range(1, 1000) AS x RETURN {text: t + x} AS y".to_owned(),
        format!("RETURN size([{}])", copies("t + '#'")),
        format!("RETURN keys({{{}}})", copies("a#: t + '#'")),
        format!("RETURN {}", copies("t AS a#")),
    ] {
        let (result, peak) = run(&format!("{TEXT}{query}"), CancelToken::new());
        assert!(matches!(result, Err(fault::Error::OutOfMemory { .. })), "{query}: {result:?}");
        assert!(peak < 3 * MEMORY, "{query}: {peak}");
    }
}

#[test]
fn what_is_shared_counts_once() {
    for query in [
        "UNWIND range(1, 5000) AS x RETURN size(t), x",
        "UNWIND range(1, 5000) AS x WITH x, t AS u WHERE size(u) > x RETURN count(*)",
        "UNWIND range(1, 5000) AS x WITH coalesce(t, x) AS u RETURN sum(size(u))",
        "RETURN size([x IN range(1, 500) | t])",
        "RETURN size([x IN range(1, 1000) WHERE x % 2 = 0 | coalesce(t, x)])",
    ] {
        let (result, _) = run(&format!("{TEXT}{query}"), CancelToken::new());
        assert!(result.is_ok(), "{query}: {result:?}");
    }
}

#[test]
fn loops_within_one_row_are_ended() {
    const LIST: &str = "WITH range(1, 100000) AS l RETURN ";
    for query in [
        "size([x IN l WHERE any(y IN l WHERE x * y = -1)])",
        "reduce(s = 0, x IN l | s + reduce(t = 0, y IN l | y))",
        "all(x IN l WHERE none(y IN l WHERE x * y = -1))",
        "size([x IN l | size([y IN l WHERE x * y = -1])])",
    ] {
        let cancel = CancelToken::new();
        let result = thread::scope(|scope| {
            let asked = scope.spawn(|| run(&format!("{LIST}{query}"), cancel.clone()).0);
            thread::sleep(Duration::from_millis(50)); // most of them have begun by then
            cancel.cancel();
            asked.join().expect("it does not panic")
        });
        assert!(matches!(result, Err(fault::Error::Store(store::Error::Cancelled))), "{query}: {result:?}");
    }
}
