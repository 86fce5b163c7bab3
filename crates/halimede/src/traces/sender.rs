//! The thread that sends spans: in batches, one request at a time, each with an end in sight.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use reqwest::header;
use tokio::runtime::Runtime;
use url::Url;

use super::{Message, Span, otlp};
use crate::error::{Error, Result};

/// Spans of one request.
const BATCH: usize = 512;
/// How long a span waits for others.
const DELAY: Duration = Duration::from_secs(1);
/// How long the collector has for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two complaints about the collector.
const QUIET: Duration = Duration::from_mins(1);

/// Who sends, and to where.
pub(super) struct Sender {
    url: Url,
    http: reqwest::Client,
    runtime: Runtime,
    dropped: Arc<AtomicU64>,
    complained: Option<Instant>,
}

impl Sender {
    /// To `/v1/traces` below `endpoint`. `dropped` counts what did not fit the queue.
    pub(super) fn new(endpoint: &Url, dropped: Arc<AtomicU64>) -> Result<Self> {
        let failed = |error: &dyn std::error::Error| Error::Usage(format!("--otlp-endpoint {endpoint}: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| failed(&e))?;
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("halimede/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        if endpoint.scheme() == "http" {
            // Loading the system's certificates would fail on a machine that has none.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(|error| failed(&error))?;
        let base = endpoint.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/v1/traces")).map_err(|error| failed(&error))?;
        Ok(Self { url, http, runtime, dropped, complained: None })
    }

    /// Sends what comes, until it is told to stop.
    pub(super) fn spawn(mut self, ended: Receiver<Message>) -> Result<JoinHandle<()>> {
        let thread = thread::Builder::new().name("traces".to_owned());
        thread
            .spawn(move || while self.send_batch(&ended) {})
            .map_err(|error| Error::Usage(format!("no thread for --otlp-endpoint can be started: {error}")))
    }

    /// Waits for a span and then a moment for others; sends them. `false` at the end.
    fn send_batch(&mut self, ended: &Receiver<Message>) -> bool {
        let mut batch = Vec::new();
        let Ok(Message::Ended(first)) = ended.recv() else { return false };
        batch.push(*first);
        let until = Instant::now() + DELAY;
        let mut goes_on = true;
        while batch.len() < BATCH {
            match ended.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Message::Ended(span)) => batch.push(*span),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    goes_on = false;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        self.send(&batch);
        goes_on
    }

    fn send(&mut self, spans: &[Span]) {
        let request =
            self.http.post(self.url.clone()).header(header::CONTENT_TYPE, "application/json").body(otlp::body(spans));
        // Its time is counted from within the runtime.
        let outcome = match self.runtime.block_on(async { request.send().await }) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status())),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = outcome {
            self.dropped.fetch_add(spans.len() as u64, Ordering::Relaxed);
            self.complain(&why);
        }
    }

    /// Says what is lost, and not again and again.
    fn complain(&mut self, why: &str) {
        if self.complained.is_some_and(|last| last.elapsed() < QUIET) {
            return;
        }
        self.complained = Some(Instant::now());
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        tracing::warn!(collector = %self.url, dropped, why, "spans were not sent");
    }
}
