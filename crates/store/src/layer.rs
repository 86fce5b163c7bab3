//! A layer: what some range of commits did to one data set, on disk or in memory.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cursor::{Cursor, Merge};
use crate::dictionary::{Dictionary, DictionaryWriter};
use crate::order::Order;
use crate::segment::{Segment, SegmentWriter};
use crate::shared::Shared;
use crate::{CancelToken, Result, memory::MemoryRun};

/// The segments and the dictionary piece of one layer on disk. An order that would be empty has no file. Clones share
/// the files.
#[derive(Clone, Debug)]
pub(crate) struct SegmentSet {
    pub(crate) segments: [Option<Arc<Segment>>; 4],
    pub(crate) dictionary: Option<Arc<Dictionary>>,
}

/// A segment set as the manifest names it: the numbers of its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SetRecord {
    /// First commit covered.
    pub(crate) low: u64,
    /// Last commit covered.
    pub(crate) high: u64,
    /// By order: SPOG, POSG, OPSG, GSPO.
    pub(crate) segments: [Option<u64>; 4],
    pub(crate) dictionary: Option<u64>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Layer {
    /// First commit covered.
    pub(crate) low: u64,
    /// Last commit covered.
    pub(crate) high: u64,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Memory(MemoryRun),
    Disk(SegmentSet),
}

impl Layer {
    /// A cursor before the first entry of an order. `bulk` reads past the cache.
    pub(crate) fn cursor(&self, order: Order, bulk: bool) -> Cursor {
        match &self.content {
            Content::Memory(run) => Cursor::memory(Arc::clone(run.order(order))),
            Content::Disk(set) => match &set.segments[order.index()] {
                Some(segment) => Cursor::segment(Arc::clone(segment), bulk),
                None => Cursor::memory(Arc::default()),
            },
        }
    }

    /// Calls `found` with the spelling of a hashed id if this layer has it.
    pub(crate) fn spelling<T>(&self, id: model::TermId, found: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
        match &self.content {
            Content::Memory(run) => Ok(run.spelling(id).map(found)),
            Content::Disk(set) => match &set.dictionary {
                Some(dictionary) => dictionary.lookup(id, found),
                None => Ok(None),
            },
        }
    }

    /// Entries of SPOG, tombstones included.
    pub(crate) fn entries(&self) -> u64 {
        match &self.content {
            Content::Memory(run) => run.len() as u64,
            Content::Disk(set) => set.entries(),
        }
    }

    /// Whether it may hold entries that lead with this id in an order. No search of blocks on disk.
    pub(crate) fn may_hold(&self, order: Order, lead: model::TermId) -> bool {
        match &self.content {
            Content::Memory(run) => {
                let block = run.order(order);
                let prefix = [lead, model::TermId::MIN, model::TermId::MIN, model::TermId::MIN];
                let at = block.lower_bound(0, &prefix);
                at < block.len() && block.has_prefix(at, &prefix, 1)
            }
            Content::Disk(set) => set.segments[order.index()].as_ref().is_some_and(|segment| segment.may_hold(lead)),
        }
    }

    /// Distinct leading ids of an order, at most.
    pub(crate) fn leads(&self, order: Order) -> u64 {
        match &self.content {
            Content::Memory(run) => run.order(order).len() as u64,
            Content::Disk(set) => set.segments[order.index()].as_ref().map_or(0, |segment| segment.leads()),
        }
    }

    /// Tombstones among them.
    pub(crate) fn tombstones(&self) -> u64 {
        match &self.content {
            Content::Memory(run) => run.order(Order::Spog).count_tombstones(),
            Content::Disk(set) => set.segments[0].as_ref().map_or(0, |segment| segment.file().tombstones()),
        }
    }

    pub(crate) fn is_memory(&self) -> bool {
        matches!(self.content, Content::Memory(_))
    }

    pub(crate) fn disk(&self) -> Option<&SegmentSet> {
        match &self.content {
            Content::Memory(_) => None,
            Content::Disk(set) => Some(set),
        }
    }

    /// How the manifest names it, if it is on disk.
    pub(crate) fn record(&self) -> Option<SetRecord> {
        self.disk().map(|set| set.record(self.low, self.high))
    }
}

impl SegmentSet {
    /// Opens the files that the manifest names.
    pub(crate) fn open(shared: &Shared, record: &SetRecord) -> Result<Self> {
        let mut segments = [None, None, None, None];
        for (order, number) in Order::ALL.into_iter().zip(record.segments) {
            if let Some(number) = number {
                let path = shared.segment_path(number);
                let (disk, cache) = (Arc::clone(&shared.disk), Arc::clone(&shared.cache));
                segments[order.index()] = Some(Arc::new(Segment::open(path, number, order, disk, cache)?));
            }
        }
        let dictionary = record
            .dictionary
            .map(|number| {
                let (disk, cache) = (Arc::clone(&shared.disk), Arc::clone(&shared.cache));
                Dictionary::open(shared.dictionary_path(number), number, disk, cache).map(Arc::new)
            })
            .transpose()?;
        Ok(Self { segments, dictionary })
    }

