//! What every part of an open store shares: the layers of both data sets, and the one way to change them.
//!
//! - **State lock**: held for moments, to read or change the lists of layers. Readers take nothing else.
//! - **Manifest lock**: held while a new manifest is written and applied, so that manifests follow each other.
//! - **Writer slot**, one a data set: held by a transaction from its first write until it is queued, and by a load from
//!   validation to publish. A slot that has to be waited for longer than a minute is [`Error::WriterBusy`]; a transaction
//!   that has idled for so long by then loses it ([`Error::Expired`]).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::{Dataset, HashKey};

use crate::budget;
use crate::cache::BlockCache;
use crate::disk::Disk;
use crate::engine::{Engine, Space, Write};
use crate::layer::{Content, Layer, SegmentSet, SetRecord};
use crate::manifest::{self, Fence, Manifest, StagedRecord};
use crate::memory::MemoryRun;
use crate::snapshot::Snapshot;
use crate::{CancelToken, Error, Options, Result};

/// How long a writer waits for the slot.
pub(crate) const SLOT_WAIT: Duration = Duration::from_mins(1);
/// How long a transaction may idle while another writer waits for its slot.
const IDLE: Duration = Duration::from_mins(1);
/// What the names of transactions begin with.
const TRANSACTION: &str = "transaction ";
/// How often a waiting writer looks at its token.
const SLOT_TICK: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) directory: PathBuf,
    pub(crate) options: Options,
    pub(crate) hash_key: HashKey,
    pub(crate) disk: Arc<Disk>,
    /// The same disk as seen by merges: what they write is counted apart, so that a load's end shows.
    pub(crate) merging: Arc<Disk>,
    pub(crate) cache: Arc<BlockCache>,
    pub(crate) engine: Engine,
    pub(crate) closing: AtomicBool,
    files: AtomicU64,
    state: Mutex<State>,
    /// Signalled when layers become visible or are taken back.
    changed: Condvar,
    manifest_lock: Mutex<()>,
    slots: [Slot; 2],
    /// Slots given out.
    turns: AtomicU64,
    /// See [`IDLE`].
    pub(crate) idle_millis: AtomicU64,
}

/// The layers of both data sets.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The last commit number given out.
    pub(crate) commit: u64,
    pub(crate) datasets: [Layers; 2],
    /// Sets that the manifest names for a load or a transaction that has not ended.
    pub(crate) staged: Vec<Staged>,
    pub(crate) fences: Vec<Fence>,
}

impl State {
    /// Whether a fence stands between two neighbours: they must not become one layer.
    pub(crate) fn is_fenced(&self, dataset: Dataset, older: &Layer, newer: &Layer) -> bool {
        let between =
            |fence: &Fence| fence.dataset == dataset.name() && (older.high..newer.low).contains(&fence.commit);
        self.fences.iter().any(between)
    }
}

/// A staged layer: durable, but only its owner, a load or a transaction, sees it.
#[derive(Clone, Debug)]
pub(crate) struct Staged {
    pub(crate) owner: String,
    pub(crate) dataset: Dataset,
    pub(crate) set: SegmentSet,
    /// The last commit of the data set that it was made on top of.
    pub(crate) base: u64,
}

impl Staged {
    fn record(&self) -> StagedRecord {
        let (owner, dataset) = (self.owner.clone(), self.dataset.name().to_owned());
        StagedRecord { owner, dataset, set: self.set.record(self.base, self.base) }
    }

    /// Opens what the manifest names; `None` if it was a transaction's, which ended with its process.
    fn open(shared: &Shared, record: &StagedRecord) -> Result<Option<Self>> {
        let dataset = Dataset::ALL.into_iter().find(|dataset| dataset.name() == record.dataset);
        let Some(dataset) = dataset.filter(|_| !record.owner.starts_with(TRANSACTION)) else { return Ok(None) };
        let (set, base) = (shared.open_set(&record.set)?, record.set.high);
        Ok(Some(Self { owner: record.owner.clone(), dataset, set, base }))
    }
}

