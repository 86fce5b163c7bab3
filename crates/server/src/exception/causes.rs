//! Which exception each error of the crates below becomes: one `match` a crate, without wildcard, so that a new failure
//! does not compile until someone has chosen what clients are told.
//!
//! A failure of the machine is told in full: whoever runs a graph database on their own machine is the one to mend it.

use loader::export::ExportError;
use loader::request::RequestError;
use loader::source::SourceError;
use loader::{CancelError, LoadIdError, ResetError, StartError, StatusError};

use super::{Exception, Failure, Limit};

/// What a replica says of a write.
pub(crate) const READ_ONLY: &str = "Writes are not permitted on a read replica instance";

/// What clients know a conflict of writers by.
const CONFLICT: &str = "Operation failed due to conflicting concurrent operations (please retry). \
                        Transactions are currently rolling back.";

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        use store::Error;
        let exception = match &error {
            Error::Locked { .. }
            | Error::Io { .. }
            | Error::Corrupt { .. }
            | Error::DiskFull { .. }
            | Error::Engine(_)
            | Error::Format { .. }
            | Error::Missing { .. } => Exception::InternalFailure,
            Error::Cancelled => Exception::CancelledByUser,
            Error::WriterBusy { .. } | Error::Conflict | Error::Expired { .. } => Exception::ConcurrentModification,
            Error::ReadOnly => Exception::ReadOnlyViolation,
        };
        let message = match exception {
            Exception::CancelledByUser => "Operation terminated (cancelled by user)".to_owned(),
            Exception::ConcurrentModification => format!("{CONFLICT} ({error})"),
            Exception::ReadOnlyViolation => READ_ONLY.to_owned(),
            _ => error.to_string(),
        };
        Self::new(exception, message)
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        let exception = match &error {
            RequestError::Missing(_) => Exception::MissingParameter,
            RequestError::Invalid(_) => Exception::InvalidParameter,
            RequestError::BadRequest(_) => Exception::BadRequest,
            RequestError::Unsupported(_) => Exception::UnsupportedOperation,
        };
        Self::new(exception, error.to_string())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let exception = match &error {
            SourceError::Invalid(_) => Exception::InvalidParameter,
            SourceError::BadRequest(_) => Exception::BadRequest,
            SourceError::AccessDenied(_) => Exception::LoadUrlAccessDenied,
            SourceError::Internal(_) => Exception::InternalFailure,
            SourceError::Cancelled => Exception::CancelledByUser,
        };
        Self::new(exception, error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let message = error.to_string();
        let exception = match error {
            StartError::Source(error) => return error.into(),
            StartError::ConcurrentLimit { .. }
            | StartError::QueueLimit { .. }
            | StartError::Unsatisfied { .. }
            | StartError::NothingToResume { .. } => Exception::BadRequest,
            StartError::Dependency(error) => return Self { message, ..error.into() },
            StartError::UnknownDependency { .. } => Exception::BulkLoadIdNotFound,
            StartError::Unsupported(_) => Exception::UnsupportedOperation,
            StartError::ShuttingDown => Exception::ServerShutdown,
            StartError::Resetting => Exception::PreconditionsFailed,
            StartError::Store(_) => Exception::InternalFailure,
        };
        Self::new(exception, message)
    }
}

impl From<LoadIdError> for Failure {
    fn from(error: LoadIdError) -> Self {
        let exception = match &error {
            LoadIdError::TooLong { .. } | LoadIdError::ControlCharacter => Exception::ConstraintViolation,
            LoadIdError::Malformed { .. } => Exception::BadRequest,
        };
        Self::new(exception, error.to_string())
    }
}

impl From<StatusError> for Failure {
    fn from(error: StatusError) -> Self {
        let message = error.to_string();
        let exception = match error {
            StatusError::Id(error) => return error.into(),
            StatusError::NotFound { .. } => Exception::BulkLoadIdNotFound,
            StatusError::NoRejects { .. } => Exception::InvalidParameter,
            StatusError::Journal(_) | StatusError::Rejects { .. } => Exception::InternalFailure,
        };
        Self::new(exception, message)
    }
}

impl From<ResetError> for Failure {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Load(error) => error.into(),
            ResetError::Store(error) => Self::new(Exception::InternalFailure, error.to_string()),
        }
    }
}

impl From<CancelError> for Failure {
    fn from(error: CancelError) -> Self {
        let message = error.to_string();
        let exception = match error {
            CancelError::Id(error) => return error.into(),
            CancelError::Unsupported(_) => Exception::UnsupportedOperation,
            CancelError::NotFound { .. } => Exception::BulkLoadIdNotFound,
            CancelError::Resetting => Exception::PreconditionsFailed,
            CancelError::ShuttingDown => Exception::ServerShutdown,
            CancelError::Internal(_) => Exception::InternalFailure,
        };
        Self::new(exception, message)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let message = error.to_string();
        let exception = match error {
            ExportError::Store(error) => return error.into(),
            ExportError::Write(_) | ExportError::Misplaced { .. } => Exception::InternalFailure,
            ExportError::Part { .. } | ExportError::Dataset { .. } => Exception::InvalidParameter,
            ExportError::Key { .. }
            | ExportError::Header { .. }
            | ExportError::SeveralValues { .. }
            | ExportError::Text { .. } => Exception::UnsupportedOperation,
        };
        Self::new(exception, message)
    }
}

