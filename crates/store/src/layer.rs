//! A layer: what some range of commits did to one data set, on disk or in memory.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cursor::{Access, Cursor};
use crate::dictionary::Dictionary;
use crate::order::Order;
use crate::segment::Segment;
use crate::shared::Shared;
use crate::{Result, memory::MemoryRun};

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
    /// A cursor before the first entry of an order.
    pub(crate) fn cursor(&self, order: Order, access: Access) -> Cursor {
        match &self.content {
            Content::Memory(run) => Cursor::memory(Arc::clone(run.order(order))),
            Content::Disk(set) => match &set.segments[order.index()] {
                Some(segment) => Cursor::segment(Arc::clone(segment), access),
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

    /// Those of them that are of a named graph.
    pub(crate) fn named(&self) -> u64 {
        match &self.content {
            Content::Memory(run) => run.order(Order::Gspo).len() as u64,
            Content::Disk(set) => {
                set.segments[Order::Gspo.index()].as_ref().map_or(0, |segment| segment.file().entries())
            }
        }
    }

    /// Whether it may hold entries that lead with this id in an order, given its [`crate::filter::hash`]. No search of
    /// blocks on disk.
    pub(crate) fn may_hold(&self, order: Order, lead: model::TermId, hash: u64) -> bool {
        match &self.content {
            Content::Memory(run) => {
                let block = run.order(order);
                let prefix = [lead, model::TermId::MIN, model::TermId::MIN, model::TermId::MIN];
                let at = block.lower_bound(0, &prefix);
                at < block.len() && block.has_prefix(at, &prefix, 1)
            }
            Content::Disk(set) => {
                set.segments[order.index()].as_ref().is_some_and(|segment| segment.may_hold_hashed(hash))
            }
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

    pub(crate) fn memory(&self) -> Option<&MemoryRun> {
        match &self.content {
            Content::Memory(run) => Some(run),
            Content::Disk(_) => None,
        }
    }

    pub(crate) fn is_memory(&self) -> bool {
        self.memory().is_some()
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
