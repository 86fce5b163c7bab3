//! Random clauses against a plain property graph: the quads are those that the graph would be written in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use exec::batch::{Batch, Column};
use exec::context::Context;
use exec::expr::Expr;
use exec::plan::Write;
use exec::{Relationship, Value, term};
use model::{Quad, TermId, TermRef};
use proptest::prelude::*;

use super::{EDGE, NODE, OTHER, VALUE, World, key, kind, label, map, quads, write};

/// A graph as anybody would draw it.
#[derive(Clone, Debug, Default)]
struct Plain {
    nodes: BTreeMap<u8, (BTreeSet<u8>, Properties)>,
    edges: BTreeMap<u8, (u8, u8, u8, Properties)>,
}

type Properties = BTreeMap<u8, u8>;

/// Keys and values.
type Entries = Vec<(u8, u8)>;

/// One clause, with its rows. Small numbers stand for ids, names and values.
#[derive(Clone, Debug)]
enum Clause {
    CreateNodes(Vec<(u8, Vec<u8>, Entries)>),
    CreateEdges(Vec<(u8, u8, u8, u8, Entries)>),
    /// Of nodes and, with the flag, of relationships. The last value stands for null.
    Set(Vec<(bool, u8, u8, u8)>),
    SetAll(Vec<(bool, u8)>, Entries, bool),
    Copy(Vec<(u8, bool, u8)>, bool),
    Label(Vec<u8>, Vec<u8>, bool),
    Delete(Vec<(bool, u8)>, bool),
    Commit,
}

const LABELS: [&str; 3] = ["L", "Person", "a-label-that-is-hashed"];
const KEYS: [&str; 3] = ["k", "name", "a-key-that-is-hashed"];

fn stored(number: u8) -> Value {
    match number {
        0 => 7.into(),
        1 => "short".into(),
        2 => "a string of more than fifteen bytes".into(),
        3 => 2.5.into(),
        4 => Value::list([1.into(), "two".into(), true.into()]).unwrap(),
        5 => true.into(),
        _ => Value::Null,
    }
}

fn clauses() -> impl Strategy<Value = Vec<Clause>> {
    let rows = 1..5_usize;
    let entries = || prop::collection::vec((0..3_u8, 0..6_u8), 0..3);
    let changes = prop::collection::vec((0..3_u8, 0..7_u8), 0..3);
    let labels = || prop::collection::vec(0..3_u8, 0..3);
    let many = |most| prop::collection::vec((any::<bool>(), 0..9_u8), 1..most);
    let clause = prop_oneof![
        5 => prop::collection::vec((0..9_u8, labels(), entries()), rows.clone()).prop_map(Clause::CreateNodes),
        5 => prop::collection::vec((0..9_u8, 0..9_u8, 0..3_u8, 0..9_u8, entries()), rows.clone())
            .prop_map(Clause::CreateEdges),
        3 => prop::collection::vec((any::<bool>(), 0..9_u8, 0..3_u8, 0..7_u8), rows.clone()).prop_map(Clause::Set),
        2 => (many(4), changes, any::<bool>()).prop_map(|(of, to, replace)| Clause::SetAll(of, to, replace)),
        2 => (prop::collection::vec((0..9_u8, any::<bool>(), 0..9_u8), rows), any::<bool>())
            .prop_map(|(rows, replace)| Clause::Copy(rows, replace)),
        3 => (prop::collection::vec(0..9_u8, 1..4), labels(), any::<bool>())
            .prop_map(|(of, labels, add)| Clause::Label(of, labels, add)),
        2 => (many(4), any::<bool>()).prop_map(|(of, detach)| Clause::Delete(of, detach)),
        1 => Just(Clause::Commit),
    ];
    prop::collection::vec(clause, 1..40)
}

fn vertex(number: u8) -> String {
    if number.is_multiple_of(2) { format!("v{number}") } else { format!("a-vertex-that-is-hashed-{number}") }
}

fn edge_id(number: u8) -> String {
    if number.is_multiple_of(2) { format!("e{number}") } else { format!("an-edge-that-is-hashed-{number}") }
}

impl Plain {
    fn quads(&self, context: &Context<'_>) -> BTreeSet<Quad> {
        let mut quads = BTreeSet::new();
        let mut describe = |s: TermId, properties: &Properties| {
            for (key, value) in properties {
                let value = term::to_term(&stored(*value)).unwrap();
                let [p, o] = [TermRef::Key(KEYS[usize::from(*key)]), TermRef::Value(&value)];
                quads.insert(Quad::in_default_graph(s, context.encode(p), context.encode(o)));
            }
        };
        let node = |number: u8| context.encode(TermRef::Vertex(&vertex(number)));
        let edge = |number: u8| context.encode(TermRef::Edge(&edge_id(number)));
        self.nodes.iter().for_each(|(number, (_, properties))| describe(node(*number), properties));
        self.edges.iter().for_each(|(number, (.., properties))| describe(edge(*number), properties));
        for (number, (labels, _)) in &self.nodes {
            let labels = labels.iter().map(|label| context.encode(TermRef::String(LABELS[usize::from(*label)])));
            let none = labels.len() == 0;
            let labels = labels.chain(none.then_some(TermId::NO_LABEL));
            quads.extend(labels.map(|label| Quad::in_default_graph(node(*number), TermId::LABEL, label)));
        }
        for (number, edge_of) in &self.edges {
            let (start, kind, end, _) = edge_of;
            let p = context.encode(TermRef::EdgeLabel(LABELS[usize::from(*kind)]));
            quads.insert(Quad::new(node(*start), p, node(*end), edge(*number)));
        }
        quads
    }

