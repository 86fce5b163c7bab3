//! `GET /status`: the instance's state in the shape that clients parse.
//!
//! SDKs want string values in `labMode` and `settings`. The version must be four numbers and `.R<n>`: a notebook drops
//! the last part, joins the digits of the rest and takes anything below 1200 for an engine too old for its features.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

/// The engine version whose wire behaviour this server follows.
pub(crate) const ENGINE_VERSION: &str = "1.4.5.1.R2";

/// What the reply depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// When this process began to serve, or its data was last reset.
    pub(crate) started: Timestamp,
    /// Whether the data is being reset.
    pub(crate) resetting: bool,
    /// Whether this is a read replica.
    pub(crate) read_replica: bool,
    /// How long a query may run.
    pub(crate) query_timeout: Duration,
    /// Whether callers must sign.
    pub(crate) iam: bool,
}

/// The body of the reply. `halimede` is a member of our own, which clients ignore.
pub(crate) fn body(facts: &Facts) -> Value {
    json!({
        "status": if facts.resetting { "recovery" } else { "healthy" },
        "startTime": start_time(facts.started),
        "dbEngineVersion": ENGINE_VERSION,
        "role": if facts.read_replica { "reader" } else { "writer" },
        "dfeQueryEngine": "viaQueryHint",
        "gremlin": {"version": "tinkerpop-3.7.1"},
        "sparql": {"version": "sparql-1.1"},
        "opencypher": {"version": "Neptune-9.0.20190305-1.0"},
        "labMode": {"ObjectIndex": "disabled", "ReadWriteConflictDetection": "enabled"},
        "features": {
            "SlowQueryLogs": "disabled",
            "ResultCache": {"status": "disabled"},
            "IAMAuthentication": if facts.iam { "enabled" } else { "disabled" },
            "Streams": "disabled",
            "AuditLog": "enabled",
        },
        "settings": {
            "clusterQueryTimeoutInMs": facts.query_timeout.as_millis().to_string(),
            "SlowQueryLogsThreshold": "5000",
        },
        "halimede": {"version": env!("CARGO_PKG_VERSION")},
    })
}

/// `EEE MMM dd HH:mm:ss UTC yyyy`.
fn start_time(instant: Timestamp) -> String {
    instant.strftime("%a %b %d %H:%M:%S UTC %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_documented_form() {
        for (instant, expected) in [
            ("2023-08-24T21:47:12Z", "Thu Aug 24 21:47:12 UTC 2023"),
            ("2026-11-05T03:04:05.678Z", "Thu Nov 05 03:04:05 UTC 2026"),
        ] {
            assert_eq!(start_time(instant.parse().unwrap()), expected);
        }
    }

    #[test]
    fn the_whole_body() {
        let facts = Facts {
            started: "2023-08-24T21:47:12Z".parse().unwrap(),
            resetting: false,
            read_replica: false,
            query_timeout: Duration::from_mins(2),
            iam: false,
        };
        assert_eq!(
            body(&facts),
            json!({
                "status": "healthy",
                "startTime": "Thu Aug 24 21:47:12 UTC 2023",
                "dbEngineVersion": "1.4.5.1.R2",
                "role": "writer",
                "dfeQueryEngine": "viaQueryHint",
                "gremlin": {"version": "tinkerpop-3.7.1"},
                "sparql": {"version": "sparql-1.1"},
                "opencypher": {"version": "Neptune-9.0.20190305-1.0"},
                "labMode": {"ObjectIndex": "disabled", "ReadWriteConflictDetection": "enabled"},
                "features": {
                    "SlowQueryLogs": "disabled", "ResultCache": {"status": "disabled"},
                    "IAMAuthentication": "disabled", "Streams": "disabled", "AuditLog": "enabled"
                },
                "settings": {"clusterQueryTimeoutInMs": "120000", "SlowQueryLogsThreshold": "5000"},
                "halimede": {"version": env!("CARGO_PKG_VERSION")},
            })
        );
    }

    #[test]
    fn a_notebook_reads_the_version_as_new_enough() {
        let (numbers, _) = ENGINE_VERSION.rsplit_once('.').unwrap();
        assert!(numbers.replace('.', "").parse::<u32>().unwrap() >= 1200);
    }
}
