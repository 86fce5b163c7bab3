//! Walks, against a walker that knows no shortcut.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{EACH, EDGE, Edges, FROM, TO, UNLIKE, argument, direction, edges, ends, graph, node, nodes_batch};
use super::{relationship, run, sorted, steps, type_name, types};
use crate::Value;
use crate::batch::{Batch, Column};
use crate::context::Context;
use crate::expr::Expr;
use crate::operator::build;
use crate::plan::{Direction, Plan, Walk, Walks};
use crate::testing::rows;

#[derive(Clone, Debug)]
struct Asked {
    direction: Direction,
    types: Vec<u8>,
    least: u64,
    most: Option<u64>,
    into: bool,
    reversed: bool,
    /// Each relationship must be of this type.
    each: Option<u8>,
    /// Relationships that must not be met.
    unlike: Vec<usize>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let lengths = (0..3_u64, prop::option::of(0..4_u64));
    let rest = (any::<bool>(), any::<bool>(), prop::option::weighted(0.3, 0..2_u8));
    let unlike = prop::collection::vec(0..9_usize, 0..3);
    (direction(), types(), lengths, rest, unlike).prop_map(
        |(direction, types, (least, most), (into, reversed, each), unlike)| Asked {
            direction,
            types,
            least,
            most,
            into,
            reversed,
            each,
            unlike,
        },
    )
}

/// All trails from a vertex: their relationships and their ends.
fn trails(edges: &Edges, asked: &Asked, from: u8) -> Vec<(Vec<usize>, u8)> {
    fn go(edges: &Edges, asked: &Asked, at: u8, way: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, u8)>) {
        if way.len() as u64 >= asked.least {
            found.push((way.clone(), at));
        }
        if asked.most.is_some_and(|most| way.len() as u64 >= most) {
            return;
        }
        for (edge, to) in steps(edges, at, asked.direction, &asked.types) {
            let of = asked.each.is_none_or(|of| edges[edge].2 == of);
            if of && !way.contains(&edge) && !asked.unlike.contains(&edge) {
                way.push(edge);
                go(edges, asked, to, way, found);
                way.pop();
            }
        }
    }
    let mut found = Vec::new();
    if asked.most.is_none_or(|most| most >= asked.least) {
        go(edges, asked, from, &mut Vec::new(), &mut found);
    }
    found
}

fn plan(asked: &Asked, which: Walks, context: &Context<'_>) -> Plan {
    let each = asked.each.map(|of| {
        let labels = vec![type_name(of, context)];
        (EACH, Expr::HasLabels { target: Box::new(Expr::Slot(EACH)), labels })
    });
    let walk = Walk {
        from: FROM,
        edges: (which != Walks::Ends).then_some(EDGE),
        reversed: asked.reversed,
        to: TO,
        into: asked.into,
        direction: asked.direction,
        types: asked.types.iter().map(|of| type_name(*of, context)).collect(),
        least: asked.least,
        most: asked.most,
        each,
        which,
        unlike: if asked.unlike.is_empty() { Vec::new() } else { vec![UNLIKE] },
    };
    Plan::Walk { input: argument(), walk }
}

/// The rows, with what they must not meet: a relationship, or several as a list.
fn batch(edges: &Edges, asked: &Asked, rows: &[Vec<Option<u8>>], context: &Context<'_>) -> Batch {
    let batch = nodes_batch(rows, context);
    let batch = if asked.into { batch } else { batch.keep(&[FROM]) };
    let unlike = asked.unlike.iter().filter(|at| **at < edges.len());
    let mut unlike: Vec<Value> =
        unlike.map(|at| Value::Relationship(relationship(edges, *at, context).into())).collect();
    let unlike = if unlike.len() == 1 { unlike.remove(0) } else { Value::list(unlike).unwrap() };
    batch.with(UNLIKE, Column::Constant(unlike))
}

