//! The snapshot as the evaluator sees it: a merged default graph and named graphs.
//!
//! - **Default graph**: the union of all graphs, or of those that FROM names, each triple once. All orders used for it
//!   end in the graph, so that equal triples are neighbours and the second is left out as it comes by.
//! - **Named graphs**: all that have a triple, the fallback graph among them; or those that FROM NAMED names.
//! - **Terms**: what is in the store is an id and nothing else. A text that only the query has gets the id it would
//!   have in the store, so that it is equal to itself there, and takes its text along: it is kept as long as a row needs
//!   it, and the dictionary is not asked for it.
//! - **Errors**: the evaluator takes an error within an expression for an unbound value. So the first failure of the
//!   store is kept here, and [`View::check`] tells of it before anything more is written.
//! - **Memory**: what all nodes take is counted as they come and go, and a query that keeps too many is stopped.
//! - **Cancel**: at each batch of quads, each term and each row, and by unwinding out of whatever the evaluator is at.
//!
//! **Source**: spec/sparql.md §2; SPARQL 1.1 Query Language §13.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::thread;

use model::{TermId, TermRef};
use oxrdf::{NamedNode, Term};
use rustc_hash::FxHashMap;
use spareval::{ExpressionTerm, InternalQuad, QueryableDataset};
use spargebra::term::GroundTerm;
use store::{CancelToken, Pattern, Snapshot};

use crate::query::{self, Graphs};
use crate::{Error, amend, terms};

mod node;
mod quads;

pub(crate) use node::Node;
use node::Truth;
pub(crate) use quads::Matches;
use quads::{GraphNames, Keep, Quads};

/// What the terms kept from the dictionary may take. A sort asks for each of its keys some twenty times. Bytes.
const CACHE_BYTES: usize = 8 << 20;
/// The longest text kept from the dictionary. Bytes.
const CACHED_TEXT: usize = 1024;
/// What a kept term takes beside its text. Bytes.
const CACHED_TERM: usize = 128;

/// Copies of nodes between two looks at the token.
const TICKS: u32 = 1024;

/// One query's view of a snapshot. Stays on one thread.
pub(crate) struct View {
    snapshot: Snapshot,
    default: DefaultGraph,
    named: NamedGraphs,
    cancel: CancelToken,
    /// Stops the evaluator where it does not come by here.
    evaluator: spareval::CancellationToken,
    failure: OnceCell<Error>,
    ticks: Cell<u32>,
    /// Bytes that nodes take.
    taken: Cell<usize>,
    memory: usize,
    cache: RefCell<FxHashMap<TermId, Term>>,
    /// Bytes that the cache takes.
    cached: Cell<usize>,
}

/// Which triples the default graph has.
#[derive(Clone, Debug)]
enum DefaultGraph {
    /// Those of all graphs.
    Union,
    /// Those of these graphs; none if there are none. Sorted.
    Of(Rc<[TermId]>),
}

/// Which graphs have a name.
#[derive(Clone, Debug)]
enum NamedGraphs {
    /// All.
    All,
    /// All but the fallback graph.
    AllButDefault,
    /// These. Sorted.
    Of(Rc<[TermId]>),
}

impl View {
    /// `memory` is how many bytes nodes may take at once.
    pub(crate) fn new(snapshot: &Snapshot, graphs: &Graphs, memory: usize, cancel: &CancelToken) -> Self {
        let ids = |graphs: &[NamedNode]| {
            let mut ids: Vec<_> = graphs.iter().map(|graph| snapshot.encode(TermRef::Iri(graph.as_str()))).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.into()
        };
        let (default, named) = match graphs {
            Graphs::Union => (DefaultGraph::Union, NamedGraphs::All),
            Graphs::Strict => (DefaultGraph::Of(Rc::new([TermId::DEFAULT_GRAPH])), NamedGraphs::AllButDefault),
            Graphs::Named { default, named } => (
                DefaultGraph::Of(ids(default)),
                named.as_ref().map_or(NamedGraphs::All, |named| NamedGraphs::Of(ids(named))),
            ),
        };
        Self {
            snapshot: snapshot.clone(),
            default,
            named,
            cancel: cancel.clone(),
            evaluator: spareval::CancellationToken::new(),
            failure: OnceCell::new(),
            ticks: Cell::new(0),
            taken: Cell::new(0),
            memory,
            cache: RefCell::default(),
            cached: Cell::new(0),
        }
    }

