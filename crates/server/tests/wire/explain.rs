//! Plans of openCypher queries.

use crate::harness::{Running, start};
use crate::opencypher::{FORM, JSON, TEXT, ask, result};

/// Asks for a plan; its text.
fn explained(server: &Running, query: &str, how: &str, accept: &str) -> String {
    let headers = [TEXT, ("accept", accept)];
    let reply = server.send("POST", &format!("/openCypher?explain={how}"), &headers, query.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('║').split('│').map(str::trim).collect()
}

#[test]
fn a_plan_that_is_not_run_has_no_numbers() {
    let server = start();
    let text = explained(&server, "MATCH (n:A) WHERE n.x > 1 RETURN n.x AS x", "static", "*/*");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(cells(lines[1]), ["ID", "Out #1", "Out #2", "Name", "Arguments", "Mode"]);
    assert_eq!(cells(lines[3]), ["0", "1", "-", "SolutionInjection", "solutions=[{}]", "-"]);
    assert_eq!(cells(lines[5]), ["1", "2", "-", "DFESubquery", "subQuery=subQuery1", "-"]);
    assert_eq!(cells(lines[7]), ["2", "-", "-", "TermResolution", "vars=[x]", "id2value_opencypher"]);
    assert_eq!(lines[10], "subQuery1");
    assert!(text.contains("NodeScan") && text.contains("DFEDrain"), "{text}");
    // What would fail is not run.
    explained(&server, "RETURN 1 / 0", "static", "*/*");
}

#[test]
fn a_plan_that_is_run_says_what_each_step_did() {
    let server = start();
    result(&server, "UNWIND range(1, 10) AS i CREATE (:A {x: i})");
    let text = explained(&server, "MATCH (n:A) WHERE n.x > 7 RETURN n.x AS x", "dynamic", "text/plain");
    let scan = text.lines().map(cells).find(|cells| cells.get(3) == Some(&"NodeScan")).unwrap();
    assert_eq!((scan[6], scan[7]), ("1", "10"), "{text}");
    let drain = text.lines().map(cells).find(|cells| cells.get(3) == Some(&"DFEDrain")).unwrap();
    assert_eq!((drain[6], drain[7]), ("3", "0"), "{text}");
    let details = explained(&server, "RETURN 1 AS one", "details", "text/plain");
    assert!(details.starts_with("Query:\nRETURN 1 AS one\n\n╔"), "{details}");
    let failure = server.send("POST", "/openCypher?explain=dynamic", &[TEXT], b"RETURN 1 / 0").failure();
    assert!(failure.starts_with("400 InvalidNumericDataException"), "{failure}");
}

#[test]
fn a_plan_comes_in_the_form_that_was_asked_for() {
    let server = start();
    for (accept, media_type, beginning) in [
        ("text/html", "text/html; charset=UTF-8", "<!DOCTYPE html>"),
        ("text/csv;q=0.5", "text/csv; charset=UTF-8", "ID,Out #1,"),
        ("application/json", "text/plain; charset=UTF-8", "╔"),
    ] {
        let headers = [FORM, ("accept", accept)];
        let reply = server.send("POST", "/openCypher", &headers, b"query=RETURN+1&explain=static");
        assert_eq!(reply.header("content-type"), Some(media_type));
        assert!(reply.body.starts_with(beginning), "{}", reply.body);
    }
}

#[test]
fn the_path_of_sdks_and_the_prefixes() {
    let server = start();
    let body = br#"{"query": "RETURN $a AS a", "parameters": "{\"a\": 1}", "explain": "details"}"#;
    let reply = server.send("POST", "/opencypher/explain", &[JSON], body);
    assert!(reply.status == 200 && reply.body.starts_with("Query:\n"), "{}", reply.body);
    let without = server.send("POST", "/opencypher/explain", &[JSON], br#"{"query": "RETURN 1"}"#).failure();
    assert_eq!(without, "400 MissingParameterException: Missing required parameters: [explain]");
    assert!(!ask(&server, "EXPLAIN RETURN 1").body.contains("Units In"));
    assert!(ask(&server, "PROFILE RETURN 1").body.contains("Units In"));
    for (update, how) in [("CREATE (n)", "static"), ("MERGE (n {x: 1})", "dynamic")] {
        let target = format!("/openCypher?explain={how}");
        let failure = server.send("POST", &target, &[TEXT], update.as_bytes()).failure();
        assert!(failure.starts_with("400 UnsupportedOperationException: Explain of a query that updates"), "{failure}");
    }
}
