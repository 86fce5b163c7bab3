//! The judgement of a load, held against a load row by row into plain sets.

use std::collections::BTreeSet;

use model::{Dataset, HashKey, Quad, TermId, TermRef};
use proptest::prelude::*;

use super::{FeedCounts, IngestBatch, IngestOptions, Ordinal, Role, Rules, Violation};
use crate::{CancelToken, JournalWrite, Options, Order, Pattern, Store};

/// One row of a file of vertices or edges over a small world.
#[derive(Clone, Debug)]
enum Row {
    Vertex { id: u8, label: Option<u8>, single: Option<u8>, set: Option<u8> },
    Edge { id: u8, from: u8, to: u8, label: u8, weight: Option<u8> },
}

fn vertex(id: u8) -> String {
    if id.is_multiple_of(2) { format!("v{id}") } else { format!("a-vertex-with-a-long-name-{id}") }
}

fn edge(id: u8) -> String {
    format!("edge-number-{id}-of-the-load")
}

impl Row {
    /// The row's quads as (quad, role), made with `term`.
    fn quads(&self, rules: Rules, mut term: impl FnMut(TermRef<'_>) -> TermId) -> Vec<(Quad, Role)> {
        let mut quads = Vec::new();
        match self {
            Self::Vertex { id, label, single, set } => {
                let s = term(TermRef::Vertex(&vertex(*id)));
                if let Some(value) = single {
                    let p = term(TermRef::Key("only"));
                    quads.push((Quad::in_default_graph(s, p, term(TermRef::Int(i32::from(*value)))), Role::Single));
                }
                if let Some(value) = set {
                    let p = term(TermRef::Key("many"));
                    // Sometimes the column is single; at most one of a row's values is refused.
                    let is_single = rules == Rules::OpenCypher || *value == 2 && single.is_none();
                    let role = if is_single { Role::Single } else { Role::Record };
                    quads.push((Quad::in_default_graph(s, p, term(TermRef::Int(i32::from(*value)))), role));
                }
                let role = if quads.is_empty() { Role::Record } else { Role::Silent };
                quads.push(match label {
                    Some(label) => {
                        let o = term(TermRef::String(&format!("Label{label}")));
                        (Quad::in_default_graph(s, TermId::LABEL, o), Role::Record)
                    }
                    None => (Quad::in_default_graph(s, TermId::LABEL, TermId::NO_LABEL), role),
                });
            }
            Self::Edge { id, from, to, label, weight } => {
                let (s, o) = (term(TermRef::Vertex(&vertex(*from))), term(TermRef::Vertex(&vertex(*to))));
                let (p, g) = (term(TermRef::EdgeLabel(&format!("L{label}"))), term(TermRef::Edge(&edge(*id))));
                quads.push((Quad::new(s, p, o, g), Role::Record));
                if let Some(weight) = weight {
                    let p = term(TermRef::Key("weight"));
                    let o = term(TermRef::Int(i32::from(*weight)));
                    quads.push((Quad::in_default_graph(g, p, o), Role::Single));
                }
            }
        }
        quads
    }
}

/// The graph and the counts of a load, row by row.
#[derive(Default)]
struct Reference {
    graph: BTreeSet<Quad>,
    counts: FeedCounts,
    violations: Vec<Violation>,
}

impl Reference {
    fn is_vertex(&self, id: TermId) -> bool {
        self.graph.iter().any(|quad| quad.s == id && quad.p == TermId::LABEL)
    }

    /// Vertices of the whole load exist for its edges, wherever their rows stand.
    fn load(&mut self, rows: &[(Ordinal, Vec<(Quad, Role)>)], rules: Rules, stop: bool) {
        let before = self.graph.clone();
        let mut kept = rows;
        loop {
            self.graph.clone_from(&before);
            self.counts = FeedCounts::default();
            self.violations.clear();
            let vertices: BTreeSet<TermId> = kept
                .iter()
                .flat_map(|(_, quads)| quads)
                .filter(|(q, _)| q.p == TermId::LABEL)
                .map(|(q, _)| q.s)
                .collect();
            for (ordinal, quads) in kept {
                self.row(*ordinal, quads, rules, &before, &vertices);
            }
            self.violations.sort_by_key(Violation::ordinal);
            let Some(first) = self.violations.first().map(Violation::ordinal).filter(|_| stop) else { return };
            let lowest = self.violations[0].clone();
            let end = kept.iter().position(|(ordinal, _)| *ordinal >= first).unwrap_or(kept.len());
            kept = &kept[..end];
            // Once more without it; if that is clean, only the stopping violation is told.
            let mut again = Self { graph: before.clone(), ..Self::default() };
            again.load(kept, rules, false);
            if again.violations.is_empty() {
                self.graph = again.graph;
                self.counts = again.counts;
                self.violations = vec![lowest];
                return;
            }
        }
    }

