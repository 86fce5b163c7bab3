//! Grouping by the id of a node or relationship is grouping by the node or relationship itself: the id is read once a
//! group, and not at all for groups that are dropped.

use super::above;
use super::counts::is_never_null;
use crate::batch::Slot;
use crate::expr::Expr;
use crate::plan::Plan;

/// Groups by what has the id, under the name that it has below, and projects the id above.
pub(super) fn apply(plan: &mut Plan) {
    let Plan::Aggregate { input, keys, .. } = plan else { return };
    let mut ids = Vec::new();
    for (to, key) in std::mem::take(keys) {
        match whose(&key) {
            Some(slot) if is_never_null(input, slot) => {
                if keys.iter().all(|(key, _)| *key != slot) {
                    keys.push((slot, Expr::Slot(slot)));
                }
                ids.push((to, key));
            }
            _ => keys.push((to, key)),
        }
    }
    if !ids.is_empty() {
        above(plan, |input| Plan::Project { input, items: ids });
    }
}

/// The variable whose id an expression is.
fn whose(key: &Expr) -> Option<Slot> {
    match key {
        Expr::Property { target, key } if &*key.text == "~id" => match **target {
            Expr::Slot(slot) => Some(slot),
            _ => None,
        },
        _ => None,
    }
}
