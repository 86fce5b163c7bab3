//! What can be wrong with the IAM file: told to whoever wrote it, so without any secret that it holds.

use std::io;
use std::path::PathBuf;

/// Why an IAM file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Read {
        /// The IAM file, or a policy file beside it.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The IAM file can be read by others, and it holds secrets.
    #[error(
        "{} can be read by others than its owner (mode {mode:04o}), and it holds secret keys: run chmod 600 {}",
        file.display(), file.display()
    )]
    Exposed {
        /// The IAM file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A policy file can be changed by others, who could so give themselves any right.
    #[error(
        "{} can be written by others than its owner (mode {mode:04o}), and it holds a policy: run chmod go-w {}",
        file.display(), file.display()
    )]
    Writable {
        /// The policy file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file is longer than any such file need be.
    #[error("{} is larger than {limit_bytes} bytes", file.display())]
    TooLarge {
        /// The IAM file, or a policy file beside it.
        file: PathBuf,
        /// The most bytes that are read.
        limit_bytes: u64,
    },
    /// A file is no JSON.
    #[error("{}: {source}", file.display())]
    Json {
        /// The IAM file, or a policy file beside it.
        file: PathBuf,
        /// Line, column and what is wrong there.
        source: serde_json::Error,
    },
    /// A member is not what it has to be.
    #[error("{}: {place}: {problem}", file.display())]
    Invalid {
        /// The IAM file, or a policy file beside it.
        file: PathBuf,
        /// The path to the member.
        place: String,
        /// What was found, and what was expected.
        problem: String,
    },
}
