//! A load on a server, followed by asking for its status.
//!
//! Whoever started a load owns it: Ctrl-C cancels it. Whoever only waits for it leaves it to the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Finished;
use crate::client::Client;
use crate::error::Result;
use crate::follow::{self, Followed, Interrupt, Interrupts, Job, Moment};
use crate::report::{self, Report};
use crate::table::printable;

/// Between the first two questions; the pause doubles from one to the next, so that a short load ends at once and a long
/// one is not in the server's way.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Questions in a row that may fail to reach the server before the load is given up (it goes on without us).
const PATIENCE: u32 = 20;

/// A load of a server.
pub(crate) struct There<'a> {
    client: &'a Client,
    id: &'a str,
    /// Whether Ctrl-C leaves it to the server.
    goes_on: bool,
    left: AtomicBool,
    last: Mutex<Moment>,
}

/// Starts a load and follows it; `None` if it was left to the server.
pub(super) fn run(client: &Client, request: &Value, goes_on: bool) -> Result<Option<Finished>> {
    let interrupts = Interrupts::listen(client.runtime())?;
    let started = Instant::now();
    let id = client.start(request)?;
    let followed = follow::follow(&There::new(client, &id, goes_on), &interrupts)?;
    if followed == Followed::Left {
        return Ok(None);
    }
    let took = started.elapsed();
    let status = Report::read(client.status(&id, report::ERRORS)?)?;
    Ok(Some(Finished { id, status, took, interrupted: followed == Followed::Interrupted }))
}

impl<'a> There<'a> {
    pub(crate) fn new(client: &'a Client, id: &'a str, goes_on: bool) -> Self {
        Self { client, id, goes_on, left: AtomicBool::new(false), last: Mutex::default() }
    }
}

impl Job for There<'_> {
    fn moment(&self) -> Moment {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wait(&self) -> Result<()> {
        let mut failures = 0;
        let mut pause = FIRST_PAUSE;
        while !self.left.load(Ordering::Relaxed) {
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
        Ok(())
    }

    fn interrupt(&self) -> Interrupt<'_> {
        if self.goes_on {
            self.left.store(true, Ordering::Relaxed);
            let (id, endpoint) = (printable(self.id), self.client.endpoint());
            return Interrupt::Leave(format!(
                "load {id} goes on; `halimede jobs {id} --watch --endpoint {endpoint}` follows it, \
                 `halimede cancel {id} --endpoint {endpoint}` cancels it"
            ));
        }
        Interrupt::Cancel(Box::new(|| match self.client.cancel(self.id) {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }))
    }
}
