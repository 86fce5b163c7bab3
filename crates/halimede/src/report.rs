//! A finished (or running) load as text: its counters, its failed files, its first errors.
//!
//! Reads the service's own status, so that a load in this process and one on a server look the same.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::follow::Moment;
use crate::table::{Align, Table, printable, thousands};

/// Errors that are shown of a load.
pub(crate) const ERRORS: u64 = 10;

/// Failed files that are shown of a load.
const FILES: usize = 20;

/// The `payload` of a status.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    #[serde(default)]
    feed_count: Vec<BTreeMap<String, u64>>,
    overall_status: Subject,
    progress: Option<Progress>,
    /// A member of our own, like `progress`.
    note: Option<String>,
    #[serde(default)]
    failed_feeds: Vec<Subject>,
    errors: Option<Errors>,
}

/// What a load does, while it runs. A member of our own: another server has none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    phase: String,
    bytes_read: u64,
    bytes_total: u64,
    #[serde(default)]
    feeds_done: u64,
    #[serde(default)]
    feeds_total: u64,
    records_per_second: Option<u64>,
    seconds_left: Option<u64>,
}

/// What is said of a load and of each file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    full_uri: String,
    status: String,
    #[serde(default)]
    total_time_spent: u64,
    #[serde(default)]
    total_records: u64,
    #[serde(default)]
    total_duplicates: u64,
    #[serde(default)]
    parsing_errors: u64,
    #[serde(default)]
    datatype_mismatch_errors: u64,
    #[serde(default)]
    insert_errors: u64,
    #[serde(default)]
    ignored: u64,
    #[serde(default)]
    dry_run: bool,
}

impl Subject {
    const fn errors(&self) -> u64 {
        self.parsing_errors + self.datatype_mismatch_errors + self.insert_errors
    }

