//! Starting, following and listing loads.

use std::io::Write;

use serde_json::json;

use crate::cancel::{gated, wait_for};
use crate::harness::{start, start_body, start_with};

const TRIPLES: &str = "<http://a> <http://b> <http://c> .\n<http://a> <http://b> \"text\" .\n";

#[test]
fn a_load_is_started_followed_and_listed() {
    let server = start();
    let empty = server.ask("GET", "/loader");
    assert_eq!(empty.json(), json!({"status": "200 OK", "payload": {"loadIds": []}}));

    let source = server.import("two.nt", TRIPLES);
    let reply = server.send(
        "POST",
        "/loader",
        &[("content-type", "application/json")],
        start_body(&source, "ntriples").as_bytes(),
    );
    let id = reply.json()["payload"]["loadId"].as_str().unwrap().to_owned();
    assert_eq!(
        reply.whole(),
        format!(
            "200\nconnection: close\ncontent-length: {}\ncontent-type: application/json; charset=UTF-8\n\
             x-amzn-requestid: ID\n\n{{\"payload\":{{\"loadId\":\"{id}\"}},\"status\":\"200 OK\"}}",
            reply.body.len()
        )
    );
    server.loader.wait(&id).unwrap();

    let listed = json!({"status": "200 OK", "payload": {"loadIds": [&id]}});
    for target in
        ["/loader", "/loader/", "/loader?loadId=", "/loader?limit=1&includeQueuedLoads=False&details=nonsense"]
    {
        assert_eq!(server.ask("GET", target).json(), listed, "{target}");
    }
    for target in [
        format!("/loader/{id}"),
        format!("/loader/{id}/"),
        format!("/loader?loadId={id}"),
        format!("/loader/{id}?loadId={id}"),
        format!("/loader/{id}?errors=FALSE&page=0&errorsPerPage=x&limit=0"),
    ] {
        let status = server.ask("GET", &target).json();
        assert_eq!(status["status"], "200 OK");
        assert_eq!(status["payload"]["overallStatus"]["status"], "LOAD_COMPLETED", "{target}: {status}");
        assert_eq!(status["payload"]["overallStatus"]["totalRecords"], 2);
        assert!(status["payload"].get("errors").is_none());
        assert!(status["payload"].get("failedFeeds").is_none());
    }
    let full =
        server.ask("GET", &format!("/loader?loadId={id}&details=True&errors=true&page=1&errorsPerPage=3")).json();
    assert_eq!(full["payload"]["failedFeeds"], json!([]));
    assert_eq!(full["payload"]["errors"], json!({"startIndex": 0, "endIndex": 0, "loadId": id, "errorLogs": []}));
}

#[test]
fn parameters_with_bad_values() {
    let server = start();
    let id = server.load(&server.import("two.nt", TRIPLES), "ntriples");
    for (target, message) in [
        ("/loader?limit=0", "Parameter 'limit' must be an integer from 1 to 100, found '0'"),
        ("/loader?limit=101", "Parameter 'limit' must be an integer from 1 to 100, found '101'"),
        ("/loader?includeQueuedLoads=maybe", "Parameter 'includeQueuedLoads' must be TRUE or FALSE, found 'maybe'"),
        ("/loader/{}?details=1", "Parameter 'details' must be TRUE or FALSE, found '1'"),
        ("/loader/{}?errors=x", "Parameter 'errors' must be TRUE or FALSE, found 'x'"),
        ("/loader/{}?errors=TRUE&page=0", "Parameter 'page' must be a positive integer, found '0'"),
        ("/loader/{}?errors=TRUE&errorsPerPage=-1", "Parameter 'errorsPerPage' must be a positive integer, found '-1'"),
    ] {
        let target = target.replace("{}", &id);
        assert_eq!(
            server.ask("GET", &target).failure(),
            format!("400 InvalidParameterException: {message}"),
            "{target}"
        );
    }
    let many = server.ask("GET", &format!("/loader/{id}?errors=TRUE&errorsPerPage=1000000"));
    assert_eq!(many.status, 200);
}

