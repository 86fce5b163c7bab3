//! DESCRIBE: what is said of a resource, and with it.
//!
//! Neptune's default form, `SymmetricOneStep`: all triples of the default graph that have the resource as subject or as
//! object, each once. Hints ask for the subject's alone (`ForwardOneStep`), or for those of every blank node that is met
//! and every reification, too (`CBD`; `SCBD` on both sides), breadth first until both limits are reached.
//!
//! **Source**: spec/sparql.md §6, describeMode; W3C note "CBD: Concise Bounded Description".

use std::collections::VecDeque;

use model::{Quad, Tag, TermId, TermRef};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashSet;
use spareval::QuerySolutionIter;
use spargebra::Query;

use crate::Error;
use crate::dataset::{Matches, Stopped, View};
use crate::hints::Describe;

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
    how: Describe,
    resources: QuerySolutionIter<'a>,
    /// Resources of the row that was read last, and what was met on the way from them, with the steps that it took.
    waiting: VecDeque<(TermId, u64)>,
    /// Triples of the row that was read last.
    told: u64,
    /// Which predicates a reification has; empty where none is looked for.
    reification: Vec<TermId>,
    /// Resources whose triples were, or are being, handed out.
    described: FxHashSet<TermId>,
    current: Option<Resource<'a>>,
}

/// The resource whose triples are being handed out.
struct Resource<'a> {
    id: TermId,
    steps: u64,
    side: Side,
    quads: Matches<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Subject,
    Object,
}

impl<'a> Description<'a> {
    pub(crate) fn of(view: &'a View, how: Describe, resources: QuerySolutionIter<'a>) -> Self {
        let names = ["subject", "predicate", "object"].into_iter().filter(|_| how.closure);
        let reification = names
            .map(|name| format!("http://www.w3.org/1999/02/22-rdf-syntax-ns#{name}"))
            .map(|iri| view.snapshot().encode(TermRef::Iri(&iri)))
            .collect();
        let (waiting, described) = (VecDeque::new(), FxHashSet::default());
        Self { view, how, resources, waiting, told: 0, reification, described, current: None }
    }

    /// The next triple of the current resource that no resource before it had.
    fn of_current(&mut self) -> Option<Result<Quad, Stopped>> {
        let symmetric = self.how.symmetric;
        let Resource { id, side, quads, .. } = self.current.as_mut()?;
        quads.find(|quad| match (quad, *side) {
            (Err(_), _) => true,
            // A resource that was described before has handed out all triples that it is in, if both sides are told.
            (Ok(quad), Side::Subject) => !symmetric || quad.o == *id || !self.described.contains(&quad.o),
            (Ok(quad), Side::Object) => !self.described.contains(&quad.s),
        })
    }

    /// Puts down what is described with a triple: the blank node at its other end, and the triple's reifications.
    fn follow(&mut self, quad: &Quad) -> Result<(), Stopped> {
        self.told += 1;
        let Some(Resource { steps, side, .. }) = self.current.as_ref().filter(|_| self.how.closure) else {
            return Ok(());
        };
        let (next, other) = (steps + 1, if *side == Side::Subject { quad.o } else { quad.s });
        if other.tag() == Some(Tag::Blank) && !self.described.contains(&other) {
            self.waiting.push_back((other, next));
        }
        if let [subject, predicate, object] = self.reification[..] {
            for found in self.view.default_graph(None, Some(subject), Some(quad.s)) {
                let statement = found?.s;
                let says = |name, value| self.view.default_graph(Some(statement), Some(name), Some(value)).next();
                if says(predicate, quad.p).transpose()?.is_some() && says(object, quad.o).transpose()?.is_some() {
                    self.waiting.push_back((statement, next));
                }
            }
        }
        Ok(())
    }

    /// Whether a closure has told enough to leave out what is so many steps away.
    fn is_enough(&self, steps: u64) -> bool {
        let Describe { iterations, statements, .. } = self.how;
        iterations > 0 && steps >= iterations && statements > 0 && self.told >= statements
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
        if let Some(Resource { id, steps, side: Side::Subject, .. }) = self.current
            && self.how.symmetric
        {
            let quads = self.view.default_graph(None, None, Some(id));
            self.current = Some(Resource { id, steps, side: Side::Object, quads });
            return Ok(true);
        }
        loop {
            while let Some((id, steps)) = self.waiting.pop_front() {
                if !self.is_enough(steps) && self.described.insert(id) {
                    let quads = self.view.default_graph(Some(id), None, None);
                    self.current = Some(Resource { id, steps, side: Side::Subject, quads });
                    return Ok(true);
                }
            }
            let Some(row) = self.resources.next() else {
                return Ok(false);
            };
            let row = row?;
            let resources = row.values().iter().flatten().filter(|term| !matches!(term, Term::Literal(_)));
            self.told = 0;
            self.waiting.extend(resources.map(|term| (self.view.internalize(term.clone()).id, 0)));
        }
    }
}

impl Iterator for Description<'_> {
    type Item = Result<Triple, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.of_current() {
                Some(Ok(quad)) => {
                    return Some(
                        self.follow(&quad).map_err(|Stopped| Error::Cancelled).and_then(|()| self.triple(quad)),
                    );
                }
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
