//! Where a command works: on a running server, or on a data directory that it opens itself.
//!
//! A data directory belongs to one process. When a server has it, the command asks that server instead, so that the same
//! command line works whether or not the server happens to run.

use std::path::{Path, PathBuf};

use auth::{Secret, Signer};
use store::{Options, Store};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::flags::Place;
use crate::machine::default_memory;
use crate::size::ByteSize;

/// Data directory of a command that names none.
pub(crate) const DEFAULT_DATA: &str = "./halimede-data";

/// Where to work.
#[derive(Debug)]
pub(crate) enum Target {
    /// Through a server.
    Server(Client),
    /// In this process.
    Directory(PathBuf),
}

/// Decides where to work.
///
/// # Errors
/// A usage error for an endpoint that cannot be one; the client's own.
pub(crate) fn resolve(flags: &Place) -> Result<Target> {
    if let Some(endpoint) = &flags.endpoint {
        return Ok(Target::Server(client(endpoint, flags)?));
    }
    let directory = flags.data.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA));
    if let Some((pid, Some(endpoint))) = Store::holder(&directory) {
        tracing::info!(directory = %directory.display(), pid, %endpoint, "a server has the data directory; asking it");
        return Ok(Target::Server(client(&endpoint, flags)?));
    }
    Ok(Target::Directory(directory))
}

/// A client that signs if there are keys: a server that asks for no signature does not mind one.
fn client(endpoint: &str, flags: &Place) -> Result<Client> {
    Ok(Client::new(endpoint, flags.ca_cert.as_deref())?.signing(signer(|name| std::env::var(name).ok())))
}

/// The keys of the environment, under the names that AWS's own tools read.
fn signer(environment: impl Fn(&str) -> Option<String>) -> Option<Signer> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let (access_key, secret) = set("AWS_ACCESS_KEY_ID").zip(set("AWS_SECRET_ACCESS_KEY"))?;
    let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
    Some(Signer {
        access_key,
        secret: Secret::new(secret),
        session_token: set("AWS_SESSION_TOKEN"),
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
    })
}

/// Opens a data directory that a load may create.
pub(crate) fn open_or_create(directory: &Path, memory: Option<ByteSize>) -> Result<Store> {
    let memory = memory.unwrap_or_else(default_memory).0;
    Ok(Store::open(directory, Options { memory, ..Options::default() })?)
}

/// Opens a data directory that must be there.
pub(crate) fn open_existing(directory: &Path) -> Result<Store> {
    let options = Options { memory: default_memory().0, create: false, ..Options::default() };
    Store::open(directory, options).map_err(|error| match error {
        store::Error::Missing { path } => Error::Failed(format!(
            "{} holds no data: load something first, or name another directory with --data or a server with --endpoint",
            path.display()
        )),
        error => error.into(),
    })
}
