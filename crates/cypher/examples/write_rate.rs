//! How fast statements write: `cargo run --profile fast -p halimede-cypher --example write_rate -- [STATEMENT]...`.
//!
//! Without statements it runs some of its own. Each is a transaction; prints its seconds, to the last row and with the
//! commit. For profiles, not for records.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example that measures")]

use std::time::Instant;

use cypher::Query;
use exec::Map;
use exec::clock::SystemClock;
use exec::context::Context;
use exec::memory::Memory;
use model::Dataset;
use store::{CancelToken, Options, Store};

const STATEMENTS: [&str; 12] = [
    "UNWIND range(1, 100000) AS i CREATE (:N {i: i})",
    "UNWIND range(1, 100000) AS i CREATE (:I {`~id`: 'a-vertex-' + toString(i)})",
    "UNWIND range(1, 10000) AS i MERGE (:M {i: i})",
    "UNWIND range(1, 10000) AS i MERGE (:M {i: i}) // found",
    "UNWIND range(1, 10000) AS i MERGE (n {`~id`: 'v' + toString(i)})",
    "UNWIND range(1, 10000) AS i MERGE (n {`~id`: 'v' + toString(i)}) ON MATCH SET n.seen = true // found",
    "UNWIND range(1, 10000) AS i MATCH (a:M {i: i}), (b:M {i: i % 100 + 1}) CREATE (a)-[:S {of: i}]->(b)",
    "UNWIND range(1, 10000) AS i MATCH (a:M {i: i}), (b:M {i: i % 100 + 1}) MERGE (a)-[:T]->(b)",
    "MATCH (n:N) SET n.j = n.i + 1",
    "MATCH (n:N) SET n += {k: 'key', j: null}",
    "MATCH (n:N) DELETE n",
    "MATCH (n) DETACH DELETE n",
];

fn main() {
    let directory = tempfile::tempdir_in(".").unwrap();
    let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
    let given: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    for text in if given.is_empty() { &STATEMENTS[..] } else { &given[..] } {
        let start = Instant::now();
        let mut transaction = store.begin(Dataset::Pg);
        let query = Query::parse(text).unwrap();
        let prepared = query.prepare(&Map::default(), &transaction.snapshot()).unwrap();
        let clock = SystemClock::now();
        let memory = Memory::new(1 << 30);
        let context = Context::writing(transaction, CancelToken::new(), memory.clone(), &clock);
        let mut rows = prepared.rows(&context);
        while rows.next_batch().unwrap().is_some() {}
        drop(rows);
        let written = start.elapsed();
        context.into_transaction().unwrap().commit().unwrap();
        let (written, committed, mib) = (written.as_secs_f64(), start.elapsed().as_secs_f64(), memory.peak() >> 20);
        println!("{written:7.3} s, {committed:7.3} s with the commit, {mib:4} MiB: {text}");
    }
}
