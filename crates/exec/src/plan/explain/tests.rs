//! Plans made by hand, and what is told of them.

use super::*;
use crate::Value;
use crate::batch::Slot;
use crate::expr::{Expr, Form, Subplan};
use crate::plan::{Access, Apply, Direction};

fn scan(node: u32) -> Plan {
    Plan::Nodes { input: Box::new(Plan::Unit), node: Slot(node), access: Access::All }
}

fn expand(input: Plan, from: u32, to: u32) -> Plan {
    let input = Box::new(input);
    Plan::Expand {
        input,
        from: Slot(from),
        edge: None,
        to: Slot(to),
        into: false,
        direction: Direction::Out,
        types: Vec::new(),
    }
}

/// `0→1 Name(arguments)` a step.
fn told(plan: &Plan) -> Vec<String> {
    let line = |(at, step): (usize, &Step<'_>)| {
        let to = step.output.map(|output| output.to_string()).unwrap_or_default();
        format!("{at}→{to} {}({})", step.name, step.arguments)
    };
    sections(plan).iter().flat_map(|section| section.steps.iter().enumerate().map(line).collect::<Vec<_>>()).collect()
}

#[test]
fn steps_stand_behind_what_they_take_rows_from() {
    let inner = expand(Plan::Argument, 0, 1);
    let kind = Apply::Optional(vec![Slot(1)]);
    let plan = Plan::Apply { input: Box::new(scan(0)), inner: Box::new(inner), kind };
    assert_eq!(
        told(&plan),
        ["0→1 Unit()", "1→4 NodeScan(node=?0)", "2→3 Argument()", "3→4 Expand((?0)-[]->(?1))", "4→ Apply([?1])"]
    );
}

#[test]
fn plans_within_expressions_follow() {
    let subplan = Subplan { plan: expand(Plan::Argument, 0, 1), locals: Vec::new(), form: Form::Exists };
    let predicate = Expr::And(vec![
        Expr::Subplan(Box::new(subplan)),
        Expr::equal(Expr::Slot(Slot(0)), Expr::Constant(Value::from("x"))),
    ]);
    let plan = Plan::Filter { input: Box::new(scan(0)), predicate };
    assert_eq!(
        told(&plan),
        [
            "0→1 Unit()",
            "1→2 NodeScan(node=?0)",
            "2→ Filter((exists(subQuery2) AND ?0 = 'x'))",
            "0→1 Argument()",
            "1→ Expand((?0)-[]->(?1))"
        ]
    );
}

#[test]
fn long_texts_are_cut() {
    let plan = Plan::Limit { input: Box::new(Plan::Unit), count: Expr::Constant(Value::from("é".repeat(2_000))) };
    let sections = sections(&plan);
    assert_eq!(sections[0].steps[1].arguments.chars().count(), 501);
}
