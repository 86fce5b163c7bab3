//! Why a query ended before its last row.

use thiserror::Error;

use crate::{Class, EvalError, Kind};

/// A query that failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The values refuse.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The store failed, or the query's token was pulled.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The query holds more than it may.
    #[error("Operation terminated (out of memory): the query needs more than its {limit} bytes of memory")]
    OutOfMemory {
        /// Bytes.
        limit: u64,
    },
    /// A form that this server does not have.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// What was deleted by this statement was asked for its properties or labels.
    #[error("the {what} `{id}` was deleted by this query and has no {asked} any more")]
    DeletedEntity {
        /// Node or relationship.
        what: &'static str,
        /// Its id.
        id: String,
        /// Properties or labels.
        asked: &'static str,
    },
    /// A node that still has relationships was to be deleted.
    #[error("cannot delete node `{id}`, because it still has relationships: delete these first, or use DETACH DELETE")]
    NodeStillConnected {
        /// Its id.
        id: String,
    },
    /// An id that is taken.
    #[error("a {what} with the id `{id}` exists already")]
    DuplicateId {
        /// Node or relationship.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// MERGE with a property that is null.
    #[error("cannot merge the {what} because of null property value for `{key}`")]
    MergeNull {
        /// Node or relationship.
        what: &'static str,
        /// The property.
        key: String,
    },
    /// A property that is no simple value.
    #[error("property value must be a simple literal: `{key}` was given {found}")]
    PropertyType {
        /// The property.
        key: String,
        /// What it was given.
        found: Kind,
    },
    /// SKIP or LIMIT of something else than a number of rows.
    #[error("{operation} takes a whole number of zero or more, but was given {found}")]
    RowCount {
        /// Which.
        operation: &'static str,
        /// What it was given.
        found: String,
        /// Whether that is a whole number, below zero.
        is_negative: bool,
    },
    /// Something else than a node, relationship or path.
    #[error("{operation}: expected {expected}, but was given {found}")]
    NotAnEntity {
        /// The clause.
        operation: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: Kind,
    },
    /// A relationship whose end is null.
    #[error("cannot create a relationship: its {end} node is null")]
    MissingEnd {
        /// Start or end.
        end: &'static str,
    },
    /// Writing a result failed: its reader is gone.
    #[error("the result could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// What may not be changed.
    #[error("{0}")]
    Refused(String),
}

/// What running gives.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

impl Error {
    /// The class and detail that openCypher's TCK has for it, if it has.
    pub fn names(&self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Eval(error) => {
                let (class, detail) = error.names();
                (class.name(), detail)
            }
            Self::DeletedEntity { .. } => ("EntityNotFound", "DeletedEntityAccess"),
            Self::NodeStillConnected { .. } => ("ConstraintVerificationFailed", "DeleteConnectedNode"),
            Self::MergeNull { .. } => ("SemanticError", "MergeReadOwnWrites"),
            Self::PropertyType { .. } => (Class::TypeError.name(), "InvalidPropertyType"),
            Self::RowCount { is_negative: true, .. } => ("SyntaxError", "NegativeIntegerArgument"),
            Self::RowCount { is_negative: false, .. } => ("SyntaxError", "InvalidArgumentType"),
            Self::NotAnEntity { .. } => (Class::TypeError.name(), "InvalidArgumentType"),
            _ => return None,
        })
    }

    /// Whether the query's token was pulled.
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Store(store::Error::Cancelled))
    }
}
