//! Sorting what is pending, and writing what is new of it in every order.

use std::sync::Arc;

use model::{Quad, TermId};
use rayon::prelude::*;

use super::Terms;
use crate::dictionary::DictionaryWriter;
use crate::disk::sync_directory;
use crate::layer::SegmentSet;
use crate::order::Order;
use crate::segment::SegmentWriter;
use crate::shared::Shared;
use crate::{CancelToken, Result};

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

/// Writes the segments of new quads (sorted, distinct) and the dictionary piece of their load. Synced, and temporary
/// until published.
pub(super) fn segments(
    shared: &Shared,
    mut quads: Vec<Quad>,
    terms: &Terms,
    cancel: &CancelToken,
) -> Result<SegmentSet> {
    let mut segments = [None, None, None, None];
    for order in Order::ALL {
        if order != Order::Spog {
            quads.retain(|quad| order != Order::Gspo || quad.g != TermId::DEFAULT_GRAPH); // the last order
            sort(&mut quads, cancel, |quad| order.key(quad))?;
        }
        let mut held = quads.iter().filter(|quad| order.holds(quad)).peekable();
        if held.peek().is_none() {
            continue;
        }
        let number = shared.next_file();
        let path = shared.segment_path(number);
        let leads = quads.chunk_by(|a, b| order.key(a)[0] == order.key(b)[0]).count() as u64;
        let mut writer = SegmentWriter::create(path, order, leads, Arc::clone(&shared.disk), cancel.clone())?;
        for quad in held {
            writer.push(&order.key(quad), false)?;
        }
        let segment = writer.finish(number, order, Arc::clone(&shared.cache))?;
        segment.file().set_temporary();
        segments[order.index()] = Some(Arc::new(segment));
    }
    let mut dictionary = None;
    if !terms.index.is_empty() {
        let number = shared.next_file();
        let path = shared.dictionary_path(number);
        let mut writer = DictionaryWriter::create(path, Arc::clone(&shared.disk), cancel.clone())?;
        for (at, (id, ..)) in terms.index.iter().enumerate() {
            writer.push(*id, terms.spelling(at))?;
        }
        let piece = writer.finish(number, Arc::clone(&shared.cache))?;
        piece.file().set_temporary();
        dictionary = Some(Arc::new(piece));
    }
    sync_directory(&shared.segments_directory())?;
    Ok(SegmentSet { segments, dictionary })
}
