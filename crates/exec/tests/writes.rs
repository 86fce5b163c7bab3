//! Steps that write: the rules of each by example; `plain`: all of them against a plain property graph.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use exec::batch::{Batch, Column, Slot};
use exec::context::{Clock, Context};
use exec::expr::Expr;
use exec::fault::{Error, Result};
use exec::graph::Name;
use exec::memory::Memory;
use exec::operator::build;
use exec::plan::{Access, Plan, Write};
use exec::temporal::Instant;
use exec::{Map, Path, Relationship, Step, Value};
use model::{Dataset, Quad, TermId, TermRef};
use store::{CancelToken, Options, Order, Pattern, Store};

#[path = "writes/plain.rs"]
mod plain;

/// Numbers in a row, and one moment.
#[derive(Default)]
struct Replayed(Cell<u64>);

impl Clock for Replayed {
    fn transaction(&self) -> Instant {
        Instant::new(0, 0).unwrap()
    }

    fn statement(&self) -> Instant {
        self.transaction()
    }

    fn realtime(&self) -> Instant {
        self.transaction()
    }

    fn random(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get().wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

struct World {
    _directory: tempfile::TempDir,
    store: Store,
    clock: Replayed,
}

impl World {
    fn new() -> Self {
        Self::with_memory(64 << 20)
    }

    /// With 16 KiB a transaction puts aside what it has written at every third quad.
    fn with_memory(memory: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options { memory, disk_floor: 0, ..Options::default() }).unwrap();
        Self { _directory: directory, store, clock: Replayed::default() }
    }

    fn begin(&self) -> Context<'_> {
        Context::writing(self.store.begin(Dataset::Pg), CancelToken::new(), Memory::new(1 << 30), &self.clock)
    }
}

/// The rows behind a step of writes.
fn write(context: &Context<'_>, writes: Vec<Write>, rows: &Batch) -> Result<Vec<Batch>> {
    run(context, &Plan::Write { input: Box::new(Plan::Argument), writes }, rows)
}

fn run(context: &Context<'_>, plan: &Plan, rows: &Batch) -> Result<Vec<Batch>> {
    let mut operator = build(plan, context, Some(rows));
    let mut batches = Vec::new();
    while let Some(batch) = operator.next()? {
        assert!(!batch.is_empty());
        batches.push(batch);
    }
    Ok(batches)
}

fn values(context: &Context<'_>, batches: &[Batch], slot: Slot) -> Vec<Value> {
    let column = |batch: &Batch| batch.column(slot).resolved(batch.len(), context).unwrap().to_vec();
    batches.iter().flat_map(column).collect()
}

fn label(context: &Context<'_>, text: &str) -> Name {
    Name { text: text.into(), id: context.encode(TermRef::String(text)) }
}

fn kind(context: &Context<'_>, text: &str) -> Name {
    Name { text: text.into(), id: context.encode(TermRef::EdgeLabel(text)) }
}

fn key(context: &Context<'_>, text: &str) -> Name {
    Name { text: text.into(), id: context.encode(TermRef::Key(text)) }
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(Map::new(entries.iter().map(|(key, value)| (Arc::from(*key), value.clone()))).unwrap())
}

fn constant(value: impl Into<Value>) -> Expr {
    Expr::Constant(value.into())
}

/// Every quad.
fn quads(context: &Context<'_>) -> BTreeSet<Quad> {
    let batches = context.snapshot().scan(Pattern::ALL, Order::Spog);
    batches.flat_map(|batch| batch.unwrap().quads().collect::<Vec<_>>()).collect()
}

const NODE: Slot = Slot(0);
const EDGE: Slot = Slot(1);
const OTHER: Slot = Slot(2);
const VALUE: Slot = Slot(3);

/// Makes a node with an id.
fn node(context: &Context<'_>, id: &str, labels: &[&str], properties: &[(&str, Value)]) -> Result<TermId> {
    let mut entries = vec![("~id", id.into())];
    entries.extend_from_slice(properties);
    let labels = labels.iter().map(|text| label(context, text)).collect();
    let create = Write::CreateNode { node: NODE, labels, properties: Some(constant(map(&entries))) };
    let rows = write(context, vec![create], &Batch::unit())?;
    match values(context, &rows, NODE)[..] {
        [Value::Node(node)] => Ok(node),
        ref other => panic!("{other:?}"),
    }
}

