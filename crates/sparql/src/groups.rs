//! COUNT and GROUP BY over triple patterns, on ids alone.
//!
//! A query whose outermost group counts what some triple patterns match (`SELECT ?city (COUNT(*) AS ?n) { ?a :knows ?b . ?b
//! :city ?city } GROUP BY ?city`) needs no term until its rows are written. So the patterns are matched batch by batch, the
//! first by a scan and the others by expansion of what is bound; and the group is replaced by the table of its counts, over
//! which the evaluator does the rest: expressions, HAVING, ORDER BY, LIMIT. Whatever does not have this shape stays as it is.
//!
//! Filters of one variable are evaluated by the evaluator, once for each value that the variable takes.

use oxrdf::{Literal, Variable};
use rustc_hash::{FxHashMap, FxHashSet};
use spargebra::algebra::{AggregateExpression, AggregateFunction, Expression, GraphPattern};
use spargebra::term::{GroundTerm, TriplePattern};

use crate::Error;
use crate::dataset::View;

mod filter;
mod matching;

use matching::{Plan, Rows};

/// What a group counts for in memory, and a value that is told apart. Bytes.
const GROUP_BYTES: usize = 96;
const VALUE_BYTES: usize = 32;

/// Whether [`amend_groups`] has something to do, as far as the text tells.
pub(crate) fn may_amend(pattern: &mut GraphPattern) -> bool {
    outer_group(pattern).is_some_and(|group| Shape::of(group).is_some())
}

/// Replaces the outermost group by the table of its counts, if it is of the kind.
///
/// # Errors
///
/// [`Error::Cancelled`] once the view was stopped.
pub(crate) fn amend_groups(pattern: &mut GraphPattern, view: &View) -> Result<(), Error> {
    let Some(group) = outer_group(pattern) else { return Ok(()) };
    let Some(shape) = Shape::of(group) else { return Ok(()) };
    if let Some(table) = shape.table(view)? {
        *group = table;
    }
    Ok(())
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

/// A group of the kind.
struct Shape<'q> {
    keys: &'q [Variable],
    patterns: &'q [TriplePattern],
    filters: Vec<&'q Expression>,
    counts: Vec<(&'q Variable, Count<'q>)>,
}

/// What is counted.
#[derive(Clone, Copy)]
enum Count<'q> {
    Rows,
    Values(&'q Variable),
}

impl<'q> Shape<'q> {
    fn of(group: &'q GraphPattern) -> Option<Self> {
        let GraphPattern::Group { inner, variables: keys, aggregates } = group else { return None };
        let mut filters = Vec::new();
        let mut inner = &**inner;
        while let GraphPattern::Filter { expr, inner: below } = inner {
            filters.push(expr);
            inner = below;
        }
        let GraphPattern::Bgp { patterns } = inner else { return None };
        let count = |(name, aggregate): &'q (Variable, AggregateExpression)| match aggregate {
            AggregateExpression::CountSolutions { distinct: false } => Some((name, Count::Rows)),
            AggregateExpression::FunctionCall {
                name: AggregateFunction::Count,
                expr: Expression::Variable(value),
                distinct,
            } => Some((name, if *distinct { Count::Values(value) } else { Count::Rows })),
            _ => None,
        };
        let counts: Vec<_> = aggregates.iter().map(count).collect::<Option<_>>()?;
        let mut bound = FxHashSet::default();
        inner.on_in_scope_variable(|name| {
            bound.insert(name);
        });
        let counted = aggregates.iter().filter_map(|(_, aggregate)| match aggregate {
            AggregateExpression::FunctionCall { expr: Expression::Variable(value), .. } => Some(value),
            _ => None,
        });
        let mut needed = keys.iter().chain(counted);
        let is_of_the_kind = !patterns.is_empty()
            && needed.all(|name| bound.contains(name))
            && filters.iter().all(|expr| filter::variable(expr).is_some_and(|name| bound.contains(name)));
        is_of_the_kind.then_some(Self { keys, patterns, filters, counts })
    }

    /// The groups with their counts; `None` if they cannot be told this way.
    fn table(&self, view: &View) -> Result<Option<GraphPattern>, Error> {
        let values = self.counts.iter().filter_map(|(_, count)| match count {
            Count::Values(name) => Some(*name),
            Count::Rows => None,
        });
        let needed: Vec<&Variable> = self.keys.iter().chain(values).collect();
        let Some(plan) = Plan::of(view, self.patterns, &self.filters, &needed) else { return Ok(None) };
        let mut groups = Groups::of(self, &plan);
        if !plan.run(view, &mut |rows| groups.add(view, rows))? {
            return Ok(None);
        }
        let table = groups.table(self, view);
        view.shrink(groups.bytes);
        table
    }
}

