//! Load jobs and the load pipeline.

pub mod decode;
pub mod request;
pub mod source;