    /// Writes the merge of neighbouring layers, oldest first, as one set. Tombstones go only when nothing older exists
    /// that they could hide.
    pub(crate) fn merge(shared: &Shared, layers: &[Arc<Layer>], oldest: bool, cancel: &CancelToken) -> Result<Self> {
        let mut segments = [None, None, None, None];
        for order in Order::ALL {
            let cursors = layers.iter().rev().map(|layer| layer.cursor(order, true)).collect();
            let mut merge = Merge::new(cursors, !oldest);
            merge.start()?;
            let mut writer: Option<(u64, SegmentWriter)> = None;
            let mut entries = Vec::with_capacity(crate::segment::BLOCK);
            loop {
                entries.clear();
                let more =
                    merge.runs(&[model::TermId::MIN; 4], 0, crate::segment::BLOCK, &mut |block, low, high| {
                        entries.extend((low..high).map(|at| (block.key(at), block.is_tombstone(at))));
                    })?;
                if !entries.is_empty() && writer.is_none() {
                    let number = shared.next_file();
                    let disk = Arc::clone(&shared.disk);
                    let leads = layers.iter().map(|layer| layer.leads(order)).sum();
                    let path = shared.segment_path(number);
                    let created = SegmentWriter::create(path, order, leads, disk, cancel.clone())?;
                    writer = Some((number, created));
                }
                if let Some((_, writer)) = &mut writer {
                    entries.iter().try_for_each(|(key, tombstone)| writer.push(key, *tombstone))?;
                }
                if !more {
                    break;
                }
            }
            if let Some((number, writer)) = writer {
                let segment = writer.finish(number, order, Arc::clone(&shared.cache))?;
                segment.file().set_temporary();
                segments[order.index()] = Some(Arc::new(segment));
            }
        }
        let dictionary = Self::merge_dictionaries(shared, layers, cancel)?;
        Ok(Self { segments, dictionary })
    }

    fn merge_dictionaries(
        shared: &Shared,
        layers: &[Arc<Layer>],
        cancel: &CancelToken,
    ) -> Result<Option<Arc<Dictionary>>> {
        let mut sources = Vec::new();
        for layer in layers {
            match &layer.content {
                Content::Memory(run) if !run.terms().is_empty() => sources.push(Terms::Memory { run, at: 0 }),
                Content::Disk(SegmentSet { dictionary: Some(dictionary), .. }) if dictionary.blocks() > 0 => {
                    sources.push(Terms::Disk { dictionary, block: dictionary.read(0)?, number: 0, at: 0 });
                }
                Content::Memory(_) | Content::Disk(_) => {}
            }
        }
        if sources.is_empty() {
            return Ok(None);
        }
        let number = shared.next_file();
        let disk = Arc::clone(&shared.disk);
        let mut writer = DictionaryWriter::create(shared.dictionary_path(number), disk, cancel.clone())?;
        let smallest =
            |sources: &[Terms<'_>]| sources.iter().enumerate().filter_map(|(i, terms)| Some((terms.id()?, i))).min();
        while let Some(next) = smallest(&sources) {
            let terms = &mut sources[next.1];
            writer.push(next.0, terms.spelling())?;
            terms.advance()?;
        }
        let dictionary = writer.finish(number, Arc::clone(&shared.cache))?;
        dictionary.file().set_temporary();
        Ok(Some(Arc::new(dictionary)))
    }

    /// How the manifest names it, as the layer of these commits.
    pub(crate) fn record(&self, low: u64, high: u64) -> SetRecord {
        SetRecord {
            low,
            high,
            segments: std::array::from_fn(|i| self.segments[i].as_ref().map(|segment| segment.number())),
            dictionary: self.dictionary.as_ref().map(|dictionary| dictionary.number()),
        }
    }

    /// Entries of SPOG, tombstones included.
    pub(crate) fn entries(&self) -> u64 {
        self.segments[0].as_ref().map_or(0, |segment| segment.file().entries())
    }

    fn files(&self) -> impl Iterator<Item = &crate::blockfile::BlockFile> {
        let segments = self.segments.iter().flatten().map(|segment| segment.file());
        segments.chain(self.dictionary.iter().map(|dictionary| dictionary.file()))
    }

    /// The manifest names the files now.
    pub(crate) fn set_published(&self) {
        self.files().for_each(crate::blockfile::BlockFile::set_published);
    }

    /// The manifest no longer names the files: they go when the last snapshot that holds them is gone.
    pub(crate) fn set_obsolete(&self) {
        self.files().for_each(crate::blockfile::BlockFile::set_obsolete);
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.files().map(crate::blockfile::BlockFile::length).sum()
    }
}

/// A sorted stream of terms.
enum Terms<'a> {
    Memory { run: &'a MemoryRun, at: usize },
    Disk { dictionary: &'a Dictionary, block: crate::dictionary::TermBlock, number: usize, at: usize },
}

impl Terms<'_> {
    fn id(&self) -> Option<model::TermId> {
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

    fn advance(&mut self) -> Result<()> {
        match self {
            Self::Memory { at, .. } => *at += 1,
            Self::Disk { dictionary, block, number, at } => {
                *at += 1;
                if *at == block.len() && *number + 1 < dictionary.blocks() {
                    *number += 1;
                    *block = dictionary.read(*number)?;
                    *at = 0;
                }
            }
        }
        Ok(())
    }
}
