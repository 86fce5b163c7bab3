//! SERVICE: a part of a query that another server answers.
//!
//! - **Who asks**: this crate knows no network. [`Services`] sends a text and gives back the bytes of the answer; whom it may
//!   ask is its own matter.
//! - **Folding**: what is within SERVICE is taken out of the algebra when it is parsed, and a stand-in that only names its
//!   variables stays: so nothing that amends or reorders the query for this store touches what another one is sent.
//! - **Bindings** (`bind`): of what SERVICE is joined with, the shared values are found before, and sent along in blocks, if
//!   they are not too many. So the other server tells what is asked about, and not all that it has.
//! - **Answers** (`ask`): read whole, within the query's memory, and checked before the first row is taken, so that SILENT
//!   can mean all or nothing.
//!
//! **Source**: spec/sparql.md §8; SPARQL 1.1 Federated Query.

use std::sync::Arc;

use oxrdf::{Literal, NamedNode, Variable};
use spargebra::algebra::GraphPattern;
use spargebra::term::{GroundTerm, NamedNodePattern, TriplePattern};
use store::CancelToken;
use thiserror::Error;

use crate::walk::walk;

mod ask;
mod bind;

pub(crate) use ask::Asker;

/// Asks other servers.
pub trait Services: Send + Sync {
    /// The answer of `endpoint` to a SELECT query, of at most `most` bytes. Called on a thread that may wait.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    fn select(
        &self,
        endpoint: &str,
        query: &str,
        most: usize,
        cancel: &CancelToken,
    ) -> Result<ServiceAnswer, ServiceError>;
}

/// What another server has answered.
#[derive(Clone, Debug)]
pub struct ServiceAnswer {
    /// The type that it says the bytes have.
    pub media_type: String,
    /// Results of a SELECT.
    pub bytes: Vec<u8>,
}

/// Why there is no answer of another server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ServiceError {
    /// It may not be asked.
    #[error("SERVICE {0}")]
    Denied(String),
    /// It does not answer, or not what was asked for.
    #[error("SERVICE {0}")]
    Failed(String),
    /// The answer takes more memory than the query may.
    #[error("Operation terminated (out of memory): answers of SERVICE took more than {0} bytes")]
    TooLarge(usize),
    /// The token was pulled.
    #[error("cancelled")]
    Cancelled,
}

/// What was within SERVICE.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pattern: GraphPattern,
    silent: bool,
}

/// What all SERVICEs of a query have in them, by the number in their stand-ins.
pub(crate) type Templates = Arc<[Template]>;

/// In IRIs of a stand-in's triples, before the name that a variable has in the template.
const VARIABLE: &str = "urn:halimede:variable:";

/// Takes what is within each SERVICE out of the algebra.
pub(crate) fn fold(pattern: &mut GraphPattern) -> Templates {
    let mut templates: Vec<Template> = Vec::new();
    walk(
        pattern,
        &mut |pattern| {
            let GraphPattern::Service { inner, silent, .. } = pattern else { return };
            // What is nested was folded before; the other server gets it as it was written.
            walk(
                inner,
                &mut |pattern| {
                    if let GraphPattern::Service { inner, .. } = pattern
                        && let Some(template) = StandIn::read(inner).and_then(|found| templates.get(found.number))
                    {
                        **inner = template.pattern.clone();
                    }
                },
                &mut |_| {},
            );
            let whole = std::mem::take(&mut **inner);
            **inner = stand_in(templates.len(), &whole);
            templates.push(Template { pattern: whole, silent: *silent });
        },
        &mut |_| {},
    );
    templates.into()
}

/// `OPTIONAL`, since any of the variables may be unbound in an answer.
fn stand_in(number: usize, pattern: &GraphPattern) -> GraphPattern {
    let patterns = in_scope(pattern).into_iter().map(|name| TriplePattern {
        subject: NamedNode::new_unchecked(VARIABLE).into(),
        predicate: NamedNode::new_unchecked(format!("{VARIABLE}{}", name.as_str())).into(),
        object: name.into(),
    });
    GraphPattern::LeftJoin {
        left: Box::new(GraphPattern::Values {
            // A name that no text can have, and another one for each.
            variables: vec![Variable::new_unchecked(format!("service {number}"))],
            bindings: vec![vec![Some(GroundTerm::Literal(Literal::from(number as u64)))]],
        }),
        right: Box::new(GraphPattern::Bgp { patterns: patterns.collect() }),
        expression: None,
    }
}

/// What a stand-in says.
struct StandIn {
    number: usize,
    /// The variables as they are called in the query, and as they are called in the template.
    names: Vec<(Variable, Variable)>,
}

impl StandIn {
    /// Reads a stand-in, in whatever shape it came through the optimiser.
    fn read(pattern: &GraphPattern) -> Option<Self> {
        let (mut number, mut names) = (None, Vec::new());
        walk(
            &mut pattern.clone(),
            &mut |pattern| match pattern {
                GraphPattern::Values { variables, bindings } => {
                    if let ([name], [row]) = (&variables[..], &bindings[..])
                        && name.as_str().starts_with("service ")
                        && let [Some(GroundTerm::Literal(literal))] = &row[..]
                    {
                        number = literal.value().parse().ok();
                    }
                }
                GraphPattern::Bgp { patterns } => names.extend(patterns.iter().filter_map(named)),
                _ => {}
            },
            &mut |_| {},
        );
        Some(Self { number: number?, names })
    }
}

fn named(triple: &TriplePattern) -> Option<(Variable, Variable)> {
    match (&triple.predicate, &triple.object) {
        (NamedNodePattern::NamedNode(iri), spargebra::term::TermPattern::Variable(name)) => {
            Some((name.clone(), Variable::new_unchecked(iri.as_str().strip_prefix(VARIABLE)?)))
        }
        _ => None,
    }
}

/// The variables that a pattern binds, each once.
fn in_scope(pattern: &GraphPattern) -> Vec<Variable> {
    let mut names = Vec::new();
    pattern.on_in_scope_variable(|name| {
        if !names.contains(name) {
            names.push(name.clone());
        }
    });
    names
}
