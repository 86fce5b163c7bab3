//! One statement of a transaction, from its text to its last row.

use std::collections::VecDeque;
use std::time::Duration;

use auth::Language;
use bolt::{Fetch, Mode};
use cypher::Query;
use cypher::tree;
use exec::clock::SystemClock;
use exec::context::Context;
use exec::memory::Memory;
use model::Dataset;
use store::CancelToken;

use super::waiting::Result as Kept;
use super::worker::{Data, Ended, Worker};
use super::{Command, Event, Statement, Summary};
use crate::bolt::cursor::Cursor;
use crate::exception::{Exception, Failure, READ_ONLY};
use crate::opencypher::hinted_timeout;
use crate::watch::{Cause, Watch};

/// Bytes of records that leave together.
const PIECE: usize = 64 << 10;

/// Most results of one transaction that have rows left.
const OPEN: usize = 1_000;

/// How long a transaction that may only want to read waits for the writers' place.
const COURTESY: Duration = Duration::from_secs(1);

/// What a statement's rows ended with.
enum Rest {
    /// All were asked for, and the one who asked last waits for the answer.
    Taken,
    /// Something else is to be done, and these are kept for later.
    Kept(Command, Option<(VecDeque<Vec<u8>>, exec::memory::Held)>),
}

/// The limits of one statement's rows.
struct Limits<'w> {
    watch: &'w Watch,
    /// Bytes that may still be sent.
    left: u64,
    most: u64,
}

