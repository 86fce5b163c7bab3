//! Why a job ended, in the words of its error log.
//!
//! **Source**: spec/loader.md §3.2, §3.5, §5.3; design §5 ("Cancel"), §9.

use super::error_log::{ErrorCode, ErrorEntry};
use super::ledger::Publication;
use super::record::JobRecord;
use super::state::Ending;
use crate::pipeline::Failure;
use crate::source::SourceError;

/// What a failure means for the job whose source this is, and what its log says about it.
pub(super) fn of_failure(failure: Failure, source: &str) -> (Ending, Publication) {
    let (ending, code, message) = match failure {
        Failure::Rejected(publication) => return (Ending::Failed, *publication),
        Failure::Refused(error @ SourceError::AccessDenied(_)) => {
            (Ending::Refused, ErrorCode::S3AccessDeniedError, error.to_string())
        }
        Failure::Refused(error) => (Ending::Refused, ErrorCode::InternalError, error.to_string()),
        Failure::Store(error) if error.is_disk_full() => (Ending::Failed, ErrorCode::InternalError, error.to_string()),
        Failure::Store(error) => (Ending::Fault, ErrorCode::InternalError, error.to_string()),
        Failure::Listing(error @ SourceError::AccessDenied(_)) => {
            (Ending::Failed, ErrorCode::S3AccessDeniedError, error.to_string())
        }
        Failure::Listing(error) => (Ending::Failed, ErrorCode::InternalError, error.to_string()),
        Failure::Internal(message) => (Ending::Fault, ErrorCode::InternalError, message),
        Failure::Panic(message) => {
            (Ending::Fault, ErrorCode::InternalError, format!("a fault of the loader: {message}"))
        }
        Failure::Halted => (Ending::Fault, ErrorCode::InternalError, "the load was stopped".to_owned()),
    };
    (ending, Publication::of_entry(ErrorEntry::whole(code, message, source)))
}

/// The entry of a job that was running when its process ended.
pub(super) fn interruption(record: &JobRecord) -> ErrorEntry {
    let message = if record.is_dry_run() {
        "The server was stopped during the dry run; start it again"
    } else if record.request.atomic {
        "The server was stopped while the load was running. It was atomic, so nothing of it stays; \
         start the load again with mode NEW"
    } else {
        "The server was stopped while the load was running. What it had published stays; \
         start the load again with mode NEW to load the rest"
    };
    ErrorEntry::whole(ErrorCode::InternalError, message, record.source.as_str())
}
