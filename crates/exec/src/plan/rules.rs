//! What makes a plan a good one: passes over the tree, one a file, in the order of [`apply`].
//!
//! - `predicates`: a filter moves into the pattern below it.
//! - `matching`: a pattern becomes scans and expands: where to begin (`access`), which way to go on, what to ask when.
//! - `semi`: a filter that asks whether a plan has rows becomes a step that stops at the first.
//! - `top`: a sort that is cut off holds only what is kept.
//! - `identity`: who groups by ids groups by what has them.
//! - `late`: beside a sort that is cut off only what it reads is computed.
//! - `counts`: counts of what is never null are counts of rows.
//! - `prune`: what nobody asks for is not carried along.
//! - `ends`: where it does not matter how many ways lead to a row, only where they lead is looked for.
//! - `numbers`: triples that are only counted are counted where they are found.
//! - `summary`: what the store's counts or one index answer is not computed row by row.

use store::Snapshot;

use super::Plan;
use crate::expr::Expr;

mod access;
mod counts;
mod ends;
mod identity;
mod late;
mod matching;
mod numbers;
mod predicates;
mod prune;
mod semi;
mod statistics;
mod summary;
mod top;

/// Turns what a language lowered into what operators run. `results` are the slots that are asked for in the end.
pub fn apply(mut plan: Plan, snapshot: &Snapshot, results: &[crate::batch::Slot]) -> Plan {
    let statistics = statistics::Statistics::new(snapshot, plan.is_writing());
    everywhere(&mut plan, &mut predicates::apply);
    everywhere(&mut plan, &mut |plan| matching::apply(plan, &statistics));
    everywhere(&mut plan, &mut semi::apply);
    everywhere(&mut plan, &mut top::apply);
    everywhere(&mut plan, &mut identity::apply);
    everywhere(&mut plan, &mut late::apply);
    everywhere(&mut plan, &mut counts::apply);
    prune::apply(&mut plan, results);
    everywhere(&mut plan, &mut ends::apply);
    numbers::apply(&mut plan, snapshot);
    everywhere(&mut plan, &mut summary::apply);
    plan
}

/// Applies a rule to each step, the lowest first, those within expressions included.
fn everywhere(plan: &mut Plan, rule: &mut impl FnMut(&mut Plan)) {
    fn steps(plan: &mut Plan, rule: &mut dyn FnMut(&mut Plan)) {
        for child in plan.children_mut() {
            steps(child, rule);
        }
        for expression in plan.expressions_mut() {
            within(expression, rule);
        }
        rule(plan);
    }
    fn within(expression: &mut Expr, rule: &mut dyn FnMut(&mut Plan)) {
        if let Expr::Subplan(subplan) = expression {
            steps(&mut subplan.plan, rule);
        }
        for child in expression.children_mut() {
            within(child, rule);
        }
    }
    steps(plan, rule);
}

/// Puts a step above a plan.
fn above(plan: &mut Plan, step: impl FnOnce(Box<Plan>) -> Plan) {
    let below = std::mem::replace(plan, Plan::Unit);
    *plan = step(Box::new(below));
}
