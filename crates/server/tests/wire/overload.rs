//! Under overload, a cancel and a status still get through.

use std::io::Write;

use server::LaneSize;

use crate::cancel::{gated_with, wait_for};
use crate::harness::{read_all, start_body, start_with};

const QUERY: (&str, &str) = ("content-type", "application/sparql-query");

#[test]
fn queries_beyond_the_line_are_turned_away_and_loads_are_still_cancelled() {
    let (server, gate) = gated_with(|config| config.queries = LaneSize { running: 1, waiting: 1 });
    let source = server.import("many.nt", &triples(2_000));
    let id = server.load(&source, "ntriples");
    let endless = b"SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?p ?d . ?e ?p ?f . ?g ?p ?h }";
    let mut streams = Vec::new();
    for line in ["halimede_lane_running{lane=\"queries\"} 1", "halimede_lane_waiting{lane=\"queries\"} 1"] {
        let mut stream = server.connect();
        stream.write_all(&server.request("POST", "/sparql", &[QUERY], endless)).unwrap();
        wait_for(&server, line);
        streams.push(stream);
    }
    let refused = server.send("POST", "/sparql", &[QUERY], endless).failure();
    assert_eq!(
        refused,
        "429 TooManyRequestsException: Too many requests: 1 queries are running and 1 are waiting. Please retry later."
    );
    gate.close();
    let body = start_body(&server.import("more.nt", &triples(300_000)), "ntriples");
    let started = server.send("POST", "/loader", &[], body.as_bytes());
    let running = started.json()["payload"]["loadId"].as_str().unwrap().to_owned();
    gate.reached();
    assert_eq!(server.ask("GET", "/status").status, 200);
    assert_eq!(server.ask("GET", &format!("/loader/{id}")).status, 200);
    let mut cancel = server.connect();
    cancel.write_all(&server.request("DELETE", &format!("/loader/{running}"), &[], b"")).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"cancels\"} 1");
    gate.open();
    assert!(read_all(&mut cancel).starts_with("HTTP/1.1 200 "));
}

#[test]
fn beyond_the_ordinary_connections_only_light_operations_are_served() {
    let server = start_with(|config, _| {
        config.connections = 1;
        config.reserved_connections = 8;
    });
    let mut held = server.connect();
    let request = format!("GET /status HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    held.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut held, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    for target in ["/sparql?query=ASK%7B%7D", "/metrics", "/halimede/check"] {
        assert_eq!(
            server.ask("GET", target).failure(),
            "429 TooManyRequestsException: Too many connections are open. Please retry later.",
            "{target}"
        );
    }
    assert_eq!(server.send("POST", "/loader", &[], b"{}").status, 429);
    for target in ["/status", "/loader", "/halimede/health"] {
        assert_eq!(server.ask("GET", target).status, 200, "{target}");
    }
    let cancel = server.ask("DELETE", "/loader/0a237328-afd5-4574-a0bc-c29ce5f54802");
    assert_eq!(cancel.status, 404);
}

/// Statements with as many subjects, one a line.
pub(crate) fn triples(count: usize) -> String {
    let lines: Vec<String> =
        (0..count).map(|number| format!("<http://s/{number}> <http://p> \"{number}\" .")).collect();
    lines.join("\n")
}
