//! The front doors: the Neptune Data API over HTTP, and Bolt.
//!
//! This crate alone is asynchronous and alone knows sockets, JSON envelopes and exception names. What the crates below do
//! runs on threads of its lanes; what they report becomes a reply here.
//!
//! - [`Server`]: sockets, TLS (`tls`), HTTP/1.1 and HTTP/2, a stop in good order (`listen`); [`ServerConfig`].
//! - `door`: one request from its head to its reply; `guard` keeps foreign web pages out, `identity` who does not belong,
//!   `routes` is the table of paths, `permissions` that of what each needs, `body` and `parameters` read what was sent,
//!   `audit` remembers who did what.
//! - `bolt`: the protocol of Neo4j's drivers, on the same port.
//! - [`Exception`], [`Failure`]: the one table of what clients are told.
//! - `loads`, `events`, `queries` (SPARQL), `opencypher`, `running`, `reset`, `statistics`, `status`, `storage`, `ours`: the
//!   operations; `ml`, `rebuilds`: those with nothing behind.
//! - `flight`, `lanes`, `watch`, `stream`: how many requests there may be, how work gets a thread, what ends it early, how
//!   a large result leaves.
//! - `openapi`: what is answered where, for machines; `metrics`: what is counted, and under which names.

mod audit;
mod body;
mod bolt;
mod config;
mod door;
mod events;
mod exception;
mod flight;
mod guard;
mod identity;
mod lanes;
mod listen;
mod loads;
mod metrics;
mod ml;
mod openapi;
mod opencypher;
mod ours;
mod parameters;
mod permissions;
mod queries;
mod rebuilds;
mod request_id;
mod reset;
mod routes;
mod running;
mod services;
mod statistics;
mod status;
mod storage;
mod stream;
mod tls;
mod watch;

pub use bolt::BoltErrorCodes;
pub use config::ServerConfig;
pub use exception::{Exception, Failure, Limit, Retry};
pub use guard::InvalidName;
pub use identity::IamFile;
pub use lanes::LaneSize;
pub use listen::{ServeError, Server};
pub use services::ServicePattern;
pub use tls::{TlsError, TlsFiles};
