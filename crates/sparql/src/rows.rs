//! Rows of plans, as terms: terms are looked up only here, a batch at a time.

use std::borrow::Cow;
use std::sync::Arc;

use exec::batch::{Batch, Column};
use exec::clock::SystemClock;
use exec::context::Context;
use exec::fault;
use exec::memory::Memory;
use exec::operator::{self, Running};
use oxrdf::{Literal, Term, Variable};
use sparesults::QuerySolution;
use spargebra::algebra::GraphPattern;
use spargebra::term::GroundTerm;

use crate::dataset::View;
use crate::lower::{self, Lowered, Operand};
use crate::{Error, Query, query};

/// Runs a plan, and hands its rows to `take`; what each step did is measured if wanted.
pub(crate) fn run<T>(
    lowered: &Lowered,
    view: &View,
    measures: bool,
    take: impl FnOnce(Rows<'_>, &Context<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let clock = SystemClock::now();
    let memory = Memory::new(view.memory() as u64);
    let context = Context::reading(view.snapshot().clone(), view.cancel().clone(), memory, &clock);
    let context = if measures { context.measuring() } else { context };
    let variables: Arc<[Variable]> = lowered.columns.iter().map(|(name, _)| name.clone()).collect();
    let running = operator::build(&lowered.plan, &context, None);
    take(Rows { lowered, variables, running, context: &context, at_hand: Vec::new().into_iter() }, &context)
}

/// The rows of a plan, one by one.
pub(crate) struct Rows<'q> {
    lowered: &'q Lowered,
    variables: Arc<[Variable]>,
    running: Running<'q>,
    context: &'q Context<'q>,
    at_hand: std::vec::IntoIter<Vec<Option<Term>>>,
}

impl Rows<'_> {
    /// Whether there is one.
    pub(crate) fn has_some(&mut self) -> Result<bool, Error> {
        Ok(self.running.next()?.is_some())
    }

    /// The columns.
    pub(crate) fn variables(&self) -> Vec<Variable> {
        self.variables.to_vec()
    }

    fn fill(&mut self) -> Result<bool, Error> {
        let Some(batch) = self.running.next()? else { return Ok(false) };
        let mut rows: Vec<Vec<Option<Term>>> = vec![Vec::with_capacity(self.variables.len()); batch.len()];
        for (_, slot) in &self.lowered.columns {
            let column = slot.map_or(&Column::Absent, |slot| batch.column(slot));
            for (row, term) in rows.iter_mut().zip(terms(column, &batch, self.context)?) {
                row.push(term);
            }
        }
        self.at_hand = rows.into_iter();
        Ok(true)
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<QuerySolution, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.at_hand.next() {
                return Some(Ok((Arc::clone(&self.variables), row).into()));
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The terms of a column.
fn terms(column: &Column, batch: &Batch, context: &Context<'_>) -> Result<Vec<Option<Term>>, Error> {
    let snapshot = context.snapshot();
    if let Column::Nodes(ids) = column {
        return Ok(snapshot.resolve_many(ids)?.into_iter().map(|term| Some(crate::terms::to_rdf(term))).collect());
    }
    let term = |row| {
        Ok(match lower::operand(column, row, context)? {
            Some(Operand::Term(id)) => Some(crate::terms::to_rdf(snapshot.resolve(id)?)),
            Some(Operand::Count(count)) => Some(Literal::from(count).into()),
            None => None,
        })
    };
    (0..batch.len()).map(term).collect()
}

/// The algebra with its outermost group as a table, if there is a plan for that.
pub(crate) fn with_table<'q>(
    mut algebra: Cow<'q, spargebra::Query>,
    query: &Query,
    view: &View,
) -> Result<Cow<'q, spargebra::Query>, Error> {
    let Some(group) = outer_group(query::pattern(algebra.to_mut())) else { return Ok(algebra) };
    if let Some(table) = table(group, query, view)? {
        *group = table;
    }
    Ok(algebra)
}

/// The group of the outermost SELECT.
fn outer_group(pattern: &mut GraphPattern) -> Option<&mut GraphPattern> {
    match pattern {
        GraphPattern::Group { .. } => Some(pattern),
        GraphPattern::Project { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Filter { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. } => outer_group(inner),
        _ => None,
    }
}

/// The rows of a group, if a plan counts them and no blank node is among them, which no table can hold.
fn table(group: &GraphPattern, query: &Query, view: &View) -> Result<Option<GraphPattern>, Error> {
    let Some(lowered) = lower::group(group, query, view) else { return Ok(None) };
    run(&lowered, view, false, |rows, _| {
        let variables = lowered.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut bindings = Vec::new();
        for row in rows {
            let row = row?;
            let ground = |term: &Option<Term>| term.clone().map(GroundTerm::try_from).transpose();
            let Ok(row) = row.values().iter().map(ground).collect() else { return Ok(None) };
            bindings.push(row);
        }
        Ok(Some(GraphPattern::Values { variables, bindings }))
    })
}

impl From<fault::Error> for Error {
    fn from(error: fault::Error) -> Self {
        match error {
            fault::Error::Store(error) => error.into(),
            fault::Error::OutOfMemory { limit } => Self::MemoryLimit { limit: limit as usize },
            error => Self::Evaluation(error.to_string()),
        }
    }
}
