//! What one run of a plan is given, and what it may ask: the graph, the moments, its memory, and whether to go on.
//!
//! A [`Context`] belongs to one thread. A query that only reads holds a [`Snapshot`]; one that writes holds a
//! [`Transaction`], and each operator that asks for the snapshot sees what was written until then. That is enough for
//! the order that the languages ask for, because every operator that writes takes in all its rows first.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use model::{TermId, TermRef};
use rustc_hash::FxHashSet;
use store::statistics::Run;
use store::{CancelToken, Snapshot, Transaction};

use crate::fault::{Error, Result};
use crate::graph::Names;
use crate::memory::Memory;
use crate::profile::Profile;
use crate::temporal::Instant;
use crate::text::Patterns;

/// Who knows what time it is, and draws numbers. One of each statement, so that a run can be repeated.
pub trait Clock {
    /// When the transaction began.
    fn transaction(&self) -> Instant;

    /// When the statement began.
    fn statement(&self) -> Instant;

    /// Now.
    fn realtime(&self) -> Instant;

    /// The next random number of 64 bits.
    fn random(&self) -> u64;
}

/// See the module.
pub struct Context<'q> {
    source: RefCell<Source>,
    /// Looked at by every operator at least once a batch.
    pub cancel: CancelToken,
    /// What operators that hold rows account to.
    pub memory: Memory,
    /// The moments of the statement.
    pub clock: &'q dyn Clock,
    pub(crate) names: RefCell<Names>,
    /// Regular expressions that were compiled.
    pub(crate) patterns: RefCell<Patterns>,
    /// Nodes and relationships that this statement has deleted.
    pub(crate) deleted: RefCell<FxHashSet<TermId>>,
    pub(crate) changes: RefCell<Changes>,
    statistics: Option<Arc<Run>>,
    profile: Option<Profile>,
}

enum Source {
    Reading(Snapshot),
    // Large, and rare.
    Writing(Box<Transaction>),
}

/// What a statement has changed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Nodes.
    pub nodes_created: u64,
    /// Nodes.
    pub nodes_deleted: u64,
    /// Relationships.
    pub relationships_created: u64,
    /// Relationships.
    pub relationships_deleted: u64,
    /// Properties that were set or removed.
    pub properties_set: u64,
    /// Labels on nodes.
    pub labels_added: u64,
    /// Labels on nodes.
    pub labels_removed: u64,
}

impl<'q> Context<'q> {
    /// For a plan that only reads.
    pub fn reading(snapshot: Snapshot, cancel: CancelToken, memory: Memory, clock: &'q dyn Clock) -> Self {
        Self::new(Source::Reading(snapshot), cancel, memory, clock)
    }

    /// For a plan that writes, too. Nothing is committed here: see [`Self::into_transaction`].
    pub fn writing(transaction: Transaction, cancel: CancelToken, memory: Memory, clock: &'q dyn Clock) -> Self {
        Self::new(Source::Writing(Box::new(transaction)), cancel, memory, clock)
    }

    fn new(source: Source, cancel: CancelToken, memory: Memory, clock: &'q dyn Clock) -> Self {
        Self {
            source: RefCell::new(source),
            cancel,
            memory,
            clock,
            names: RefCell::default(),
            patterns: RefCell::default(),
            deleted: RefCell::default(),
            changes: RefCell::default(),
            statistics: None,
            profile: None,
        }
    }

    /// The same, which knows the store's exact counts, if these are there.
    #[must_use]
    pub fn with_statistics(mut self, run: Option<Arc<Run>>) -> Self {
        self.statistics = run;
        self
    }

    /// The store's exact counts, if they are of the commit that is read.
    pub(crate) fn statistics(&self) -> Option<Arc<Run>> {
        let run = self.statistics.as_ref()?;
        let is_current = match &*self.source.borrow() {
            Source::Reading(snapshot) => snapshot.commit() == run.statistics.commit,
            Source::Writing(_) => false,
        };
        is_current.then(|| Arc::clone(run))
    }

    /// The same, with what each step does being measured.
    #[must_use]
    pub fn measuring(self) -> Self {
        Self { profile: Some(Profile::default()), ..self }
    }

    /// What was measured, if anything was to be.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// The graph as it is at this moment of the run.
    pub fn snapshot(&self) -> Snapshot {
        match &mut *self.source.borrow_mut() {
            Source::Reading(snapshot) => snapshot.clone(),
            Source::Writing(transaction) => transaction.snapshot(),
        }
    }

    /// The id of a term.
    pub fn encode(&self, term: TermRef<'_>) -> TermId {
        match &*self.source.borrow() {
            Source::Reading(snapshot) => snapshot.encode(term),
            Source::Writing(transaction) => transaction.encode(term),
        }
    }

    /// Whether it may write.
    pub fn is_writing(&self) -> bool {
        matches!(&*self.source.borrow(), Source::Writing(_))
    }

    /// Writes.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where the context only reads; what `write` says.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&mut Transaction) -> store::Result<T>) -> Result<T> {
        match &mut *self.source.borrow_mut() {
            Source::Reading(_) => Err(Error::Refused("this query may only read".to_owned())),
            Source::Writing(transaction) => Ok(write(transaction)?),
        }
    }

    /// Lets the transaction idle, if there is one: whoever runs the query waits for its client, and others may write if
    /// that lasts.
    pub fn rest(&self) {
        if let Source::Writing(transaction) = &mut *self.source.borrow_mut() {
            transaction.rest();
        }
    }

    /// Fails once the query was ended.
    ///
    /// # Errors
    ///
    /// [`store::Error::Cancelled`].
    pub fn check(&self) -> Result {
        Ok(self.cancel.check()?)
    }

    /// What was changed so far.
    pub fn changes(&self) -> Changes {
        *self.changes.borrow()
    }

    /// The transaction, with what was written; `None` where the context only read.
    pub fn into_transaction(self) -> Option<Transaction> {
        match self.source.into_inner() {
            Source::Reading(_) => None,
            Source::Writing(transaction) => Some(*transaction),
        }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("memory", &self.memory).field("changes", &self.changes).finish_non_exhaustive()
    }
}
