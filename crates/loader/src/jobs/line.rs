//! The line: which load has its turn, and which wait behind it, in the order in which they came.
//!
//! Plain data and no clock: the dispatcher holds it under one lock and does what it says. States of other loads are asked
//! for by the caller's word (`state_of`, `None` for a load that nobody remembers).
//!
//! - **Invariant**: at most one load has its turn; at most [`PLACES`] wait.
//! - **Invariant**: a load depends only on loads that came before it, so the first of the line depends on nothing that
//!   waits, and one pass from the front finds all that cannot run any more.
//! - **Source**: spec/loader.md §2.9, §2.10.

use std::collections::VecDeque;

use super::id::LoadId;
use super::state::JobState;
use crate::request::LoadRequest;

/// Loads that may wait; the one that has its turn is not counted.
pub(super) const PLACES: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Line {
    turn: Option<LoadId>,
    waiting: VecDeque<Waiting>,
    /// Whether those who wait are left alone, as if they were not there.
    held: bool,
}

/// A load that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) id: LoadId,
    /// The loads that must complete before it.
    pub(super) dependencies: Vec<LoadId>,
    /// What was asked for, with the keys that came with it.
    pub(super) request: LoadRequest,
}

/// Where a load goes that is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Its turn has come.
    Turn,
    /// The end of the line.
    Queue,
    /// Nowhere: a load that it depends on has ended, and not well.
    Nowhere { because: LoadId },
}

/// Why a load is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nobody remembers a load that it depends on.
    Unknown { dependency: LoadId },
    /// It does not want to wait, and will never run: a load that it depends on has ended, and not well.
    Unsatisfied { dependency: LoadId, state: JobState },
    /// It does not want to wait, and others run or wait already.
    Busy,
    /// All places are taken.
    Full,
}

impl Line {
    /// The load that has its turn.
    pub(super) const fn turn(&self) -> Option<LoadId> {
        self.turn
    }

    /// Those who wait, the next one first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = LoadId> + '_ {
        self.waiting.iter().map(|waiting| waiting.id)
    }

    /// Leaves those who wait alone until [`Self::release`].
    pub(super) const fn hold(&mut self) {
        self.held = true;
    }

    /// Lets those who wait have their turns.
    pub(super) const fn release(&mut self) {
        self.held = false;
    }

    /// Where a load goes that is willing to wait or not. The order of the checks is that of spec/loader.md §2.4.
    pub(super) fn admit(
        &self,
        queue: bool,
        dependencies: &[LoadId],
        state_of: impl Fn(LoadId) -> Option<JobState>,
    ) -> Result<Place, Refusal> {
        let mut failed = None;
        for &dependency in dependencies {
            let state = state_of(dependency).ok_or(Refusal::Unknown { dependency })?;
            if state.is_terminal() && state != JobState::Completed {
                failed = failed.or(Some((dependency, state)));
            }
        }
        if let Some((dependency, state)) = failed {
            return if queue {
                Ok(Place::Nowhere { because: dependency })
            } else {
                Err(Refusal::Unsatisfied { dependency, state })
            };
        }
        if self.turn.is_none() && (self.held || self.waiting.is_empty()) {
            return Ok(Place::Turn);
        }
        if !queue {
            return Err(Refusal::Busy);
        }
        // The load whose turn has come still shows as queued while it looks at its source.
        let looking = self.turn.is_some_and(|id| state_of(id) == Some(JobState::InQueue));
        if self.waiting.len() + usize::from(looking) < PLACES { Ok(Place::Queue) } else { Err(Refusal::Full) }
    }

    /// A load that was admitted has its turn at once.
    pub(super) fn begin(&mut self, id: LoadId) {
        debug_assert!(self.turn.is_none(), "two loads have their turn");
        self.turn = Some(id);
    }

    /// A load that was admitted goes to the end.
    pub(super) fn queue(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// The next load has its turn: the first one, unless it must not run or another has not ended yet.
    pub(super) fn next(&mut self, state_of: impl Fn(LoadId) -> Option<JobState>) -> Option<Waiting> {
        if self.held || self.turn.is_some() || unsatisfied(self.waiting.front()?, &[], &state_of).is_some() {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.turn = Some(next.id);
        Some(next)
    }

    /// The load that has its turn has ended.
    pub(super) const fn end_turn(&mut self) {
        self.turn = None;
    }

    /// The load that has its turn goes back to where it was.
    pub(super) fn give_back(&mut self, waiting: Waiting) {
        self.turn = None;
        self.waiting.push_front(waiting);
    }

    /// A load waits no more.
    pub(super) fn remove(&mut self, id: LoadId) {
        self.waiting.retain(|waiting| waiting.id != id);
    }

    /// Those who wait in vain, each with the load that it depends on and that ended badly, or is about to (`lost`).
    /// In the order of the line.
    pub(super) fn doomed(
        &self,
        lost: &[LoadId],
        state_of: impl Fn(LoadId) -> Option<JobState>,
    ) -> Vec<(LoadId, LoadId)> {
        let mut lost = lost.to_vec();
        let mut doomed = Vec::new();
        for waiting in &self.waiting {
            if lost.contains(&waiting.id) {
                continue;
            }
            if let Some(because) = unsatisfied(waiting, &lost, &state_of) {
                lost.push(waiting.id);
                doomed.push((waiting.id, because));
            }
        }
        doomed
    }
}

/// The load because of which this one must not run. One that is forgotten by now had completed: whoever depends on a load
/// that ends otherwise ends with it.
fn unsatisfied(waiting: &Waiting, lost: &[LoadId], state_of: &impl Fn(LoadId) -> Option<JobState>) -> Option<LoadId> {
    let is_bad = |state: JobState| state.is_terminal() && state != JobState::Completed;
    let mut dependencies = waiting.dependencies.iter().copied();
    dependencies.find(|id| lost.contains(id) || state_of(*id).is_some_and(is_bad))
}

#[cfg(test)]
mod tests;
