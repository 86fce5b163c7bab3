//! How fast a social graph goes through ingest:
//! `cargo run --profile fast -p halimede-store --example ingest_rate -- VERTICES EDGES [MEMORY_MIB]`.
//!
//! Prints seconds and bytes on disk per quad. For profiles, not for records.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example that measures")]

use std::time::Instant;

use model::{Dataset, Quad, TermId, TermRef};
use store::{CancelToken, Ingest, IngestBatch, IngestOptions, Options, Ordinal, Role, Rules, Store};

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|number| number.parse().unwrap()).collect();
    let (vertices, edges, memory) = (numbers[0], numbers[1], numbers.get(2).copied().unwrap_or(6144));
    let directory = tempfile::tempdir_in(".").unwrap();
    let options = Options { memory: memory << 20, ..Options::default() };
    let store = Store::open(directory.path(), options).unwrap();
    let key = store.hash_key();
    let (mut preparing, mut publishing) = (0.0, 0.0);
    let start = Instant::now();
    let mut flush = |ingest: &mut Ingest| {
        let at = Instant::now();
        let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
        preparing += at.elapsed().as_secs_f64();
        let at = Instant::now();
        assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
        publishing += at.elapsed().as_secs_f64();
    };
    let rules = IngestOptions { rules: Rules::GremlinCsv, cancel: CancelToken::new(), threads: 2 };
    let mut ingest = store.ingest(Dataset::Pg, rules);
    let mut batch = IngestBatch::new();
    let mut random = 42_u64;
    let mut below = |limit: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % limit
    };
    for i in 0..vertices + edges {
        let ordinal = Ordinal::new(u32::from(i >= vertices), i);
        if i < vertices {
            let s = batch.term(&key, TermRef::Vertex(&format!("p{i}")));
            let label = batch.term(&key, TermRef::String("Person"));
            batch.push(Quad::in_default_graph(s, TermId::LABEL, label), ordinal, Role::Record);
            for (name, value) in [
                ("name", TermRef::String(&format!("Ada Lovelace {}", below(100_000)))),
                ("age", TermRef::Int(below(80) as i32)),
                ("score", TermRef::Double(below(1_000_000) as f64 / 1e4)),
                ("created", TermRef::DateTime(below(1 << 40) as i64)),
            ] {
                let p = batch.term(&key, TermRef::Key(name));
                let o = batch.term(&key, value);
                batch.push(Quad::in_default_graph(s, p, o), ordinal, Role::Record);
            }
        } else {
            let s = batch.term(&key, TermRef::Vertex(&format!("p{}", below(vertices))));
            let o = batch.term(&key, TermRef::Vertex(&format!("p{}", below(vertices))));
            let g = batch.term(&key, TermRef::Edge(&format!("e{i}")));
            let p = batch.term(&key, TermRef::EdgeLabel("KNOWS"));
            batch.push(Quad::new(s, p, o, g), ordinal, Role::Record);
            for (name, value) in [
                ("since", TermRef::DateTime(below(1 << 40) as i64)),
                ("weight", TermRef::Double(below(10_000) as f64 / 1e4)),
            ] {
                let p = batch.term(&key, TermRef::Key(name));
                let o = batch.term(&key, value);
                batch.push(Quad::in_default_graph(g, p, o), ordinal, Role::Single);
            }
        }
        if i % 10_000 == 9_999 {
            ingest.add(&mut batch).unwrap();
            if ingest.is_full() || ingest.pending() >= ingest.publish_at() || i + 1 == vertices {
                flush(&mut ingest);
            }
        }
    }
    ingest.add(&mut batch).unwrap();
    flush(&mut ingest);
    drop(ingest);
    let quads = vertices * 5 + edges * 3;
    let usage = store.usage();
    println!(
        "{quads} quads: {:.1} s (prepare {preparing:.1}, publish {publishing:.1}), {:.1} bytes a quad, {} sets",
        start.elapsed().as_secs_f64(),
        usage.disk_bytes as f64 / quads as f64,
        usage.segment_sets,
    );
    let (at, cpu, before) = (Instant::now(), cpu_seconds(), usage.compacted_bytes);
    store.settle(&CancelToken::new()).unwrap();
    let after = store.usage();
    println!(
        "settled in {:.2} s ({:.2} CPU-s): {} sets; compactions wrote {} MiB in the background, {} MiB now, for {} MiB held",
        at.elapsed().as_secs_f64(),
        cpu_seconds() - cpu,
        after.segment_sets,
        before >> 20,
        (after.compacted_bytes - before) >> 20,
        after.disk_bytes >> 20,
    );
    let (at, cpu) = (Instant::now(), cpu_seconds());
    store.compact(Dataset::Pg).unwrap();
    println!("merged into one in {:.2} s ({:.2} CPU-s)", at.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let at = Instant::now();
    let scan = store.snapshot(Dataset::Pg).scan(store::Pattern::ALL, store::Order::Spog);
    let read: usize = scan.map(|batch| batch.unwrap().len()).sum();
    println!("scan of {read} quads: {:.2} s", at.elapsed().as_secs_f64());
}

/// CPU-seconds of this process so far, where the system tells.
fn cpu_seconds() -> f64 {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}
