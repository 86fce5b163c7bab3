//! One connection: each message in its turn, each with its answer.

mod answers;
mod statements;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bolt::session::State;
use bolt::{Auth, DecodeError, Dialect, Hello, Outcome, Request, Session, Verdict, Version, response};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::codes::Place;
use super::incoming::{LOGIN_BYTES, Link, Message};
use super::transaction::Transaction;
use super::{Guest, login};
use crate::door::Door;
use crate::exception::{Exception, Failure, Limit};
use crate::identity::Identity;
use crate::watch::Cause;
use answers::Success;

/// Bytes of answers that leave together.
const PIECE: usize = 64 << 10;

/// Connections so far, for their names.
static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

/// One connection.
pub(super) struct Conversation<'c, W> {
    door: Arc<Door>,
    guest: Guest,
    version: Version,
    dialect: Dialect,
    session: Session,
    link: &'c Link,
    writer: &'c mut W,
    /// Answers that have not left.
    out: Vec<u8>,
    agent: Option<Arc<str>>,
    identity: Option<Identity>,
    transaction: Option<Transaction>,
    /// Why the open transaction is over, until that is told.
    overdue: Option<Failure>,
    name: String,
}

/// Why a message was not done.
enum Stop {
    /// It failed.
    Failed(Failure),
    /// Who asks may not be here any more.
    LoggedOut(Failure),
    /// The client takes no answer.
    Broken,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The connection is to be closed.
struct Closed;

/// Why nothing is waited for any more.
enum Wait {
    /// A message came, or why there is none.
    Message(Option<Result<Message, Failure>>),
    /// The open transaction has taken too long, or what it runs was ended.
    Overdue(Failure),
    /// The connection has been idle for too long, or the server stops.
    Over,
}

impl<'c, W: AsyncWrite + Unpin> Conversation<'c, W> {
    /// A connection that has just shaken hands.
    pub(super) fn new(door: Arc<Door>, guest: Guest, version: Version, link: &'c Link, writer: &'c mut W) -> Self {
        let name = format!("bolt-{}", CONNECTIONS.fetch_add(1, Ordering::Relaxed));
        Self {
            door,
            guest,
            version,
            dialect: version.dialect(),
            session: Session::new(version),
            link,
            writer,
            out: Vec::new(),
            agent: None,
            identity: None,
            transaction: None,
            overdue: None,
            name,
        }
    }

    /// Answers until the connection is to be closed.
    pub(super) async fn run(mut self, mut messages: mpsc::Receiver<Result<Message, Failure>>, login: Instant) {
        loop {
            let message = if let Ok(message) = messages.try_recv() {
                Some(message)
            } else {
                if self.flush().await.is_err() {
                    return;
                }
                match self.wait(&mut messages, login).await {
                    Wait::Message(message) => message,
                    Wait::Over => return,
                    Wait::Overdue(why) => {
                        self.end_transaction(why);
                        continue;
                    }
                }
            };
            let handled = match message {
                None => return,
                Some(Ok(message)) => self.handle(message).await,
                Some(Err(failure)) => {
                    self.tell_failure(&failure, Place::Protocol);
                    Err(Closed)
                }
            };
            if handled.is_err() {
                let _ = self.flush().await;
                return;
            }
        }
    }

