//! Why a source is refused, cannot be reached, or broke off.

use std::error::Error;
use std::io;

/// A source that cannot be loaded. The variant is the class of exception, the text what the caller is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// `InvalidParameterException`, 400: the text of source, region or keys is not what it should be.
    #[error("{0}")]
    Invalid(String),
    /// `BadRequestException`, 400: it is not there, or nothing opens it.
    #[error("{0}")]
    BadRequest(String),
    /// `LoadUrlAccessDeniedException`, 400: it must not be read.
    #[error("{0}")]
    AccessDenied(String),
    /// `InternalFailureException`, 500: the other side or the machine failed; the same request may succeed later.
    #[error("{0}")]
    Internal(String),
    /// The caller's token was pulled.
    #[error("cancelled")]
    Cancelled,
}

impl SourceError {
    /// The documented sentence for a source that is not there, and `hint`, a sentence of our own.
    pub(super) fn not_reachable(uri: &str, hint: impl std::fmt::Display) -> Self {
        Self::BadRequest(format!("The source {uri} does not exist/not reachable. {hint}"))
    }
}

/// Why reading a feed ended early: the inner error of the [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The job's token was pulled.
    #[error("cancelled")]
    Cancelled,
    /// The object is no longer the one that was listed: the feed ends as
    /// `LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED`.
    #[error("{0}")]
    ModifiedOrDeleted(String),
    /// It may not be read: the feed ends as `LOAD_S3_ACCESS_DENIED_ERROR`.
    #[error("{0}")]
    AccessDenied(String),
    /// It could not be read in spite of retries: the feed ends as `LOAD_S3_READ_ERROR`.
    #[error("{0}")]
    Failed(String),
}

impl ReadError {
    /// The `ReadError` inside of `error`, however deep a decoder wrapped it.
    pub fn of(error: &io::Error) -> Option<&Self> {
        let mut inner: &(dyn Error + 'static) = error.get_ref()?;
        loop {
            if let Some(found) = inner.downcast_ref() {
                return Some(found);
            }
            inner = match inner.downcast_ref::<io::Error>() {
                Some(error) => error.get_ref()?,
                None => inner.source()?,
            };
        }
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        // Never `Interrupted`, not even for a cancel: readers would try again for ever.
        let kind = match &error {
            ReadError::Cancelled | ReadError::Failed(_) => io::ErrorKind::Other,
            ReadError::ModifiedOrDeleted(_) => io::ErrorKind::NotFound,
            ReadError::AccessDenied(_) => io::ErrorKind::PermissionDenied,
        };
        Self::new(kind, error)
    }
}
