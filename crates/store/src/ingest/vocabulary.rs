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

impl Vocabulary {
    /// From ids in any order, with repeats. Also gives the code of each, in the order in which they came.
    pub(super) fn build<'a>(
        parts: Vec<Vec<TermId>>,
        pool: &'a Pool,
        cancel: &CancelToken,
    ) -> Result<(Self, Lent<'a, 1>)> {
        let total = parts.iter().map(Vec::len).sum();
        // Two words of an id, and where it came: 24 bytes; an id and a number would be 32.
        let mut numbered: Vec<([u64; 2], u32)> = Vec::with_capacity(total);
        for part in parts {
            for part in part.chunks(TICK) {
                cancel.check()?;
                let from = numbered.len() as u32;
                let words = part.iter().map(|id| [(id.get() >> 64) as u64, id.get() as u64]);
                numbered.extend(words.zip(from..));
            }
        }
        sort(&mut numbered, cancel, |(id, _)| *id)?;
        let distinct = numbered.chunk_by(|(a, _), (b, _)| a == b).count();
        let mut codes = pool.lend(total);
        let mut ids = Vec::with_capacity(distinct);
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
