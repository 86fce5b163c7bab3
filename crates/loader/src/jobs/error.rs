//! Why a start, a status, a cancel or the loader itself fails. Each variant is one exception of the front door.

use thiserror::Error;

use super::id::{LoadId, LoadIdError};
use super::line::PLACES;
use super::state::JobState;
use crate::source::SourceError;

/// Why the jobs cannot be opened.
#[derive(Debug, Error)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The configuration of sources.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A value in the journal is not what was written there.
    #[error("the journal's value of {key} is damaged: {source}")]
    Damaged {
        /// Whose value.
        key: String,
        /// What does not read.
        source: serde_json::Error,
    },
}

/// Why a load does not start. No job is left behind.
#[derive(Debug, Error)]
pub enum StartError {
    /// The source: see [`SourceError`] for the class.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A load is running, or others wait already: `BadRequestException`.
    #[error("Failed to start new load for the source {uri}. Max concurrent load limit breached. Limit is 1")]
    ConcurrentLimit {
        /// The source as it was sent.
        uri: String,
    },
    /// All places of the queue are taken: `BadRequestException`.
    #[error(
        "Failed to start new load for the source {uri}. Max load task queue size limit breached. Limit is {PLACES}"
    )]
    QueueLimit {
        /// The source as it was sent.
        uri: String,
    },
    /// A text in `dependencies` is no load id: see [`LoadIdError`] for the class.
    #[error("Parameter 'dependencies' must name loads. {0}")]
    Dependency(LoadIdError),
    /// Nobody remembers a load that this one depends on: `BulkLoadIdNotFoundException`.
    #[error("The load with id = {id} does not exist. It is one of the request's dependencies")]
    UnknownDependency {
        /// Which.
        id: LoadId,
    },
    /// A load that this one depends on has failed, and it does not want to wait: `BadRequestException`.
    #[error(
        "Failed to start new load for the source {uri}. It depends on load {id}, which ended as {}. Load that again \
         first, or leave it out of dependencies",
        state.name()
    )]
    Unsatisfied {
        /// The source as it was sent.
        uri: String,
        /// The load that it depends on.
        id: LoadId,
        /// How that ended.
        state: JobState,
    },
    /// The mode is RESUME and nothing was loaded before: `BadRequestException`.
    #[error("Failed to start load from the source {uri}. No previous load found to resume.")]
    NothingToResume {
        /// The source as it was sent.
        uri: String,
    },
    /// Asked for something that this version does not do, or the loader is off: `UnsupportedOperationException`.
    #[error("{0}")]
    Unsupported(String),
    /// All data is being removed: `PreconditionsFailedException`.
    #[error("Database reset is in progress. No load can be started until it has ended")]
    Resetting,
    /// The process is going down: `ServerShutdownException`.
    #[error("The server is shutting down")]
    ShuttingDown,
    /// The job could not be recorded: `InternalFailureException`.
    #[error("The load could not be recorded: {0}")]
    Store(#[from] store::Error),
}

/// Why there is no status.
#[derive(Debug, Error)]
pub enum StatusError {
    /// The id: see [`LoadIdError`] for the class.
    #[error(transparent)]
    Id(#[from] LoadIdError),
    /// Unknown or forgotten: `BulkLoadIdNotFoundException`.
    #[error("The load with id = {id} does not exist")]
    NotFound {
        /// Which.
        id: LoadId,
    },
    /// The load has no such file, or no row of it was rejected: `InvalidParameterException`.
    #[error(
        "File {feed} of the load with id = {id} has no rejected rows: the list of rejects has the numbers of those that have"
    )]
    NoRejects {
        /// Which load.
        id: LoadId,
        /// Which of its files, from 1.
        feed: u64,
    },
    /// The rejects cannot be read: `InternalFailureException`.
    #[error("The rejects of the load with id = {id} cannot be read: {source}")]
    Rejects {
        /// Which load.
        id: LoadId,
        /// Why.
        source: std::io::Error,
    },
    /// The journal cannot be read: `InternalFailureException`.
    #[error("The job's details cannot be read: {0}")]
    Journal(#[from] Error),
}

/// Why a cancel did not happen.
#[derive(Debug, Error)]
pub enum CancelError {
    /// The loader is off: `UnsupportedOperationException`.
    #[error("{0}")]
    Unsupported(String),
    /// The id: see [`LoadIdError`] for the class.
    #[error(transparent)]
    Id(#[from] LoadIdError),
    /// Unknown, forgotten or ended: `BulkLoadIdNotFoundException`.
    #[error("The load with id = {id} does not exist or not active")]
    NotFound {
        /// Which.
        id: LoadId,
    },
    /// All data is being removed, and with it every job is stopped: `PreconditionsFailedException`.
    #[error("Database reset is in progress. It cancels every load")]
    Resetting,
    /// The process is going down, and the job goes on when it is back: `ServerShutdownException`.
    #[error("The server is shutting down. The load goes on when it is back; cancel it then")]
    ShuttingDown,
    /// The disk failed while the job was being stopped: `InternalFailureException`; the job's state says what happened.
    #[error("{0}")]
    Internal(String),
}

impl From<store::Error> for CancelError {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
