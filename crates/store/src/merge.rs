//! Neighbouring layers merged into one segment set: k ways at once, forward only, past the cache.
//!
//! - **Bound**: one decoded block a layer and order, and the writer's group of blocks.
//! - **Cost**: an entry that stands alone costs a step of a heap; a run of entries from one layer is copied column by
//!   column.
//! - **Invariant**: what the newest layer says of a quad is kept. Tombstones go only when nothing older exists that they
//!   could hide.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::TermId;
use rayon::prelude::*;

use crate::block::Block;
use crate::dictionary::{Dictionary, DictionaryWriter, TermBlock};
use crate::layer::{Content, Layer, SegmentSet};
use crate::memory::MemoryRun;
use crate::order::{Key, Order};
use crate::segment::{Segment, SegmentWriter};
use crate::shared::Shared;
use crate::{CancelToken, Error, Result};

/// How a merge behaves beside everything else.
pub(crate) trait Pace: Sync {
    /// Looked at every block. An error ends the merge.
    fn step(&self) -> Result<()>;
    /// Whether all cores may be used from now on.
    fn all_cores(&self) -> bool;
    /// Runs one file's work, on few threads.
    fn alone(&self, work: &mut (dyn FnMut() + Send));
    /// Ends the writing of files.
    fn token(&self) -> &CancelToken;
}

/// At full speed until a token is pulled.
#[derive(Debug)]
pub(crate) struct AllCores<'a> {
    /// Pulled when the store closes.
    pub(crate) stop: &'a CancelToken,
    /// The caller's.
    pub(crate) cancel: &'a CancelToken,
}

impl Pace for AllCores<'_> {
    fn step(&self) -> Result<()> {
        self.cancel.check()?;
        self.stop.check()
    }

    fn all_cores(&self) -> bool {
        true
    }

    fn alone(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }

    fn token(&self) -> &CancelToken {
        self.stop
    }
}

/// One file of the set to be.
#[derive(Clone, Copy, Debug)]
enum Part {
    Quads(Order),
    Terms,
}

enum Written {
    Quads(Order, Option<Arc<Segment>>),
    Terms(Option<Arc<Dictionary>>),
}

/// Writes the merge of neighbouring layers, oldest first, as one set. Its files are synced, the directory is not, and
/// nothing names them: dropping the set removes them. `oldest` says that nothing older exists.
pub(crate) fn merge(shared: &Shared, layers: &[Arc<Layer>], oldest: bool, pace: &dyn Pace) -> Result<SegmentSet> {
    let mut set = SegmentSet { segments: [None, None, None, None], dictionary: None };
    // The last comes first: the largest files, so that the cores end together.
    let mut parts = vec![Part::Terms];
    parts.extend([Order::Gspo, Order::Opsg, Order::Spog, Order::Posg].map(Part::Quads));
    let write = |part| match part {
        Part::Quads(order) => {
            merge_quads(shared, layers, order, oldest, pace).map(|segment| Written::Quads(order, segment))
        }
        Part::Terms => merge_terms(shared, layers, pace).map(Written::Terms),
    };
    let mut place = |written| match written {
        Written::Quads(order, segment) => set.segments[order.index()] = segment,
        Written::Terms(dictionary) => set.dictionary = dictionary,
    };
    while !parts.is_empty() {
        if pace.all_cores() {
            write_all(std::mem::take(&mut parts), &write)?.into_iter().for_each(&mut place);
        } else if let Some(part) = parts.pop() {
            let mut written = None;
            pace.alone(&mut || written = Some(write(part)));
            written.transpose()?.into_iter().for_each(&mut place);
        }
    }
    Ok(set)
}

/// Writes all parts at the same time. Once one has failed the others that have not begun are not begun.
fn write_all(parts: Vec<Part>, write: &(dyn Fn(Part) -> Result<Written> + Sync)) -> Result<Vec<Written>> {
    let failed = AtomicBool::new(false);
    let outcomes: Vec<Result<Written>> = parts
        .into_par_iter()
        .rev()
        .with_max_len(1)
        .map(|part| {
            if failed.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            write(part).inspect_err(|_| failed.store(true, Ordering::Relaxed))
        })
        .collect();
    // What made the others stop is worth more than that they stopped.
    let (errors, written): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_err);
    let mut errors: Vec<Error> = errors.into_iter().filter_map(Result::err).collect();
    errors.sort_by_key(|error| matches!(error, Error::Cancelled));
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => written.into_iter().collect(),
    }
}

