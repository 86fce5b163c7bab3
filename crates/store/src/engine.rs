//! The embedded key-value engine: it holds the manifest, the commit log and the loader's journal, and nothing else.
//!
//! - **Durability**: every write is one batch, synced before the call returns.
//! - **Failure**: a failed write poisons the engine underneath, so it is reopened in process. A batch whose fate is
//!   unknown carries a number of its own: after reopening, that number tells whether the batch is there.
//! - **Full disk**: a ballast file is given up so that a failure (or a cancel) can still be recorded.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::{Error, Result};

/// Bytes held back for records of failure.
const BALLAST: u64 = 8 << 20;
/// The engine's own block cache: it is read at start only.
const CACHE: u64 = 4 << 20;

/// The key spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// The manifest.
    Meta,
    /// Commit number → record.
    Log,
    /// The loader's.
    Journal,
}

/// One write of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) space: Space,
    pub(crate) key: Vec<u8>,
    /// `None` deletes.
    pub(crate) value: Option<Vec<u8>>,
}

/// Key and value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

#[derive(Debug)]
pub(crate) struct Engine {
    path: PathBuf,
    ballast: PathBuf,
    open: Mutex<Slot>,
}

#[derive(Debug)]
struct Slot {
    open: Option<Open>,
    sequence: u64,
}

struct Open {
    database: Database,
    meta: Keyspace,
    log: Keyspace,
    journal: Keyspace,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Open")
    }
}

const SEQUENCE: &[u8] = b"sequence";

fn failed(error: &fjall::Error) -> Error {
    Error::Engine(error.to_string())
}

impl Open {
    fn at(path: &Path) -> Result<Self> {
        let database =
            Database::builder(path).cache_size(CACHE).worker_threads(1).open().map_err(|error| failed(&error))?;
        let space =
            |name: &str| database.keyspace(name, KeyspaceCreateOptions::default).map_err(|error| failed(&error));
        let (meta, log, journal) = (space("meta")?, space("log")?, space("journal")?);
        Ok(Self { database, meta, log, journal })
    }

    fn space(&self, space: Space) -> &Keyspace {
        match space {
            Space::Meta => &self.meta,
            Space::Log => &self.log,
            Space::Journal => &self.journal,
        }
    }

    fn commit(&self, writes: &[Write], sequence: u64) -> Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        for Write { space, key, value } in writes {
            let space = self.space(*space);
            match value {
                Some(value) => batch.insert(space, key.as_slice(), value.as_slice()),
                None => batch.remove(space, key.as_slice()),
            }
        }
        batch.insert(&self.meta, SEQUENCE, sequence.to_le_bytes().as_slice());
        batch.commit().map_err(|error| failed(&error))
    }

    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let value = self.space(space).get(key).map_err(|error| failed(&error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn sequence(&self) -> Result<u64> {
        let bytes = self.get(Space::Meta, SEQUENCE)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes))
    }
}

impl Engine {
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let path = directory.join("engine");
        let open = Open::at(&path)?;
        let sequence = open.sequence()?;
        let engine =
            Self { path, ballast: directory.join("ballast"), open: Mutex::new(Slot { open: Some(open), sequence }) };
        engine.load_ballast(directory);
        Ok(engine)
    }

    /// Takes the ballast aboard if there is room for four of it.
    fn load_ballast(&self, directory: &Path) {
        if std::fs::metadata(&self.ballast).is_ok_and(|file| file.len() == BALLAST) {
            return;
        }
        let room = rustix::fs::statvfs(directory).is_ok_and(|stat| stat.f_bavail * stat.f_frsize > 4 * BALLAST);
        if !room {
            return;
        }
        let loaded = File::create(&self.ballast)
            .and_then(|file| Ok(rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, BALLAST)?));
        if let Err(error) = loaded {
            tracing::debug!(%error, "no ballast");
            drop(std::fs::remove_file(&self.ballast));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the batch: all of it is durable when this returns `Ok`, none of it is there after an error.
    pub(crate) fn write(&self, writes: &[Write]) -> Result<()> {
        let mut slot = self.lock();
        slot.sequence += 1;
        let sequence = slot.sequence;
        let mut outcome = Err(Error::Engine("it could not be reopened after a failure".to_owned()));
        for _ in 0..2 {
            if let Some(open) = &slot.open {
                outcome = open.commit(writes, sequence);
            }
            let Err(error) = &outcome else { return Ok(()) };
            tracing::warn!(%error, "a write failed; the engine is being reopened");
            if std::fs::remove_file(&self.ballast).is_ok() {
                tracing::warn!("ballast given up so that failures can be recorded");
            }
            self.reopen(&mut slot)?;
            if let Some(open) = &slot.open
                && open.sequence()? == sequence
            {
                return Ok(()); // it had reached the journal after all, and reopening synced it
            }
        }
        outcome
    }

    fn reopen(&self, slot: &mut Slot) -> Result<()> {
        slot.open = None;
        let mut tries = 0;
        loop {
            match Open::at(&self.path) {
                Ok(open) => {
                    slot.open = Some(open);
                    return Ok(());
                }
                // The old handle's threads let go of the directory's lock when they notice; that takes a moment.
                Err(error) if tries < 50 => {
                    tries += 1;
                    tracing::debug!(%error, tries, "cannot reopen yet");
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Open) -> Result<T>) -> Result<T> {
        match &self.lock().open {
            Some(open) => read(open),
            None => Err(Error::Engine("it is closed".to_owned())),
        }
    }

    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.read(|open| open.get(space, key))
    }

    /// All pairs whose key begins with `prefix`, in key order.
    pub(crate) fn scan(&self, space: Space, prefix: &[u8]) -> Result<Vec<Pair>> {
        self.read(|open| {
            open.space(space)
                .prefix(prefix)
                .map(|pair| {
                    let (key, value) = pair.into_inner().map_err(|error| failed(&error))?;
                    Ok((key.to_vec(), value.to_vec()))
                })
                .collect()
        })
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.read(|open| open.database.disk_space().map_err(|error| failed(&error))).unwrap_or(0)
    }

    /// Lets go of the directory.
    pub(crate) fn close(&self) {
        self.lock().open = None;
    }
}
