//! Algebra into plans of `exec`, which work on ids, batch by batch.
//!
//! A plan is made of triple patterns and the operators around them: filters, OPTIONAL, EXISTS, UNION, counts and groups,
//! DISTINCT, ORDER BY of counts, LIMIT. An algebra that asks for more has none, and the evaluator answers it, over the
//! same snapshot and with the same rows; only its outermost group may still be counted by a plan ([`group`]).
//!
//! - **Shape**: each variable is a slot. A triple that may be in several graphs of a merged default graph is told apart
//!   where it is found; a snapshot of one graph has none.
//! - Whatever a plan cannot say is refused here, before anything runs: there is no way back from the first row.
//!
//! - `classes`: leaves out what the store's counts imply.
//! - `order`: which triple pattern comes next.
//! - `condition`: what of an expression can be asked of rows.

use exec::aggregate::Function;
use exec::batch::Slot;
use exec::expr::Expr;
use exec::plan::{Aggregate, Apply, Plan, SortKey, rules};
use model::TermId;
use oxrdf::{NamedNode, Variable};
use rustc_hash::FxHashMap;
use spargebra::algebra::{AggregateExpression, AggregateFunction, Expression, GraphPattern, OrderExpression};
use spargebra::term::{NamedNodePattern, TriplePattern};
use store::statistics::Run;

use crate::Query;
use crate::dataset::View;

mod classes;
mod condition;
mod order;

pub(crate) use condition::{Operand, operand};
use order::Parts;

/// What is run in the place of an algebra.
pub(crate) struct Lowered {
    pub(crate) plan: Plan,
    /// The variables of its rows; one without a slot is never bound.
    pub(crate) columns: Vec<(Variable, Option<Slot>)>,
}

/// The plan of a whole query, if it has one.
pub(crate) fn query(query: &Query, view: &View) -> Option<Lowered> {
    let mut lowering = Lowering::of(query, view);
    match &query.algebra {
        spargebra::Query::Select { pattern, .. } => {
            let plan = lowering.pattern(pattern)?;
            let mut variables = Vec::new();
            pattern.on_in_scope_variable(|name| {
                if !variables.contains(name) {
                    variables.push(name.clone());
                }
            });
            Some(lowering.finish(plan, variables))
        }
        spargebra::Query::Ask { pattern, .. } => {
            let plan = Plan::Limit { input: Box::new(lowering.pattern(pattern)?), count: Expr::Constant(1.into()) };
            Some(lowering.finish(plan, Vec::new()))
        }
        spargebra::Query::Construct { .. } | spargebra::Query::Describe { .. } => None,
    }
}

/// The plan of a group of a query.
pub(crate) fn group(group: &GraphPattern, query: &Query, view: &View) -> Option<Lowered> {
    let mut lowering = Lowering::of(query, view);
    let plan = lowering.pattern(group)?;
    let mut variables = Vec::new();
    group.on_in_scope_variable(|name| variables.push(name.clone()));
    Some(lowering.finish(plan, variables))
}

