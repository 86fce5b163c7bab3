//! Sorting what is pending, and writing what is new of it in every order.

use std::sync::Arc;

use rayon::prelude::*;

use super::arrange::{Predicates, in_order};
use super::lane::Codes;
use super::memory::Pool;
use super::terms::Terms;
use super::vocabulary::Vocabulary;
use crate::block::Block;
use crate::dictionary::{Dictionary, DictionaryWriter};
use crate::disk::sync_directory;
use crate::layer::SegmentSet;
use crate::order::Order;
use crate::segment::{BLOCK, EncodedBlock, Segment, SegmentWriter};
use crate::shared::Shared;
use crate::{CancelToken, Result};

/// Blocks that are encoded together, on all cores.
const GROUP: usize = 64;

/// Sorts on all cores; [`crate::Error::Cancelled`] soon after the token was pulled.
///
/// Once it was, every comparison says "equal": the sort runs out in one pass over what is left, and its outcome is
/// never looked at.
pub(super) fn sort<T: Send, K: Ord>(items: &mut [T], cancel: &CancelToken, key: impl Fn(&T) -> K + Sync) -> Result<()> {
    items.par_sort_unstable_by(
        |a, b| {
            if cancel.is_cancelled() { std::cmp::Ordering::Equal } else { key(a).cmp(&key(b)) }
        },
    );
    cancel.check()
}

/// Writes the segments of new quads (sorted, distinct) and the dictionary piece of their load, all at the same time.
/// Synced, and temporary until published.
pub(super) fn segments(
    shared: &Shared,
    quads: &[Codes],
    vocabulary: &Vocabulary,
    terms: &Terms,
    pool: &Pool,
    cancel: &CancelToken,
) -> Result<SegmentSet> {
    let predicates = Predicates::of(quads, vocabulary, cancel)?;
    let (segments, dictionary) = rayon::join(
        || {
            // The largest first.
            let segments = [Order::Posg, Order::Spog, Order::Opsg, Order::Gspo].into_par_iter().with_max_len(1);
            segments
                .map(|order| match order {
                    Order::Spog => segment(shared, quads, order, vocabulary, cancel),
                    _ => segment(
                        shared,
                        &in_order(quads, order, vocabulary, &predicates, pool, cancel)?,
                        order,
                        vocabulary,
                        cancel,
                    ),
                })
                .collect::<Result<Vec<_>>>()
        },
        || dictionary(shared, terms, cancel),
    );
    let mut set = SegmentSet { segments: [None, None, None, None], dictionary: dictionary? };
    for segment in segments?.into_iter().flatten() {
        let at = segment.order().index();
        set.segments[at] = Some(Arc::new(segment));
    }
    sync_directory(&shared.segments_directory())?;
    Ok(set)
}

/// Writes quads that are sorted in this order. None, no file.
fn segment(
    shared: &Shared,
    quads: &[Codes],
    order: Order,
    vocabulary: &Vocabulary,
    cancel: &CancelToken,
) -> Result<Option<Segment>> {
    if quads.is_empty() {
        return Ok(None);
    }
    let number = shared.next_file();
    let path = shared.segment_path(number);
    let positions = order.positions();
    let mut last = None;
    let leads = quads.iter().filter(|quad| last.replace(quad[positions[0]]) != Some(quad[positions[0]])).count();
    let mut writer = SegmentWriter::create(path, order, leads as u64, Arc::clone(&shared.disk), cancel.clone())?;
    for group in quads.chunks(BLOCK * GROUP) {
        cancel.check()?;
        let encoded: Vec<EncodedBlock> = group
            .par_chunks(BLOCK)
            .map(|quads| {
                let columns = positions.map(|position| vocabulary.column(quads, position));
                EncodedBlock::new(order, &Block::from_columns(columns, Vec::new()))
            })
            .collect();
        encoded.iter().try_for_each(|block| writer.append(block))?;
    }
    let segment = writer.finish(number, order, Arc::clone(&shared.cache))?;
    segment.file().set_temporary();
    Ok(Some(segment))
}

fn dictionary(shared: &Shared, terms: &Terms, cancel: &CancelToken) -> Result<Option<Arc<Dictionary>>> {
    if terms.is_empty() {
        return Ok(None);
    }
    let number = shared.next_file();
    let path = shared.dictionary_path(number);
    let mut writer = DictionaryWriter::create(path, Arc::clone(&shared.disk), cancel.clone())?;
    terms.iter().try_for_each(|(id, spelling)| writer.push(id, spelling))?;
    let piece = writer.finish(number, Arc::clone(&shared.cache))?;
    piece.file().set_temporary();
    Ok(Some(Arc::new(piece)))
}
