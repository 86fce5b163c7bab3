//! Expands.

use proptest::prelude::*;

use super::{
    EDGE, FROM, TO, argument, direction, edges, ends, graph, node, nodes_batch, relationship, run, sorted, steps,
};
use super::{type_name, types};
use crate::Value;
use crate::plan::Plan;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn gives_each_relationship_of_each_row(
        edges in edges(),
        rows in ends(2),
        direction in direction(),
        types in types(),
        into: bool,
        wanted: bool,
    ) {
        let graph = graph(&edges);
        let context = graph.context();
        let batch = nodes_batch(&rows, &context);
        let batch = if into { batch } else { batch.keep(&[FROM]) };
        let plan = Plan::Expand {
            input: argument(),
            from: FROM,
            edge: wanted.then_some(EDGE),
            to: TO,
            into,
            direction,
            types: types.iter().map(|of| type_name(*of, &context)).collect(),
        };
        let mut expected = Vec::new();
        for row in &rows {
            let Some(from) = row[0] else { continue };
            for (at, to) in steps(&edges, from, direction, &types) {
                if !into || row[1] == Some(to) {
                    let edge = Value::Relationship(relationship(&edges, at, &context).into());
                    let edge = if wanted { edge } else { Value::Null };
                    expected.push(vec![Value::Node(node(from, &context)), Value::Node(node(to, &context)), edge]);
                }
            }
        }
        prop_assert_eq!(run(&plan, &batch, &[FROM, TO, EDGE], &context), sorted(expected));
    }

    #[test]
    fn all_relationships_are_met_once(edges in edges(), types in types(), rows in 1..3_usize) {
        let graph = graph(&edges);
        let context = graph.context();
        let names = types.iter().map(|of| type_name(*of, &context)).collect();
        let plan = Plan::Edges { input: argument(), edge: Some(EDGE), start: FROM, end: TO, types: names };
        let mut expected = Vec::new();
        for (at, (from, to, of)) in edges.iter().enumerate() {
            for _ in 0..rows {
                if types.is_empty() || types.contains(of) {
                    let edge = Value::Relationship(relationship(&edges, at, &context).into());
                    expected.push(vec![Value::Node(node(*from, &context)), Value::Node(node(*to, &context)), edge]);
                }
            }
        }
        let batch = crate::batch::Batch::of(rows);
        prop_assert_eq!(run(&plan, &batch, &[FROM, TO, EDGE], &context), sorted(expected));
    }
}
