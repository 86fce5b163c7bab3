//! What makes a plan a good one: passes over the tree, one a file, in the order of [`apply`].

use store::Snapshot;

use super::Plan;

/// Turns what a language lowered into what operators run.
pub fn apply(plan: Plan, snapshot: &Snapshot) -> Plan {
    let _ = snapshot;
    plan
}
