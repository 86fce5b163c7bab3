//! What every request meets first: path, method, host, origin, framing, size, time.

use std::io::Write;
use std::time::Duration;

use crate::harness::{read_all, start, start_with};

#[test]
fn status_and_errors_are_compared_whole() {
    let server = start();
    let status = server.ask("GET", "/status");
    assert_eq!(status.status, 200);
    assert_eq!(status.json()["status"], "healthy");
    assert_eq!(status.json()["role"], "writer");
    let length = status.header("content-length").unwrap().to_owned();
    assert_eq!(
        status.whole(),
        format!(
            "200\nconnection: close\ncontent-length: {length}\ncontent-type: application/json; charset=UTF-8\n\
             x-amzn-requestid: ID\n\n{}",
            status.body
        )
    );

    let unknown = server.ask("GET", "/no/such%20path?x=1");
    let length = unknown.body.len();
    assert_eq!(
        unknown.whole(),
        format!(
            "400\nconnection: close\ncontent-length: {length}\ncontent-type: application/json; charset=UTF-8\n\
             x-amzn-errortype: BadRequestException\nx-amzn-requestid: ID\n\n\
             {{\"code\":\"BadRequestException\",\"detailedMessage\":\"Bad route: /no/such%20path\",\
             \"message\":\"Bad route: /no/such%20path\",\"requestId\":\"ID\"}}"
        )
    );
}

#[test]
fn methods_and_operations_that_are_not_offered() {
    let server = start();
    for (method, target, allow) in [
        ("PUT", "/loader", "GET, POST, DELETE"),
        ("POST", "/status", "GET"),
        ("PATCH", "/sparql", "GET, POST"),
        ("OPTIONS", "/status", "GET"),
    ] {
        let reply = server.ask(method, target);
        assert!(reply.failure().starts_with("405 MethodNotAllowedException: "), "{}", reply.failure());
        assert_eq!(reply.header("allow"), Some(allow), "{method} {target}");
    }
    for (method, target, operation) in [
        ("POST", "/gremlin", "ExecuteGremlinQuery"),
        ("GET", "/pg/stream/", "GetPropertygraphStream"),
        ("DELETE", "/gremlin/status/a%2Fb", "CancelGremlinQuery"),
        ("GET", "/sparql/stream", "GetSparqlStream"),
    ] {
        assert_eq!(
            server.send(method, target, &[], b"{}").failure(),
            format!("400 UnsupportedOperationException: {operation} is not supported by this version of the server")
        );
    }
}