/// Which of several sorted streams has the smallest head; of equals the first. A heap of their places.
struct Heads<T> {
    heads: Vec<T>,
    heap: Vec<usize>,
}

impl<T: Ord> Heads<T> {
    fn new(heads: Vec<T>) -> Self {
        let mut this = Self { heap: (0..heads.len()).collect(), heads };
        (0..this.heap.len() / 2).rev().for_each(|at| this.sink(at));
        this
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.heap[a], self.heap[b]);
        self.heads[a].cmp(&self.heads[b]).then(a.cmp(&b)).is_lt()
    }

    /// The stream whose turn it is.
    fn top(&self) -> Option<usize> {
        self.heap.first().copied()
    }

    /// Its head.
    fn head(&self) -> Option<&T> {
        self.top().map(|stream| &self.heads[stream])
    }

    /// The head that would come next without it.
    fn next(&self) -> Option<&T> {
        let runner_up = if self.heap.len() > 2 && self.before(2, 1) { 2 } else { 1 };
        self.heap.get(runner_up).map(|stream| &self.heads[*stream])
    }

    /// The stream whose turn it was has another head now, or none.
    fn replace(&mut self, head: Option<T>) {
        let Some(top) = self.top() else { return };
        match head {
            Some(head) => self.heads[top] = head,
            None => {
                self.heap.swap_remove(0);
            }
        }
        self.sink(0);
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= self.heap.len() {
                return;
            }
            let child = if right < self.heap.len() && self.before(right, left) { right } else { left };
            if !self.before(child, at) {
                return;
            }
            self.heap.swap(at, child);
            at = child;
        }
    }
}

/// One order of one layer, read from the first entry to the last.
struct Quads {
    block: Arc<Block>,
    at: usize,
    /// The segment it comes from, and the number of the block that follows.
    rest: Option<(Arc<Segment>, usize)>,
}

impl Quads {
    /// `None` if the layer holds nothing in this order.
    fn of(layer: &Layer, order: Order) -> Result<Option<Self>> {
        let stream = match &layer.content {
            Content::Memory(run) => Self { block: Arc::clone(run.order(order)), at: 0, rest: None },
            Content::Disk(set) => match &set.segments[order.index()] {
                Some(segment) if segment.blocks() > 0 => {
                    Self { block: Arc::new(segment.read(0)?), at: 0, rest: Some((Arc::clone(segment), 1)) }
                }
                _ => return Ok(None),
            },
        };
        Ok((!stream.block.is_empty()).then_some(stream))
    }

    fn key(&self) -> Key {
        self.block.key(self.at)
    }

    /// Moves to entry `at` of the block, or to the next block, and gives the key there.
    fn advance_to(&mut self, at: usize, pace: &dyn Pace) -> Result<Option<Key>> {
        self.at = at;
        while self.at >= self.block.len() {
            let Some((segment, next)) = &mut self.rest else { return Ok(None) };
            if *next >= segment.blocks() {
                return Ok(None);
            }
            pace.step()?;
            self.block = Arc::new(segment.read(*next)?);
            *next += 1;
            self.at = 0;
        }
        Ok(Some(self.key()))
    }
}

fn merge_quads(
    shared: &Shared,
    layers: &[Arc<Layer>],
    order: Order,
    oldest: bool,
    pace: &dyn Pace,
) -> Result<Option<Arc<Segment>>> {
    let mut streams = Vec::with_capacity(layers.len());
    for layer in layers.iter().rev() {
        pace.step()?;
        streams.extend(Quads::of(layer, order)?);
    }
    let mut heads = Heads::new(streams.iter().map(Quads::key).collect());
    let leads = layers.iter().map(|layer| layer.leads(order)).sum();
    let mut output = Output { shared, order, leads, token: pace.token(), writer: None };
    while let Some(top) = heads.top() {
        let stream = &mut streams[top];
        let from = stream.at;
        let end = heads.next().map_or(stream.block.len(), |next| stream.block.lower_bound(from, next));
        if from < end {
            output.take(&stream.block, from, end, oldest)?;
            let head = stream.advance_to(end, pace)?;
            heads.replace(head);
        } else {
            // Others know the same quad; this one is the newest of them.
            let key = stream.key();
            output.take(&stream.block, from, from + 1, oldest)?;
            while heads.head() == Some(&key)
                && let Some(top) = heads.top()
            {
                let stream = &mut streams[top];
                let head = stream.advance_to(stream.at + 1, pace)?;
                heads.replace(head);
            }
        }
    }
    output.finish()
}