/// A variable, or a blank node, which is one without a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name<'q> {
    Variable(&'q Variable),
    Blank(&'q str),
}

/// What is known of a variable.
#[derive(Clone, Copy)]
struct Bound {
    slot: Slot,
    kind: Kind,
    /// Whether a row may have none.
    optional: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A term that can be a subject.
    Resource,
    /// Any term of the store.
    Term,
    /// A number that the plan has counted.
    Count,
}

/// One algebra on its way to a plan.
struct Lowering<'q, 'v> {
    view: &'v View,
    statistics: Option<&'v Run>,
    /// The one graph that the default graph is, if it is one, and whether a triple may be in several; `None` if it is some
    /// of the graphs.
    default: Option<(Option<TermId>, bool)>,
    names: FxHashMap<Name<'q>, Bound>,
    next: u32,
}

impl<'q, 'v> Lowering<'q, 'v> {
    fn of(query: &'v Query, view: &'v View) -> Self {
        let (statistics, default) = (query.statistics.as_deref(), view.one_graph());
        Self { view, statistics, default, names: FxHashMap::default(), next: 0 }
    }

    fn finish(self, plan: Plan, variables: Vec<Variable>) -> Lowered {
        let slot = |name: &Variable| self.names.get(&Name::Variable(name)).map(|bound| bound.slot);
        let slots: Vec<Option<Slot>> = variables.iter().map(slot).collect();
        let asked: Vec<Slot> = slots.iter().flatten().copied().collect();
        let plan = rules::apply(plan, self.view.snapshot(), &asked);
        Lowered { plan, columns: variables.into_iter().zip(slots).collect() }
    }

    fn slot(&mut self) -> Slot {
        self.next += 1;
        Slot(self.next - 1)
    }

    fn pattern(&mut self, pattern: &'q GraphPattern) -> Option<Plan> {
        let mut basic = Basic::default();
        if basic.take(pattern, None) {
            return self.basic(Plan::Unit, basic);
        }
        match pattern {
            GraphPattern::Filter { expr, inner } => {
                let plan = self.pattern(inner)?;
                self.filter(plan, expr)
            }
            GraphPattern::LeftJoin { left, right, expression } => {
                let plan = self.pattern(left)?;
                self.optional(plan, right, expression.as_ref())
            }
            GraphPattern::Union { left, right } => self.union(left, right),
            GraphPattern::Extend { inner, variable, expression: Expression::Variable(name) } => {
                let plan = self.pattern(inner)?;
                let bound = *self.names.get(&Name::Variable(name))?;
                self.names.insert(Name::Variable(variable), bound);
                Some(plan)
            }
            GraphPattern::Group { inner, variables, aggregates } => {
                let plan = self.pattern(inner)?;
                self.group(plan, variables, aggregates)
            }
            GraphPattern::Project { inner, variables } => {
                let plan = self.pattern(inner)?;
                self.names.retain(|name, _| matches!(name, Name::Variable(name) if variables.contains(name)));
                Some(plan)
            }
            GraphPattern::Distinct { inner } => {
                let input = Box::new(self.pattern(inner)?);
                let mut slots: Vec<Slot> = self.names.values().map(|bound| bound.slot).collect();
                slots.sort_unstable();
                slots.dedup();
                Some(Plan::Distinct { input, slots })
            }
            GraphPattern::Reduced { inner } => self.pattern(inner),
            GraphPattern::OrderBy { inner, expression } => {
                let input = Box::new(self.pattern(inner)?);
                let keys = expression.iter().map(|key| self.sort_key(key)).collect::<Option<_>>()?;
                Some(Plan::Sort { input, keys, limit: None })
            }
            GraphPattern::Slice { inner, start, length } => {
                let number = |count: usize| Some(Expr::Constant(i64::try_from(count).ok()?.into()));
                let mut plan = self.pattern(inner)?;
                if *start > 0 {
                    plan = Plan::Skip { input: Box::new(plan), count: number(*start)? };
                }
                Some(match length {
                    Some(length) => Plan::Limit { input: Box::new(plan), count: number(*length)? },
                    None => plan,
                })
            }
            _ => None,
        }
    }

    /// Triple patterns and their filters, for each row of the input.
    fn basic(&mut self, mut plan: Plan, basic: Basic<'q>) -> Option<Plan> {
        let Basic { mut patterns, mut conditions } = basic;
        if let Some((None, _)) = self.default {
            classes::drop_implied(&mut patterns, self.statistics, self.view.snapshot());
        }
        let mut patterns: Vec<Parts<'q>> =
            patterns.into_iter().map(|asked| self.parts(asked)).collect::<Option<_>>()?;
        while !patterns.is_empty() {
            let triple = patterns.swap_remove(self.cheapest(&patterns)?);
            plan = Plan::Triples { input: Box::new(plan), triple: self.triple(triple)? };
            let (ready, later) = conditions.into_iter().partition(|expression| self.is_bound(expression));
            conditions = later;
            plan =
                ready.into_iter().try_fold(plan, |plan, expression: &Expression| self.condition(plan, expression))?;
        }
        conditions.into_iter().try_fold(plan, |plan, expression| self.condition(plan, expression))
    }

    /// Rows for which an expression is true.
    fn filter(&mut self, plan: Plan, expression: &'q Expression) -> Option<Plan> {
        match expression {
            Expression::And(left, right) => {
                let plan = self.filter(plan, left)?;
                self.filter(plan, right)
            }
            Expression::Exists(pattern) => self.exists(plan, pattern, Apply::Semi),
            Expression::Not(negated) => match &**negated {
                Expression::Exists(pattern) => self.exists(plan, pattern, Apply::Anti),
                _ => self.condition(plan, expression),
            },
            _ => self.condition(plan, expression),
        }
    }

    fn condition(&self, plan: Plan, expression: &Expression) -> Option<Plan> {
        let condition = self.told(expression)?;
        Some(Plan::Test { input: Box::new(plan), condition })
    }

    /// Rows for which a pattern has some solution, or none: it sees what the row has bound.
    fn exists(&mut self, plan: Plan, pattern: &'q GraphPattern, kind: Apply) -> Option<Plan> {
        let mut basic = Basic::default();
        if !basic.take(pattern, None) {
            return None;
        }
        let outside = self.names.clone();
        let inner = Box::new(self.basic(Plan::Argument, basic)?);
        self.names = outside;
        Some(Plan::Apply { input: Box::new(plan), inner, kind })
    }

    /// Each row with each solution of a pattern that agrees with it; as it is if there is none.
    fn optional(&mut self, plan: Plan, pattern: &'q GraphPattern, expression: Option<&'q Expression>) -> Option<Plan> {
        let mut basic = Basic::default();
        if !basic.take(pattern, None) || !expression.is_none_or(|expression| basic.conjoin(expression)) {
            return None;
        }
        let outside = self.names.clone();
        let inner = Box::new(self.basic(Plan::Argument, basic)?);
        let mut nulls = Vec::new();
        for (name, bound) in &mut self.names {
            if !outside.contains_key(name) {
                bound.optional = true;
                nulls.push(bound.slot);
            }
        }
        nulls.sort_unstable();
        Some(Plan::Apply { input: Box::new(plan), inner, kind: Apply::Optional(nulls) })
    }

    /// The rows of one pattern, then those of another.
    fn union(&mut self, left: &'q GraphPattern, right: &'q GraphPattern) -> Option<Plan> {
        let left = self.pattern(left)?;
        let lefts = std::mem::take(&mut self.names);
        let right = self.pattern(right)?;
        let rights = std::mem::take(&mut self.names);
        let mut names: Vec<Name<'q>> = lefts.keys().chain(rights.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        let (mut from_left, mut from_right, mut to) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            let (left, right) = (lefts.get(&name), rights.get(&name));
            let kind = match (left.map(|bound| bound.kind), right.map(|bound| bound.kind)) {
                (Some(kind), None) | (None, Some(kind)) => kind,
                (Some(left), Some(right)) if left == right => left,
                (Some(Kind::Count), _) | (_, Some(Kind::Count)) => return None,
                _ => Kind::Term,
            };
            let optional = ![left, right].into_iter().all(|bound| bound.is_some_and(|bound| !bound.optional));
            // A slot that nothing binds is null.
            from_left.push(left.map_or_else(|| self.slot(), |bound| bound.slot));
            from_right.push(right.map_or_else(|| self.slot(), |bound| bound.slot));
            let slot = self.slot();
            to.push(slot);
            self.names.insert(name, Bound { slot, kind, optional });
        }
        Some(Plan::Union { parts: vec![(left, from_left), (right, from_right)], to })
    }

    /// Groups of rows, and what is counted of each.
    fn group(
        &mut self,
        plan: Plan,
        variables: &'q [Variable],
        aggregates: &'q [(Variable, AggregateExpression)],
    ) -> Option<Plan> {
        let mut names = FxHashMap::default();
        let mut keys = Vec::new();
        for variable in variables {
            let bound = *self.names.get(&Name::Variable(variable))?;
            names.insert(Name::Variable(variable), bound);
            if keys.iter().all(|(slot, _)| *slot != bound.slot) {
                keys.push((bound.slot, Expr::Slot(bound.slot)));
            }
        }
        let mut counts = Vec::new();
        for (variable, aggregate) in aggregates {
            let (of, distinct) = match aggregate {
                AggregateExpression::CountSolutions { distinct: false } => (None, false),
                AggregateExpression::FunctionCall {
                    name: AggregateFunction::Count,
                    expr: Expression::Variable(name),
                    distinct,
                } => {
                    let bound = self.names.get(&Name::Variable(name)).filter(|bound| bound.kind != Kind::Count)?;
                    (Some(bound).filter(|bound| *distinct || bound.optional), *distinct)
                }
                _ => return None,
            };
            let argument = of.map(|bound| Expr::Slot(bound.slot));
            let slot = self.slot();
            counts.push((slot, Aggregate { function: Function::Count, argument, distinct, percentile: None }));
            names.insert(Name::Variable(variable), Bound { slot, kind: Kind::Count, optional: false });
        }
        self.names = names;
        Some(Plan::Aggregate { input: Box::new(plan), keys, aggregates: counts })
    }

    /// Only counts are sorted here: of terms the evaluator knows the order.
    fn sort_key(&self, key: &OrderExpression) -> Option<SortKey> {
        let (expression, descending) = match key {
            OrderExpression::Asc(expression) => (expression, false),
            OrderExpression::Desc(expression) => (expression, true),
        };
        let Expression::Variable(name) = expression else { return None };
        let bound = self.names.get(&Name::Variable(name)).filter(|bound| bound.kind == Kind::Count)?;
        Some(SortKey { key: Expr::Slot(bound.slot), descending })
    }
}

