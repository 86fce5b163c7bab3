//! Walks whose number does not matter: where each row counts once whatever the ways that lead to it, only the ends are
//! looked for. All ways between two nodes may be more than anybody can count; the nodes within reach are not.

use crate::aggregate::Function;
use crate::expr::{Expr, Form};
use crate::plan::{Aggregate, Apply, Plan, Walks};

/// Walks that are at most so long are found faster one by one.
const SHORT: u64 = 2;

/// Marks the walks below a step to which it is all the same how often a row comes.
pub(super) fn apply(plan: &mut Plan) {
    match plan {
        Plan::Apply { inner, kind: Apply::Semi | Apply::Anti, .. } => mark(inner),
        Plan::Distinct { input, .. } => mark(input),
        Plan::Aggregate { input, aggregates, .. } if aggregates.iter().all(|(_, of)| ignores_repeats(of)) => {
            mark(input);
        }
        _ => {}
    }
    plan.expressions_mut().into_iter().for_each(within);
}

/// The plans within an expression that are only asked whether they have rows.
fn within(expression: &mut Expr) {
    if let Expr::Subplan(subplan) = expression
        && matches!(subplan.form, Form::Exists)
    {
        mark(&mut subplan.plan);
    }
    expression.children_mut().into_iter().for_each(within);
}

const fn ignores_repeats(aggregate: &Aggregate) -> bool {
    aggregate.distinct || matches!(aggregate.function, Function::Min | Function::Max)
}

fn mark(plan: &mut Plan) {
    match plan {
        Plan::Walk { input, walk } => {
            let is_long = walk.most.is_none_or(|most| most > SHORT);
            if walk.which == Walks::All && walk.edges.is_none() && walk.least <= 1 && is_long {
                walk.which = Walks::Ends;
            }
            mark(input);
        }
        Plan::Nodes { input, .. }
        | Plan::Edges { input, .. }
        | Plan::Expand { input, .. }
        | Plan::Triples { input, .. }
        | Plan::Test { input, .. }
        | Plan::Filter { input, .. }
        | Plan::Project { input, .. }
        | Plan::Distinct { input, .. }
        | Plan::Sort { input, limit: None, .. }
        | Plan::Unwind { input, .. }
        | Plan::Keep { input, .. } => mark(input),
        Plan::Apply { input, inner, .. } => {
            mark(inner);
            mark(input);
        }
        Plan::Union { parts, .. } => parts.iter_mut().for_each(|(part, _)| mark(part)),
        // What counts its rows, and the beginning.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{apply, mark};
    use crate::aggregate::Function;
    use crate::batch::Slot;
    use crate::expr::Expr;
    use crate::plan::{Aggregate, Direction, Plan, Walk, Walks};

    fn walk(edges: Option<Slot>, least: u64, most: Option<u64>) -> Plan {
        let walk = Walk {
            from: Slot(0),
            edges,
            reversed: false,
            to: Slot(1),
            into: false,
            direction: Direction::Out,
            types: Vec::new(),
            least,
            most,
            each: None,
            which: Walks::All,
            unlike: Vec::new(),
        };
        Plan::Walk { input: Box::new(Plan::Argument), walk }
    }

    fn which(plan: &Plan) -> Walks {
        match plan {
            Plan::Walk { walk, .. } => walk.which,
            other => other.input().map_or(Walks::All, which),
        }
    }

    #[test]
    fn only_long_walks_that_nobody_sees_are_marked() {
        for (edges, least, most, expected) in [
            (None, 1, None, Walks::Ends),
            (None, 0, Some(3), Walks::Ends),
            (None, 1, Some(2), Walks::All),
            (None, 2, None, Walks::All),
            (Some(Slot(2)), 1, None, Walks::All),
        ] {
            let mut plan = walk(edges, least, most);
            mark(&mut plan);
            assert_eq!(which(&plan), expected);
        }
    }

    #[test]
    fn only_below_what_does_not_count_rows() {
        let aggregate = |function, distinct| {
            let aggregate = Aggregate { function, argument: Some(Expr::Slot(Slot(1))), distinct, percentile: None };
            let input = Box::new(walk(None, 1, None));
            Plan::Aggregate { input, keys: Vec::new(), aggregates: vec![(Slot(3), aggregate)] }
        };
        let limit = |input| Plan::Limit { input: Box::new(input), count: Expr::Constant(1.into()) };
        let distinct = |input| Plan::Distinct { input: Box::new(input), slots: vec![Slot(1)] };
        for (mut plan, expected) in [
            (aggregate(Function::Count, true), Walks::Ends),
            (aggregate(Function::Count, false), Walks::All),
            (aggregate(Function::Max, false), Walks::Ends),
            (distinct(walk(None, 1, None)), Walks::Ends),
            (distinct(limit(walk(None, 1, None))), Walks::All),
        ] {
            apply(&mut plan);
            assert_eq!(which(&plan), expected);
        }
    }
}
