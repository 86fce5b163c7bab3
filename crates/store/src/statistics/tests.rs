//! Statistics against those of a plain set of quads, counted the simple way: any sequence of insert, delete, load, fold,
//! compaction and restart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model::{Dataset, Quad, Term, TermId, TermRef};
use proptest::prelude::*;

use super::*;
use crate::{CancelToken, Error, IngestBatch, IngestOptions, Options, Ordinal, Role, Rules, Store};

const LONG_KEY: &str = "a key of more than fifteen bytes";
const LONG_LABEL: &str = "a label of more than fifteen bytes";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

type Terms = [TermRef<'static>; 4];

const VERTICES: [&str; 4] = ["a", "b", "a vertex with a long name", "d"];
const EDGES: [&str; 4] = ["a", "e2", "an edge with a long name", "e4"];
const LABELS: [TermRef<'static>; 4] =
    [TermRef::String("Person"), TermRef::String(LONG_LABEL), TermRef::String("name"), TermRef::NoLabel];
const KEYS: [&str; 3] = ["name", "age", LONG_KEY];
const EDGE_LABELS: [&str; 3] = ["knows", "name", LONG_LABEL];
const VALUES: [TermRef<'static>; 4] = [
    TermRef::Int(1),
    TermRef::String("one"),
    TermRef::String("a value of more than fifteen bytes"),
    TermRef::Double(1.),
];

fn at<T: Copy>(items: &[T], number: u8) -> T {
    items[usize::from(number) % items.len()]
}

/// One of four kinds of quad of a property graph; some make no sense, as when a vertex has no label.
fn pg((kind, x, y, z): (u8, u8, u8, u8)) -> Terms {
    let (vertex, edge) = (TermRef::Vertex(at(&VERTICES, x)), TermRef::Edge(at(&EDGES, x)));
    let (key, value) = (TermRef::Key(at(&KEYS, y)), at(&VALUES, z));
    match kind % 4 {
        0 => [vertex, TermRef::Label, at(&LABELS, y), TermRef::DefaultGraph],
        1 => [vertex, key, value, TermRef::DefaultGraph],
        2 => [edge, key, value, TermRef::DefaultGraph],
        _ => [
            vertex,
            TermRef::EdgeLabel(at(&EDGE_LABELS, y)),
            TermRef::Vertex(at(&VERTICES, z)),
            TermRef::Edge(at(&EDGES, y ^ z)),
        ],
    }
}

const NODES: [TermRef<'static>; 4] =
    [TermRef::Iri("http://example.org/one"), TermRef::Iri("urn:2"), TermRef::Blank(77), TermRef::Iri("urn:4")];
const PREDICATES: [TermRef<'static>; 4] =
    [TermRef::Iri(TYPE), TermRef::Iri("urn:p"), TermRef::Iri("http://example.org/one"), TermRef::Iri("urn:q")];
const OBJECTS: [TermRef<'static>; 6] = [
    TermRef::Iri("http://example.org/one"),
    TermRef::Iri("urn:Class"),
    TermRef::Blank(77),
    TermRef::String("urn:Class"),
    TermRef::Int(3),
    TermRef::Iri(model::term::DEFAULT_NAMED_GRAPH),
];
const GRAPHS: [TermRef<'static>; 3] =
    [TermRef::DefaultGraph, TermRef::Iri("urn:g"), TermRef::Iri("http://example.org/g")];

fn rdf((s, p, o, g): (u8, u8, u8, u8)) -> Terms {
    [at(&NODES, s), at(&PREDICATES, p), at(&OBJECTS, o), at(&GRAPHS, g)]
}

fn text(term: &Term) -> String {
    match term {
        Term::Key(text) | Term::EdgeLabel(text) | Term::Iri(text) => text.clone(),
        Term::Value(value) => value.lexical().into_owned(),
        Term::DefaultGraph => model::term::DEFAULT_NAMED_GRAPH.to_owned(),
        other => panic!("{other:?} is no name"),
    }
}

type Plain = BTreeSet<[TermId; 4]>;

/// A statement as terms, subjects and graphs as ids.
fn plain<'a>(store: &Store, quads: impl Iterator<Item = &'a Terms>) -> Plain {
    quads.map(|terms| terms.map(|term| store.encode(term))).collect()
}

fn counted(counts: BTreeMap<String, u64>) -> Vec<Counted> {
    let mut counted: Vec<_> =
        counts.into_iter().map(|(name, count)| Counted { name: name.as_str().into(), count }).collect();
    counted.sort_by(|a, b| b.count.cmp(&a.count).then(a.name.cmp(&b.name)));
    counted
}

fn arcs(names: &BTreeSet<String>) -> Vec<std::sync::Arc<str>> {
    names.iter().map(|name| name.as_str().into()).collect()
}

fn tally(names: impl Iterator<Item = String>) -> Vec<Counted> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counted(counts)
}

/// What a property graph of these quads looks like.
fn plain_pg(snapshot: &Snapshot, quads: &Plain) -> (Signatures, Graph) {
    let name = |id: TermId| text(&snapshot.resolve(id).unwrap());
    let vertices: BTreeSet<TermId> = quads.iter().filter(|quad| quad[1] == TermId::LABEL).map(|quad| quad[0]).collect();
    let of_vertices = || quads.iter().filter(|quad| vertices.contains(&quad[0]));
    let of_edges = || quads.iter().filter(|quad| quad[0].is_edge());
    let edges = || quads.iter().filter(|quad| quad[1].is_edge_label());
    let labels = |vertex: TermId| {
        let labels = quads.iter().filter(move |quad| quad[0] == vertex && quad[1] == TermId::LABEL);
        labels.filter(|quad| quad[2] != TermId::NO_LABEL).map(|quad| name(quad[2])).collect::<BTreeSet<_>>()
    };
    let keys = |element: TermId| -> BTreeSet<String> {
        quads.iter().filter(|quad| quad[0] == element && quad[1].is_key()).map(|quad| name(quad[1])).collect()
    };
    let outgoing = |vertex: TermId| -> BTreeSet<String> {
        edges().filter(|quad| quad[0] == vertex).map(|quad| name(quad[1])).collect()
    };
    let bearers: BTreeSet<TermId> = of_edges().map(|quad| quad[0]).collect();
    let mut nodes_by_structure: BTreeMap<_, u64> = BTreeMap::new();
    let mut node_signatures = BTreeSet::new();
    for vertex in &vertices {
        *nodes_by_structure.entry((keys(*vertex), outgoing(*vertex))).or_default() += 1;
        node_signatures.insert((labels(*vertex), keys(*vertex), outgoing(*vertex)));
    }
    let mut edges_by_structure: BTreeMap<_, u64> = BTreeMap::new();
    for edge in &bearers {
        *edges_by_structure.entry(keys(*edge)).or_default() += 1;
    }
    let mut node_structures: Vec<_> = nodes_by_structure
        .iter()
        .map(|((keys, labels), count)| NodeStructure { count: *count, properties: arcs(keys), outgoing: arcs(labels) })
        .collect();
    node_structures.sort_by_key(|structure| std::cmp::Reverse(structure.count));
    let mut edge_structures: Vec<_> = edges_by_structure
        .iter()
        .map(|(keys, count)| EdgeStructure { count: *count, properties: arcs(keys) })
        .collect();
    edge_structures.sort_by_key(|structure| std::cmp::Reverse(structure.count));
    let predicates: BTreeSet<TermId> = of_vertices().chain(of_edges()).chain(edges()).map(|quad| quad[1]).collect();
    let signatures = Signatures {
        signatures: (node_signatures.len() + edges_by_structure.len()) as u64,
        instances: (vertices.len() + bearers.len()) as u64,
        predicates: predicates.len() as u64,
    };
    let graph = PropertyGraph {
        nodes: vertices.len() as u64,
        edges: edges().count() as u64,
        node_labels: tally(vertices.iter().flat_map(|vertex| labels(*vertex))),
        edge_labels: tally(edges().map(|quad| name(quad[1]))),
        node_properties: tally(vertices.iter().flat_map(|vertex| keys(*vertex))),
        edge_properties: tally(bearers.iter().flat_map(|edge| keys(*edge))),
        node_property_values: of_vertices().filter(|quad| quad[1].is_key()).count() as u64,
        edge_property_values: of_edges().count() as u64,
        node_structures,
        edge_structures,
    };
    (signatures, Graph::Pg(graph))
}

/// What an RDF data set of these quads looks like.
fn plain_rdf(snapshot: &Snapshot, quads: &Plain) -> (Signatures, Graph) {
    let name = |id: TermId| text(&snapshot.resolve(id).unwrap());
    let subjects: BTreeSet<TermId> = quads.iter().map(|quad| quad[0]).collect();
    let mut structures: BTreeMap<BTreeSet<String>, u64> = BTreeMap::new();
    for subject in &subjects {
        let predicates = quads.iter().filter(|quad| quad[0] == *subject).map(|quad| name(quad[1])).collect();
        *structures.entry(predicates).or_default() += 1;
    }
    let instances: BTreeSet<(TermId, String)> = quads
        .iter()
        .filter(|quad| quad[1] == snapshot.encode(TermRef::Iri(TYPE)))
        .filter(|quad| matches!(snapshot.resolve(quad[2]).unwrap(), Term::Iri(_) | Term::DefaultGraph))
        .map(|quad| (quad[0], name(quad[2])))
        .collect();
    let predicates = tally(quads.iter().map(|quad| name(quad[1])));
    let signatures = Signatures {
        signatures: structures.len() as u64,
        instances: subjects.len() as u64,
        predicates: predicates.len() as u64,
    };
    let mut subject_structures: Vec<_> =
        structures.iter().map(|(names, count)| SubjectStructure { count: *count, predicates: arcs(names) }).collect();
    subject_structures.sort_by_key(|structure| std::cmp::Reverse(structure.count));
    let graph = Rdf {
        subjects: subjects.len() as u64,
        quads: quads.len() as u64,
        classes: tally(instances.into_iter().map(|(_, class)| class)),
        predicates,
        subject_structures,
    };
    (signatures, Graph::Rdf(graph))
}

#[derive(Clone, Debug)]
enum Step {
    /// One transaction: `true` inserts.
    Transaction(Vec<(bool, (u8, u8, u8, u8))>),
    Load(Vec<(u8, u8, u8, u8)>),
    Fold,
    Compact,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let small = || (0..12_u8, 0..12_u8, 0..12_u8, 0..12_u8);
    let step = prop_oneof![
        5 => prop::collection::vec((prop::bool::weighted(0.6), small()), 0..20).prop_map(Step::Transaction),
        3 => prop::collection::vec(small(), 0..40).prop_map(Step::Load),
        2 => Just(Step::Fold),
        1 => Just(Step::Compact),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..12)
}

pub(super) fn open(directory: &Path) -> Store {
    Store::open(directory, Options { memory: 1 << 20, disk_floor: 0, ..Options::default() }).unwrap()
}

/// Loads quads by no rules but those of RDF.
fn load(store: &Store, dataset: Dataset, quads: &[Terms]) {
    let options = IngestOptions { rules: Rules::Rdf, cancel: CancelToken::new(), threads: 1 };
    let mut ingest = store.ingest(dataset, options);
    let mut batch = IngestBatch::new();
    let key = store.hash_key();
    for (record, terms) in quads.iter().enumerate() {
        let [s, p, o, g] = terms.map(|term| batch.term(&key, term));
        batch.push(Quad::new(s, p, o, g), Ordinal::new(0, record as u64 + 1), Role::Record);
    }
    ingest.add(&mut batch).unwrap();
    let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}")).unwrap();
    assert!(ingest.publish(prepared, &mut |_| Some(Vec::new())).unwrap());
}

fn holds(dataset: Dataset, steps: Vec<Step>) {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path());
    let terms = |small| if dataset == Dataset::Pg { pg(small) } else { rdf(small) };
    let mut expected = Plain::new();
    for step in steps {
        match step {
            Step::Transaction(operations) => {
                let mut transaction = store.begin(dataset);
                for (insert, small) in operations {
                    let [s, p, o, g] = terms(small);
                    let ids = terms(small).map(|term| store.encode(term));
                    if insert {
                        transaction.insert(s, p, o, g).unwrap();
                        expected.insert(ids);
                    } else {
                        transaction.delete(&Quad::new(ids[0], ids[1], ids[2], ids[3])).unwrap();
                        expected.remove(&ids);
                    }
                }
                transaction.commit().unwrap();
            }
            Step::Load(quads) => {
                let quads: Vec<Terms> = quads.into_iter().map(terms).collect();
                load(&store, dataset, &quads);
                expected.extend(plain(&store, quads.iter()));
            }
            Step::Fold => store.fold(dataset).unwrap(),
            Step::Compact => store.compact(dataset).unwrap(),
            Step::Restart => {
                drop(store);
                store = open(directory.path());
            }
        }
        let snapshot = store.snapshot(dataset);
        let (signatures, graph) =
            if dataset == Dataset::Pg { plain_pg(&snapshot, &expected) } else { plain_rdf(&snapshot, &expected) };
        let found = snapshot.statistics(&CancelToken::new()).unwrap();
        assert_eq!(found.graph, Some(graph));
        assert_eq!(found.signatures, Some(signatures));
        assert_eq!(found.commit, snapshot.commit());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_property_graph_is_counted_as_a_plain_set_is(steps in steps()) {
        holds(Dataset::Pg, steps);
    }

    #[test]
    fn a_data_set_of_rdf_is_counted_as_a_plain_set_is(steps in steps()) {
        holds(Dataset::Rdf, steps);
    }
}

/// Each of a hundred subjects has the first so many of a hundred predicates.
fn staircase(store: &Store) {
    let names: Vec<String> = (0..100).map(|n| format!("urn:{n:02}")).collect();
    let mut transaction = store.begin(Dataset::Rdf);
    for (n, name) in names.iter().enumerate() {
        for predicate in &names[..=n] {
            let [s, p] = [name, predicate].map(|name| TermRef::Iri(name));
            transaction.insert(s, p, TermRef::Int(1), TermRef::DefaultGraph).unwrap();
        }
    }
    transaction.commit().unwrap();
}

#[test]
fn beyond_a_limit_a_part_is_left_out_whole_and_the_rest_is_exact() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    staircase(&store);
    let snapshot = store.snapshot(Dataset::Rdf);
    let within = |sets, names| snapshot.statistics_within(Limits { sets, names }, &CancelToken::new()).unwrap();
    let whole = within(100, 5050);
    assert_eq!(
        whole.signatures.map(|found| (found.signatures, found.instances, found.predicates)),
        Some((100, 100, 100))
    );
    let Some(Graph::Rdf(graph)) = whole.graph else { panic!("no graph") };
    assert_eq!((graph.subjects, graph.quads, graph.subject_structures.len()), (100, 5050, 100));

    for (sets, names) in [(99, 5050), (100, 5049)] {
        let found = within(sets, names);
        assert_eq!(found.signatures, None);
        assert_eq!(found.graph, Some(Graph::Rdf(Rdf { subject_structures: Vec::new(), ..graph.clone() })));
    }
    let found = within(100, 99);
    assert_eq!((found.signatures, found.graph), (None, None));
}

#[test]
fn a_pass_is_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    staircase(&store);
    let cancel = CancelToken::new();
    cancel.cancel();
    assert!(matches!(store.snapshot(Dataset::Rdf).statistics(&cancel), Err(Error::Cancelled)));
}
