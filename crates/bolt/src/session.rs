//! Which message may come when.
//!
//! Each message is asked for by [`Session::admit`] before it is done, and what became of it is told to
//! [`Session::settle`]. After a failure everything is ignored until RESET; a message that cannot come now is such a
//! failure, too. Before anybody has logged in a failure ends the connection.
//!
//! **Source**: the Bolt Protocol documentation, "server states".

use crate::request::Request;
use crate::unpack::DecodeError;
use crate::version::Version;

#[cfg(test)]
mod tests;

/// What a connection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The client has not said who it is.
    Connected,
    /// Nobody is logged in.
    Unauthenticated,
    /// Nothing goes on.
    Ready,
    /// A statement of its own has rows left.
    Streaming,
    /// In a transaction, with no rows left of any of its statements.
    Transaction,
    /// In a transaction, with rows left.
    TransactionStreaming,
    /// Everything is ignored until RESET.
    Failed,
    /// The connection is to be closed.
    Defunct,
}

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do it.
    Do,
    /// Answer IGNORED.
    Ignore,
    /// Answer FAILURE; the connection may have to be closed then.
    Refuse,
    /// Close the connection.
    Close,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SUCCESS, and so many results of the transaction still have rows.
    Success {
        /// How many.
        open: usize,
    },
    /// FAILURE.
    Failure,
}

/// The state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    version: Version,
    state: State,
}

impl Session {
    /// A connection that has just shaken hands.
    pub const fn new(version: Version) -> Self {
        Self { version, state: State::Connected }
    }

    /// Where it is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether somebody is logged in.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Connected | State::Unauthenticated | State::Defunct)
    }

    /// Whether a transaction of several statements is open.
    pub const fn is_in_transaction(&self) -> bool {
        matches!(self.state, State::Transaction | State::TransactionStreaming)
    }

    /// What to do with a message. Refusing and closing are settled with it.
    pub fn admit(&mut self, request: &Request) -> Verdict {
        use State::{Connected, Defunct, Failed, Ready, Streaming, Transaction, TransactionStreaming, Unauthenticated};
        if self.state == Defunct || matches!(request, Request::Goodbye) {
            self.state = Defunct;
            return Verdict::Close;
        }
        if self.state == Failed && !matches!(request, Request::Reset) {
            return Verdict::Ignore;
        }
        let comes_now = match request {
            Request::Hello(_) => self.state == Connected,
            Request::Logon(_) => self.state == Unauthenticated,
            Request::Reset | Request::Telemetry => self.is_open(),
            Request::Logoff | Request::Begin(_) | Request::Route { .. } => self.state == Ready,
            Request::Pull(_) | Request::Discard(_) => matches!(self.state, Streaming | TransactionStreaming),
            Request::Run { .. } if self.state == Ready => true,
            Request::Run { .. } | Request::Commit | Request::Rollback => match self.state {
                Transaction => true,
                // Several results at once, which version 3 does not have.
                TransactionStreaming => self.version.fetches(),
                _ => false,
            },
            Request::Goodbye => true,
        };
        if comes_now {
            Verdict::Do
        } else {
            self.settle(request, Outcome::Failure);
            Verdict::Refuse
        }
    }

    /// What to do with a message that cannot be read. That is settled with it.
    pub fn refuse(&mut self, error: &DecodeError) -> Verdict {
        match (error, self.state) {
            (DecodeError::Malformed { .. }, _) => self.state = State::Defunct,
            (_, State::Failed) => return Verdict::Ignore,
            _ => self.fail(),
        }
        Verdict::Refuse
    }

    /// What became of a message that was admitted.
    pub fn settle(&mut self, request: &Request, outcome: Outcome) {
        let Outcome::Success { open } = outcome else { return self.fail() };
        let streams = if open > 0 { State::TransactionStreaming } else { State::Transaction };
        self.state = match (self.state, request) {
            (State::Defunct, _) | (_, Request::Goodbye) => State::Defunct,
            (_, Request::Hello(_)) if self.version.logs_on() => State::Unauthenticated,
            (_, Request::Logoff) => State::Unauthenticated,
            (State::Connected | State::Unauthenticated, Request::Reset) => self.state,
            (_, Request::Hello(_) | Request::Logon(_) | Request::Reset | Request::Commit | Request::Rollback) => {
                State::Ready
            }
            (_, Request::Begin(_)) => State::Transaction,
            (State::Ready, Request::Run { .. }) => State::Streaming,
            (State::Streaming, Request::Pull(_) | Request::Discard(_)) if open == 0 => State::Ready,
            (
                State::Transaction | State::TransactionStreaming,
                Request::Run { .. } | Request::Pull(_) | Request::Discard(_),
            ) => streams,
            (state, _) => state,
        };
    }

    /// Something failed that no message is to blame for.
    pub fn fail(&mut self) {
        self.state = if self.is_open() { State::Failed } else { State::Defunct };
    }
}
