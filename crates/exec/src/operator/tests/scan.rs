//! Nodes by nothing, by label, by id and by property; lists, unions, counts.

use model::TermRef;
use proptest::prelude::*;

use super::{FROM, TO, VERTICES, argument, constant, graph, label_name, node, run, sorted};
use crate::batch::{Batch, Column};
use crate::expr::{Expr, Function};
use crate::graph::Name;
use crate::operator::build;
use crate::plan::{Access, Plan};
use crate::testing::{TERMS, of_terms, rows, value, vertices};
use crate::value::tests::list;
use crate::{Value, equality};

fn nodes(access: Access) -> Plan {
    Plan::Nodes { input: argument(), node: TO, access }
}

#[test]
fn nodes_are_given_once_for_each_row() {
    let graph = graph(&Vec::new());
    let context = graph.context();
    for (access, step) in [(Access::All, 1), (Access::Label(label_name("Even", &context)), 2)] {
        for rows in [1, 2, 3000] {
            let found = run(&nodes(access.clone()), &Batch::of(rows), &[TO], &context);
            let one: Vec<_> = (0..VERTICES).step_by(step).map(|v| vec![Value::Node(node(v, &context))]).collect();
            assert_eq!(found, sorted(one.iter().flat_map(|row| std::iter::repeat_n(row.clone(), rows)).collect()));
        }
        // Batch after batch.
        let twice = Plan::Unwind { input: argument(), list: constant(list([1.into(), 2.into()])), to: FROM };
        let plan = Plan::Nodes { input: Box::new(twice), node: TO, access };
        let found = run(&plan, &Batch::of(1500), &[TO], &context).len();
        assert_eq!(found, 3000 * usize::from(VERTICES).div_ceil(step));
    }
}

#[test]
fn ids_are_looked_up_if_they_are_nodes() {
    let graph = graph(&vec![(0, 1, 0)]);
    let context = graph.context();
    for (id, expected) in [
        (Value::from("v0"), vec![0]),
        ("e0".into(), vec![]),
        ("v99".into(), vec![]),
        (Value::Null, vec![]),
        (1.into(), vec![]),
        (list(["v1".into(), "v0".into(), "v1".into(), Value::Null, 7.into(), "no".into()]), vec![0, 1]),
    ] {
        let expected = expected.into_iter().map(|v| vec![Value::Node(node(v, &context))]).collect();
        assert_eq!(run(&nodes(Access::Id(constant(id))), &Batch::unit(), &[TO], &context), sorted(expected));
    }
    let ids: Vec<Value> = (0..2500).map(|number| format!("v{}", number % 10).as_str().into()).collect();
    let batch = Batch::of(ids.len()).with(FROM, Column::values(ids));
    assert_eq!(run(&nodes(Access::Id(Expr::Slot(FROM))), &batch, &[TO], &context).len(), 1250);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn properties_are_looked_up_by_their_value(values in prop::collection::vec(value(), 1..5)) {
        let graph = of_terms();
        let context = graph.context();
        let key = Name { text: "p".into(), id: context.encode(TermRef::Key("p")) };
        // A property graph has neither languages nor decimals.
        let held = vertices(&context).into_iter().zip(TERMS).filter(|(_, term)| match term {
            TermRef::Lang { .. } => false,
            TermRef::Typed { datatype, .. } => !datatype.ends_with("decimal"),
            _ => true,
        });
        let held: Vec<_> = held.map(|(vertex, _)| vertex).collect();
        let terms = context.property_terms(&held, key.id).unwrap();
        let mut values = values;
        values.extend(context.values(&terms).unwrap());
        let mut expected = Vec::new();
        for value in &values {
            for (vertex, term) in held.iter().zip(&terms) {
                if equality::equals(value, &context.value(term.unwrap()).unwrap()) == Some(true) {
                    expected.push(vec![value.clone(), Value::Node(*vertex)]);
                }
            }
        }
        let batch = Batch::of(values.len()).with(FROM, Column::values(values));
        let plan = nodes(Access::Property { key, value: Expr::Slot(FROM) });
        let found = rows(build(&plan, &context, Some(&batch)), &[FROM, TO], &context).unwrap();
        let found = found.into_iter().filter(|row| held.iter().any(|vertex| row[1] == Value::Node(*vertex))).collect();
        prop_assert_eq!(sorted(found), sorted(expected));
    }
}

