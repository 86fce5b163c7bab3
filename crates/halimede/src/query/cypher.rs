//! An openCypher query.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use ::cypher::explain::{Depth, Form, explain};
use ::cypher::{Query, output as json};
use exec::Map;
use exec::clock::SystemClock;
use exec::context::Context;
use exec::fault;
use exec::json::read_object;
use exec::memory::Memory;
use model::Dataset;
use store::{CancelToken, Store};

use super::tail::Tail;
use super::{in_pipe, records};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::flags::Output;
use crate::output;
use crate::place;

/// What is asked.
pub(super) struct Asked<'a> {
    text: &'a str,
    query: Query,
    /// What the user gave as parameters.
    object: Option<&'a str>,
    parameters: Map,
}

impl<'a> Asked<'a> {
    /// Reads the query and its parameters: a mistake is worth knowing before anything is opened.
    pub(super) fn read(text: &'a str, object: Option<&'a str>) -> Result<Self> {
        let query = Query::parse(text)?;
        let parameters = object.map(read_object).transpose().map_err(|error| {
            Error::Usage(format!("--parameters must be a JSON object, as in '{{\"name\": \"Ada\"}}': {error}"))
        })?;
        Ok(Self { text, query, object, parameters: parameters.unwrap_or_default() })
    }

    /// Asks a server.
    pub(super) fn on_server(&self, client: &Client, output: Output) -> Result<()> {
        self.show(client.opencypher(self.text, self.object)?, output)
    }

    /// Asks the engine in this process.
    pub(super) fn in_process(&self, directory: &Path, output: Output) -> Result<()> {
        let store = place::open_existing(directory)?;
        let answered = in_pipe(
            |send, cancel| match self.run(&store, BufWriter::new(send), cancel) {
                // The reading ended first, with its own outcome.
                Err(Error::Fault(fault::Error::Write(_) | fault::Error::Store(store::Error::Cancelled))) => Ok(()),
                outcome => outcome,
            },
            |receive| self.show(receive, output),
        );
        store.close();
        answered
    }

    /// Runs the query. What it updates is committed before anything is said of it.
    fn run(&self, store: &Store, mut out: impl Write, cancel: &CancelToken) -> Result<()> {
        let clock = SystemClock::now();
        let memory = Memory::new(store.options().memory);
        let columns = self.query.columns();
        if self.query.is_updating() {
            if self.depth().is_some() {
                return Err(Error::Usage("only queries that read can be explained".to_owned()));
            }
            let mut transaction = store.begin(Dataset::Pg);
            transaction.lock(cancel)?;
            let prepared = self.query.prepare(&self.parameters, &transaction.snapshot())?;
            let context = Context::writing(transaction, cancel.clone(), memory, &clock);
            let mut kept = Vec::new();
            json::write_json(&mut kept, columns, &mut prepared.rows(&context), &context)?;
            context.into_transaction().map(store::Transaction::commit).transpose()?;
            out.write_all(&kept).map_err(fault::Error::from)?;
        } else {
            let snapshot = store.snapshot(Dataset::Pg);
            let prepared = self.query.prepare(&self.parameters, &snapshot)?;
            let context = Context::reading(snapshot, cancel.clone(), memory, &clock);
            match self.depth() {
                Some(depth) => {
                    let context = context.measuring();
                    explain(&mut out, &self.query, &prepared, &context, depth, Form::Text)?;
                }
                None => drop(json::write_json(&mut out, columns, &mut prepared.rows(&context), &context)?),
            }
        }
        Ok(out.flush().map_err(fault::Error::from)?)
    }

    /// Whether its plan is asked for.
    const fn depth(&self) -> Option<Depth> {
        Depth::of(self.query.statement().mode)
    }

    /// Prints an answer as it streams in.
    fn show(&self, answer: impl Read, output: Output) -> Result<()> {
        let mut out = io::stdout().lock();
        let mut answer = Tail::new(answer);
        if self.depth().is_none() && output != Output::Json {
            let columns: Vec<&str> = self.query.columns().iter().map(|column| &*column.name).collect();
            return match output {
                Output::Csv => records::csv(&mut answer, &columns, &mut out),
                Output::Table | Output::Json => records::table(&mut answer, &columns, &mut out),
            };
        }
        let copied = io::copy(&mut answer, &mut out).and_then(|_| {
            // JSON ends without a line feed.
            if self.depth().is_none() { out.write_all(b"\n") } else { Ok(()) }
        });
        output::written(copied.and_then(|()| out.flush()))?;
        answer.failure().map_or(Ok(()), |failure| Err(Error::Failed(failure)))
    }
}
