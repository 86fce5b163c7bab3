//! What is remembered of a job and of each of its feeds: the shapes kept in the journal.
//!
//! A record holds what has been *published*: it changes only together with the data it counts. What a running job has
//! read beyond that is in [`super::progress`].

use serde::{Deserialize, Serialize};

use super::id::LoadId;
use super::state::{FeedState, FeedTally, JobState};
use crate::request::{Format, LoadRequest};
use crate::source::FeedInfo;

/// Exact counts of a feed or a job (design §9, "Counters").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Records that this load put into the graph.
    pub loaded: u64,
    /// Duplicates as the status shows them: records, or for openCypher rows.
    pub duplicates: u64,
    /// Records of the duplicates.
    pub duplicate_records: u64,
    /// openCypher values left unchanged.
    pub ignored: u64,
    /// Rows that could not be split, and faults that ended a feed.
    pub parsing_errors: u64,
    /// Values that do not fit their column's type.
    pub datatype_errors: u64,
    /// Rows and values refused by validation.
    pub insert_errors: u64,
}

impl Counters {
    /// Every error is one record.
    pub const fn errors(&self) -> u64 {
        self.parsing_errors + self.datatype_errors + self.insert_errors
    }

    /// `totalRecords`.
    pub const fn records(&self) -> u64 {
        self.loaded + self.duplicate_records + self.ignored + self.errors()
    }
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, more: Self) {
        self.loaded += more.loaded;
        self.duplicates += more.duplicates;
        self.duplicate_records += more.duplicate_records;
        self.ignored += more.ignored;
        self.parsing_errors += more.parsing_errors;
        self.datatype_errors += more.datatype_errors;
        self.insert_errors += more.insert_errors;
    }
}

/// One file of a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRecord {
    /// `s3://bucket/key`, or the form that its source gives.
    pub uri: String,
    /// The object's key or the file's path, where that is not what the URI ends with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Bytes as stored, compressed or not, when it was listed.
    pub size: u64,
    /// The object's version when it was listed, if the source has such a thing.
    pub etag: Option<String>,
    /// Its state.
    pub state: FeedState,
    /// Whether it could not be read to its end, so that its counters do not tell what is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_short: bool,
    /// What was published of it.
    pub counters: Counters,
    /// Its rejected rows.
    #[serde(default, skip_serializing_if = "FeedRejects::is_empty")]
    pub rejects: FeedRejects,
    /// When it was started, in seconds since 1970; the job's start for a feed that was not.
    pub start_seconds: u64,
    /// From its start to its last publish, in milliseconds.
    pub elapsed_ms: u64,
}

/// The rejected rows of a feed, and where in the job's two files they are ([`crate::rejects`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRejects {
    /// Rows that were rejected, or of which a value was.
    pub rows: u64,
    /// Reasons: as many as there are errors that count as records.
    pub errors: u64,
    /// Rows whose text is kept.
    pub kept: u64,
    /// The kept rows, below the line that names their columns.
    pub text: Extent,
    /// The reasons that are kept.
    pub reasons: Extent,
}

impl FeedRejects {
    /// Whether no row was rejected.
    pub const fn is_empty(&self) -> bool {
        self.errors == 0
    }
}

/// A range of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Where it begins.
    pub at: u64,
    /// How long it is.
    pub bytes: u64,
}

/// How much of the two files of a job's rejects is valid. What a crash left behind it is cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectFiles {
    /// Of the rows, in bytes.
    pub rows: u64,
    /// Of the reasons, in bytes.
    pub reasons: u64,
    /// Whether there was more than the limit let in.
    pub is_cut: bool,
}

impl FeedRecord {
    /// A file that was just listed.
    pub(crate) fn new(info: &FeedInfo, start_seconds: u64) -> Self {
        Self {
            uri: info.uri.clone(),
            key: (plain_key(&info.uri) != info.key).then(|| info.key.clone()),
            size: info.size,
            etag: info.etag.clone(),
            state: FeedState::NotStarted,
            cut_short: false,
            rejects: FeedRejects::default(),
            counters: Counters::default(),
            start_seconds,
            elapsed_ms: 0,
        }
    }

    /// The file as it was listed.
    pub(crate) fn info(&self) -> FeedInfo {
        FeedInfo {
            uri: self.uri.clone(),
            key: self.key.clone().unwrap_or_else(|| plain_key(&self.uri).to_owned()),
            size: self.size,
            etag: self.etag.clone(),
        }
    }
}