static RANGE: Function = Function {
    name: "range",
    least: 2,
    most: 3,
    call: |_, arguments| Ok(crate::list::range(&arguments[0], &arguments[1], arguments.get(2))?),
    is_pure: true,
};

#[test]
fn lists_are_unwound_piece_by_piece() {
    let graph = graph(&Vec::new());
    let context = graph.context();
    let unwind = |list: Expr| Plan::Unwind { input: argument(), list, to: TO };
    let call = |arguments: Vec<Value>| Expr::Call {
        function: &RANGE,
        arguments: arguments.into_iter().map(Expr::Constant).collect(),
    };
    let count = |list: Expr| run(&unwind(list), &Batch::of(3), &[TO], &context).len();
    assert_eq!(count(constant(Value::Null)), 0);
    assert_eq!(count(constant(list([]))), 0);
    assert_eq!(count(constant(5)), 3);
    assert_eq!(count(constant(Value::list((0..2500).map(Value::from).collect::<Vec<_>>()).unwrap())), 7500);
    assert_eq!(count(call(vec![1.into(), 2500.into()])), 7500);
    assert_eq!(count(call(vec![5.into(), 1.into(), (-2).into()])), 9);
    // Longer than any list may be, and nobody asks for more than three.
    let endless = unwind(call(vec![i64::MIN.into(), i64::MAX.into()]));
    let limit = Plan::Limit { input: Box::new(endless), count: constant(3) };
    assert_eq!(run(&limit, &Batch::of(3), &[TO], &context).len(), 3);
    let mixed = Column::values(vec![list([1.into(), 2.into()]), Value::Null, list([]), list([3.into()])]);
    let found =
        rows(build(&unwind(Expr::Slot(FROM)), &context, Some(&Batch::of(4).with(FROM, mixed))), &[TO], &context);
    assert_eq!(found.unwrap(), [[Value::from(1)], [Value::from(2)], [Value::from(3)]]);
}

#[test]
fn rows_are_skipped_limited_and_crossed_with_tables() {
    let graph = graph(&Vec::new());
    let context = graph.context();
    let numbers = Plan::Unwind {
        input: argument(),
        list: constant(Value::list((0..3000).map(Value::from).collect::<Vec<_>>()).unwrap()),
        to: TO,
    };
    for (skip, limit, expected) in [(0, 0, 0), (0, 3000, 3000), (1500, 1000, 1000), (2999, 5, 1), (4000, 1, 0)] {
        let skipped = Plan::Skip { input: Box::new(numbers.clone()), count: constant(skip) };
        let limited = Plan::Limit { input: Box::new(skipped), count: constant(limit) };
        let found = rows(build(&limited, &context, None), &[TO], &context).unwrap();
        assert_eq!(found.len(), expected);
        assert!(found.first().is_none_or(|first| first[0] == Value::from(skip)));
    }
    for (count, detail) in [
        (Value::from(-1), "NegativeIntegerArgument"),
        (1.5.into(), "InvalidArgumentType"),
        (Value::Null, "InvalidArgumentType"),
    ] {
        let limited = Plan::Limit { input: argument(), count: Expr::Constant(count) };
        assert_eq!(build(&limited, &context, None).next().unwrap_err().names().unwrap().1, detail);
    }
    let parts = vec![(numbers.clone(), vec![TO]), (numbers, vec![TO])];
    let union = Plan::Union { parts, to: vec![FROM] };
    assert_eq!(run(&union, &Batch::unit(), &[FROM], &context).len(), 6000);
}
