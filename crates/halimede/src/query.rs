//! `halimede query`: a question and its answer.
//!
//! What is asked for is said as an `Accept` header, to a server as to the engine in this process, so that both choose
//! the same form. A table is laid out from the service's JSON as it streams by.

mod rows;

use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;

use model::Dataset;
use sparql::ParseOptions;
use store::CancelToken;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::flags::{Output, Query, Question};
use crate::output;
use crate::place::{self, Target};

/// The media type of SPARQL results in JSON.
const JSON: &str = "application/sparql-results+json";

/// Runs the command.
pub(crate) fn run(flags: &Query) -> Result<()> {
    let text = match &flags.question {
        Question { sparql: Some(text), .. } => text,
        Question { cypher: Some(_), .. } => return Err(Error::Unsupported("--cypher")),
        Question { gremlin: Some(_), .. } => return Err(Error::Unsupported("--gremlin")),
        Question { sparql: None, cypher: None, gremlin: None } => {
            return Err(Error::Usage("nothing is asked: give --sparql QUERY".to_owned()));
        }
    };
    match place::resolve(&flags.place)? {
        Target::Server(client) => on_server(&client, text, flags.output),
        Target::Directory(directory) => in_process(&directory, text, flags.output),
    }
}

/// What each output asks for: first what fits it, then what other kinds of query can give.
const fn accept(output: Output) -> &'static str {
    match output {
        // Of a graph there is no table; of ASK one word is enough.
        Output::Table => "text/boolean, application/n-triples, application/sparql-results+json;q=0.5",
        Output::Json => JSON,
        Output::Csv => "text/csv, text/boolean;q=0.9, application/n-triples;q=0.8",
    }
}

fn on_server(client: &Client, text: &str, output: Output) -> Result<()> {
    let answer = client.sparql(text, accept(output))?;
    let media_type = answer.media_type();
    show(answer, &media_type, output)
}

fn in_process(directory: &Path, text: &str, output: Output) -> Result<()> {
    // A mistake in the query is worth knowing before anything is opened.
    let query = sparql::Query::parse(text, None, ParseOptions::default())?;
    let format = sparql::negotiate(query.kind(), Some(accept(output)))?;
    let store = place::open_existing(directory)?;
    let snapshot = store.snapshot(Dataset::Rdf);
    let failed = |source| Error::Io { action: "cannot make", path: Path::new("a pipe").to_owned(), source };
    let (receive, mut send) = io::pipe().map_err(failed)?;
    let cancel = CancelToken::new();
    let answered = thread::scope(|scope| {
        let asking = scope.spawn({
            let cancel = &cancel;
            // The pipe is closed at the end of this thread, which ends the reading below.
            move || query.run(&snapshot, format, &mut send, cancel)
        });
        let shown = show(receive, format.media_type(), output);
        // Whoever stopped reading wants no more rows.
        cancel.cancel();
        let asked = asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match asked {
            // The reading ended first, with its own outcome.
            Ok(_) | Err(sparql::Error::Cancelled | sparql::Error::Output(_)) => shown,
            Err(error) => Err(error.into()),
        }
    });
    store.close();
    answered
}

/// Prints an answer as it streams in.
fn show(mut answer: impl Read, media_type: &str, output: Output) -> Result<()> {
    let mut out = io::stdout().lock();
    if output == Output::Table && media_type == JSON {
        return rows::show(answer, &mut out);
    }
    let copied = io::copy(&mut answer, &mut out).and_then(|_| match output {
        // JSON ends without a line feed, and so does a boolean.
        Output::Json | Output::Table if media_type == JSON || media_type == "text/boolean" => out.write_all(b"\n"),
        Output::Csv if media_type == "text/boolean" => out.write_all(b"\n"),
        _ => Ok(()),
    });
    output::written(copied.and_then(|()| out.flush()))
}
