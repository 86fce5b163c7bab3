//! What a server is told when it starts.

use std::net::SocketAddr;
use std::time::Duration;

use auth::Network;
use loader::request::RequestConfig;

use crate::bolt::BoltErrorCodes;
use crate::guard::Guard;
use crate::identity::{Gate, IamFile};
use crate::lanes::LaneSize;
use crate::listen::ServeError;
use crate::services::ServicePattern;
use crate::tls::{self, TlsFiles};

/// Settings of one server; [`ServerConfig::new`] has the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key, if clients speak TLS.
    pub tls: Option<TlsFiles>,
    /// Where the operator's tools read metrics and health: in the clear, unsigned.
    pub admin_listen: Option<SocketAddr>,
    /// Who may do what, if callers are asked who they are.
    pub iam: Option<IamFile>,
    /// Proxies that are believed what they say of their clients: addresses, and whether they came over TLS.
    pub trusted_proxies: Vec<Network>,
    /// Names beyond loopback and the listen address that a `Host` header may have, each with or without a port.
    pub allow_hosts: Vec<String>,
    /// Origins beyond the server's own whose pages may use it: scheme, host and optional port.
    pub allow_origins: Vec<String>,
    /// How long a query may run, from its arrival to its last byte.
    pub query_timeout: Duration,
    /// How long the body of a request may take beyond what its size takes at 64 KiB a second.
    pub receive_timeout: Duration,
    /// How long a client may take nothing of its reply.
    pub send_timeout: Duration,
    /// How long a connection may have no request, the time that a request's head takes included.
    pub idle_timeout: Duration,
    /// How long a connection of Bolt may be idle. Drivers keep theirs open for the next time.
    pub bolt_idle_timeout: Duration,
    /// How failures of Bolt are called.
    pub bolt_error_codes: BoltErrorCodes,
    /// How long running requests have to end after the stop has begun.
    pub drain_timeout: Duration,
    /// Connections that may be open for any operation; beyond them, `reserved_connections` more serve only
    /// the loader's cancel, status and list, and `/status`.
    pub connections: usize,
    /// See `connections`.
    pub reserved_connections: usize,
    /// Requests in flight at once, from their heads to the last bytes of their replies; cancels and looks at a status do
    /// not count.
    pub in_flight: usize,
    /// Queries that run and wait.
    pub queries: LaneSize,
    /// Streams of loads' progress that may be open at once.
    pub event_streams: usize,
    /// What the rows that a query keeps at once may take, in bytes. By default the store's memory budget divided among
    /// the queries that run, at least 16 MiB.
    pub query_memory_bytes: Option<usize>,
    /// Most bytes of a query's result.
    pub result_bytes: u64,
    /// Most bytes of a request's head, at least 8 KiB.
    pub head_bytes: usize,
    /// Most bytes of a request's target: its path and query string. At most 65,534.
    pub url_bytes: usize,
    /// Most bytes of a request's body. Operations other than queries take at most 1 MiB in any case.
    pub request_bytes: usize,
    /// Memory for the bodies of all requests together, in bytes.
    pub body_bytes: usize,
    /// How requests to start a load are read.
    pub requests: RequestConfig,
    /// Whether the default graph of SPARQL has only what is in no named graph, instead of being the union of all.
    pub separate_default_graph: bool,
    /// Servers that SERVICE may ask; none if there are none.
    pub service_allow: Vec<ServicePattern>,
    /// Whether loads may be started and cancelled.
    pub loader: bool,
    /// Whether this is a read replica, on which nothing is written.
    pub read_replica: bool,
}

/// Longest target that the HTTP layer reads.
const MOST_URL_BYTES: usize = 65_534;

/// Least memory of a query by default.
const LEAST_QUERY_MEMORY: usize = 16 << 20;

impl ServerConfig {
    /// The defaults, at `listen`.
    pub fn new(listen: SocketAddr) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            listen,
            tls: None,
            admin_listen: None,
            iam: None,
            trusted_proxies: Vec::new(),
            allow_hosts: Vec::new(),
            allow_origins: Vec::new(),
            query_timeout: Duration::from_mins(2),
            receive_timeout: Duration::from_mins(1),
            send_timeout: Duration::from_mins(1),
            idle_timeout: Duration::from_mins(1),
            bolt_idle_timeout: Duration::from_mins(20),
            bolt_error_codes: BoltErrorCodes::default(),
            drain_timeout: Duration::from_secs(10),
            connections: 1_024,
            reserved_connections: 64,
            in_flight: 8_192,
            queries: LaneSize { running: (2 * threads).max(4), waiting: 8_192 },
            event_streams: 64,
            query_memory_bytes: None,
            result_bytes: 16 << 30,
            head_bytes: 128 << 10,
            url_bytes: MOST_URL_BYTES,
            request_bytes: 157_286_400,
            body_bytes: 512 << 20,
            requests: RequestConfig::default(),
            separate_default_graph: false,
            service_allow: Vec::new(),
            loader: true,
            read_replica: false,
        }
    }

    /// Reads the files that the settings name, so that a server that cannot start leaves nothing behind.
    ///
    /// # Errors
    ///
    /// [`ServeError`] for the first that cannot be used, or a host or origin that is none.
    pub fn check(&self) -> Result<(), ServeError> {
        self.tls.clone().map(tls::settings).transpose()?;
        Gate::new(self.iam.as_ref(), Vec::new())?;
        Guard::new(self.listen.ip(), &self.allow_hosts, &self.allow_origins)?;
        Ok(())
    }

    /// What one query may keep, with a store of this memory budget.
    pub(crate) fn query_memory(&self, store_bytes: u64) -> usize {
        self.query_memory_bytes.unwrap_or_else(|| {
            let budget = usize::try_from(store_bytes).unwrap_or(usize::MAX);
            (budget / self.queries.running.max(1)).max(LEAST_QUERY_MEMORY)
        })
    }
}