    fn row(
        &mut self,
        ordinal: Ordinal,
        quads: &[(Quad, Role)],
        rules: Rules,
        before: &BTreeSet<Quad>,
        vertices: &BTreeSet<TermId>,
    ) {
        let records = quads.iter().filter(|(_, role)| *role != Role::Silent).count() as u64;
        if let Some((quad, _)) = quads.iter().find(|(quad, _)| quad.g.is_edge()) {
            let exists = |id| vertices.contains(&id) || self.is_vertex(id);
            if !exists(quad.s) || !exists(quad.o) {
                self.counts.refused += records;
                self.violations.push(Violation::MissingEnd { ordinal, edge: *quad });
                return;
            }
            let stored = before.iter().find(|known| known.g == quad.g);
            let owner = stored.or_else(|| self.graph.iter().find(|known| known.g == quad.g));
            if let Some(owner) = owner {
                if owner != quad {
                    if rules == Rules::OpenCypher && stored.is_none() {
                        self.counts.duplicates += 1;
                        self.counts.duplicate_records += records;
                    } else {
                        self.counts.refused += records;
                        self.violations.push(Violation::EdgeIdTaken { ordinal, edge: *quad });
                    }
                    return;
                }
                if rules == Rules::OpenCypher {
                    self.counts.duplicates += 1;
                }
            }
        } else if rules == Rules::OpenCypher && self.is_vertex(quads[0].0.s) {
            self.counts.duplicates += 1;
        }
        for (quad, role) in quads {
            let counted = u64::from(*role != Role::Silent);
            if self.graph.contains(quad) {
                self.counts.duplicate_records += counted;
                if rules != Rules::OpenCypher {
                    self.counts.duplicates += counted;
                }
                continue;
            }
            let taken = self.graph.iter().any(|known| known.s == quad.s && known.p == quad.p);
            if *role == Role::Single && taken {
                match rules {
                    Rules::GremlinCsvReplacing => self.graph.retain(|known| known.s != quad.s || known.p != quad.p),
                    Rules::OpenCypher => {
                        self.counts.ignored += 1;
                        continue;
                    }
                    Rules::GremlinCsv | Rules::Rdf => {
                        self.violations.push(Violation::SingleValue { ordinal, quad: *quad });
                        self.counts.refused += 1;
                        continue;
                    }
                }
            }
            self.graph.insert(*quad);
            self.counts.loaded += counted;
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let vertex = (0..8_u8, prop::option::of(0..3_u8), prop::option::of(0..2_u8), prop::option::of(0..3_u8))
        .prop_map(|(id, label, single, set)| Row::Vertex { id, label, single, set });
    let edge = (0..6_u8, 0..9_u8, 0..9_u8, 0..2_u8, prop::option::of(0..2_u8))
        .prop_map(|(id, from, to, label, weight)| Row::Edge { id, from, to, label, weight });
    prop::collection::vec(prop_oneof![2 => vertex, 1 => edge], 0..30)
}

fn graph(store: &Store) -> BTreeSet<Quad> {
    let scan = store.snapshot(Dataset::Pg).scan(Pattern::ALL, Order::Spog);
    scan.flat_map(|batch| batch.unwrap().quads().collect::<Vec<_>>()).collect()
}

fn rules() -> impl Strategy<Value = Rules> {
    prop_oneof![Just(Rules::GremlinCsv), Just(Rules::GremlinCsvReplacing), Just(Rules::OpenCypher)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn equals_a_load_row_by_row(
        loads in prop::collection::vec(rows(), 1..4),
        rules in rules(),
        stop in any::<bool>(),
        batches in 1..5_usize,
        backwards in any::<bool>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
        let key = store.hash_key();
        let mut expected = Reference::default();
        for load in &loads {
            let mut given = Vec::new();
            let mut parts: Vec<IngestBatch> = (0..batches).map(|_| IngestBatch::new()).collect();
            for (i, row) in load.iter().enumerate() {
                let ordinal = Ordinal::new(0, i as u64 + 1);
                let batch = &mut parts[i % batches];
                let quads = row.quads(rules, |term| batch.term(&key, term));
                for (quad, role) in &quads {
                    batch.push(*quad, ordinal, *role);
                }
                given.push((ordinal, quads));
            }
            if backwards {
                parts.reverse();
            }
            expected.load(&given, rules, stop);

            let options = IngestOptions { rules, cancel: CancelToken::new(), threads: 1 };
            let mut ingest = store.ingest(Dataset::Pg, options);
            for batch in &mut parts {
                ingest.add(batch).unwrap();
            }
            let mut violations = Vec::new();
            let prepared = ingest.prepare(None, stop, &mut |violation| violations.push(violation)).unwrap();
            for violation in &violations {
                if let Violation::MissingEnd { edge, .. } = violation {
                    prop_assert!(ingest.resolve(edge.s).is_ok(), "terms of refused rows can be told");
                }
            }
            prop_assert_eq!(prepared.feeds.get(&0).copied().unwrap_or_default(), FeedCounts {
                refused: if stop { 0 } else { expected.counts.refused }, ..expected.counts
            });
            prop_assert_eq!(prepared.first_violation, violations.first().map(Violation::ordinal));
            prop_assert_eq!(&violations, &expected.violations);
            prop_assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
            prop_assert_eq!(&graph(&store), &expected.graph);
        }
        let report = store.check(&CancelToken::new()).unwrap();
        prop_assert_eq!(&report.problems, &Vec::<String>::new());
        let vertices: BTreeSet<TermId> =
            expected.graph.iter().filter(|quad| quad.p == TermId::LABEL).map(|quad| quad.s).collect();
        prop_assert_eq!(report.datasets[0].vertices, vertices.len() as u64);
    }
}

/// What becomes of one piece of a load.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Staged,
    Published,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    /// Vertices come before edges, as the loader has them.
    #[test]
    fn pieces_make_no_difference(
        before in rows(),
        load in rows(),
        rules in rules(),
        pieces in prop::collection::vec((1..8_usize, prop_oneof![Just(Fate::Staged), Just(Fate::Published)]), 1..8),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
        let key = store.hash_key();
        let mut expected = Reference::default();
        let sorted = |mut rows: Vec<Row>| {
            rows.sort_by_key(|row| matches!(row, Row::Edge { .. }));
            rows
        };
        for (rows, pieces) in [(sorted(before), [].as_slice()), (sorted(load), pieces.as_slice())] {
            let options = IngestOptions { rules, cancel: CancelToken::new(), threads: 1 };
            let mut ingest = store.ingest(Dataset::Pg, options);
            let mut batch = IngestBatch::new();
            let given: Vec<_> = (1..)
                .zip(&rows)
                .map(|(record, row)| (Ordinal::new(0, record), row.quads(rules, |term| batch.term(&key, term))))
                .collect();
            expected.load(&given, rules, false);
            let mut counts = FeedCounts::default();
            let mut violations = Vec::new();
            let mut rest = rows.as_slice();
            let mut pieces = pieces.iter();
            let mut record = 0;
            loop {
                let (size, fate) = pieces.next().copied().unwrap_or((rest.len(), Fate::Published));
                let (piece, after) = rest.split_at(size.min(rest.len()));
                rest = after;
                let mut batch = IngestBatch::new();
                for row in piece {
                    record += 1;
                    for (quad, role) in row.quads(rules, |term| batch.term(&key, term)) {
                        batch.push(quad, Ordinal::new(0, record), role);
                    }
                }
                ingest.add(&mut batch).unwrap();
                let prepared = ingest.prepare(None, false, &mut |violation| violations.push(violation)).unwrap();
                if let Some(more) = prepared.feeds.get(&0) {
                    counts.loaded += more.loaded;
                    counts.duplicates += more.duplicates;
                    counts.duplicate_records += more.duplicate_records;
                    counts.ignored += more.ignored;
                    counts.refused += more.refused;
                }
                match fate {
                    Fate::Staged if !rest.is_empty() => ingest.stage(prepared, Vec::new()).unwrap(),
                    _ => assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap()),
                }
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(counts, expected.counts);
            prop_assert_eq!(&violations, &expected.violations);
            prop_assert_eq!(&graph(&store), &expected.graph);
        }
        prop_assert_eq!(store.check(&CancelToken::new()).unwrap().problems, Vec::<String>::new());
    }
}

#[test]
fn nothing_is_left_of_what_was_not_published() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
    let key = store.hash_key();
    let files = || std::fs::read_dir(directory.path().join("segments")).unwrap().count();
    let fill = |ingest: &super::Ingest| {
        let mut batch = IngestBatch::new();
        for record in 1..2000 {
            let s = batch.term(&key, TermRef::Iri(&format!("http://example.org/{record}")));
            let p = batch.term(&key, TermRef::Iri("http://example.org/p"));
            batch.push(Quad::in_default_graph(s, p, s), Ordinal::new(0, record), Role::Record);
        }
        ingest.add(&mut batch).unwrap();
    };
    let options = |cancel: &CancelToken| IngestOptions { rules: Rules::Rdf, cancel: cancel.clone(), threads: 1 };

    let cancel = CancelToken::new();
    let mut refused = store.ingest(Dataset::Rdf, options(&cancel));
    fill(&refused);
    let prepared = refused.prepare(None, false, &mut |_| {}).unwrap();
    assert_eq!(files(), 4, "three orders and a dictionary");
    assert!(store.usage().temporary_bytes > 0);
    assert!(!refused.publish(prepared, &mut |_| None).unwrap());
    assert_eq!((files(), store.usage().temporary_bytes), (0, 0));

    fill(&refused);
    cancel.cancel();
    assert!(refused.prepare(None, false, &mut |_| {}).is_err());
    refused.discard();
    assert_eq!((files(), store.usage().temporary_bytes), (0, 0));

    // The writer slot is free again.
    let mut next = store.ingest(Dataset::Rdf, options(&CancelToken::new()));
    fill(&next);
    let prepared = next.prepare(None, false, &mut |_| {}).unwrap();
    assert!(next.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
    assert_eq!((files(), store.usage().temporary_bytes), (4, 0));
    assert_eq!(store.check(&CancelToken::new()).unwrap().datasets[1].quads, 1999);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    /// A dry run tells what a load would do, in any pieces, and does none of it; writers need not wait for it.
    #[test]
    fn a_dry_run_tells_what_a_load_does(
        loads in prop::collection::vec(rows(), 1..4),
        cuts in prop::collection::btree_set(0..30_u64, 0..4),
        rules in prop_oneof![Just(Rules::GremlinCsv), Just(Rules::OpenCypher)],
        stop: bool,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
        let files = || std::fs::read_dir(directory.path().join("segments")).unwrap().count();
        let options = || IngestOptions { rules, cancel: CancelToken::new(), threads: 1 };
        let key = store.hash_key();
        for (number, rows) in loads.iter().enumerate() {
            // Vertices before edges, as the loader has it.
            let (vertices, edges): (Vec<_>, Vec<_>) = rows.iter().partition(|row| matches!(row, Row::Vertex { .. }));
            let rows: Vec<(Ordinal, &Row)> = vertices.into_iter().chain(edges).zip(1..)
                .map(|(row, record)| (Ordinal::new(0, record), row)).collect();
            let run = |mut ingest: super::Ingest| {
                let (mut counts, mut violations) = (Vec::new(), Vec::new());
                let mut rest = rows.as_slice();
                loop {
                    let is_cut = |at: &usize| cuts.contains(&rest[*at].0.record());
                    let end = (1..rest.len()).find(is_cut).unwrap_or(rest.len());
                    let (epoch, after) = rest.split_at(end);
                    let mut batch = IngestBatch::new();
                    for (ordinal, row) in epoch {
                        for (quad, role) in row.quads(rules, |term| batch.term(&key, term)) {
                            batch.push(quad, *ordinal, role);
                        }
                    }
                    ingest.add(&mut batch).unwrap();
                    if after.is_empty() {
                        ingest.last();
                    }
                    let prepared = ingest.prepare(None, stop, &mut |violation| violations.push(violation)).unwrap();
                    counts.push(prepared.feeds.clone());
                    rest = after;
                    if rest.is_empty() || prepared.first_violation.is_some() && stop {
                        prop_assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
                        return Ok((counts, violations));
                    }
                    ingest.stage(prepared, Vec::new()).unwrap();
                }
            };
            store.settle(&CancelToken::new()).unwrap(); // or merges would change the files
            let before = (graph(&store), files());
            // The slot is somebody else's all the while.
            let mut writer = store.begin(Dataset::Pg);
            writer.insert(TermRef::Vertex("w"), TermRef::Key("k"), TermRef::Int(1), TermRef::DefaultGraph).unwrap();
            let told = run(store.ingest(Dataset::Pg, options()).dry_run())?;
            drop(writer);
            prop_assert_eq!((graph(&store), files()), before, "load {}", number);
            let done = run(store.ingest(Dataset::Pg, options()))?;
            prop_assert_eq!(told, done, "load {}", number);
        }
        prop_assert_eq!(store.check(&CancelToken::new()).unwrap().problems, Vec::<String>::new());
    }
}

/// A staged layer survives its process, and is taken over by the load's name, unless something else was committed.
#[test]
fn a_staged_layer_waits_for_its_load() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
    let files = || std::fs::read_dir(directory.path().join("segments")).unwrap().count();
    let store = open();
    let options = || IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
    let ingest = |store: &Store| {
        let mut ingest = store.ingest(Dataset::Rdf, options());
        ingest.go_by("a load").unwrap();
        ingest
    };
    let quads = |store: &Store| store.snapshot(Dataset::Rdf).scan(Pattern::ALL, Order::Spog).count();
    let key = store.hash_key();
    let mut first = ingest(&store);
    let prepared = one_row(&mut first, &key);
    let note = JournalWrite::Put { key: b"note".to_vec(), value: b"staged".to_vec() };
    first.stage(prepared, vec![note]).unwrap();
    assert_eq!(files(), 4, "three orders and a dictionary, named by the manifest");
    assert_eq!(quads(&store), 0, "nobody else sees it");
    drop((first, store)); // as at the end of the process: it is not discarded

    let store = open();
    store.keep_staged(&["a load".to_owned()]);
    assert_eq!((files(), quads(&store)), (4, 0));
    assert_eq!(store.journal().get(b"note").unwrap().unwrap(), b"staged", "written with it");
    let other = store.ingest(Dataset::Rdf, options());
    assert_eq!((other.staged_sets(), ingest(&store).staged_sets()), (0, 1));
    let mut again = ingest(&store);
    // It is judged against: the same quad is there.
    let prepared = one_row(&mut again, &key);
    assert_eq!(prepared.feeds[&0].duplicates, 1);
    again.stage(prepared, Vec::new()).unwrap();
    drop((other, again, store));

    let store = open();
    let mut transaction = store.begin(Dataset::Rdf);
    let (iri, graph) = (TermRef::Iri("http://example.org/other"), TermRef::DefaultGraph);
    assert!(transaction.insert(iri, iri, iri, graph).unwrap());
    transaction.commit().unwrap();
    assert_eq!(ingest(&store).staged_sets(), 0, "it was not judged against the commit");
    assert_eq!((files(), quads(&store)), (0, 1));

    let mut first = ingest(&store);
    let prepared = one_row(&mut first, &key);
    first.stage(prepared, Vec::new()).unwrap();
    drop((first, store));
    let store = open();
    let mut last = ingest(&store);
    let prepared = last.prepare(None, false, &mut |_| {}).unwrap();
    assert!(last.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
    assert_eq!(store.snapshot(Dataset::Rdf).estimate(&Pattern::ALL).quads, 2);
    assert_eq!(store.check(&CancelToken::new()).unwrap().problems, Vec::<String>::new());
    drop((last, store));
    let store = open();
    store.keep_staged(&[]);
    assert_eq!(store.snapshot(Dataset::Rdf).estimate(&Pattern::ALL).quads, 2, "what is published is nobody's");
}

#[test]
fn what_nobody_waits_for_goes() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
    let files = || std::fs::read_dir(directory.path().join("segments")).unwrap().count();
    for (name, stay) in [(None, 0), (Some("a load"), 4)] {
        let store = open();
        let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
        let mut ingest = store.ingest(Dataset::Rdf, options);
        if let Some(name) = name {
            ingest.go_by(name).unwrap();
        }
        let prepared = one_row(&mut ingest, &store.hash_key());
        ingest.stage(prepared, Vec::new()).unwrap();
        assert_eq!(files(), 4);
        drop((ingest, store));
        assert_eq!(files(), stay, "{name:?}");
    }
    let store = open();
    store.keep_staged(&["another load".to_owned()]);
    assert_eq!(files(), 0);
    drop(store);
    assert_eq!(open().check(&CancelToken::new()).unwrap().problems, Vec::<String>::new());
}

/// Always the same.
fn one_row(ingest: &mut super::Ingest, key: &HashKey) -> super::Prepared {
    let mut batch = IngestBatch::new();
    let s = batch.term(key, TermRef::Iri("http://example.org/staged"));
    batch.push(Quad::in_default_graph(s, s, s), Ordinal::new(0, 1), Role::Record);
    ingest.add(&mut batch).unwrap();
    ingest.prepare(None, false, &mut |_| {}).unwrap()
}

/// openCypher: an edge of the load itself is told from one that was there before, after a restart and whatever was merged.
#[test]
fn what_was_there_before_a_load_is_known_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
    let store = open();
    let key = store.hash_key();
    let mut transaction = store.begin(Dataset::Pg);
    let vertices = [TermRef::Vertex("a"), TermRef::Vertex("b")];
    for vertex in vertices {
        assert!(transaction.insert(vertex, TermRef::Label, TermRef::String("L"), TermRef::DefaultGraph).unwrap());
    }
    let [a, b] = vertices;
    assert!(transaction.insert(a, TermRef::EdgeLabel("X"), b, TermRef::Edge("old")).unwrap());
    transaction.commit().unwrap();