impl Worker {
    /// Runs a statement until its rows are taken, or another command comes; that is given back.
    ///
    /// # Errors
    ///
    /// [`Ended`]; if the statement was ended from outside, with that for a reason.
    pub(super) fn run(
        &mut self,
        data: Option<Data>,
        statement: Statement,
    ) -> Result<(Option<Data>, Option<Command>), Ended> {
        let (watch, arrived) = (statement.watch.clone(), statement.arrived);
        let result = self.run_watched(data, statement).map_err(|ended| match ended {
            Ended::Failed(failure) => Ended::Failed(watch.failure().unwrap_or(failure)),
            Ended::Left => Ended::Left,
        });
        let metrics = &self.door.metrics;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(Ended::Left) => Exception::CancelledByUser.name(),
            Err(Ended::Failed(failure)) => {
                failure.limit.into_iter().for_each(|limit| metrics.refused(limit));
                failure.exception.name()
            }
        };
        metrics.query("opencypher", outcome, arrived.elapsed());
        result
    }

    fn run_watched(
        &mut self,
        data: Option<Data>,
        statement: Statement,
    ) -> Result<(Option<Data>, Option<Command>), Ended> {
        let Statement { identity, query: text, parameters, watch, timer: _timer, entry, turn, arrived } = statement;
        entry.begin();
        if self.waiting.len() >= OPEN {
            let text = format!("{OPEN} results of this transaction have rows left: take these first");
            return Err(Failure::new(Exception::QueryLimit, text).into());
        }
        let query = Query::parse(&text)?;
        identity.may_query(Language::OpenCypher, query.accesses())?;
        self.check(&query)?;
        if let Some(moment) = hinted_timeout(&query).and_then(|limit| arrived.checked_add(limit)) {
            watch.end_at(&self.runtime, moment);
        }
        let writes = query.is_updating();
        let mut data = self.prepare_data(data, writes, &watch.token)?;
        let locked = writes || self.go_first(&mut data, &watch.token)?;
        let number = self.statements;
        self.statements += 1;
        let prepared = query.prepare(&parameters, &data.snapshot())?;
        drop(parameters);
        let memory = Memory::new(self.door.config.query_memory(self.door.store.options().memory) as u64);
        let clock = SystemClock::within(self.began);
        let context = match data {
            Data::Reading(snapshot) => {
                let known = self.door.store.statistics().known(Dataset::Pg);
                Context::reading(snapshot, watch.token.clone(), memory.clone(), &clock).with_statistics(known)
            }
            Data::Writing(transaction) => Context::writing(*transaction, watch.token.clone(), memory.clone(), &clock),
        };
        let width = query.columns().len();
        let mut cursor = Cursor::new(prepared.rows(&context), &context, self.terms.dialect, width);
        let fields = query.columns().iter().map(|column| (&*column.name).into()).collect();
        self.tell(Event::Running { fields, number, open: self.waiting.len() + 1, locked })?;
        drop(turn);
        let most = self.door.config.result_bytes;
        let mut limits = Limits { watch: &watch, left: most, most };
        let rest = self.rows(&mut cursor, number, writes, &memory, &mut limits)?;
        drop(cursor);
        let changes = context.changes();
        let kind = match (writes, width) {
            (false, _) => "r",
            (true, 0) => "w",
            (true, _) => "rw",
        };
        let snapshot = context.snapshot();
        data = match context.into_transaction() {
            None => Data::Reading(snapshot),
            Some(mut transaction) => {
                transaction.rest();
                Data::Writing(Box::new(transaction))
            }
        };
        drop(entry);
        let summary = Summary { kind, changes, commit: None };
        match rest {
            Rest::Kept(command, kept) => {
                if let Some((records, held)) = kept {
                    self.waiting.insert(number, Kept::new(records, summary, held));
                }
                Ok((Some(data), Some(command)))
            }
            Rest::Taken if self.terms.explicit => {
                self.tell(Event::Finished { summary, open: self.waiting.len() })?;
                Ok((Some(data), None))
            }
            Rest::Taken => {
                watch.settle()?;
                let commit = data.commit()?;
                self.tell(Event::Finished { summary: Summary { commit: Some(commit), ..summary }, open: 0 })?;
                Ok((None, None))
            }
        }
    }

    /// Refuses what a transaction of this kind does not run.
    fn check(&self, query: &Query) -> Result<(), Failure> {
        if query.statement().mode != tree::Mode::Run {
            let text = "EXPLAIN and PROFILE are not supported over Bolt: ask /openCypher with the parameter explain";
            return Err(Failure::new(Exception::UnsupportedOperation, text));
        }
        if !query.is_updating() {
            return Ok(());
        }
        if self.door.config.read_replica {
            return Err(Failure::new(Exception::ReadOnlyViolation, READ_ONLY));
        }
        if self.terms.mode == Mode::Read {
            let text =
                "The query writes, but its session or transaction was opened for reading only (access mode READ)";
            return Err(Failure::new(Exception::ReadOnlyViolation, text));
        }
        Ok(())
    }

    /// Takes the writers' place for a transaction that begins with reading, if it is owed that; whether it did.
    fn go_first(&self, data: &mut Data, cancel: &CancelToken) -> store::Result<bool> {
        match data {
            Data::Writing(transaction) if self.statements == 0 && self.door.precedence.claim() => {
                transaction.lock_within(COURTESY, cancel)
            }
            _ => Ok(false),
        }
    }

    /// What a statement reads, and writes: nobody else writes between the two.
    fn prepare_data(&self, data: Option<Data>, writes: bool, cancel: &CancelToken) -> Result<Data, Failure> {
        let mut transaction = match data {
            None if writes => Box::new(self.door.store.begin(Dataset::Pg)),
            None => return Ok(Data::Reading(self.door.store.snapshot(Dataset::Pg))),
            Some(Data::Writing(transaction)) if writes => transaction,
            Some(other) => return Ok(other),
        };
        let before = transaction.snapshot().commit();
        transaction.lock(cancel)?;
        if self.statements > 0 && transaction.snapshot().commit() != before {
            self.door.precedence.owe();
            let text = "Operation failed due to conflicting concurrent operations (please retry). Others have written \
                        since this transaction began to read.";
            return Err(Failure::new(Exception::ConcurrentModification, text));
        }
        Ok(Data::Writing(transaction))
    }

    /// Serves the rows as they are asked for.
    fn rows(
        &mut self,
        cursor: &mut Cursor<'_>,
        number: u64,
        writes: bool,
        memory: &Memory,
        limits: &mut Limits<'_>,
    ) -> Result<Rest, Ended> {
        loop {
            match self.commands.blocking_recv().ok_or(Ended::Left)? {
                Command::Fetch { fetch, discard, turn } => {
                    if fetch.result.is_some_and(|asked| asked != number) {
                        self.fetch_waiting(fetch, discard, 1)?;
                    } else if discard && fetch.rows.is_none() && !writes {
                        return Ok(Rest::Taken); // nobody wants to know
                    } else {
                        match self.fetch(cursor, fetch, discard, limits) {
                            Ok(true) => return Ok(Rest::Taken),
                            Ok(false) => self.tell(Event::Paused { open: self.waiting.len() + 1 })?,
                            // Cancelled so that its client does not notice: there are no more rows then.
                            Err(Ended::Failed(_)) if limits.watch.is_silenced() && !writes => return Ok(Rest::Taken),
                            Err(ended) => return Err(ended),
                        }
                    }
                    drop(turn);
                }
                Command::Run(next) => {
                    let mut held = memory.hold();
                    let mut records = VecDeque::new();
                    while !cursor.is_at_end()? {
                        let mut record = Vec::new();
                        cursor.write(&mut record)?;
                        held.grow((record.capacity() + size_of::<Vec<u8>>()) as u64)?;
                        records.push_back(record);
                    }
                    return Ok(Rest::Kept(Command::Run(next), Some((records, held))));
                }
                Command::Commit(turn) => {
                    while writes && !cursor.is_at_end()? {
                        cursor.skip();
                    }
                    return Ok(Rest::Kept(Command::Commit(turn), None));
                }
            }
        }
    }

    /// Sends or skips rows; whether none is left.
    fn fetch(
        &self,
        cursor: &mut Cursor<'_>,
        fetch: Fetch,
        discard: bool,
        limits: &mut Limits<'_>,
    ) -> Result<bool, Ended> {
        let mut left = fetch.rows;
        let mut piece = Vec::new();
        let mut ended = cursor.is_at_end()?;
        while !ended && left != Some(0) {
            left = left.map(|left| left - 1);
            if discard {
                cursor.skip();
            } else {
                cursor.write(&mut piece)?;
            }
            if piece.len() >= PIECE {
                self.send(&mut piece, limits)?;
            }
            ended = cursor.is_at_end()?;
        }
        self.send(&mut piece, limits)?;
        Ok(ended)
    }

    fn send(&self, piece: &mut Vec<u8>, limits: &mut Limits<'_>) -> Result<(), Ended> {
        if piece.is_empty() {
            return Ok(());
        }
        let Some(left) = limits.left.checked_sub(piece.len() as u64) else {
            limits.watch.pull(Cause::Oversize { most: limits.most });
            return Err(store::Error::Cancelled.into());
        };
        limits.left = left;
        self.tell(Event::Records(std::mem::take(piece)))
    }
}
