//! Tally: how many live quads have each id of a column, from runs of ids and not row by row.

use model::TermId;

use crate::cursor::{Access, Merge};
use crate::layer::Layer;
use crate::order::{Key, Order};
use crate::snapshot::Snapshot;
use crate::view::View;
use crate::{CancelToken, Result};

/// Quads that are looked at between two looks at the token, about.
const PIECE: usize = 1 << 13;

/// Which quads count, by the column behind the one whose ids are told apart.
#[derive(Clone, Copy, Debug)]
pub enum Counted<'a> {
    /// All.
    All,
    /// Those that are not below this.
    From(TermId),
    /// Those that are one of these.
    Among(&'a [TermId]),
}

/// See the module. After an error it is not asked again.
#[derive(Debug)]
pub struct Tally {
    snapshot: Snapshot,
    order: Order,
    /// What is walked, once it has begun.
    merge: Option<Merge>,
    prefix: Key,
    /// How many leading columns are given: the next one is told apart.
    given: usize,
    /// No id above this is wanted.
    last: TermId,
    counted: Kinds,
    /// The id at hand, which may go on, and how many quads it has so far.
    open: Option<(TermId, u64)>,
    done: bool,
}

#[derive(Debug)]
enum Kinds {
    All,
    From(TermId),
    Among(Vec<TermId>),
}

impl Snapshot {
    /// For each id from `first` to `last` that live quads have behind the given leading ids of `order`, how many have it
    /// and count; ids without any are left out.
    pub fn tally(&self, order: Order, given: &[TermId], ids: (TermId, TermId), counted: Counted<'_>) -> Tally {
        let mut prefix = [TermId::MIN; 4];
        prefix[..given.len()].copy_from_slice(given);
        prefix[given.len()] = ids.0;
        let counted = match counted {
            Counted::All => Kinds::All,
            Counted::From(least) => Kinds::From(least),
            Counted::Among(kinds) => {
                let mut kinds = kinds.to_vec();
                kinds.sort_unstable();
                kinds.dedup();
                Kinds::Among(kinds)
            }
        };
        Tally {
            snapshot: self.clone(),
            order,
            merge: None,
            prefix,
            given: given.len(),
            last: ids.1,
            counted,
            open: None,
            done: false,
        }
    }
}

impl Tally {
    /// The next ids, ascending, about `limit`, and the number of each; `None` behind the last.
    pub fn next(&mut self, limit: usize, cancel: &CancelToken) -> Result<Option<(Vec<TermId>, Vec<u64>)>> {
        let mut found = (Vec::with_capacity(limit), Vec::with_capacity(limit));
        let mut merge = match self.merge.take() {
            Some(merge) => merge,
            None => self.begin()?,
        };
        let mut scratch = Vec::new();
        while found.0.len() < limit && !self.done {
            cancel.check()?;
            let (column, last, counted, open) = (self.given, self.last, &self.counted, &mut self.open);
            let mut ended = false;
            let more = merge.runs(&self.prefix, self.given, PIECE, &mut |block, low, high| {
                block.runs(column, low, high, &mut scratch, &mut |id, from, to| {
                    ended |= id > last;
                    let count = if ended { 0 } else { counted.count(block, column + 1, from, to) };
                    match open {
                        _ if count == 0 => {}
                        Some((before, so_far)) if *before == id => *so_far += count,
                        _ => {
                            if let Some((before, count)) = open.replace((id, count)) {
                                found.0.push(before);
                                found.1.push(count);
                            }
                        }
                    }
                });
            })?;
            self.done = ended || !more;
        }
        self.merge = Some(merge);
        if self.done
            && let Some((id, count)) = self.open.take()
        {
            found.0.push(id);
            found.1.push(count);
        }
        Ok((!found.0.is_empty()).then_some(found))
    }

    /// Walks through the cache: what is counted once is counted again, and to read blocks anew is half of the work.
    fn begin(&self) -> Result<Merge> {
        let mut cursors = Vec::new();
        for layer in self.snapshot.layers().iter().rev() {
            if self.concerns(layer)? {
                cursors.push(layer.cursor(self.order, Access::Again));
            }
        }
        let mut merge = Merge::new(cursors, false);
        merge.seek(&self.prefix)?;
        Ok(merge)
    }

    /// Whether the layer has something to say of what counts. Vertices and edges are often loaded into a layer each, and
    /// to merge the two takes longer than the counting.
    fn concerns(&self, layer: &Layer) -> Result<bool> {
        const PREDICATE: usize = 1;
        let Kinds::Among(kinds) = &self.counted else { return Ok(true) };
        if self.order.positions().get(self.given + 1) != Some(&PREDICATE) {
            return Ok(true);
        }
        let mut entries = Merge::new(vec![layer.cursor(Order::Posg, Access::Some)], true);
        for kind in kinds {
            if entries.first(&[*kind, TermId::MIN, TermId::MIN, TermId::MIN], 1)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Kinds {
    /// How many of the rows, which agree in all columns before, count.
    fn count(&self, block: &View, column: usize, from: usize, to: usize) -> u64 {
        let rows = match self {
            Self::All => to - from,
            Self::From(least) => to - block.partition(column, from, to, *least),
            Self::Among(kinds) => kinds.iter().map(|kind| block.count(column, from, to, *kind)).sum(),
        };
        rows as u64
    }
}
