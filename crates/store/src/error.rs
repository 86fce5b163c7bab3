//! What can go wrong in the store, and what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

/// The store's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the store. Absence is never one of them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the directory. Use that one, or stop it.
    #[error("data directory {} is in use by process {pid}{}", path.display(), endpoint.as_ref().map(|e| format!(", which answers on {e}")).unwrap_or_default())]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// The holder's process id (0 if it could not be read).
        pid: u32,
        /// Where the holder answers, if it is a server.
        endpoint: Option<String>,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file does not hold what it must: restore it from a backup.
    #[error("{} is damaged: {what}", path.display())]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// Writing was refused to keep the last free space for records of failure. Free some space and try again.
    #[error("no space left for data: {free} bytes are free at {}, and {floor} are kept free", path.display())]
    DiskFull {
        /// The data directory.
        path: PathBuf,
        /// Free bytes found.
        free: u64,
        /// Bytes that stay free.
        floor: u64,
    },
    /// The embedded key-value engine failed.
    #[error("the log engine failed: {0}")]
    Engine(String),
    /// The caller's token was pulled.
    #[error("cancelled")]
    Cancelled,
    /// Another writer kept the slot for a minute. Try again.
    #[error("another transaction kept the writer slot for {seconds} s")]
    WriterBusy {
        /// How long was waited.
        seconds: u64,
    },
    /// A transaction before this one, on which this one was built, could not be made durable. Try again.
    #[error("an earlier transaction failed while this one was being written; nothing of it was kept")]
    Conflict,
    /// A transaction was rolled back because it had been left alone for long while another writer waited. Try again.
    #[error(
        "the transaction was rolled back: nothing was asked of it for {seconds} s while another one waited to write"
    )]
    Expired {
        /// How long a transaction may idle then.
        seconds: u64,
    },
    /// The directory was written by another version.
    #[error("{} has store format {found}; this version reads format {expected}", path.display())]
    Format {
        /// The data directory.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The format this version reads.
        expected: u32,
    },
    /// There is no store in the directory, and none was to be made.
    #[error("{} holds no data", path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The store was opened for reading only.
    #[error("the store is open for reading only")]
    ReadOnly,
}

impl Error {
    /// Wraps a system error with what was attempted on which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// A damaged file.
    pub(crate) fn corrupt(path: &Path, what: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_path_buf(), what: what.into() }
    }

    /// Whether the cause is a full disk, whoever noticed it.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::DiskFull { .. } => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Engine(text) => text.contains("No space left") || text.contains("StorageFull"),
            _ => false,
        }
    }
}