/// The segment to be; it has no file before its first entry.
struct Output<'a> {
    shared: &'a Shared,
    order: Order,
    /// Distinct leading ids, at most.
    leads: u64,
    token: &'a CancelToken,
    writer: Option<(u64, SegmentWriter)>,
}

impl Output<'_> {
    /// Entries of a block, without tombstones if `drop_tombstones`.
    fn take(&mut self, block: &Block, from: usize, to: usize, drop_tombstones: bool) -> Result<()> {
        if !drop_tombstones || !block.has_tombstones() {
            return self.write(block, from, to);
        }
        let mut live = from;
        for at in from..to {
            if block.is_tombstone(at) {
                self.write(block, live, at)?;
                live = at + 1;
            }
        }
        self.write(block, live, to)
    }

    fn write(&mut self, block: &Block, from: usize, to: usize) -> Result<()> {
        if from >= to {
            return Ok(());
        }
        let (_, writer) = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let number = self.shared.next_file();
                let path = self.shared.segment_path(number);
                let disk = Arc::clone(&self.shared.merging);
                none.insert((number, SegmentWriter::create(path, self.order, self.leads, disk, self.token.clone())?))
            }
        };
        writer.extend(block, from, to)
    }

    fn finish(self) -> Result<Option<Arc<Segment>>> {
        let Some((number, writer)) = self.writer else { return Ok(None) };
        let segment = writer.finish(number, self.order, Arc::clone(&self.shared.cache))?;
        segment.file().set_temporary();
        Ok(Some(Arc::new(segment)))
    }
}

