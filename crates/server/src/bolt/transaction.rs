//! A transaction on its thread: what it is told, what it answers, and the task's end of it.
//!
//! Each [`Command`] has one [`Event`] for an answer, with any number of [`Event::Records`] before it. A failure is the
//! last event: whatever was written is rolled back. A transaction whose task is gone ends, too.

mod run;
mod waiting;
mod worker;

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bolt::{Dialect, Fetch, Mode};
use exec::Map;
use exec::context::Changes;
use exec::registry::Entry;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::door::Door;
use crate::exception::{Exception, Failure};
use crate::identity::Identity;
use crate::lanes::Turn;
use crate::watch::{Presence, Timer, Watch};
use worker::Worker;

/// How long a thread has to answer that its statement was ended.
const GRACE: Duration = Duration::from_secs(1);

/// Pieces of records between thread and task.
const PIECES: usize = 2;

/// What a transaction is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Whether it may write.
    pub(super) mode: Mode,
    /// Whether it has several statements, and is committed when that is asked for.
    pub(super) explicit: bool,
    /// How its values are written.
    pub(super) dialect: Dialect,
}

/// What the thread is asked to do. A turn is given back when it is done.
#[derive(Debug)]
pub(super) enum Command {
    /// To run a statement.
    Run(Box<Statement>),
    /// To give rows of a result, or to throw them away.
    Fetch {
        /// How many, of which.
        fetch: Fetch,
        /// Whether they are not wanted.
        discard: bool,
        /// The right to work.
        turn: Option<Turn>,
    },
    /// To make what was written durable.
    Commit(Option<Turn>),
}

/// A statement to be run.
#[derive(Debug)]
pub(super) struct Statement {
    /// Who asks.
    pub(super) identity: Identity,
    /// Its text.
    pub(super) query: Arc<str>,
    /// Its parameters.
    pub(super) parameters: Map,
    /// What ends it early.
    pub(super) watch: Watch,
    /// Its deadline.
    pub(super) timer: Timer,
    /// Its place on the list of what runs.
    pub(super) entry: Entry,
    /// The right to work.
    pub(super) turn: Option<Turn>,
    /// When it arrived.
    pub(super) arrived: Instant,
}

/// What the thread answers.
#[derive(Debug)]
pub(super) enum Event {
    /// The statement runs.
    Running {
        /// The names of its columns.
        fields: Vec<Arc<str>>,
        /// Its number in the transaction.
        number: u64,
        /// Results that have rows left.
        open: usize,
        /// Whether the statement took the writers' place.
        locked: bool,
    },
    /// Some records, in chunks.
    Records(Vec<u8>),
    /// There are more.
    Paused {
        /// Results that have rows left.
        open: usize,
    },
    /// There are no more.
    Finished {
        /// What became of the statement.
        summary: Summary,
        /// Results that have rows left.
        open: usize,
    },
    /// What was written is durable.
    Committed {
        /// The commit's number.
        commit: u64,
    },
    /// The transaction is over.
    Failed(Failure),
}

/// What became of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    /// `r`, `w` or `rw`.
    pub(super) kind: &'static str,
    /// What it has changed.
    pub(super) changes: Changes,
    /// The number of its commit, if it was a transaction of its own.
    pub(super) commit: Option<u64>,
}

/// The task's end of a transaction. Dropping it ends the transaction.
#[derive(Debug)]
pub(super) struct Transaction {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    /// What ends the last statement early.
    watch: Watch,
    /// Ends it when this is dropped.
    presence: Presence,
    /// Whether it is over at some time.
    pub(super) deadline: Option<Instant>,
    /// Whether it has several statements.
    pub(super) explicit: bool,
    /// Whether it has the writers' place, which is one's at a time: it needs no turn, since all who have one may wait for it.
    pub(super) locked: bool,
}

impl Transaction {
    /// Begins one, on a thread of its own.
    ///
    /// # Errors
    ///
    /// `TooManyRequestsException` if the machine gives no thread.
    pub(super) fn begin(door: &Arc<Door>, terms: Terms, deadline: Option<Instant>) -> Result<Self, Failure> {
        let (commands, orders) = mpsc::channel(1);
        let (answers, events) = mpsc::channel(PIECES);
        let explicit = terms.explicit;
        let worker = Worker::new(Arc::clone(door), terms, orders, answers);
        let span = tracing::Span::current();
        let body = move || span.in_scope(|| worker.work());
        thread::Builder::new().name("bolt".to_owned()).spawn(body).map_err(|error| {
            Failure::new(Exception::TooManyRequests, format!("No thread can be started for this request: {error}"))
        })?;
        let watch = Watch::default();
        let presence = watch.presence();
        Ok(Self { commands, events, watch, presence, deadline, explicit, locked: false })
    }

    /// Says what ends the statement that comes. What this returns ends the one before when it is dropped: as long as its
    /// rows may have to be kept, it goes on.
    #[must_use]
    pub(super) fn set_watch(&mut self, watch: &Watch) -> Presence {
        self.watch = watch.clone();
        mem::replace(&mut self.presence, watch.presence())
    }

    /// What ends the last statement early.
    pub(super) const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Waits until it has to end although nothing is asked of it: why.
    pub(super) async fn overdue(&self) -> Failure {
        let deadline = async {
            match self.deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let late = || {
            let text = "Operation terminated (deadline exceeded): the transaction was rolled back";
            Failure::new(Exception::TimeLimitExceeded, text)
        };
        tokio::select! {
            () = deadline => late(),
            () = self.watch.stop.cancelled() => self.lost(),
        }
    }

    /// Tells the thread to do something. It has answered everything before.
    ///
    /// # Errors
    ///
    /// If there is no thread any more.
    pub(super) async fn tell(&self, command: Command) -> Result<(), Failure> {
        self.commands.send(command).await.map_err(|_| self.lost())
    }

    /// What it answers. A thread that is deep in a step which looks at no token is not waited for.
    ///
    /// # Errors
    ///
    /// What the transaction failed with.
    pub(super) async fn answer(&mut self) -> Result<Event, Failure> {
        let overdue = async {
            self.watch.stop.cancelled().await;
            sleep(GRACE).await;
        };
        let event = tokio::select! {
            biased;
            event = self.events.recv() => event,
            () = overdue => None,
        };
        match event {
            None => Err(self.lost()),
            Some(Event::Failed(failure)) => Err(failure),
            Some(event) => Ok(event),
        }
    }

    /// Waits until nothing of it is left, or for a moment.
    pub(super) async fn end(mut self) {
        drop(self.commands);
        let ended = async { while self.events.recv().await.is_some() {} };
        let _ = timeout(GRACE, ended).await;
    }

    fn lost(&self) -> Failure {
        self.watch.failure().unwrap_or_else(|| {
            Failure::new(Exception::InternalFailure, "An unexpected error occurred while answering the request")
        })
    }
}
