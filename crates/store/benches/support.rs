//! What the benches have in common: one random social graph in a store of ours and in the key-value engine alone, and
//! the operations on both.
//!
//! The engine gets the same entries: a key space an order, 64-byte big-endian keys, opened as the store opens it, with as
//! much cache as the store's blocks have, and compacted. `HALIMEDE_BENCH_VERTICES`, `HALIMEDE_BENCH_EDGES` and
//! `HALIMEDE_BENCH_MEMORY_MIB` change the size of both.

use std::hint::black_box;
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use model::{Dataset, HashKey, Quad, Term, TermId, TermRef, Value};
use store::{
    CancelToken, Columns, Ingest, IngestBatch, IngestOptions, Options, Order, Ordinal, Pattern, Role, Rules, Snapshot,
    Store,
};
use tempfile::TempDir;

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ids that one call of a bulk operation is given.
pub(crate) const MANY: usize = 100_000;
/// Seeks of one measurement.
pub(crate) const SEEKS: usize = 20_000;

/// Numbers from the environment.
fn setting(name: &str, default: u64) -> u64 {
    let set = std::env::var(format!("HALIMEDE_BENCH_{name}")).ok();
    set.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("HALIMEDE_BENCH_{name}: {text} is no number")))
}

/// Knuth's MMIX generator, good enough to draw with.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// Small numbers more often than great ones: degrees are skewed.
    fn skewed(&mut self, limit: u64) -> u64 {
        self.below(limit) * self.below(limit) / limit
    }
}

/// The graph in both stores.
pub(crate) struct Fixture {
    directory: TempDir,
    store: Option<Store>,
    engine: Option<Engine>,
    pub(crate) vertices: u64,
    pub(crate) edges: u64,
    memory: u64,
}

impl Fixture {
    /// Makes the graph.
    pub(crate) fn new() -> Self {
        let (vertices, edges) = (setting("VERTICES", 100_000), setting("EDGES", 1_000_000));
        let memory = setting("MEMORY_MIB", 1024) << 20;
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut fixture = Self { directory, store: None, engine: None, vertices, edges, memory };
        fixture.reopen(memory);
        load(fixture.store(), vertices, edges);
        fixture.engine().fill(&fixture.snapshot());
        fixture
    }

    /// Opens both stores again, with another memory budget.
    pub(crate) fn reopen(&mut self, memory: u64) {
        drop(self.engine.take());
        if let Some(store) = self.store.take() {
            store.close();
        }
        let options = Options { memory, ..Options::default() };
        self.store = Some(Store::open(&self.directory.path().join("store"), options).unwrap());
        self.engine = Some(Engine::open(&self.directory.path().join("engine-alone"), memory / 4));
    }

    /// The budget that they were made with.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.store().snapshot(Dataset::Pg)
    }

    pub(crate) fn quads(&self) -> u64 {
        5 * self.vertices + 3 * self.edges
    }

    /// Bytes of our segment and dictionary files, and of segments alone. Not those of the engine below, whose journal
    /// has its full length from the start.
    pub(crate) fn disk_bytes(&self) -> (u64, u64) {
        let (mut all, mut segments) = (0, 0);
        for entry in self.directory.path().join("store/segments").read_dir().unwrap().map(|entry| entry.unwrap()) {
            let bytes = entry.metadata().unwrap().len();
            all += bytes;
            if entry.path().extension().is_some_and(|extension| extension == "seg") {
                segments += bytes;
            }
        }
        (all, segments)
    }

    /// The same draw for us and for the engine, another one for each seed.
    pub(crate) fn draw(&self, seed: u64) -> Draw {
        Draw::new(&self.snapshot(), self.vertices, seed)
    }

    /// Commits new edges between random vertices until the delta has so many quads.
    pub(crate) fn grow_delta(&self, quads: u64) {
        let mut random = Random(7);
        for first in (0..quads).step_by(1000) {
            let mut transaction = self.store().begin(Dataset::Pg);
            for number in first..quads.min(first + 1000) {
                let [from, to] = [(); 2].map(|()| format!("p{}", random.below(self.vertices)));
                let edge = format!("later{number}");
                let (label, edge) = (TermRef::EdgeLabel("KNOWS"), TermRef::Edge(&edge));
                transaction.insert(TermRef::Vertex(&from), label, TermRef::Vertex(&to), edge).unwrap();
            }
            transaction.commit().unwrap();
        }
        let delta = self.store().usage().delta_quads;
        assert_eq!(delta, quads, "the delta was folded: give more memory");
    }
}

