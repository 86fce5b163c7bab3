//! The store in one directory: opening, closing, and the doors to everything else.
//!
//! ```text
//! LOCK       who has the directory
//! engine/    the key-value engine: manifest, commit log, the loader's journal
//! segments/  segment and dictionary files, named by number
//! ballast    space given up when the disk is full
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Dataset, HashKey, TermId, TermRef};
use serde::Serialize;

use crate::check::CheckReport;
use crate::disk::Disk;
use crate::engine::{Engine, Space, Write};
use crate::ingest::{Ingest, IngestOptions};
use crate::lock::{self, DirectoryLock};
use crate::maintenance::{self, Bell, Chore};
use crate::manifest::{self, Manifest};
use crate::shared::{Change, SLOT_WAIT, Shared, index, make_directory};
use crate::snapshot::Snapshot;
use crate::statistics::{Keeper, StatisticsKeeper};
use crate::transaction::{CommitQueue, Transaction};
use crate::{CancelToken, Error, Journal, JournalWrite, Result};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The memory budget in bytes: up to an eighth of it for the block cache, an eighth for the delta, up to two fifths for a load;
    /// the rest is for what is parsed, merged and indexed, and what the allocator keeps at hand.
    pub memory: u64,
    /// Free bytes on the disk below which no data is written.
    pub disk_floor: u64,
    /// Whether a missing store is made.
    pub create: bool,
    /// Whether writing is refused.
    pub read_only: bool,
    /// How long nothing must have been committed, loaded or folded before segment sets of like sizes are merged, however few
    /// they are.
    pub quiet: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory: 1 << 30, disk_floor: 64 << 20, create: true, read_only: false, quiet: Duration::from_secs(10) }
    }
}

/// An open store. Clones are cheap and share it; the last one closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    queue: Arc<CommitQueue>,
    bell: Arc<Bell>,
    statistics: Arc<Keeper>,
    lock: Mutex<DirectoryLock>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the store uses, for metrics.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Usage {
    /// Bytes of live segment and dictionary files and of the engine.
    pub disk_bytes: u64,
    /// Segment sets of both data sets.
    pub segment_sets: u64,
    /// Operations in the delta.
    pub delta_quads: u64,
    /// Free bytes on the disk.
    pub free_bytes: u64,
    /// Bytes of files that loads are writing and that nothing names yet.
    pub temporary_bytes: u64,
    /// The same of folds, compactions and transactions that spill.
    pub merging_bytes: u64,
    /// Bytes in the block cache.
    pub cache_bytes: u64,
    /// Whether the store is not settled: a fold or a compaction waits or runs.
    pub compaction_waiting: bool,
    /// Compactions that run.
    pub compactions_running: u64,
    /// Compactions done since the store was opened.
    pub compactions_done: u64,
    /// Bytes that they wrote.
    pub compacted_bytes: u64,
}