/// Makes a relationship with an id.
fn edge(context: &Context<'_>, id: &str, ends: [TermId; 2], properties: &[(&str, Value)]) -> Result<Relationship> {
    let mut entries = vec![("~id", id.into())];
    entries.extend_from_slice(properties);
    let properties = Some(constant(map(&entries)));
    let create = Write::CreateEdge { edge: EDGE, start: NODE, end: OTHER, label: kind(context, "KNOWS"), properties };
    let [start, end] = ends.map(|node| Column::nodes(vec![node]));
    let rows = write(context, vec![create], &Batch::unit().with(NODE, start).with(OTHER, end))?;
    match &values(context, &rows, EDGE)[..] {
        [Value::Relationship(edge)] => Ok(**edge),
        other => panic!("{other:?}"),
    }
}

fn of(value: impl Into<Value>) -> Batch {
    Batch::unit().with(NODE, Column::Constant(value.into()))
}

fn delete(context: &Context<'_>, targets: Vec<Value>, detach: bool) -> Result<Vec<Batch>> {
    let rows = Batch::of(targets.len()).with(NODE, Column::values(targets));
    write(context, vec![Write::Delete { targets: vec![Expr::Slot(NODE)], detach }], &rows)
}

#[test]
fn what_was_made_is_given_out_row_by_row() {
    let world = World::new();
    let context = world.begin();
    let rows = Batch::of(3).with(VALUE, Column::values(vec![1.into(), Value::Null, "three".into()]));
    let name = key(&context, "name");
    let writes = vec![
        Write::CreateNode {
            node: NODE,
            labels: vec![label(&context, "Person")],
            properties: Some(Expr::Map(vec![("name".into(), Expr::Slot(VALUE))])),
        },
        // Sees what the row has made.
        Write::CreateNode {
            node: OTHER,
            labels: Vec::new(),
            properties: Some(Expr::Map(vec![(
                "copy".into(),
                Expr::Property { target: Box::new(Expr::Slot(NODE)), key: name },
            )])),
        },
        Write::CreateEdge { edge: EDGE, start: OTHER, end: NODE, label: kind(&context, "OF"), properties: None },
        Write::Bind { slot: Slot(9), value: Expr::Path(vec![Expr::Slot(OTHER), Expr::Slot(EDGE), Expr::Slot(NODE)]) },
    ];
    let rows = write(&context, writes, &rows).unwrap();
    assert_eq!(quads(&context).len(), 3 + 3 + 3 + 2 + 2, "labels, edges, names and copies");
    let [nodes, others, edges, paths] = [NODE, OTHER, EDGE, Slot(9)].map(|slot| values(&context, &rows, slot));
    for at in 0..3 {
        let (Value::Node(node), Value::Node(other)) = (&nodes[at], &others[at]) else { panic!("{nodes:?}") };
        let (Value::Relationship(edge), Value::Path(path)) = (&edges[at], &paths[at]) else { panic!("{edges:?}") };
        assert_eq!((edge.start, edge.end), (*other, *node));
        assert_eq!(path.nodes().collect::<Vec<_>>(), [*other, *node]);
    }
    let id = context.text(match nodes[0] {
        Value::Node(node) => node,
        _ => panic!("a node is bound"),
    });
    let id = id.unwrap();
    assert!(id.len() == 36 && id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
    let changes = context.changes();
    assert_eq!((changes.nodes_created, changes.relationships_created), (6, 3));
    assert_eq!((changes.labels_added, changes.properties_set), (3, 4));
}

#[test]
fn an_id_is_a_string_that_is_free() {
    let world = World::new();
    let context = world.begin();
    let a = node(&context, "a", &[], &[]).unwrap();
    edge(&context, "a", [a, a], &[]).unwrap();
    assert!(matches!(node(&context, "a", &["L"], &[]), Err(Error::DuplicateId { what: "node", .. })));
    assert!(matches!(edge(&context, "a", [a, a], &[]), Err(Error::DuplicateId { what: "relationship", .. })));
    for id in [Value::Null, 1.into(), Value::list([]).unwrap()] {
        let properties = Some(constant(map(&[("~id", id)])));
        let create = Write::CreateNode { node: NODE, labels: Vec::new(), properties };
        let error = write(&context, vec![create], &Batch::unit()).unwrap_err().to_string();
        assert!(error.starts_with("the `~id` of a node must be a string, but was given "), "{error}");
    }
    // One that was deleted is free again, and what has it is alive.
    delete(&context, vec![Value::Node(a)], true).unwrap();
    assert!(quads(&context).is_empty());
    assert_eq!(node(&context, "a", &["Again"], &[]).unwrap(), a);
    edge(&context, "a", [a, a], &[]).unwrap();
    let set = Write::SetProperty { target: Expr::Slot(NODE), key: key(&context, "k"), value: constant(1) };
    write(&context, vec![set], &of(Value::Node(a))).unwrap();
}

#[test]
fn names_and_values_that_cannot_be_stored_are_refused() {
    let world = World::new();
    let context = world.begin();
    let a = node(&context, "a", &[], &[]).unwrap();
    let before = quads(&context);
    let set = |name: &str, value: Value| {
        let set =
            Write::SetProperty { target: Expr::Slot(NODE), key: key(&context, name), value: Expr::Constant(value) };
        write(&context, vec![set], &of(Value::Node(a))).unwrap_err()
    };
    let nested = Value::list([Value::list([]).unwrap()]).unwrap();
    for value in [map(&[]), nested, Value::Node(a), Value::list([map(&[("num", 1.into())])]).unwrap()] {
        let error = set("k", value);
        assert_eq!(error.names(), Some(("TypeError", "InvalidPropertyType")), "{error}");
    }
    for (name, value) in [("~id", "b"), ("~label", "b"), ("k", "\0"), ("k\0", "b")] {
        let error = set(name, value.into());
        assert!(matches!(error, Error::Refused(_)), "{error}");
    }
    for labels in [[""], ["\0"]] {
        let error = node(&context, "b", &labels, &[]).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error}");
    }
    assert!(matches!(node(&context, "\0", &[], &[]), Err(Error::Refused(_))));
    assert!(before.is_subset(&quads(&context)));
}