/// What follows scheme and bucket.
fn plain_key(uri: &str) -> &str {
    let in_bucket = || uri.strip_prefix("s3://")?.split_once('/').map(|(_, key)| key);
    uri.strip_prefix("file://").or_else(in_bucket).unwrap_or_default()
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its id.
    pub id: LoadId,
    /// Jobs are numbered as they are accepted; the larger number is the later job.
    pub sequence: u64,
    /// The source as the status shows it (`fullUri`).
    pub source: String,
    /// What makes two jobs loads of the same thing.
    pub identity: SourceIdentity,
    /// What was asked for, without the keys that came with it.
    pub request: LoadRequest,
    /// One more than the highest of the earlier jobs of the same identity.
    pub run_number: u64,
    /// Automatic retries.
    pub retry_number: u64,
    /// Its state.
    pub state: JobState,
    /// When it was accepted, in seconds since 1970.
    pub start_seconds: u64,
    /// Parse and insert time in milliseconds, listing excluded.
    pub elapsed_ms: u64,
    /// Sums over its feeds.
    pub totals: Counters,
    /// Its feeds by state.
    pub feeds: FeedTally,
    /// How many feeds it has: they are kept apart, in chunks.
    pub feed_total: u64,
    /// How many entries its error log ever took; the latest of them are kept apart, in chunks.
    pub errors_logged: u64,
    /// Whether its turn never came: it waits, or it ended before.
    #[serde(default)]
    pub never_ran: bool,
    /// Whether keys came with the request. They are in memory only.
    #[serde(default)]
    pub had_keys: bool,
    /// The load that it goes on with: files completed there are skipped.
    #[serde(default)]
    pub resumes: Option<LoadId>,
    /// The first load of that chain, after which nodes and edges without names of their own are named; `None` for itself.
    #[serde(default)]
    pub first: Option<LoadId>,
    /// How many of its feeds, the last ones, were loaded before.
    #[serde(default)]
    pub skipped_feeds: u64,
    /// Whether what it completed is no longer there, so that no load may skip it.
    #[serde(default)]
    pub forgotten: bool,
    /// What its user should know beyond the documented members.
    #[serde(default)]
    pub note: Option<String>,
    /// Its rejected rows.
    #[serde(default)]
    pub rejects: RejectFiles,
    /// How far it is, once its files are listed and until it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

/// How far a running load is: where it goes on after the end of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// How many feeds, from the first, are published before the others are begun; 0 if all go together.
    pub vertex_feeds: usize,
    /// All rows below are published.
    pub published: Position,
    /// What is sealed beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// What is staged and not published, in one or more seals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// All rows below are published or staged.
    pub position: Position,
    /// How many seals: what they found is kept apart.
    pub seals: u32,
    /// How many segment sets are staged. If they are gone, so is the seal, and the load goes on from what is published.
    pub sets: usize,
}

/// A place in a load: rows are in the order of feeds, and in a feed in their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// A feed; those before it are through.
    pub feed: u32,
    /// Records of it that are through.
    pub records: u64,
}

impl JobRecord {
    /// A job that is about to run.
    pub fn new(id: LoadId, sequence: u64, source: String, identity: SourceIdentity, request: LoadRequest) -> Self {
        Self {
            id,
            sequence,
            source,
            identity,
            had_keys: request.keys.is_some(),
            request: LoadRequest { keys: None, ..request },
            run_number: 1,
            retry_number: 0,
            state: JobState::InProgress,
            start_seconds: 0,
            elapsed_ms: 0,
            totals: Counters::default(),
            feeds: FeedTally::default(),
            feed_total: 0,
            errors_logged: 0,
            never_ran: false,
            resumes: None,
            first: None,
            skipped_feeds: 0,
            forgotten: false,
            note: None,
            rejects: RejectFiles::default(),
            mark: None,
        }
    }

    /// Whether nothing of it is in the graph, however it ended: its files do not count as loaded.
    pub const fn is_dry_run(&self) -> bool {
        self.request.dry_run
    }
}

/// Which source, read as which format (spec/loader.md §2.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceIdentity {
    /// The source in its one spelling; a trailing slash counts.
    pub source: String,
    /// What it is read as.
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_read_back_as_it_was_listed() {
        for (uri, key, kept) in [
            ("s3://bucket/a/b c.csv", "a/b c.csv", false),
            ("s3://bucket/a%20b", "a%20b", false),
            ("s3://bucket//", "/", false),
            ("file:///in/a.csv", "/in/a.csv", false),
            ("file:///in/100%25.csv", "/in/100%.csv", true),
            ("file:///in/a%0Ab", "/in/a\nb", true),
        ] {
            let info = FeedInfo { uri: uri.to_owned(), key: key.to_owned(), size: 7, etag: Some("e".to_owned()) };
            let record = FeedRecord::new(&info, 5);
            assert_eq!(record.key.is_some(), kept, "{uri}");
            assert_eq!(record.info(), info);
        }
    }
}
