//! Degrees from the index, by whatever way the rules choose, against a list of relationships.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Edges, FROM, TO, VERTICES, direction, edges, graph, label_name, steps, type_name, types, vertex_name};
use crate::Value;
use crate::aggregate::Function;
use crate::batch::Slot;
use crate::expr::Expr;
use crate::graph::Name;
use crate::operator::build;
use crate::plan::{Access, Aggregate, Direction, Plan, SortKey, rules};
use crate::testing::rows;

const KEY: Slot = Slot(5);
const DEGREE: Slot = Slot(6);

/// The ids and degrees that are expected, of the vertices that have some.
fn degrees(edges: &Edges, direction: Direction, types: &[u8], of: impl Iterator<Item = u8>) -> BTreeMap<u8, i64> {
    let degree = |vertex| (vertex, steps(edges, vertex, direction, types).len() as i64);
    of.map(degree).filter(|(_, degree)| *degree > 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn degrees_are_counted(edges in edges(), direction in direction(), types in types(), label in 0..3_usize, counts: bool) {
        let graph = graph(&edges);
        let context = if counts { graph.counted() } else { graph.context() };
        let names = types.iter().map(|of| type_name(*of, &context)).collect();
        let access = match label {
            0 => Access::All,
            1 => Access::Label(label_name("All", &context)),
            _ => Access::Label(label_name("Even", &context)),
        };
        let nodes = Plan::Nodes { input: Box::new(Plan::Unit), node: FROM, access };
        let expand = Plan::Expand {
            input: Box::new(nodes), from: FROM, edge: None, to: TO, into: false, direction, types: names,
        };
        let id = Expr::Property {
            target: Box::new(Expr::Slot(FROM)),
            key: Name { text: "~id".into(), id: model::TermId::LABEL },
        };
        let count = Aggregate { function: Function::Count, argument: None, distinct: false, percentile: None };
        let grouped = Plan::Aggregate { input: Box::new(expand), keys: vec![(KEY, id)], aggregates: vec![(DEGREE, count)] };
        let keys = vec![SortKey { key: Expr::Slot(DEGREE), descending: true }];
        let sort = Plan::Sort { input: Box::new(grouped), keys, limit: None };
        let limit = Plan::Limit { input: Box::new(sort), count: Expr::Constant(3.into()) };
        let plan = rules::apply(limit, &context.snapshot(), &[KEY, DEGREE]);
        let text = format!("{plan:?}");
        prop_assert_eq!(text.contains("Summarize"), direction != Direction::Either, "{}", text);

        let expected = degrees(&edges, direction, &types, (0..VERTICES).step_by(if label == 2 { 2 } else { 1 }));
        let mut largest: Vec<i64> = expected.values().copied().collect();
        largest.sort_unstable_by(|left, right| right.cmp(left));
        largest.truncate(3);
        let found = rows(build(&plan, &context, None), &[KEY, DEGREE], &context).unwrap();
        let found: Vec<(String, i64)> = found
            .into_iter()
            .map(|row| match row.as_slice() {
                [Value::String(id), Value::Integer(degree)] => (id.to_string(), *degree),
                other => panic!("{other:?}"),
            })
            .collect();
        prop_assert_eq!(found.iter().map(|(_, degree)| *degree).collect::<Vec<_>>(), largest);
        for (id, degree) in found {
            let vertex = (0..VERTICES).find(|vertex| vertex_name(*vertex) == id).unwrap();
            prop_assert_eq!(expected.get(&vertex), Some(&degree));
        }
    }
}
