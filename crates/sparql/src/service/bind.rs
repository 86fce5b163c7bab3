//! What another server is told of the rows that its answer is joined with.

use std::borrow::Cow;

use oxrdf::{Term, Variable};
use rustc_hash::FxHashSet;
use spareval::{QueryEvaluator, QueryResults};
use spargebra::Query;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{GroundTerm, NamedNodePattern};

use super::ask::{Asker, Bindings};
use super::{StandIn, in_scope};
use crate::dataset::View;
use crate::walk::walk;
use crate::{Error, query};

/// Of more rows than these nothing is told.
const MOST_ROWS: usize = 1_000;
/// Most endpoints that one variable may stand for.
const MOST_ENDPOINTS: usize = 100;

impl Asker {
    /// The algebra in which each SERVICE knows what it is joined with, and has an endpoint.
    ///
    /// # Errors
    ///
    /// Those of the evaluation of what SERVICE is joined with, and [`Error::Unsupported`] for too many endpoints.
    pub(crate) fn bound<'q>(
        &self,
        algebra: Cow<'q, Query>,
        view: &View,
        evaluator: &QueryEvaluator,
    ) -> Result<Cow<'q, Query>, Error> {
        if !self.asks() {
            return Ok(algebra);
        }
        let mut algebra = algebra.into_owned();
        let pattern = query::pattern(&mut algebra);
        let elsewhere = elsewhere(pattern);
        let mut result = Ok(());
        walk(
            pattern,
            &mut |pattern| {
                let (others, service) = match pattern {
                    GraphPattern::Join { left, right } if is_service(right) => (left, right),
                    GraphPattern::Join { left, right } if is_service(left) => (right, left),
                    GraphPattern::LeftJoin { left, right, .. } if is_service(right) => (left, right),
                    _ => return,
                };
                if result.is_ok() {
                    result = self.tell(others, service, &elsewhere, view, evaluator);
                }
            },
            &mut |_| {},
        );
        result.map(|()| Cow::Owned(algebra))
    }

    /// Finds out what `others` have in common with `service`.
    fn tell(
        &self,
        others: &GraphPattern,
        service: &mut GraphPattern,
        elsewhere: &FxHashSet<usize>,
        view: &View,
        evaluator: &QueryEvaluator,
    ) -> Result<(), Error> {
        let GraphPattern::Service { name, inner, silent } = service else { return Ok(()) };
        let Some(stand_in) = StandIn::read(inner).filter(|found| !elsewhere.contains(&found.number)) else {
            return Ok(());
        };
        let known = in_scope(others);
        let shared: Vec<_> = stand_in.names.into_iter().filter(|(name, _)| known.contains(name)).collect();
        let endpoint = match name {
            NamedNodePattern::Variable(name) if known.contains(name) => Some(name.clone()),
            _ => None,
        };
        if shared.is_empty() && endpoint.is_none() {
            return Ok(());
        }
        let variables: Vec<Variable> = shared.iter().map(|(name, _)| name).chain(&endpoint).cloned().collect();
        let project = GraphPattern::Project { inner: Box::new(others.clone()), variables };
        let distinct = GraphPattern::Distinct { inner: Box::new(project) };
        let pattern = GraphPattern::Slice { inner: Box::new(distinct), start: 0, length: Some(MOST_ROWS + 1) };
        let rows = Query::Select { dataset: None, pattern, base_iri: None };
        let QueryResults::Solutions(solutions) = evaluator.prepare(&rows).execute(view)? else { return Ok(()) };
        let (mut rows, mut endpoints) = (Vec::new(), Vec::new());
        for row in solutions {
            let row = row?;
            view.check()?;
            rows.push(shared.iter().map(|(name, _)| row.get(name).and_then(ground)).collect::<Vec<_>>());
            if let Some(Term::NamedNode(found)) = endpoint.as_ref().and_then(|name| row.get(name))
                && !endpoints.contains(found)
            {
                endpoints.push(found.clone());
            }
        }
        view.check()?;
        let is_all = rows.len() <= MOST_ROWS;
        if is_all && !shared.is_empty() {
            let variables = shared.into_iter().map(|(_, name)| name).collect();
            self.bind(stand_in.number, Bindings { variables, rows });
        }
        let Some(variable) = endpoint else { return Ok(()) };
        if !is_all || endpoints.len() > MOST_ENDPOINTS {
            return Err(Error::Unsupported(format!(
                "SERVICE {variable} stands for too many endpoints: at most {MOST_ENDPOINTS}, in {MOST_ROWS} rows, are asked"
            )));
        }
        let nothing = GraphPattern::Values { variables: Vec::new(), bindings: Vec::new() };
        *service = endpoints.into_iter().fold(nothing, |before, endpoint| {
            let values = vec![vec![Some(GroundTerm::NamedNode(endpoint.clone()))]];
            let here = GraphPattern::Values { variables: vec![variable.clone()], bindings: values };
            let asked = GraphPattern::Service { name: endpoint.into(), inner: inner.clone(), silent: *silent };
            let right = Box::new(GraphPattern::Join { left: Box::new(here), right: Box::new(asked) });
            GraphPattern::Union { left: Box::new(before), right }
        });
        Ok(())
    }
}

fn is_service(pattern: &GraphPattern) -> bool {
    matches!(pattern, GraphPattern::Service { .. })
}

/// What can be sent to others: their blank nodes are not ours.
fn ground(term: &Term) -> Option<GroundTerm> {
    match term {
        Term::NamedNode(iri) => Some(iri.clone().into()),
        Term::Literal(literal) => Some(literal.clone().into()),
        Term::BlankNode(_) => None,
    }
}

/// Those whose neighbours mean something else by themselves: within GRAPH, and within EXISTS, where a row is put into them.
fn elsewhere(pattern: &mut GraphPattern) -> FxHashSet<usize> {
    let found = std::cell::RefCell::new(FxHashSet::default());
    let add = |pattern: &mut GraphPattern| {
        let mut on_pattern = |pattern: &mut GraphPattern| {
            if let GraphPattern::Service { inner, .. } = pattern {
                found.borrow_mut().extend(StandIn::read(inner).map(|stand_in| stand_in.number));
            }
        };
        walk(pattern, &mut on_pattern, &mut |_| {});
    };
    walk(
        pattern,
        &mut |pattern| {
            if let GraphPattern::Graph { inner, .. } = pattern {
                add(inner);
            }
        },
        &mut |expression| {
            if let Expression::Exists(pattern) = expression {
                add(pattern);
            }
        },
    );
    found.into_inner()
}
