//! Aggregates over the whole graph: what the store's counts or one index answer is not computed row by row.

use crate::aggregate::Function;
use crate::batch::Slot;
use crate::expr::Expr;
use crate::graph::Name;
use crate::plan::{Access, Aggregate, Counted, Direction, Plan, Summary};

/// Replaces an aggregate by a summary; what was there stays beside it.
pub(super) fn apply(plan: &mut Plan) {
    let Some(summary) = summary(plan) else { return };
    let otherwise = Box::new(std::mem::replace(plan, Plan::Unit));
    *plan = Plan::Summarize { summary, otherwise };
}

fn summary(plan: &Plan) -> Option<Summary> {
    let Plan::Aggregate { input, keys, aggregates } = plan else { return None };
    let counts = aggregates.iter().map(|(slot, of)| counts_rows(of).then_some(*slot)).collect::<Option<Vec<Slot>>>()?;
    match (keys.as_slice(), &**input) {
        ([], Plan::Nodes { input, access, .. }) if is_unit(input) => {
            let Whole(label) = whole(access)?;
            Some(Summary::Count { of: Counted::Nodes(label), to: counts })
        }
        ([], Plan::Edges { input, types, .. }) if is_unit(input) => {
            Some(Summary::Count { of: Counted::Edges(types.clone()), to: counts })
        }
        ([(value, Expr::Property { target, key })], Plan::Nodes { input, node, access })
            if is_unit(input) && &*key.text != "~id" && matches!(**target, Expr::Slot(slot) if slot == *node) =>
        {
            let Whole(label) = whole(access)?;
            Some(Summary::Groups { label, key: key.clone(), value: *value, counts })
        }
        ([(node, Expr::Slot(slot))], Plan::Edges { input, edge: None, start, end, types }) if is_unit(input) => {
            let direction = if slot == start {
                Direction::Out
            } else if slot == end {
                Direction::In
            } else {
                return None;
            };
            Some(Summary::Degrees { label: None, node: *node, counts, direction, types: types.clone() })
        }
        ([(node, Expr::Slot(slot))], Plan::Expand { input, from, edge: None, into: false, direction, types, .. })
            if slot == from && *direction != Direction::Either =>
        {
            let Plan::Nodes { input, node: scanned, access } = &**input else { return None };
            let Whole(label) = whole(access).filter(|_| is_unit(input) && scanned == from)?;
            Some(Summary::Degrees { label, node: *node, counts, direction: *direction, types: types.clone() })
        }
        _ => None,
    }
}

const fn is_unit(plan: &Plan) -> bool {
    matches!(plan, Plan::Unit)
}

fn counts_rows(of: &Aggregate) -> bool {
    of.function == Function::Count && of.argument.is_none() && !of.distinct
}

/// All nodes, or all with a label.
struct Whole(Option<Name>);

fn whole(access: &Access) -> Option<Whole> {
    match access {
        Access::All => Some(Whole(None)),
        Access::Label(label) => Some(Whole(Some(label.clone()))),
        Access::Id(_) | Access::Property { .. } => None,
    }
}