#[test]
fn ids_of_a_status() {
    let server = start();
    let unknown = "0a237328-afd5-4574-a0bc-c29ce5f54802";
    for (target, expected) in [
        (
            format!("/loader/{unknown}"),
            format!("404 BulkLoadIdNotFoundException: The load with id = {unknown} does not exist"),
        ),
        (
            format!("/loader/{unknown}?loadId=x"),
            "400 InvalidArgumentException: The request names more than one loadId".to_owned(),
        ),
        ("/loader/garbage".to_owned(), "400 BadRequestException: Invalid loadId: garbage".to_owned()),
    ] {
        assert_eq!(server.ask("GET", &target).failure(), expected, "{target}");
    }
}

#[test]
fn starts_that_are_refused_leave_no_job() {
    let server = start_with(|config, _| config.query_timeout = std::time::Duration::from_secs(1));
    let source = server.import("two.nt", TRIPLES);
    for (content_type, body, expected) in [
        ("application/json", "{".to_owned(), "400 BadRequestException: "),
        ("application/json", "[]".to_owned(), "400 BadRequestException: "),
        (
            "application/json",
            "{}".to_owned(),
            "400 MissingParameterException: Missing required parameters: [source, format]",
        ),
        ("application/json", start_body(&source, "parquet"), "400 InvalidParameterException: "),
        ("application/json", start_body("file:///etc/passwd", "ntriples"), "400 "),
        ("application/json", start_body("gopher://x", "ntriples"), "400 "),
        ("application/x-www-form-urlencoded", format!("source={source}"), "400 MissingParameterException: "),
    ] {
        let failure = server.send("POST", "/loader", &[("content-type", content_type)], body.as_bytes()).failure();
        assert!(failure.starts_with(expected), "{body}: {failure}");
    }
    let unknown = "0a237328-afd5-4574-a0bc-c29ce5f54802";
    for (members, expected) in [
        (
            json!({"mode": "RESUME"}),
            format!(
                "400 BadRequestException: Failed to start load from the source {source}. \
                 No previous load found to resume."
            ),
        ),
        (
            json!({"dependencies": [unknown]}),
            format!("404 BulkLoadIdNotFoundException: The load with id = {unknown} does not exist. "),
        ),
        (
            json!({"dependencies": ["garbage"], "queueRequest": true}),
            "400 BadRequestException: Parameter 'dependencies' must name loads. Invalid loadId: garbage".to_owned(),
        ),
        (json!({"dependencies": vec![unknown; 65]}), "400 InvalidParameterException: ".to_owned()),
    ] {
        let mut body = json!({"source": source, "format": "ntriples"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let failure = server.send("POST", "/loader", &[], body.to_string().as_bytes()).failure();
        assert!(failure.starts_with(&expected), "{body}: {failure}");
    }
    assert!(server.loader.list(100, true).is_empty());
}

#[test]
fn a_second_load_is_refused_while_one_runs() {
    let (server, gate) = gated();
    let source = server.import("two.nt", TRIPLES);
    let body = start_body(&source, "ntriples");
    assert_eq!(server.send("POST", "/loader", &[], body.as_bytes()).status, 200);
    gate.reached();
    assert_eq!(
        server.send("POST", "/loader", &[], body.as_bytes()).failure(),
        format!(
            "400 BadRequestException: Failed to start new load for the source {source}. \
             Max concurrent load limit breached. Limit is 1"
        )
    );
    gate.open();
}

#[test]
fn a_client_that_hangs_up_has_started_its_load_once() {
    let (server, gate) = gated();
    let source = server.import("two.nt", TRIPLES);
    let body = start_body(&source, "ntriples");
    let headers = [("content-type", "application/json"), ("amz-sdk-invocation-id", "call-1")];
    let mut stream = server.connect();
    stream.write_all(&server.request("POST", "/loader", &headers, body.as_bytes())).unwrap();
    drop(stream);
    gate.reached();
    let again = server.send("POST", "/loader", &headers, body.as_bytes());
    let id = again.json()["payload"]["loadId"].as_str().unwrap().to_owned();
    gate.open();
    assert_eq!(server.loader.list(100, true), std::slice::from_ref(&id));
    server.loader.wait(&id).unwrap();
    wait_for(&server, "halimede_loads{state=\"LOAD_COMPLETED\"} 1");
    wait_for(&server, "halimede_load_records_total{outcome=\"loaded\"} 2");
}

#[test]
fn a_replica_starts_no_load() {
    let server = start_with(|config, _| config.read_replica = true);
    assert_eq!(
        server.send("POST", "/loader", &[], b"{").failure(),
        "405 MethodNotAllowedException: Start new load operation not permitted on a read replica instance"
    );
}
