//! The quad store: layers of immutable segments over a commit log.

mod api;
pub use api::*;
