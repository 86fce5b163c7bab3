//! The `payload` of a status: what a client reads about a job, in the service's own words.
//!
//! Members of our own, which old clients ignore: `ignored` beside the counters, `dryRun` in `overallStatus` of a dry run,
//! `line` and `column` in `errorLogs`, `progress` while the load runs, `skippedFeeds` and `note` where there is something
//! to say.
//! **Source**: spec/loader.md §4.2, §4.3.

use serde_json::{Map, Value, json};

use super::error_log::{ErrorEntry, Page};
use super::id::LoadId;
use super::progress::Progress;
use super::record::{Counters, FeedRecord, JobRecord};

/// What a status is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusQuery {
    /// Whether `failedFeeds` is wanted.
    pub details: bool,
    /// Whether `errors` is wanted.
    pub errors: bool,
    /// Which page of the errors, from 1.
    pub page: u64,
    /// Errors on a page; at most 10,000 are given.
    pub errors_per_page: u64,
}

impl Default for StatusQuery {
    fn default() -> Self {
        Self { details: false, errors: false, page: 1, errors_per_page: 10 }
    }
}

/// `feedCount` (not of a job that never ran) and `overallStatus`.
pub(super) fn base(record: &JobRecord) -> Map<String, Value> {
    let mut payload = Map::new();
    if !record.state.never_ran() && !record.never_ran {
        let counts: Vec<Value> = record.feeds.present().map(|(state, count)| json!({ state.name(): count })).collect();
        payload.insert("feedCount".to_owned(), counts.into());
    }
    let overall = Subject {
        full_uri: &record.source,
        run_number: record.run_number,
        retry_number: record.retry_number,
        status: record.state.name(),
        elapsed_ms: record.elapsed_ms,
        start_seconds: record.start_seconds,
        counters: &record.totals,
    };
    let mut overall = overall.to_json();
    if record.is_dry_run() {
        overall["dryRun"] = true.into();
    }
    payload.insert("overallStatus".to_owned(), overall);
    if record.skipped_feeds > 0 {
        payload.insert("skippedFeeds".to_owned(), record.skipped_feeds.into());
    }
    if let Some(note) = &record.note {
        payload.insert("note".to_owned(), note.as_str().into());
    }
    payload
}

/// `progress`: what a bar needs beyond the counters. Bytes are those stored; totals are 0 until the files are listed.
pub(super) fn progress(progress: &Progress) -> Value {
    json!({
        "phase": progress.phase.name(),
        "bytesRead": progress.bytes_read,
        "bytesTotal": progress.bytes_total,
        "feedsDone": progress.feeds_done,
        "feedsTotal": progress.feeds_total,
        "recordsPerSecond": progress.records_per_second,
        "elapsedSeconds": progress.elapsed.as_millis() as f64 / 1000.0,
        // Rounded up: nothing takes no time.
        "secondsLeft": progress.left().map(|left| left.as_millis().div_ceil(1000) as u64),
    })
}

/// `failedFeeds`.
pub(super) fn failed_feeds(record: &JobRecord, feeds: &[FeedRecord]) -> Value {
    let failed = feeds.iter().filter(|feed| feed.state.is_failure()).map(|feed| {
        Subject {
            full_uri: &feed.uri,
            run_number: record.run_number,
            retry_number: record.retry_number,
            status: feed.state.name(),
            elapsed_ms: feed.elapsed_ms,
            start_seconds: feed.start_seconds,
            counters: &feed.counters,
        }
        .to_json()
    });
    failed.collect::<Vec<_>>().into()
}