#[test]
fn foreign_pages_are_refused_before_their_body_is_read() {
    let server = start();
    let own = server.address.to_string();
    for (host, origin, allowed) in [
        (own.as_str(), None, true),
        ("localhost:8182", None, true),
        ("rebound.example", None, false),
        (own.as_str(), Some("http://evil.example".to_owned()), false),
        (own.as_str(), Some("null".to_owned()), false),
        (own.as_str(), Some(format!("http://{own}")), true),
    ] {
        // A body is announced and never sent: an answer proves that nobody waited for it.
        let origin = origin.map(|origin| format!("origin: {origin}\r\n")).unwrap_or_default();
        let body = if allowed { "" } else { "content-length: 100000\r\n" };
        let head = format!("POST /loader HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{origin}{body}\r\n");
        let reply = server.raw(head.as_bytes());
        let expected = if allowed { "400 " } else { "403 AccessDeniedException: " };
        assert!(reply.failure().starts_with(expected), "{host} {origin}: {}", reply.failure());
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    assert!(server.loader.list(100, true).is_empty());
}

#[test]
fn pages_of_an_allowed_origin_may_ask_and_read() {
    let page = "http://localhost:5173";
    let server = start_with(|config, _| config.allow_origins.push(page.to_owned()));
    let asked = server.send(
        "OPTIONS",
        "/loader",
        &[
            ("origin", page),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ],
        b"",
    );
    assert_eq!(
        asked.whole(),
        "204\naccess-control-allow-headers: content-type\naccess-control-allow-methods: GET, POST, PUT, DELETE\n\
         access-control-allow-origin: http://localhost:5173\n\
         access-control-expose-headers: x-amzn-requestid, x-amzn-errortype, retry-after\naccess-control-max-age: 600\n\
         connection: close\nvary: Origin\nx-amzn-requestid: ID\n\n"
    );
    for target in ["/status", "/no/such/path"] {
        let reply = server.send("GET", target, &[("origin", page)], b"");
        assert_eq!(reply.header("access-control-allow-origin"), Some(page), "{target}");
    }
    let refused = server.send(
        "OPTIONS",
        "/loader",
        &[("origin", "http://evil.example"), ("access-control-request-method", "POST")],
        b"",
    );
    assert!(refused.failure().starts_with("403 AccessDeniedException: Origin 'http://evil.example'"));
}

#[test]
fn malformed_requests_get_an_answer_and_do_no_harm() {
    let server = start();
    let host = server.address;
    for (request, status) in [
        (format!("GET /status HTTP/1.1\r\nhost: {host}\r\nbad header\r\n\r\n"), 400),
        (format!("GET /sta\u{e9}tus HTTP/1.1\r\nhost: {host}\r\n\r\n"), 400),
        ("nonsense\r\n\r\n".to_owned(), 400),
        (format!("GET /status HTTP/9.9\r\nhost: {host}\r\n\r\n"), 400),
        (format!("GET /status HTTP/1.1\r\nhost: {host}\r\nlong: {}\r\n\r\n", "x".repeat(200 << 10)), 400),
        (format!("GET /{} HTTP/1.1\r\nhost: {host}\r\n\r\n", "x".repeat(70 << 10)), 400),
        ("GET /status HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(), 403),
        ("GET /status HTTP/1.0\r\n\r\n".to_owned(), 403),
        (format!("GET /status HTTP/1.0\r\nhost: {host}\r\n\r\n"), 200),
        (format!("POST /loader HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), 400),
        (format!("POST /loader HTTP/1.1\r\nhost: {host}\r\ncontent-length: -1\r\n\r\n"), 400),
        (format!("POST /loader HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n123456"), 400),
        (format!("GET /loader?limit=0 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"), 400),
        (format!("GET /loader?%FF%FE=%00 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"), 200),
    ] {
        let reply = server.raw(request.as_bytes());
        assert_eq!(reply.status, status, "{:?}", &request[..request.len().min(80)]);
        if status != 200 {
            reply.failure();
        }
    }
    assert_eq!(server.ask("GET", "/status").status, 200);
}

#[test]
fn a_body_over_the_limit_is_refused_with_its_size() {
    let server = start();
    let declared = format!(
        "POST /loader HTTP/1.1\r\nhost: {}\r\ncontent-length: 157286401\r\nexpect: 100-continue\r\n\r\n",
        server.address
    );
    let reply = server.raw(declared.as_bytes());
    assert_eq!(reply.failure(), "400 BadRequestException: Request body over 1048576 bytes");
    assert_eq!(reply.header("connection"), Some("close"));

    let declared = declared.replace("/loader", "/sparql");
    let reply = server.raw(declared.as_bytes());
    assert_eq!(reply.failure(), "400 BadRequestException: Request body over 157286400 bytes");

    // A client that sends everything before it reads gets its reply, too.
    let body = vec![b' '; 3 << 20];
    let reply = server.send("POST", "/loader", &[], &body);
    assert_eq!(reply.failure(), "400 BadRequestException: Request body over 1048576 bytes");

    let encoded = server.send("POST", "/loader", &[("content-encoding", "gzip")], b"x");
    assert!(encoded.failure().starts_with("400 BadRequestException: Content-Encoding 'gzip'"));
}

#[test]
fn slow_bodies_and_slow_heads_time_out() {
    let server = start_with(|config, _| {
        config.receive_timeout = Duration::from_millis(300);
        config.idle_timeout = Duration::from_millis(300);
    });
    for target in ["DELETE /loader/0a237328-afd5-4574-a0bc-c29ce5f54802", "POST /loader", "POST /sparql"] {
        let head = format!("{target} HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n\r\n1234", server.address);
        let reply = server.raw(head.as_bytes());
        assert_eq!(
            reply.failure(),
            "408 ClientTimeoutException: The request was not received in time: 4 bytes of its body arrived",
            "{target}"
        );
        assert_eq!(reply.header("connection"), Some("close"));
    }
    for beginning in ["P", "GET /status HTT", "PRI * HTTP/2.0\r\n\r\n"] {
        assert_eq!(
            server.raw(beginning.as_bytes()).failure(),
            "408 ClientTimeoutException: The request was not received in time: its head did not end",
            "{beginning:?}"
        );
    }
    assert_eq!(read_all(&mut server.connect()), "");
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let server = start();
    let mut stream = server.connect();
    let host = server.address;
    let requests = format!(
        "GET /status HTTP/1.1\r\nhost: {host}\r\n\r\n\
         POST /gremlin HTTP/1.1\r\nhost: {host}\r\ncontent-length: 3\r\n\r\nabc\
         DELETE /loader HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(requests.as_bytes()).unwrap();
    let text = read_all(&mut stream);
    let statuses: Vec<&str> = text.matches("HTTP/1.1 200").chain(text.matches("HTTP/1.1 400")).collect();
    assert_eq!(statuses.len(), 3, "{text}");
    assert!(text.contains("UnsupportedOperationException") && text.contains("MissingParameterException"), "{text}");
}

#[test]
fn health_and_metrics() {
    let server = start();
    assert_eq!(server.ask("GET", "/halimede/health").json()["status"], "healthy");
    server.ask("GET", "/no/such/path");
    let metrics = server.ask("GET", "/metrics");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "halimede_http_requests_total{operation=\"Health\",status=\"200\"} 1",
        "halimede_http_requests_total{operation=\"none\",status=\"400\"} 1",
        "halimede_loads{state=\"LOAD_COMPLETED\"} 0",
        "halimede_lane_running{lane=\"queries\"} 0",
        "halimede_store_delta_quads 0",
    ] {
        assert!(metrics.body.lines().any(|found| found == line), "{line} is missing from\n{}", metrics.body);
    }
    let check = server.ask("GET", "/halimede/check");
    assert_eq!(check.json()["problems"], serde_json::json!([]));
}

#[test]
fn a_stop_is_orderly() {
    let mut server = start();
    let mut idle = server.connect();
    assert_eq!(server.ask("GET", "/status").status, 200);
    server.stop();
    assert_eq!(read_all(&mut idle), "");
    assert!(std::net::TcpStream::connect(server.address).is_err());
}
