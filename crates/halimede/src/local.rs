//! A store and its loader in this process: what a command works with when no server has the data directory.

use std::collections::BTreeMap;
use std::path::Path;

use loader::source::{Credentials, RetryPolicy, S3Config, S3Keys, SourceConfig};
use loader::{Loader, LoaderConfig};
use store::{CancelToken, Store};
use tokio::runtime::Runtime;

use crate::error::{Error, Result};
use crate::flags::{ObjectStore, S3Credentials};
use crate::size::ByteSize;

/// A store, its loader, and the runtime that carries the loader's sockets.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) loader: Loader,
    store: Store,
    runtime: Runtime,
}

impl Local {
    /// Opens the loader of a store. Its sources are whatever this user can read, and S3 as the flags say.
    pub(crate) fn new(store: Store, s3: S3Config, rejects_limit: Option<ByteSize>, runtime: Runtime) -> Result<Self> {
        let sources =
            SourceConfig { import_dirs: Vec::new(), data_dir: store.directory().to_owned(), any_local: true, s3 };
        let mut config = LoaderConfig::new(sources);
        config.rejects_limit = rejects_limit.map_or(config.rejects_limit, |limit| limit.0);
        let loader = Loader::open(store.clone(), config, runtime.handle().clone())?;
        Ok(Self { loader, store, runtime })
    }

    /// Merges what loads have left behind until the store is compact.
    pub(crate) fn settle(&self, cancel: &CancelToken) -> Result<()> {
        Ok(self.store.settle(cancel)?)
    }

    /// Stops what runs and gives the data directory back.
    pub(crate) fn close(self) {
        self.loader.shutdown();
        self.store.close();
        // Whatever still waits for a socket belongs to nobody any more.
        self.runtime.shutdown_background();
    }
}

/// The threads that wait for sockets.
pub(crate) fn runtime() -> Result<Runtime> {
    let builder = &mut tokio::runtime::Builder::new_multi_thread();
    let path = Path::new("threads").to_owned();
    builder.enable_all().thread_name("io").build().map_err(|source| Error::Io { action: "cannot start", path, source })
}

/// How S3 is reached, from the flags.
pub(crate) fn s3_config(flags: &ObjectStore) -> Result<S3Config> {
    let mut role_map = BTreeMap::new();
    for entry in &flags.role_map {
        let Some((arn, profile)) =
            entry.split_once('=').filter(|(arn, profile)| !arn.is_empty() && !profile.is_empty())
        else {
            return Err(Error::Usage(format!("--role-map {entry:?}: expected ARN=PROFILE")));
        };
        role_map.insert(arn.to_owned(), profile.to_owned());
    }
    Ok(S3Config {
        endpoint: flags.s3_endpoint.clone(),
        region: flags.region.clone().or_else(|| std::env::var("AWS_REGION").ok().filter(|region| !region.is_empty())),
        sts_endpoint: flags.sts_endpoint.clone(),
        credentials: credentials(flags)?,
        role_map,
        path_style: flags.s3_path_style,
        retry: RetryPolicy { timeout: flags.s3_timeout.0, retries: flags.s3_retries, backoff: flags.s3_backoff.0 },
        ..S3Config::default()
    })
}

/// Where keys come from: those of the configuration, if it has some, stand for the chain.
fn credentials(flags: &ObjectStore) -> Result<Credentials> {
    match (flags.s3_credentials, &flags.s3_access_key, &flags.s3_secret_key) {
        (S3Credentials::Chain, Some(access_key), Some(secret_key)) => Ok(Credentials::Static(S3Keys {
            access_key: access_key.clone(),
            secret_key: secret_key.clone(),
            session_token: flags.s3_session_token.clone(),
        })),
        (S3Credentials::Chain, None, None) if flags.s3_session_token.is_none() => Ok(Credentials::Chain),
        (S3Credentials::Instance, None, None) => Ok(Credentials::Instance),
        (S3Credentials::Anonymous, None, None) => Ok(Credentials::Anonymous),
        (S3Credentials::Chain, ..) => {
            Err(Error::Usage("s3-access-key and s3-secret-key are set together, or neither".to_owned()))
        }
        (S3Credentials::Instance | S3Credentials::Anonymous, ..) => Err(Error::Usage(
            "s3-access-key and s3-secret-key are keys of their own: leave them out, or s3-credentials".to_owned(),
        )),
    }
}
