//! The data directory's lock: one process at a time, and a second one is told who has it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const NAME: &str = "LOCK";
/// How often, and how far apart, a lock that is taken is tried again.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// What the holder writes into the lock file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    endpoint: Option<String>,
}

/// Held as long as the store is open.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    file: File,
}

impl DirectoryLock {
    pub(crate) fn take(directory: &Path) -> Result<Self> {
        let path = directory.join(NAME);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        let mut tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    let mut lock = Self { file };
                    lock.write(&Holder { pid: std::process::id(), endpoint: None })
                        .map_err(Error::io("write", &path))?;
                    return Ok(lock);
                }
                // Somebody may only be asking who has it: [`holder`] takes it for a moment.
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = read(file);
                    return Err(Error::Locked {
                        path: directory.to_path_buf(),
                        pid: holder.pid,
                        endpoint: holder.endpoint,
                    });
                }
                Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path)(source)),
            }
        }
    }

    /// Says where the holder answers.
    pub(crate) fn announce(&mut self, endpoint: &str) -> std::io::Result<()> {
        self.write(&Holder { pid: std::process::id(), endpoint: Some(endpoint.to_owned()) })
    }

    fn write(&mut self, holder: &Holder) -> std::io::Result<()> {
        let text = serde_json::to_vec(holder)?;
        self.file.rewind()?;
        self.file.write_all(&text)?;
        self.file.set_len(text.len() as u64)
    }
}

fn read(mut file: File) -> Holder {
    let mut text = String::new();
    // A holder that has not written yet, or an older one that wrote nothing, is simply unknown.
    if file.rewind().and_then(|()| file.read_to_string(&mut text)).is_err() {
        return Holder::default();
    }
    serde_json::from_str(&text).unwrap_or_default()
}

/// Who has the directory, if somebody has: process id and endpoint.
pub(crate) fn holder(directory: &Path) -> Option<(u32, Option<String>)> {
    let file = OpenOptions::new().read(true).write(true).open(directory.join(NAME)).ok()?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let holder = read(file);
            Some((holder.pid, holder.endpoint))
        }
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}
