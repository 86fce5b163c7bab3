//! Predicate push-down: what is filtered behind a pattern is part of the pattern, which asks it as soon as it can.

use crate::expr::Expr;
use crate::plan::Plan;

/// Moves the predicates of a filter into the pattern right below it.
pub(super) fn apply(plan: &mut Plan) {
    let Plan::Filter { input, predicate } = plan else { return };
    let Plan::Match { pattern, .. } = &mut **input else { return };
    match std::mem::replace(predicate, Expr::NULL) {
        Expr::And(of) => pattern.predicates.extend(of),
        other => pattern.predicates.push(other),
    }
    *plan = std::mem::replace(&mut **input, Plan::Unit);
}
