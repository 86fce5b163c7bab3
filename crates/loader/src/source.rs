//! Where a load's bytes come from: S3 and local files, named by text that nobody has to be believed about.
//!
//! The way of a source: [`SourceUri::parse`] reads the text and refuses everything but the documented spellings,
//! before any client exists; [`Sources::open`] finds the credentials or the import directory; [`Opened::probe`] asks
//! once whether it is there, within five seconds, before a job is made; [`Opened::list`] names its feeds in byte
//! order; [`Opened::read`] streams one of them.
//!
//! All calls block and belong on worker threads; the sockets live on the tokio runtime that is handed in. A wait ends
//! within milliseconds of its [`store::CancelToken`] being pulled, whatever the socket does.
//!
//! - **Invariant**: no connection goes anywhere but to the configured endpoint or a host made from a validated
//!   bucket and region; redirects are not followed.
//! - **Invariant**: a local source is opened beneath an import directory in one system call, so that no link that is
//!   swapped in meanwhile can lead out of it.
//! - **Source**: `spec/loader.md` §2.3, §2.4, §2.12, §5.1.

mod credentials;
mod error;
mod local;
mod retry;
mod s3;
mod uri;
mod wait;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::CancelToken;
use tokio::runtime::Handle;

use crate::request::RequestKeys;

pub use error::{ReadError, SourceError};
pub use uri::SourceUri;

/// A source with more objects than this is refused: every one of them is a feed kept in memory and in the journal.
pub const MAX_FEEDS: usize = 1_000_000;

/// Which sources may be read, and how.
#[derive(Clone, Debug, Default)]
pub struct SourceConfig {
    /// The directories below which `file://` sources may be read (`--import-dir`).
    pub import_dirs: Vec<PathBuf>,
    /// The server's own data directory, which is never a source.
    pub data_dir: PathBuf,
    /// Whether whatever this process's user can read may be read, by `file://` and by plain path: `halimede load`
    /// without a server.
    pub any_local: bool,
    /// S3 sources.
    pub s3: S3Config,
}

/// How S3 is reached.
#[derive(Clone, Debug, Default)]
pub struct S3Config {
    /// The endpoint's URL (`--s3-endpoint`); without one, AWS's endpoint of the region.
    pub endpoint: Option<String>,
    /// The URL at which roles are assumed (`--sts-endpoint`); without one, none is.
    pub sts_endpoint: Option<String>,
    /// The server's own region (`--region`); requests that name another are refused.
    pub region: Option<String>,
    /// Where credentials come from when the request brings none.
    pub credentials: Credentials,
    /// Role ARN to the profile whose keys stand for it (`--role-map ARN=PROFILE`).
    pub role_map: BTreeMap<String, String>,
    /// Whether a role that is not mapped is refused (with IAM on) instead of being a mere label.
    pub require_mapped_role: bool,
    /// Whether the bucket is a part of the path instead of the host. By default if and only if there is an endpoint.
    pub path_style: Option<bool>,
    /// How long S3 is waited for, and how often it is asked again.
    pub retry: RetryPolicy,
}

/// How long S3 is waited for, and how often it is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How long a connection may say nothing (`--s3-timeout`).
    pub timeout: Duration,
    /// How often a request is repeated that brought nothing new (`--s3-retries`).
    pub retries: u32,
    /// The pause before the first repetition, which doubles with each (`--s3-backoff`).
    pub backoff: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), retries: 8, backoff: Duration::from_millis(200) }
    }
}

/// Where S3 credentials come from (`--s3-credentials`).
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// `AWS_ACCESS_KEY_ID` and its companions, else the profile that `AWS_PROFILE` names (or `default`) in the
    /// shared credentials and configuration files. Never instance metadata.
    #[default]
    Chain,
    /// The metadata service of the instance, task or pod this process runs in.
    Instance,
    /// These.
    Static(S3Keys),
    /// None: requests are not signed. For public buckets.
    Anonymous,
}

