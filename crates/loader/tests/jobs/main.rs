//! Load jobs over a real store and real files: what is loaded, what is reported, what a cancel and a restart leave.

mod atomic;
mod attempts;
mod cancel;
mod content;
mod errors;
mod formats;
mod house;
mod limits;
mod modes;
mod outcome;
mod queue;
mod random;
mod rejects;
mod restart;
mod resume;
mod s3;
mod staging;
mod writers;
