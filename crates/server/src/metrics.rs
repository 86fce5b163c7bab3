//! What is counted, and `/metrics`: the Prometheus text of it.
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `halimede_build_info` | gauge, always 1 | `version` |
//! | `halimede_http_requests_total` | counter | `operation`, `status` |
//! | `halimede_http_request_duration_seconds` | histogram | `operation` |
//! | `halimede_http_connections`, `halimede_http_requests_in_flight` | gauge | – |
//! | `halimede_bolt_connections` | gauge | – |
//! | `halimede_refused_total` | counter | `limit`: the name of a [`Limit`] |
//! | `halimede_queries_total` | counter | `language`, `outcome`: `ok` or an exception's name |
//! | `halimede_query_duration_seconds` | histogram | `language` |
//! | `halimede_lane_running`, `halimede_lane_waiting` | gauge | `lane` |
//! | `halimede_loads` | gauge | `state`: a status of the loader API |
//! | `halimede_load_records_total` | counter | `outcome`: `loaded`, `duplicate`, `error` |
//! | `halimede_store_disk_bytes`, `halimede_store_free_bytes`, `halimede_store_temporary_bytes`, `halimede_store_merging_bytes` | gauge | – |
//! | `halimede_store_segment_sets`, `halimede_store_delta_quads` | gauge | – |
//! | `halimede_store_compaction_waiting` (0 or 1), `halimede_store_compactions_running` | gauge | – |
//! | `halimede_store_compactions_total`, `halimede_store_compacted_bytes_total` | counter | – |
//! | `halimede_store_cache_bytes`, `halimede_store_memory_budget_bytes` | gauge | – |
//! | `process_resident_memory_bytes`, `process_open_fds`, `process_start_time_seconds` | gauge | – |
//!
//! Each server has a recorder of its own, so that several can live in one process. Labels have few values: operations,
//! statuses, states and exceptions, never anything a client chose.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::time::sleep;

use crate::exception::Limit;
use crate::lanes::Lane;

/// Upper bounds of the histograms' buckets, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 120.0];

/// How often durations are sorted into buckets: until then each takes its own place in memory.
const UPKEEP: Duration = Duration::from_secs(5);

const METADATA: Metadata<'_> = Metadata::new("server", Level::INFO, None);

/// The recorder of one server.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    connections: Gauge,
    bolt_connections: Gauge,
    /// By operation and status.
    requests: Measures<u16>,
    /// By language and outcome.
    queries: Measures<&'static str>,
}

