//! A snapshot: one moment of one data set. Its layers keep their files, so it never changes under its reader.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use model::{Dataset, Quad, Term, TermId, TermRef};
use rustc_hash::FxHashMap;

use crate::batch::{Columns, QuadBatch};
use crate::cursor::{Access, Merge};
use crate::layer::{Content, Layer};
use crate::order::{Key, Order, Pattern};
use crate::shared::Shared;
use crate::{CancelToken, Error, Result};

/// Quads in a batch, at most (about).
const BATCH: usize = 1024;
/// Expanded ids from which the room is foretold that all will need: growing by and by would copy everything again.
const SAMPLE: usize = 1024;
/// The most quads that room is made for ahead: the sample may be of hubs.
const FORETOLD: usize = 1 << 21;

/// See the module. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Snapshot {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    dataset: Dataset,
    commit: u64,
    /// Oldest first.
    layers: Vec<Arc<Layer>>,
    numbers: Mutex<FxHashMap<TermId, u32>>,
}

/// A guess at how many quads match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Quads.
    pub quads: u64,
    /// Whether that is the true count.
    pub exact: bool,
}

/// What [`Snapshot::scan_many`] found.
#[derive(Debug, Default)]
pub struct Expansion {
    /// Where the rows of each id are. An id that was asked for twice has the same rows twice.
    pub spans: Vec<Range<usize>>,
    /// The rows, in the scanned order: each was written once, wherever its id stood among those asked for.
    pub quads: QuadBatch,
}

impl Snapshot {
    pub(crate) fn new(shared: Arc<Shared>, dataset: Dataset, commit: u64, layers: Vec<Arc<Layer>>) -> Self {
        Self { inner: Arc::new(Inner { shared, dataset, commit, layers, numbers: Mutex::default() }) }
    }

    /// Which data set.
    pub fn dataset(&self) -> Dataset {
        self.inner.dataset
    }

    /// The last commit that is visible.
    pub fn commit(&self) -> u64 {
        self.inner.commit
    }

    /// The id of a term; the term need not be in the store.
    pub fn encode(&self, term: TermRef<'_>) -> TermId {
        term.encode(&self.inner.shared.hash_key)
    }

    /// The store's memory budget.
    pub(crate) fn memory(&self) -> u64 {
        self.inner.shared.options.memory
    }

    pub(crate) fn layers(&self) -> &[Arc<Layer>] {
        &self.inner.layers
    }

    /// `bulk` reads past the cache.
    pub(crate) fn merge(&self, order: Order, bulk: bool) -> Merge {
        let access = if bulk { Access::Once } else { Access::Some };
        Merge::new(self.inner.layers.iter().rev().map(|layer| layer.cursor(order, access)).collect(), false)
    }

    /// The live quads that match, in `order`, all columns. The iterator owns what it reads.
    pub fn scan(&self, pattern: Pattern, order: Order) -> Scan {
        self.scan_columns(pattern, order, Columns::ALL)
    }

    /// The live quads that match, in `order`, only the columns asked for. The order should hold what the pattern can
    /// match ([`Pattern::is_held_by`]): quads that it does not hold are not found.
    pub fn scan_columns(&self, pattern: Pattern, order: Order, columns: Columns) -> Scan {
        let (prefix, given) = pattern.prefix(order);
        let residual = pattern.columns(order).iter().skip(given).any(Option::is_some);
        Scan {
            merge: self.merge(order, given == 0),
            order,
            columns,
            prefix,
            given,
            residual: residual.then(|| pattern.columns(order)),
            started: false,
            done: false,
            cancel: None,
        }
    }

    /// The graphs that have live quads, but for the default one, ascending. Costs a seek a graph.
    pub fn graphs(&self) -> Distinct {
        self.distinct(Order::Gspo, [TermId::MIN; 4], 0)
    }

    /// Whether all quads are known to be of one graph, so that no triple is there twice. Costs two seeks; where quads were
    /// deleted, it may not be known.
    pub fn is_of_one_graph(&self) -> Result<bool> {
        let named = self.graphs().take(2).collect::<Result<Vec<_>>>()?.len();
        let mut layers = self.inner.layers.iter();
        let is_named = |layer: &Arc<Layer>| layer.tombstones() == 0 && layer.named() == layer.entries();
        Ok(named == 0 || (named == 1 && layers.all(is_named)))
    }

    /// The predicates of live quads that are not below `least`, ascending. Costs a seek a predicate.
    pub fn predicates(&self, least: TermId) -> Distinct {
        self.distinct(Order::Posg, [least, TermId::MIN, TermId::MIN, TermId::MIN], 0)
    }

