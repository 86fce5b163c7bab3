//! Iterators over the quads of a view, and over the names of its graphs.

use std::rc::Rc;

use super::{NamedGraphs, Node, Pattern, Stopped, View};
use model::{Quad, TermId};
use spareval::InternalQuad;
use store::{Order, QuadBatch, Scan};

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

    /// The quads of one named graph, by subject, predicate, object.
    fn of_graph(view: &'a View, pattern: Pattern, graph: TermId) -> Self {
        let scan = view.snapshot.scan(Pattern { g: Some(graph), ..pattern }, Order::Gspo).until(&view.cancel);
        Self { scan: Some(scan), ..Self::none(view) }
    }

    pub(super) fn none(view: &'a View) -> Self {
        Self { view, scan: None, keep: Keep::All, merge: None, batch: QuadBatch::default(), next: 0 }
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

/// Quads that match a pattern, in one run or graph by graph.
#[expect(clippy::large_enum_variant, reason = "nearly every look-up is a run, and a box would cost it an allocation")]
pub(crate) enum Matches<'a> {
    Run(Quads<'a>),
    Several(Several<'a>),
}

impl<'a> Matches<'a> {
    /// Quads of some graphs, sorted. Of a triple in several graphs, only one quad `if once`.
    ///
    /// Two ways lead there: through all graphs, leaving out the others, or through each of the graphs. The second is
    /// better where little is given and the graphs are a small part of the store.
    pub(super) fn of_graphs(view: &'a View, pattern: Pattern, graphs: &Rc<[TermId]>, once: bool) -> Self {
        let is_one_by_one = pattern.s.is_none()
            && pattern.o.is_none()
            && graphs.len() <= MAX_SEVERAL
            && !graphs.contains(&TermId::DEFAULT_GRAPH) // which has no order of its own
            && {
                let size = |pattern| view.snapshot.estimate(&pattern).quads;
                let each = graphs.iter().map(|graph| size(Pattern { g: Some(*graph), ..Pattern::ALL }));
                each.sum::<u64>() < size(pattern)
            };
        if is_one_by_one {
            let part = |graph: &TermId| Part { quads: Quads::of_graph(view, pattern, *graph), first: None };
            let parts = graphs.iter().map(part).collect();
            Self::Several(Several { parts, once, started: false })
        } else if once {
            Self::Run(Quads::merged(view, pattern, Some(Rc::clone(graphs))))
        } else {
            Self::Run(Quads::named(view, pattern, Keep::Of(Rc::clone(graphs))))
        }
    }

    /// As the evaluator wants them, in the default graph or in their own.
    pub(super) fn internal(
        self,
        view: &'a View,
        in_default_graph: bool,
    ) -> impl Iterator<Item = Result<InternalQuad<Node<'a>>, Stopped>> + use<'a> {
        self.map(move |quad| {
            quad.map(|quad| InternalQuad {
                subject: view.node(quad.s),
                predicate: view.node(quad.p),
                object: view.node(quad.o),
                graph_name: (!in_default_graph).then(|| view.node(quad.g)),
            })
        })
    }
}

impl Iterator for Matches<'_> {
    type Item = Result<Quad, Stopped>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Run(quads) => quads.next(),
            Self::Several(several) => several.next(),
        }
    }
}

/// The most graphs that are gone through one by one.
const MAX_SEVERAL: usize = 32;

/// The quads of several graphs, merged by subject, predicate, object.
pub(crate) struct Several<'a> {
    parts: Vec<Part<'a>>,
    /// Whether a triple in several graphs comes once.
    once: bool,
    started: bool,
}

/// One graph's quads, the first of them in sight.
struct Part<'a> {
    quads: Quads<'a>,
    first: Option<Quad>,
}

impl Part<'_> {
    /// The quad in sight, and brings the next one there.
    fn take(&mut self) -> Result<Option<Quad>, Stopped> {
        let next = self.quads.next().transpose()?;
        Ok(std::mem::replace(&mut self.first, next))
    }

    /// What the quad in sight is sorted by.
    fn key(&self) -> Option<(TermId, TermId, TermId)> {
        self.first.map(|quad| (quad.s, quad.p, quad.o))
    }
}

impl Several<'_> {
    fn step(&mut self) -> Result<Option<Quad>, Stopped> {
        if !std::mem::replace(&mut self.started, true) {
            for part in &mut self.parts {
                part.take()?;
            }
        }
        let keys = self.parts.iter().enumerate().filter_map(|(at, part)| Some((part.key()?, at)));
        let Some((smallest, at)) = keys.min() else {
            return Ok(None);
        };
        let quad = self.parts[at].take()?;
        if self.once {
            for part in self.parts.iter_mut().skip(at + 1).filter(|part| part.key() == Some(smallest)) {
                part.take()?;
            }
        }
        Ok(quad)
    }
}

impl Iterator for Several<'_> {
    type Item = Result<Quad, Stopped>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
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
    graphs: Option<store::Distinct>,
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
