//! Reads of a compacted store, and the same on the key-value engine alone: how the times of each spread.
//!
//! `cargo bench -p halimede-store --bench reads -- seek` runs those with "seek" in their names; sizes are those of
//! [`support`]. A full scan passes the cache by: its rate is that of decoding blocks.

#![expect(clippy::unwrap_used, reason = "a bench: what fails ends it")]

#[expect(dead_code, reason = "the table of ratios needs more of it")]
mod support;

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use model::Dataset;
use store::{CancelToken, Order};
use support::{Draw, Fixture, MANY, SEEKS};

/// The graph, and what is asked of it: made once, when the first bench wants it.
static GRAPH: LazyLock<(Fixture, Draw)> = LazyLock::new(|| {
    let fixture = Fixture::new();
    fixture.store().compact(Dataset::Pg).unwrap();
    let draw = fixture.draw(1);
    (fixture, draw)
});

fn main() {
    divan::main();
}

#[divan::bench(args = ["spog", "posg", "opsg", "gspo"], sample_count = 10)]
fn scan(bencher: Bencher<'_, '_>, name: &str) {
    let (fixture, _) = &*GRAPH;
    let (snapshot, order) = (fixture.snapshot(), order(name));
    bencher.counter(ItemsCount::new(support::scan(&snapshot, order))).bench_local(|| support::scan(&snapshot, order));
}

#[divan::bench(sample_count = 10)]
fn statistics(bencher: Bencher<'_, '_>) {
    let (fixture, _) = &*GRAPH;
    let snapshot = fixture.snapshot();
    let count = || snapshot.statistics(&CancelToken::new()).unwrap();
    bencher.counter(ItemsCount::new(support::scan(&snapshot, Order::Spog))).bench_local(count);
}

#[divan::bench(args = ["spog", "posg", "opsg", "gspo"], sample_count = 10)]
fn scan_engine(bencher: Bencher<'_, '_>, name: &str) {
    let (fixture, _) = &*GRAPH;
    let (engine, order) = (fixture.engine(), order(name));
    bencher.counter(ItemsCount::new(engine.scan(order))).bench_local(|| engine.scan(order));
}

#[divan::bench(args = ["spog", "opsg"], sample_count = 10)]
fn seek(bencher: Bencher<'_, '_>, name: &str) {
    let (fixture, draw) = &*GRAPH;
    let (snapshot, order) = (fixture.snapshot(), order(name));
    bencher.counter(ItemsCount::new(SEEKS)).bench_local(|| support::seek(&snapshot, draw.pairs(order), order));
}

#[divan::bench(args = ["spog", "opsg"], sample_count = 10)]
fn seek_engine(bencher: Bencher<'_, '_>, name: &str) {
    let (fixture, draw) = &*GRAPH;
    let (engine, order) = (fixture.engine(), order(name));
    bencher.counter(ItemsCount::new(SEEKS)).bench_local(|| engine.seek(draw.pairs(order), order));
}

#[divan::bench(args = ["spog", "opsg"], sample_count = 10)]
fn scan_many(bencher: Bencher<'_, '_>, name: &str) {
    let (fixture, draw) = &*GRAPH;
    let (snapshot, order) = (fixture.snapshot(), order(name));
    let expand = || support::expand(&snapshot, &draw.vertices, Some(draw.knows), order);
    bencher.counter(ItemsCount::new(MANY)).bench_local(expand);
}

#[divan::bench(args = ["spog", "opsg"], sample_count = 10)]
fn scan_many_engine(bencher: Bencher<'_, '_>, name: &str) {
    let (fixture, draw) = &*GRAPH;
    let (engine, order) = (fixture.engine(), order(name));
    let expand = || engine.expand(&draw.vertices, Some(draw.knows), order);
    bencher.counter(ItemsCount::new(MANY)).bench_local(expand);
}

#[divan::bench(sample_count = 10)]
fn contains_many(bencher: Bencher<'_, '_>) {
    let (fixture, draw) = &*GRAPH;
    let snapshot = fixture.snapshot();
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| support::contains(&snapshot, &draw.quads));
}

#[divan::bench(sample_count = 10)]
fn contains_many_engine(bencher: Bencher<'_, '_>) {
    let (fixture, draw) = &*GRAPH;
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| fixture.engine().contains(&draw.quads));
}

#[divan::bench(sample_count = 10)]
fn resolve_many(bencher: Bencher<'_, '_>) {
    let (fixture, draw) = &*GRAPH;
    let snapshot = fixture.snapshot();
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| support::resolve(&snapshot, &draw.names));
}

fn order(name: &str) -> Order {
    Order::ALL.into_iter().find(|order| order.name() == name).unwrap()
}
