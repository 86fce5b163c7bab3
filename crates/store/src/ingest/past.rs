//! What the store holds, as far as a load asks: which of its ids are there, who owns an edge id, which ends are vertices.

use std::ops::Range;

use model::{Quad, TermId};
use rayon::prelude::*;

use super::codes::CodeSet;
use super::lane::Codes;
use super::vocabulary::Vocabulary;
use crate::batch::Columns;
use crate::block::gallop;
use crate::cursor::{Access, Merge};
use crate::filter;
use crate::order::{Key, Order, Pattern};
use crate::snapshot::Snapshot;
use crate::{CancelToken, Result};

/// Entries between two looks at the token.
const TICK: usize = 4096;
/// So many entries are read in the time of one search.
const ENTRIES_A_SEARCH: u64 = 8;

/// What the store holds, as the load sees it.
pub(super) struct Past<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) snapshot: &'a Snapshot,
    pub(super) before: Option<&'a Snapshot>,
    /// Ids that are subjects there, or may be.
    pub(super) subjects: CodeSet,
    /// Ids that are graphs there, or may be.
    pub(super) graphs: CodeSet,
}

impl Past<'_> {
    /// Whether a quad of the store was there before the load began.
    pub(super) fn was_there(&self, quad: Option<Quad>) -> Result<bool> {
        match (quad, self.before) {
            (Some(quad), Some(before)) => {
                Ok(before.merge(Order::Spog, false).first(&Order::Spog.key(&quad), 4)?.is_some())
            }
            (quad, _) => Ok(quad.is_some()),
        }
    }

    pub(super) fn known(&self, order: Order) -> Known<'_> {
        let leads = if order == Order::Gspo { &self.graphs } else { &self.subjects };
        Known { vocabulary: self.vocabulary, leads, merge: self.snapshot.merge(order, false) }
    }

    /// Those of the ids that are no vertices of the store. Few are searched for; for many it is faster to read all
    /// vertices: they are one run of POSG, and in it those of each label ascend.
    pub(super) fn without_vertices(&self, mut ids: CodeSet, cancel: &CancelToken) -> Result<CodeSet> {
        let codes: Vec<u32> = ids.iter().collect();
        let labels = Pattern { p: Some(TermId::LABEL), ..Pattern::ALL };
        if self.snapshot.estimate(&labels).quads > codes.len() as u64 * ENTRIES_A_SEARCH {
            let mut known = self.known(Order::Spog);
            for (i, code) in codes.into_iter().enumerate() {
                if i % TICK == 0 {
                    cancel.check()?;
                }
                if known.first(code, &[TermId::LABEL])?.is_some() {
                    ids.remove(code);
                }
            }
            return Ok(ids);
        }
        let (mut at, mut last) = (0, TermId::MIN);
        for batch in self.snapshot.scan_columns(labels, Order::Posg, Columns::S).until(cancel) {
            for vertex in batch?.s {
                let from = if vertex < last { 0 } else { at };
                last = vertex;
                at = gallop(from, codes.len(), |at| self.vocabulary.id(codes[at]) < vertex);
                if codes.get(at).is_some_and(|code| self.vocabulary.id(*code) == vertex) {
                    ids.remove(codes[at]);
                }
            }
        }
        Ok(ids)
    }
}

/// A forward cursor on what the store holds. New ids are most of a load: they need no search.
pub(super) struct Known<'a> {
    vocabulary: &'a Vocabulary,
    /// Codes that quads of the store may lead with in this order.
    leads: &'a CodeSet,
    merge: Merge,
}

impl Known<'_> {
    /// The first key that begins with the id of this code, and with what follows.
    pub(super) fn first(&mut self, lead: u32, then: &[TermId]) -> Result<Option<Key>> {
        if !self.leads.contains(lead) {
            return Ok(None);
        }
        let mut prefix = [self.vocabulary.id(lead), TermId::MIN, TermId::MIN, TermId::MIN];
        prefix[1..].iter_mut().zip(then).for_each(|(slot, id)| *slot = *id);
        self.merge.first(&prefix, 1 + then.len())
    }

    /// Whether a quad is there, in an order that keeps quads as they are.
    pub(super) fn holds(&mut self, quad: &Codes) -> Result<bool> {
        let [_, p, o, g] = quad.map(|code| self.vocabulary.id(code));
        Ok(self.first(quad[0], &[p, o, g])?.is_some())
    }

    /// The values that an element has for a key in the store.
    pub(super) fn values(&mut self, s: u32, p: u32, values: &mut Vec<TermId>) -> Result<()> {
        if !self.leads.contains(s) {
            return Ok(());
        }
        let prefix = [self.vocabulary.id(s), self.vocabulary.id(p), TermId::MIN, TermId::MIN];
        self.merge.seek(&prefix)?;
        let mut more = true;
        while more {
            more = self.merge.runs(&prefix, 2, TICK, &mut |block, low, high| {
                values.extend_from_slice(&block.column(2)[low..high]);
            })?;
        }
        Ok(())
    }
}

/// Those of a range of codes that quads of the store lead with in an order, or may lead with.
///
/// A filter is wrong about one id in a hundred, and filters of many layers about many. So where filters say yes to few,
/// those few are looked for.
pub(super) fn leads(
    vocabulary: &Vocabulary,
    snapshot: &Snapshot,
    order: Order,
    range: Range<u32>,
    cancel: &CancelToken,
) -> Result<CodeSet> {
    let mut leads = CodeSet::new(vocabulary);
    if snapshot.layers().is_empty() {
        return Ok(leads);
    }
    leads.words.par_chunks_mut(TICK / 64).enumerate().try_for_each(|(chunk, words)| {
        let first = (chunk * TICK) as u32;
        let codes = range.start.max(first)..range.end.min(first + words.len() as u32 * 64);
        let mut unknown: Vec<(u32, TermId, u64)> = codes
            .map(|code| {
                let id = vocabulary.id(code);
                (code, id, filter::hash(id))
            })
            .collect();
        for layer in snapshot.layers().iter().rev() {
            cancel.check()?;
            let may_hold = |at: &usize| layer.may_hold(order, unknown[*at].1, unknown[*at].2);
            let mut maybe: Vec<usize> = (0..unknown.len()).filter(may_hold).collect();
            if maybe.len() * 4 < unknown.len() {
                let mut entries = Merge::new(vec![layer.cursor(order, Access::Some)], true);
                for at in std::mem::take(&mut maybe) {
                    let prefix = [unknown[at].1, TermId::MIN, TermId::MIN, TermId::MIN];
                    if entries.first(&prefix, 1)?.is_some() {
                        maybe.push(at);
                    }
                }
            }
            for at in &maybe {
                let code = unknown[*at].0;
                words[(code - first) as usize / 64] |= 1 << (code % 64);
            }
            let (mut known, mut at) = (maybe.into_iter().peekable(), 0..);
            unknown.retain(|_| known.next_if_eq(&at.next().unwrap_or(0)).is_none());
        }
        Ok::<(), crate::Error>(())
    })?;
    leads.len = leads.words.iter().map(|word| word.count_ones() as usize).sum();
    Ok(leads)
}
