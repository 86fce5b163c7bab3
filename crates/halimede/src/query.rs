//! `halimede query`: a question and its answer.
//!
//! Both a server and the engine in this process give the service's JSON, and a table is laid out from that as it streams
//! by.

mod cypher;
mod records;
mod solutions;
mod sparql;
mod tail;

use std::io::{self, PipeReader, PipeWriter};
use std::path::Path;
use std::thread;

use store::CancelToken;

use crate::error::{Error, Result};
use crate::flags::{Query, Question};
use crate::place::{self, Target};

/// Runs the command.
pub(crate) fn run(flags: &Query) -> Result<()> {
    if flags.parameters.is_some() && flags.question.cypher.is_none() {
        return Err(Error::Usage("--parameters go with --cypher".to_owned()));
    }
    let target = || place::resolve(&flags.place);
    match &flags.question {
        Question { sparql: Some(text), .. } => match target()? {
            Target::Server(client) => sparql::on_server(&client, text, flags.output),
            Target::Directory(directory) => sparql::in_process(&directory, text, flags.output),
        },
        Question { cypher: Some(text), .. } => {
            let asked = cypher::Asked::read(text, flags.parameters.as_deref())?;
            match target()? {
                Target::Server(client) => asked.on_server(&client, flags.output),
                Target::Directory(directory) => asked.in_process(&directory, flags.output),
            }
        }
        Question { gremlin: Some(_), .. } => Err(Error::Unsupported("--gremlin")),
        Question { sparql: None, cypher: None, gremlin: None } => {
            Err(Error::Usage("nothing is asked: give --sparql QUERY or --cypher QUERY".to_owned()))
        }
    }
}

/// Runs a query into a pipe while what comes out of it is shown. The query's failure goes before that of showing.
fn in_pipe(
    ask: impl FnOnce(PipeWriter, &CancelToken) -> Result<()> + Send,
    show: impl FnOnce(PipeReader) -> Result<()>,
) -> Result<()> {
    let failed = |source| Error::Io { action: "cannot make", path: Path::new("a pipe").to_owned(), source };
    let (receive, send) = io::pipe().map_err(failed)?;
    let cancel = CancelToken::new();
    thread::scope(|scope| {
        let cancel = &cancel;
        // The pipe is closed at the end of this thread, which ends the reading below.
        let asking = scope.spawn(move || ask(send, cancel));
        let shown = show(receive);
        // Whoever stopped reading wants no more rows.
        cancel.cancel();
        let asked = asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        asked.and(shown)
    })
}
