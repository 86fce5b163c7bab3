//! Standard output: results, and nothing else.
//!
//! A reader that has seen enough (`| head`) closes the pipe; that is an end, not a failure.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Prints a text.
pub(crate) fn print(text: &str) -> Result<()> {
    written(io::stdout().write_all(text.as_bytes()))
}

/// What a write to standard output came to.
pub(crate) fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::Io { action: "cannot write to", path: Path::new("standard output").to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