    /// The evaluator's own token, pulled when the query's is.
    pub(crate) fn evaluator_token(&self) -> spareval::CancellationToken {
        self.evaluator.clone()
    }

    /// Whether the query may go on.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`] once it was stopped; [`View::into_failure`] knows why.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.poll().map_err(|Stopped| Error::Cancelled)
    }

    /// Why the query was stopped from here: the store's first failure, the limit of memory, a cancel; `None` if it was not.
    pub(crate) fn into_failure(self) -> Option<Error> {
        self.failure.into_inner()
    }

    /// Called for each copy of a node: of a stopped query, unwinds to [`View::until_stopped`].
    ///
    /// Between two quads the evaluator can be busy for hours, with a sort or with every pair of two sets of rows, and in
    /// there nobody looks at a token. But it cannot make a row without copying a node.
    #[inline]
    fn tick(&self) {
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if ticks.is_multiple_of(TICKS) && self.poll().is_err() && !thread::panicking() {
            panic::resume_unwind(Box::new(Stopped)); // calls no panic hook: this is no panic
        }
    }

    /// Does `work`, or as much of it as is done before the query is stopped.
    ///
    /// # Errors
    ///
    /// Those of `work`, and [`Error::Cancelled`] if it was stopped, whatever the reason.
    pub(crate) fn until_stopped<T>(&self, work: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        // What the unwinding leaves half done is dropped with the evaluator; the view holds no borrow over a tick.
        match panic::catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(done) => done,
            Err(payload) if payload.is::<Stopped>() => Err(Error::Cancelled),
            Err(payload) => panic::resume_unwind(payload),
        }
    }

    pub(crate) fn grow(&self, bytes: usize) {
        self.taken.set(self.taken.get() + bytes);
    }

    pub(crate) fn shrink(&self, bytes: usize) {
        self.taken.set(self.taken.get() - bytes);
    }

    fn poll(&self) -> Result<(), Stopped> {
        if self.failure.get().is_some() {
            Err(Stopped)
        } else if self.cancel.is_cancelled() {
            Err(self.stop(Error::Cancelled))
        } else if self.taken.get() > self.memory {
            Err(self.stop(Error::MemoryLimit { limit: self.memory }))
        } else {
            Ok(())
        }
    }

    /// Keeps the first failure and stops the evaluator.
    fn stop(&self, error: impl Into<Error>) -> Stopped {
        self.evaluator.cancel();
        let _ = self.failure.set(error.into()); // only the first counts
        Stopped
    }

    /// The triples of the default graph that match, each once.
    pub(crate) fn default_graph(&self, s: Option<TermId>, p: Option<TermId>, o: Option<TermId>) -> Matches<'_> {
        let pattern = Pattern { s, p, o, g: None };
        Matches::Run(match &self.default {
            DefaultGraph::Union => Quads::merged(self, pattern, None),
            DefaultGraph::Of(graphs) => match **graphs {
                [] => Quads::none(self),
                [graph] => Quads::merged(self, Pattern { g: Some(graph), ..pattern }, None),
                _ => return Matches::of_graphs(self, pattern, graphs, true),
            },
        })
    }

    /// The quads of named graphs that match.
    fn named_graphs(&self, s: Option<TermId>, p: Option<TermId>, o: Option<TermId>, g: Option<TermId>) -> Matches<'_> {
        let pattern = Pattern { s, p, o, g };
        Matches::Run(match (&self.named, g) {
            (NamedGraphs::AllButDefault, Some(TermId::DEFAULT_GRAPH)) => Quads::none(self),
            (NamedGraphs::Of(graphs), Some(graph)) if graphs.binary_search(&graph).is_err() => Quads::none(self),
            (NamedGraphs::All, _) | (_, Some(_)) => Quads::named(self, pattern, Keep::All),
            (NamedGraphs::AllButDefault, None) => Quads::named(self, pattern, Keep::AllButDefault),
            (NamedGraphs::Of(graphs), None) => match **graphs {
                [] => Quads::none(self),
                [graph] => Quads::named(self, Pattern { g: Some(graph), ..pattern }, Keep::All),
                _ => return Matches::of_graphs(self, pattern, graphs, false),
            },
        })
    }

    /// Whether the graph has a triple.
    pub(crate) fn has_triples(&self, graph: TermId) -> Result<bool, Stopped> {
        let mut quads = Quads::named(self, Pattern { g: Some(graph), ..Pattern::ALL }, Keep::All);
        quads.next().transpose().map(|quad| quad.is_some())
    }

    /// The snapshot.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Bytes that the query may keep.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// What ends the query.
    pub(crate) fn cancel(&self) -> &CancelToken {
        &self.cancel
    }

    /// The graph that the default graph is, `None` if that is all of them, and whether it may have a triple several
    /// times; `None` altogether if it is some of the graphs.
    pub(crate) fn one_graph(&self) -> Option<(Option<TermId>, bool)> {
        match &self.default {
            // What fails here fails again where it can be told.
            DefaultGraph::Union => Some((None, !self.snapshot.is_of_one_graph().unwrap_or_default())),
            DefaultGraph::Of(graphs) => match **graphs {
                [graph] => Some((Some(graph), false)),
                _ => None,
            },
        }
    }

    /// Whether the graph is one of those that GRAPH can name.
    pub(crate) fn names(&self, graph: TermId) -> bool {
        match &self.named {
            NamedGraphs::All => true,
            NamedGraphs::AllButDefault => graph != TermId::DEFAULT_GRAPH,
            NamedGraphs::Of(graphs) => graphs.binary_search(&graph).is_ok(),
        }
    }

    /// The algebra to be evaluated over what is in the store, as far as it depends on that.
    pub(crate) fn amended<'q>(&self, algebra: &'q spargebra::Query, has_zero_paths: bool) -> Cow<'q, spargebra::Query> {
        if !has_zero_paths {
            return Cow::Borrowed(algebra);
        }
        let mut amended = algebra.clone();
        let is_known = |term: &GroundTerm| {
            let id = self.snapshot.encode(terms::to_model(&term.clone().into()));
            let has = |pattern| Quads::named(self, pattern, Keep::All).next().is_some();
            has(Pattern { s: Some(id), ..Pattern::ALL }) || has(Pattern { o: Some(id), ..Pattern::ALL })
        };
        amend::amend_zero_paths(query::pattern(&mut amended), &is_known);
        Cow::Owned(amended)
    }

    /// The node of an id that the store has given.
    pub(crate) fn node(&self, id: TermId) -> Node<'_> {
        Node::new(self, id)
    }

    /// The id of a term, with its text if the id is not the whole of it.
    pub(crate) fn internalize(&self, term: Term) -> Node<'_> {
        let id = self.snapshot.encode(terms::to_model(&term));
        if id.is_hashed() { Node::with_text(self, id, term) } else { self.node(id) }
    }

    /// The term of a node.
    pub(crate) fn externalize(&self, node: &Node<'_>) -> Result<Term, Stopped> {
        if let Some(text) = node.text() {
            return Ok(text.clone());
        }
        if !node.id.is_hashed() {
            return Ok(terms::to_rdf(self.resolve(node.id)?));
        }
        if let Some(term) = self.cache.borrow().get(&node.id) {
            return Ok(term.clone());
        }
        let term = terms::to_rdf(self.resolve(node.id)?);
        let length = match &term {
            Term::NamedNode(iri) => iri.as_str().len(),
            Term::Literal(literal) => literal.value().len(),
            Term::BlankNode(_) => 0,
        };
        if length <= CACHED_TEXT {
            let mut cache = self.cache.borrow_mut();
            if self.cached.get() > CACHE_BYTES {
                cache.clear(); // what is needed often is soon back
                self.cached.set(0);
            }
            self.cached.set(self.cached.get() + CACHED_TERM + length);
            cache.insert(node.id, term.clone());
        }
        Ok(term)
    }

    fn resolve(&self, id: TermId) -> Result<model::Term, Stopped> {
        self.poll()?;
        self.snapshot.resolve(id).map_err(|error| self.stop(error))
    }
}

