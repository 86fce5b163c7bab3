//! Fast reset as the loader sees it: no job is left active, nothing counts as loaded any more, and the store is empty.
//!
//! What was loaded, and what was rejected, is forgotten in the same write that empties the store: a crash leaves both or neither, and no load can
//! skip a file whose data is gone.
//! **Source**: spec/status.md §3; design §9, "Modes".

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::CancelToken;
use thiserror::Error;

use super::error::CancelError;
use super::job::Job;
use super::journal;
use super::record::{JobRecord, RejectFiles};
use super::{Loader, Scope};

/// Why a reset did not happen. What was cancelled for it stays cancelled; the data is all there.
#[derive(Debug, Error)]
pub enum ResetError {
    /// A job could not be stopped.
    #[error(transparent)]
    Load(#[from] CancelError),
    /// The store.
    #[error("The data could not be removed: {0}")]
    Store(#[from] store::Error),
}

/// Raises the flag until it is dropped.
struct Resetting<'a>(&'a AtomicBool);

impl Drop for Resetting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Loader {
    /// Cancels every job that has not ended and removes all data. Starts and cancels are refused meanwhile. Blocks until
    /// it is durable. One at a time.
    ///
    /// # Errors
    /// [`ResetError`]
    pub fn reset(&self) -> Result<(), ResetError> {
        let inner = &self.0;
        inner.resetting.store(true, Ordering::SeqCst);
        let _resetting = Resetting(&inner.resetting);
        // A start that was admitted before the flag was up holds the line until its job is in it.
        inner.cancel_all(Scope::Running, None)?;
        // Nothing has a turn any more, and while this is held nothing gets one.
        let _line = inner.line_at_rest();
        let jobs: Vec<Arc<Job>> = inner.registry().latest_first().cloned().collect();
        let writes = jobs.iter().map(|job| {
            let mut record = job.with_record(JobRecord::clone);
            record.forgotten = true;
            record.rejects = RejectFiles::default();
            journal::put_job(&record)
        });
        inner.store.clear(writes.collect(), &CancelToken::new())?;
        for job in jobs {
            job.forget_completed();
            inner.rejects.remove(job.id);
        }
        Ok(())
    }
}
