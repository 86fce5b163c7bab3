//! Logs: to standard error, never to standard output, which belongs to results.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::error::{Error, Result};
use crate::flags::{Common, LogFormat};

/// Starts logging for the rest of the process. A server says what it does; another command only what is wrong.
pub(crate) fn start(common: &Common, server: bool) -> Result<()> {
    let filter = common.log.as_deref().unwrap_or(if server { "info" } else { "warn" });
    // Who did what is written down however quiet the rest is, unless the filter says otherwise in as many words.
    let audit = if server && !filter.contains("audit") { ",audit=info" } else { "" };
    let filter = EnvFilter::try_new(format!("{filter}{audit}"))
        .map_err(|error| Error::Usage(format!("--log {filter:?}: {error}")))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        // Told on standard error as well, which panics there: a log on a full disk would end the thread that writes it.
        .log_internal_errors(false);
    match common.log_format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(())
}
