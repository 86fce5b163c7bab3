//! A load followed by server-sent events: what is told, when it ends, and that nobody who follows is in the way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::cancel::{gated, gated_with, wait_for};
use crate::harness::{Reply, Running, read_all, start, start_body};

const TRIPLES: &str = "<http://a> <http://b> <http://c> .\n<http://a> <http://b> \"text\" .\n";

/// A stream that is being read.
struct Followed {
    reader: BufReader<TcpStream>,
    head: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Event {
    name: String,
    id: String,
    payload: Value,
}

impl Followed {
    /// Asks and reads the head of the reply.
    fn of(server: &Running, target: &str, headers: &[(&str, &str)]) -> Self {
        let mut stream = server.connect();
        stream.write_all(&server.request("GET", target, headers, b"")).unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
        }
        Self { reader, head: head.to_ascii_lowercase() }
    }

    /// The next event; `None` when the body has ended as it should.
    fn next(&mut self) -> Option<Event> {
        let mut size = String::new();
        self.reader.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk).unwrap();
        if size == 0 {
            return None;
        }
        let text = String::from_utf8(chunk).unwrap();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        Some(Event { name: field("event"), id: field("id"), payload: serde_json::from_str(&field("data")).unwrap() })
    }

    /// The events up to the end of the body.
    fn rest(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

fn begin(server: &Running) -> String {
    let body = start_body(&server.import("two.nt", TRIPLES), "ntriples");
    let reply = server.send("POST", "/loader", &[], body.as_bytes());
    reply.json()["payload"]["loadId"].as_str().unwrap().to_owned()
}

fn events_of(id: &str) -> String {
    format!("/halimede/loader/{id}/events")
}

#[test]
fn a_load_is_followed_to_its_end() {
    let (server, gate) = gated();
    let id = begin(&server);
    gate.reached();
    let mut followed = Followed::of(&server, &events_of(&id), &[]);
    assert!(followed.head.starts_with("http/1.1 200 "), "{}", followed.head);
    for header in ["content-type: text/event-stream\r\n", "cache-control: no-store\r\n", "x-amzn-requestid: "] {
        assert!(followed.head.contains(header), "{}", followed.head);
    }
    let first = followed.next().unwrap();
    assert_eq!((first.name.as_str(), first.id.as_str()), ("progress", ""));
    assert_eq!(first.payload["overallStatus"]["status"], "LOAD_IN_PROGRESS");
    assert_eq!(first.payload["progress"]["phase"], "listing");
    assert_eq!(first.payload["progress"]["secondsLeft"], Value::Null);

    gate.open();
    let mut rest = followed.rest();
    let end = rest.pop().unwrap();
    assert_eq!((end.name.as_str(), end.id.as_str()), ("end", "end"));
    let status = server.ask("GET", &format!("/loader/{id}")).json();
    assert_eq!(end.payload, status["payload"], "the end is the final status");
    assert_eq!(end.payload["overallStatus"]["status"], "LOAD_COMPLETED");
    assert!(rest.iter().all(|event| event.name == "progress"), "{rest:?}");
}

#[test]
fn of_an_ended_load_only_the_end_is_told() {
    let server = start();
    let source = server.import("bad.nt", "no triple\n<http://a> <http://b> <http://c> .\n");
    let id = server.load(&source, "ntriples");
    let mut followed = Followed::of(&server, &events_of(&id), &[]);
    let [end] = followed.rest().try_into().unwrap();
    assert_eq!(end.payload, server.ask("GET", &format!("/loader/{id}")).json()["payload"]);

    // As much is told of it as a status would.
    let flags = "?details=true&errors=true&page=1&errorsPerPage=5";
    let mut followed = Followed::of(&server, &format!("{}{flags}", events_of(&id)), &[]);
    let [end] = followed.rest().try_into().unwrap();
    assert_eq!(end.payload, server.ask("GET", &format!("/loader/{id}{flags}")).json()["payload"]);
    assert_eq!(end.payload["errors"]["endIndex"], 1);

    // A browser that has seen the end and comes back is told to stay away.
    let followed = Followed::of(&server, &events_of(&id), &[("last-event-id", "end")]);
    assert!(followed.head.starts_with("http/1.1 204 "), "{}", followed.head);
}

#[test]
fn what_cannot_be_followed() {
    let server = start();
    let unknown = "0a237328-afd5-4574-a0bc-c29ce5f54802";
    for (target, expected) in [
        (events_of(unknown), format!("404 BulkLoadIdNotFoundException: The load with id = {unknown} does not exist")),
        (events_of("garbage"), "400 BadRequestException: Invalid loadId: garbage".to_owned()),
        (
            format!("{}?loadId=x", events_of(unknown)),
            "400 InvalidArgumentException: The request names more than one loadId".to_owned(),
        ),
        (
            format!("{}?details=maybe", events_of(unknown)),
            "400 InvalidParameterException: Parameter 'details' must be TRUE or FALSE, found 'maybe'".to_owned(),
        ),
    ] {
        assert_eq!(server.ask("GET", &target).failure(), expected, "{target}");
    }
    let foreign = format!("GET {} HTTP/1.1\r\nhost: evil.example\r\n\r\n", events_of(unknown));
    assert!(server.raw(foreign.as_bytes()).failure().starts_with("403 AccessDeniedException: "));
    let page = server.send("GET", &events_of(unknown), &[("origin", "http://evil.example")], b"");
    assert!(page.failure().starts_with("403 AccessDeniedException: "));
}

#[test]
fn places_are_few_and_given_back_when_a_client_leaves() {
    let (server, gate) = gated_with(|config| config.event_streams = 2);
    gate.close();
    let id = begin(&server);
    gate.reached();
    let mut first = Followed::of(&server, &events_of(&id), &[]);
    let second = Followed::of(&server, &events_of(&id), &[]);
    assert_eq!(
        server.ask("GET", &events_of(&id)).failure(),
        "429 TooManyRequestsException: Too many requests: 2 event streams are running and 0 are waiting. \
         Please retry later."
    );
    assert_eq!(server.ask("GET", &format!("/loader/{id}")).status, 200, "a status is not in their way");
    drop(second);
    wait_for(&server, "halimede_lane_running{lane=\"events\"} 1");
    let mut third = Followed::of(&server, &events_of(&id), &[]);
    // The load is cancelled as if nobody followed it, and both are told.
    let mut cancel = server.connect();
    cancel.write_all(&server.request("DELETE", &format!("/loader/{id}"), &[], b"")).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"cancels\"} 1");
    gate.open();
    assert_eq!(Reply::read(&read_all(&mut cancel)).status, 200);
    for followed in [&mut first, &mut third] {
        let end = followed.rest().pop().unwrap();
        assert_eq!(end.name, "end");
        assert_eq!(end.payload["overallStatus"]["status"], "LOAD_CANCELLED_BY_USER");
    }
    wait_for(&server, "halimede_lane_running{lane=\"events\"} 0");
}

#[test]
fn a_stop_closes_the_streams() {
    let (mut server, gate) = gated();
    let id = begin(&server);
    gate.reached();
    let mut followed = Followed::of(&server, &events_of(&id), &[]);
    assert_eq!(followed.next().unwrap().name, "progress");
    server.stop();
    let rest = followed.rest();
    assert!(rest.iter().all(|event| event.name == "progress"), "no end that did not happen: {rest:?}");
    gate.open();
}
