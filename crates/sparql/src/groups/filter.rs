//! Filters of one variable, by the evaluator, once for each value.

use std::collections::hash_map::Entry;

use model::TermId;
use oxrdf::Variable;
use rustc_hash::FxHashMap;
use spareval::{QueryEvaluator, QueryResults};
use spargebra::Query;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::GroundTerm;

use crate::Error;
use crate::dataset::View;
use crate::walk::walk;

/// Values that are remembered, at most.
const REMEMBERED: usize = 1 << 20;

/// The one variable that an expression has, if it has just one, and looks at nothing else.
pub(super) fn variable(expression: &Expression) -> Option<&Variable> {
    let mut names = Vec::new();
    let mut is_plain = true;
    let mut copy = GraphPattern::Filter { expr: expression.clone(), inner: Box::default() };
    walk(&mut copy, &mut |_| {}, &mut |expression| match expression {
        Expression::Variable(name) | Expression::Bound(name) if !names.contains(name) => names.push(name.clone()),
        // Each call of a function has its own value of RAND and the like.
        Expression::Exists(_) => is_plain = false,
        Expression::FunctionCall(function, _) => {
            use spargebra::algebra::Function;
            is_plain &= !matches!(function, Function::Rand | Function::BNode | Function::Uuid | Function::StrUuid);
        }
        _ => {}
    });
    let ([name], true) = (names.as_slice(), is_plain) else { return None };
    first(expression, name)
}

/// The variable of this name, where the expression has it.
fn first<'q>(expression: &'q Expression, name: &Variable) -> Option<&'q Variable> {
    match expression {
        Expression::Variable(found) | Expression::Bound(found) => (found == name).then_some(found),
        Expression::Or(a, b)
        | Expression::And(a, b)
        | Expression::Equal(a, b)
        | Expression::SameTerm(a, b)
        | Expression::Greater(a, b)
        | Expression::GreaterOrEqual(a, b)
        | Expression::Less(a, b)
        | Expression::LessOrEqual(a, b)
        | Expression::Add(a, b)
        | Expression::Subtract(a, b)
        | Expression::Multiply(a, b)
        | Expression::Divide(a, b) => first(a, name).or_else(|| first(b, name)),
        Expression::UnaryPlus(a) | Expression::UnaryMinus(a) | Expression::Not(a) => first(a, name),
        Expression::In(a, list) => {
            first(a, name).or_else(|| list.iter().find_map(|expression| first(expression, name)))
        }
        Expression::If(a, b, c) => first(a, name).or_else(|| first(b, name)).or_else(|| first(c, name)),
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => {
            list.iter().find_map(|expression| first(expression, name))
        }
        Expression::NamedNode(_) | Expression::Literal(_) | Expression::Exists(_) => None,
    }
}

/// Which values a filter lets through.
pub(super) struct Filter<'q> {
    variable: &'q Variable,
    expression: &'q Expression,
    known: FxHashMap<TermId, bool>,
}

impl<'q> Filter<'q> {
    pub(super) fn of(expression: &'q Expression) -> Option<Self> {
        Some(Self { variable: variable(expression)?, expression, known: FxHashMap::default() })
    }

    pub(super) fn variable(&self) -> &'q Variable {
        self.variable
    }

    /// Which of the values pass; `None` if there is a blank node among them, which no table can have.
    pub(super) fn passes(&mut self, view: &View, values: &[TermId]) -> Result<Option<Vec<bool>>, Error> {
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        let mut bindings = Vec::new();
        for id in values {
            if let Entry::Vacant(new) = self.known.entry(*id) {
                new.insert(false);
                let term = view.externalize(&view.node(*id)).map_err(|_| Error::Cancelled)?;
                let Ok(term) = GroundTerm::try_from(term) else { return Ok(None) };
                bindings.push(vec![Some(term)]);
            }
        }
        if !bindings.is_empty() {
            self.ask(view, bindings)?;
        }
        Ok(Some(values.iter().map(|id| self.known.get(id).copied().unwrap_or_default()).collect()))
    }

    /// Finds out which of new values pass.
    fn ask(&mut self, view: &View, bindings: Vec<Vec<Option<GroundTerm>>>) -> Result<(), Error> {
        let inner = Box::new(GraphPattern::Values { variables: vec![self.variable.clone()], bindings });
        let pattern = GraphPattern::Filter { expr: self.expression.clone(), inner };
        let query = Query::Select { dataset: None, pattern, base_iri: None };
        let evaluator = QueryEvaluator::new().with_cancellation_token(view.evaluator_token());
        if let QueryResults::Solutions(rows) = evaluator.prepare(&query).execute(view)? {
            for row in rows {
                if let Some(term) = row?.get(self.variable) {
                    self.known.insert(view.internalize(term.clone()).id, true);
                }
            }
        }
        Ok(())
    }
}
