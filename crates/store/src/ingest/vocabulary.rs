//! The vocabulary of one `prepare`: its distinct ids, sorted. A code is a place in it, so codes compare as ids do, and the
//! ids of a kind (vertices, edge labels, resources) are a range of codes.

use std::ops::Range;

use model::{Tag, TermId};

use super::lane::Codes;
use super::memory::{Lent, Pool};
use super::write::sort;
use crate::{CancelToken, Result};

/// Ids between two looks at the token.
const TICK: usize = 1 << 16;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    ids: Vec<TermId>,
    /// The code of `~label`, if it is here.
    pub(super) label: Range<u32>,
    pub(super) edge_labels: Range<u32>,
    pub(super) edges: Range<u32>,
    /// From here on codes are resources.
    pub(super) resources: u32,
    pub(super) default_graph: u32,
}

/// Memory that vocabularies are built in, one after the other.
#[derive(Debug, Default)]
pub(super) struct Workshop {
    /// Two words of an id, and where it came: 24 bytes; an id and a number would be 32.
    numbered: Vec<([u64; 2], u32)>,
    ids: Vec<TermId>,
}

impl Vocabulary {
    /// From ids in any order, with repeats. Also gives the code of each, in the order in which they came.
    pub(super) fn build<'a>(
        parts: &[&[TermId]],
        workshop: &mut Workshop,
        pool: &'a Pool,
        cancel: &CancelToken,
    ) -> Result<(Self, Lent<'a, 1>)> {
        let total = parts.iter().map(|part| part.len()).sum();
        let Workshop { numbered, ids } = workshop;
        numbered.clear();
        numbered.reserve(total);
        for part in parts.iter().flat_map(|part| part.chunks(TICK)) {
            cancel.check()?;
            let from = numbered.len() as u32;
            numbered.extend(part.iter().zip(from..).map(|(id, at)| ([(id.get() >> 64) as u64, id.get() as u64], at)));
        }
        sort(numbered, cancel, |(id, _)| *id)?;
        let mut codes = pool.lend(total);
        let mut ids = std::mem::take(ids);
        ids.clear();
        let mut last = [0; 2]; // no id is zero
        for numbered in numbered.chunks(TICK) {
            cancel.check()?;
            for (words, at) in numbered {
                if *words != last {
                    last = *words;
                    ids.extend(TermId::from_u128(u128::from(words[0]) << 64 | u128::from(words[1])));
                }
                codes[*at as usize] = [(ids.len() - 1) as u32];
            }
        }
        Ok((Self::new(ids), codes))
    }

    /// Gives the memory back.
    pub(super) fn recycle(self, workshop: &mut Workshop) {
        workshop.ids = self.ids;
    }

    fn new(ids: Vec<TermId>) -> Self {
        let from = |tag: Tag| ids.partition_point(|id| *id < TermId::new(tag, 0)) as u32;
        Self {
            label: from(Tag::Label)..from(Tag::KeyInline),
            edge_labels: from(Tag::EdgeLabelInline)..from(Tag::IriInline),
            edges: from(Tag::EdgeInline)..from(Tag::DefaultGraph),
            resources: from(Tag::IriInline),
            default_graph: from(Tag::DefaultGraph),
            ids,
        }
    }

    /// How many codes there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The id of a code.
    pub(super) fn id(&self, code: u32) -> TermId {
        self.ids[code as usize]
    }

    /// The ids in one position of many quads. One column at a time: the processor waits for many of them at once.
    pub(super) fn column(&self, quads: &[Codes], position: usize) -> Vec<TermId> {
        quads.iter().map(|quad| self.ids[quad[position] as usize]).collect()
    }
}
