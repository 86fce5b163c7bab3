//! DESCRIBE: what is said of a resource, and with it.
//!
//! Neptune's default form, `SymmetricOneStep`: all triples of the default graph that have the resource as subject or as
//! object, each once. Nothing is followed further, not even blank nodes.
//!
//! **Source**: spec/sparql.md §6, describeMode.

use model::{Quad, TermId};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashSet;
use spareval::QuerySolutionIter;
use spargebra::Query;

use crate::Error;
use crate::dataset::{Matches, Stopped, View};

/// The query for the resources that a DESCRIBE is about; `None` for other queries.
pub(crate) fn selection(query: &Query) -> Option<Query> {
    match query {
        Query::Describe { pattern, base_iri, .. } => {
            Some(Query::Select { dataset: None, pattern: pattern.clone(), base_iri: base_iri.clone() })
        }
        Query::Select { .. } | Query::Ask { .. } | Query::Construct { .. } => None,
    }
}

/// The triples about each resource of some rows.
pub(crate) struct Description<'a> {
    view: &'a View,
    resources: QuerySolutionIter<'a>,
    /// Resources of the row that was read last.
    waiting: Vec<TermId>,
    /// Resources whose triples were, or are being, handed out.
    described: FxHashSet<TermId>,
    current: Option<Resource<'a>>,
}

/// The resource whose triples are being handed out.
struct Resource<'a> {
    id: TermId,
    side: Side,
    quads: Matches<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Subject,
    Object,
}

impl<'a> Description<'a> {
    pub(crate) fn of(view: &'a View, resources: QuerySolutionIter<'a>) -> Self {
        Self { view, resources, waiting: Vec::new(), described: FxHashSet::default(), current: None }
    }

    /// The next triple of the current resource that no resource before it had.
    fn of_current(&mut self) -> Option<Result<Quad, Stopped>> {
        let Resource { id, side, quads } = self.current.as_mut()?;
        quads.find(|quad| match (quad, *side) {
            (Err(_), _) => true,
            // A resource that was described before has handed out all triples that it is in.
            (Ok(quad), Side::Subject) => quad.o == *id || !self.described.contains(&quad.o),
            (Ok(quad), Side::Object) => !self.described.contains(&quad.s),
        })
    }

    fn triple(&self, quad: Quad) -> Result<Triple, Error> {
        let term = |id: TermId| self.view.externalize(&self.view.node(id)).map_err(|_| Error::Cancelled);
        let subject = term(quad.s)?;
        let predicate = term(quad.p)?;
        let malformed = |position: &str| Error::Evaluation(format!("the {position} of {quad:?} is a literal"));
        Ok(Triple {
            subject: NamedOrBlankNode::try_from(subject).map_err(|_| malformed("subject"))?,
            predicate: NamedNode::try_from(predicate).map_err(|_| malformed("predicate"))?,
            object: term(quad.o)?,
        })
    }

    /// Goes on to the other side of the resource, or the next one; `false` when there is none.
    fn advance(&mut self) -> Result<bool, Error> {
        if let Some(Resource { id, side: Side::Subject, .. }) = self.current {
            let quads = self.view.default_graph(None, None, Some(id));
            self.current = Some(Resource { id, side: Side::Object, quads });
            return Ok(true);
        }
        loop {
            while let Some(id) = self.waiting.pop() {
                if self.described.insert(id) {
                    let quads = self.view.default_graph(Some(id), None, None);
                    self.current = Some(Resource { id, side: Side::Subject, quads });
                    return Ok(true);
                }
            }
            let Some(row) = self.resources.next() else {
                return Ok(false);
            };
            let row = row?;
            let resources = row.values().iter().flatten().filter(|term| !matches!(term, Term::Literal(_)));
            self.waiting.extend(resources.map(|term| self.view.internalize(term.clone()).id));
        }
    }
}

impl Iterator for Description<'_> {
    type Item = Result<Triple, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.of_current() {
                Some(Ok(quad)) => return Some(self.triple(quad)),
                Some(Err(Stopped)) => return Some(Err(Error::Cancelled)), // the view knows the true reason
                None => match self.advance() {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}
