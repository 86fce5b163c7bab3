//! The quad store: layers of immutable segments over a commit log.
//!
//! The store is a list of layers in commit order; *the newest layer that knows a quad decides* whether it is live.
//! Transactions go to the commit log and to small layers in memory (the delta); loads publish segment sets; both kinds
//! are merged in the background. Readers hold a [`Snapshot`], which never changes under them.
//!
//! What it promises, and [`Store::check`] verifies:
//! 1. Each index order holds exactly the quads that it is there to hold, in order, with right checksums.
//! 2. Every hashed id in a live quad resolves in the dictionary.
//! 3. What was acknowledged is there after a crash; what was not is not half there.
//! 4. A reader's snapshot never changes.
//! 5. Any sequence of insert, delete, load, publish, fold, compaction and restart leaves the same set of quads as the
//!    same operations on a plain set.

mod batch;
mod bits;
mod block;
mod blockfile;
mod budget;
mod cache;
mod cancel;
mod check;
mod cursor;
mod dictionary;
mod disk;
mod engine;
mod error;
mod expand;
mod filter;
mod ingest;
mod journal;
mod layer;
mod lock;
mod log;
mod maintenance;
mod manifest;
mod memory;
mod merge;
mod order;
mod packed;
mod segment;
mod shared;
mod snapshot;
pub mod statistics;
mod storage;
mod store;
mod tally;
mod tiers;
mod transaction;
mod view;

pub use batch::{Columns, QuadBatch};
pub use cancel::CancelToken;
pub use check::{CheckReport, DatasetReport};
pub use error::{Error, Result};
pub use expand::{Behind, Expander};
pub use ingest::{Entry, FeedCounts, Ingest, IngestBatch, IngestOptions, Ordinal, Prepared, Role, Rules, Violation};
pub use journal::{Journal, JournalWrite};
pub use order::{Order, Pattern};
pub use snapshot::{Distinct, Estimate, Expansion, Scan, Snapshot};
pub use storage::{StorageReport, Stored};
pub use store::{Options, Store, Usage};
pub use tally::{Counted, Tally};
pub use transaction::Transaction;

/// For the fuzz target of stored blocks only: panics if they break what they promise.
#[doc(hidden)]
pub fn fuzz_quad_block(input: &[u8]) {
    packed::fuzz(input);
}
