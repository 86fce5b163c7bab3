//! Load jobs and the load pipeline.

pub mod blocks;
pub mod decode;
pub mod export;
pub mod format;
pub mod rdf;
pub mod request;
pub mod source;