/// Loads the graph as a load job does: vertices, then edges, published when there is enough.
fn load(store: &Store, vertices: u64, edges: u64) {
    let key = store.hash_key();
    let flush = |ingest: &mut Ingest| {
        let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
        assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
    };
    let options = IngestOptions { rules: Rules::GremlinCsv, cancel: CancelToken::new(), threads: 2 };
    let mut ingest = store.ingest(Dataset::Pg, options);
    let mut batch = IngestBatch::new();
    let mut random = Random(42);
    for number in 0..vertices + edges {
        let ordinal = Ordinal::new(u32::from(number >= vertices), number);
        if number < vertices {
            vertex(&mut batch, &key, ordinal, number, &mut random);
        } else {
            edge(&mut batch, &key, ordinal, vertices, number, &mut random);
        }
        if number % 10_000 == 9_999 {
            ingest.add(&mut batch).unwrap();
            if ingest.pending() >= ingest.publish_at() || number + 1 == vertices {
                flush(&mut ingest);
            }
        }
    }
    ingest.add(&mut batch).unwrap();
    flush(&mut ingest);
}

fn vertex(batch: &mut IngestBatch, key: &HashKey, ordinal: Ordinal, number: u64, random: &mut Random) {
    let s = batch.term(key, TermRef::Vertex(&format!("p{number}")));
    let label = batch.term(key, TermRef::String("Person"));
    batch.push(Quad::in_default_graph(s, TermId::LABEL, label), ordinal, Role::Record);
    for (name, value) in [
        ("name", TermRef::String(&name(number))),
        ("age", TermRef::Int(18 + random.below(73) as i32)),
        ("score", TermRef::Double(random.below(1_000_000) as f64 / 1e4)),
        ("created", TermRef::DateTime(random.below(5000) as i64 * 86_400_000)),
    ] {
        let p = batch.term(key, TermRef::Key(name));
        let o = batch.term(key, value);
        batch.push(Quad::in_default_graph(s, p, o), ordinal, Role::Record);
    }
}

/// A name too long to be an id: it is in the dictionary.
fn name(number: u64) -> String {
    format!("Ada Lovelace the {number}th")
}

fn edge(batch: &mut IngestBatch, key: &HashKey, ordinal: Ordinal, vertices: u64, number: u64, random: &mut Random) {
    let s = batch.term(key, TermRef::Vertex(&format!("p{}", random.skewed(vertices))));
    let o = batch.term(key, TermRef::Vertex(&format!("p{}", (random.skewed(vertices) + vertices / 3) % vertices)));
    let g = batch.term(key, TermRef::Edge(&format!("e{number}")));
    let p = batch.term(key, TermRef::EdgeLabel("KNOWS"));
    batch.push(Quad::new(s, p, o, g), ordinal, Role::Record);
    for (name, value) in [
        ("since", TermRef::DateTime(random.below(5000) as i64 * 86_400_000)),
        ("weight", TermRef::Double(random.below(10_000) as f64 / 1e4)),
    ] {
        let p = batch.term(key, TermRef::Key(name));
        let o = batch.term(key, value);
        batch.push(Quad::in_default_graph(g, p, o), ordinal, Role::Single);
    }
}

