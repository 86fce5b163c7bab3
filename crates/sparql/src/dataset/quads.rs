//! Iterators over the quads of a view, and over the names of its graphs.

use std::rc::Rc;

use super::{NamedGraphs, Node, Pattern, Stopped, View};
use model::{Quad, TermId};
use spareval::InternalQuad;
use store::{QuadBatch, Scan};

/// Quads that match a pattern, one by one out of the store's batches.
pub(crate) struct Quads<'a> {
    view: &'a View,
    scan: Option<Scan>,
    keep: Keep,
    /// Of neighbours that differ in the graph only, the first.
    merge: Option<Last>,
    batch: QuadBatch,
    next: usize,
}

/// Which graphs' quads are kept.
#[derive(Debug)]
pub(super) enum Keep {
    All,
    AllButDefault,
    /// Of these graphs, sorted.
    Of(Rc<[TermId]>),
}

/// The triple that was yielded last.
#[derive(Debug, Default)]
struct Last(Option<(TermId, TermId, TermId)>);

impl<'a> Quads<'a> {
    /// The triples of a default graph: of the graph in the pattern, of `graphs`, or of all.
    pub(super) fn merged(view: &'a View, pattern: Pattern, graphs: Option<Rc<[TermId]>>) -> Self {
        let keep = graphs.map_or(Keep::All, Keep::Of);
        Self { merge: Some(Last::default()), ..Self::named(view, pattern, keep) }
    }

    /// The quads of named graphs.
    pub(super) fn named(view: &'a View, pattern: Pattern, keep: Keep) -> Self {
        let scan = view.snapshot.scan(pattern, pattern.best_order()).until(&view.cancel);
        Self { view, scan: Some(scan), keep, merge: None, batch: QuadBatch::default(), next: 0 }
    }

    pub(super) fn none(view: &'a View) -> Self {
        Self { view, scan: None, keep: Keep::All, merge: None, batch: QuadBatch::default(), next: 0 }
    }

    /// As the evaluator wants them.
    pub(super) fn internal(self) -> impl Iterator<Item = Result<InternalQuad<Node<'a>>, Stopped>> + use<'a> {
        let (view, in_default_graph) = (self.view, self.merge.is_some());
        self.map(move |quad| {
            quad.map(|quad| InternalQuad {
                subject: view.node(quad.s),
                predicate: view.node(quad.p),
                object: view.node(quad.o),
                graph_name: (!in_default_graph).then(|| view.node(quad.g)),
            })
        })
    }

    /// The next batch, or `false` at the end.
    fn advance(&mut self) -> Result<bool, Stopped> {
        let Some(scan) = &mut self.scan else {
            return Ok(false);
        };
        self.view.poll()?;
        match scan.next() {
            Some(Ok(batch)) => {
                self.batch = batch;
                self.next = 0;
                Ok(true)
            }
            Some(Err(error)) => Err(self.view.stop(error)),
            None => Ok(false),
        }
    }

    fn is_kept(&mut self, quad: &Quad) -> bool {
        let kept = match &self.keep {
            Keep::All => true,
            Keep::AllButDefault => quad.g != TermId::DEFAULT_GRAPH,
            Keep::Of(graphs) => graphs.binary_search(&quad.g).is_ok(),
        };
        kept && self
            .merge
            .as_mut()
            .is_none_or(|Last(last)| last.replace((quad.s, quad.p, quad.o)) != Some((quad.s, quad.p, quad.o)))
    }
}

impl Iterator for Quads<'_> {
    type Item = Result<Quad, Stopped>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.next < self.batch.len() {
                let (batch, at) = (&self.batch, self.next);
                let quad = Quad::new(batch.s[at], batch.p[at], batch.o[at], batch.g[at]);
                self.next += 1;
                if self.is_kept(&quad) {
                    return Some(Ok(quad));
                }
                continue;
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => {
                    self.scan = None;
                    return None;
                }
                Err(stopped) => {
                    self.scan = None;
                    self.batch = QuadBatch::default();
                    return Some(Err(stopped));
                }
            }
        }
    }
}

/// The names of a view's graphs, each once.
pub(super) struct GraphNames<'a> {
    view: &'a View,
    /// Names that are known without looking.
    listed: std::vec::IntoIter<TermId>,
    /// Whether the fallback graph is still to be probed.
    probe_default: bool,
    /// All other graphs, if they have names.
    graphs: Option<store::Graphs>,
}

impl<'a> GraphNames<'a> {
    pub(super) fn of(view: &'a View) -> Self {
        let all = || Some(view.snapshot.graphs());
        let (listed, probe_default, graphs) = match &view.named {
            NamedGraphs::All => (Vec::new(), true, all()),
            NamedGraphs::AllButDefault => (Vec::new(), false, all()),
            NamedGraphs::Of(graphs) => (graphs.to_vec(), false, None),
        };
        Self { view, listed: listed.into_iter(), probe_default, graphs }
    }
}

impl Iterator for GraphNames<'_> {
    type Item = Result<TermId, Stopped>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(stopped) = self.view.poll() {
            return Some(Err(stopped));
        }
        if let Some(graph) = self.listed.next() {
            return Some(Ok(graph));
        }
        if std::mem::take(&mut self.probe_default) {
            match self.view.has_triples(TermId::DEFAULT_GRAPH) {
                Ok(true) => return Some(Ok(TermId::DEFAULT_GRAPH)),
                Ok(false) => {}
                Err(stopped) => return Some(Err(stopped)),
            }
        }
        let graph = self.graphs.as_mut()?.next()?;
        Some(graph.map_err(|error| self.view.stop(error)))
    }
}