/// A triple pattern, of a graph that has a name or of the default graph.
#[derive(Clone, Copy)]
struct Asked<'q> {
    triple: &'q TriplePattern,
    graph: Option<&'q NamedNode>,
}

/// Triple patterns, and what holds for their variables.
#[derive(Default)]
struct Basic<'q> {
    patterns: Vec<Asked<'q>>,
    conditions: Vec<&'q Expression>,
}

impl<'q> Basic<'q> {
    /// Takes a pattern in, if it is nothing else.
    fn take(&mut self, pattern: &'q GraphPattern, graph: Option<&'q NamedNode>) -> bool {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                self.patterns.extend(patterns.iter().map(|triple| Asked { triple, graph }));
                true
            }
            GraphPattern::Join { left, right } => self.take(left, graph) && self.take(right, graph),
            // Without a triple it asks whether there is such a graph.
            GraphPattern::Graph { name: NamedNodePattern::NamedNode(graph), inner } => {
                let before = self.patterns.len();
                self.take(inner, Some(graph)) && self.patterns.len() > before
            }
            // A filter sees the variables of its own group alone.
            GraphPattern::Filter { expr, inner } => {
                let mut bound = Vec::new();
                inner.on_in_scope_variable(|name| bound.push(name));
                condition::variables(expr).is_some_and(|names| names.iter().all(|name| bound.contains(&name)))
                    && self.take(inner, graph)
                    && self.conjoin(expr)
            }
            _ => false,
        }
    }

    /// Takes a condition in, if each of its parts can be asked by itself.
    fn conjoin(&mut self, expression: &'q Expression) -> bool {
        if let Expression::And(left, right) = expression {
            return self.conjoin(left) && self.conjoin(right);
        }
        self.conditions.push(expression);
        condition::variables(expression).is_some()
    }
}