/// What is asked for, drawn once before it is measured.
pub(crate) struct Draw {
    /// Random vertices.
    pub(crate) vertices: Vec<TermId>,
    /// Random subjects, each with one of its predicates: in one of six pairs that of edges, else of one quad.
    pub(crate) subjects: Vec<(TermId, TermId)>,
    /// Random objects with the predicate of edges.
    pub(crate) objects: Vec<(TermId, TermId)>,
    /// Quads, every second one of which is there.
    pub(crate) quads: Vec<Quad>,
    /// Ids that only the dictionary can spell.
    pub(crate) names: Vec<TermId>,
    /// The predicate of edges.
    pub(crate) knows: TermId,
}

impl Draw {
    /// What to seek in an order.
    pub(crate) fn pairs(&self, order: Order) -> &[(TermId, TermId)] {
        if order == Order::Opsg { &self.objects } else { &self.subjects }
    }

    fn new(snapshot: &Snapshot, vertices: u64, seed: u64) -> Self {
        let mut random = Random(seed);
        let keys = ["name", "age", "score", "created"].map(|name| snapshot.encode(TermRef::Key(name)));
        let knows = snapshot.encode(TermRef::EdgeLabel("KNOWS"));
        let label = snapshot.encode(TermRef::String("Person"));
        let nobody = snapshot.encode(TermRef::String("Nobody"));
        let predicates = [TermId::LABEL, keys[0], keys[1], keys[2], keys[3], knows];
        let mut numbers = |count: usize| -> Vec<u64> { (0..count).map(|_| random.below(vertices)).collect() };
        let vertex = |number: &u64| snapshot.encode(TermRef::Vertex(&format!("p{number}")));
        let drawn = numbers(MANY);
        let ends = numbers(SEEKS);
        let subject = |(at, number): (usize, &u64)| (vertex(number), predicates[at % predicates.len()]);
        let quad = |(at, number): (usize, &u64)| {
            let o = if at % 2 == 0 { label } else { nobody };
            Quad::in_default_graph(vertex(number), TermId::LABEL, o)
        };
        Self {
            vertices: drawn.iter().map(vertex).collect(),
            subjects: ends.iter().enumerate().map(subject).collect(),
            objects: ends.iter().map(|number| (vertex(number), knows)).collect(),
            quads: drawn.iter().enumerate().map(quad).collect(),
            names: drawn.iter().map(|number| snapshot.encode(TermRef::String(&name(*number)))).collect(),
            knows,
        }
    }
}

/// Reads every entry of an order; their number.
pub(crate) fn scan(snapshot: &Snapshot, order: Order) -> u64 {
    snapshot.scan(Pattern::ALL, order).map(|batch| black_box(batch.unwrap()).len() as u64).sum()
}

/// Reads what each pair of subject and predicate, or of object and predicate, has; the number of entries.
pub(crate) fn seek(snapshot: &Snapshot, pairs: &[(TermId, TermId)], order: Order) -> u64 {
    let mut entries = 0;
    for &(resource, p) in pairs {
        let scan = snapshot.scan(about(resource, Some(p), order), order);
        entries += scan.map(|batch| black_box(batch.unwrap()).len() as u64).sum::<u64>();
    }
    entries
}

fn about(resource: TermId, p: Option<TermId>, order: Order) -> Pattern {
    match order {
        Order::Opsg => Pattern { o: Some(resource), p, ..Pattern::ALL },
        _ => Pattern { s: Some(resource), p, ..Pattern::ALL },
    }
}

/// Expands vertices; the number of entries.
pub(crate) fn expand(snapshot: &Snapshot, vertices: &[TermId], p: Option<TermId>, order: Order) -> u64 {
    // Whoever gives a predicate and a resource wants the other end and the edge.
    let wanted = match (p, order) {
        (None, _) => Columns::ALL,
        (Some(_), Order::Opsg) => Columns::S.and(Columns::G),
        (Some(_), _) => Columns::O.and(Columns::G),
    };
    let template = Pattern { p, ..Pattern::ALL };
    let expansion = snapshot.scan_many_columns(vertices, template, order, wanted).unwrap();
    black_box(expansion).spans.iter().map(|span| span.len() as u64).sum()
}

/// Asks for quads; the number of those found.
pub(crate) fn contains(snapshot: &Snapshot, quads: &[Quad]) -> u64 {
    snapshot.contains_many(quads).unwrap().into_iter().map(u64::from).sum()
}