/// A change of one data set's layers, and what is written with it.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) dataset: Dataset,
    /// Neighbours that `new` takes the place of; if there are none, `new` goes on top.
    pub(crate) old: &'a [Arc<Layer>],
    pub(crate) new: Vec<Arc<Layer>>,
    /// Layers that their owner alone sees from now on.
    pub(crate) stage: Vec<Staged>,
    /// The owner whose staged layers until now the manifest no longer names as such.
    pub(crate) unstage: Option<&'a str>,
    /// A fence that stands from now on.
    pub(crate) fence: Option<Fence>,
    /// The owner whose fences fall.
    pub(crate) unfence: Option<&'a str>,
    pub(crate) writes: Vec<Write>,
}

impl Change<'_> {
    /// No change yet.
    pub(crate) const fn of(dataset: Dataset) -> Self {
        Self {
            dataset,
            old: &[],
            new: Vec::new(),
            stage: Vec::new(),
            unstage: None,
            fence: None,
            unfence: None,
            writes: Vec::new(),
        }
    }
}

/// One data set's layers.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// Oldest first. Those above `synced` are queued to become durable: only the next writer builds on them.
    pub(crate) list: Vec<Arc<Layer>>,
    /// Layers up to this commit are durable and visible.
    pub(crate) synced: u64,
    /// Layers up to this commit are being folded or compacted: nobody else may replace them.
    pub(crate) pinned: u64,
    /// Counts the times that queued layers had to be taken back.
    pub(crate) epoch: u64,
}

impl Layers {
    /// The durable ones.
    pub(crate) fn visible(&self) -> &[Arc<Layer>] {
        let end = self.list.iter().position(|layer| layer.high > self.synced).unwrap_or(self.list.len());
        &self.list[..end]
    }

    /// Where the neighbours `old` begin, if all of them are still there.
    fn place(&self, old: &[Arc<Layer>]) -> Option<usize> {
        let first = old.first()?;
        let at = self.list.iter().position(|layer| Arc::ptr_eq(layer, first))?;
        let there = self.list.get(at..at + old.len())?;
        there.iter().zip(old).all(|(a, b)| Arc::ptr_eq(a, b)).then_some(at)
    }

    /// Whether the neighbours `old` are still there.
    pub(crate) fn holds(&self, old: &[Arc<Layer>]) -> bool {
        self.place(old).is_some()
    }

    /// Puts `new` in the place of the neighbours `old`.
    pub(crate) fn replace(&mut self, old: &[Arc<Layer>], new: impl IntoIterator<Item = Arc<Layer>>) {
        let place = self.place(old);
        debug_assert!(place.is_some(), "who replaces layers holds the manifest lock since looking for them");
        if let Some(at) = place {
            self.list.splice(at..at + old.len(), new);
        }
    }
}

pub(crate) const fn index(dataset: Dataset) -> usize {
    match dataset {
        Dataset::Pg => 0,
        Dataset::Rdf => 1,
    }
}

#[derive(Debug, Default)]
struct Slot {
    holder: Mutex<Option<Holder>>,
    freed: Condvar,
}

/// Who has a slot.
#[derive(Debug)]
struct Holder {
    turn: u64,
    /// Since when nothing has been asked of it; `None` while it works, and always for a load.
    idle_since: Option<Instant>,
}

/// The writer slot of one data set; dropping it frees it.
#[derive(Debug)]
pub(crate) struct SlotGuard {
    shared: Arc<Shared>,
    dataset: Dataset,
    turn: u64,
}

impl SlotGuard {
    fn holder(&self) -> MutexGuard<'_, Option<Holder>> {
        self.shared.slots[index(self.dataset)].holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Under which name what this holder stages is known: no two turns of one process share it.
    pub(crate) fn owner(&self) -> String {
        owner(self.turn)
    }

    /// The holder works from now on.
    ///
    /// # Errors
    /// [`Error::Expired`] if it had been left alone for so long that another one has the slot now.
    pub(crate) fn work(&self) -> Result<()> {
        match &mut *self.holder() {
            Some(holder) if holder.turn == self.turn => {
                holder.idle_since = None;
                Ok(())
            }
            _ => Err(Error::Expired { seconds: self.shared.idle_millis.load(Ordering::Relaxed) / 1000 }),
        }
    }

