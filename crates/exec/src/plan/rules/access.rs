//! Index choice: how a node of a pattern is best found when nothing leads to it.

use super::matching::Open;
use super::statistics::Statistics;
use crate::Value;
use crate::batch::Slot;
use crate::expr::{Binary, Compare, Expr};
use crate::graph::Name;
use crate::plan::Access;
use crate::plan::pattern::Node;

/// A way to find a node.
pub(super) struct Choice {
    pub(super) access: Access,
    /// About how many nodes it gives.
    pub(super) rows: f64,
    /// The place of the predicate that it makes true.
    pub(super) predicate: Option<usize>,
}

/// The way that gives the fewest nodes. Predicates whose other side is not bound yet do not count.
pub(super) fn choose(node: &Node, predicates: &[Expr], open: &Open, statistics: &Statistics<'_>) -> Choice {
    let mut best = Choice { access: Access::All, rows: statistics.nodes(), predicate: None };
    let mut consider = |access, rows, predicate| {
        if rows < best.rows || matches!(best.access, Access::All) {
            best = Choice { access, rows, predicate };
        }
    };
    for label in &node.labels {
        consider(Access::Label(label.clone()), statistics.labelled(label), None);
    }
    for (place, predicate) in predicates.iter().enumerate() {
        let Some((key, value, is_list)) = equality(predicate, node.slot) else { continue };
        if open.reads_open(value) {
            continue;
        }
        if &*key.text == "~id" {
            let rows = match value {
                Expr::Constant(Value::List(list)) => list.len() as f64,
                _ if is_list => 10.0,
                _ => 1.0,
            };
            // Of equally few, the one that is found without a search.
            consider(Access::Id(value.clone()), rows * 0.1, Some(place));
        } else if !is_list {
            let constant = if let Expr::Constant(value) = value { Some(value) } else { None };
            let access = Access::Property { key: key.clone(), value: value.clone() };
            consider(access, statistics.with_property(key, constant), Some(place));
        }
    }
    best
}

/// Which property of the node is compared for equality, with what, and whether that is a list that holds it.
fn equality(predicate: &Expr, node: Slot) -> Option<(&Name, &Expr, bool)> {
    let property = |of| property_of(of, node);
    match predicate {
        Expr::Comparison(left, rest) => match rest.as_slice() {
            [(Compare::Equal, right)] => match property(left) {
                Some(key) => Some((key, right, false)),
                None => Some((property(right)?, left, false)),
            },
            _ => None,
        },
        Expr::Binary(Binary::In, left, right) => Some((property(left)?, right, true)),
        _ => None,
    }
}

/// The key, if this is a property of the node.
fn property_of(of: &Expr, node: Slot) -> Option<&Name> {
    match of {
        Expr::Property { target, key } if matches!(**target, Expr::Slot(slot) if slot == node) => Some(key),
        _ => None,
    }
}