/// `errors`.
pub(super) fn errors(id: LoadId, page: &Page, entries: &[ErrorEntry]) -> Value {
    json!({
        "startIndex": page.start,
        "endIndex": page.end,
        "loadId": id.to_string(),
        "errorLogs": entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn entry(entry: &ErrorEntry) -> Value {
    let mut shown = json!({
        "errorCode": entry.code.name(),
        "errorMessage": entry.message,
        "fileName": entry.file,
        "recordNum": entry.record,
    });
    if let Some(line) = entry.line {
        shown["line"] = line.into();
    }
    if let Some(column) = &entry.column {
        shown["column"] = column.as_str().into();
    }
    shown
}

/// What `overallStatus` and each of `failedFeeds` have in common.
struct Subject<'a> {
    full_uri: &'a str,
    run_number: u64,
    retry_number: u64,
    status: &'static str,
    elapsed_ms: u64,
    start_seconds: u64,
    counters: &'a Counters,
}

impl Subject<'_> {
    fn to_json(&self) -> Value {
        json!({
            "fullUri": self.full_uri,
            "runNumber": self.run_number,
            "retryNumber": self.retry_number,
            "status": self.status,
            "totalTimeSpent": self.elapsed_ms / 1000,
            "startTime": self.start_seconds,
            "totalRecords": self.counters.records(),
            "totalDuplicates": self.counters.duplicates,
            "parsingErrors": self.counters.parsing_errors,
            "datatypeMismatchErrors": self.counters.datatype_errors,
            "insertErrors": self.counters.insert_errors,
            "ignored": self.counters.ignored,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::error_log::{ErrorCode, page};
    use super::super::progress::Phase;
    use super::super::record::{FeedRejects, SourceIdentity};
    use super::super::state::{FeedState, JobState};
    use super::*;
    use crate::request::{Format, LoadRequest};

    fn record(state: JobState, feeds: &[FeedState]) -> JobRecord {
        let source = "s3://bucket/prefix".to_owned();
        let identity = SourceIdentity { source: source.clone(), format: Format::Csv };
        let request = LoadRequest::new(source.clone(), Format::Csv);
        let mut record = JobRecord::new(LoadId::random(), 1, source, identity, request);
        record.state = state;
        record.start_seconds = 1_662_131_463;
        record.elapsed_ms = 52_999;
        record.feeds = feeds.iter().copied().collect();
        record.totals = Counters { loaded: 9_720_000, ..Counters::default() };
        record
    }

    /// The example of spec/loader.md §4.2, and our `ignored`.
    #[test]
    fn a_running_job() {
        let record =
            record(JobState::InProgress, &[FeedState::Completed, FeedState::NotStarted, FeedState::InProgress]);
        assert_eq!(
            Value::from(base(&record)),
            json!({
                "feedCount": [{"LOAD_NOT_STARTED": 1}, {"LOAD_IN_PROGRESS": 1}, {"LOAD_COMPLETED": 1}],
                "overallStatus": {
                    "fullUri": "s3://bucket/prefix", "runNumber": 1, "retryNumber": 0,
                    "status": "LOAD_IN_PROGRESS", "totalTimeSpent": 52, "startTime": 1_662_131_463,
                    "totalRecords": 9_720_000, "totalDuplicates": 0,
                    "parsingErrors": 0, "datatypeMismatchErrors": 0, "insertErrors": 0, "ignored": 0,
                },
            })
        );
    }

    #[test]
    fn a_job_that_never_ran_has_no_feed_count() {
        assert!(!base(&record(JobState::InQueue, &[])).contains_key("feedCount"));
        assert_eq!(base(&record(JobState::InProgress, &[]))["feedCount"], json!([]));
    }

    #[test]
    fn failed_feeds_leave_out_the_good_and_the_cancelled() {
        let feeds = FeedState::ALL.map(|state| FeedRecord {
            uri: format!("s3://bucket/{}", state.name()),
            key: None,
            size: 1,
            etag: None,
            state,
            cut_short: false,
            rejects: FeedRejects::default(),
            counters: Counters { loaded: 2, parsing_errors: 1, ..Counters::default() },
            start_seconds: 5,
            elapsed_ms: 1_000,
        });
        let shown = failed_feeds(&record(JobState::Failed, &[]), &feeds);
        let states: Vec<&str> =
            shown.as_array().expect("an array").iter().filter_map(|feed| feed["status"].as_str()).collect();
        assert_eq!(
            states,
            [
                "LOAD_COMMITTED_W_WRITE_CONFLICTS",
                "LOAD_FAILED",
                "LOAD_S3_READ_ERROR",
                "LOAD_S3_ACCESS_DENIED_ERROR",
                "LOAD_DATA_DEADLOCK",
                "LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED",
                "LOAD_UNEXPECTED_ERROR",
                "LOAD_CANCELLED_DUE_TO_ERRORS",
            ]
        );
        assert_eq!(
            shown[1],
            json!({
                "fullUri": "s3://bucket/LOAD_FAILED", "runNumber": 1, "retryNumber": 0, "status": "LOAD_FAILED",
                "totalTimeSpent": 1, "startTime": 5, "totalRecords": 3, "totalDuplicates": 0,
                "parsingErrors": 1, "datatypeMismatchErrors": 0, "insertErrors": 0, "ignored": 0,
            })
        );
    }

    #[test]
    fn progress_has_numbers_for_a_bar() {
        let half = Progress {
            phase: Phase::Parsing,
            bytes_read: 50,
            bytes_total: 100,
            records: 7,
            errors: 1,
            records_per_second: 3,
            feeds_done: 1,
            feeds_total: 4,
            elapsed: Duration::from_millis(2_500),
        };
        let mut shown = json!({
            "phase": "parsing", "bytesRead": 50, "bytesTotal": 100, "feedsDone": 1, "feedsTotal": 4,
            "recordsPerSecond": 3, "elapsedSeconds": 2.5, "secondsLeft": 3,
        });
        assert_eq!(progress(&half), shown);
        shown["bytesRead"] = 100.into();
        shown["secondsLeft"] = Value::Null;
        assert_eq!(progress(&Progress { bytes_read: 100, ..half }), shown);
    }

    /// The example of spec/loader.md §4.3, with our members.
    #[test]
    fn errors_page() {
        let id = LoadId::random();
        let entries = [ErrorEntry {
            code: ErrorCode::ParsingError,
            message: "Expected '<', found: |".to_owned(),
            file: "s3://bucket/key".to_owned(),
            record: 1,
            line: Some(1),
            column: Some("since:Int".to_owned()),
        }];
        assert_eq!(
            errors(id, &page(1, 3, 1), &entries),
            json!({
                "startIndex": 1, "endIndex": 1, "loadId": id.to_string(),
                "errorLogs": [{
                    "errorCode": "PARSING_ERROR", "errorMessage": "Expected '<', found: |",
                    "fileName": "s3://bucket/key", "recordNum": 1, "line": 1, "column": "since:Int",
                }],
            })
        );
        assert_eq!(
            errors(id, &page(1, 3, 0), &[]),
            json!({"startIndex": 0, "endIndex": 0, "loadId": id.to_string(), "errorLogs": []})
        );
    }
}