    fn properties(&mut self, is_edge: bool, number: u8) -> Option<&mut Properties> {
        if is_edge {
            self.edges.get_mut(&number).map(|edge| &mut edge.3)
        } else {
            self.nodes.get_mut(&number).map(|node| &mut node.1)
        }
    }

    /// The value of a node or relationship; null if there is none.
    fn value(&self, context: &Context<'_>, is_edge: bool, number: u8) -> Value {
        let node = |number: u8| context.encode(TermRef::Vertex(&vertex(number)));
        if !is_edge {
            return self.nodes.get(&number).map_or(Value::Null, |_| Value::Node(node(number)));
        }
        self.edges.get(&number).map_or(Value::Null, |(start, label, end, _)| {
            let label = context.encode(TermRef::EdgeLabel(LABELS[usize::from(*label)]));
            let id = context.encode(TermRef::Edge(&edge_id(number)));
            Value::Relationship(Arc::new(Relationship { id, start: node(*start), label, end: node(*end) }))
        })
    }
}

fn put(properties: &mut Properties, entries: &[(u8, u8)]) {
    for (key, value) in entries {
        if *value == 6 {
            properties.remove(key)
        } else {
            properties.insert(*key, *value)
        };
    }
}

fn entries(of: &[(u8, u8)]) -> Vec<(&'static str, Value)> {
    of.iter().map(|(key, value)| (KEYS[usize::from(*key)], stored(*value))).collect()
}

/// Entries with an id among them.
fn with_id(id: String, of: &[(u8, u8)]) -> Value {
    let mut entries = entries(of);
    entries.push(("~id", id.into()));
    map(&entries)
}