    /// The objects that a predicate has in live quads, ascending. Costs a seek an object.
    pub fn objects(&self, p: TermId) -> Distinct {
        self.distinct(Order::Posg, [p, TermId::MIN, TermId::MIN, TermId::MIN], 1)
    }

    fn distinct(&self, order: Order, key: Key, given: usize) -> Distinct {
        Distinct { merge: self.merge(order, false), prefix: (key, given), next: Some(key[given]) }
    }

    /// Whether the quad is live.
    pub fn contains(&self, quad: &Quad) -> Result<bool> {
        Ok(self.merge(Order::Spog, false).first(&Order::Spog.key(quad), 4)?.is_some())
    }

    /// Which of the quads are live. Sorts them and walks each layer once.
    pub fn contains_many(&self, quads: &[Quad]) -> Result<Vec<bool>> {
        let mut merge = self.merge(Order::Spog, false);
        let mut found = vec![false; quads.len()];
        for (quad, at) in sorted(quads) {
            found[at] = merge.first(&Order::Spog.key(&quad), 4)?.is_some();
        }
        Ok(found)
    }

    /// Expand: for each id, the live quads that have it in the order's first position and match the template
    /// elsewhere. Sorts the ids and walks each layer once.
    pub fn scan_many(&self, ids: &[TermId], template: Pattern, order: Order) -> Result<Expansion> {
        self.scan_many_columns(ids, template, order, Columns::ALL)
    }

    /// The same with only the columns asked for.
    pub fn scan_many_columns(
        &self,
        ids: &[TermId],
        template: Pattern,
        order: Order,
        wanted: Columns,
    ) -> Result<Expansion> {
        self.expand_below(ids, template, order, wanted, None)
    }

    /// The same, of each id only what is below `end` in the order's second position.
    pub fn scan_many_below(&self, ids: &[TermId], end: TermId, order: Order, wanted: Columns) -> Result<Expansion> {
        self.expand_below(ids, Pattern::ALL, order, wanted, Some(end))
    }

    fn expand_below(
        &self,
        ids: &[TermId],
        template: Pattern,
        order: Order,
        wanted: Columns,
        end: Option<TermId>,
    ) -> Result<Expansion> {
        let mut merge = self.merge(order, false);
        let mut columns = template.columns(order);
        let positions = order.positions();
        let mut rows = QuadBatch::default();
        let mut spans = vec![0..0; ids.len()];
        let mut last: Option<(TermId, Range<usize>)> = None;
        let mut done = 0;
        for (id, at) in sorted(ids) {
            if let Some((before, span)) = &last
                && *before == id
            {
                spans[at] = span.clone(); // the cursor is past it: a repeat shares the rows
                continue;
            }
            columns[0] = Some(id);
            let (prefix, given) = prefix_of(&columns);
            let residual = columns.iter().skip(given).any(Option::is_some);
            merge.seek_prefix(&prefix, given)?;
            let from = rows.len;
            let mut more = true;
            while more {
                let mut ended = false;
                let left = merge.runs(&prefix, given, BATCH, &mut |block, low, high| {
                    let given = (&prefix, given);
                    let below = end.map_or(high, |end| low + count_below(block, low, high, end));
                    ended |= below < high;
                    take(&mut rows, positions, wanted, given, block, low, below, residual.then_some(&columns));
                })?;
                more = left && !ended;
            }
            spans[at] = from..rows.len;
            last = Some((id, spans[at].clone()));
            done += 1;
            if done == SAMPLE {
                rows.reserve(wanted, (rows.len * (ids.len() / SAMPLE)).min(FORETOLD));
            }
        }
        Ok(Expansion { spans, quads: rows })
    }

    /// How many rows [`Self::scan_many`] would give for each id, without giving them.
    pub fn degree_many(&self, ids: &[TermId], template: Pattern, order: Order) -> Result<Vec<u64>> {
        let mut merge = self.merge(order, false);
        let mut columns = template.columns(order);
        let mut degrees = vec![0; ids.len()];
        let mut last: Option<(TermId, u64)> = None;
        for (id, at) in sorted(ids) {
            if let Some((before, degree)) = last
                && before == id
            {
                degrees[at] = degree;
                continue;
            }
            columns[0] = Some(id);
            let (prefix, given) = prefix_of(&columns);
            let residual = columns.iter().skip(given).any(Option::is_some);
            merge.seek_prefix(&prefix, given)?;
            let mut degree = 0;
            let mut more = true;
            while more {
                more = merge.runs(&prefix, given, BATCH, &mut |block, low, high| {
                    degree += if residual {
                        (low..high).filter(|row| matches(block, *row, &columns)).count() as u64
                    } else {
                        (high - low) as u64
                    };
                })?;
            }
            degrees[at] = degree;
            last = Some((id, degree));
        }
        Ok(degrees)
    }

