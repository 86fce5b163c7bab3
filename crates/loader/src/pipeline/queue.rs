//! The queue between the feeder and the parser threads: bounded, in order, with the ends of feeds and of the vertices
//! at their places.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, select};

use super::fault::{Fault, Place};
use super::{Failure, Halt};
use crate::blocks::Block;
use crate::format::{FeedParser, Parsed};

/// How often a wait for work looks whether the epoch has ended meanwhile.
const GLANCE: Duration = Duration::from_millis(20);

/// What the feeder has to say.
pub(super) enum Work {
    /// A file is begun.
    Begin {
        /// Its number.
        feed: u32,
    },
    /// Text to parse.
    Block {
        /// The file.
        feed: u32,
        /// Its parser.
        parser: Arc<FeedParser>,
        /// The text.
        block: Block,
    },
    /// Rows of a file that was parsed elsewhere.
    Rows {
        /// The file.
        feed: u32,
        /// Its rows.
        parsed: Parsed,
        /// Records of the file up to and with these.
        through: u64,
    },
    /// A file is through.
    End {
        /// Its number.
        feed: u32,
        /// Why it ended early, if it did.
        fault: Option<Fault>,
        /// Where it ended, if it was cut into blocks.
        place: Option<Place>,
    },
    /// What comes next are edges.
    VerticesDone,
    /// Nothing comes next.
    Finished,
}

/// The receiving end.
pub(super) struct Queue<'a> {
    work: Receiver<Work>,
    halt: &'a Halt,
    exhausted: AtomicBool,
}

impl<'a> Queue<'a> {
    pub(super) const fn new(work: Receiver<Work>, halt: &'a Halt) -> Self {
        Self { work, halt, exhausted: AtomicBool::new(false) }
    }

    /// The next work, or `None` once `enough` says so.
    ///
    /// # Errors
    /// The load is halted.
    pub(super) fn take(&self, enough: impl Fn() -> bool) -> Result<Option<Work>, Failure> {
        loop {
            if self.halt.is_pulled() {
                return Err(Failure::Halted);
            }
            if enough() || self.is_exhausted() {
                return Ok(None);
            }
            select! {
                recv(self.work) -> work => match work {
                    Ok(Work::Finished) => self.exhausted.store(true, Ordering::SeqCst),
                    Ok(work) => return Ok(Some(work)),
                    // The feeder went without a word: it was halted, or panicked.
                    Err(_) => return Err(Failure::Halted),
                },
                recv(self.halt.pulled()) -> _ => {}
                default(GLANCE) => {}
            }
        }
    }

    /// Whether all work was taken.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::SeqCst)
    }
}
