//! Triples that are only counted are counted where they are found: as many a row, or from one walk along an index. What
//! groups and counts them then adds up numbers; or does nothing, where each group is one row already.

use store::{Pattern, Snapshot};

use super::{above, everywhere};
use crate::aggregate::Function;
use crate::batch::Slot;
use crate::expr::Expr;
use crate::plan::triple::Place;
use crate::plan::{Aggregate, Plan, Triple};

/// An entry that is passed over in a walk costs so much less than one that is read and put into its group.
const PASSED: u64 = 10;

/// Applies the rule to each aggregate of a plan.
pub(super) fn apply(plan: &mut Plan, snapshot: &Snapshot) {
    let mut next = 0;
    everywhere(plan, &mut |plan| {
        plan.binds(&mut |slot| next = next.max(slot.0 + 1));
    });
    everywhere(plan, &mut |plan| {
        let Plan::Aggregate { input, keys, aggregates } = plan else { return };
        let number = Slot(next);
        if !aggregates.iter().all(|(_, of)| counts_rows(of)) || !mark(input, number, snapshot) {
            return;
        }
        next += 1;
        let whole = matches!(keys.as_slice(), [(to, Expr::Slot(slot))] if to == slot && tallies(input) == Some(*slot));
        let numbers = aggregates.iter().map(|(to, _)| (*to, Expr::Slot(number))).collect();
        if whole {
            let input = std::mem::replace(&mut **input, Plan::Unit);
            *plan = input;
            above(plan, |input| Plan::Project { input, items: numbers });
            return;
        }
        for (_, of) in aggregates {
            (of.function, of.argument) = (Function::Sum, Some(Expr::Slot(number)));
        }
    });
}

fn counts_rows(of: &Aggregate) -> bool {
    of.function == Function::Count && of.argument.is_none() && !of.distinct
}

/// Lets triples of which nobody asks more be counted; whether there are any.
fn mark(plan: &mut Plan, number: Slot, snapshot: &Snapshot) -> bool {
    match plan {
        Plan::Triples { input, triple } => {
            let walks =
                || matches!(**input, Plan::Unit) && triple.is_tally().is_some() && is_worth_it(triple, snapshot);
            if triple.is_countable() || walks() {
                triple.number = Some(number);
                true
            } else {
                triple.is_test() && mark(input, number, snapshot)
            }
        }
        Plan::Test { input, .. } => mark(input, number, snapshot),
        Plan::Keep { input, slots } => {
            let marked = mark(input, number, snapshot);
            slots.extend(marked.then_some(number));
            marked
        }
        _ => false,
    }
}

/// Whether it is better to walk along the order of a predicate's subjects than to read the predicate's triples.
fn is_worth_it(triple: &Triple, snapshot: &Snapshot) -> bool {
    let [Place::Free(_), Place::Is(predicate), _] = &triple.places else { return true };
    let quads = |pattern: &Pattern| snapshot.estimate(pattern).quads;
    quads(&Pattern::ALL) / PASSED <= quads(&Pattern { p: Some(predicate.id), ..Pattern::ALL })
}

/// The slot of which each row has another id, if the plan walks and then leaves rows out at most.
fn tallies(plan: &Plan) -> Option<Slot> {
    match plan {
        Plan::Triples { triple, .. } if triple.number.is_some() => triple.is_tally(),
        Plan::Triples { input, .. } | Plan::Test { input, .. } | Plan::Keep { input, .. } => tallies(input),
        _ => None,
    }
}