/// The query ends here; [`View::into_failure`] knows why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the query was stopped")]
pub(crate) struct Stopped;

impl<'a> QueryableDataset<'a> for &'a View {
    type InternalTerm = Node<'a>;
    type Error = Stopped;

    fn internal_quads_for_pattern(
        &self,
        subject: Option<&Node<'a>>,
        predicate: Option<&Node<'a>>,
        object: Option<&Node<'a>>,
        graph_name: Option<Option<&Node<'a>>>,
    ) -> impl Iterator<Item = Result<InternalQuad<Node<'a>>, Stopped>> + use<'a> {
        let view: &'a View = self;
        let id = |node: Option<&Node<'a>>| node.map(|node| node.id);
        let (s, p, o) = (id(subject), id(predicate), id(object));
        match graph_name {
            Some(None) => view.default_graph(s, p, o).internal(view, true),
            Some(Some(graph)) => view.named_graphs(s, p, o, Some(graph.id)).internal(view, false),
            None => view.named_graphs(s, p, o, None).internal(view, false),
        }
    }

    fn internal_named_graphs(&self) -> impl Iterator<Item = Result<Node<'a>, Stopped>> + use<'a> {
        let view: &'a View = self;
        GraphNames::of(view).map(|graph| graph.map(|graph| view.node(graph)))
    }

    fn contains_internal_graph_name(&self, graph_name: &Node<'a>) -> Result<bool, Stopped> {
        match &self.named {
            NamedGraphs::AllButDefault if graph_name.id == TermId::DEFAULT_GRAPH => Ok(false),
            NamedGraphs::All | NamedGraphs::AllButDefault => self.has_triples(graph_name.id),
            NamedGraphs::Of(graphs) => Ok(graphs.binary_search(&graph_name.id).is_ok()),
        }
    }

    fn internalize_term(&self, term: Term) -> Result<Node<'a>, Stopped> {
        Ok(self.internalize(term))
    }

    fn externalize_term(&self, term: Node<'a>) -> Result<Term, Stopped> {
        self.externalize(&term)
    }

    fn externalize_expression_term(&self, term: Node<'a>) -> Result<ExpressionTerm, Stopped> {
        self.poll()?;
        if term.id.is_hashed() {
            return Ok(self.externalize(&term)?.into());
        }
        Ok(terms::to_expression(self.resolve(term.id)?))
    }

    fn internalize_expression_term(&self, term: ExpressionTerm) -> Result<Node<'a>, Stopped> {
        self.poll()?;
        if let ExpressionTerm::BooleanLiteral(value) = term {
            return Ok(self.node(self.snapshot.encode(TermRef::Boolean(value.into()))));
        }
        Ok(self.internalize(term.into()))
    }

    fn internal_term_effective_boolean_value(&self, term: Node<'a>) -> Result<Option<bool>, Stopped> {
        match term.truth() {
            Truth::True => return Ok(Some(true)),
            Truth::False => return Ok(Some(false)),
            Truth::None => return Ok(None),
            Truth::Unknown => {}
        }
        // Only literals that are not written canonically come here.
        Ok(match self.externalize_expression_term(term)? {
            ExpressionTerm::BooleanLiteral(value) => Some(value.into()),
            ExpressionTerm::IntegerLiteral(value) => Some(i64::from(value) != 0),
            ExpressionTerm::DecimalLiteral(value) => Some(value != 0.into()),
            ExpressionTerm::FloatLiteral(value) => Some(oxsdatatypes::Boolean::from(value).into()),
            ExpressionTerm::DoubleLiteral(value) => Some(oxsdatatypes::Boolean::from(value).into()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
