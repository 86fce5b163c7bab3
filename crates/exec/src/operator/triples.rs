//! Triples that match a pattern, for each row of the input.
//!
//! What is known of a pattern is the beginning of a key in one of the orders, one key for each row: so a scan of
//! everything, a look-up, a step along a predicate and the question whether a triple is there are all one probe. What is
//! known and stands further behind in the order is compared.

use model::TermId;
use store::{Columns, Expander, Order, QuadBatch, Tally};

use super::ends::nodes;
use super::{Operator, Running};
use crate::Value;
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::fault::Result;
use crate::plan::triple::{Place, Triple};

/// See the module.
pub(super) struct Triples<'q> {
    input: Running<'q>,
    triple: &'q Triple,
    route: Route,
    context: &'q Context<'q>,
    batch: Batch,
    /// What each position must be, row by row, where the input says.
    bound: [Vec<TermId>; 3],
    state: State,
}

enum State {
    /// The next rows of the input are due.
    Idle,
    Probing(Expander),
    Tallying(Tally),
}

/// Which way triples are found.
struct Route {
    order: Order,
    /// How many leading columns are known.
    given: usize,
    /// The positions that are read.
    wanted: Columns,
    /// The positions that are known, but not by the key.
    compared: Vec<usize>,
    /// Pairs of positions that are the same variable.
    same: Vec<(usize, usize)>,
}

/// The positions of a triple in the columns of an order.
const fn positions(order: Order) -> [usize; 3] {
    match order {
        Order::Spog | Order::Gspo => [0, 1, 2],
        Order::Posg => [1, 2, 0],
        Order::Opsg => [2, 1, 0],
    }
}

impl Route {
    fn of(triple: &Triple) -> Self {
        let known = triple.places.each_ref().map(Place::is_known);
        let order = match (known, &triple.places) {
            // One run holds all that can be asked for; the subject comes in order more often than not.
            ([true, true, true], [Place::Bound(_), Place::Is(_), Place::Is(_)]) => Order::Posg,
            ([true, ..], _) => Order::Spog,
            ([_, true, _], _) => Order::Posg,
            // Only what can be a subject is there.
            ([.., true], [.., Place::Is(object)]) if !object.id.is_resource() => Order::Spog,
            ([.., true], _) => Order::Opsg,
            _ => Order::Spog,
        };
        let given = positions(order).iter().take_while(|position| known[**position]).count();
        let compared: Vec<usize> =
            positions(order)[given..].iter().copied().filter(|position| known[*position]).collect();
        let pairs = [(0, 1), (0, 2), (1, 2)].into_iter();
        let same = |(a, b): &(usize, usize)| {
            triple.places[*a].binds().is_some() && triple.places[*a].binds() == triple.places[*b].binds()
        };
        let all = [Columns::S, Columns::P, Columns::O];
        let free = (0..3).filter(|position| triple.places[*position].binds().is_some());
        let wanted = free.chain(compared.iter().copied()).fold(Columns::NONE, |wanted, at| wanted.and(all[at]));
        Self { order, given, wanted, compared, same: pairs.filter(same).collect() }
    }

    /// Whether all that is found matches.
    fn is_exact(&self) -> bool {
        self.compared.is_empty() && self.same.is_empty()
    }
}

impl<'q> Triples<'q> {
    pub(super) fn new(input: Running<'q>, triple: &'q Triple, context: &'q Context<'q>) -> Self {
        let route = Route::of(triple);
        Self { input, triple, route, context, batch: Batch::of(0), bound: Default::default(), state: State::Idle }
    }

    /// Takes in rows of the input.
    fn begin(&mut self, batch: Batch) -> Result<State> {
        self.batch = batch;
        if self.triple.number.is_some() && self.triple.is_tally().is_some() && self.batch.len() == 1 {
            return Ok(State::Tallying(self.tally()));
        }
        for position in 0..3 {
            if let Place::Bound(slot) = &self.triple.places[position] {
                let (rows, _) = nodes(self.batch.column(*slot), self.batch.len(), self.context)?;
                if rows.len() < self.batch.len() {
                    self.batch = self.batch.gather(&rows);
                }
            }
        }
        for position in 0..3 {
            if let Place::Bound(slot) = &self.triple.places[position] {
                (_, self.bound[position]) = nodes(self.batch.column(*slot), self.batch.len(), self.context)?;
            }
        }
        let columns = positions(self.route.order);
        let mut keys = vec![[TermId::MIN; 3]; self.batch.len()];
        for (column, position) in columns.into_iter().enumerate().take(self.route.given) {
            match &self.triple.places[position] {
                Place::Is(name) => keys.iter_mut().for_each(|key| key[column] = name.id),
                _ => keys.iter_mut().zip(&self.bound[position]).for_each(|(key, id)| key[column] = *id),
            }
        }
        let expander = self.context.snapshot().probe(&keys, self.route.given, self.route.order, self.route.wanted);
        Ok(State::Probing(expander.of_graph(self.triple.graph).once(self.triple.once)))
    }

