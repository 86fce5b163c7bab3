//! Load jobs and the load pipeline.

mod attempts;
pub mod blocks;
pub mod decode;
pub mod export;
pub mod format;
mod jobs;
mod pipeline;
pub mod rdf;
mod rejects;
pub mod request;
pub mod source;

pub use attempts::Attempt;
pub use jobs::{
    CancelError, Counters, Error, ErrorCode, ErrorEntry, Extent, FeedRecord, FeedRejects, FeedState, FeedTally,
    JobRecord, JobState, LoadId, LoadIdError, Loader, LoaderConfig, LoaderMetrics, Mark, PauseHook, Phase, Position,
    Progress, RejectFile, RejectFiles, ResetError, Scope, Sealed, SourceIdentity, StartError, StatusError, StatusQuery,
};
pub use rejects::RejectPart;