/// The terms of one layer, read from the first to the last.
enum Terms<'a> {
    Memory { run: &'a MemoryRun, at: usize },
    Disk { dictionary: &'a Dictionary, block: TermBlock, number: usize, at: usize },
}

impl<'a> Terms<'a> {
    /// `None` if the layer has none.
    fn of(layer: &'a Layer) -> Result<Option<Self>> {
        let terms = match &layer.content {
            Content::Memory(run) => Self::Memory { run, at: 0 },
            Content::Disk(SegmentSet { dictionary: Some(dictionary), .. }) if dictionary.blocks() > 0 => {
                Self::Disk { dictionary, block: dictionary.read(0)?, number: 0, at: 0 }
            }
            Content::Disk(_) => return Ok(None),
        };
        Ok(terms.id().is_some().then_some(terms))
    }

    fn id(&self) -> Option<TermId> {
        match self {
            Self::Memory { run, at } => run.terms().get(*at).map(|(id, _)| *id),
            Self::Disk { block, at, .. } => (*at < block.len()).then(|| block.id(*at)),
        }
    }

    /// Only while [`Self::id`] is some.
    fn spelling(&self) -> &[u8] {
        match self {
            Self::Memory { run, at } => &run.terms()[*at].1,
            Self::Disk { block, at, .. } => block.spelling(*at),
        }
    }

    fn advance(&mut self, pace: &dyn Pace) -> Result<Option<TermId>> {
        match self {
            Self::Memory { at, .. } => *at += 1,
            Self::Disk { dictionary, block, number, at } => {
                *at += 1;
                if *at == block.len() && *number + 1 < dictionary.blocks() {
                    pace.step()?;
                    *number += 1;
                    *block = dictionary.read(*number)?;
                    *at = 0;
                }
            }
        }
        Ok(self.id())
    }
}

fn merge_terms(shared: &Shared, layers: &[Arc<Layer>], pace: &dyn Pace) -> Result<Option<Arc<Dictionary>>> {
    let mut streams = Vec::with_capacity(layers.len());
    for layer in layers {
        pace.step()?;
        streams.extend(Terms::of(layer)?);
    }
    if streams.is_empty() {
        return Ok(None);
    }
    let number = shared.next_file();
    let path = shared.dictionary_path(number);
    let mut writer = DictionaryWriter::create(path, Arc::clone(&shared.merging), pace.token().clone())?;
    let mut heads = Heads::new(streams.iter().filter_map(Terms::id).collect());
    while let (Some(top), Some(id)) = (heads.top(), heads.head().copied()) {
        let terms = &mut streams[top];
        writer.push(id, terms.spelling())?;
        heads.replace(terms.advance(pace)?);
    }
    let dictionary = writer.finish(number, Arc::clone(&shared.cache))?;
    dictionary.file().set_temporary();
    Ok(Some(Arc::new(dictionary)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{Quad, Tag};
    use proptest::prelude::*;

    use super::*;
    use crate::{Options, Store};

    /// Quads of a world in which layers meet: subject, object and graph.
    fn quad(n: u32) -> Quad {
        let id = |tag, n: u32| TermId::new(tag, u128::from(n));
        let o = if n.is_multiple_of(3) { id(Tag::Integer, n % 50) } else { id(Tag::IriHash, n % 60 + 1) };
        let g = if n.is_multiple_of(4) { id(Tag::IriHash, n % 7 + 1) } else { TermId::DEFAULT_GRAPH };
        Quad::new(id(Tag::IriHash, n / 5 + 1), id(Tag::IriHash, n % 2 + 1), o, g)
    }

    fn read(set: &SegmentSet, order: Order) -> Vec<(Key, bool)> {
        let Some(segment) = &set.segments[order.index()] else { return Vec::new() };
        let blocks = (0..segment.blocks()).map(|block| segment.read(block).unwrap());
        blocks.flat_map(|b| (0..b.len()).map(|at| (b.key(at), b.is_tombstone(at))).collect::<Vec<_>>()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

        /// Several blocks a layer, layers in memory and on disk, tombstones in either.
        #[test]
        fn equals_one_map_that_is_overwritten(
            layers in prop::collection::vec((any::<u64>(), 1..2500_usize, any::<bool>()), 1..9),
            oldest: bool,
            all_cores: bool,
        ) {
            struct OneCore<'a>(&'a CancelToken);
            impl Pace for OneCore<'_> {
                fn step(&self) -> Result<()> {
                    self.0.check()
                }
                fn all_cores(&self) -> bool {
                    false
                }
                fn alone(&self, work: &mut (dyn FnMut() + Send)) {
                    work();
                }
                fn token(&self) -> &CancelToken {
                    self.0
                }
            }
            let directory = tempfile::tempdir().unwrap();
            let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
            let shared = store.shared();
            let token = CancelToken::new();
            let pace: &dyn Pace =
                if all_cores { &AllCores { stop: &token, cancel: &token } } else { &OneCore(&token) };
            let (mut expected, mut terms) = (BTreeMap::new(), BTreeMap::new());
            let mut list = Vec::new();
            for (number, (seed, entries, on_disk)) in layers.into_iter().enumerate() {
                let mut state = seed;
                let mut below = |limit: u32| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 33) as u32 % limit
                };
                let operations: BTreeMap<Quad, bool> =
                    (0..entries).map(|_| (quad(below(5000)), below(4) == 0)).collect();
                let spelled = operations.keys().map(|quad| (quad.s, format!("{:?}", quad.s).into_bytes().into()));
                let spelled: Vec<(TermId, Arc<[u8]>)> = spelled.collect();
                terms.extend(spelled.clone());
                expected.extend(operations.clone());
                let run = MemoryRun::new(operations.into_iter().collect(), spelled);
                let number = number as u64 + 1;
                let mut layer = Arc::new(Layer { low: number, high: number, content: Content::Memory(run) });
                if on_disk {
                    let content = Content::Disk(merge(shared, &[layer], false, pace).unwrap());
                    layer = Arc::new(Layer { low: number, high: number, content });
                }
                list.push(layer);
            }
            let set = merge(shared, &list, oldest, pace).unwrap();
            for order in Order::ALL {
                let kept = expected.iter().filter(|(quad, tombstone)| order.holds(quad) && !(oldest && **tombstone));
                let mut kept: Vec<_> = kept.map(|(quad, tombstone)| (order.key(quad), *tombstone)).collect();
                kept.sort_unstable();
                prop_assert_eq!(read(&set, order), kept);
            }
            let dictionary = set.dictionary.clone().unwrap();
            for (id, spelling) in &terms {
                let found = dictionary.lookup(*id, |found| found == &**spelling).unwrap();
                prop_assert_eq!(found, Some(true));
            }
            prop_assert_eq!(dictionary.file().entries(), terms.len() as u64);
            // Nothing names any of it.
            drop((set, list, dictionary));
            prop_assert_eq!(std::fs::read_dir(shared.segments_directory()).unwrap().count(), 0);
            prop_assert_eq!(shared.merging.temporary.load(Ordering::Relaxed), 0);

            // A pulled token leaves nothing either.
            token.cancel();
            let layer = Layer { low: 1, high: 1, content: Content::Memory(MemoryRun::new(vec![(quad(1), false)], vec![])) };
            prop_assert!(matches!(merge(shared, &[Arc::new(layer)], oldest, pace), Err(Error::Cancelled)));
            prop_assert_eq!(std::fs::read_dir(shared.segments_directory()).unwrap().count(), 0);
        }
    }
}