impl From<sparql::Error> for Failure {
    fn from(error: sparql::Error) -> Self {
        use sparql::Error;
        let message = error.to_string();
        let exception = match error {
            Error::Store(error) => return error.into(),
            Error::Cancelled => return store::Error::Cancelled.into(),
            Error::Syntax { .. } => Exception::MalformedQuery,
            Error::Unsupported(_) => Exception::UnsupportedOperation,
            Error::Fetch { error: sparql::FetchError::Denied(_), unload: false } => Exception::LoadUrlAccessDenied,
            Error::Fetch { error: sparql::FetchError::Denied(_), unload: true } => Exception::UnloadUrlAccessDenied,
            Error::MemoryLimit { .. } | Error::Service(sparql::ServiceError::TooLarge(_)) => {
                return Self::new(Exception::MemoryLimitExceeded, message).over(Limit::QueryMemory);
            }
            Error::NotAcceptable { .. } | Error::Fetch { .. } | Error::Service(_) => Exception::BadRequest,
            Error::Document(_) => Exception::InvalidParameter,
            Error::Number(_) => Exception::InvalidNumericData,
            Error::Evaluation(_) | Error::Output(_) => Exception::InternalFailure,
        };
        Self::new(exception, message)
    }
}

impl From<cypher::Error> for Failure {
    fn from(error: cypher::Error) -> Self {
        use cypher::ErrorKind;
        let exception = match error.kind {
            ErrorKind::Unsupported | ErrorKind::ProcedureNotFound => Exception::UnsupportedOperation,
            ErrorKind::TextTooLong | ErrorKind::NestedTooDeeply | ErrorKind::TooManyColumns => Exception::QueryLimit,
            ErrorKind::IntegerOverflow | ErrorKind::FloatingPointOverflow => Exception::InvalidNumericData,
            ErrorKind::MissingParameter => Exception::MissingParameter,
            ErrorKind::InvalidHint | ErrorKind::InvalidParameterType => Exception::InvalidParameter,
            ErrorKind::UnexpectedSyntax
            | ErrorKind::InvalidNumberLiteral
            | ErrorKind::InvalidUnicodeLiteral
            | ErrorKind::InvalidUnicodeCharacter
            | ErrorKind::InvalidRelationshipPattern
            | ErrorKind::InvalidClauseComposition
            | ErrorKind::InvalidArgumentPassingMode
            | ErrorKind::UndefinedVariable
            | ErrorKind::VariableAlreadyBound
            | ErrorKind::VariableTypeConflict
            | ErrorKind::ColumnNameConflict
            | ErrorKind::NoExpressionAlias
            | ErrorKind::NoVariablesInScope
            | ErrorKind::AmbiguousAggregationExpression
            | ErrorKind::InvalidAggregation
            | ErrorKind::NestedAggregation
            | ErrorKind::NonConstantExpression
            | ErrorKind::NegativeIntegerArgument
            | ErrorKind::InvalidArgumentType
            | ErrorKind::InvalidOperandType
            | ErrorKind::InvalidDelete
            | ErrorKind::CreatingVarLength
            | ErrorKind::NoSingleRelationshipType
            | ErrorKind::RequiresDirectedRelationship
            | ErrorKind::RelationshipUniquenessViolation
            | ErrorKind::InvalidParameterUse
            | ErrorKind::DifferentColumnsInUnion
            | ErrorKind::UnknownFunction
            | ErrorKind::InvalidNumberOfArguments => Exception::MalformedQuery,
        };
        Self::new(exception, error.to_string())
    }
}

impl From<exec::EvalError> for Failure {
    fn from(error: exec::EvalError) -> Self {
        use exec::Class;
        let exception = match error.names().0 {
            Class::TypeError | Class::ArgumentError => Exception::InvalidArgument,
            Class::ArithmeticError => Exception::InvalidNumericData,
            Class::LimitError => Exception::QueryLimit,
            Class::RequestError => Exception::BadRequest,
        };
        Self::new(exception, error.to_string())
    }
}

impl From<exec::fault::Error> for Failure {
    fn from(error: exec::fault::Error) -> Self {
        use exec::fault::Error;
        let message = error.to_string();
        let exception = match error {
            Error::Eval(error) => return error.into(),
            Error::Store(error) => return error.into(),
            Error::OutOfMemory { .. } => {
                return Self::new(Exception::MemoryLimitExceeded, message).over(Limit::QueryMemory);
            }
            Error::Unsupported(_) => Exception::UnsupportedOperation,
            Error::DuplicateId { .. } => Exception::DuplicateData,
            Error::DeletedEntity { .. }
            | Error::NodeStillConnected { .. }
            | Error::MergeNull { .. }
            | Error::PropertyType { .. }
            | Error::NotAnEntity { .. }
            | Error::RowCount { .. }
            | Error::MissingEnd { .. }
            | Error::Refused(_) => Exception::BadRequest,
            Error::Write(_) => Exception::InternalFailure,
        };
        Self::new(exception, message)
    }
}

impl From<exec::registry::Refused> for Failure {
    fn from(refused: exec::registry::Refused) -> Self {
        use exec::registry::Refused;
        let message = refused.to_string();
        match refused {
            Refused::Taken(_) => Self::new(Exception::InvalidParameter, message),
            Refused::Full(_) => Self::new(Exception::TooManyRequests, message).over(Limit::Queue),
        }
    }
}