fn list(edges: &Edges, asked: &Asked, way: &[usize], context: &Context<'_>) -> Value {
    let mut list: Vec<Value> =
        way.iter().map(|at| Value::Relationship(relationship(edges, *at, context).into())).collect();
    if asked.reversed {
        list.reverse();
    }
    Value::list(list).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn trails_are_all_walks_without_repeats(edges in edges(), rows in ends(2), asked in asked()) {
        let graph = graph(&edges);
        let context = graph.context();
        let mut expected = Vec::new();
        for row in &rows {
            let Some(from) = row[0] else { continue };
            for (way, to) in trails(&edges, &asked, from) {
                if !asked.into || row[1] == Some(to) {
                    let list = list(&edges, &asked, &way, &context);
                    expected.push(vec![Value::Node(node(from, &context)), Value::Node(node(to, &context)), list]);
                }
            }
        }
        let batch = batch(&edges, &asked, &rows, &context);
        let plan = plan(&asked, Walks::All, &context);
        prop_assert_eq!(run(&plan, &batch, &[FROM, TO, EDGE], &context), sorted(expected));
    }

    #[test]
    fn ends_are_those_of_trails(edges in edges(), rows in ends(2), asked in asked()) {
        let graph = graph(&edges);
        let context = graph.context();
        let mut expected = Vec::new();
        for row in &rows {
            let Some(from) = row[0] else { continue };
            let ends: BTreeSet<u8> = trails(&edges, &asked, from).into_iter().map(|(_, to)| to).collect();
            for to in ends.into_iter().filter(|to| !asked.into || row[1] == Some(*to)) {
                expected.push(vec![Value::Node(node(from, &context)), Value::Node(node(to, &context))]);
            }
        }
        let batch = batch(&edges, &asked, &rows, &context);
        let plan = plan(&asked, Walks::Ends, &context);
        prop_assert_eq!(run(&plan, &batch, &[FROM, TO], &context), sorted(expected));
    }

    #[test]
    fn shortest_ways_are_the_shortest_trails(edges in edges(), rows in ends(2), mut asked in asked(), all: bool) {
        asked.least = asked.least.min(1);
        let graph = graph(&edges);
        let context = graph.context();
        let plan = plan(&asked, if all { Walks::AllShortest } else { Walks::Shortest }, &context);
        for row in &rows {
            let Some(from) = row[0] else { continue };
            let batch = batch(&edges, &asked, std::slice::from_ref(row), &context);
            let mut shortest: BTreeMap<u8, Vec<Vec<usize>>> = BTreeMap::new();
            let mut found = trails(&edges, &asked, from);
            found.sort_by_key(|(way, _)| way.len());
            // Not all of the rings through the start are promised, where one may walk any way.
            let back = all && asked.direction == Direction::Either && asked.least > 0;
            if back && asked.into && row[1] == Some(from) {
                continue; // refused
            }
            for (way, to) in found {
                let ways = shortest.entry(to).or_default();
                let right = !asked.into || row[1] == Some(to);
                if right && ways.first().is_none_or(|first| first.len() == way.len()) {
                    ways.push(way);
                }
            }
            let given = rows_of(&plan, &batch, &context);
            for (to, ways) in shortest {
                if back && to == from {
                    continue;
                }
                let end = Value::Node(node(to, &context));
                let given: Vec<Value> =
                    given.iter().filter(|row| row[0] == end).map(|row| row[1].clone()).collect();
                let ways: Vec<Value> = ways.iter().map(|way| list(&edges, &asked, way, &context)).collect();
                if all {
                    let one = |ways: Vec<Value>| sorted(ways.into_iter().map(|way| vec![way]).collect());
                    prop_assert_eq!(one(given), one(ways));
                } else {
                    prop_assert_eq!(given.len(), ways.len().min(1));
                    prop_assert!(given.iter().all(|given| ways.contains(given)));
                }
            }
        }
    }
}

fn rows_of(plan: &Plan, batch: &Batch, context: &Context<'_>) -> Vec<Vec<Value>> {
    rows(build(plan, context, Some(batch)), &[TO, EDGE], context).unwrap()
}