impl Store {
    /// Opens the store in a directory, replays its log and removes what a crash left behind.
    pub fn open(directory: &Path, options: Options) -> Result<Self> {
        if !directory.join("engine").exists() {
            if !options.create {
                return Err(Error::Missing { path: directory.to_path_buf() });
            }
            make_directory(directory)?;
        }
        let lock = DirectoryLock::take(directory)?;
        make_directory(&directory.join("segments"))?;
        let engine = Engine::open(directory)?;
        let manifest = if let Some(text) = engine.get(Space::Meta, manifest::KEY)? {
            serde_json::from_slice::<Manifest>(&text)
                .map_err(|error| Error::corrupt(&directory.join("engine"), format!("the manifest: {error}")))?
        } else {
            let manifest = Manifest::new(&HashKey::new(rand::random()));
            let text = serde_json::to_vec(&manifest).map_err(|error| Error::Engine(error.to_string()))?;
            engine.write(&[Write { space: Space::Meta, key: manifest::KEY.to_vec(), value: Some(text) }])?;
            manifest
        };
        if manifest.format != crate::blockfile::FORMAT {
            let (found, expected) = (manifest.format, crate::blockfile::FORMAT);
            return Err(Error::Format { path: directory.to_path_buf(), found, expected });
        }
        let hash_key = manifest
            .hash_key()
            .ok_or_else(|| Error::corrupt(&directory.join("engine"), "the manifest's hash key is malformed"))?;
        let disk = Arc::new(Disk::new(directory, options.disk_floor));
        let shared = Arc::new(Shared::new(directory.to_path_buf(), options, hash_key, disk, engine));
        shared.recover(&manifest)?;
        if !manifest.staged.is_empty() {
            // Transactions ended with the process that staged them; loads may go on.
            let lock = shared.lock_manifest();
            shared.change(&lock, Change::of(Dataset::Pg))?;
        }
        shared.remove_orphans()?;
        let statistics = Keeper::open(&shared)?;
        let (queue, bell) = (Arc::new(CommitQueue::default()), Arc::new(Bell::default()));
        let mut threads = Vec::new();
        {
            let (shared, queue, bell) = (Arc::clone(&shared), Arc::clone(&queue), Arc::clone(&bell));
            let commit = move || queue.run(&shared, &|| bell.ring());
            threads.push(spawn("committer", commit)?);
        }
        // Who only reads tidies nothing.
        let chores = if shared.options.read_only {
            Vec::new()
        } else {
            vec![("fold", Chore::Fold), ("compact", Chore::Compact)]
        };
        for (name, chore) in chores {
            let (shared, bell) = (Arc::clone(&shared), Arc::clone(&bell));
            threads.push(spawn(name, move || maintenance::run(&shared, &bell, chore))?);
        }
        bell.ring();
        let inner = Inner { shared, queue, bell, statistics, lock: Mutex::new(lock), threads: Mutex::new(threads) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The memory budget in bytes.
    pub fn memory(&self) -> u64 {
        self.inner.shared.options.memory
    }

    /// Says where this process answers, so that a second one can name it.
    pub fn announce(&self, endpoint: &str) -> Result<()> {
        let mut lock = self.inner.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.announce(endpoint).map_err(Error::io("write", &self.directory().join("LOCK")))
    }

    /// The process that has a directory open, if one has, and where it answers.
    pub fn holder(directory: &Path) -> Option<(u32, Option<String>)> {
        lock::holder(directory)
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.inner.shared.directory
    }

    /// The memory budget and the other settings it was opened with.
    pub fn options(&self) -> &Options {
        &self.inner.shared.options
    }

    /// The secret with which long terms are hashed.
    pub fn hash_key(&self) -> HashKey {
        self.inner.shared.hash_key
    }

    /// The id of a term; the term need not be in the store.
    pub fn encode(&self, term: TermRef<'_>) -> TermId {
        term.encode(&self.inner.shared.hash_key)
    }

    /// What is visible now.
    pub fn snapshot(&self, dataset: Dataset) -> Snapshot {
        self.inner.shared.snapshot(dataset)
    }

    /// A transaction. It reads what is visible now; its first write takes the writer slot, waiting for it at most a
    /// minute, and from a transaction that has idled so long by then it takes it. What outgrows a sixteenth of the memory
    /// budget is written to disk, where nobody else sees it before the commit.
    pub fn begin(&self, dataset: Dataset) -> Transaction {
        let Inner { shared, queue, bell, .. } = &*self.inner;
        Transaction::new(Arc::clone(shared), Arc::clone(queue), Arc::clone(bell), dataset)
    }

    /// Drops what loads have staged, but for these owners': those that go on. To be called before any load begins: what
    /// was staged by a load that did not end stays until then.
    pub fn keep_staged(&self, owners: &[String]) {
        let state = self.inner.shared.state();
        let fences = state.fences.iter().map(|fence| fence.owner.clone());
        let all = state.staged.iter().map(|staged| staged.owner.clone()).chain(fences);
        let gone: BTreeSet<String> = all.filter(|owner| !owners.contains(owner)).collect();
        drop(state);
        for owner in gone {
            self.drop_staged(&owner);
        }
    }

    /// Drops what a load has staged, if it has, and forgets what was there before it: it has ended, or will not go on.
    pub fn drop_staged(&self, owner: &str) {
        for dataset in Dataset::ALL {
            self.inner.shared.unstage(dataset, owner);
            self.inner.shared.unfence(dataset, owner);
        }
    }

    /// A load's way in.
    pub fn ingest(&self, dataset: Dataset, options: IngestOptions) -> Ingest {
        Ingest::new(Arc::clone(&self.inner.shared), Arc::clone(&self.inner.bell), dataset, options)
    }

    #[cfg(test)]
    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.inner.bell
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// The loader's small key-value area.
    pub fn journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.inner.shared))
    }

    /// Exact statistics of what is visible, computed once for each commit.
    pub fn statistics(&self) -> StatisticsKeeper {
        StatisticsKeeper(Arc::clone(&self.inner.statistics))
    }

    /// Reads everything, verifies what the store promises, counts. Bounded in memory but for sixteen bytes a term.
    pub fn check(&self, cancel: &CancelToken) -> Result<CheckReport> {
        crate::check::check(&self.inner.shared, cancel)
    }

    /// Removes everything that is visible, all at once and durably, together with writes of the loader's journal. Waits
    /// at most a minute for each writer; transactions that have read and not yet written go on from nothing. Readers
    /// keep what they see.
    ///
    /// # Errors
    /// [`Error::WriterBusy`], [`Error::ReadOnly`], [`Error::Cancelled`], the engine's. Then everything is still there.
    pub fn clear(&self, writes: Vec<JournalWrite>, cancel: &CancelToken) -> Result<()> {
        let shared = &self.inner.shared;
        let _slots = Dataset::ALL
            .into_iter()
            .map(|dataset| shared.take_slot(dataset, SLOT_WAIT, cancel))
            .collect::<Result<Vec<_>>>()?;
        for dataset in Dataset::ALL {
            shared.wait_for_queue(dataset);
        }
        let manifest = shared.lock_manifest();
        let writes = writes.into_iter().map(JournalWrite::into_write).chain(self.inner.statistics.reset_writes());
        shared.clear(&manifest, writes.collect())?;
        self.inner.statistics.reset();
        Ok(())
    }

    /// Writes the delta of a data set as a segment set now.
    pub fn fold(&self, dataset: Dataset) -> Result<()> {
        maintenance::fold(&self.inner.shared, &self.inner.bell, dataset)
    }

    /// Folds what is due and compacts, on all cores, until every data set has at most four segment sets and no work waits.
    /// The background does the same by and by on one thread.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once `cancel` was pulled or the store was closed, [`Error::ReadOnly`], or the failure of the
    /// work. Either way the store holds what it held.
    pub fn settle(&self, cancel: &CancelToken) -> Result<()> {
        if self.options().read_only {
            return Err(Error::ReadOnly);
        }
        maintenance::settle(&self.inner.shared, &self.inner.bell, cancel)
    }

    /// Merges the segment sets of a data set into one now.
    pub fn compact(&self, dataset: Dataset) -> Result<()> {
        maintenance::compact(&self.inner.shared, &self.inner.bell, dataset)
    }

    /// What it uses.
    pub fn usage(&self) -> Usage {
        let (shared, bell) = (&self.inner.shared, &self.inner.bell);
        let compactions = bell.progress();
        let mut usage = Usage {
            compaction_waiting: maintenance::is_waiting(shared, bell),
            compactions_running: compactions.running,
            compactions_done: compactions.done,
            compacted_bytes: compactions.bytes,
            disk_bytes: shared.engine.bytes(),
            free_bytes: shared.disk.free().unwrap_or(0),
            temporary_bytes: shared.disk.temporary.load(Ordering::Relaxed),
            merging_bytes: shared.merging.temporary.load(Ordering::Relaxed),
            cache_bytes: shared.cache.weight(),
            ..Usage::default()
        };
        let state = shared.state();
        for layer in Dataset::ALL.into_iter().flat_map(|dataset| &state.datasets[index(dataset)].list) {
            match layer.disk() {
                Some(set) => {
                    usage.segment_sets += 1;
                    usage.disk_bytes += set.bytes();
                }
                None => usage.delta_quads += layer.entries(),
            }
        }
        usage
    }

    /// Writes what is queued, ends the threads and lets go of the directory. Later calls fail.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if threads.is_empty() {
            return;
        }
        self.statistics.close();
        self.queue.close();
        self.bell.close();
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
        self.shared.closing.store(true, Ordering::SeqCst);
        self.shared.engine.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.directory().display())
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|error| Error::Engine(format!("cannot start the {name} thread: {error}")))
}