/// What has two labels. Its measures are kept here, because the recorder finds them by hashing their names.
#[derive(Default)]
struct Measures<L>(Mutex<HashMap<(&'static str, L), Measure>>);

/// How often it was, and how long it took, by the first label alone.
struct Measure(Counter, Histogram);

impl<L: Copy + Eq + Hash> Measures<L> {
    fn record(&self, labels: (&'static str, L), took: Duration, register: impl FnOnce() -> Measure) {
        // A map of handles is whole whatever panicked.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Measure(counter, histogram) = known.entry(labels).or_insert_with(register);
        counter.increment(1);
        histogram.record(took);
    }
}

/// A connection of Bolt that is open until this is dropped.
pub(crate) struct BoltConnection(Gauge);

impl Drop for BoltConnection {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// A recorder with every metric described and nothing counted.
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS).expect("the list of buckets is not empty");
        let recorder = builder.build_recorder();
        describe(&recorder);
        let handle = recorder.handle();
        let connections = gauge(&recorder, "halimede_http_connections", Vec::new());
        let bolt_connections = gauge(&recorder, "halimede_bolt_connections", Vec::new());
        gauge(&recorder, "halimede_build_info", vec![Label::new("version", env!("CARGO_PKG_VERSION"))]).set(1.0);
        gauge(&recorder, "process_start_time_seconds", Vec::new())
            .set(jiff::Timestamp::now().as_millisecond() as f64 / 1e3);
        let (requests, queries) = (Measures::default(), Measures::default());
        Self { recorder, handle, connections, bolt_connections, requests, queries }
    }

    /// A request was answered. A streamed reply counts when its head is sent.
    pub(crate) fn request(&self, operation: &'static str, status: u16, took: Duration) {
        self.requests.record((operation, status), took, || {
            let (operation, status) = (Label::new("operation", operation), Label::new("status", status.to_string()));
            Measure(
                self.counter("halimede_http_requests_total", vec![operation.clone(), status]),
                self.histogram("halimede_http_request_duration_seconds", vec![operation]),
            )
        });
    }

    /// A request met a limit, and was refused or ended for it.
    pub(crate) fn refused(&self, limit: Limit) {
        self.counter("halimede_refused_total", vec![Label::new("limit", limit.name())]).increment(1);
    }

    /// Requests in flight now, cancels and looks at a status aside.
    pub(crate) fn in_flight(&self, requests: usize) {
        self.set("halimede_http_requests_in_flight", Vec::new(), requests as f64);
    }

    /// A query ended: `outcome` is `ok` or the exception's name.
    pub(crate) fn query(&self, language: &'static str, outcome: &'static str, took: Duration) {
        self.queries.record((language, outcome), took, || {
            let (language, outcome) = (Label::new("language", language), Label::new("outcome", outcome));
            Measure(
                self.counter("halimede_queries_total", vec![language.clone(), outcome]),
                self.histogram("halimede_query_duration_seconds", vec![language]),
            )
        });
    }

    /// A connection was opened.
    pub(crate) fn connected(&self) {
        self.connections.increment(1.0);
    }

    /// A connection was closed.
    pub(crate) fn disconnected(&self) {
        self.connections.decrement(1.0);
    }

    /// A connection turned out to speak Bolt.
    pub(crate) fn bolt_connected(&self) -> BoltConnection {
        self.bolt_connections.increment(1.0);
        BoltConnection(self.bolt_connections.clone())
    }

    /// How full a lane is.
    pub(crate) fn lane(&self, name: &'static str, lane: &Lane) {
        let load = lane.load();
        self.set("halimede_lane_running", vec![Label::new("lane", name)], load.running as f64);
        self.set("halimede_lane_waiting", vec![Label::new("lane", name)], load.waiting as f64);
    }

    /// What the store holds.
    pub(crate) fn store(&self, usage: &store::Usage, memory_budget: u64) {
        for (name, value) in [
            ("halimede_store_disk_bytes", usage.disk_bytes),
            ("halimede_store_free_bytes", usage.free_bytes),
            ("halimede_store_temporary_bytes", usage.temporary_bytes),
            ("halimede_store_merging_bytes", usage.merging_bytes),
            ("halimede_store_cache_bytes", usage.cache_bytes),
            ("halimede_store_memory_budget_bytes", memory_budget),
            ("halimede_store_segment_sets", usage.segment_sets),
            ("halimede_store_delta_quads", usage.delta_quads),
            ("halimede_store_compaction_waiting", u64::from(usage.compaction_waiting)),
            ("halimede_store_compactions_running", usage.compactions_running),
        ] {
            self.set(name, Vec::new(), value as f64);
        }
        for (name, value) in [
            ("halimede_store_compactions_total", usage.compactions_done),
            ("halimede_store_compacted_bytes_total", usage.compacted_bytes),
        ] {
            self.counter(name, Vec::new()).absolute(value);
        }
    }

    /// Jobs in one state.
    pub(crate) fn loads(&self, state: &'static str, jobs: u64) {
        self.set("halimede_loads", vec![Label::new("state", state)], jobs as f64);
    }

    /// Records that loads have put into the graph, found there already, and refused, since the process began.
    pub(crate) fn records(&self, loaded: u64, duplicates: u64, errors: u64) {
        for (outcome, records) in [("loaded", loaded), ("duplicate", duplicates), ("error", errors)] {
            self.counter("halimede_load_records_total", vec![Label::new("outcome", outcome)]).absolute(records);
        }
    }

    /// Sorts durations into their buckets now and then, whether anybody asks for metrics or not.
    pub(crate) async fn keep_up(&self) {
        loop {
            sleep(UPKEEP).await;
            self.handle.run_upkeep();
        }
    }

    /// The text of everything, with this process's memory as of now.
    pub(crate) fn render(&self) -> String {
        if let Some(bytes) = resident_bytes() {
            self.set("process_resident_memory_bytes", Vec::new(), bytes as f64);
        }
        if let Some(count) = open_descriptors() {
            self.set("process_open_fds", Vec::new(), count as f64);
        }
        self.handle.run_upkeep();
        self.handle.render()
    }

    fn set(&self, name: &'static str, labels: Vec<Label>, value: f64) {
        gauge(&self.recorder, name, labels).set(value);
    }

    fn counter(&self, name: &'static str, labels: Vec<Label>) -> Counter {
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
    }

    fn histogram(&self, name: &'static str, labels: Vec<Label>) -> Histogram {
        self.recorder.register_histogram(&Key::from_parts(name, labels), &METADATA)
    }
}

fn gauge(recorder: &PrometheusRecorder, name: &'static str, labels: Vec<Label>) -> Gauge {
    recorder.register_gauge(&Key::from_parts(name, labels), &METADATA)
}

fn describe(recorder: &PrometheusRecorder) {
    let text = |text: &'static str| SharedString::const_str(text);
    for (name, unit, what) in [
        ("halimede_build_info", Unit::Count, "The version that runs"),
        ("halimede_http_connections", Unit::Count, "Open connections"),
        ("halimede_bolt_connections", Unit::Count, "Those of them that speak Bolt"),
        ("halimede_http_requests_in_flight", Unit::Count, "Requests in flight, cancels and looks at a status aside"),
        ("halimede_lane_running", Unit::Count, "Pieces of work running in a lane"),
        ("halimede_lane_waiting", Unit::Count, "Pieces of work waiting in a lane"),
        ("halimede_loads", Unit::Count, "Load jobs by status"),
        ("halimede_store_disk_bytes", Unit::Bytes, "Bytes of the store's files"),
        ("halimede_store_free_bytes", Unit::Bytes, "Bytes free on the store's disk"),
        ("halimede_store_temporary_bytes", Unit::Bytes, "Bytes of files of running loads"),
        ("halimede_store_merging_bytes", Unit::Bytes, "Bytes of files of running folds and compactions"),
        ("halimede_store_segment_sets", Unit::Count, "Segment sets of both data sets"),
        ("halimede_store_delta_quads", Unit::Count, "Quads not yet folded into segments"),
        ("halimede_store_compaction_waiting", Unit::Count, "Whether a fold or a compaction waits or runs"),
        ("halimede_store_compactions_running", Unit::Count, "Compactions running"),
        ("halimede_store_cache_bytes", Unit::Bytes, "Bytes of decoded blocks that are kept"),
        ("halimede_store_memory_budget_bytes", Unit::Bytes, "What --memory is"),
        ("process_resident_memory_bytes", Unit::Bytes, "Resident memory of the process"),
        ("process_open_fds", Unit::Count, "Open file descriptors of the process"),
        ("process_start_time_seconds", Unit::Seconds, "When the server began, in seconds since 1970"),
    ] {
        recorder.describe_gauge(name.into(), Some(unit), text(what));
    }
    for (name, what) in [
        ("halimede_http_requests_total", "Requests answered"),
        ("halimede_refused_total", "Requests refused or ended by a limit"),
        ("halimede_queries_total", "Queries ended, by outcome"),
        ("halimede_load_records_total", "Records of load jobs since the start"),
        ("halimede_store_compactions_total", "Compactions done since the start"),
    ] {
        recorder.describe_counter(name.into(), Some(Unit::Count), text(what));
    }
    let bytes = "Bytes written by compactions since the start";
    recorder.describe_counter("halimede_store_compacted_bytes_total".into(), Some(Unit::Bytes), text(bytes));
    for (name, what) in [
        ("halimede_http_request_duration_seconds", "Time until the head of the reply"),
        ("halimede_query_duration_seconds", "Time until the last byte of the result"),
    ] {
        recorder.describe_histogram(name.into(), Some(Unit::Seconds), text(what));
    }
}

/// Resident memory of this process, where the system tells.
fn resident_bytes() -> Option<u64> {
    const PAGE: u64 = 4096;
    let status = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(status.split(' ').nth(1)?.parse::<u64>().ok()? * PAGE)
}

/// Open descriptors of this process, where the system tells.
fn open_descriptors() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::LaneSize;

    #[test]
    fn what_happened_is_in_the_text() {
        let metrics = Metrics::new();
        metrics.connected();
        metrics.connected();
        metrics.disconnected();
        metrics.request("GetEngineStatus", 200, Duration::from_millis(3));
        metrics.refused(Limit::Requests);
        metrics.in_flight(3);
        metrics.query("sparql", "ok", Duration::from_millis(30));
        metrics.query("sparql", "TimeLimitExceededException", Duration::from_mins(2));
        metrics.lane("queries", &Lane::new("queries", LaneSize { running: 1, waiting: 1 }));
        metrics.loads("LOAD_COMPLETED", 7);
        metrics.records(41, 1, 0);
        metrics.records(42, 1, 3);
        metrics.store(
            &store::Usage {
                disk_bytes: 4096,
                segment_sets: 3,
                compaction_waiting: true,
                compactions_done: 5,
                ..store::Usage::default()
            },
            1 << 20,
        );
        let text = metrics.render();
        for line in [
            "halimede_http_connections 1",
            "halimede_http_requests_in_flight 3",
            "halimede_refused_total{limit=\"requests\"} 1",
            "halimede_http_requests_total{operation=\"GetEngineStatus\",status=\"200\"} 1",
            "halimede_http_request_duration_seconds_bucket{operation=\"GetEngineStatus\",le=\"0.005\"} 1",
            "halimede_queries_total{language=\"sparql\",outcome=\"TimeLimitExceededException\"} 1",
            "halimede_query_duration_seconds_count{language=\"sparql\"} 2",
            "halimede_lane_running{lane=\"queries\"} 0",
            "halimede_loads{state=\"LOAD_COMPLETED\"} 7",
            "halimede_load_records_total{outcome=\"loaded\"} 42",
            "halimede_load_records_total{outcome=\"error\"} 3",
            "halimede_store_disk_bytes 4096",
            "halimede_store_memory_budget_bytes 1048576",
            "halimede_store_segment_sets 3",
            "halimede_store_compaction_waiting 1",
            "halimede_store_compactions_total 5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing from\n{text}");
        }
        assert!(text.contains("# TYPE halimede_queries_total counter"));
    }

    /// Whether or not anybody scrapes: ten million durations would take 160 MB. It runs in a process of its own, whose
    /// memory no other test uses.
    #[test]
    fn durations_do_not_fill_memory() {
        const NAME: &str = "metrics::tests::durations_do_not_fill_memory";
        const ALONE: &str = "HALIMEDE_TEST_ALONE";
        if std::env::var_os(ALONE).is_none() {
            let mut again = std::process::Command::new(std::env::current_exe().unwrap());
            let output = again.args(["--exact", NAME]).env(ALONE, "1").output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(record_without_scrapes());
    }

    async fn record_without_scrapes() {
        const MOST_GROWTH: u64 = 32 << 20;
        let metrics = std::sync::Arc::new(Metrics::new());
        let kept = std::sync::Arc::clone(&metrics);
        let upkeep = tokio::spawn(async move { kept.keep_up().await });
        let before = resident_bytes();
        for _ in 0..50 {
            for _ in 0..200_000 {
                metrics.query("sparql", "ok", Duration::from_millis(1));
            }
            sleep(UPKEEP).await;
        }
        upkeep.abort();
        if let (Some(before), Some(after)) = (before, resident_bytes()) {
            assert!(after < before + MOST_GROWTH, "{before} bytes became {after}");
        }
        let count = "halimede_query_duration_seconds_count{language=\"sparql\"} 10000000";
        assert!(metrics.render().lines().any(|line| line == count));
    }

    #[test]
    fn every_metric_is_in_the_guide() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/serving.md");
        let guide = std::fs::read_to_string(path).unwrap();
        let metrics = Metrics::new();
        metrics.store(&store::Usage::default(), 0);
        let text = metrics.render();
        let mut names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        names.retain(|line| !guide.contains(&format!("`{}`", line.split(' ').next().unwrap_or_default())));
        assert!(names.is_empty(), "docs/serving.md does not have {names:?}");
    }
}
