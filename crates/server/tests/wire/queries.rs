//! SPARQL in every form of the protocol.

use std::io::{Read, Write};
use std::time::Duration;

use model::{Dataset, IntegerType, TermRef, Value};

use crate::cancel::wait_for;
use crate::harness::{Reply, Running, read_all, start, start_with};

const ASK: &str = "ASK { <http://s/1> <http://p> 1 }";
const ASK_ENCODED: &str = "ASK%20%7B%20%3Chttp%3A%2F%2Fs%2F1%3E%20%3Chttp%3A%2F%2Fp%3E%201%20%7D";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
const QUERY: (&str, &str) = ("content-type", "application/sparql-query");

/// `<http://s/N> <http://p> N` for N below `count`.
pub(crate) fn fill(server: &Running, count: i64) {
    let mut transaction = server.store.begin(Dataset::Rdf);
    for number in 0..count {
        let subject = format!("http://s/{number}");
        let object = Value::Integer { kind: IntegerType::Integer, value: number.into() };
        transaction
            .insert(TermRef::Iri(&subject), TermRef::Iri("http://p"), TermRef::Value(&object), TermRef::DefaultGraph)
            .unwrap();
    }
    transaction.commit().unwrap();
}

#[test]
fn a_query_is_asked_in_every_form() {
    let server = start();
    fill(&server, 3);
    for (method, target, headers, body) in [
        ("GET", format!("/sparql?query={ASK_ENCODED}"), vec![], String::new()),
        ("GET", format!("/sparql/?format=json&query={ASK_ENCODED}&timeout=5"), vec![], String::new()),
        ("GET", format!("/sparql?query={ASK_ENCODED}"), vec![("content-type", "application/json")], String::new()),
        ("POST", "/sparql".to_owned(), vec![FORM], format!("query={ASK_ENCODED}")),
        ("POST", format!("/sparql?query={ASK_ENCODED}"), vec![], String::new()),
        ("POST", "/sparql/".to_owned(), vec![QUERY], ASK.to_owned()),
    ] {
        let reply = server.send(method, &target, &headers, body.as_bytes());
        assert_eq!(reply.status, 200, "{method} {target}: {}", reply.body);
        assert_eq!(reply.header("content-type"), Some("application/sparql-results+json"), "{method} {target}");
        assert_eq!(reply.json()["boolean"], true, "{method} {target}");
    }
}

#[test]
fn results_come_in_the_format_that_was_asked_for() {
    let server = start();
    fill(&server, 1);
    let select = "SELECT ?o { <http://s/0> ?p ?o }";
    let construct = "CONSTRUCT WHERE { ?s ?p ?o }";
    for (query, accept, media_type, content) in [
        (select, "text/csv", "text/csv", "o\r\n0\r\n"),
        (select, "text/csv;q=0.5, text/tab-separated-values", "text/tab-separated-values", "?o\n0\n"),
        (
            construct,
            "application/n-triples",
            "application/n-triples",
            "<http://s/0> <http://p> \"0\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n",
        ),
        (ASK, "text/boolean", "text/boolean", "false"),
    ] {
        let reply = server.send("POST", "/sparql", &[QUERY, ("accept", accept)], query.as_bytes());
        assert_eq!(
            reply.whole(),
            format!(
                "200\nconnection: close\ncontent-length: {}\ncontent-type: {media_type}\nx-amzn-requestid: ID\n\n{content}",
                content.len()
            ),
            "{accept}"
        );
    }
    let none = server.send("POST", "/sparql", &[QUERY, ("accept", "image/png")], select.as_bytes()).failure();
    assert!(none.starts_with("400 BadRequestException: SELECT cannot be answered as image/png"), "{none}");
}

#[test]
fn requests_that_ask_no_single_query() {
    let server = start();
    let sent = |method, target, headers: &[(&str, &str)], body: &str| {
        server.send(method, target, headers, body.as_bytes()).failure()
    };
    for (failure, expected) in [
        (sent("GET", "/sparql", &[], ""), "400 MissingParameterException: Missing required parameters: [query]"),
        (
            sent("POST", "/sparql", &[FORM], "x=1"),
            "400 MissingParameterException: Missing required parameters: [query]",
        ),
        (
            sent("GET", "/sparql?update=CLEAR+ALL", &[], ""),
            "400 BadRequestException: An update cannot be sent with GET",
        ),
        (
            sent("POST", "/sparql", &[FORM], "update=CLEAR+ALL&query=ASK{}"),
            "400 BadRequestException: A request has a query or an update",
        ),
        (
            sent("GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", &[], ""),
            "400 BadRequestException: A request has one query",
        ),
        (
            sent("POST", "/sparql?query=ASK%7B%7D", &[QUERY], "ASK{}"),
            "400 BadRequestException: The query is given twice",
        ),
        (
            sent("POST", "/sparql", &[("content-type", "text/plain")], "ASK{}"),
            "400 BadRequestException: Content-Type 'text/plain'",
        ),
        (sent("POST", "/sparql", &[], "query=ASK%7B%7D"), "400 BadRequestException: The body has no Content-Type"),
        (
            sent("GET", "/sparql?query=ASK%7B%7D&explain=static", &[], ""),
            "400 UnsupportedOperationException: Explain of ASK",
        ),
        (sent("POST", "/sparql", &[QUERY], "SELECT nonsense"), "400 MalformedQueryException: Malformed query: "),
        (sent("GET", "/sparql?query=", &[], ""), "400 MalformedQueryException: Malformed query: "),
        (sent("GET", "/sparql?query=ASK%7B%7D&default-graph-uri=relative", &[], ""), "400 MalformedQueryException: "),
    ] {
        assert!(failure.starts_with(expected), "{expected}: {failure}");
    }
    let many = "x&".repeat(2_000);
    let many = server.send("POST", "/sparql", &[FORM], many.as_bytes()).failure();
    assert_eq!(many, "400 BadRequestException: The request has more than 1000 parameters");
    let binary = server.send("POST", "/sparql", &[QUERY], b"ASK \xff").failure();
    assert_eq!(binary, "400 MalformedQueryException: Malformed query: byte 4 is not UTF-8");
}

