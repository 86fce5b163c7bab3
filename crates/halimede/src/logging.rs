//! Logs: to standard error, never to standard output, which belongs to results; and traces beside them, if asked for.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::error::{Error, Result};
use crate::flags::{Common, LogFormat};
use crate::traces::Tracer;

/// Starts logging for the rest of the process. A server says what it does; another command only what is wrong.
pub(crate) fn start(common: &Common, server: bool, tracer: Option<Tracer>) -> Result<()> {
    let filter = common.log.as_deref().unwrap_or(if server { "info" } else { "warn" });
    // Who did what is written down however quiet the rest is, unless the filter says otherwise in as many words.
    let audit = if server && !filter.contains("audit") { ",audit=info" } else { "" };
    let filter = EnvFilter::try_new(format!("{filter}{audit}"))
        .map_err(|error| Error::Usage(format!("--log {filter:?}: {error}")))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        // Told on standard error as well, which panics there: a log on a full disk would end the thread that writes it.
        .log_internal_errors(false);
    let lines = match common.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // What is traced does not depend on what is logged.
    let traces = tracer.map(|tracer| tracer.with_filter(LevelFilter::INFO));
    tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces).init();
    Ok(())
}