    let ingest = |store: &Store, name: &str| {
        let options = IngestOptions { rules: Rules::OpenCypher, cancel: CancelToken::new(), threads: 1 };
        let mut ingest = store.ingest(Dataset::Pg, options);
        ingest.go_by(name).unwrap();
        ingest
    };
    let load = |ingest: &mut super::Ingest, record: u64, [from, label, to, id]: [TermRef<'_>; 4]| {
        let mut batch = IngestBatch::new();
        let [s, p, o, g] = [from, label, to, id].map(|term| batch.term(&key, term));
        batch.push(Quad::new(s, p, o, g), Ordinal::new(0, record), Role::Record);
        ingest.add(&mut batch).unwrap();
        let mut violations = Vec::new();
        let prepared = ingest.prepare(None, false, &mut |violation| violations.push(violation)).unwrap();
        let duplicates = prepared.feeds.get(&0).map_or(0, |counts| counts.duplicates);
        assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
        (violations.len(), duplicates)
    };
    let edge = |label, id| [a, TermRef::EdgeLabel(label), b, TermRef::Edge(id)];
    let mut first = ingest(&store, "a load");
    assert_eq!(load(&mut first, 1, edge("X", "new")), (0, 0));
    drop(first);
    let merged = |store: &Store| {
        store.fold(Dataset::Pg).unwrap();
        store.compact(Dataset::Pg).unwrap();
        store.usage().segment_sets
    };
    assert_eq!(merged(&store), 2, "before the load, and after");
    drop(store);

    let store = open();
    store.keep_staged(&["a load".to_owned()]);
    assert_eq!(merged(&store), 2);
    let mut again = ingest(&store, "a load");
    assert_eq!(load(&mut again, 2, edge("Y", "new")), (0, 1), "its own edge: the lowest row wins");
    assert_eq!(load(&mut again, 3, edge("Y", "old")), (1, 0), "another's edge: refused");
    drop(again);
    store.drop_staged("a load");
    assert_eq!(merged(&store), 1, "nobody asks any more");
    let mut other = ingest(&store, "another load");
    assert_eq!(load(&mut other, 1, edge("Y", "new")), (1, 0));
    drop((other, store));

    let store = open();
    store.keep_staged(&[]);
    assert_eq!(merged(&store), 1);
}
