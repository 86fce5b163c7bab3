//! Free space: checked before data is written, so that a failure can still be recorded.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

/// The data directory's file system, as seen by writers.
#[derive(Debug)]
pub(crate) struct Disk {
    directory: PathBuf,
    floor: AtomicU64,
    /// Bytes of files that nothing names yet.
    pub(crate) temporary: AtomicU64,
}

impl Disk {
    pub(crate) fn new(directory: &Path, floor: u64) -> Self {
        Self { directory: directory.to_path_buf(), floor: AtomicU64::new(floor), temporary: AtomicU64::new(0) }
    }

    /// Free bytes for an unprivileged process.
    pub(crate) fn free(&self) -> Result<u64> {
        let stat = rustix::fs::statvfs(&self.directory)
            .map_err(|error| Error::io("measure free space of", &self.directory)(error.into()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// [`Error::DiskFull`] if less than the floor is free.
    pub(crate) fn check_floor(&self) -> Result<()> {
        self.check_room(0)
    }

    /// [`Error::DiskFull`] if less than the floor would be free after so many bytes more.
    pub(crate) fn check_room(&self, bytes: u64) -> Result<()> {
        let (free, floor) = (self.free()?, self.floor.load(Ordering::Relaxed));
        if free < floor.saturating_add(bytes) {
            return Err(Error::DiskFull { path: self.directory.clone(), free, floor });
        }
        Ok(())
    }
}

/// Makes the creation or removal of files in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(Error::io("sync directory", path))
}
