//! What nobody asks for is not read, and not carried along: relationships of an expand, and columns behind the last step
//! that reads them.

use rustc_hash::FxHashSet;

use super::above;
use crate::batch::Slot;
use crate::expr::Expr;
use crate::plan::{Apply, Plan};

/// Prunes a whole plan. `results` are the slots that are asked for in the end.
pub(super) fn apply(plan: &mut Plan, results: &[Slot]) {
    prune(plan, results.iter().copied().collect(), &FxHashSet::default());
}

/// Prunes a plan of whose rows these slots are wanted, and tells which its rows carry. `argument` are those that
/// [`Plan::Argument`] brings.
fn prune(plan: &mut Plan, mut wanted: FxHashSet<Slot>, argument: &FxHashSet<Slot>) -> FxHashSet<Slot> {
    // What a step binds and nobody wants is not bound.
    match plan {
        Plan::Expand { edge, .. } | Plan::Edges { edge, .. } => *edge = edge.filter(|edge| wanted.contains(edge)),
        Plan::Triples { triple, .. } => triple.keep(|slot| wanted.contains(&slot)),
        Plan::Walk { walk, .. } => walk.edges = walk.edges.filter(|edges| wanted.contains(edges)),
        Plan::Project { items, .. } => items.retain(|(slot, _)| wanted.contains(slot)),
        Plan::Aggregate { aggregates, .. } => aggregates.retain(|(slot, _)| wanted.contains(slot)),
        _ => {}
    }
    if let Plan::Project { input, items } = plan
        && items.is_empty()
    {
        *plan = std::mem::replace(&mut **input, Plan::Unit);
        return prune(plan, wanted, argument);
    }
    if matches!(plan, Plan::Aggregate { .. } | Plan::Union { .. }) {
        wanted.clear(); // its rows are made anew
    }
    plan.own_reads(&mut |slot| {
        wanted.insert(slot);
    });
    for expression in plan.expressions_mut() {
        subplans(expression);
    }
    let mut carried = match plan {
        Plan::Unit => FxHashSet::default(),
        Plan::Argument => argument.clone(),
        Plan::Union { parts, .. } => {
            for (part, from) in parts {
                prune(part, from.iter().copied().collect(), argument);
            }
            FxHashSet::default()
        }
        Plan::Apply { input, inner, kind } => {
            let mut outer = wanted.clone();
            inner.reads(&mut |slot| {
                outer.insert(slot);
            });
            let carried = prune(input, outer, argument);
            let goes_on = matches!(kind, Apply::Cross | Apply::Optional(_));
            // Behind the inner plan each row is joined to its outer one: only what is bound within has to come through.
            let within = if goes_on { wanted.difference(&carried).copied().collect() } else { FxHashSet::default() };
            let inside = prune(inner, within, &carried);
            if goes_on { carried.union(&inside).copied().collect() } else { carried }
        }
        Plan::Merge { input, find: inner, .. } | Plan::Foreach { input, body: inner, .. } => {
            inner.reads(&mut |slot| {
                wanted.insert(slot);
            });
            prune(input, wanted, argument)
        }
        _ => {
            let copies = copies(plan);
            let Some(input) = plan.input_mut() else { return FxHashSet::default() };
            let carried = prune(input, wanted.clone(), argument);
            if copies && carried.iter().any(|slot| !wanted.contains(slot)) {
                let mut slots: Vec<Slot> = carried.intersection(&wanted).copied().collect();
                slots.sort_unstable();
                above(input, |input| Plan::Keep { input, slots });
                carried.intersection(&wanted).copied().collect()
            } else {
                carried
            }
        }
    };
    if matches!(plan, Plan::Aggregate { .. }) {
        carried.clear();
    }
    plan.binds(&mut |slot| {
        carried.insert(slot);
    });
    carried
}

/// Prunes the plans within an expression.
fn subplans(expression: &mut Expr) {
    if let Expr::Subplan(subplan) = expression {
        let mut wanted = FxHashSet::default();
        if let Some(value) = subplan.form.value() {
            value.slots(&mut |slot| {
                wanted.insert(slot);
            });
        }
        prune(&mut subplan.plan, wanted, &FxHashSet::default());
    }
    for child in expression.children_mut() {
        subplans(child);
    }
}

/// Whether a step copies each row several times, or holds rows.
const fn copies(plan: &Plan) -> bool {
    matches!(
        plan,
        Plan::Expand { .. }
            | Plan::Walk { .. }
            | Plan::Triples { .. }
            | Plan::Unwind { .. }
            | Plan::Sort { .. }
            | Plan::Nodes { .. }
            | Plan::Edges { .. }
    )
}
