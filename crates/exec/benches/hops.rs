//! Steps that read, on a graph of 100,000 vertices and a million relationships: from one node, and from many.
//!
//! `cargo bench -p halimede-exec --bench hops -- hop` runs those with "hop" in their names.

#![expect(clippy::unwrap_used, reason = "a bench: what fails ends it")]

use std::sync::LazyLock;

use divan::Bencher;
use exec::Value;
use exec::batch::{Batch, Column, Slot};
use exec::clock::SystemClock;
use exec::context::Context;
use exec::expr::{Compare, Expr};
use exec::graph::Name;
use exec::memory::Memory;
use exec::operator::build;
use exec::plan::{Access, Apply, Direction, Plan, Walk, Walks};
use model::{Dataset, Quad, TermId, TermRef};
use store::{CancelToken, IngestBatch, IngestOptions, Options, Ordinal, Role, Rules, Store};
use tempfile::TempDir;

const VERTICES: u64 = 100_000;
const EDGES: u64 = 1_000_000;

static GRAPH: LazyLock<(TempDir, Store)> = LazyLock::new(|| {
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::open(directory.path(), Options { memory: 1 << 30, ..Options::default() }).unwrap();
    load(&store);
    store.compact(Dataset::Pg).unwrap();
    (directory, store)
});

fn main() {
    divan::main();
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// Small numbers more often.
    fn skewed(&mut self, limit: u64) -> u64 {
        let of = self.below(limit) + 1;
        self.below(of)
    }
}

/// Vertices with a number each, relationships between them.
fn load(store: &Store) {
    let key = store.hash_key();
    let options = IngestOptions { rules: Rules::GremlinCsv, cancel: CancelToken::new(), threads: 2 };
    let mut ingest = store.ingest(Dataset::Pg, options);
    let mut batch = IngestBatch::new();
    let mut random = Random(42);
    for number in 0..VERTICES + EDGES {
        let ordinal = Ordinal::new(u32::from(number >= VERTICES), number);
        if number < VERTICES {
            let s = batch.term(&key, TermRef::Vertex(&format!("p{number}")));
            let label = batch.term(&key, TermRef::String("Person"));
            batch.push(Quad::in_default_graph(s, TermId::LABEL, label), ordinal, Role::Record);
            for (name, value) in [("number", TermRef::Int(number as i32)), ("age", TermRef::Int(number as i32 % 90))] {
                let (p, o) = (batch.term(&key, TermRef::Key(name)), batch.term(&key, value));
                batch.push(Quad::in_default_graph(s, p, o), ordinal, Role::Record);
            }
        } else {
            let s = batch.term(&key, TermRef::Vertex(&format!("p{}", random.skewed(VERTICES))));
            let o = (random.skewed(VERTICES) + VERTICES / 3) % VERTICES;
            let o = batch.term(&key, TermRef::Vertex(&format!("p{o}")));
            let g = batch.term(&key, TermRef::Edge(&format!("e{number}")));
            let p = batch.term(&key, TermRef::EdgeLabel("KNOWS"));
            batch.push(Quad::new(s, p, o, g), ordinal, Role::Record);
        }
        if number % 10_000 == 9_999 {
            ingest.add(&mut batch).unwrap();
        }
        if number + 1 == VERTICES || number + 1 == VERTICES + EDGES {
            let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
            assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
        }
    }
}

fn context(clock: &SystemClock) -> Context<'_> {
    Context::reading(GRAPH.1.snapshot(Dataset::Pg), CancelToken::new(), Memory::new(1 << 30), clock)
}

fn knows(context: &Context<'_>) -> Vec<Name> {
    vec![Name { text: "KNOWS".into(), id: context.encode(TermRef::EdgeLabel("KNOWS")) }]
}

fn key(context: &Context<'_>, text: &str) -> Name {
    Name { text: text.into(), id: context.encode(TermRef::Key(text)) }
}

/// So many hops from slot 0; with relationships, these are different ones.
fn hops(count: u32, edges: bool, context: &Context<'_>) -> Plan {
    let mut plan = Plan::Argument;
    for hop in 0..count {
        let edge = |hop: u32| Slot(10 + hop);
        plan = Plan::Expand {
            input: Box::new(plan),
            from: Slot(hop),
            edge: edges.then_some(edge(hop)),
            to: Slot(hop + 1),
            into: false,
            direction: Direction::Out,
            types: knows(context),
        };
        if edges && hop > 0 {
            let differs = |other: u32| {
                let other = vec![(Compare::NotEqual, Expr::Slot(edge(other)))];
                Expr::Comparison(Box::new(Expr::Slot(edge(hop))), other)
            };
            let predicate = Expr::all((0..hop).map(differs).collect());
            plan = Plan::Filter { input: Box::new(plan), predicate };
        }
    }
    plan
}

fn count(plan: &Plan, argument: &Batch, context: &Context<'_>) -> usize {
    let mut running = build(plan, context, Some(argument));
    let mut rows = 0;
    while let Some(batch) = running.next().unwrap() {
        rows += batch.len();
    }
    rows
}

