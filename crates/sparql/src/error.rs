//! What can go wrong with a query.

use model::Position;
use thiserror::Error;

use crate::{FetchError, QueryKind, ServiceError};

/// Why a query was not answered. Which exception a client sees is decided at the server's edge.
#[derive(Debug, Error)]
pub enum Error {
    /// The text is no query: say to the client what it should change.
    #[error("Malformed query: {}{message}", at.map(|at| format!("{at}: ")).unwrap_or_default())]
    Syntax {
        /// Where the text stops making sense, when it is about one place.
        at: Option<Position>,
        /// What was found there and what was expected.
        message: String,
    },
    /// A query in order, that asks for something this server does not do.
    #[error("{0}")]
    Unsupported(String),
    /// None of the media types asked for can be written for this kind of query.
    #[error("{kind} cannot be answered as {asked}; possible are {}", possible.join(", "))]
    NotAcceptable {
        /// The `Accept` header.
        asked: String,
        /// The kind of query.
        kind: QueryKind,
        /// The media types that can be written, the default first.
        possible: Vec<&'static str>,
    },
    /// The token was pulled: by a user, a deadline, or a client that left. Whoever pulled it knows which.
    #[error("cancelled")]
    Cancelled,
    /// The rows that the query had to keep at once, to sort or group them or to tell them apart, took too much.
    #[error("Operation terminated (out of memory): rows kept at once took more than {limit} bytes")]
    MemoryLimit {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A document that LOAD or UNLOAD names cannot be had.
    #[error("{error}")]
    Fetch {
        /// Why.
        error: FetchError,
        /// Whether it was an UNLOAD.
        unload: bool,
    },
    /// Another server has not answered.
    #[error(transparent)]
    Service(ServiceError),
    /// A document that LOAD or UNLOAD names says what it may not say.
    #[error("{0}")]
    Document(String),
    /// A number takes more bits than numbers have.
    #[error("{0}")]
    Number(String),
    /// The store failed under the query.
    #[error(transparent)]
    Store(store::Error),
    /// The evaluator gave up.
    #[error("{0}")]
    Evaluation(String),
    /// The answer could not be handed on: the reader is gone.
    #[error("writing the result: {0}")]
    Output(#[source] std::io::Error),
}

impl Error {
    /// An [`Error::Syntax`] that is about no particular place.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::Syntax { at: None, message: message.into() }
    }

    /// The same error, of an UNLOAD.
    pub(crate) fn of_unload(self) -> Self {
        match self {
            Self::Fetch { error, .. } => Self::Fetch { error, unload: true },
            error => error,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Cancelled => Self::Cancelled,
            error => Self::Store(error),
        }
    }
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Cancelled => Self::Cancelled,
            error @ ServiceError::Denied(_) => Self::Unsupported(error.to_string()),
            error => Self::Service(error),
        }
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Cancelled => Self::Cancelled,
            FetchError::Unsupported(what) => Self::Unsupported(what),
            error => Self::Fetch { error, unload: false },
        }
    }
}
