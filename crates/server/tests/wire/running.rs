//! The list of queries, one of them, and the end of one.

use std::io::Write;
use std::net::TcpStream;

use serde_json::Value;

use crate::cancel::wait_for;
use crate::harness::{Reply, Running, read_all, start, start_with};
use crate::opencypher::{ENDLESS, FORM, TEXT};
use server::LaneSize;

const ID: &str = "4d5c4fae-aa30-41cf-9e1f-91e6b7dd6f47";
const OTHER: &str = "00000000-0000-4000-8000-000000000000";

/// Begins a query that does not end.
fn begin(server: &Running, id: &str) -> TcpStream {
    let mut stream = server.connect();
    let target = format!("/openCypher?queryId={id}");
    stream.write_all(&server.request("POST", &target, &[TEXT], ENDLESS.as_bytes())).unwrap();
    stream
}

fn asked(server: &Running, target: &str) -> Value {
    let reply = server.ask("GET", target);
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/json; charset=UTF-8")),
        "{target}"
    );
    reply.json()
}

/// Waits until a query is on the list.
fn wait_until_listed(server: &Running, id: &str) {
    while server.ask("GET", &format!("/openCypher/status/{id}")).status != 200 {
        std::thread::yield_now();
    }
}

#[test]
fn nothing_runs() {
    let server = start();
    let empty = r#"{"acceptedQueryCount":0,"queries":[],"runningQueryCount":0}"#;
    for target in ["/openCypher/status", "/opencypher/status/?includeWaiting=TRUE", "/openCypher/status?queryId="] {
        assert_eq!(asked(&server, target).to_string(), empty);
    }
    assert_eq!(server.send("POST", "/openCypher/status", &[FORM], b"includeWaiting=True").body, empty);
    for (method, target, expected) in [
        ("GET", "/openCypher/status?queryId=x", "400 InvalidParameterException: Supplied queryId x is invalid"),
        ("GET", "/opencypher/status/x", "400 InvalidParameterException: Supplied queryId x is invalid"),
        (
            "GET",
            "/openCypher/status?cancelQuery&queryId=x",
            "400 InvalidParameterException: Supplied queryId x is invalid",
        ),
        ("DELETE", "/opencypher/status/x?silent=true", "400 InvalidParameterException: Supplied queryId x is invalid"),
        ("DELETE", "/openCypher/status?queryId=x", "400 InvalidParameterException: Supplied queryId x is invalid"),
        ("DELETE", "/openCypher/status", "400 MissingParameterException: Missing required parameters: [queryId]"),
        (
            "GET",
            "/openCypher/status?cancelQuery",
            "400 MissingParameterException: Missing required parameters: [queryId]",
        ),
        (
            "GET",
            "/openCypher/status?includeWaiting=perhaps",
            "400 InvalidParameterException: Parameter 'includeWaiting' must be TRUE or FALSE, found 'perhaps'",
        ),
        (
            "DELETE",
            "/openCypher/status/x?queryId=y",
            "400 InvalidArgumentException: The queryId of the path and that of the parameters differ",
        ),
    ] {
        assert_eq!(server.ask(method, target).failure(), expected, "{method} {target}");
    }
}

#[test]
fn a_running_query_is_listed_and_cancelled() {
    let server = start();
    for (method, target, body) in [
        ("GET", format!("/openCypher/status?cancelQuery&queryId={ID}"), String::new()),
        ("POST", "/openCypher/status".to_owned(), format!("cancelQuery=true&queryId={}", ID.to_uppercase())),
        ("DELETE", format!("/opencypher/status/{ID}"), String::new()),
        ("DELETE", format!("/openCypher/status?queryId={ID}"), String::new()),
    ] {
        let mut stream = begin(&server, ID);
        wait_until_listed(&server, ID);
        // One that waits for its turn is accepted, and does not run.
        let list = loop {
            let list = asked(&server, "/openCypher/status");
            if list["runningQueryCount"] == 1 {
                break list;
            }
            std::thread::yield_now();
        };
        assert_eq!((&list["acceptedQueryCount"], &list["runningQueryCount"]), (&1.into(), &1.into()));
        assert_eq!(list["queries"][0]["queryId"], ID);
        assert_eq!(list["queries"][0]["queryString"], ENDLESS);
        assert_eq!(list["queries"][0]["queryEvalStats"]["cancelled"], false);
        let one = asked(&server, &format!("/openCypher/status?queryId={ID}"));
        assert_eq!(one["queryId"], ID);
        let taken = server.send("POST", &format!("/openCypher?queryId={ID}"), &[TEXT], b"RETURN 1").failure();
        assert!(
            taken.starts_with(&format!("400 InvalidParameterException: Supplied queryId {ID} is invalid")),
            "{taken}"
        );
        let cancelled = server.send(method, &target, &[FORM], body.as_bytes());
        assert_eq!(
            (cancelled.status, &*cancelled.body),
            (200, r#"{"payload":true,"status":"200 OK"}"#),
            "{method} {target}"
        );
        let failure = Reply::read(&read_all(&mut stream)).failure();
        assert_eq!(failure, "500 CancelledByUserException: Operation terminated (cancelled by user)");
        wait_for(&server, "halimede_lane_running{lane=\"queries\"} 0");
    }
    assert_eq!(server.ask("GET", &format!("/openCypher/status/{ID}")).status, 400, "it has ended");
}

#[test]
fn a_silent_cancel_ends_with_an_empty_result() {
    let server = start();
    let mut stream = begin(&server, ID);
    wait_until_listed(&server, ID);
    assert_eq!(server.ask("DELETE", &format!("/opencypher/status/{ID}?silent=True")).status, 200);
    let reply = Reply::read(&read_all(&mut stream));
    assert_eq!((reply.status, &*reply.body), (200, r#"{"results":[]}"#));
}

#[test]
fn a_waiting_query_is_listed_when_asked_for_and_can_be_cancelled() {
    let server = start_with(|config, _| config.queries = LaneSize { running: 1, waiting: 4 });
    let mut first = begin(&server, ID);
    while asked(&server, "/openCypher/status")["runningQueryCount"] != 1 {
        std::thread::yield_now();
    }
    let mut second = begin(&server, OTHER);
    wait_until_listed(&server, OTHER);
    let list = asked(&server, "/openCypher/status");
    assert_eq!((&list["acceptedQueryCount"], &list["runningQueryCount"]), (&2.into(), &1.into()));
    assert_eq!(list["queries"].as_array().unwrap().len(), 1);
    let list = asked(&server, "/openCypher/status?includeWaiting=true");
    assert_eq!(list["queries"][1]["queryId"], OTHER);
    assert_eq!(server.ask("DELETE", &format!("/openCypher/status/{OTHER}")).status, 200);
    assert!(Reply::read(&read_all(&mut second)).failure().starts_with("500 CancelledByUserException"));
    assert_eq!(server.ask("DELETE", &format!("/openCypher/status/{ID}")).status, 200);
    assert!(Reply::read(&read_all(&mut first)).failure().starts_with("500 CancelledByUserException"));
}

#[test]
fn an_id_that_is_none_is_replaced() {
    let server = start();
    let stream = begin(&server, "mine");
    wait_for(&server, "halimede_lane_running{lane=\"queries\"} 1");
    let list = asked(&server, "/openCypher/status?includeWaiting=true");
    let id = list["queries"][0]["queryId"].as_str().unwrap();
    assert_eq!(id.len(), 36, "{id}");
    drop(stream);
}
