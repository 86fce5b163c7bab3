//! What failures are called: as the service calls them, or as drivers understand them.
//!
//! The service has one code for everything. Drivers take one that they do not know for a bug of the database: they never
//! try again what they could, and two of them break when a login fails with it. So the codes of Neo4j are the default,
//! which say whether to try again and whether to fetch new credentials, and the service's own are there for whoever
//! looks for them.
//!
//! **Source**: spec/opencypher.md §7.

use crate::exception::{Exception, Failure};

/// How failures of Bolt are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BoltErrorCodes {
    /// As Neo4j does, so that drivers know what to do: try again, log in again, give up.
    #[default]
    Neo4j,
    /// As Neptune does: one code for all.
    Neptune,
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Who asks.
    Login,
    /// What is asked.
    Statement,
    /// How it is asked.
    Protocol,
}

impl BoltErrorCodes {
    /// The code and the text of a failure.
    pub(super) fn of(self, failure: &Failure, place: Place) -> (&'static str, String) {
        match self {
            Self::Neo4j => (code(failure.exception, place), failure.message.clone()),
            Self::Neptune => {
                let text = format!("Unexpected server exception '{}'", failure.message);
                ("BoltProtocol.unexpectedException", text)
            }
        }
    }
}

fn code(exception: Exception, place: Place) -> &'static str {
    match (exception, place) {
        (Exception::AccessDenied, Place::Login) => "Neo.ClientError.Security.Unauthorized",
        (Exception::AccessDenied, _) => "Neo.ClientError.Security.Forbidden",
        (Exception::BadRequest | Exception::InvalidArgument | Exception::InvalidParameter, Place::Protocol)
        | (Exception::QueryLimit | Exception::QueryTooLarge | Exception::MethodNotAllowed, _) => {
            "Neo.ClientError.Request.Invalid"
        }
        (Exception::MalformedQuery | Exception::Parsing, _) => "Neo.ClientError.Statement.SyntaxError",
        (Exception::MissingParameter, _) => "Neo.ClientError.Statement.ParameterMissing",
        (
            Exception::BadRequest
            | Exception::IllegalArgument
            | Exception::InvalidArgument
            | Exception::InvalidParameter
            | Exception::UnloadUrlAccessDenied,
            _,
        ) => "Neo.ClientError.Statement.ArgumentError",
        (Exception::InvalidNumericData, _) => "Neo.ClientError.Statement.ArithmeticError",
        (Exception::UnsupportedOperation, _) => "Neo.ClientError.Statement.UnsupportedOperationError",
        (Exception::ReadOnlyViolation, _) => "Neo.ClientError.Statement.AccessMode",
        (Exception::ConstraintViolation | Exception::DuplicateData, _) => {
            "Neo.ClientError.Schema.ConstraintValidationFailed"
        }
        (Exception::CancelledByUser | Exception::CancelledByMaintenance, _) => "Neo.ClientError.Transaction.Terminated",
        (Exception::TimeLimitExceeded | Exception::ClientTimeout, _) => {
            "Neo.ClientError.Transaction.TransactionTimedOut"
        }
        // It would need as much the next time.
        (Exception::MemoryLimitExceeded, _) => "Neo.ClientError.General.TransactionOutOfMemoryError",
        (Exception::ConcurrentModification, _) => "Neo.TransientError.Transaction.DeadlockDetected",
        (Exception::TooManyRequests | Exception::QueryLimitExceeded | Exception::Throttling, _) => {
            "Neo.TransientError.Request.NoThreadsAvailable"
        }
        (Exception::ServerShutdown, _) => "Neo.TransientError.General.DatabaseUnavailable",
        (
            Exception::BulkLoadIdNotFound
            | Exception::ExpiredStream
            | Exception::FailureByQuery
            | Exception::InternalFailure
            | Exception::LoadUrlAccessDenied
            | Exception::MlResourceNotFound
            | Exception::PreconditionsFailed
            | Exception::ResourceNotFound
            | Exception::S3
            | Exception::StatisticsNotAvailable
            | Exception::StreamRecordsNotFound
            | Exception::Validation,
            _,
        ) => "Neo.DatabaseError.General.UnknownError",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_told_what_to_do() {
        for (exception, place, expected) in [
            (Exception::AccessDenied, Place::Login, "Neo.ClientError.Security.Unauthorized"),
            (Exception::AccessDenied, Place::Statement, "Neo.ClientError.Security.Forbidden"),
            (Exception::BadRequest, Place::Protocol, "Neo.ClientError.Request.Invalid"),
            (Exception::MalformedQuery, Place::Statement, "Neo.ClientError.Statement.SyntaxError"),
            (Exception::ConcurrentModification, Place::Statement, "Neo.TransientError.Transaction.DeadlockDetected"),
        ] {
            let failure = Failure::new(exception, "why");
            assert_eq!(BoltErrorCodes::Neo4j.of(&failure, place), (expected, "why".to_owned()));
            let (code, text) = BoltErrorCodes::Neptune.of(&failure, place);
            assert_eq!(code, "BoltProtocol.unexpectedException");
            assert_eq!(text, "Unexpected server exception 'why'");
        }
        // Whatever the table says may succeed later is tried again, but for what only wastes time.
        for exception in Exception::ALL {
            assert!(code(exception, Place::Statement).starts_with("Neo."), "{exception:?}");
        }
    }
}
