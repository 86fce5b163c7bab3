//! A load in this process, into a data directory that no server has.

use std::path::Path;
use std::time::Instant;

use loader::request::{LoadRequest, RequestConfig};
use loader::{CancelError, StatusQuery};
use serde_json::Value;

use super::Finished;
use crate::error::{Error, Result};
use crate::flags::Load;
use crate::follow::{self, Followed, Interrupt, Interrupts, Job, Moment};
use crate::local::{self, Local};
use crate::place;
use crate::report::{self, Report};

/// A load of a loader in this process.
struct Here<'a> {
    local: &'a Local,
    id: &'a str,
}

/// Loads, and closes the store again whatever comes of it.
pub(super) fn run(directory: &Path, flags: &Load, request: &Value) -> Result<Finished> {
    let request =
        LoadRequest::read(request.to_string().as_bytes(), Some("application/json"), None, &RequestConfig::default())
            .map_err(|error| Error::Usage(error.to_string()))?;
    let s3 = local::s3_config(&flags.s3)?;
    // Before anything is opened, so that no moment is left in which a signal would kill instead of cancel.
    let runtime = local::runtime()?;
    let interrupts = Interrupts::listen(runtime.handle())?;
    let local = Local::new(place::open_or_create(directory, flags.memory)?, s3, Some(flags.rejects_limit), runtime)?;
    let finished = load(&local, request, &interrupts);
    // A server settles in the background; nobody comes after this command. Whoever interrupted the load wants to leave,
    // and a dry run has left nothing to settle.
    if !flags.dry_run && finished.as_ref().is_ok_and(|finished| !finished.interrupted) {
        follow::settle(&interrupts, |cancel| local.settle(cancel));
    }
    local.close();
    finished
}

fn load(local: &Local, request: LoadRequest, interrupts: &Interrupts) -> Result<Finished> {
    let started = Instant::now();
    let id = local.loader.start(request, None)?.to_string();
    let followed = follow::follow(&Here { local, id: &id }, interrupts)?;
    let took = started.elapsed();
    let query = StatusQuery { details: true, errors: true, page: 1, errors_per_page: report::ERRORS };
    let status = Report::read(local.loader.status(&id, query)?)?;
    Ok(Finished { id, status, took, interrupted: followed == Followed::Interrupted })
}

impl Job for Here<'_> {
    fn moment(&self) -> Moment {
        let Some(progress) = self.local.loader.progress(self.id) else { return Moment::default() };
        Moment {
            phase: progress.phase.name().to_owned(),
            bytes: (progress.bytes_read, progress.bytes_total),
            records: progress.records,
            errors: progress.errors,
            rate: Some(progress.records_per_second),
            files: (progress.feeds_done, progress.feeds_total),
            left: progress.left().map(|left| left.as_secs() + 1),
        }
    }

    fn wait(&self) -> Result<()> {
        self.local.loader.wait(self.id)?;
        Ok(())
    }

    /// It ends with this process, so it is ended well.
    fn interrupt(&self) -> Interrupt<'_> {
        Interrupt::Cancel(Box::new(|| match self.local.loader.cancel(self.id, None) {
            Ok(()) | Err(CancelError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }))
    }
}