#[test]
fn null_is_passed_over_and_other_values_are_refused() {
    let world = World::new();
    let context = world.begin();
    let target = || Expr::Slot(NODE);
    let writes = || {
        vec![
            Write::SetProperty { target: target(), key: key(&context, "k"), value: constant(1) },
            Write::SetProperties { target: target(), value: constant(map(&[])), replace: true },
            Write::AddLabels { target: target(), labels: vec![label(&context, "L")] },
            Write::RemoveLabels { target: target(), labels: vec![label(&context, "L")] },
            Write::Delete { targets: vec![target()], detach: false },
            Write::Delete { targets: vec![target()], detach: true },
        ]
    };
    assert_eq!(write(&context, writes(), &of(Value::Null)).unwrap().len(), 1);
    assert!(quads(&context).is_empty());
    for each in writes() {
        let error = write(&context, vec![each], &of(1)).unwrap_err();
        assert!(matches!(error, Error::NotAnEntity { .. }), "{error}");
    }
    let create =
        Write::CreateEdge { edge: EDGE, start: NODE, end: OTHER, label: kind(&context, "T"), properties: None };
    let error = write(&context, vec![create], &of(Value::Null)).unwrap_err();
    assert!(matches!(error, Error::MissingEnd { end: "start" }), "{error}");
}

