//! Bolt, the protocol of Neo4j's drivers: bytes to messages and messages to bytes.
//!
//! Everything here is a function of its input: no sockets, no clock, no tasks. Whoever owns a socket shakes hands
//! ([`handshake`]), feeds what arrives to an [`Inbound`], reads each message with [`Request::read`], asks the [`Session`]
//! whether it may come now, and answers with what [`response`] writes.
//!
//! - [`version`]: which dialects are spoken, and how they differ.
//! - [`chunk`]: messages out of chunks, and into them.
//! - [`pack`], [`unpack`]: PackStream, the encoding of values.
//! - [`value`]: the values of a query in PackStream, nodes and the like with what lies behind their ids.
//! - [`request`], [`response`]: the messages of clients and of servers.
//! - [`session`]: which message may come when.
//!
//! A peer is hostile until it has logged in, and careless afterwards: a length is believed only as far as bytes arrive,
//! nesting and the memory of decoded values are bounded.
//!
//! **Source**: spec/opencypher.md §7; the Bolt Protocol documentation, versions 3 to 5.8.

pub mod chunk;
pub mod handshake;
pub mod pack;
pub mod request;
pub mod response;
pub mod session;
pub mod unpack;
pub mod value;
pub mod version;

pub use chunk::{Inbound, MessageTooLarge};
pub use request::{Auth, Extra, Fetch, Hello, Mode, Request};
pub use session::{Outcome, Session, Verdict};
pub use unpack::DecodeError;
pub use version::{Dialect, Version};