    fn tally(&self) -> Tally {
        let snapshot = self.context.snapshot();
        match &self.triple.places {
            [Place::Free(_), Place::Is(predicate), _] => {
                snapshot.tally(Order::Spog, &[], ALL, store::Counted::Among(&[predicate.id]))
            }
            [Place::Free(_), ..] => snapshot.tally(Order::Spog, &[], ALL, store::Counted::All),
            [_, Place::Is(predicate), _] => snapshot.tally(Order::Posg, &[predicate.id], ALL, store::Counted::All),
            _ => snapshot.tally(Order::Posg, &[], ALL, store::Counted::All),
        }
    }

    /// The rows for what was found.
    fn rows(&self, mut origins: Vec<u32>, mut quads: QuadBatch) -> Batch {
        if !self.route.is_exact() {
            let matching: Vec<u32> =
                (0..origins.len()).filter(|at| self.matches(origins[*at], &quads, *at)).map(|at| at as u32).collect();
            // A column that was not read has no entries.
            let pick = |ids: &[TermId]| matching.iter().filter_map(|at| ids.get(*at as usize).copied()).collect();
            (quads.s, quads.p, quads.o) = (pick(&quads.s), pick(&quads.p), pick(&quads.o));
            origins = matching.iter().map(|at| origins[*at as usize]).collect();
        }
        let is_all = origins.len() == self.batch.len() && origins.iter().zip(0..).all(|(origin, at)| *origin == at);
        let mut rows = if is_all { self.batch.clone() } else { self.batch.gather(&origins) };
        for (place, ids) in self.triple.places.iter().zip([quads.s, quads.p, quads.o]) {
            if let Some(slot) = place.binds() {
                rows.set(slot, Column::nodes(ids));
            }
        }
        rows
    }

    fn matches(&self, origin: u32, quads: &QuadBatch, at: usize) -> bool {
        let ids = [&quads.s, &quads.p, &quads.o];
        self.route.same.iter().all(|(a, b)| ids[*a][at] == ids[*b][at])
            && self.route.compared.iter().all(|position| {
                let known = match &self.triple.places[*position] {
                    Place::Is(name) => name.id,
                    _ => self.bound[*position][origin as usize],
                };
                ids[*position][at] == known
            })
    }

    /// Each row once, with how many triples it has; those that have none are left out.
    fn numbered(&self, mut expander: Expander, number: Slot) -> Result<Batch> {
        let mut numbers = vec![0; self.batch.len()];
        while let Some((origins, quads)) = expander.next(ROWS, &self.context.cancel)? {
            self.context.check()?;
            for (origin, at) in origins.into_iter().zip(0..) {
                numbers[origin as usize] += i64::from(self.route.is_exact() || self.matches(origin, &quads, at));
            }
        }
        let rows: Vec<u32> = (0..).zip(&numbers).filter(|(_, number)| **number > 0).map(|(row, _)| row).collect();
        let numbers = rows.iter().map(|row| Value::Integer(numbers[*row as usize])).collect();
        Ok(self.batch.gather(&rows).with(number, Column::values(numbers)))
    }

    /// The next rows of those of the input that are at hand.
    fn found(&mut self) -> Result<Option<Batch>> {
        match (&mut self.state, self.triple.number) {
            (State::Idle, _) => Ok(None),
            (State::Tallying(tally), number) => {
                let Some((ids, numbers)) = tally.next(ROWS, &self.context.cancel)? else { return Ok(None) };
                let mut rows = self.batch.gather(&vec![0; ids.len()]);
                let numbers = numbers.into_iter().map(|number| Value::Integer(number as i64)).collect();
                if let (Some(slot), Some(number)) = (self.triple.is_tally(), number) {
                    rows.set(slot, Column::nodes(ids));
                    rows.set(number, Column::values(numbers));
                }
                Ok(Some(rows))
            }
            (State::Probing(expander), None) => {
                let found = expander.next(ROWS, &self.context.cancel)?;
                Ok(found.map(|(origins, quads)| self.rows(origins, quads)))
            }
            (State::Probing(_), Some(number)) => {
                let State::Probing(expander) = std::mem::replace(&mut self.state, State::Idle) else { return Ok(None) };
                self.numbered(expander, number).map(Some)
            }
        }
    }
}

impl Operator for Triples<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.context.check()?;
            match self.found()? {
                Some(rows) if !rows.is_empty() => return Ok(Some(rows)),
                Some(_) => {}
                None => {
                    let Some(batch) = self.input.next()? else { return Ok(None) };
                    self.state = self.begin(batch)?;
                }
            }
        }
    }
}

/// Every id.
const ALL: (TermId, TermId) = (TermId::MIN, TermId::MAX);
