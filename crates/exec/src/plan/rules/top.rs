//! Limit push-down: a sort whose rows are cut off holds only those that are kept.

use crate::expr::{Binary, Expr};
use crate::plan::Plan;

/// Tells the sort below a limit, or below a limit and a skip, how many rows are wanted.
pub(super) fn apply(plan: &mut Plan) {
    let Plan::Limit { input, count } = plan else { return };
    match &mut **input {
        Plan::Sort { limit: limit @ None, .. } if is_fixed(count) => *limit = Some(count.clone()),
        Plan::Skip { input, count: skipped } if is_fixed(count) && is_fixed(skipped) => {
            if let Plan::Sort { limit: limit @ None, .. } = &mut **input {
                *limit = Some(Expr::Binary(Binary::Add, Box::new(skipped.clone()), Box::new(count.clone())));
            }
        }
        _ => {}
    }
}

/// Whether it is a number that is the same whenever it is computed.
fn is_fixed(count: &Expr) -> bool {
    matches!(count, Expr::Constant(crate::Value::Integer(count)) if *count >= 0)
}
