//! The command line: serve, load, jobs, cancel, rejects, query, export, check, generate.
//!
//! Each command is one module that turns flags into calls of the crates below and their answers into text. Results go to
//! standard output, logs, progress and complaints to standard error. The exit code is 0 for success, 1 for a failure, 2
//! for a bad command line, 130 after Ctrl-C.

mod allocator;
mod cancel;
mod check;
mod client;
mod descriptors;
mod error;
mod export;
mod flags;
mod follow;
mod generate;
mod jobs;
mod layers;
mod load;
mod local;
mod logging;
mod machine;
mod output;
mod place;
mod query;
mod rejects;
mod report;
mod seconds;
mod serve;
mod signals;
mod size;
mod table;
mod traces;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use error::{Error, Result};
use flags::{Cli, Command};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    match layers::parse(&args, |name| std::env::var_os(name)).map_err(Error::from).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::CommandLine(layers::Error::Flags(error))) => {
            // Help and version are such "errors" too; clap knows which stream and code each has.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Runs one command to its end.
fn run(cli: Cli) -> Result<()> {
    if let Some(budget) = cli.command.memory() {
        allocator::suit(budget);
    }
    install_crypto();
    let (server, collector) = match &cli.command {
        Command::Serve(flags) => (true, flags.otlp_endpoint.as_ref()),
        _ => (false, None),
    };
    // Until the command is done: what it has traced by then is sent.
    let (tracer, _traces) = collector.map(traces::start).transpose()?.unzip();
    logging::start(&cli.common, server, tracer)?;
    match cli.command {
        Command::Serve(flags) => serve::run(&flags),
        Command::Load(flags) => load::run(&flags),
        Command::Jobs(flags) => jobs::run(&flags),
        Command::Cancel(flags) => cancel::run(&flags),
        Command::Rejects(flags) => rejects::run(&flags),
        Command::Query(flags) => query::run(&flags),
        Command::Export(flags) => export::run(&flags),
        Command::Check(flags) => check::run(&flags),
        Command::Generate(flags) => generate::run(&flags),
    }
}

/// Chooses the cryptography for every TLS connection of this process, to S3 for instance. Must come before any client is
/// built; a second call changes nothing.
fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