/// Spells ids; the bytes of the names.
pub(crate) fn resolve(snapshot: &Snapshot, names: &[TermId]) -> u64 {
    let length = |term: Term| match term {
        Term::Value(Value::String(text)) => text.len() as u64,
        _ => panic!("{term:?} is no name"),
    };
    snapshot.resolve_many(names).unwrap().into_iter().map(length).sum()
}

/// The key-value engine alone.
pub(crate) struct Engine {
    database: Database,
    orders: Vec<Keyspace>,
}

impl Engine {
    fn open(path: &Path, cache: u64) -> Self {
        let database = Database::builder(path).cache_size(cache).worker_threads(1).open().unwrap();
        let space = |order: Order| database.keyspace(order.name(), KeyspaceCreateOptions::default).unwrap();
        let orders = Order::ALL.into_iter().map(space).collect();
        Self { database, orders }
    }

    /// Writes what each order of ours holds, in its fastest way (sorted), and leaves nothing to be compacted.
    fn fill(&self, snapshot: &Snapshot) {
        for (order, space) in Order::ALL.into_iter().zip(&self.orders) {
            let mut ingestion = space.start_ingestion().unwrap();
            for batch in snapshot.scan(Pattern::ALL, order) {
                for quad in batch.unwrap().quads() {
                    ingestion.write(key(order, &quad).as_slice(), [].as_slice()).unwrap();
                }
            }
            ingestion.finish().unwrap();
            space.major_compact().unwrap();
        }
        while self.database.outstanding_flushes() + self.database.active_compactions() > 0 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    fn order(&self, order: Order) -> &Keyspace {
        &self.orders[Order::ALL.iter().position(|other| *other == order).unwrap()]
    }

    /// Bytes of all key spaces; their journal, which is empty, is not counted.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.orders.iter().map(Keyspace::disk_space).sum()
    }

    pub(crate) fn scan(&self, order: Order) -> u64 {
        self.order(order).iter().map(|entry| black_box(entry.key().unwrap()).len() as u64 / 64).sum()
    }

    pub(crate) fn seek(&self, pairs: &[(TermId, TermId)], order: Order) -> u64 {
        pairs.iter().map(|(resource, p)| self.prefix(order, &[*resource, *p])).sum()
    }

    pub(crate) fn expand(&self, vertices: &[TermId], p: Option<TermId>, order: Order) -> u64 {
        let prefix = |vertex: &TermId| match p {
            Some(p) => self.prefix(order, &[*vertex, p]),
            None => self.prefix(order, &[*vertex]),
        };
        let mut sorted = vertices.to_vec();
        sorted.sort_unstable();
        sorted.iter().map(prefix).sum()
    }

    pub(crate) fn contains(&self, quads: &[Quad]) -> u64 {
        let mut sorted = quads.to_vec();
        sorted.sort_unstable();
        let space = self.order(Order::Spog);
        sorted.iter().map(|quad| u64::from(space.contains_key(key(Order::Spog, quad)).unwrap())).sum()
    }

    fn prefix(&self, order: Order, ids: &[TermId]) -> u64 {
        let prefix = ids.iter().flat_map(|id| id.to_be_bytes()).collect::<Vec<u8>>();
        let entries = self.order(order).prefix(prefix);
        entries.map(|entry| black_box(entry.key().unwrap()).len() as u64 / 64).sum()
    }
}

/// A quad's key in an order: four ids, big-endian.
fn key(order: Order, quad: &Quad) -> [u8; 64] {
    let Quad { s, p, o, g } = *quad;
    let ids = match order {
        Order::Spog => [s, p, o, g],
        Order::Posg => [p, o, s, g],
        Order::Opsg => [o, p, s, g],
        Order::Gspo => [g, s, p, o],
    };
    let mut key = [0; 64];
    for (place, id) in key.chunks_exact_mut(16).zip(ids) {
        place.copy_from_slice(&id.to_be_bytes());
    }
    key
}