/// Runs a clause on both; an error ends the transaction of both.
fn run_clause(context: &Context<'_>, plain: &mut Plain, step: &Clause) -> Result<(), String> {
    let labels = |of: &[u8]| of.iter().map(|of| label(context, LABELS[usize::from(*of)])).collect::<Vec<_>>();
    let mut expected = Ok(());
    let mut outcome = Ok(());
    // One clause for all rows, as far as the rows need no other names.
    let mut clause = |writes: Vec<Write>, rows: Vec<[Value; 3]>| {
        let column = |at: usize| Column::values(rows.iter().map(|row| row[at].clone()).collect());
        let batch = Batch::of(rows.len()).with(NODE, column(0)).with(OTHER, column(1)).with(VALUE, column(2));
        if outcome.is_ok() && !rows.is_empty() {
            outcome = write(context, writes, &batch).map(|out| assert_eq!(out[0].len(), rows.len()));
        }
    };
    match step {
        Clause::CreateNodes(rows) => {
            for (id, of, properties) in rows {
                let properties = properties.clone();
                let create = Write::CreateNode { node: EDGE, labels: labels(of), properties: Some(Expr::Slot(VALUE)) };
                clause(vec![create], vec![[Value::Null, Value::Null, with_id(vertex(*id), &properties)]]);
                if expected.is_ok() && plain.nodes.contains_key(id) {
                    expected = Err("DuplicateId");
                } else if expected.is_ok() {
                    let mut known = Properties::new();
                    put(&mut known, &properties);
                    plain.nodes.insert(*id, (of.iter().copied().collect(), known));
                }
            }
        }
        Clause::CreateEdges(rows) => {
            for (id, start, kind_of, end, properties) in rows {
                let label = kind(context, LABELS[usize::from(*kind_of)]);
                let properties_of = Some(Expr::Slot(VALUE));
                let create =
                    Write::CreateEdge { edge: EDGE, start: NODE, end: OTHER, label, properties: properties_of };
                let [from, to] = [start, end].map(|number| plain.value(context, false, *number));
                if expected.is_ok() && (from.is_null() || to.is_null()) {
                    expected = Err("MissingEnd");
                } else if expected.is_ok() && plain.edges.contains_key(id) {
                    expected = Err("DuplicateId");
                } else if expected.is_ok() {
                    let mut known = Properties::new();
                    put(&mut known, properties);
                    plain.edges.insert(*id, (*start, *kind_of, *end, known));
                }
                clause(vec![create], vec![[from, to, with_id(edge_id(*id), properties)]]);
            }
        }
        Clause::Set(rows) => {
            for (is_edge, number, of, value) in rows {
                let key = key(context, KEYS[usize::from(*of)]);
                let set = Write::SetProperty { target: Expr::Slot(NODE), key, value: Expr::Slot(VALUE) };
                clause(vec![set], vec![[plain.value(context, *is_edge, *number), Value::Null, stored(*value)]]);
                plain
                    .properties(*is_edge, *number)
                    .into_iter()
                    .for_each(|properties| put(properties, &[(*of, *value)]));
            }
        }
        Clause::SetAll(of, to, replace) => {
            let set = Write::SetProperties { target: Expr::Slot(NODE), value: Expr::Slot(VALUE), replace: *replace };
            let row = |(is_edge, number): &(bool, u8)| {
                [plain.value(context, *is_edge, *number), Value::Null, map(&entries(to))]
            };
            clause(vec![set], of.iter().map(row).collect());
            for (is_edge, number) in of {
                if let Some(properties) = plain.properties(*is_edge, *number) {
                    if *replace {
                        properties.clear();
                    }
                    put(properties, to);
                }
            }
        }
        Clause::Copy(rows, replace) => {
            let rows: Vec<_> = rows
                .iter()
                .filter(|(_, is_edge, from)| !plain.value(context, *is_edge, *from).is_null())
                .copied()
                .collect();
            let copy = Write::SetProperties { target: Expr::Slot(NODE), value: Expr::Slot(OTHER), replace: *replace };
            let row = |(to, is_edge, from): &(u8, bool, u8)| {
                [plain.value(context, false, *to), plain.value(context, *is_edge, *from), Value::Null]
            };
            clause(vec![copy], rows.iter().map(row).collect());
            for (to, is_edge, from) in rows {
                let copied = plain.properties(is_edge, from).unwrap().clone();
                if let Some(properties) = plain.properties(false, to) {
                    if *replace {
                        properties.clear();
                    }
                    properties.extend(copied);
                }
            }
        }
        Clause::Label(of, names, add) => {
            let (target, labels) = (Expr::Slot(NODE), labels(names));
            let change =
                if *add { Write::AddLabels { target, labels } } else { Write::RemoveLabels { target, labels } };
            let row = |number: &u8| [plain.value(context, false, *number), Value::Null, Value::Null];
            clause(vec![change], of.iter().map(row).collect());
            for number in of {
                if let Some((own, _)) = plain.nodes.get_mut(number) {
                    for name in names {
                        if *add {
                            own.insert(*name)
                        } else {
                            own.remove(name)
                        };
                    }
                }
            }
        }
        Clause::Delete(of, detach) => {
            let delete = Write::Delete { targets: vec![Expr::Slot(NODE)], detach: *detach };
            let row =
                |(is_edge, number): &(bool, u8)| [plain.value(context, *is_edge, *number), Value::Null, Value::Null];
            clause(vec![delete], of.iter().map(row).collect());
            for (is_edge, number) in of {
                if *is_edge {
                    plain.edges.remove(number);
                } else if plain.nodes.remove(number).is_some() && *detach {
                    plain.edges.retain(|_, (start, _, end, _)| start != number && end != number);
                }
            }
            let dangling = |(start, _, end, _): &(u8, u8, u8, Properties)| {
                !plain.nodes.contains_key(start) || !plain.nodes.contains_key(end)
            };
            if plain.edges.values().any(dangling) {
                expected = Err("NodeStillConnected");
            }
        }
        Clause::Commit => {}
    }
    match (outcome, expected) {
        (Ok(()), Ok(())) => Ok(()),
        (Err(error), Err(name)) if format!("{error:?}").starts_with(name) => Err(name.to_owned()),
        (outcome, expected) => panic!("{outcome:?}, expected {expected:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_quads_are_those_of_a_plain_graph(
        clauses in clauses(),
        memory in prop_oneof![9 => Just(64_u64 << 20), 1 => Just(16 << 10)],
    ) {
        let world = World::with_memory(memory);
        let mut context = world.begin();
        let (mut plain, mut committed) = (Plain::default(), Plain::default());
        for clause in clauses {
            if let Err(_error) = run_clause(&context, &mut plain, &clause) {
                // The transaction is dropped, and nothing of it is left.
                drop(context);
                plain = committed.clone();
                context = world.begin();
            } else if matches!(clause, Clause::Commit) {
                context.into_transaction().unwrap().commit().unwrap();
                committed = plain.clone();
                context = world.begin();
            }
            prop_assert_eq!(quads(&context), plain.quads(&context));
        }
        for (number, (labels, properties)) in &plain.nodes {
            let node = exec::graph::Entity::Node(context.encode(TermRef::Vertex(&vertex(*number))));
            prop_assert_eq!(context.labels(node).unwrap().len(), labels.len());
            let found = context.property_map(node).unwrap();
            prop_assert_eq!(found.len(), properties.len());
            for (key, value) in properties {
                prop_assert_eq!(found.get(KEYS[usize::from(*key)]), Some(&stored(*value)));
            }
        }
    }
}
