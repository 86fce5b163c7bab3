//! What is computed beside a sort that is cut off is computed behind it, for the rows that are kept alone.

use super::above;
use crate::plan::Plan;

/// Moves what a sort does not read from below it to above it.
pub(super) fn apply(plan: &mut Plan) {
    let Plan::Sort { input, keys, limit: Some(_) } = plan else { return };
    let Plan::Project { input: below, items } = &mut **input else { return };
    let mut read = Vec::new();
    for key in &*keys {
        key.key.slots(&mut |slot| read.push(slot));
    }
    let (early, late): (Vec<_>, Vec<_>) = std::mem::take(items).into_iter().partition(|(slot, _)| read.contains(slot));
    *items = early;
    if items.is_empty() {
        let below = std::mem::replace(&mut **below, Plan::Unit);
        **input = below;
    }
    if !late.is_empty() {
        above(plan, |input| Plan::Project { input, items: late });
    }
}
