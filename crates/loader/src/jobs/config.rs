//! How loads run, and what they have done.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::progress::Phase;
use super::registry::RETAINED_JOBS;
use super::state::JobState;
use crate::source::SourceConfig;

/// Called by a load's threads as they enter a phase: lets a test hold a load there.
pub type PauseHook = Arc<dyn Fn(Phase) + Send + Sync>;

/// How loads run.
#[derive(Clone)]
pub struct LoaderConfig {
    /// Which sources may be loaded.
    pub sources: SourceConfig,
    /// Cores to count on: `parallelism` HIGH parses with this many threads.
    pub threads: usize,
    /// Whether loads can neither be started nor cancelled.
    pub disabled: bool,
    /// How many jobs are remembered; the oldest ended ones go first.
    pub retained_jobs: usize,
    /// Bytes of decoded text that are parsed at a time. Results do not depend on it.
    pub block_bytes: usize,
    /// Quads after which a load publishes what it has, if the store would choose more. Results do not depend on it.
    pub publish_at: Option<u64>,
    /// Quads that fill the memory of a load, if the store would bear more: it stages what it has then. Results do not
    /// depend on it.
    pub stage_at: Option<u64>,
    /// Bytes of rejected rows, and of what is wrong with them, that are kept of a job; what is beyond is only counted.
    pub rejects_limit: u64,
    /// How long rows that were read wait to be durable, at most, if nothing else makes them so earlier: a restart loses no
    /// more. Results do not depend on it.
    pub seal_after: Duration,
    /// For tests.
    pub pause: Option<PauseHook>,
}

impl LoaderConfig {
    /// The defaults, for these sources.
    pub fn new(sources: SourceConfig) -> Self {
        Self {
            sources,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            disabled: false,
            retained_jobs: RETAINED_JOBS,
            block_bytes: 1 << 20,
            publish_at: None,
            stage_at: None,
            rejects_limit: 1 << 30,
            seal_after: Duration::from_secs(10),
            pause: None,
        }
    }
}

impl fmt::Debug for LoaderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoaderConfig")
            .field("sources", &self.sources)
            .field("threads", &self.threads)
            .field("disabled", &self.disabled)
            .field("retained_jobs", &self.retained_jobs)
            .field("block_bytes", &self.block_bytes)
            .field("publish_at", &self.publish_at)
            .field("stage_at", &self.stage_at)
            .field("rejects_limit", &self.rejects_limit)
            .field("seal_after", &self.seal_after)
            .finish_non_exhaustive()
    }
}

/// What the loader has done, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoaderMetrics {
    /// Remembered jobs in each state; every state is there.
    pub jobs: BTreeMap<JobState, u64>,
    /// Records put into the graph since the process began.
    pub records_loaded: u64,
    /// Duplicates since the process began.
    pub duplicates: u64,
    /// Errors since the process began.
    pub errors: u64,
}
