//! How a command can fail, and the exit code that tells a script.

use std::path::PathBuf;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line, the environment or the configuration file cannot be used.
    #[error(transparent)]
    CommandLine(#[from] crate::layers::Error),
    /// Values that do not go together.
    #[error("{0}")]
    Usage(String),
    /// A name that is kept for later.
    #[error("{0} is not supported yet")]
    Unsupported(&'static str),
    /// A file or stream of this program failed.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, as "cannot create".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The store: the data directory is in use, missing, damaged, the disk full.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A server: not reached, or what it answered.
    #[error(transparent)]
    Client(#[from] crate::client::Error),
    /// The query.
    #[error(transparent)]
    Query(#[from] sparql::Error),
    /// The query.
    #[error(transparent)]
    Cypher(#[from] cypher::Error),
    /// The query, while it ran.
    #[error(transparent)]
    Fault(#[from] exec::fault::Error),
    /// The jobs cannot be opened.
    #[error(transparent)]
    Loader(#[from] loader::Error),
    /// The load did not start.
    #[error(transparent)]
    Start(#[from] loader::StartError),
    /// There is no such load.
    #[error(transparent)]
    Status(#[from] loader::StatusError),
    /// The load could not be cancelled.
    #[error(transparent)]
    Cancel(#[from] loader::CancelError),
    /// The graph could not be written.
    #[error(transparent)]
    Export(#[from] loader::export::ExportError),
    /// The server did not start.
    #[error(transparent)]
    Serve(#[from] server::ServeError),
    /// The command ran and its result is bad; it has said so on standard error or output already.
    #[error("{0}")]
    Failed(String),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// What a command gives back.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The process's exit code: 1 for a failure, 2 for a bad command line, 130 after Ctrl-C.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::CommandLine(_)
            | Self::Usage(_)
            | Self::Unsupported(_)
            | Self::Client(crate::client::Error::Endpoint { .. } | crate::client::Error::Authorities { .. })
            | Self::Serve(server::ServeError::Name(_) | server::ServeError::Iam(_) | server::ServeError::Tls(_)) => 2,
            Self::Io { .. }
            | Self::Store(_)
            | Self::Client(_)
            | Self::Query(_)
            | Self::Cypher(_)
            | Self::Fault(_)
            | Self::Loader(_)
            | Self::Start(_)
            | Self::Status(_)
            | Self::Cancel(_)
            | Self::Export(_)
            | Self::Serve(server::ServeError::Listen { .. })
            | Self::Failed(_) => 1,
            Self::Interrupted => 130,
        }
    }
}
