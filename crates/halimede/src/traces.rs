//! Traces for a collector: each span that ends is sent on as OTLP over HTTP, in its JSON encoding.
//!
//! A layer beside the log's notes when a span of level `info` begins and ends, and with which fields. A thread of its own sends
//! what has ended, in batches. Between them is a bounded queue: while the collector is away or too slow, spans are dropped
//! and counted, and nobody waits. A request that comes with a W3C `traceparent` goes on in that trace, or stays untraced if
//! its caller does not trace it.
//!
//! Differs from the OpenTelemetry SDK in being 300 lines and no dependency: one signal, one protocol, no samplers.
//!
//! **Source**: OTLP 1.9, "OTLP/HTTP" and "JSON Protobuf Encoding"; W3C Trace Context, "traceparent".

mod otlp;
mod sender;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::time::SystemTime;

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use url::Url;
use uuid::Uuid;

use crate::error::Result;
use sender::Sender;

/// Spans that may wait to be sent.
const QUEUE: usize = 8_192;

/// Characters of a text that are kept: a path may have thousands.
const LONGEST: usize = 1_024;

/// The field with which a span says which trace it goes on in.
const PARENT: &str = "traceparent";

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Truth(bool),
}

/// A span, from its beginning to when it is sent.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    /// Whether it is sent at all.
    sampled: bool,
    name: &'static str,
    began: SystemTime,
    ended: SystemTime,
    fields: Vec<(&'static str, Value)>,
}

/// What the layer hands over.
enum Message {
    Ended(Box<Span>),
    /// Send what there is; this is the end.
    Stop,
}

/// Notes spans, for as long as the process logs.
pub(crate) struct Tracer {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// Sends what is left when it is dropped.
#[must_use]
pub(crate) struct Traces {
    queue: SyncSender<Message>,
    sender: Option<std::thread::JoinHandle<()>>,
}

/// Starts sending to the collector whose base is `endpoint`. It need not answer yet.
///
/// # Errors
/// If there can be no client or no thread.
pub(crate) fn start(endpoint: &Url) -> Result<(Tracer, Traces)> {
    let (queue, ended) = mpsc::sync_channel(QUEUE);
    let dropped = Arc::new(AtomicU64::new(0));
    let sender = Sender::new(endpoint, Arc::clone(&dropped))?.spawn(ended)?;
    Ok((Tracer { queue: queue.clone(), dropped }, Traces { queue, sender: Some(sender) }))
}

impl Drop for Traces {
    fn drop(&mut self) {
        // A full queue is being sent, and then there is room.
        let _ = self.queue.send(Message::Stop);
        if let Some(sender) = self.sender.take() {
            let _ = sender.join();
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Tracer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let Fields { fields, parent } = fields;
        let own = || Uuid::new_v4().into_bytes();
        let above = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let parent = extensions.get::<Span>()?;
            Some(Parent { trace: parent.trace, span: parent.id, sampled: parent.sampled })
        });
        let above = above.or(parent);
        let mut short = [0; 8];
        short.copy_from_slice(&own()[8..]);
        let now = SystemTime::now();
        let noted = Span {
            trace: above.as_ref().map_or_else(own, |above| above.trace),
            id: short,
            parent: above.as_ref().map(|above| above.span),
            sampled: above.is_none_or(|above| above.sampled),
            name: attributes.metadata().name(),
            began: now,
            ended: now,
            fields,
        };
        span.extensions_mut().insert(noted);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(noted) = extensions.get_mut::<Span>() else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        noted.fields.extend(fields.fields);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(mut noted) = span.extensions_mut().remove::<Span>() else { return };
        if !noted.sampled {
            return;
        }
        noted.ended = SystemTime::now();
        if self.queue.try_send(Message::Ended(Box::new(noted))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Which span another process's is above this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parent {
    trace: [u8; 16],
    span: [u8; 8],
    sampled: bool,
}

impl Parent {
    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`; a later version may have more behind that. What is none is ignored, as the
    /// recommendation wants.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex::<1>(parts.next()?)?;
        let trace = hex::<16>(parts.next()?)?;
        let span = hex::<8>(parts.next()?)?;
        let [flags] = hex::<1>(parts.next()?)?;
        let rest = parts.next();
        let fits = version != [0xFF] && (version != [0] || rest.is_none());
        (fits && trace != [0; 16] && span != [0; 8]).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

/// Lower-case hexadecimal of exactly that many bytes.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let known = |digit: &u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(digit);
    if digits.len() != 2 * N || !digits.iter().all(known) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Collects the fields of a span.
#[derive(Debug, Default)]
struct Fields {
    fields: Vec<(&'static str, Value)>,
    parent: Option<Parent>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.fields.push((field.name(), value));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == PARENT {
            self.parent = Parent::parse(value);
        } else {
            self.put(field, Value::Text(value.chars().take(LONGEST).collect()));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Integer(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Truth(value));
    }
}

#[cfg(test)]
mod tests;
