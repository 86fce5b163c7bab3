//! The server over real sockets: bytes out, bytes back, replies compared whole.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without")]

#[path = "wire/bolt.rs"]
mod bolt;
#[path = "wire/cancel.rs"]
mod cancel;
#[path = "wire/events.rs"]
mod events;
#[path = "wire/explain.rs"]
mod explain;
#[path = "wire/export.rs"]
mod export;
#[path = "wire/front.rs"]
mod front;
#[path = "wire/harness.rs"]
mod harness;
#[path = "wire/http2.rs"]
mod http2;
#[path = "wire/limits.rs"]
mod limits;
#[path = "wire/loads.rs"]
mod loads;
#[path = "wire/opencypher.rs"]
mod opencypher;
#[path = "wire/overload.rs"]
mod overload;
#[path = "wire/queries.rs"]
mod queries;
#[path = "wire/running.rs"]
mod running;
#[path = "wire/sparql.rs"]
mod sparql;
#[path = "wire/statistics.rs"]
mod statistics;