/// A set of S3 keys. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Keys {
    /// The access key's id.
    pub access_key: String,
    /// The secret.
    pub secret_key: String,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("S3Keys(..)")
    }
}

/// One object or file to load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedInfo {
    /// Its full name: `s3://bucket/key` or `file:///path`.
    pub uri: String,
    /// The object's key, or the file's absolute path.
    pub key: String,
    /// Bytes as stored, that is before decompression.
    pub size: u64,
    /// What changes when the object changes; reads insist on it.
    pub etag: Option<String>,
}

/// How long things may take. One place, so that a test can have its black holes answered sooner.
#[derive(Clone, Copy, Debug)]
struct Timing {
    /// A whole probe.
    probe: Duration,
    /// Making one connection.
    connect: Duration,
    /// Waiting for the next bytes of a response.
    idle: Duration,
    /// The pause before the first retry.
    backoff: Duration,
    /// Tries without any progress in between, before a read or a listing is given up.
    tries: u32,
}

impl Timing {
    const PROBE: Duration = Duration::from_secs(5);

    fn of(policy: RetryPolicy) -> Self {
        Self {
            probe: Self::PROBE,
            connect: policy.timeout.min(Self::PROBE),
            idle: policy.timeout,
            backoff: policy.backoff,
            tries: policy.retries.saturating_add(1),
        }
    }
}

/// Opens sources. Clone is cheap.
#[derive(Clone, Debug)]
pub struct Sources(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: SourceConfig,
    runtime: Handle,
    environment: credentials::Environment,
    s3: s3::Clients,
    timing: Timing,
    window: s3::Window,
}

impl Sources {
    /// Sources after `config`, with their sockets on `runtime` (a multi-threaded one). What is read ahead takes a small
    /// share of `memory`, a budget in bytes.
    ///
    /// Reads the process's `AWS_…` environment once, here. Connects to nothing.
    ///
    /// # Errors
    ///
    /// [`SourceError::Invalid`] if the configured endpoint or region is no such thing.
    pub fn new(config: SourceConfig, memory: u64, runtime: Handle) -> Result<Self, SourceError> {
        let timing = Timing::of(config.s3.retry);
        Self::build(config, runtime, credentials::Environment::of_process(), timing, s3::Window::of(memory))
    }

    fn build(
        config: SourceConfig,
        runtime: Handle,
        environment: credentials::Environment,
        timing: Timing,
        window: s3::Window,
    ) -> Result<Self, SourceError> {
        let s3 = s3::Clients::new(&config.s3, timing)?;
        Ok(Self(Arc::new(Inner { config, runtime, environment, s3, timing, window })))
    }

    /// The configuration these sources follow.
    pub fn config(&self) -> &SourceConfig {
        &self.0.config
    }

    /// [`SourceUri::parse`] with this configuration.
    pub fn parse(&self, source: &str, region: Option<&str>) -> Result<SourceUri, SourceError> {
        SourceUri::parse(source, region, &self.0.config)
    }

    /// Finds what is needed to read `source`: the import directory it lies in, or credentials (`keys` if given, else
    /// those of `role`, a role's ARN or a chain of them, else the configured ones). Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// No credentials; a path outside of every import directory.
    pub fn open(
        &self,
        source: &SourceUri,
        role: Option<&str>,
        keys: Option<&RequestKeys>,
    ) -> Result<Opened, SourceError> {
        let inner = &self.0;
        let place = match source.place() {
            uri::Place::Local(path) => Place::Local(local::LocalSource::open(source.full_uri(), path, &inner.config)?),
            uri::Place::S3 { bucket, prefix } => {
                let config = &inner.config.s3;
                let region = [source.region(), config.region.as_deref()].into_iter().flatten().next();
                let sts = inner.s3.sts()?;
                let found = credentials::resolve(config, &inner.environment, sts.as_ref(), region, role, keys)?;
                let region = region.map(ToOwned::to_owned).or(found.region).or_else(|| inner.environment.region());
                let client = inner.s3.client()?;
                let bucket = s3::Bucket::new(
                    client,
                    &inner.s3,
                    bucket,
                    region.as_deref().unwrap_or("us-east-1"),
                    found.credentials,
                );
                Place::S3(Arc::new(s3::S3Source { bucket, prefix: prefix.clone(), uri: source.full_uri().to_owned() }))
            }
        };
        Ok(Opened { place, runtime: inner.runtime.clone(), timing: inner.timing, window: inner.window })
    }
}

