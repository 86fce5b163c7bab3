//! Each limit that is not another file's: what it refuses, in which words, and what still gets through.

use std::io::{Read, Write};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::cancel::wait_for;
use crate::harness::{Reply, Running, read_all, start_with};
use crate::queries::fill;

const QUERY: (&str, &str) = ("content-type", "application/sparql-query");
const EVERYTHING: &[u8] = b"SELECT * { ?s ?p ?o }";

/// A request whose body does not come.
fn unfinished(server: &Running) -> std::net::TcpStream {
    let mut stream = server.connect();
    let head = format!("POST /sparql HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n\r\n", server.address);
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn requests_beyond_those_in_flight_are_turned_away() {
    let server = start_with(|config, _| config.in_flight = 2);
    let held = [unfinished(&server), unfinished(&server)];
    wait_for(&server, "halimede_http_requests_in_flight 2");
    let refused = server.send("POST", "/sparql", &[QUERY], b"ASK {}");
    assert_eq!(
        refused.failure(),
        "429 TooManyRequestsException: Too many requests: 2 are in flight. Please retry later."
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(server.send("POST", "/loader", &[], b"{}").status, 429);
    for target in ["/status", "/loader", "/halimede/health", "/metrics"] {
        assert_eq!(server.ask("GET", target).status, 200, "{target}");
    }
    assert_eq!(server.ask("DELETE", "/loader/0a237328-afd5-4574-a0bc-c29ce5f54802").status, 404);
    drop(held);
    wait_for(&server, "halimede_http_requests_in_flight 0");
    assert_eq!(server.send("POST", "/sparql", &[QUERY], b"ASK {}").status, 200);
    wait_for(&server, "halimede_refused_total{limit=\"requests\"} 2");
}

#[test]
fn a_result_over_its_limit_is_ended() {
    let server = start_with(|config, _| config.result_bytes = 100_000);
    fill(&server, 5_000);
    let text = "The result is over 100000 bytes (--max-result): ask for less at a time, with LIMIT and OFFSET";
    let reply = server.send("POST", "/sparql", &[QUERY, ("te", "trailers"), ("accept", "text/csv")], EVERYTHING);
    assert_eq!(reply.status, 200, "its beginning was sent");
    let (rows, failure) = reply.body.split_once('{').unwrap();
    assert!(rows.starts_with("s,p,o\r\nhttp://s/"), "{rows:.100}");
    assert!(rows.len() <= 100_000, "{}", rows.len());
    assert!(failure.contains("QueryLimitException") && failure.contains(text), "{failure}");
    assert!(reply.trailers.contains(&("x-neptune-status".to_owned(), "400 QueryLimitException".to_owned())));
    wait_for(&server, "halimede_refused_total{limit=\"result\"} 1");
    let less = server.send("POST", "/sparql", &[QUERY], b"SELECT * { ?s ?p ?o } LIMIT 10");
    assert_eq!(less.json()["results"]["bindings"].as_array().unwrap().len(), 10);

    let server = start_with(|config, _| config.result_bytes = 1_000);
    fill(&server, 100);
    let refused = server.send("POST", "/sparql", &[QUERY], EVERYTHING).failure();
    assert_eq!(refused, format!("400 QueryLimitException: {}", text.replace("100000", "1000")));
    wait_for(&server, "halimede_refused_total{limit=\"result\"} 1");
}

#[test]
fn sizes_are_those_of_the_configuration() {
    let server = start_with(|config, _| {
        config.head_bytes = 16 << 10;
        config.url_bytes = 1_000;
        config.request_bytes = 2_000;
    });
    let long = format!("/loader?x={}", "y".repeat(1_000));
    assert_eq!(server.ask("GET", &long).failure(), "400 BadRequestException: The request's target is over 1000 bytes");
    assert_eq!(
        server.send("GET", "/status", &[("x", &"y".repeat(16 << 10))], b"").failure(),
        "400 BadRequestException: The request's head is over 16384 bytes"
    );
    for target in ["/sparql", "/loader"] {
        let reply = server.send("POST", target, &[QUERY], &[b' '; 2_001]);
        assert_eq!(reply.failure(), "400 BadRequestException: Request body over 2000 bytes", "{target}");
    }
    for limit in ["url", "body"] {
        let line = format!("halimede_refused_total{{limit=\"{limit}\"}} {}", if limit == "url" { 1 } else { 2 });
        wait_for(&server, &line);
    }
}

#[test]
fn a_connection_in_reserve_ends_with_its_first_reply() {
    let server = start_with(|config, _| {
        config.connections = 1;
        config.reserved_connections = 1;
    });
    let request = format!("GET /status HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    let mut held = server.connect();
    held.write_all(request.as_bytes()).unwrap();
    let kept = Reply::next(&mut held);
    assert_eq!((kept.status, kept.header("connection")), (200, None));
    // There is one more place: nobody keeps it, so each of these finds it free in its turn.
    for _ in 0..20 {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let text = read_all(&mut stream);
        assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("connection: close\r\n"), "{text}");
    }
}

#[test]
fn an_idle_connection_is_closed_over_http1_and_http2() {
    let server = start_with(|config, _| config.idle_timeout = Duration::from_millis(300));
    let mut stream = server.connect();
    write!(stream, "GET /status HTTP/1.1\r\nhost: {}\r\n\r\n", server.address).unwrap();
    assert_eq!(Reply::next(&mut stream).status, 200);
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);

    server.runtime.block_on(async {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = Request::get(format!("http://{}/status", server.address));
        let reply = sender.send_request(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
        assert_eq!(reply.status(), 200);
        reply.into_body().collect().await.unwrap();
        // The client answers pings, and still it ends.
        connection.await.unwrap().unwrap();
    });
}

#[test]
fn a_client_that_takes_nothing_loses_its_connection_and_its_turn() {
    let server = start_with(|config, _| config.send_timeout = Duration::from_millis(300));
    fill(&server, 20_000);
    // Over HTTP/2, by granting the stream no room: the socket itself stays free.
    server.runtime.block_on(async {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let mut builder = http2::Builder::new(TokioExecutor::new());
        let handshake = builder.initial_stream_window_size(100).handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        let connection = tokio::spawn(connection);
        let target = format!("http://{}/halimede/export?format=nquads", server.address);
        let reply = sender.send_request(Request::get(target).body(Full::<Bytes>::default()).unwrap()).await.unwrap();
        assert_eq!(reply.status(), 200);
        drop(connection.await.unwrap());
        assert!(reply.into_body().collect().await.is_err(), "it broke off");
    });
    wait_for(&server, "halimede_lane_running{lane=\"chores\"} 0");
    wait_for(&server, "halimede_http_requests_in_flight 0");
    assert_eq!(server.ask("GET", "/status").status, 200);
}
