//! Spans in the JSON encoding of OTLP. Ids are hexadecimal, and times and integers are texts, as JSON's numbers are too short.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{Span, Value};

/// `SPAN_KIND_SERVER` for requests that came in, `SPAN_KIND_INTERNAL` for everything else.
const SERVER: u8 = 2;
const INTERNAL: u8 = 1;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// The body of one export.
pub(super) fn body(spans: &[Span]) -> String {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({
        "resourceSpans": [{
            "resource": {
                "attributes": [
                    text("service.name", "halimede"),
                    text("service.version", env!("CARGO_PKG_VERSION")),
                ],
            },
            "scopeSpans": [{
                "scope": {"name": "halimede", "version": env!("CARGO_PKG_VERSION")},
                "spans": spans.iter().map(span).collect::<Vec<_>>(),
            }],
        }],
    })
    .to_string()
}

fn span(span: &Span) -> serde_json::Value {
    let attributes: Vec<_> =
        span.fields.iter().map(|(name, value)| json!({"key": attribute(name), "value": encoded(value)})).collect();
    let is_request = span.name == "request";
    let mut shown = json!({
        "traceId": hex(&span.trace),
        "spanId": hex(&span.id),
        "name": if is_request { operation(span).unwrap_or(span.name) } else { span.name },
        "kind": if is_request { SERVER } else { INTERNAL },
        "startTimeUnixNano": nanoseconds(span.began),
        "endTimeUnixNano": nanoseconds(span.ended),
        "attributes": attributes,
    });
    if let Some(parent) = span.parent {
        shown["parentSpanId"] = hex(&parent).into();
    }
    if span.fields.iter().any(|(name, value)| *name == "status" && matches!(value, Value::Integer(500..))) {
        shown["status"] = json!({"code": ERROR});
    }
    shown
}

/// The operation that a request asked for, which is few names, other than its path.
fn operation(span: &Span) -> Option<&str> {
    span.fields.iter().find_map(|(name, value)| match value {
        Value::Text(text) if *name == "operation" && text != "none" => Some(text.as_str()),
        _ => None,
    })
}

/// The name that the semantic conventions have for a field, or one of our own.
fn attribute(field: &str) -> String {
    match field {
        "method" => "http.request.method".to_owned(),
        "path" => "url.path".to_owned(),
        "status" => "http.response.status_code".to_owned(),
        "id" => "halimede.request_id".to_owned(),
        other => format!("halimede.{other}"),
    }
}

fn encoded(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => json!({"stringValue": text}),
        Value::Integer(number) => json!({"intValue": number.to_string()}),
        Value::Float(number) => json!({"doubleValue": number}),
        Value::Truth(truth) => json!({"boolValue": truth}),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all that is written");
        text
    })
}

fn nanoseconds(time: SystemTime) -> String {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()).to_string()
}