    /// About how many quads match, without a scan: from the sparse indexes and the delta.
    pub fn estimate(&self, pattern: &Pattern) -> Estimate {
        let order = pattern.best_order();
        let (prefix, given) = pattern.prefix(order);
        let mut quads = 0;
        for layer in &self.inner.layers {
            quads += match &layer.content {
                Content::Memory(run) => {
                    let block = run.order(order);
                    let from = block.lower_bound(0, &prefix);
                    let inside = from < block.len() && block.has_prefix(from, &prefix, given);
                    if inside { (block.prefix_end(from, &prefix, given) - from) as u64 } else { 0 }
                }
                Content::Disk(set) => {
                    set.segments[order.index()].as_ref().map_or(0, |segment| segment.estimate(&prefix, given))
                }
            };
        }
        let whole = given == 0 && *pattern == Pattern::ALL;
        let exact = whole && self.inner.layers.len() <= 1 && self.inner.layers.iter().all(|l| l.tombstones() == 0);
        Estimate { quads, exact }
    }

    /// How many different ids lead an order, at most: those of each layer are counted.
    pub fn leads(&self, order: Order) -> u64 {
        self.inner.layers.iter().map(|layer| layer.leads(order)).sum()
    }

    /// The term of an id. An inline id never touches the dictionary; a hashed one that no layer knows is
    /// [`Error::Corrupt`].
    pub fn resolve(&self, id: TermId) -> Result<Term> {
        let damaged = |what: String| Error::corrupt(&self.inner.shared.directory, what);
        if !id.is_hashed() {
            return Term::decode(id, None).map_err(|error| damaged(error.to_string()));
        }
        for layer in self.inner.layers.iter().rev() {
            if let Some(term) = layer.spelling(id, |spelling| Term::decode(id, Some(spelling)))? {
                return term.map_err(|error| damaged(error.to_string()));
            }
        }
        Err(damaged(format!("the dictionary does not know {id:?}")))
    }

    /// Whether some layer can spell the hashed id.
    pub(crate) fn knows(&self, id: TermId) -> Result<bool> {
        for layer in self.inner.layers.iter().rev() {
            if layer.spelling(id, |_| ())?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The terms of many ids, in their order. Looks hashed ones up in the dictionary's order.
    pub fn resolve_many(&self, ids: &[TermId]) -> Result<Vec<Term>> {
        let mut places: Vec<usize> = (0..ids.len()).collect();
        places.sort_unstable_by_key(|at| ids[*at]);
        let mut terms = vec![Term::DefaultGraph; ids.len()];
        let mut last: Option<usize> = None;
        for at in places {
            terms[at] = match last {
                Some(before) if ids[before] == ids[at] => terms[before].clone(),
                _ => self.resolve(ids[at])?,
            };
            last = Some(at);
        }
        Ok(terms)
    }

    /// Dense numbers for ids, valid for this snapshot and its clones: for bitmaps and visited sets.
    pub fn number(&self, ids: &[TermId]) -> Vec<u32> {
        let mut numbers = self.inner.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter()
            .map(|id| {
                let next = numbers.len() as u32;
                *numbers.entry(*id).or_insert(next)
            })
            .collect()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} at commit {})", self.inner.dataset.name(), self.inner.commit)
    }
}

/// The items in their order, each with its place.
fn sorted<T: Copy + Ord>(items: &[T]) -> Vec<(T, usize)> {
    let mut sorted: Vec<(T, usize)> = items.iter().copied().zip(0..).collect();
    if !items.is_sorted() {
        sorted.sort_unstable();
    }
    sorted
}

/// How many of the rows `low..high`, which have one id in the first column, are below an id in the second.
fn count_below(block: &crate::view::View, low: usize, high: usize, end: TermId) -> usize {
    // Few are: whoever has a bound wants what stands first.
    (low..high).take_while(|row| block.get(1, *row) < end).count()
}

fn prefix_of(columns: &[Option<TermId>; 4]) -> (Key, usize) {
    let given = columns.iter().take_while(|id| id.is_some()).count();
    (columns.map(|id| id.unwrap_or(TermId::MIN)), given)
}

