//! Patterns, cancels and failures seen through the view that the evaluator gets.

use std::collections::BTreeSet;

use model::{Dataset, Quad, Tag};
use oxrdf::NamedNode;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::{Options, Store};

use super::*;

/// Names of which each place of a quad has one: inline, hashed, the fallback graph.
const NAMES: [&str; 4] =
    ["urn:a", "urn:b", "http://ex.test/that/is/too/long/for/an/id", model::term::DEFAULT_NAMED_GRAPH];
/// Objects may also be literals.
const LITERALS: [&str; 2] = ["x", "a text that is too long for an id"];

fn term(number: usize) -> TermRef<'static> {
    match NAMES.get(number) {
        Some(name) => TermRef::Iri(name),
        None => TermRef::String(LITERALS[number - NAMES.len()]),
    }
}

/// Positions of a quad or pattern, by number.
type Numbers = (usize, usize, usize, usize);

fn quads() -> impl Strategy<Value = Vec<Numbers>> {
    vec((0..3_usize, 0..3_usize, 0..6_usize, 0..4_usize), 0..24)
}

fn graphs() -> impl Strategy<Value = Graphs> {
    let some = || {
        vec(0..4_usize, 0..4)
            .prop_map(|names| names.into_iter().map(|name| NamedNode::new_unchecked(NAMES[name])).collect::<Vec<_>>())
    };
    prop_oneof![
        Just(Graphs::Union),
        Just(Graphs::Strict),
        (some(), some()).prop_map(|(default, named)| Graphs::Named { default, named: Some(named) }),
        some().prop_map(|default| Graphs::Named { default, named: None }),
    ]
}

/// What the data set of a query is: the triples of the default graph, and the quads of the named ones.
fn expected(quads: &BTreeSet<Quad>, graphs: &Graphs, snapshot: &Snapshot) -> (BTreeSet<Quad>, BTreeSet<Quad>) {
    let names = |names: &[NamedNode], graph: TermId| {
        names.iter().any(|name| snapshot.encode(TermRef::Iri(name.as_str())) == graph)
    };
    let (mut default_graph, mut named_graphs) = (BTreeSet::new(), BTreeSet::new());
    for quad in quads {
        let (in_default, is_named) = match graphs {
            Graphs::Union => (true, true),
            Graphs::Strict => (quad.g == TermId::DEFAULT_GRAPH, quad.g != TermId::DEFAULT_GRAPH),
            Graphs::Named { default, named } => {
                (names(default, quad.g), named.as_ref().is_none_or(|named| names(named, quad.g)))
            }
        };
        if in_default {
            default_graph.insert(Quad::in_default_graph(quad.s, quad.p, quad.o));
        }
        if is_named {
            named_graphs.insert(*quad);
        }
    }
    (default_graph, named_graphs)
}

/// Collects, and fails on a quad that comes twice.
fn distinct<'a>(found: impl Iterator<Item = Result<InternalQuad<Node<'a>>, Stopped>>) -> BTreeSet<Quad> {
    let mut quads = BTreeSet::new();
    for quad in found {
        let InternalQuad { subject, predicate, object, graph_name } = quad.expect("the store is whole");
        let graph = graph_name.map_or(TermId::DEFAULT_GRAPH, |graph| graph.id);
        assert!(quads.insert(Quad::new(subject.id, predicate.id, object.id, graph)), "a quad comes twice");
    }
    quads
}

