//! Where the evaluator departs from SPARQL 1.1, algebra that makes it do what is asked.
//!
//! - **GRAPH ?g**: the evaluator binds ?g within the group already, where it is not in scope. So a ?g that the group names is
//!   given another name there, and compared outside. And MINUS finds ?g on both of its sides: one whose sides share no other
//!   variable takes nothing away, and goes.
//! - **GROUP_CONCAT** gives a plain string; the evaluator keeps a language that all values have.
//! - **Paths of length zero** match a term that is in no triple, too; the evaluator looks for one.
//!
//! **Source**: SPARQL 1.1 Query Language §8.3.2, §13.3, §18.2.4.1, §18.4.

use std::collections::HashSet;

use oxrdf::Variable;
use spargebra::algebra::{
    AggregateExpression, AggregateFunction, Expression, Function, GraphPattern, PropertyPathExpression,
};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern};

use crate::walk::walk;

/// Amends a pattern, once, when it is parsed. Returns whether [`amend_zero_paths`] has something to do.
pub(crate) fn amend(pattern: &mut GraphPattern) -> bool {
    let mut has_zero_path = false;
    walk(
        pattern,
        &mut |pattern| match pattern {
            GraphPattern::Graph { name: NamedNodePattern::Variable(graph), inner } => {
                let graph = graph.clone();
                drop_idle_minus(inner);
                if rename(inner, &graph, &inside(&graph)) {
                    let [outer, inner] =
                        [graph.clone(), inside(&graph)].map(|name| Box::new(Expression::Variable(name)));
                    let is_free = Expression::Not(Box::new(Expression::Bound(inside(&graph))));
                    let expr = Expression::Or(Box::new(is_free), Box::new(Expression::SameTerm(outer, inner)));
                    let graph = Box::new(std::mem::take(pattern));
                    *pattern = GraphPattern::Filter { expr, inner: graph };
                }
            }
            GraphPattern::Group { aggregates, .. } => {
                let mut plain = Vec::new();
                for (name, aggregate) in aggregates {
                    if let AggregateExpression::FunctionCall { name: AggregateFunction::GroupConcat { .. }, .. } =
                        aggregate
                    {
                        let shown = std::mem::replace(name, inside(name));
                        plain.push((shown, name.clone()));
                    }
                }
                for (variable, joined) in plain {
                    let inner = Box::new(std::mem::take(pattern));
                    let expression = Expression::FunctionCall(Function::Str, vec![Expression::Variable(joined)]);
                    *pattern = GraphPattern::Extend { inner, variable, expression };
                }
            }
            pattern => has_zero_path |= zero_path(pattern).is_some(),
        },
        &mut |_| {},
    );
    has_zero_path
}

/// A name that no text can have.
fn inside(variable: &Variable) -> Variable {
    Variable::new_unchecked(format!("{} inside", variable.as_str()))
}

/// Removes MINUS where the sides share no variable.
fn drop_idle_minus(pattern: &mut GraphPattern) {
    walk(
        pattern,
        &mut |pattern| {
            if let GraphPattern::Minus { left, right } = pattern {
                let mut names = HashSet::new();
                left.on_in_scope_variable(|name| {
                    names.insert(name.clone());
                });
                let mut shares = false;
                right.on_in_scope_variable(|name| shares |= names.contains(name));
                if !shares {
                    *pattern = std::mem::take(left);
                }
            }
        },
        &mut |_| {},
    );
}

/// Gives a variable another name; whether there is one.
fn rename(pattern: &mut GraphPattern, from: &Variable, to: &Variable) -> bool {
    let found = std::cell::Cell::new(false);
    let change = |name: &mut Variable| {
        if name == from {
            name.clone_from(to);
            found.set(true);
        }
    };
    let of_term = |term: &mut TermPattern| {
        if let TermPattern::Variable(name) = term {
            change(name);
        }
    };
    let of_name = |term: &mut NamedNodePattern| {
        if let NamedNodePattern::Variable(name) = term {
            change(name);
        }
    };
    walk(
        pattern,
        &mut |pattern| match pattern {
            GraphPattern::Bgp { patterns } => {
                for triple in patterns {
                    of_term(&mut triple.subject);
                    of_name(&mut triple.predicate);
                    of_term(&mut triple.object);
                }
            }
            GraphPattern::Path { subject, object, .. } => {
                of_term(subject);
                of_term(object);
            }
            GraphPattern::Graph { name, .. } | GraphPattern::Service { name, .. } => of_name(name),
            GraphPattern::Extend { variable, .. } => change(variable),
            GraphPattern::Values { variables, .. } | GraphPattern::Project { variables, .. } => {
                variables.iter_mut().for_each(change);
            }
            GraphPattern::Group { variables, aggregates, .. } => {
                variables.iter_mut().for_each(change);
                for (name, _) in aggregates {
                    change(name);
                }
            }
            _ => {}
        },
        &mut |expression| {
            if let Expression::Variable(name) | Expression::Bound(name) = expression {
                change(name);
            }
        },
    );
    found.get()
}

/// The constant end of a path that may be of length zero, and the variable at its other end.
fn zero_path(pattern: &GraphPattern) -> Option<(GroundTerm, &Variable)> {
    let GraphPattern::Path { subject, path, object } = pattern else { return None };
    if !matches!(path, PropertyPathExpression::ZeroOrMore(_) | PropertyPathExpression::ZeroOrOne(_)) {
        return None;
    }
    match (subject, object) {
        (TermPattern::Variable(variable), end) | (end, TermPattern::Variable(variable)) => match end {
            TermPattern::NamedNode(iri) => Some((iri.clone().into(), variable)),
            TermPattern::Literal(literal) => Some((literal.clone().into(), variable)),
            TermPattern::BlankNode(_) | TermPattern::Variable(_) => None,
        },
        _ => None,
    }
}

/// Makes paths of length zero that begin or end at a term in no triple the one row that they have. `is_known` says whether
/// a term is in a triple of any graph.
pub(crate) fn amend_zero_paths(pattern: &mut GraphPattern, is_known: &dyn Fn(&GroundTerm) -> bool) {
    walk(
        pattern,
        &mut |pattern| {
            if let Some((end, variable)) = zero_path(pattern)
                && !is_known(&end)
            {
                let variables = vec![variable.clone()];
                *pattern = GraphPattern::Values { variables, bindings: vec![vec![Some(end)]] };
            }
        },
        &mut |_| {},
    );
}
