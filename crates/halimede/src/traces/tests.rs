//! Spans as a collector gets them, from a real socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::Receiver;

use serde_json::{Value as Json, json};
use tracing_subscriber::layer::SubscriberExt;

use super::*;

/// A collector that takes `exports` requests and gives their bodies.
fn collector(exports: usize) -> (Url, Receiver<(String, Json)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (bodies, got) = mpsc::channel();
    std::thread::spawn(move || {
        for _ in 0..exports {
            let (mut stream, _) = listener.accept().unwrap();
            let (head, body) = read(&mut stream);
            bodies.send((head, serde_json::from_slice(&body).unwrap())).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").unwrap();
        }
    });
    (url, got)
}

fn read(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if bytes.len() >= end + 4 + length.parse::<usize>().unwrap() {
            return (head, bytes.split_off(end + 4));
        }
    }
}

/// The spans of one export.
fn spans(body: &Json) -> Vec<Json> {
    body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

#[test]
fn a_request_and_what_is_within_it_are_sent_as_one_trace() {
    crate::install_crypto();
    let (url, got) = collector(1);
    let (tracer, traces) = start(&url).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(tracer), || {
        let request = tracing::info_span!(
            "request",
            id = "r-1",
            method = "GET",
            operation = tracing::field::Empty,
            status = tracing::field::Empty,
            traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        );
        request.in_scope(|| drop(tracing::info_span!("work", rows = 7_u64, good = true, share = 0.5)));
        request.record("operation", "GetEngineStatus");
        request.record("status", 500_u64);
    });
    drop(traces);
    let (head, body) = got.recv().unwrap();
    assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let resource = &body["resourceSpans"][0]["resource"]["attributes"][0];
    assert_eq!(*resource, json!({"key": "service.name", "value": {"stringValue": "halimede"}}));
    let [work, request] = <[Json; 2]>::try_from(spans(&body)).unwrap();
    for span in [&work, &request] {
        assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
        let nanoseconds = |name: &str| span[name].as_str().unwrap().parse::<u128>().unwrap();
        assert!(nanoseconds("startTimeUnixNano") <= nanoseconds("endTimeUnixNano"));
    }
    assert_eq!(work["parentSpanId"], request["spanId"]);
    assert_eq!(
        work["attributes"],
        json!([
            {"key": "halimede.rows", "value": {"intValue": "7"}},
            {"key": "halimede.good", "value": {"boolValue": true}},
            {"key": "halimede.share", "value": {"doubleValue": 0.5}},
        ])
    );
    assert_eq!(request["parentSpanId"], "b7ad6b7169203331");
    assert_eq!((&request["name"], &request["kind"]), (&json!("GetEngineStatus"), &json!(2)));
    assert_eq!(request["status"], json!({"code": 2}));
    let attributes = request["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"key": "http.response.status_code", "value": {"intValue": "500"}})));
    assert!(!body.to_string().contains("traceparent"));
}

#[test]
fn what_the_caller_does_not_trace_is_not_sent() {
    crate::install_crypto();
    let (url, got) = collector(1);
    let (tracer, traces) = start(&url).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(tracer), || {
        let untraced = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        tracing::info_span!("request", traceparent = untraced).in_scope(|| drop(tracing::info_span!("work")));
        drop(tracing::info_span!("request", traceparent = "nonsense"));
    });
    drop(traces);
    let [only] = <[Json; 1]>::try_from(spans(&got.recv().unwrap().1)).unwrap();
    assert!(only.get("parentSpanId").is_none(), "a trace of its own: {only}");
}

#[test]
fn a_collector_that_is_away_costs_nothing_but_spans() {
    crate::install_crypto();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (tracer, traces) = start(&Url::parse(&format!("http://{nobody}")).unwrap()).unwrap();
    let dropped = Arc::clone(&tracer.dropped);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(tracer), || {
        for _ in 0..3 {
            drop(tracing::info_span!("request"));
        }
    });
    drop(traces);
    // The complaint took the number, and there is no log here that shows it.
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
}

#[test]
fn parents_are_read_as_the_recommendation_has_them() {
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert!(Parent::parse(good).unwrap().sampled);
    assert!(Parent::parse(&good.replacen("00", "cc", 1)).is_some(), "a later version");
    assert!(Parent::parse(&format!("{}-more", good.replacen("00", "cc", 1))).is_some());
    for bad in [
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319é-b7ad6b7169203331-01",
    ] {
        assert_eq!(Parent::parse(bad), None, "{bad}");
    }
}
