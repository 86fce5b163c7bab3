//! openCypher in every form of request: what it answers, and what becomes of it when something goes wrong.

use std::io::Write;
use std::time::Duration;

use model::Dataset;
use store::CancelToken;

use crate::cancel::wait_for;
use crate::harness::{Reply, Running, read_all, start, start_with};

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const TEXT: (&str, &str) = ("content-type", "application/opencypher");

/// A query that neither ends nor gives a row in a test's time.
pub(crate) const ENDLESS: &str =
    "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b UNWIND range(1, 100000) AS c RETURN count(*) AS n";

/// Asks a query; its whole reply.
pub(crate) fn ask(server: &Running, query: &str) -> Reply {
    server.send("POST", "/openCypher", &[TEXT], query.as_bytes())
}

/// Asks a query; its result.
pub(crate) fn result(server: &Running, query: &str) -> String {
    let reply = ask(server, query);
    assert_eq!(reply.status, 200, "{query}: {}", reply.body);
    reply.body
}

#[test]
fn a_query_is_asked_in_every_form() {
    let server = start();
    let url = "query=RETURN%20%24a%20%2B%201%20AS%20n&parameters=%7B%22a%22%3A%201%7D";
    let object = r#"{"query": "RETURN $a + 1 AS n", "parameters": {"a": 1}}"#;
    let string = r#"{"query": "RETURN $a + 1 AS n", "parameters": "{\"a\": 1}"}"#;
    let in_url = "/openCypher?parameters=%7B%22a%22%3A%201%7D";
    for (method, target, headers, body) in [
        ("GET", format!("/openCypher?{url}"), vec![], ""),
        ("GET", format!("/opencypher/?timeout=5&{url}"), vec![JSON], ""),
        ("POST", "/openCypher".to_owned(), vec![FORM], url),
        ("POST", "/OpenCypher".to_owned(), vec![], url),
        ("POST", format!("/openCypher?{url}"), vec![], ""),
        ("POST", "/opencypher".to_owned(), vec![JSON], object),
        ("POST", "/opencypher".to_owned(), vec![("content-type", "Application/JSON; charset=utf-8")], string),
        ("POST", in_url.to_owned(), vec![JSON], r#"{"query": "RETURN $a + 1 AS n;"}"#),
        ("POST", in_url.to_owned(), vec![TEXT], "RETURN $a + 1 AS n ;"),
    ] {
        let reply = server.send(method, &target, &headers, body.as_bytes());
        assert_eq!(reply.status, 200, "{method} {target}: {}", reply.body);
        assert_eq!(reply.body, r#"{"results":[{"n":2}]}"#, "{method} {target}");
    }
}

#[test]
fn values_are_what_they_are_in_json() {
    let server = start();
    let reply = ask(&server, "RETURN 1 AS i, 1.0 AS f, 'a\"b' AS s, null AS n, [1, {x: true}] AS l, 0.0 / 0.0 AS nan");
    let content = r#"{"results":[{"i":1,"f":1.0,"s":"a\"b","n":null,"l":[1,{"x":true}],"nan":"NaN"}]}"#;
    assert_eq!(
        reply.whole(),
        format!(
            "200\nconnection: close\ncontent-length: {}\ncontent-type: application/json;charset=UTF-8\n\
             x-amzn-requestid: ID\n\n{content}",
            content.len()
        )
    );
    assert_eq!(
        result(
            &server,
            "CREATE (a:A:B {`~id`: 'a', x: 1})-[r:R {`~id`: 'r', w: 0.5}]->(b {`~id`: 'b'}) RETURN a, r, b"
        ),
        concat!(
            r#"{"results":[{"a":{"~id":"a","~entityType":"node","~labels":["A","B"],"~properties":{"x":1}},"#,
            r#""r":{"~id":"r","~entityType":"relationship","~start":"a","~end":"b","~type":"R","~properties":{"w":0.5}},"#,
            r#""b":{"~id":"b","~entityType":"node","~labels":[],"~properties":{}}}]}"#
        )
    );
    assert_eq!(result(&server, "MATCH (n) WHERE id(n) = 'x' RETURN count(n)"), r#"{"results":[{"count(n)":0}]}"#);
    assert_eq!(result(&server, "MATCH (n {x: 2}) RETURN n"), r#"{"results":[]}"#);
    assert_eq!(result(&server, "MATCH (n {x: 1}) SET n.x = 2"), r#"{"results":[]}"#);
    let path = result(&server, "MATCH p = (:A)-->() RETURN [x IN nodes(p) | id(x)] AS ids, length(p) AS n");
    assert_eq!(path, r#"{"results":[{"ids":["a","b"],"n":1}]}"#);
}

#[test]
fn requests_that_ask_no_query() {
    let server = start();
    let sent = |method, target, headers: &[(&str, &str)], body: &str| {
        server.send(method, target, headers, body.as_bytes()).failure()
    };
    for (failure, expected) in [
        (sent("GET", "/openCypher", &[], ""), "400 MissingParameterException: Missing required parameters: [query]"),
        (sent("POST", "/openCypher", &[FORM], "x=1"), "400 MissingParameterException: Missing required"),
        (sent("POST", "/openCypher", &[JSON], "RETURN 1"), "400 BadRequestException: The body is no JSON object"),
        (
            sent("POST", "/openCypher", &[("content-type", "text/x")], "RETURN 1"),
            "400 BadRequestException: Content-Type",
        ),
        (
            sent("POST", "/openCypher?query=RETURN+1", &[TEXT], "RETURN 1"),
            "400 BadRequestException: The query is given",
        ),
        (sent("GET", "/openCypher?query=RETURN+1&query=RETURN+2", &[], ""), "400 InvalidParameterException: Parameter"),
        (sent("PUT", "/openCypher", &[], ""), "405 MethodNotAllowedException: "),
        (sent("DELETE", "/openCypher", &[], ""), "405 MethodNotAllowedException: "),
        (sent("POST", "/openCypher", &[TEXT], "RETRUN 1"), "400 MalformedQueryException: Invalid input"),
        (sent("POST", "/openCypher", &[TEXT], ""), "400 MalformedQueryException: "),
        (sent("POST", "/openCypher", &[TEXT], "RETURN $nothing"), "400 MissingParameterException: "),
        (
            sent("POST", "/openCypher", &[FORM], "query=RETURN+1&parameters=%7B%22a%22%3A+x%7D"),
            "400 InvalidParameterException: Parameter 'parameters' must be a JSON object: in 'a': ",
        ),
        (
            sent("POST", "/openCypher", &[FORM], "query=RETURN+1&parameters=%7B%22a%22%3A+9223372036854775808%7D"),
            "400 InvalidNumericDataException: ",
        ),
        (sent("POST", "/openCypher", &[TEXT], "RETURN 1 / 0"), "400 InvalidNumericDataException: "),
        (sent("POST", "/openCypher", &[TEXT], "RETURN toInteger([1])"), "400 "),
        (sent("POST", "/openCypher", &[TEXT], "CALL no.such.procedure()"), "400 UnsupportedOperationException: "),
    ] {
        assert!(failure.starts_with(expected), "{expected}: {failure}");
    }
    let binary = server.send("POST", "/openCypher", &[TEXT], b"RETURN '\xff'").failure();
    assert_eq!(binary, "400 MalformedQueryException: Invalid input: byte 8 is not UTF-8");
}

#[test]
fn a_large_result_is_streamed_and_its_end_is_told() {
    let server = start();
    let headers = [TEXT, ("te", "trailers")];
    let reply = server.send("POST", "/openCypher", &headers, b"UNWIND range(1, 50000) AS i RETURN i");
    assert_eq!(reply.header("transfer-encoding"), Some("chunked"));
    assert_eq!(reply.header("trailer"), Some("X-Neptune-Status, X-Neptune-Detail"));
    assert_eq!(reply.json()["results"].as_array().unwrap().len(), 50_000);
    assert_eq!(
        reply.trailers,
        [("x-neptune-status".to_owned(), "200 OK".to_owned()), ("x-neptune-detail".to_owned(), String::new())]
    );
}

#[test]
fn a_late_failure_stands_behind_the_rows_and_in_the_trailers() {
    let server = start();
    let query = "UNWIND range(1, 50000) AS i RETURN 1 / (50000 - i) AS x";
    let reply = server.send("POST", "/openCypher", &[TEXT, ("te", "trailers")], query.as_bytes());
    assert_eq!(reply.status, 200);
    let (_, failure) = reply.body.rsplit_once("{\"code\"").unwrap();
    assert!(failure.starts_with(":\"InvalidNumericDataException\"") && failure.ends_with('}'), "{failure}");
    assert_eq!(reply.trailers[0], ("x-neptune-status".to_owned(), "400 InvalidNumericDataException".to_owned()));
    assert!(reply.trailers[1].1.starts_with("%7B%22"), "{:?}", reply.trailers);
}

#[test]
fn the_smaller_of_two_time_limits_counts() {
    let server = start_with(|config, _| config.query_timeout = Duration::from_millis(300));
    let expected = "500 TimeLimitExceededException: Operation terminated (deadline exceeded)";
    assert_eq!(ask(&server, ENDLESS).failure(), expected);
    let more = format!("USING QUERY:TIMEOUTMILLISECONDS 100000000 {ENDLESS}");
    assert_eq!(ask(&server, &more).failure(), expected);
    let patient = start();
    assert_eq!(ask(&patient, &format!("USING QUERY: TIMEOUTMILLISECONDS 50 {ENDLESS}")).failure(), expected);
    wait_for(&patient, "halimede_queries_total{language=\"opencypher\",outcome=\"TimeLimitExceededException\"} 1");
    wait_for(&patient, "halimede_refused_total{limit=\"query_time\"} 1");
}

#[test]
fn a_query_that_keeps_too_much_is_ended() {
    let server = start_with(|config, _| config.query_memory_bytes = Some(1 << 20));
    for query in [
        "UNWIND range(1, 1000) AS a UNWIND range(1, 1000) AS b WITH a, b ORDER BY a * b RETURN a, b",
        "UNWIND range(1, 1000) AS a UNWIND range(1, 1000) AS b RETURN collect(a + b) AS l",
        "CREATE (n) WITH n UNWIND range(1, 1000) AS a UNWIND range(1, 1000) AS b RETURN a, b",
    ] {
        let failure = ask(&server, query).failure();
        assert!(
            failure.starts_with("500 MemoryLimitExceededException: Operation terminated (out of memory)"),
            "{query}: {failure}"
        );
    }
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 0");
    assert_eq!(result(&server, "MATCH (n) RETURN count(n) AS n"), r#"{"results":[{"n":0}]}"#, "nothing was committed");
}

#[test]
fn a_result_is_bounded() {
    let server = start_with(|config, _| config.result_bytes = 1_000);
    let failure = ask(&server, "UNWIND range(1, 1000) AS i RETURN i").failure();
    assert!(failure.starts_with("400 QueryLimitException: The result is over 1000 bytes"), "{failure}");
    let update = ask(&server, "UNWIND range(1, 1000) AS i CREATE (n) RETURN i").failure();
    assert!(update.starts_with("400 QueryLimitException: "), "{update}");
    assert_eq!(result(&server, "MATCH (n) RETURN count(n) AS n"), r#"{"results":[{"n":0}]}"#, "nothing was committed");
}

#[test]
fn an_update_happens_whole_or_not_at_all() {
    let server = start();
    assert_eq!(result(&server, "CREATE (n:A {x: 1}) RETURN n.x AS x"), r#"{"results":[{"x":1}]}"#);
    assert_eq!(result(&server, "MATCH (n:A) SET n.x = n.x + 1 RETURN n.x AS x"), r#"{"results":[{"x":2}]}"#);
    let failure = ask(&server, "MATCH (n:A) SET n.x = 7 CREATE (:A) RETURN 1 / 0").failure();
    assert!(failure.starts_with("400 InvalidNumericDataException: "), "{failure}");
    assert_eq!(result(&server, "MATCH (n:A) RETURN n.x AS x"), r#"{"results":[{"x":2}]}"#);
    let connected = ask(&server, "CREATE (a)-[:R]->(b) DELETE a").failure();
    assert!(connected.starts_with("400 BadRequestException: cannot delete node "), "{connected}");
    let twice = ask(&server, "CREATE ({`~id`: 'x'}), ({`~id`: 'x'})").failure();
    assert!(twice.starts_with("400 DuplicateDataException: "), "{twice}");
    assert_eq!(result(&server, "MATCH (n) RETURN count(n) AS n"), r#"{"results":[{"n":1}]}"#);
}

#[test]
fn no_update_is_lost_between_two_clients() {
    let server = start();
    result(&server, "CREATE (:Counter {n: 0})");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| drop(result(&server, "MATCH (c:Counter) SET c.n = c.n + 1"))));
        }
    });
    assert_eq!(result(&server, "MATCH (c:Counter) RETURN c.n AS n"), r#"{"results":[{"n":100}]}"#);
}

#[test]
fn whoever_waits_to_write_is_ended_in_time() {
    let server = start_with(|config, _| config.query_timeout = Duration::from_millis(200));
    let mut other = server.store.begin(Dataset::Pg);
    other.lock(&CancelToken::new()).unwrap();
    let failure = ask(&server, "CREATE (n)").failure();
    assert_eq!(failure, "500 TimeLimitExceededException: Operation terminated (deadline exceeded)");
    assert_eq!(
        result(&server, "MATCH (n) RETURN count(n) AS n"),
        r#"{"results":[{"n":0}]}"#,
        "a read waits for nobody"
    );
    other.rollback();
    assert_eq!(result(&server, "CREATE (n) RETURN 1 AS one"), r#"{"results":[{"one":1}]}"#);
}

#[test]
fn a_replica_is_not_written() {
    let server = start_with(|config, _| config.read_replica = true);
    assert_eq!(
        ask(&server, "CREATE (n)").failure(),
        "400 ReadOnlyViolationException: Writes are not permitted on a read replica instance"
    );
    assert_eq!(result(&server, "RETURN 1 AS one"), r#"{"results":[{"one":1}]}"#);
}

#[test]
fn a_client_that_leaves_ends_its_query() {
    let server = start();
    let mut stream = server.connect();
    stream.write_all(&server.request("POST", "/openCypher", &[TEXT], ENDLESS.as_bytes())).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 1");
    drop(stream);
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 0");
    wait_for(&server, "halimede_queries_total{language=\"opencypher\",outcome=\"CancelledByUserException\"} 1");
}

#[test]
fn a_stop_ends_queries() {
    let mut server = start();
    let mut stream = server.connect();
    stream.write_all(&server.request("POST", "/openCypher", &[TEXT], ENDLESS.as_bytes())).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 1");
    server.stop();
    let failure = Reply::read(&read_all(&mut stream)).failure();
    assert!(failure.starts_with("500 ServerShutdownException: "), "{failure}");
}