fn vertices(count: usize, seed: u64, context: &Context<'_>) -> Vec<TermId> {
    let mut random = Random(seed);
    let vertex = |_| context.encode(TermRef::Vertex(&format!("p{}", random.below(VERTICES))));
    (0..count).map(vertex).collect()
}

/// From one random node at a time.
fn from_one(bencher: Bencher<'_, '_>, plan: impl Fn(&Context<'_>) -> Plan) {
    let clock = SystemClock::now();
    let context = context(&clock);
    let plan = plan(&context);
    let mut starts = vertices(4096, 7, &context).into_iter().cycle();
    bencher
        .with_inputs(|| Batch::unit().with(Slot(0), Column::nodes(vec![starts.next().unwrap()])))
        .bench_local_refs(|batch| count(&plan, batch, &context));
}

/// From all nodes, or so many random ones, once.
fn from_many(bencher: Bencher<'_, '_>, starts: usize, plan: impl Fn(&Context<'_>) -> Plan) {
    let clock = SystemClock::now();
    let context = context(&clock);
    let plan = plan(&context);
    let batch = Batch::of(starts).with(Slot(0), Column::nodes(vertices(starts, 7, &context)));
    let rows = count(&plan, &batch, &context);
    println!("{rows} rows");
    bencher.bench_local(|| count(&plan, &batch, &context));
}

#[divan::bench(args = [1, 2, 3], sample_count = 200)]
fn hop_from_one(bencher: Bencher<'_, '_>, count: u32) {
    from_one(bencher, |context| hops(count, false, context));
}

#[divan::bench(args = [1, 2, 3], sample_count = 200)]
fn hop_with_edges_from_one(bencher: Bencher<'_, '_>, count: u32) {
    from_one(bencher, |context| hops(count, true, context));
}

#[divan::bench(args = [1, 2], sample_count = 10)]
fn hop_from_thousand(bencher: Bencher<'_, '_>, count: u32) {
    from_many(bencher, 1000, |context| hops(count, false, context));
}

#[divan::bench(args = [1, 2], sample_count = 10)]
fn hop_with_edges_from_thousand(bencher: Bencher<'_, '_>, count: u32) {
    from_many(bencher, 1000, |context| hops(count, true, context));
}

fn walk(least: u64, most: u64, which: Walks, context: &Context<'_>) -> Plan {
    let walk = Walk {
        from: Slot(0),
        edges: None,
        reversed: false,
        to: Slot(1),
        into: false,
        direction: Direction::Out,
        types: knows(context),
        least,
        most: Some(most),
        each: None,
        which,
        unlike: Vec::new(),
    };
    Plan::Walk { input: Box::new(Plan::Argument), walk }
}

#[divan::bench(args = [2, 3], sample_count = 100)]
fn trails_from_one(bencher: Bencher<'_, '_>, most: u64) {
    from_one(bencher, |context| walk(1, most, Walks::All, context));
}

#[divan::bench(args = [2, 3], sample_count = 100)]
fn ends_from_one(bencher: Bencher<'_, '_>, most: u64) {
    from_one(bencher, |context| walk(1, most, Walks::Ends, context));
}

#[divan::bench(sample_count = 10)]
fn scan_label(bencher: Bencher<'_, '_>) {
    let name = |context: &Context<'_>| Name { text: "Person".into(), id: context.encode(TermRef::String("Person")) };
    let scan = |context: &Context<'_>| Access::Label(name(context));
    from_many(bencher, 1, |context| Plan::Nodes { input: Box::new(Plan::Unit), node: Slot(0), access: scan(context) });
}

#[divan::bench(sample_count = 10)]
fn load_property_of_all(bencher: Bencher<'_, '_>) {
    let age =
        |context: &Context<'_>| Expr::Property { target: Box::new(Expr::Slot(Slot(0))), key: key(context, "age") };
    from_many(bencher, 1, |context| Plan::Project {
        input: Box::new(Plan::Nodes { input: Box::new(Plan::Unit), node: Slot(0), access: Access::All }),
        items: vec![(Slot(1), age(context))],
    });
}

#[divan::bench(sample_count = 100)]
fn look_up_by_property(bencher: Bencher<'_, '_>) {
    let value = Expr::Constant(Value::Integer(4711));
    from_one(bencher, |context| {
        let access = Access::Property { key: key(context, "number"), value: value.clone() };
        Plan::Nodes { input: Box::new(Plan::Unit), node: Slot(0), access }
    });
}

#[divan::bench(sample_count = 10)]
fn exists_for_all(bencher: Bencher<'_, '_>) {
    from_many(bencher, 1, |context| Plan::Apply {
        input: Box::new(Plan::Nodes { input: Box::new(Plan::Unit), node: Slot(0), access: Access::All }),
        inner: Box::new(hops(1, false, context)),
        kind: Apply::Semi,
    });
}
