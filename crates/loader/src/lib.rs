//! Load jobs and the load pipeline.

pub mod decode;
pub mod export;
pub mod rdf;
pub mod request;
pub mod source;
