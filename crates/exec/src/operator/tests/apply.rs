//! Subplans: run for a batch they give what they give when run for each row.

use proptest::prelude::*;

use super::{EACH, EDGE, FROM, TO, UNLIKE, argument, constant, direction, edges, ends, graph, label_name, nodes_batch};
use super::{run, type_name, types};
use crate::Value;
use crate::context::Context;
use crate::expr::Expr;
use crate::plan::{Access, Apply, Direction, Plan};
use crate::value::tests::list;

/// Steps on top of each other.
#[derive(Clone, Debug)]
enum Step {
    Expand(Direction, Vec<u8>),
    Even,
    Unwind,
    Nodes,
    Keep,
    Project,
    Optional(Vec<Step>),
    Exists(Vec<Step>),
}

fn step() -> impl Strategy<Value = Step> {
    let leaf = prop_oneof![
        3 => (direction(), types()).prop_map(|(direction, types)| Step::Expand(direction, types)),
        1 => Just(Step::Even),
        1 => Just(Step::Unwind),
        1 => Just(Step::Nodes),
        1 => Just(Step::Keep),
        1 => Just(Step::Project),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Step::Optional),
            prop::collection::vec(inner, 1..3).prop_map(Step::Exists),
        ]
    })
}

/// The steps as a plan. Each binds slots of its own from `free` on; expands go on from the last node.
fn plan(steps: &[Step], free: &mut u32, mut last: crate::batch::Slot, per_row: bool, context: &Context<'_>) -> Plan {
    let mut plan = Plan::Argument;
    for step in steps {
        let input = Box::new(plan);
        let new = crate::batch::Slot(*free);
        *free += 1;
        plan = match step {
            Step::Expand(direction, types) => {
                let types = types.iter().map(|of| type_name(*of, context)).collect();
                let from = std::mem::replace(&mut last, new);
                Plan::Expand { input, from, edge: None, to: new, into: false, direction: *direction, types }
            }
            Step::Even => {
                let labels = vec![label_name("Even", context)];
                Plan::Filter { input, predicate: Expr::HasLabels { target: Box::new(Expr::Slot(last)), labels } }
            }
            Step::Unwind => Plan::Unwind { input, list: constant(list([1.into(), 2.into()])), to: new },
            Step::Nodes => {
                last = new;
                Plan::Nodes { input, node: new, access: Access::Label(label_name("Even", context)) }
            }
            Step::Keep => Plan::Keep { input, slots: vec![last] },
            Step::Project => Plan::Project { input, items: vec![(new, Expr::Slot(last))] },
            Step::Optional(steps) => {
                let first = *free;
                let inner = Box::new(self::plan(steps, free, last, per_row, context));
                let new = (first..*free).map(crate::batch::Slot).collect();
                Plan::Apply { input, inner, kind: Apply::Optional(new) }
            }
            Step::Exists(steps) => {
                let inner = Box::new(self::plan(steps, free, last, per_row, context));
                Plan::Apply { input, inner, kind: Apply::Semi }
            }
        };
    }
    if per_row { Plan::Limit { input: Box::new(plan), count: constant(i64::MAX) } } else { plan }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn for_a_batch_is_for_each_row(
        edges in edges(),
        rows in ends(1),
        steps in prop::collection::vec(step(), 1..4),
        kind in 0..4_u8,
    ) {
        let graph = graph(&edges);
        let context = graph.context();
        let batch = nodes_batch(&rows, &context);
        let result = |per_row: bool| {
            let mut free = 10;
            let inner = plan(&steps, &mut free, FROM, per_row, &context);
            let new: Vec<_> = (10..free).map(crate::batch::Slot).collect();
            let kind = match kind {
                0 => Apply::Cross,
                1 => Apply::Optional(new.clone()),
                2 => Apply::Semi,
                _ => Apply::Anti,
            };
            let plan = Plan::Apply { input: argument(), inner: Box::new(inner), kind };
            let slots: Vec<_> = std::iter::once(FROM).chain(new).collect();
            run(&plan, &batch, &slots, &context)
        };
        prop_assert_eq!(result(false), result(true));
    }
}

#[test]
fn existence_is_found_out_beside_a_hub() {
    let graph = crate::testing::Graph::new(|transaction| {
        use model::TermRef::{DefaultGraph, Edge, EdgeLabel, Label, String, Vertex};
        for vertex in ["v0", "v1", "v2"] {
            transaction.insert(Vertex(vertex), Label, String("All"), DefaultGraph).unwrap();
        }
        for edge in 0..9000 {
            transaction.insert(Vertex("v0"), EdgeLabel("KNOWS"), Vertex("v1"), Edge(&format!("h{edge}"))).unwrap();
        }
        transaction.insert(Vertex("v1"), EdgeLabel("KNOWS"), Vertex("v2"), Edge("last")).unwrap();
    });
    let context = graph.context();
    let batch = nodes_batch(&[vec![Some(2)], vec![Some(0)], vec![Some(1)], vec![None], vec![Some(0)]], &context);
    for (kind, expected) in [(Apply::Semi, 3), (Apply::Anti, 2)] {
        let (direction, types) = (Direction::Out, Vec::new());
        let inner =
            Plan::Expand { input: argument(), from: FROM, edge: Some(EDGE), to: TO, into: false, direction, types };
        let inner = Plan::Project { input: Box::new(inner), items: vec![(EACH, Expr::Slot(UNLIKE))] };
        let plan = Plan::Apply { input: argument(), inner: Box::new(inner), kind };
        assert_eq!(run(&plan, &batch, &[FROM, TO], &context).len(), expected);
    }
    let nothing: Vec<Value> = Vec::new();
    let plan = Plan::Unwind { input: argument(), list: constant(Value::list(nothing).unwrap()), to: TO };
    let plan = Plan::Apply { input: argument(), inner: Box::new(plan), kind: Apply::Optional(vec![TO]) };
    assert_eq!(run(&plan, &batch, &[FROM, TO], &context).len(), 5);
}