    /// The holder waits to be asked for something.
    pub(crate) fn idle(&self) {
        if let Some(holder) = self.holder().as_mut().filter(|holder| holder.turn == self.turn) {
            holder.idle_since = Some(Instant::now());
        }
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        let mut holder = self.holder();
        if holder.as_ref().is_some_and(|holder| holder.turn == self.turn) {
            *holder = None;
            drop(holder);
            self.shared.slots[index(self.dataset)].freed.notify_one();
        }
    }
}

fn owner(turn: u64) -> String {
    format!("{TRANSACTION}{turn}")
}

impl Shared {
    pub(crate) fn new(
        directory: PathBuf,
        options: Options,
        hash_key: HashKey,
        disk: Arc<Disk>,
        engine: Engine,
    ) -> Self {
        let cache = Arc::new(BlockCache::new(budget::cache(options.memory)));
        let merging = Arc::new(Disk::new(&directory, options.disk_floor));
        Self {
            directory,
            options,
            hash_key,
            disk,
            merging,
            cache,
            engine,
            closing: AtomicBool::new(false),
            files: AtomicU64::new(1),
            state: Mutex::default(),
            changed: Condvar::new(),
            manifest_lock: Mutex::new(()),
            slots: Default::default(),
            turns: AtomicU64::new(0),
            idle_millis: AtomicU64::new(IDLE.as_millis() as u64),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lock_manifest(&self) -> MutexGuard<'_, ()> {
        self.manifest_lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn segments_directory(&self) -> PathBuf {
        self.directory.join("segments")
    }

    pub(crate) fn segment_path(&self, number: u64) -> PathBuf {
        self.segments_directory().join(format!("{number:010}.seg"))
    }

    pub(crate) fn dictionary_path(&self, number: u64) -> PathBuf {
        self.segments_directory().join(format!("{number:010}.dict"))
    }

    /// A number that no file of this store has.
    pub(crate) fn next_file(&self) -> u64 {
        self.files.fetch_add(1, Ordering::SeqCst)
    }

    /// Numbers up to this one are in use.
    pub(crate) fn reserve_files(&self, number: u64) {
        self.files.fetch_max(number + 1, Ordering::SeqCst);
    }

    /// What readers see now.
    pub(crate) fn snapshot(self: &Arc<Self>, dataset: Dataset) -> Snapshot {
        let state = self.state();
        let layers = &state.datasets[index(dataset)];
        let visible = layers.visible().to_vec();
        let commit = layers.synced;
        drop(state);
        Snapshot::new(Arc::clone(self), dataset, commit, visible)
    }

    /// What the holder of the writer slot builds on: queued commits included. With the epoch in which that holds.
    pub(crate) fn writer_snapshot(self: &Arc<Self>, dataset: Dataset) -> (Snapshot, u64) {
        let state = self.state();
        let layers = &state.datasets[index(dataset)];
        let (list, epoch) = (layers.list.clone(), layers.epoch);
        let commit = list.last().map_or(layers.synced, |layer| layer.high.max(layers.synced));
        drop(state);
        (Snapshot::new(Arc::clone(self), dataset, commit, list), epoch)
    }

    /// Takes the writer slot, waiting at most a minute or until the token is pulled.
    pub(crate) fn take_slot(
        self: &Arc<Self>,
        dataset: Dataset,
        patience: Duration,
        cancel: &CancelToken,
    ) -> Result<SlotGuard> {
        if self.options.read_only {
            return Err(Error::ReadOnly);
        }
        let slot = &self.slots[index(dataset)];
        let deadline = Instant::now() + patience;
        let mut evicted = None;
        let mut holder = slot.holder.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(present) = &*holder {
            cancel.check()?;
            let idle = Duration::from_millis(self.idle_millis.load(Ordering::Relaxed));
            if present.idle_since.is_some_and(|since| since.elapsed() >= idle) {
                evicted = Some(present.turn);
                break;
            }
            if Instant::now() >= deadline {
                return Err(Error::WriterBusy { seconds: patience.as_secs() });
            }
            holder = slot.freed.wait_timeout(holder, SLOT_TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
        let turn = self.turns.fetch_add(1, Ordering::SeqCst);
        *holder = Some(Holder { turn, idle_since: None });
        drop(holder);
        let guard = SlotGuard { shared: Arc::clone(self), dataset, turn };
        if let Some(turn) = evicted {
            tracing::warn!(dataset = dataset.name(), "a transaction that idled is rolled back for one that waits");
            self.unstage(dataset, &owner(turn));
        }
        Ok(guard)
    }

    /// Takes back what an owner has staged. The files go with the last one who reads them.
    pub(crate) fn unstage(&self, dataset: Dataset, owner: &str) {
        let manifest = self.lock_manifest();
        let state = self.state();
        let staged = state.staged.iter().filter(|staged| staged.dataset == dataset && staged.owner == owner);
        let sets: Vec<SegmentSet> = staged.map(|staged| staged.set.clone()).collect();
        drop(state);
        if sets.is_empty() {
            return;
        }
        match self.change(&manifest, Change { unstage: Some(owner), ..Change::of(dataset) }) {
            Ok(()) => sets.iter().for_each(SegmentSet::set_obsolete),
            // The manifest still names them: the next start drops what is staged for an owner that is gone.
            Err(error) => tracing::warn!(%error, "staged layers stay on disk until the next start"),
        }
    }

    /// What was there up to a commit on which a fence stands.
    pub(crate) fn behind(self: &Arc<Self>, dataset: Dataset, commit: u64) -> Snapshot {
        let state = self.state();
        let list = state.datasets[index(dataset)].list.iter().filter(|layer| layer.high <= commit).cloned().collect();
        drop(state);
        Snapshot::new(Arc::clone(self), dataset, commit, list)
    }

    /// The commit on which a fence of this owner stands.
    pub(crate) fn fence(&self, dataset: Dataset, owner: &str) -> Option<u64> {
        let state = self.state();
        let ours = |fence: &&Fence| fence.dataset == dataset.name() && fence.owner == owner;
        state.fences.iter().find(ours).map(|fence| fence.commit)
    }

    /// Takes an owner's fences down; layers may be merged over them again.
    pub(crate) fn unfence(&self, dataset: Dataset, owner: &str) {
        let manifest = self.lock_manifest();
        if self.fence(dataset, owner).is_some()
            && let Err(error) = self.change(&manifest, Change { unfence: Some(owner), ..Change::of(dataset) })
        {
            tracing::warn!(%error, "layers before and after a load stay apart until the next start");
        }
    }

    /// Waits until every queued commit of the data set is durable or taken back. Hold the slot, so that none is added.
    pub(crate) fn wait_for_queue(&self, dataset: Dataset) {
        let mut state = self.state();
        while state.datasets[index(dataset)]
            .list
            .last()
            .is_some_and(|layer| layer.high > state.datasets[index(dataset)].synced)
        {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Tells those who wait for queued commits.
    pub(crate) fn notify_changed(&self) {
        self.changed.notify_all();
    }

    /// Makes a change of one data set's layers, durably, together with other writes. The manifest lock must be held.
    ///
    /// # Errors
    /// The engine's; then nothing has changed.
    pub(crate) fn change(&self, _manifest: &MutexGuard<'_, ()>, change: Change<'_>) -> Result<()> {
        let Change { dataset, old, new, stage, unstage, fence, unfence, mut writes } = change;
        let leaves = |staged: &Staged| unstage.is_some_and(|owner| owner == staged.owner && dataset == staged.dataset);
        let mut manifest = Manifest::new(&self.hash_key);
        {
            let state = self.state();
            manifest.commit = state.commit;
            for each in Dataset::ALL {
                let layers = &state.datasets[index(each)].list;
                let mut records: Vec<_> = layers
                    .iter()
                    .filter(|layer| each != dataset || !old.iter().any(|gone| Arc::ptr_eq(gone, layer)))
                    .filter_map(|layer| layer.record())
                    .collect();
                if each == dataset {
                    records.extend(new.iter().filter_map(|layer| layer.record()));
                    records.sort_by_key(|record| record.low);
                }
                *manifest.sets_mut(each) = records;
            }
            let staged = state.staged.iter().filter(|staged| !leaves(staged)).chain(&stage);
            manifest.staged = staged.map(Staged::record).collect();
            manifest.fences = state.fences.iter().filter(|fence| Some(&*fence.owner) != unfence).cloned().collect();
            manifest.fences.extend(fence);
        }
        let text = serde_json::to_vec(&manifest).map_err(|error| Error::Engine(error.to_string()))?;
        writes.push(Write { space: Space::Meta, key: manifest::KEY.to_vec(), value: Some(text) });
        self.engine.write(&writes)?;
        for set in new.iter().filter_map(|layer| layer.disk()).chain(stage.iter().map(|staged| &staged.set)) {
            set.set_published();
        }
        let mut state = self.state();
        let layers = &mut state.datasets[index(dataset)];
        if old.is_empty() {
            for layer in new {
                layers.synced = layers.synced.max(layer.high);
                layers.list.push(layer);
            }
        } else {
            layers.replace(old, new);
        }
        state.staged.retain(|staged| !leaves(staged));
        state.staged.extend(stage);
        state.fences = manifest.fences;
        drop(state);
        for set in old.iter().filter_map(|layer| layer.disk()) {
            set.set_obsolete();
        }
        self.notify_changed();
        Ok(())
    }

    /// Removes all layers of all data sets, durably, together with other writes: commits that are not folded go from the
    /// log in the same batch. The writer slots and the manifest lock must be held, and no commit may be queued.
    ///
    /// # Errors
    /// The engine's; then nothing has changed.
    pub(crate) fn clear(&self, _manifest: &MutexGuard<'_, ()>, mut writes: Vec<Write>) -> Result<()> {
        let mut manifest = Manifest::new(&self.hash_key);
        {
            let state = self.state();
            manifest.commit = state.commit;
            manifest.staged = state.staged.iter().map(Staged::record).collect();
            manifest.fences.clone_from(&state.fences);
        }
        let text = serde_json::to_vec(&manifest).map_err(|error| Error::Engine(error.to_string()))?;
        writes.push(Write { space: Space::Meta, key: manifest::KEY.to_vec(), value: Some(text) });
        let logged = self.engine.scan(Space::Log, &[])?;
        writes.extend(logged.into_iter().map(|(key, _)| Write { space: Space::Log, key, value: None }));
        self.engine.write(&writes)?;
        let mut state = self.state();
        let mut gone = Vec::new();
        for layers in &mut state.datasets {
            gone.append(&mut layers.list);
            layers.epoch += 1;
        }
        drop(state);
        // Readers keep their files until they are through.
        gone.iter().filter_map(|layer| layer.disk()).for_each(SegmentSet::set_obsolete);
        self.notify_changed();
        Ok(())
    }

    /// Makes a queued commit's layer visible, or takes back what is queued from it on. Returns the last commit number
    /// given out by then: a commit up to it was built on what was taken back.
    pub(crate) fn settle(&self, dataset: Dataset, commit: u64, durable: bool) -> u64 {
        let mut state = self.state();
        let layers = &mut state.datasets[index(dataset)];
        if durable {
            layers.synced = layers.synced.max(commit);
        } else {
            layers.list.retain(|layer| layer.high < commit || layer.high <= layers.synced);
            layers.epoch += 1;
        }
        let given_out = state.commit;
        drop(state);
        self.notify_changed();
        given_out
    }

    /// Merges the newest small layers so that sizes at least double towards the past: there are few, and each entry is
    /// copied a logarithmic number of times.
    pub(crate) fn merge_memory(&self, dataset: Dataset) {
        let _guard = self.lock_manifest(); // nobody else replaces layers meanwhile
        loop {
            let pair = {
                let state = self.state();
                let layers = &state.datasets[index(dataset)];
                let visible = layers.visible();
                let [.., older, newer] = visible else { return };
                let (Content::Memory(old), Content::Memory(new)) = (&older.content, &newer.content) else { return };
                let fenced = state.is_fenced(dataset, older, newer);
                if older.low <= layers.pinned || old.len() > 2 * new.len() || fenced {
                    return;
                }
                [Arc::clone(older), Arc::clone(newer)]
            };
            let [older, newer] = &pair;
            let (Content::Memory(old), Content::Memory(new)) = (&older.content, &newer.content) else { return };
            let merged = MemoryRun::merge(old, new);
            let layer = Layer { low: older.low, high: newer.high, content: Content::Memory(merged) };
            self.state().datasets[index(dataset)].replace(&pair, [Arc::new(layer)]);
        }
    }

    /// Opens what a manifest names and what the log adds to it.
    pub(crate) fn recover(&self, manifest: &Manifest) -> Result<()> {
        let mut commit = manifest.commit;
        let mut found: [Vec<Arc<Layer>>; 2] = Default::default();
        for dataset in Dataset::ALL {
            for record in manifest.sets(dataset) {
                let set = self.open_set(record)?;
                commit = commit.max(record.high);
                let layer = Layer { low: record.low, high: record.high, content: Content::Disk(set) };
                found[index(dataset)].push(Arc::new(layer));
            }
        }
        for (key, value) in self.engine.scan(Space::Log, &[])? {
            let damaged = || Error::corrupt(&self.directory.join("engine"), "a commit log record does not decode");
            let (dataset, number) = crate::log::decode_key(&key).ok_or_else(damaged)?;
            let run = crate::log::decode(&value).ok_or_else(damaged)?;
            commit = commit.max(number);
            found[index(dataset)].push(Arc::new(Layer { low: number, high: number, content: Content::Memory(run) }));
        }
        let staged: Result<Vec<_>> =
            manifest.staged.iter().filter_map(|record| Staged::open(self, record).transpose()).collect();
        let staged = staged?;
        {
            let mut state = self.state();
            state.commit = commit;
            state.staged = staged;
            state.fences.clone_from(&manifest.fences);
            for dataset in Dataset::ALL {
                let mut list = std::mem::take(&mut found[index(dataset)]);
                list.sort_by_key(|layer| layer.low);
                let layers = &mut state.datasets[index(dataset)];
                layers.synced = list.last().map_or(0, |layer| layer.high);
                layers.list = list;
            }
        }
        for dataset in Dataset::ALL {
            self.merge_all_memory(dataset);
        }
        Ok(())
    }

    /// Opens the files of a set; no new file gets one of their numbers.
    fn open_set(&self, record: &SetRecord) -> Result<SegmentSet> {
        let numbers = record.segments.iter().chain([&record.dictionary]).flatten();
        self.reserve_files(numbers.copied().max().unwrap_or(0));
        SegmentSet::open(self, record)
    }

    /// After recovery: neighbouring log records become one layer each time.
    fn merge_all_memory(&self, dataset: Dataset) {
        let mut state = self.state();
        let layers = std::mem::take(&mut state.datasets[index(dataset)].list);
        let mut list: Vec<Arc<Layer>> = Vec::with_capacity(layers.len());
        // A run of equals is merged pairwise, like a counter in binary, to copy each entry few times.
        for layer in layers {
            list.push(layer);
            while let [.., older, newer] = list.as_slice() {
                let (Content::Memory(old), Content::Memory(new)) = (&older.content, &newer.content) else { break };
                if old.len() > 2 * new.len() || state.is_fenced(dataset, older, newer) {
                    break;
                }
                let merged = MemoryRun::merge(old, new);
                let layer = Layer { low: older.low, high: newer.high, content: Content::Memory(merged) };
                list.truncate(list.len() - 2);
                list.push(Arc::new(layer));
            }
        }
        state.datasets[index(dataset)].list = list;
    }

    /// Removes every data file that no layer and nothing staged names.
    pub(crate) fn remove_orphans(&self) -> Result<()> {
        let directory = self.segments_directory();
        let mut named = std::collections::HashSet::new();
        {
            let state = self.state();
            let layers = state.datasets.iter().flat_map(|d| &d.list).filter_map(|layer| layer.record());
            for record in layers.chain(state.staged.iter().map(|staged| staged.set.record(0, 0))) {
                named.extend(record.segments.into_iter().flatten().map(|number| self.segment_path(number)));
                named.extend(record.dictionary.map(|number| self.dictionary_path(number)));
            }
        }
        let entries = std::fs::read_dir(&directory).map_err(Error::io("list", &directory))?;
        for entry in entries {
            let path = entry.map_err(Error::io("list", &directory))?.path();
            if !named.contains(&path) {
                tracing::info!(path = %path.display(), "removing a file that nothing names");
                std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Bytes of everything in the delta.
    pub(crate) fn delta_bytes(&self, dataset: Dataset) -> u64 {
        let state = self.state();
        let memory = state.datasets[index(dataset)].list.iter().map(|layer| match &layer.content {
            Content::Memory(run) => run.bytes(),
            Content::Disk(_) => 0,
        });
        memory.sum()
    }
}

/// Makes a directory and, if it is new, private to its owner.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(Error::io("create directory", path))
}
