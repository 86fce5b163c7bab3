//! What each step of a plan did in one run, for whoever asked for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::batch::Batch;
use crate::fault::Result;
use crate::operator::{Operator, Running};
use crate::plan::Plan;

/// What the steps of a plan did. A plan must stay where it is while it is measured: its steps are known by their places.
#[derive(Debug, Default)]
pub struct Profile(RefCell<FxHashMap<usize, Rc<Counter>>>);

#[derive(Debug, Default)]
struct Counter {
    rows: Cell<u64>,
    took: Cell<Duration>,
}

/// What a step did, in all its runs where it is run for each row of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Rows that it gave.
    pub rows: u64,
    /// How long it took, with all that it takes its rows from.
    pub took: Duration,
}

impl Profile {
    /// What the step did so far.
    pub fn of(&self, plan: &Plan) -> Measured {
        let counters = self.0.borrow();
        let counter = counters.get(&place(plan));
        counter.map(|counter| Measured { rows: counter.rows.get(), took: counter.took.get() }).unwrap_or_default()
    }

    /// The operator of a step, measured.
    pub(crate) fn measure<'q>(&self, plan: &Plan, running: Running<'q>) -> Running<'q> {
        let counter = Rc::clone(self.0.borrow_mut().entry(place(plan)).or_default());
        Box::new(Counted { running, counter })
    }
}

fn place(plan: &Plan) -> usize {
    std::ptr::from_ref(plan).addr()
}

struct Counted<'q> {
    running: Running<'q>,
    counter: Rc<Counter>,
}

impl Operator for Counted<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let began = Instant::now();
        let next = self.running.next();
        self.counter.took.set(self.counter.took.get() + began.elapsed());
        if let Ok(Some(batch)) = &next {
            self.counter.rows.set(self.counter.rows.get() + batch.len() as u64);
        }
        next
    }
}
