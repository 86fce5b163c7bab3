//! Steps that read, against the same done on a list of relationships.

use model::{TermId, TermRef};
use proptest::prelude::*;

use crate::batch::{Batch, Column, Slot};
use crate::context::Context;
use crate::expr::Expr;
use crate::graph::Name;
use crate::operator::build;
use crate::plan::{Direction, Plan};
use crate::testing::{Graph, rows};
use crate::{Relationship, Value};

mod apply;
mod expand;
mod scan;
mod summary;
mod walk;

const FROM: Slot = Slot(0);
const TO: Slot = Slot(1);
const EDGE: Slot = Slot(2);
const EACH: Slot = Slot(3);
const UNLIKE: Slot = Slot(4);

/// How many vertices a world has.
const VERTICES: u8 = 5;
const TYPES: [&str; 2] = ["KNOWS", "a type with quite a long name"];

/// Relationships: from, to, type. Their places are their ids.
type Edges = Vec<(u8, u8, u8)>;

fn edges() -> impl Strategy<Value = Edges> {
    prop::collection::vec((0..VERTICES, 0..VERTICES, 0..2_u8), 0..9)
}

fn vertex_name(vertex: u8) -> String {
    format!("v{vertex}")
}

/// A graph of these relationships. Each vertex has a label, the even ones another one, and a property.
fn graph(edges: &Edges) -> Graph {
    Graph::new(|transaction| {
        let mut insert = |s: TermRef<'_>, p: TermRef<'_>, o: TermRef<'_>, g: TermRef<'_>| {
            transaction.insert(s, p, o, g).unwrap();
        };
        for vertex in 0..VERTICES {
            let name = vertex_name(vertex);
            let name = TermRef::Vertex(&name);
            insert(name, TermRef::Label, TermRef::String("All"), TermRef::DefaultGraph);
            if vertex % 2 == 0 {
                insert(name, TermRef::Label, TermRef::String("Even"), TermRef::DefaultGraph);
            }
            insert(name, TermRef::Key("number"), TermRef::Int(vertex.into()), TermRef::DefaultGraph);
        }
        for (id, (from, to, of)) in edges.iter().enumerate() {
            let (from, to, id) = (vertex_name(*from), vertex_name(*to), format!("e{id}"));
            let edge = TermRef::Edge(&id);
            insert(TermRef::Vertex(&from), TermRef::EdgeLabel(TYPES[usize::from(*of)]), TermRef::Vertex(&to), edge);
            insert(edge, TermRef::Key("number"), TermRef::Int(1), TermRef::DefaultGraph);
        }
    })
}

fn node(vertex: u8, context: &Context<'_>) -> TermId {
    context.encode(TermRef::Vertex(&vertex_name(vertex)))
}

fn relationship(edges: &Edges, at: usize, context: &Context<'_>) -> Relationship {
    let (from, to, of) = edges[at];
    let id = context.encode(TermRef::Edge(&format!("e{at}")));
    let label = context.encode(TermRef::EdgeLabel(TYPES[usize::from(of)]));
    Relationship { id, start: node(from, context), label, end: node(to, context) }
}

fn type_name(of: u8, context: &Context<'_>) -> Name {
    let text = TYPES[usize::from(of)];
    Name { text: text.into(), id: context.encode(TermRef::EdgeLabel(text)) }
}

fn label_name(text: &str, context: &Context<'_>) -> Name {
    Name { text: text.into(), id: context.encode(TermRef::String(text)) }
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Out, Direction::In, Direction::Either])
}

/// Which types: bits.
fn types() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![vec![], vec![0], vec![1], vec![1, 0], vec![0, 0]])
}

/// The steps that go on from a vertex: relationship and other end.
fn steps(edges: &Edges, vertex: u8, direction: Direction, types: &[u8]) -> Vec<(usize, u8)> {
    let mut found = Vec::new();
    for (at, (from, to, of)) in edges.iter().enumerate() {
        if types.is_empty() || types.contains(of) {
            if *from == vertex && direction != Direction::In {
                found.push((at, *to));
            }
            let met = direction == Direction::Either && from == to;
            if *to == vertex && direction != Direction::Out && !met {
                found.push((at, *from));
            }
        }
    }
    found
}

/// Rows with a node, or null, in each of some slots.
fn nodes_batch(of: &[Vec<Option<u8>>], context: &Context<'_>) -> Batch {
    let mut batch = Batch::of(of.len());
    for slot in 0..of.first().map_or(0, Vec::len) {
        let value = |row: &Vec<Option<u8>>| row[slot].map_or(Value::Null, |vertex| Value::Node(node(vertex, context)));
        batch.set(Slot(slot as u32), Column::values(of.iter().map(value).collect()));
    }
    batch
}

/// Vertices or null.
fn ends(columns: usize) -> impl Strategy<Value = Vec<Vec<Option<u8>>>> {
    prop::collection::vec(prop::collection::vec(prop::option::weighted(0.9, 0..VERTICES), columns), 1..8)
}

/// What a plan gives for a batch, in any order.
fn run(plan: &Plan, argument: &Batch, slots: &[Slot], context: &Context<'_>) -> Vec<String> {
    let rows = rows(build(plan, context, Some(argument)), slots, context).unwrap();
    sorted(rows)
}

fn sorted(rows: Vec<Vec<Value>>) -> Vec<String> {
    let mut rows: Vec<String> = rows.into_iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

fn constant(value: impl Into<Value>) -> Expr {
    Expr::Constant(value.into())
}

fn argument() -> Box<Plan> {
    Box::new(Plan::Argument)
}