/// The groups so far.
struct Groups {
    /// Where the keys are in a row.
    keys: Vec<usize>,
    /// Where the values are that are told apart; `None` for mere rows.
    values: Vec<Option<usize>>,
    counts: FxHashMap<Vec<model::TermId>, Counts>,
    key: Vec<model::TermId>,
    bytes: usize,
}

/// What was counted in a group.
struct Counts {
    rows: u64,
    values: Vec<FxHashSet<model::TermId>>,
}

impl Groups {
    fn of(shape: &Shape<'_>, plan: &Plan<'_>) -> Self {
        let place = |name: &Variable| plan.place(name);
        let mut this = Self {
            keys: shape.keys.iter().map(place).collect(),
            values: shape
                .counts
                .iter()
                .map(|(_, count)| match count {
                    Count::Rows => None,
                    Count::Values(name) => Some(place(name)),
                })
                .collect(),
            counts: FxHashMap::default(),
            key: Vec::new(),
            bytes: 0,
        };
        if this.keys.is_empty() {
            this.counts.insert(Vec::new(), this.counts()); // it is there without a row, too
        }
        this
    }

    fn counts(&self) -> Counts {
        Counts { rows: 0, values: self.values.iter().flatten().map(|_| FxHashSet::default()).collect() }
    }

    fn add(&mut self, view: &View, rows: &Rows) {
        let before = self.bytes;
        if self.keys.is_empty() && self.values.iter().all(Option::is_none) {
            if let Some(all) = self.counts.get_mut(&[][..]) {
                all.rows += rows.weight();
            }
            return;
        }
        for at in 0..rows.len() {
            self.key.clear();
            self.key.extend(self.keys.iter().map(|key| rows.column(*key)[at]));
            if !self.counts.contains_key(&self.key[..]) {
                self.bytes += GROUP_BYTES + size_of_val(&self.key[..]);
                let counts = self.counts();
                self.counts.insert(self.key.clone(), counts);
            }
            let Some(group) = self.counts.get_mut(&self.key[..]) else { continue };
            group.rows += rows.weight_of(at);
            for (seen, place) in group.values.iter_mut().zip(self.values.iter().flatten()) {
                if seen.insert(rows.column(*place)[at]) {
                    self.bytes += VALUE_BYTES;
                }
            }
        }
        view.grow(self.bytes - before);
    }

    fn table(&self, shape: &Shape<'_>, view: &View) -> Result<Option<GraphPattern>, Error> {
        let mut bindings = Vec::with_capacity(self.counts.len());
        for (key, counts) in &self.counts {
            let mut row = Vec::with_capacity(key.len() + self.values.len());
            for id in key {
                let term = view.externalize(&view.node(*id)).map_err(|_| Error::Cancelled)?;
                let Ok(term) = GroundTerm::try_from(term) else { return Ok(None) };
                row.push(Some(term));
            }
            let mut values = counts.values.iter();
            for is_rows in self.values.iter().map(Option::is_none) {
                let count = if is_rows { counts.rows } else { values.next().map_or(0, |seen| seen.len() as u64) };
                row.push(Some(Literal::from(i64::try_from(count).unwrap_or(i64::MAX)).into()));
            }
            bindings.push(row);
        }
        let variables = shape.keys.iter().chain(shape.counts.iter().map(|(name, _)| *name)).cloned().collect();
        Ok(Some(GraphPattern::Values { variables, bindings }))
    }
}