    async fn wait(&self, messages: &mut mpsc::Receiver<Result<Message, Failure>>, login: Instant) -> Wait {
        let idle = if self.session.is_open() { Instant::now() + self.door.config.bolt_idle_timeout } else { login };
        let overdue = async {
            match &self.transaction {
                Some(transaction) => transaction.overdue().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            message = messages.recv() => Wait::Message(message),
            () = self.door.closing.cancelled() => Wait::Over,
            why = overdue => Wait::Overdue(why),
            () = sleep_until(idle) => Wait::Over,
        }
    }

    /// Rolls back what is open; the next message is told why.
    fn end_transaction(&mut self, why: Failure) {
        self.transaction = None;
        self.overdue = Some(why);
    }

    async fn handle(&mut self, message: Message) -> Result<(), Closed> {
        let memory = if self.session.is_open() {
            self.door.config.query_memory(self.door.store.options().memory)
        } else {
            LOGIN_BYTES
        };
        let request = Request::read(&message.bytes, self.version, memory);
        drop(message);
        let request = match request {
            Ok(request) => request,
            Err(error) => return self.unreadable(&error),
        };
        if self.link.is_interrupted() && !matches!(request, Request::Reset | Request::Goodbye) {
            response::ignored(&mut self.out);
            return Ok(());
        }
        match self.session.admit(&request) {
            Verdict::Do => {}
            Verdict::Ignore => {
                response::ignored(&mut self.out);
                return Ok(());
            }
            Verdict::Refuse => {
                self.transaction = None;
                let text = format!("{} cannot come now", request.name());
                self.tell_failure(&Failure::new(Exception::BadRequest, text), Place::Protocol);
                return self.unless_defunct();
            }
            Verdict::Close => return Err(Closed),
        }
        match self.perform(&request).await {
            Ok(success) => {
                self.session.settle(&request, Outcome::Success { open: success.open });
                response::success(&mut self.out, &success.members);
            }
            Err(Stop::Broken) => return Err(Closed),
            Err(Stop::LoggedOut(failure)) => {
                self.tell_failure(&failure, Place::Login);
                return Err(Closed);
            }
            Err(Stop::Failed(failure)) => {
                self.transaction = None;
                self.link.set_running(None);
                self.session.settle(&request, Outcome::Failure);
                let place = match request {
                    Request::Hello(_) | Request::Logon(_) => Place::Login,
                    _ => Place::Statement,
                };
                self.tell_failure(&failure, place);
            }
        }
        self.link.set_open(self.session.is_open());
        self.unless_defunct()
    }

    fn unreadable(&mut self, error: &DecodeError) -> Result<(), Closed> {
        let exception = match error {
            DecodeError::Malformed { .. } | DecodeError::Invalid(_) => Exception::BadRequest,
            DecodeError::Unsupported(_) => Exception::UnsupportedOperation,
            DecodeError::TooLarge { .. } => Exception::MemoryLimitExceeded,
        };
        if self.session.refuse(error) == Verdict::Ignore {
            response::ignored(&mut self.out);
        } else {
            self.transaction = None;
            self.tell_failure(&Failure::new(exception, error.to_string()), Place::Protocol);
        }
        self.unless_defunct()
    }

    fn unless_defunct(&self) -> Result<(), Closed> {
        if self.session.state() == State::Defunct { Err(Closed) } else { Ok(()) }
    }

    fn tell_failure(&mut self, failure: &Failure, place: Place) {
        let (code, text) = self.door.config.bolt_error_codes.of(failure, place);
        tracing::debug!(code, text, "a Bolt message failed");
        response::failure(&mut self.out, self.version, code, &text);
    }

    async fn perform(&mut self, request: &Request) -> Result<Success, Stop> {
        match request {
            Request::Hello(hello) => Ok(self.hello(hello)?),
            Request::Logon(auth) => Ok(self.log_in(auth).map(|()| Success::default())?),
            Request::Logoff => {
                self.identity = None;
                Ok(Success::default())
            }
            Request::Reset => {
                if let Some(transaction) = self.transaction.take() {
                    transaction.end().await;
                }
                self.overdue = None;
                self.link.set_running(None);
                self.link.has_reset();
                Ok(Success::default())
            }
            Request::Run { query, parameters, extra } => self.statement(query, parameters, extra).await,
            Request::Begin(extra) => {
                self.begin(extra, true)?;
                Ok(Success::default())
            }
            Request::Commit => self.commit().await,
            Request::Rollback => {
                self.overdue = None;
                if let Some(transaction) = self.transaction.take() {
                    transaction.end().await;
                }
                self.link.set_running(None);
                Ok(Success::default())
            }
            Request::Pull(fetch) => self.fetch(*fetch, false).await,
            Request::Discard(fetch) => self.fetch(*fetch, true).await,
            Request::Route { address } => Ok(answers::route(address.as_deref(), self.guest)),
            Request::Telemetry | Request::Goodbye => Ok(Success::default()),
        }
    }

    fn hello(&mut self, hello: &Hello) -> Result<Success, Failure> {
        self.agent.clone_from(&hello.user_agent);
        if !self.version.logs_on() {
            self.log_in(&hello.auth)?;
        } else if self.guest.peer.reserved {
            self.log_in(&Auth::default())?; // which is refused
        }
        let patched = hello.wants_utc && self.version.may_be_patched();
        self.dialect.utc |= patched;
        Ok(answers::hello(&self.name, patched))
    }

    fn log_in(&mut self, auth: &Auth) -> Result<(), Failure> {
        self.identity = Some(login::log_in(&self.door, self.guest, auth, self.agent.as_deref())?);
        Ok(())
    }

    /// Sends what was answered. A client that takes nothing for too long has gone.
    async fn flush(&mut self) -> Result<(), Closed> {
        if self.out.is_empty() {
            return Ok(());
        }
        let sending = async {
            self.writer.write_all(&self.out).await?;
            self.writer.flush().await
        };
        match timeout(self.door.config.send_timeout, sending).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Closed),
            Err(_) => {
                self.door.metrics.refused(Limit::SendTime);
                if let Some(transaction) = &self.transaction {
                    transaction.watch().pull(Cause::Unread);
                }
                return Err(Closed);
            }
        }
        self.out.clear();
        self.out.shrink_to(PIECE);
        Ok(())
    }
}