/// A source that can be listed and read. Clone is cheap.
#[derive(Clone, Debug)]
pub struct Opened {
    place: Place,
    runtime: Handle,
    timing: Timing,
    window: s3::Window,
}

#[derive(Clone, Debug)]
enum Place {
    Local(local::LocalSource),
    S3(Arc<s3::S3Source>),
}

impl Opened {
    /// Whether the source is there, may be listed and holds something. One try, at most five seconds.
    ///
    /// # Errors
    ///
    /// The text of `spec/loader.md` §5.1 first, then what to do about it.
    pub fn probe(&self) -> Result<(), SourceError> {
        match &self.place {
            Place::Local(local) => local.probe(),
            Place::S3(source) => self.runtime.block_on(source.probe(self.timing.probe)),
        }
    }

    /// [`Self::probe`], ended early by `cancel`.
    ///
    /// # Errors
    ///
    /// As there; [`SourceError::Cancelled`].
    pub fn probe_unless(&self, cancel: &CancelToken) -> Result<(), SourceError> {
        match &self.place {
            Place::Local(local) => local.probe(),
            Place::S3(source) => wait::unless_cancelled(&self.runtime, cancel, source.probe(self.timing.probe))
                .unwrap_or(Err(SourceError::Cancelled)),
        }
    }

    /// Every feed of the source, in byte order of their keys.
    ///
    /// # Errors
    ///
    /// As [`Opened::probe`], after retries; more than [`MAX_FEEDS`] objects; [`SourceError::Cancelled`].
    pub fn list(&self, cancel: &CancelToken) -> Result<Vec<FeedInfo>, SourceError> {
        match &self.place {
            Place::Local(local) => local.list(cancel),
            Place::S3(source) => {
                wait::unless_cancelled(&self.runtime, cancel, source.list()).unwrap_or(Err(SourceError::Cancelled))
            }
        }
    }

    /// The bytes of `feed`, as stored. What was read is added to `bytes_read` as it is handed out.
    ///
    /// S3 is asked at once, without waiting for an answer: whoever calls this ahead of the reading saves the round trip.
    /// A body that breaks off is continued where it broke. Errors, that of opening among them, come from the reads and
    /// hold a [`ReadError`].
    pub fn read(&self, feed: &FeedInfo, cancel: &CancelToken, bytes_read: Arc<AtomicU64>) -> Box<dyn Read + Send> {
        self.read_until(feed, u64::MAX, cancel, bytes_read)
    }

    /// The same, but no more than the first `limit` bytes.
    pub fn read_until(
        &self,
        feed: &FeedInfo,
        limit: u64,
        cancel: &CancelToken,
        bytes_read: Arc<AtomicU64>,
    ) -> Box<dyn Read + Send> {
        match &self.place {
            Place::Local(local) => Box::new(local.read(feed, cancel, bytes_read).take(limit)),
            Place::S3(source) => {
                let object = s3::Object::new(source, feed, limit);
                Box::new(s3::BodyReader::start(object, self.window, &self.runtime, cancel, bytes_read))
            }
        }
    }

    /// How many bytes of other files may be read ahead, beside the file that is read.
    pub const fn read_ahead(&self) -> u64 {
        self.window.bytes()
    }

    /// How many bytes a reader of `feed` may hold before anybody reads from it.
    pub fn held_ahead(&self, feed: &FeedInfo) -> u64 {
        match &self.place {
            Place::Local(_) => 0,
            Place::S3(_) => feed.size.min(s3::Window::FIRST),
        }
    }
}