/// Every pattern over every data set finds what a filter over a plain set finds, each once.
#[test]
fn patterns_find_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pattern = (option::of(0..3_usize), option::of(0..3_usize), option::of(0..6_usize), option::of(0..4_usize));
    let found = TestRunner::default().run(&(quads(), graphs(), pattern), |(numbers, graphs, (s, p, o, g))| {
        let mut transaction = store.begin(Dataset::Rdf);
        for (s, p, o, g) in &numbers {
            transaction.insert(term(*s), term(*p), term(*o), term(*g)).unwrap();
        }
        let snapshot = transaction.snapshot();
        let id = |number: usize| snapshot.encode(term(number));
        let quads: BTreeSet<Quad> =
            numbers.iter().map(|(s, p, o, g)| Quad::new(id(*s), id(*p), id(*o), id(*g))).collect();
        let (default, named) = expected(&quads, &graphs, &snapshot);
        let view = View::new(&snapshot, &graphs, usize::MAX, &CancelToken::new());
        let view = &view;
        let [s, p, o, g] = [s, p, o, g].map(|number| number.map(|number| view.node(id(number))));
        let triple = |quad: &&Quad| {
            s.as_ref().is_none_or(|s| s.id == quad.s)
                && p.as_ref().is_none_or(|p| p.id == quad.p)
                && o.as_ref().is_none_or(|o| o.id == quad.o)
        };
        let find = |graph: Option<Option<&Node<'_>>>| {
            distinct(view.internal_quads_for_pattern(s.as_ref(), p.as_ref(), o.as_ref(), graph))
        };
        prop_assert_eq!(find(Some(None)), default.iter().filter(triple).copied().collect());
        prop_assert_eq!(find(None), named.iter().filter(triple).copied().collect());
        if let Some(g) = &g {
            let in_graph = named.iter().filter(triple).filter(|quad| quad.g == g.id).copied().collect();
            prop_assert_eq!(find(Some(Some(g))), in_graph);
        }

        let names: Vec<TermId> = view.internal_named_graphs().map(|graph| graph.unwrap().id).collect();
        let distinct_names: BTreeSet<TermId> = names.iter().copied().collect();
        prop_assert_eq!(names.len(), distinct_names.len());
        // What FROM NAMED names is there even if it is empty.
        let mut expected_names: BTreeSet<TermId> = named.iter().map(|quad| quad.g).collect();
        if let Graphs::Named { named: Some(named), .. } = &graphs {
            expected_names.extend(named.iter().map(|graph| snapshot.encode(TermRef::Iri(graph.as_str()))));
        }
        prop_assert_eq!(&distinct_names, &expected_names);
        for name in NAMES {
            let graph = view.node(snapshot.encode(TermRef::Iri(name)));
            prop_assert_eq!(view.contains_internal_graph_name(&graph).unwrap(), expected_names.contains(&graph.id));
        }
        Ok(())
    });
    found.unwrap();
}

#[test]
fn a_cancelled_view_stops_everything() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let mut transaction = store.begin(Dataset::Rdf);
    transaction.insert(term(0), term(1), term(5), TermRef::DefaultGraph).unwrap();
    let snapshot = transaction.snapshot();
    let cancel = CancelToken::new();
    let view = View::new(&snapshot, &Graphs::Union, usize::MAX, &cancel);
    let long = view.node(snapshot.encode(term(5)));
    assert!((&view).externalize_term(long.clone()).is_ok());
    view.check().unwrap();
    cancel.cancel();
    assert!(matches!(view.check(), Err(Error::Cancelled)));
    assert!(view.default_graph(None, None, None).next().is_some_and(|quad| quad.is_err()));
    assert!((&view).internal_named_graphs().next().is_some_and(|graph| graph.is_err()));
    assert!((&view).externalize_expression_term(long).is_err());
    assert!(matches!(view.into_failure(), Some(Error::Cancelled)));
}

/// As a sort or a join would, that never looks up.
#[test]
fn a_loop_that_only_copies_nodes_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let snapshot = store.snapshot(Dataset::Rdf);
    let cancel = CancelToken::new();
    let view = View::new(&snapshot, &Graphs::Union, usize::MAX, &cancel);
    let stopped: Result<(), Error> = view.until_stopped(|view| {
        let node = view.node(TermId::DEFAULT_GRAPH);
        cancel.cancel();
        loop {
            let _ = node.clone();
        }
    });
    assert!(matches!(stopped, Err(Error::Cancelled)));

    let view = View::new(&snapshot, &Graphs::Union, 1 << 16, &CancelToken::new());
    let stopped: Result<(), Error> = view.until_stopped(|view| {
        let mut kept = vec![view.node(TermId::DEFAULT_GRAPH)];
        loop {
            kept.push(kept[0].clone());
        }
    });
    assert!(stopped.is_err());
    assert!(matches!(view.into_failure(), Some(Error::MemoryLimit { limit: 65_536 })));
}

/// A hash that nothing spells: the data directory is damaged.
#[test]
fn the_first_failure_of_the_store_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let view = View::new(&store.snapshot(Dataset::Rdf), &Graphs::Union, usize::MAX, &CancelToken::new());
    let unknown = view.node(TermId::new(Tag::IriHash, 1));
    assert!((&view).externalize_expression_term(unknown).is_err());
    assert!(view.check().is_err());
    assert!(matches!(view.into_failure(), Some(Error::Store(store::Error::Corrupt { .. }))));
}

#[test]
fn terms_of_the_query_keep_their_text() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let view = View::new(&store.snapshot(Dataset::Rdf), &Graphs::Union, usize::MAX, &CancelToken::new());
    let before = view.taken.get();
    for text in ["", "short", "a text that no store has ever seen"] {
        let term = Term::from(oxrdf::Literal::new_simple_literal(text));
        let node = view.internalize(term.clone());
        assert_eq!(node, view.internalize(term.clone()));
        assert_eq!(view.externalize(&node.clone()).unwrap(), term);
        assert!(view.taken.get() >= before + text.len());
    }
    assert_eq!(view.taken.get(), before);
}
