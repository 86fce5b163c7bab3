//! Statements and transactions of a connection: what is told to their threads, and what becomes of that.

use std::sync::Arc;
use std::time::Duration;

use auth::Language;
use bolt::{Extra, Fetch};
use exec::{Map, Value};
use tokio::io::AsyncWrite;
use tokio::time::{Instant, timeout};

use super::answers::{self, Success};
use super::{Closed, Conversation, PIECE, Stop};
use crate::bolt::transaction::{Command, Event, Statement, Terms, Transaction};
use crate::door::Door;
use crate::exception::{Exception, Failure};
use crate::identity::Identity;
use crate::lanes::Turn;
use crate::request_id::RequestId;
use crate::reset::RESETTING;
use crate::running;
use crate::watch::Watch;

/// Answers that come within this time of each other leave together.
const TOGETHER: Duration = Duration::from_millis(1);

impl<W: AsyncWrite + Unpin> Conversation<'_, W> {
    pub(super) fn begin(&mut self, extra: &Extra, explicit: bool) -> Result<(), Failure> {
        if extra.impersonated.is_some() {
            let text = "Impersonation is not supported: log in as the other user";
            return Err(Failure::new(Exception::UnsupportedOperation, text));
        }
        if self.door.reset.is_going() {
            return Err(Failure::new(Exception::ServerShutdown, RESETTING));
        }
        let limit = extra.timeout_millis.filter(|millis| *millis > 0).map(Duration::from_millis);
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let terms = Terms { mode: extra.mode, explicit, dialect: self.dialect };
        self.transaction = Some(Transaction::begin(&self.door, terms, deadline)?);
        Ok(())
    }

    pub(super) async fn statement(
        &mut self,
        query: &Arc<str>,
        parameters: &Map,
        extra: &Extra,
    ) -> Result<Success, Stop> {
        let arrived = Instant::now();
        self.check_time()?;
        let identity = self.renewed()?;
        if self.transaction.is_none() {
            self.begin(extra, false)?;
        }
        let _place = self.door.places.take()?;
        let Some(transaction) = &mut self.transaction else { return Err(answers::no_transaction().into()) };
        let most = self.door.config.query_timeout;
        let left = transaction.deadline.map_or(most, |deadline| most.min(deadline - arrived));
        let (watch, timer) = Watch::begin(Some(left), self.door.ends());
        let before = transaction.set_watch(&watch);
        self.link.set_running(Some(watch.clone()));
        let given = match extra.metadata.get("queryId") {
            Some(Value::String(id)) => Some(&**id),
            _ => None,
        };
        let entry = running::enter(&self.door, Language::OpenCypher, given, RequestId::random(), query, &watch)?;
        let turn = turn(&self.door, transaction).await?;
        let statement = Statement {
            identity,
            query: Arc::clone(query),
            parameters: parameters.clone(),
            watch,
            timer,
            entry,
            turn,
            arrived,
        };
        transaction.tell(Command::Run(Box::new(statement))).await?;
        let answer = self.answer().await;
        drop(before);
        let Some(transaction) = &mut self.transaction else { return Err(answers::no_transaction().into()) };
        match answer? {
            Event::Running { fields, number, open, locked } => {
                transaction.locked |= locked && transaction.explicit;
                let number = (transaction.explicit && self.version.fetches()).then_some(number);
                Ok(answers::running(fields, number, open, arrived.elapsed()))
            }
            _ => Err(answers::unexpected().into()),
        }
    }

    pub(super) async fn fetch(&mut self, fetch: Fetch, discard: bool) -> Result<Success, Stop> {
        let arrived = Instant::now();
        self.check_time()?;
        let _place = self.door.places.take()?;
        let Some(transaction) = &mut self.transaction else { return Err(answers::no_transaction().into()) };
        let turn = turn(&self.door, transaction).await?;
        transaction.tell(Command::Fetch { fetch, discard, turn }).await?;
        loop {
            match self.answer().await? {
                Event::Records(records) => {
                    self.out.extend_from_slice(&records);
                    if self.out.len() >= PIECE {
                        self.flush().await.map_err(|Closed| Stop::Broken)?;
                    }
                }
                Event::Paused { open } => return Ok(answers::paused(open)),
                Event::Finished { summary, open } => {
                    if self.transaction.as_ref().is_some_and(|transaction| !transaction.explicit) {
                        self.transaction = None;
                        self.link.set_running(None);
                    }
                    return Ok(answers::finished(summary, open, arrived.elapsed()));
                }
                _ => return Err(answers::unexpected().into()),
            }
        }
    }

    pub(super) async fn commit(&mut self) -> Result<Success, Stop> {
        self.check_time()?;
        let _place = self.door.places.take()?;
        let Some(transaction) = &mut self.transaction else { return Err(answers::no_transaction().into()) };
        let turn = turn(&self.door, transaction).await?;
        // From here on nobody is told that it failed unless it did: a RESET waits.
        let before = transaction.set_watch(&Watch::default());
        self.link.set_running(None);
        transaction.tell(Command::Commit(turn)).await?;
        let answer = self.answer().await?;
        drop(before);
        self.transaction = None;
        self.link.set_running(None);
        match answer {
            Event::Committed { commit } => Ok(answers::committed(commit)),
            _ => Err(answers::unexpected().into()),
        }
    }

    /// Who asks, with the policies of now.
    fn renewed(&self) -> Result<Identity, Stop> {
        let Some(identity) = &self.identity else { return Err(answers::unexpected().into()) };
        self.door.gate.renew(identity).map_err(Stop::LoggedOut)
    }

    /// What the thread of the open transaction answers. If that takes a while, what was answered before leaves.
    async fn answer(&mut self) -> Result<Event, Stop> {
        let Some(transaction) = &mut self.transaction else { return Err(answers::no_transaction().into()) };
        if let Ok(answer) = timeout(TOGETHER, transaction.answer()).await {
            return Ok(answer?);
        }
        self.flush().await.map_err(|Closed| Stop::Broken)?;
        let Some(transaction) = &mut self.transaction else { return Err(answers::no_transaction().into()) };
        Ok(transaction.answer().await?)
    }

    /// Fails if the open transaction has taken too long.
    fn check_time(&mut self) -> Result<(), Failure> {
        self.overdue.take().map_or(Ok(()), Err)
    }
}

/// The right to work; a transaction that has the writers' place needs none.
async fn turn(door: &Door, transaction: &Transaction) -> Result<Option<Turn>, Failure> {
    if transaction.locked {
        return Ok(None);
    }
    let watch = transaction.watch();
    let ended = || watch.failure().unwrap_or_else(answers::unexpected);
    tokio::select! {
        biased;
        () = watch.stop.cancelled() => Err(ended()),
        turn = door.lanes.queries.turn() => turn.map(Some),
    }
}