fn matches(block: &crate::view::View, row: usize, columns: &[Option<TermId>; 4]) -> bool {
    columns.iter().enumerate().all(|(column, id)| id.is_none_or(|id| block.get(column, row) == id))
}

/// Appends rows `low..high` of a block to a batch. The first `given` columns are known to be the prefix's.
#[expect(clippy::too_many_arguments, reason = "what differs between the callers, in the innermost loop")]
pub(crate) fn take(
    batch: &mut QuadBatch,
    positions: [usize; 4],
    wanted: Columns,
    (prefix, given): (&Key, usize),
    block: &crate::view::View,
    low: usize,
    high: usize,
    residual: Option<&[Option<TermId>; 4]>,
) {
    if let Some(columns) = residual {
        return take_where(batch, positions, wanted, block, low, high, &mut |row| matches(block, row, columns));
    }
    for (column, position) in positions.into_iter().enumerate() {
        if wanted.wants(position) {
            let ids = batch.column_mut(position);
            if column < given {
                ids.resize(ids.len() + (high - low), prefix[column]);
            } else {
                block.extend(column, low, high, ids);
            }
        }
    }
    batch.len += high - low;
}

/// Appends those of the rows `low..high` of a block that are to be kept.
pub(crate) fn take_where(
    batch: &mut QuadBatch,
    positions: [usize; 4],
    wanted: Columns,
    block: &crate::view::View,
    low: usize,
    high: usize,
    keep: &mut dyn FnMut(usize) -> bool,
) {
    for row in (low..high).filter(|row| keep(*row)) {
        for (column, position) in positions.into_iter().enumerate() {
            if wanted.wants(position) {
                batch.column_mut(position).push(block.get(column, row));
            }
        }
        batch.len += 1;
    }
}

/// The batches of one scan. After an error it ends.
#[derive(Debug)]
pub struct Scan {
    merge: Merge,
    order: Order,
    columns: Columns,
    prefix: Key,
    given: usize,
    residual: Option<[Option<TermId>; 4]>,
    started: bool,
    done: bool,
    cancel: Option<CancelToken>,
}

impl Scan {
    /// The same scan, which ends with [`Error::Cancelled`] once `cancel` is pulled, even while nothing matches.
    #[must_use]
    pub fn until(mut self, cancel: &CancelToken) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    fn fill(&mut self) -> Result<Option<QuadBatch>> {
        if !self.started {
            self.started = true;
            if self.given == 0 {
                self.merge.start()?;
            } else {
                self.merge.seek_prefix(&self.prefix, self.given)?;
            }
        }
        let positions = self.order.positions();
        let mut batch = QuadBatch::default();
        while batch.is_empty() && !self.done {
            self.cancel.as_ref().map_or(Ok(()), CancelToken::check)?;
            let (columns, residual, given) = (self.columns, self.residual.as_ref(), (&self.prefix, self.given));
            let more = self.merge.runs(&self.prefix, self.given, BATCH, &mut |block, low, high| {
                take(&mut batch, positions, columns, given, block, low, high, residual);
            })?;
            self.done = !more;
        }
        Ok((!batch.is_empty()).then_some(batch))
    }
}

impl Iterator for Scan {
    type Item = Result<QuadBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.fill().transpose();
        if matches!(next, None | Some(Err(_))) {
            self.done = true;
        }
        next
    }
}

/// The different ids that live quads have in one column of an order, ascending. After an error it ends.
#[derive(Debug)]
pub struct Distinct {
    merge: Merge,
    /// What the columns before are, and how many these are.
    prefix: (Key, usize),
    /// No id below this is left; `None` at the end.
    next: Option<TermId>,
}

impl Distinct {
    fn seek(&mut self, at_least: TermId) -> Result<Option<TermId>> {
        let (mut key, given) = self.prefix;
        key[given] = at_least;
        let mut found = None;
        self.merge.seek_prefix(&key, given)?;
        self.merge.runs(&key, given, 1, &mut |block, from, _| found = Some(block.get(given, from)))?;
        Ok(found)
    }
}

impl Iterator for Distinct {
    type Item = Result<TermId>;

    fn next(&mut self) -> Option<Self::Item> {
        let at_least = self.next.take()?;
        let found = self.seek(at_least).transpose()?;
        if let Ok(id) = found {
            self.next = id.get().checked_add(1).and_then(TermId::from_u128);
        }
        Some(found)
    }
}