#[test]
fn a_node_without_labels_is_still_there() {
    let world = World::new();
    let context = world.begin();
    let a = node(&context, "a", &[], &[]).unwrap();
    let no_label = Quad::in_default_graph(a, TermId::LABEL, TermId::NO_LABEL);
    assert_eq!(quads(&context), BTreeSet::from([no_label]));
    let (x, y) = (label(&context, "X"), label(&context, "Y"));
    let target = || Expr::Slot(NODE);
    let add =
        |labels| write(&context, vec![Write::AddLabels { target: target(), labels }], &of(Value::Node(a))).unwrap();
    let remove =
        |labels| write(&context, vec![Write::RemoveLabels { target: target(), labels }], &of(Value::Node(a))).unwrap();
    remove(vec![x.clone()]);
    assert_eq!(quads(&context), BTreeSet::from([no_label]));
    add(vec![x.clone(), y.clone(), x.clone()]);
    assert_eq!(quads(&context).len(), 2);
    remove(vec![y.clone()]);
    remove(vec![x, y]);
    assert_eq!(quads(&context), BTreeSet::from([no_label]));
    assert_eq!((context.changes().labels_added, context.changes().labels_removed), (2, 2));
}

#[test]
fn relationships_may_go_before_or_after_their_nodes() {
    let world = World::new();
    let context = world.begin();
    let make = || {
        let [a, b] = ["a", "b"].map(|id| node(&context, id, &["L"], &[("k", 1.into())]).unwrap());
        (a, b, edge(&context, "e", [a, b], &[("k", 2.into())]).unwrap())
    };
    let (a, b, e) = make();
    let relationship = || Value::Relationship(Arc::new(e));
    delete(&context, vec![Value::Node(a), relationship(), Value::Node(b), Value::Node(a)], false).unwrap();
    assert!(quads(&context).is_empty());
    let deleted = context.property(exec::graph::Entity::Node(a), "k").unwrap_err();
    assert_eq!(deleted.names(), Some(("EntityNotFound", "DeletedEntityAccess")));
    let changes = context.changes();
    assert_eq!((changes.nodes_deleted, changes.relationships_deleted), (2, 1));

    make();
    let path = Path { start: b, steps: vec![Step { relationship: Arc::new(e), node: a }] };
    delete(&context, vec![Value::Path(Arc::new(path))], false).unwrap();
    assert!(quads(&context).is_empty());

    make();
    delete(&context, vec![Value::Node(b)], true).unwrap();
    assert_eq!(quads(&context).len(), 2, "the other end with its property");
    delete(&context, vec![Value::Node(a), relationship()], true).unwrap();
    assert!(quads(&context).is_empty());

    make();
    let error = delete(&context, vec![Value::Node(b)], false).unwrap_err();
    assert!(matches!(&error, Error::NodeStillConnected { id } if id == "b"), "{error}");
    assert_eq!(error.names(), Some(("ConstraintVerificationFailed", "DeleteConnectedNode")));
}

#[test]
fn what_was_deleted_is_neither_changed_nor_joined() {
    let world = World::new();
    let context = world.begin();
    let a = node(&context, "a", &[], &[]).unwrap();
    delete(&context, vec![Value::Node(a)], false).unwrap();
    let target = || Expr::Slot(NODE);
    let label = label(&context, "L");
    for each in [
        Write::SetProperty { target: target(), key: key(&context, "k"), value: constant(1) },
        Write::SetProperties { target: target(), value: constant(map(&[])), replace: true },
        Write::AddLabels { target: target(), labels: vec![label.clone()] },
        Write::RemoveLabels { target: target(), labels: vec![label] },
    ] {
        let error = write(&context, vec![each], &of(Value::Node(a))).unwrap_err();
        assert!(matches!(error, Error::DeletedEntity { .. }), "{error}");
    }
    assert!(matches!(edge(&context, "e", [a, a], &[]), Err(Error::DeletedEntity { .. })));
    assert!(quads(&context).is_empty());
}

/// Merges nodes whose ids, or names, the rows give.
fn merge(context: &Context<'_>, name: &str, rows: Vec<Value>) -> Result<Vec<Batch>> {
    let (value, by) = (Expr::Slot(VALUE), key(context, name));
    let access =
        if name == "~id" { Access::Id(value.clone()) } else { Access::Property { key: by, value: value.clone() } };
    let set = |name| Write::SetProperty { target: Expr::Slot(NODE), key: key(context, name), value: constant(true) };
    let properties = Some(Expr::Map(vec![(name.into(), value)]));
    let merge = Plan::Merge {
        input: Box::new(Plan::Argument),
        find: Box::new(Plan::Nodes { input: Box::new(Plan::Argument), node: NODE, access }),
        create: vec![Write::CreateNode { node: NODE, labels: Vec::new(), properties }, set("made")],
        on_match: vec![set("met")],
        binds: vec![NODE],
    };
    run(context, &merge, &Batch::of(rows.len()).with(VALUE, Column::values(rows)))
}

