//! The thread of a transaction.

use std::sync::Arc;

use bolt::Mode;
use exec::clock;
use exec::temporal::Instant;
use model::Dataset;
use store::Snapshot;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::waiting::Waiting;
use super::{Command, Event, Terms};
use crate::door::Door;
use crate::exception::{Exception, Failure};

/// See the module.
pub(super) struct Worker {
    pub(super) door: Arc<Door>,
    pub(super) terms: Terms,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<Event>,
    /// Results whose statements have ended and whose rows were not all taken.
    pub(super) waiting: Waiting,
    /// What runs timers.
    pub(super) runtime: Handle,
    /// Statements so far.
    pub(super) statements: u64,
    /// When the transaction began.
    pub(super) began: Instant,
}

/// What a transaction reads and writes.
#[derive(Debug)]
pub(super) enum Data {
    /// It only reads.
    Reading(Snapshot),
    /// It may write.
    Writing(Box<store::Transaction>),
}

/// Why a transaction ended before it was committed.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nobody wants it any more.
    Left,
    /// It failed.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Worker {
    pub(super) fn new(
        door: Arc<Door>,
        terms: Terms,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let (runtime, began) = (Handle::current(), clock::instant());
        Self { door, terms, commands, events, waiting: Waiting::default(), runtime, statements: 0, began }
    }

    /// Works until the transaction is over.
    pub(super) fn work(mut self) {
        if let Err(Ended::Failed(failure)) = self.converse() {
            // Whoever does not listen does not want to know.
            let _ = self.events.blocking_send(Event::Failed(failure));
        }
    }

    fn converse(&mut self) -> Result<(), Ended> {
        let mut data = self.open();
        let mut next = self.commands.blocking_recv();
        while let Some(command) = next {
            next = match command {
                Command::Run(statement) => {
                    let (after, command) = self.run(data, *statement)?;
                    data = after;
                    command
                }
                Command::Fetch { fetch, discard, turn } => {
                    self.fetch_waiting(fetch, discard, 0)?;
                    drop(turn);
                    None
                }
                Command::Commit(turn) => {
                    let commit = data.map_or(Ok(0), Data::commit)?;
                    drop(turn);
                    return self.tell(Event::Committed { commit });
                }
            };
            if next.is_none() && !self.terms.explicit {
                return Ok(());
            }
            next = next.or_else(|| self.commands.blocking_recv());
        }
        Ok(()) // rolled back
    }

    /// What all statements of a transaction read, from its beginning on.
    fn open(&self) -> Option<Data> {
        self.terms.explicit.then(|| match self.terms.mode {
            Mode::Read => Data::Reading(self.door.store.snapshot(Dataset::Pg)),
            Mode::Write => Data::Writing(Box::new(self.door.store.begin(Dataset::Pg))),
        })
    }

    /// Answers.
    pub(super) fn tell(&self, event: Event) -> Result<(), Ended> {
        self.events.blocking_send(event).map_err(|_| Ended::Left)
    }

    /// Rows of a result whose statement has ended; `running` others have not.
    pub(super) fn fetch_waiting(&mut self, fetch: bolt::Fetch, discard: bool, running: usize) -> Result<(), Ended> {
        let number = fetch.result.unwrap_or(self.statements.saturating_sub(1));
        let Some(result) = self.waiting.get_mut(number) else {
            let text = format!("There is no result {number} with rows left in this transaction");
            return Err(Failure::new(Exception::InvalidParameter, text).into());
        };
        let mut left = fetch.rows;
        while left != Some(0) {
            let Some(record) = result.next() else { break };
            left = left.map(|left| left - 1);
            if !discard {
                self.events.blocking_send(Event::Records(record)).map_err(|_| Ended::Left)?;
            }
        }
        let summary = result.ended();
        if summary.is_some() {
            self.waiting.remove(number);
        }
        let open = self.waiting.len() + running;
        self.tell(summary.map_or(Event::Paused { open }, |summary| Event::Finished { summary, open }))
    }
}

impl Data {
    /// What is there now.
    pub(super) fn snapshot(&mut self) -> Snapshot {
        match self {
            Self::Reading(snapshot) => snapshot.clone(),
            Self::Writing(transaction) => transaction.snapshot(),
        }
    }

    /// Makes what was written durable; the number of the last commit that it has seen.
    pub(super) fn commit(self) -> store::Result<u64> {
        match self {
            Self::Reading(snapshot) => Ok(snapshot.commit()),
            Self::Writing(transaction) => transaction.commit(),
        }
    }
}
