//! A load on a server, followed by asking for its status.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Finished;
use crate::client::Client;
use crate::error::Result;
use crate::follow::{self, Interrupts, Job, Moment};
use crate::report::{self, Report};

/// Between the first two questions; the pause doubles from one to the next, so that a short load ends at once and a long
/// one is not in the server's way.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Questions in a row that may fail to reach the server before the load is given up (it goes on without us).
const PATIENCE: u32 = 20;

/// A load of a server.
struct There<'a> {
    client: &'a Client,
    id: &'a str,
    last: Mutex<Moment>,
}

/// Starts a load and follows it.
pub(super) fn run(client: &Client, request: &Value) -> Result<Finished> {
    let interrupts = Interrupts::listen(client.runtime())?;
    let started = Instant::now();
    let id = client.start(request)?;
    let job = There { client, id: &id, last: Mutex::default() };
    let interrupted = follow::follow(&job, &interrupts)?;
    let took = started.elapsed();
    let status = Report::read(client.status(&id, report::ERRORS)?)?;
    Ok(Finished { id, status, took, interrupted })
}

impl Job for There<'_> {
    fn moment(&self) -> Moment {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wait(&self) -> Result<()> {
        let mut failures = 0;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.client.status(self.id, 1) {
                Ok(payload) => {
                    failures = 0;
                    let status = Report::read(payload)?;
                    if status.has_ended() {
                        return Ok(());
                    }
                    *self.last.lock().unwrap_or_else(PoisonError::into_inner) = status.moment();
                }
                Err(error) => {
                    failures += 1;
                    if failures >= PATIENCE || !error.is_transient() {
                        return Err(error.into());
                    }
                }
            }
            thread::sleep(pause);
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    fn cancel(&self) -> Result<()> {
        match self.client.cancel(self.id) {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }
}
