//! Whether a load may start now, as far as the other jobs are concerned.
//!
//! **Source**: spec/loader.md §2.5, §2.9; design §9, "Modes".

use super::error::StartError;
use super::record::SourceIdentity;
use super::registry::Registry;
use super::state::FeedState;
use crate::request::{LoadRequest, Mode};

/// Asks the other jobs.
///
/// # Errors
/// One runs; or files of the source were loaded before, which a mode other than NEW would have to skip.
pub(super) fn admit(registry: &Registry, request: &LoadRequest, identity: &SourceIdentity) -> Result<(), StartError> {
    if registry.active().is_some() {
        return Err(if request.queue_request {
            StartError::Unsupported(
                "Queueing a load behind a running one is not supported yet: start it when the running one has ended"
                    .to_owned(),
            )
        } else {
            StartError::ConcurrentLimit { uri: request.source.clone() }
        });
    }
    match request.mode {
        Mode::New => Ok(()),
        Mode::Auto => {
            let mut ended = registry.ended_of_source(identity);
            match ended.find(|job| job.with_record(|record| record.feeds.get(FeedState::Completed) > 0)) {
                // Nothing to skip: AUTO means NEW.
                None => Ok(()),
                Some(job) => Err(StartError::Unsupported(format!(
                    "Files of the source {} were loaded before, by load {}, and mode AUTO does not skip them yet. \
                     Use mode NEW to load every file again",
                    request.source, job.id
                ))),
            }
        }
        Mode::Resume => Err(StartError::Unsupported(
            "mode RESUME is not supported yet: use mode NEW, which loads every file again".to_owned(),
        )),
    }
}
