//! How every thread of a load is stopped: one token for the work, one for the reading, one channel that wakes waits.
//!
//! A cancel, the end of the process and the first failure all pull the same tokens. Whoever waits on a channel also
//! selects on [`Halt::pulled`], which becomes ready at that moment; whoever works looks at the token at least once a
//! block. Reading has a token of its own, because a load that stopped at an error still has to publish what it keeps,
//! while the sockets behind what it will not read can go.

use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use store::CancelToken;

use crate::jobs::Publication;
use crate::source::SourceError;

/// Why a load cannot go on. A faulty file is no such failure: that is in the log, and
/// the load goes on or stops at it, unless it is all or nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The token was pulled: the job knows by whom.
    Halted,
    /// An error stops an atomic load: nothing of it stays but this.
    Rejected(Box<Publication>),
    /// The source was refused when the load's turn came: it never ran.
    Refused(SourceError),
    /// The source could not be listed, or not be opened again after a restart.
    Listing(SourceError),
    /// The keys that came with the request are gone with an earlier process.
    KeysLost,
    /// The store refused.
    Store(store::Error),
    /// The jobs' own journal is damaged or a thread could not be started.
    Internal(String),
    /// A bug: a thread panicked.
    Panic(String),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Cancelled => Self::Halted,
            error => Self::Store(error),
        }
    }
}

/// The stop of one load.
#[derive(Debug)]
pub(crate) struct Halt {
    work: CancelToken,
    reading: CancelToken,
    /// Dropped to wake all who wait; nothing is ever sent.
    open: Mutex<Option<Sender<()>>>,
    pulled: Receiver<()>,
    failure: Mutex<Option<Failure>>,
}

impl Halt {
    pub(crate) fn new() -> Self {
        let (open, pulled) = crossbeam_channel::bounded(0);
        Self {
            work: CancelToken::new(),
            reading: CancelToken::new(),
            open: Mutex::new(Some(open)),
            pulled,
            failure: Mutex::new(None),
        }
    }

    /// The token that work looks at.
    pub(crate) const fn work(&self) -> &CancelToken {
        &self.work
    }

    /// The token that reads of the source look at.
    pub(crate) const fn reading(&self) -> &CancelToken {
        &self.reading
    }

    /// Becomes ready (disconnected) once the load is halted.
    pub(crate) const fn pulled(&self) -> &Receiver<()> {
        &self.pulled
    }

    pub(crate) fn is_pulled(&self) -> bool {
        self.work.is_cancelled()
    }

    /// Stops everything.
    pub(crate) fn pull(&self) {
        self.work.cancel();
        self.reading.cancel();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Stops reading: enough is known.
    pub(crate) fn stop_reading(&self) {
        self.reading.cancel();
    }

    /// Stops everything because of `failure`; the first one counts, and one that only says that somebody else stopped
    /// is none.
    pub(crate) fn fail(&self, failure: Failure) {
        if !matches!(failure, Failure::Halted) {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        }
        self.pull();
    }

    /// The failure that stopped the load, if one did.
    pub(crate) fn take_failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Runs one thread's work: its failure, or its panic, stops the others.
    pub(crate) fn guard(&self, work: impl FnOnce() -> Result<(), Failure>) {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        match caught {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => self.fail(failure),
            Err(panic) => self.fail(Failure::Panic(panic_text(panic.as_ref()))),
        }
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_wakes_a_wait_and_stops_both_tokens() {
        let halt = Halt::new();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| halt.pulled().recv());
            halt.pull();
            assert!(waiter.join().expect("no panic").is_err());
        });
        assert!(halt.is_pulled() && halt.reading().is_cancelled());
        assert!(halt.take_failure().is_none());
    }

    #[test]
    fn the_first_failure_counts() {
        let halt = Halt::new();
        halt.fail(Failure::Halted);
        halt.guard(|| panic!("of the {}", "second"));
        halt.guard(|| Err(Failure::Internal("third".into())));
        assert!(matches!(halt.take_failure(), Some(Failure::Panic(text)) if text == "of the second"));
    }

    #[test]
    fn reading_stops_alone() {
        let halt = Halt::new();
        halt.stop_reading();
        assert!(halt.reading().is_cancelled() && !halt.is_pulled());
    }
}