    /// The state, and whether it is that of a dry run.
    fn state(&self) -> String {
        if self.dry_run { format!("{} (dry run)", self.status) } else { self.status.clone() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Errors {
    error_logs: Vec<ErrorLog>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorLog {
    error_code: String,
    error_message: String,
    file_name: String,
    #[serde(default)]
    record_num: u64,
    line: Option<u64>,
    column: Option<String>,
}

impl Report {
    /// Reads a payload.
    ///
    /// # Errors
    /// If it is none: what answered is no such server.
    pub(crate) fn read(payload: Value) -> Result<Self> {
        serde_json::from_value(payload)
            .map_err(|error| Error::Failed(format!("the load's status cannot be read: {error}")))
    }

    /// The load's state, a `LOAD_…` name.
    pub(crate) fn state(&self) -> &str {
        &self.overall_status.status
    }

    /// Whether it has ended, whatever way.
    pub(crate) fn has_ended(&self) -> bool {
        !matches!(self.state(), "LOAD_NOT_STARTED" | "LOAD_IN_QUEUE" | "LOAD_IN_PROGRESS")
    }

    /// What the exit code tells of a load that has ended.
    ///
    /// # Errors
    /// [`Error::Failed`] if it did not complete.
    pub(crate) fn outcome(&self) -> Result<()> {
        match self.state() {
            "LOAD_COMPLETED" => Ok(()),
            state => Err(Error::Failed(format!("the load ended as {}", printable(state)))),
        }
    }

    /// How far the load is.
    pub(crate) fn moment(&self) -> Moment {
        let job = &self.overall_status;
        let moment = Moment {
            phase: words(self.state()),
            records: job.total_records,
            errors: job.errors(),
            ..Moment::default()
        };
        match &self.progress {
            None => moment,
            Some(progress) => Moment {
                phase: printable(&progress.phase),
                bytes: (progress.bytes_read, progress.bytes_total),
                rate: progress.records_per_second,
                files: (progress.feeds_done, progress.feeds_total),
                left: progress.seconds_left,
                ..moment
            },
        }
    }

    /// One line's cells: state, records, errors, source.
    pub(crate) fn cells(&self) -> [String; 4] {
        let job = &self.overall_status;
        [job.state(), thousands(job.total_records), thousands(job.errors()), job.full_uri.clone()]
    }

    /// What the load does, if it runs: `parsing, 600/s, 12.0 MiB of 48.0 MiB, 6 s left`.
    pub(crate) fn doing(&self) -> String {
        if self.progress.is_none() {
            return String::new();
        }
        let moment = self.moment();
        let rate = moment.rate.map(|rate| format!("{}/s", thousands(rate))).unwrap_or_default();
        let parts = [moment.phase.clone(), rate, moment.input()];
        parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The whole report; `took` is the time on the caller's clock, where it saw the whole load.
    pub(crate) fn render(&self, id: &str, took: Option<Duration>) -> String {
        let job = &self.overall_status;
        let mut out = format!("load {}: {}\n\n", printable(id), printable(&job.state()));
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(out, "  {name:<12}{value}");
        };
        line("source", &printable(&job.full_uri));
        line("files", &self.files());
        match took {
            Some(took) => {
                let rate = job.total_records as f64 / took.as_secs_f64().max(0.001);
                line("time", &format!("{:.2} s ({} records/s)", took.as_secs_f64(), thousands(rate as u64)));
            }
            None => line("time", &format!("{} s", job.total_time_spent)),
        }
        line("records", &thousands(job.total_records));
        line("duplicates", &thousands(job.total_duplicates));
        if job.ignored > 0 {
            line("ignored", &format!("{} (values that were there already)", thousands(job.ignored)));
        }
        line("errors", &errors_by_kind(job));
        if self.has_ended() && job.errors() > 0 {
            line("rejects", &format!("halimede rejects {}", printable(id)));
        }
        if let Some(note) = &self.note {
            line("note", &printable(note));
        }
        self.render_failed_files(&mut out);
        self.render_errors(&mut out);
        out
    }

    /// `11 completed, 1 failed`.
    fn files(&self) -> String {
        let feeds = self.feed_count.iter().flatten();
        let counts = feeds.map(|(state, count)| format!("{} {}", thousands(*count), words(state)));
        let text = counts.collect::<Vec<_>>().join(", ");
        if text.is_empty() { "none".to_owned() } else { text }
    }

    fn render_failed_files(&self, out: &mut String) {
        if self.failed_feeds.is_empty() {
            return;
        }
        let columns = [
            ("failed file", Align::Left),
            ("status", Align::Left),
            ("records", Align::Right),
            ("errors", Align::Right),
        ];
        let mut table = Table::new(columns);
        for feed in self.failed_feeds.iter().take(FILES) {
            table.row([&feed.full_uri, &feed.status, &thousands(feed.total_records), &thousands(feed.errors())]);
        }
        let _ = write!(out, "\n{}", table.render());
        if self.failed_feeds.len() > FILES {
            let _ = writeln!(out, "and {} more", self.failed_feeds.len() - FILES);
        }
    }

    fn render_errors(&self, out: &mut String) {
        let Some(errors) = self.errors.as_ref().filter(|errors| !errors.error_logs.is_empty()) else { return };
        let (shown, all) = (errors.error_logs.len() as u64, self.overall_status.errors());
        let _ = if all > shown {
            writeln!(out, "\nfirst {shown} of {} errors:", thousands(all))
        } else {
            writeln!(out, "\nerrors:")
        };
        for error in &errors.error_logs {
            let mut place = printable(&error.file_name);
            if error.record_num > 0 {
                let _ = write!(place, ", record {}", error.record_num);
            }
            if let Some(number) = error.line {
                let _ = write!(place, ", line {number}");
            }
            if let Some(column) = &error.column {
                let _ = write!(place, ", column {}", printable(column));
            }
            let _ =
                writeln!(out, "  {place}\n    {}: {}", printable(&error.error_code), printable(&error.error_message));
        }
    }
}

/// A state as people say it: `cancelled by user`.
fn words(state: &str) -> String {
    printable(state).trim_start_matches("LOAD_").to_lowercase().replace('_', " ")
}

/// `3 (2 parsing, 1 insert)`.
fn errors_by_kind(subject: &Subject) -> String {
    let kinds = [
        (subject.parsing_errors, "parsing"),
        (subject.datatype_mismatch_errors, "datatype"),
        (subject.insert_errors, "insert"),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{} {kind}", thousands(*count)))
        .collect();
    if kinds.is_empty() {
        return "0".to_owned();
    }
    format!("{} ({})", thousands(subject.errors()), kinds.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_failed_load_is_told_whole() {
        let status = Report::read(json!({
            "feedCount": [{"LOAD_COMPLETED": 1}, {"LOAD_FAILED": 1}],
            "overallStatus": {
                "fullUri": "file:///g/", "runNumber": 1, "retryNumber": 0, "status": "LOAD_FAILED", "totalTimeSpent": 2,
                "startTime": 1_700_000_000, "totalRecords": 12_345, "totalDuplicates": 1, "parsingErrors": 2,
                "datatypeMismatchErrors": 0, "insertErrors": 1, "ignored": 0
            },
            "failedFeeds": [{"fullUri": "file:///g/v.csv", "status": "LOAD_FAILED", "totalRecords": 9, "parsingErrors": 2}],
            "errors": {"startIndex": 1, "endIndex": 1, "loadId": "x", "errorLogs": [{
                "errorCode": "PARSING_ERROR", "errorMessage": "'x' is no Int", "fileName": "file:///g/v.csv",
                "recordNum": 2, "line": 3, "column": "age"
            }]}
        }))
        .expect("a status");
        assert!(status.has_ended());
        assert_eq!(
            status.render("x", None),
            "\
load x: LOAD_FAILED

  source      file:///g/
  files       1 completed, 1 failed
  time        2 s
  records     12,345
  duplicates  1
  errors      3 (2 parsing, 1 insert)
  rejects     halimede rejects x

failed file      status       records  errors
---------------  -----------  -------  ------
file:///g/v.csv  LOAD_FAILED        9       2

first 1 of 3 errors:
  file:///g/v.csv, record 2, line 3, column age
    PARSING_ERROR: 'x' is no Int
"
        );
    }

    #[test]
    fn a_running_load_says_how_far_it_is() {
        let mut payload = json!({"overallStatus": {
            "fullUri": "s3://b/", "status": "LOAD_IN_PROGRESS", "totalRecords": 7, "parsingErrors": 1
        }});
        let moment = |payload: &Value| Report::read(payload.clone()).expect("a status").moment();
        let doing = |payload: &Value| Report::read(payload.clone()).expect("a status").doing();
        let mut expected = Moment { phase: "in progress".to_owned(), records: 7, errors: 1, ..Moment::default() };
        assert_eq!(moment(&payload), expected);
        assert_eq!(doing(&payload), "");
        payload["progress"] = json!({"phase": "parsing", "bytesRead": 10, "bytesTotal": 20});
        expected.phase = "parsing".to_owned();
        expected.bytes = (10, 20);
        assert_eq!(moment(&payload), expected);
        payload["progress"] = json!({
            "phase": "parsing", "bytesRead": 10, "bytesTotal": 20, "feedsDone": 1, "feedsTotal": 3,
            "recordsPerSecond": 1234, "elapsedSeconds": 0.5, "secondsLeft": null,
        });
        expected.rate = Some(1234);
        expected.files = (1, 3);
        assert_eq!(moment(&payload), expected);
        assert_eq!(doing(&payload), "parsing, 1,234/s, 10 B of 20 B, 1 of 3 files");
    }

    #[test]
    fn a_queued_load_has_no_files_yet() {
        let status = Report::read(json!({"overallStatus": {"fullUri": "s3://b/", "status": "LOAD_IN_QUEUE"}}));
        let status = status.expect("a status");
        assert!(!status.has_ended());
        assert!(status.render("x", None).contains("files       none"));
    }
}
