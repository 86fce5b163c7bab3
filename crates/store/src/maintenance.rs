//! Background work on layers: the delta is folded into a segment set when it has grown, neighbouring sets are compacted
//! when they are many. Neither blocks a reader or a writer: both only replace layers by one with the same content.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use model::Dataset;

use crate::disk::sync_directory;
use crate::engine::{Space, Write};
use crate::layer::{Content, Layer, SegmentSet};
use crate::shared::{Change, Shared, index};
use crate::{CancelToken, Result};

/// More segment sets than this are compacted.
const SETS: usize = 6;
/// The delta is folded when it has this share of the memory budget.
const DELTA_SHARE: u64 = 8;

/// Wakes the maintenance thread, and ends it.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<Rung>,
    rung: Condvar,
    pub(crate) cancel: CancelToken,
    /// One fold or compaction at a time, whoever asks.
    working: Mutex<()>,
}

#[derive(Debug, Default)]
struct Rung {
    rung: bool,
    closed: bool,
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rung = true;
        self.rung.notify_all();
    }

    pub(crate) fn close(&self) {
        self.cancel.cancel();
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.rung.notify_all();
    }

    /// Whether there is work to look for; `false` once closed.
    fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.rung && !state.closed {
            state = self.rung.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.rung = false;
        !state.closed
    }

    fn work(&self) -> MutexGuard<'_, ()> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The maintenance thread.
pub(crate) fn run(shared: &Shared, bell: &Bell) {
    while bell.wait() {
        for dataset in Dataset::ALL {
            if let Err(error) = tend(shared, bell, dataset)
                && !bell.cancel.is_cancelled()
            {
                // The layers are as they were: nothing is lost but the tidying, which the next ring tries again.
                tracing::warn!(%error, dataset = dataset.name(), "folding or compacting failed");
            }
        }
    }
}

fn tend(shared: &Shared, bell: &Bell, dataset: Dataset) -> Result<()> {
    if shared.delta_bytes(dataset) > shared.options.memory / DELTA_SHARE || has_buried_delta(shared, dataset) {
        fold(shared, bell, dataset)?;
    }
    merge_sets(shared, bell, dataset, SETS)
}

/// Merges neighbouring sets, the cheapest pair first, until there are no more than `limit`.
fn merge_sets(shared: &Shared, bell: &Bell, dataset: Dataset, limit: usize) -> Result<()> {
    let _work = bell.work();
    while let Some(sets) = crowded(shared, dataset, limit) {
        replace(shared, dataset, &sets, &bell.cancel)?;
    }
    Ok(())
}

/// Whether a load was published on top of part of the delta: that part grows no more.
fn has_buried_delta(shared: &Shared, dataset: Dataset) -> bool {
    let state = shared.state();
    state.datasets[index(dataset)].visible().windows(2).any(|pair| pair[0].is_memory() && !pair[1].is_memory())
}

/// Writes every part of the delta as a segment set.
pub(crate) fn fold(shared: &Shared, bell: &Bell, dataset: Dataset) -> Result<()> {
    let _work = bell.work();
    loop {
        let group = {
            let mut state = shared.state();
            let layers = &mut state.datasets[index(dataset)];
            let visible = layers.visible();
            let group: Vec<_> = visible
                .iter()
                .skip_while(|layer| !layer.is_memory())
                .take_while(|layer| layer.is_memory())
                .cloned()
                .collect();
            let Some(last) = group.last() else { return Ok(()) };
            layers.pinned = last.high;
            group
        };
        replace(shared, dataset, &group, &bell.cancel)?;
    }
}

/// Merges all segment sets of a data set into one.
pub(crate) fn compact(shared: &Shared, bell: &Bell, dataset: Dataset) -> Result<()> {
    merge_sets(shared, bell, dataset, 1)
}

/// The two neighbouring sets that are cheapest to merge, if there are more than `limit`.
fn crowded(shared: &Shared, dataset: Dataset, limit: usize) -> Option<Vec<Arc<Layer>>> {
    let state = shared.state();
    let visible = state.datasets[index(dataset)].visible();
    if visible.iter().filter(|layer| !layer.is_memory()).count() <= limit {
        return None;
    }
    let pairs = visible.windows(2).filter(|pair| pair.iter().all(|layer| !layer.is_memory()));
    pairs.min_by_key(|pair| pair.iter().map(|layer| layer.entries()).sum::<u64>()).map(<[Arc<Layer>]>::to_vec)
}

/// Writes neighbours as one set and puts it in their place.
fn replace(shared: &Shared, dataset: Dataset, old: &[Arc<Layer>], cancel: &CancelToken) -> Result<()> {
    let (Some(first), Some(last)) = (old.first(), old.last()) else { return Ok(()) };
    let oldest = {
        let state = shared.state();
        state.datasets[index(dataset)].list.first().is_some_and(|layer| Arc::ptr_eq(layer, first))
    };
    let set = SegmentSet::merge(shared, old, oldest, cancel)?;
    sync_directory(&shared.segments_directory())?;
    let mut writes = Vec::new();
    for layer in old.iter().filter(|layer| layer.is_memory()) {
        for commit in layer.low..=layer.high {
            writes.push(Write { space: Space::Log, key: crate::log::key(dataset, commit), value: None });
        }
    }
    let nothing_left = set.segments.iter().all(Option::is_none);
    let new = Layer { low: first.low, high: last.high, content: Content::Disk(set) };
    let new: Vec<_> = (!nothing_left).then(|| Arc::new(new)).into_iter().collect();
    let manifest = shared.lock_manifest();
    if shared.closing.load(Ordering::SeqCst) {
        return Ok(());
    }
    shared.change(&manifest, Change { old, new, writes, ..Change::of(dataset) })
}
