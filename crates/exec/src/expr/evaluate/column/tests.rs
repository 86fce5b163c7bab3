//! Whole batches against single rows.

use proptest::prelude::*;
use proptest::sample::select;

use crate::Value;
use crate::batch::{Batch, Column, Slot};
use crate::expr::{Binary, Compare, Evaluator, Expr, Function, MapItem, Quantifier, Scope, Unary};
use crate::graph::Name;
use crate::testing::{TERMS, batches, made, of_terms, value};

static SIZE: Function = Function {
    name: "size",
    least: 1,
    most: 1,
    call: |_, arguments| Ok(crate::text::size(&arguments[0])?),
    is_pure: true,
};

const COMPARE: [Compare; 6] =
    [Compare::Equal, Compare::NotEqual, Compare::Less, Compare::LessOrEqual, Compare::Greater, Compare::GreaterOrEqual];

fn name(text: &str, id: model::TermId) -> Name {
    Name { text: text.into(), id }
}

/// Expressions over four slots.
fn expr(key: &Name, id: &Name, labels: &[Name]) -> impl Strategy<Value = Expr> + use<> {
    let leaf = prop_oneof![
        3 => (0_u32..4).prop_map(|slot| Expr::Slot(Slot(slot))),
        1 => value().prop_map(Expr::Constant),
        1 => (0_u32..2).prop_map(Expr::Local),
    ];
    let (key, id, labels) = (key.clone(), id.clone(), labels.to_vec());
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let some = proptest::collection::vec(inner.clone(), 1..4);
        let binary = vec![
            Binary::Add,
            Binary::Subtract,
            Binary::Multiply,
            Binary::In,
            Binary::StartsWith,
            Binary::Contains,
            Binary::Matches,
        ];
        let compare = select(COMPARE.to_vec());
        let property = select(vec![key.clone(), key.clone(), id.clone()]);
        let labels = select(vec![labels[..1].to_vec(), labels.clone()]);
        let quantifier = select(vec![Quantifier::All, Quantifier::Any, Quantifier::None, Quantifier::Single]);
        let key = key.clone();
        prop_oneof![
            3 => (boxed.clone(), property).prop_map(|(target, key)| Expr::Property { target, key }),
            1 => (boxed.clone(), labels).prop_map(|(target, labels)| Expr::HasLabels { target, labels }),
            1 => (select(vec![Unary::Not, Unary::Negate, Unary::Plus]), boxed.clone())
                .prop_map(|(operator, operand)| Expr::Unary(operator, operand)),
            2 => (select(binary), boxed.clone(), boxed.clone())
                .prop_map(|(operator, left, right)| Expr::Binary(operator, left, right)),
            4 => (boxed.clone(), proptest::collection::vec((compare, inner.clone()), 1..3))
                .prop_map(|(first, rest)| Expr::Comparison(first, rest)),
            1 => some.clone().prop_map(Expr::And),
            1 => some.clone().prop_map(Expr::Or),
            1 => some.clone().prop_map(Expr::Xor),
            1 => boxed.clone().prop_map(Expr::IsNull),
            1 => some.clone().prop_map(Expr::List),
            1 => inner.clone().prop_map(|argument| Expr::Call { function: &SIZE, arguments: vec![argument] }),
            1 => (inner.clone(), inner.clone(), boxed.clone()).prop_map(|(condition, value, otherwise)| Expr::Case {
                subject: None,
                branches: vec![(condition, value)],
                otherwise: Some(otherwise),
            }),
            1 => (boxed.clone(), proptest::collection::vec((inner.clone(), inner.clone()), 1..3)).prop_map(
                |(subject, branches)| Expr::Case { subject: Some(subject), branches, otherwise: None }
            ),
            1 => some.clone().prop_map(|values| Expr::Map(
                values.into_iter().enumerate().map(|(key, value)| (key.to_string().into(), value)).collect()
            )),
            1 => (quantifier, boxed.clone(), boxed.clone())
                .prop_map(|(kind, list, predicate)| Expr::Quantifier { kind, list, predicate }),
            1 => (boxed.clone(), boxed.clone()).prop_map(|(list, value)| Expr::ListComprehension {
                list,
                filter: None,
                value: Some(value),
            }),
            1 => boxed.clone().prop_map(move |subject| Expr::MapProjection {
                subject,
                items: vec![MapItem::Property(key.clone()), MapItem::All],
            }),
        ]
    })
}

