//! Existence: a filter that asks whether a plan has rows becomes a step that looks at many rows at once and stops at the
//! first match of each.

use super::above;
use crate::expr::{Expr, Form, Subplan, Unary};
use crate::plan::{Apply, Plan};

/// Takes plans out of the predicate of a filter.
pub(super) fn apply(plan: &mut Plan) {
    let Plan::Filter { input, predicate } = plan else { return };
    let parts = match std::mem::replace(predicate, Expr::NULL) {
        Expr::And(of) => of,
        other => vec![other],
    };
    let mut below = std::mem::replace(&mut **input, Plan::Unit);
    let (mut rest, mut applies) = (Vec::new(), Vec::new());
    for part in parts {
        match existence(part) {
            Ok(found) => applies.push(found),
            Err(part) => rest.push(part),
        }
    }
    // What costs less is asked first.
    if !rest.is_empty() {
        above(&mut below, |input| Plan::Filter { input, predicate: Expr::all(rest) });
    }
    for (inner, kind) in applies {
        above(&mut below, |input| Plan::Apply { input, inner: Box::new(inner), kind });
    }
    *plan = below;
}

/// The plan whose rows are asked for, and whether there must be some or none.
fn existence(predicate: Expr) -> Result<(Plan, Apply), Expr> {
    let is_existence = |subplan: &Subplan| matches!(subplan.form, Form::Exists) && subplan.locals.is_empty();
    match predicate {
        Expr::Subplan(subplan) if is_existence(&subplan) => Ok((subplan.plan, Apply::Semi)),
        Expr::Unary(Unary::Not, inner) => match *inner {
            Expr::Subplan(subplan) if is_existence(&subplan) => Ok((subplan.plan, Apply::Anti)),
            other => Err(Expr::Unary(Unary::Not, Box::new(other))),
        },
        other => Err(other),
    }
}