#[test]
fn a_merge_sees_what_the_rows_before_have_made() {
    let world = World::new();
    let context = world.begin();
    for (name, old) in [("~id", "old"), ("name", "vieux")] {
        let before = context.changes().nodes_created;
        let properties: &[(&str, Value)] = if name == "~id" { &[] } else { &[(name, old.into())] };
        node(&context, old, &[], properties).unwrap();
        let given: Vec<Value> = ["new", old, "newer", "new", "new"].map(Value::from).to_vec();
        let rows = merge(&context, name, given.clone()).unwrap();
        assert_eq!(values(&context, &rows, VALUE), given);
        let nodes = values(&context, &rows, NODE);
        assert!(nodes[0] == nodes[3] && nodes[0] == nodes[4] && nodes[1] != nodes[0] && nodes[2] != nodes[0]);
        assert_eq!(context.changes().nodes_created - before, 3);
        let flags = |node: &Value| {
            let entity = exec::graph::entity(node).unwrap();
            ["made", "met"].map(|key| !context.property(entity, key).unwrap().is_null())
        };
        assert_eq!([&nodes[0], &nodes[1], &nodes[2]].map(flags), [[true, true], [false, true], [true, false]]);
        let error = merge(&context, name, vec![old.into(), Value::Null]).unwrap_err();
        assert!(matches!(&error, Error::MergeNull { what: "node", key } if key == name), "{error}");
    }
}

#[test]
fn a_merge_gives_a_row_for_each_match() {
    let world = World::new();
    let context = world.begin();
    let rows = Batch::of(1500).with(VALUE, Column::Constant("same".into()));
    let properties = Some(Expr::Map(vec![("name".into(), Expr::Slot(VALUE))]));
    write(&context, vec![Write::CreateNode { node: NODE, labels: Vec::new(), properties }], &rows).unwrap();
    let rows = merge(&context, "name", vec!["same".into(), "other".into(), "same".into()]).unwrap();
    let found = values(&context, &rows, VALUE);
    assert_eq!(found.len(), 3001);
    assert_eq!(found.iter().position(|value| *value == "other".into()), Some(1500));
    let nodes = values(&context, &rows, NODE);
    assert_eq!(nodes[..1500], nodes[1501..]);
    assert!(rows.iter().all(|batch| batch.len() <= exec::batch::ROWS));
}

#[test]
fn foreach_runs_its_body_for_each_element() {
    let world = World::new();
    let context = world.begin();
    let element = Slot(7);
    let body = Plan::Write {
        input: Box::new(Plan::Argument),
        writes: vec![Write::CreateNode {
            node: NODE,
            labels: Vec::new(),
            properties: Some(Expr::Map(vec![("of".into(), Expr::Slot(VALUE)), ("is".into(), Expr::Slot(element))])),
        }],
    };
    // A body of two steps is run element by element.
    let longer = Plan::Write { input: Box::new(body.clone()), writes: Vec::new() };
    let lists = [Value::list([1.into(), 2.into()]).unwrap(), Value::Null, Value::list([]).unwrap()];
    let rows = Batch::of(3).with(VALUE, Column::values(vec![10.into(); 3])).with(OTHER, Column::values(lists.to_vec()));
    for (times, body) in [body, longer].into_iter().enumerate() {
        let foreach =
            Plan::Foreach { input: Box::new(Plan::Argument), list: Expr::Slot(OTHER), element, body: Box::new(body) };
        let out = run(&context, &foreach, &rows).unwrap();
        assert_eq!(values(&context, &out, OTHER), lists);
        assert!(out.iter().all(|batch| batch.column(NODE).is_absent() && batch.column(element).is_absent()));
        assert_eq!(quads(&context).len(), (times + 1) * 2 * 3);
        assert!(run(&context, &foreach, &rows.clone().with(OTHER, Column::Constant(1.into()))).is_err());
    }
}
