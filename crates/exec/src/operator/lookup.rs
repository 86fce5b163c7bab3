//! Nodes by their id or by the value of a property, for each row of the input.
//!
//! - **Shape**: candidates of several rows are collected, then asked all at once whether they are what was looked for.
//! - Of a property with several values only the first counts, as wherever a property is read.

use model::{TermId, TermRef};
use rustc_hash::FxHashSet;
use store::{Behind, CancelToken, Columns, Expander, Order};

use super::{Operator, Running};
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::expr::{Evaluator, Expr};
use crate::fault::Result;
use crate::{Value, equality, term};

/// See the module.
pub(super) struct Lookup<'q> {
    input: Running<'q>,
    node: Slot,
    value: &'q Expr,
    /// The property; the id without it.
    key: Option<TermId>,
    context: &'q Context<'q>,
    batch: Batch,
    /// What is looked for, row by row.
    values: Column,
    /// The next row of the batch.
    row: usize,
    found: Found,
}

/// The candidates of a row.
enum Found {
    Ids(std::vec::IntoIter<TermId>),
    Holders(Expander),
}

/// Candidates, side by side.
#[derive(Default)]
struct Candidates {
    origins: Vec<u32>,
    nodes: Vec<TermId>,
    /// The value that each is said to have.
    terms: Vec<TermId>,
}

impl<'q> Lookup<'q> {
    pub(super) fn new(
        input: Running<'q>,
        node: Slot,
        value: &'q Expr,
        key: Option<TermId>,
        context: &'q Context<'q>,
    ) -> Self {
        let (batch, values, found) = (Batch::of(0), Column::Absent, Found::Ids(Vec::new().into_iter()));
        Self { input, node, value, key, context, batch, values, row: 0, found }
    }

    /// The candidates of a value.
    fn look(&self, value: &Value) -> Result<Found> {
        let Some(key) = self.key else { return Ok(Found::Ids(self.ids(value).into_iter())) };
        let terms = match term::equals(value) {
            Some(terms) => terms.iter().map(|term| self.context.encode(TermRef::Value(term))).collect(),
            None => self.equal_terms(key, value)?,
        };
        let expander =
            self.context.snapshot().expand(&[key], Behind::Second(&terms), Order::Posg, Columns::S.and(Columns::O));
        Ok(Found::Holders(expander))
    }

    fn ids(&self, value: &Value) -> Vec<TermId> {
        match value {
            Value::String(id) => vec![self.context.encode(TermRef::Vertex(id))],
            Value::List(list) => {
                let mut seen = FxHashSet::default();
                let ids = list.iter().filter_map(|item| match item {
                    Value::String(id) => Some(self.context.encode(TermRef::Vertex(id))),
                    _ => None,
                });
                ids.filter(|id| seen.insert(*id)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Those of the property's terms that hold a value equal to this one.
    fn equal_terms(&self, key: TermId, value: &Value) -> Result<Vec<TermId>> {
        let mut terms = Vec::new();
        for term in self.context.snapshot().objects(key) {
            self.context.check()?;
            let term = term?;
            if equality::equals(value, &self.context.value(term)?) == Some(true) {
                terms.push(term);
            }
        }
        Ok(terms)
    }

    /// The next candidates of the batch at hand.
    fn candidates(&mut self) -> Result<Candidates> {
        let mut candidates = Candidates::default();
        loop {
            // That of the row before the next one.
            let origin = (self.row as u32).wrapping_sub(1);
            candidates.extend(origin, &mut self.found, &self.context.cancel)?;
            if candidates.nodes.len() >= ROWS || self.row == self.batch.len() {
                return Ok(candidates);
            }
            self.found = self.look(&self.values.value(self.row, self.context)?)?;
            self.row += 1;
        }
    }

    /// Which of the candidates are nodes that are looked for.
    fn right(&self, candidates: &Candidates) -> Result<Vec<bool>> {
        match self.key {
            None => self.context.are_nodes(&candidates.nodes),
            Some(key) => {
                let first = self.context.property_terms(&candidates.nodes, key)?;
                Ok(first.iter().zip(&candidates.terms).map(|(first, term)| *first == Some(*term)).collect())
            }
        }
    }
}

impl Candidates {
    /// Takes in what was found for a row, up to about [`ROWS`] in all.
    fn extend(&mut self, origin: u32, found: &mut Found, cancel: &CancelToken) -> Result {
        match found {
            Found::Ids(ids) => self.nodes.extend(ids.take(ROWS.saturating_sub(self.nodes.len()))),
            Found::Holders(holders) => {
                while self.nodes.len() < ROWS
                    && let Some((_, quads)) = holders.next(ROWS, cancel)?
                {
                    // Relationships have properties, too.
                    for (s, o) in quads.s.iter().zip(&quads.o).filter(|(s, _)| s.is_vertex()) {
                        self.nodes.push(*s);
                        self.terms.push(*o);
                    }
                }
            }
        }
        self.origins.resize(self.nodes.len(), origin);
        Ok(())
    }
}

impl Operator for Lookup<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.context.check()?;
            let candidates = self.candidates()?;
            if candidates.nodes.is_empty() {
                let Some(batch) = self.input.next()? else { return Ok(None) };
                self.values = Evaluator::new(self.context).column(self.value, &batch)?;
                (self.batch, self.row) = (batch, 0);
                continue;
            }
            let right = self.right(&candidates)?;
            let pairs = candidates.origins.iter().zip(&candidates.nodes).zip(right);
            let (origins, nodes): (Vec<u32>, Vec<TermId>) =
                pairs.filter(|(_, right)| *right).map(|((origin, node), _)| (*origin, *node)).unzip();
            if !nodes.is_empty() {
                return Ok(Some(self.batch.gather(&origins).with(self.node, Column::nodes(nodes))));
            }
        }
    }
}
