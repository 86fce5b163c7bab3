//! A SPARQL query or update.
//!
//! What is asked for is said as an `Accept` header, to a server as to the engine in this process, so that both choose
//! the same form.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use model::Dataset;
use sparql::{Applied, NoFetch, ParseOptions, Surroundings, UpdateOptions};
use store::CancelToken;
use uuid::Uuid;

use super::{in_pipe, solutions};
use crate::client::Client;
use crate::error::Result;
use crate::flags::Output;
use crate::output;
use crate::place;

/// The media type of SPARQL results in JSON.
const JSON: &str = "application/sparql-results+json";

/// That of what an update has done.
const EVENTS: &str = "application/json";

/// What each output asks for: first what fits it, then what other kinds of query can give.
const fn accept(output: Output) -> &'static str {
    match output {
        // Of a graph there is no table; of ASK one word is enough.
        Output::Table => "text/boolean, application/n-triples, application/sparql-results+json;q=0.5",
        Output::Json => JSON,
        Output::Csv => "text/csv, text/boolean;q=0.9, application/n-triples;q=0.8",
    }
}

/// Asks a server.
pub(super) fn on_server(client: &Client, text: &str, output: Output) -> Result<()> {
    if sparql::is_update(text) {
        return show(client.sparql_update(text)?, EVENTS, output);
    }
    let answer = client.sparql(text, accept(output))?;
    let media_type = answer.media_type();
    show(answer, &media_type, output)
}

/// Asks the engine in this process.
pub(super) fn in_process(directory: &Path, text: &str, output: Output) -> Result<()> {
    if sparql::is_update(text) {
        return update(directory, text, output);
    }
    // A mistake in the query is worth knowing before anything is opened.
    let query = sparql::Query::parse(text, None, ParseOptions::default())?;
    let format = sparql::negotiate(query.kind(), Some(accept(output)))?;
    let store = place::open_existing(directory)?;
    let snapshot = store.snapshot(Dataset::Rdf);
    let answered = in_pipe(
        |mut send, cancel| match query.run(&snapshot, format, &mut send, cancel) {
            // The reading ended first, with its own outcome.
            Ok(_) | Err(sparql::Error::Cancelled | sparql::Error::Output(_)) => Ok(()),
            Err(error) => Err(error.into()),
        },
        |receive| show(receive, format.media_type(), output),
    );
    store.close();
    answered
}

/// Writes in this process.
fn update(directory: &Path, text: &str, output: Output) -> Result<()> {
    let update = sparql::Update::parse(text, None, UpdateOptions::default())?;
    let store = place::open_existing(directory)?;
    let mut transaction = store.begin(Dataset::Rdf);
    let surroundings = Surroundings { fetch: &NoFetch, seed: Uuid::new_v4().into_bytes(), cancel: &CancelToken::new() };
    let applied = update.run(&mut transaction, &surroundings)?;
    let began = Instant::now();
    transaction.commit()?;
    let events = Applied::events(&applied, began.elapsed()).to_string();
    store.close();
    show(events.as_bytes(), EVENTS, output)
}

/// Prints an answer as it streams in.
fn show(mut answer: impl Read, media_type: &str, output: Output) -> Result<()> {
    let mut out = io::stdout().lock();
    if output == Output::Table && media_type == JSON {
        return solutions::show(answer, &mut out);
    }
    let copied = io::copy(&mut answer, &mut out).and_then(|_| match output {
        // JSON ends without a line feed, and so does a boolean.
        Output::Json | Output::Table if media_type == JSON || media_type == EVENTS || media_type == "text/boolean" => {
            out.write_all(b"\n")
        }
        Output::Csv if media_type == EVENTS || media_type == "text/boolean" => out.write_all(b"\n"),
        _ => Ok(()),
    });
    output::written(copied.and_then(|()| out.flush()))
}