#[test]
fn a_batch_has_the_values_of_its_rows() {
    let graph = of_terms();
    let context = graph.context();
    let evaluator = Evaluator::new(&context);
    let key = name("p", context.encode(model::TermRef::Key("p")));
    let id = name("~id", context.encode(model::TermRef::Key("~id")));
    let labels = ["odd", "even"].map(|label| name(label, context.encode(model::TermRef::String(label))));
    let config = ProptestConfig { cases: 2_000, ..ProptestConfig::default() };
    proptest!(config, |(expr in expr(&key, &id, &labels), of in batches(4))| {
        for batch in made(&of, &context) {
            let by_row: Result<Vec<Value>, _> =
                (0..batch.len()).map(|row| evaluator.value(&expr, Scope::row(&batch, row))).collect();
            let column = evaluator.column(&expr, &batch);
            match by_row {
                Ok(expected) => {
                    let column = column.unwrap();
                    let found: Vec<Value> =
                        (0..batch.len()).map(|row| column.value(row, &context).unwrap()).collect();
                    prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
                }
                Err(_) => prop_assert!(column.is_err()),
            }
            let by_row: Result<Vec<_>, _> =
                (0..batch.len()).map(|row| evaluator.truth("WHERE", &expr, Scope::row(&batch, row))).collect();
            match by_row {
                Ok(truths) => {
                    let expected: Vec<u32> =
                        (0..).zip(truths).filter(|(_, truth)| *truth == Some(true)).map(|(row, _)| row).collect();
                    prop_assert_eq!(evaluator.select(&expr, &batch).unwrap(), expected);
                }
                Err(_) => prop_assert!(evaluator.select(&expr, &batch).is_err()),
            }
        }
    });
}

#[test]
fn terms_stand_to_values_as_their_values_do() {
    let graph = of_terms();
    let context = graph.context();
    let evaluator = Evaluator::new(&context);
    let terms: Vec<_> = TERMS.iter().map(|term| Some(context.encode(*term))).chain([None]).collect();
    let batch = Batch::of(terms.len()).with(Slot(0), Column::Terms(terms.clone().into()));
    for value in context.values(&terms).unwrap() {
        for operator in COMPARE {
            let (slot, constant) = (Expr::Slot(Slot(0)), Expr::Constant(value.clone()));
            let there = Expr::Comparison(Box::new(slot.clone()), vec![(operator, constant.clone())]);
            let back = Expr::Comparison(Box::new(constant), vec![(operator, slot)]);
            for expr in [there, back] {
                let column = evaluator.column(&expr, &batch).unwrap();
                for row in 0..batch.len() {
                    let expected = evaluator.value(&expr, Scope::row(&batch, row)).unwrap();
                    let found = column.value(row, &context).unwrap();
                    assert_eq!(found, expected, "{expr:?} where the slot is {:?}", TERMS.get(row));
                }
            }
        }
    }
}

#[test]
fn what_is_the_same_in_each_row_is_computed_once() {
    let graph = of_terms();
    let context = graph.context();
    let sum = Expr::Binary(Binary::Add, Box::new(Expr::Constant(1.into())), Box::new(Expr::Constant(2.into())));
    let column = Evaluator::new(&context).column(&sum, &Batch::of(3)).unwrap();
    assert!(matches!(column, Column::Constant(Value::Integer(3))), "{column:?}");
}
