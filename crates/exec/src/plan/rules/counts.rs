//! Counts of what is never null are counts of rows.

use crate::aggregate::Function;
use crate::batch::Slot;
use crate::expr::Expr;
use crate::plan::{Apply, Plan};

/// Rewrites `count(x)` to `count(*)` where each row has an `x`.
pub(super) fn apply(plan: &mut Plan) {
    let Plan::Aggregate { input, aggregates, .. } = plan else { return };
    for (_, aggregate) in aggregates {
        let Some(Expr::Slot(slot)) = aggregate.argument else { continue };
        if aggregate.function == Function::Count && !aggregate.distinct && is_never_null(input, slot) {
            aggregate.argument = None;
        }
    }
}

/// Whether the variable is a node or a relationship in each row.
pub(super) fn is_never_null(plan: &Plan, slot: Slot) -> bool {
    match plan {
        Plan::Nodes { node, input, .. } => *node == slot || is_never_null(input, slot),
        Plan::Edges { edge, start, end, input, .. } => {
            *edge == Some(slot) || *start == slot || *end == slot || is_never_null(input, slot)
        }
        Plan::Expand { edge, to, input, .. } => *edge == Some(slot) || *to == slot || is_never_null(input, slot),
        Plan::Triples { input, triple } => triple.binds().contains(&slot) || is_never_null(input, slot),
        Plan::Walk { input, walk } => walk.to == slot || is_never_null(input, slot),
        Plan::Filter { input, .. }
        | Plan::Test { input, .. }
        | Plan::Project { input, .. }
        | Plan::Distinct { input, .. }
        | Plan::Sort { input, .. }
        | Plan::Skip { input, .. }
        | Plan::Limit { input, .. }
        | Plan::Unwind { input, .. }
        | Plan::Keep { input, .. }
        | Plan::Apply { input, kind: Apply::Optional(_) | Apply::Semi | Apply::Anti, .. } => is_never_null(input, slot),
        _ => false,
    }
}
