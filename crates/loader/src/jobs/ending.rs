//! Why a job ended, in the words of its error log.
//!
//! **Source**: spec/loader.md §3.2, §3.5, §5.3; design §5 ("Cancel"), §9.

use super::error_log::{ErrorCode, ErrorEntry};
use super::ledger::Publication;
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
        Failure::KeysLost => (
            Ending::Failed,
            ErrorCode::S3AccessDeniedError,
            "The server was restarted while the load was running, and the keys that came with its request were in \
             memory only. Start the load again with mode RESUME and the keys to load the rest"
                .to_owned(),
        ),
        Failure::Internal(message) => (Ending::Fault, ErrorCode::InternalError, message),
        Failure::Panic(message) => {
            (Ending::Fault, ErrorCode::InternalError, format!("a fault of the loader: {message}"))
        }
        Failure::Halted => (Ending::Fault, ErrorCode::InternalError, "the load was stopped".to_owned()),
    };
    (ending, Publication::of_entry(ErrorEntry::whole(code, message, source)))
}