#[test]
fn a_large_result_is_streamed_and_its_end_is_told() {
    let server = start();
    fill(&server, 20_000);
    let headers = [QUERY, ("accept", "text/csv"), ("te", "trailers")];
    let reply = server.send("POST", "/sparql", &headers, b"SELECT ?o { ?s ?p ?o }");
    assert_eq!(reply.header("transfer-encoding"), Some("chunked"));
    assert_eq!(reply.header("trailer"), Some("X-Neptune-Status, X-Neptune-Detail"));
    assert_eq!(reply.body.lines().count(), 20_001);
    assert_eq!(
        reply.trailers,
        [("x-neptune-status".to_owned(), "200 OK".to_owned()), ("x-neptune-detail".to_owned(), String::new())]
    );
}

/// A query that neither ends nor gives a row in a test's time.
const ENDLESS: &str = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h }";

/// Four million rows: more than the buffers between a worker and a client that does not read can hold.
const ROWS: &str = "SELECT ?s ?t { ?s ?p ?o . ?t ?p ?u }";

#[test]
fn a_query_beyond_its_time_is_ended() {
    let server = start_with(|config, _| config.query_timeout = Duration::from_millis(200));
    fill(&server, 2_000);
    assert_eq!(
        server.send("POST", "/sparql", &[QUERY], ENDLESS.as_bytes()).failure(),
        "500 TimeLimitExceededException: Operation terminated (deadline exceeded)"
    );
    let metrics = server.ask("GET", "/metrics").body;
    let line = "halimede_queries_total{language=\"sparql\",outcome=\"TimeLimitExceededException\"} 1";
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
}

#[test]
fn a_query_that_keeps_too_much_is_ended() {
    let server = start_with(|config, _| config.query_memory_bytes = Some(1 << 20));
    fill(&server, 2_000);
    for product in [
        "SELECT ?a ?c (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d } GROUP BY ?a ?c",
        "SELECT * { ?a ?p ?b . ?c ?p ?d } ORDER BY ?b",
    ] {
        let failure = server.send("POST", "/sparql", &[QUERY], product.as_bytes()).failure();
        assert!(
            failure.starts_with("500 MemoryLimitExceededException: Operation terminated (out of memory)"),
            "{failure}"
        );
    }
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 0");
}

#[test]
fn a_product_of_patterns_is_ended_in_time() {
    let server = start_with(|config, _| config.query_timeout = Duration::from_millis(200));
    fill(&server, 100);
    let product = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?t ?h . ?i ?u ?j FILTER(?b + ?d + ?f + ?h + ?j < 0) }";
    let failure = server.send("POST", "/sparql", &[QUERY], product.as_bytes()).failure();
    assert!(failure.starts_with("500 "), "{failure}");
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 0");
}

#[test]
fn a_client_that_leaves_ends_its_query() {
    let server = start();
    fill(&server, 2_000);
    let mut stream = server.connect();
    stream.write_all(&server.request("POST", "/sparql", &[QUERY], ENDLESS.as_bytes())).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 1");
    drop(stream);
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 0");
    wait_for(&server, "halimede_queries_total{language=\"sparql\",outcome=\"CancelledByUserException\"} 1");
}

#[test]
fn a_client_that_does_not_read_is_ended_with_its_query() {
    let server = start_with(|config, _| config.query_timeout = Duration::from_millis(500));
    fill(&server, 2_000);
    let mut stream = server.connect();
    let request = server.request("POST", "/sparql", &[QUERY, ("accept", "text/csv")], ROWS.as_bytes());
    stream.write_all(&request).unwrap();
    wait_for(&server, "halimede_queries_total{language=\"sparql\",outcome=\"TimeLimitExceededException\"} 1");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let reply = Reply::read(&String::from_utf8(bytes).unwrap());
    assert_eq!(reply.status, 200);
    assert!(reply.body.ends_with('}') && reply.body.contains("\"code\":\"TimeLimitExceededException\""));
}

#[test]
fn a_connection_that_takes_nothing_is_closed_and_its_query_ended() {
    let server = start_with(|config, _| config.send_timeout = Duration::from_millis(500));
    fill(&server, 2_000);
    let mut stream = server.connect();
    let request = server.request("POST", "/sparql", &[QUERY, ("accept", "text/csv")], ROWS.as_bytes());
    stream.write_all(&request).unwrap();
    wait_for(&server, "halimede_queries_total{language=\"sparql\",outcome=\"CancelledByUserException\"} 1");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    assert!(!bytes.ends_with(b"0\r\n\r\n"), "the reply looks whole");
}

#[test]
fn a_stop_ends_queries() {
    let mut server = start();
    fill(&server, 2_000);
    let mut stream = server.connect();
    stream.write_all(&server.request("POST", "/sparql", &[QUERY], ENDLESS.as_bytes())).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 1");
    server.stop();
    let failure = Reply::read(&read_all(&mut stream)).failure();
    assert!(failure.starts_with("500 ServerShutdownException: "), "{failure}");
}
