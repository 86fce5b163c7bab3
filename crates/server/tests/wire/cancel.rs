//! The exceptions of a cancel over raw HTTP, in the order of its checks; an SDK cannot send most of these.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex};

use server::ServerConfig;

use crate::harness::{Reply, Running, read_all, start, start_body, start_with};

const UNKNOWN: &str = "0a237328-afd5-4574-a0bc-c29ce5f54802";
const OTHER: &str = "ef478d76-d9da-4d94-8ff1-08d9d4863aa5";

fn check(server: &Running, target: &str, expected: &str) {
    assert_eq!(server.ask("DELETE", target).failure(), expected, "{target}");
}

#[test]
fn what_a_cancel_is_told() {
    let server = start();
    let missing = "400 MissingParameterException: Missing required parameters: [loadId]";
    let together = "400 IllegalArgumentException: \
                    Parameter 'all' cancels every load and cannot be given together with a loadId";
    let differ = "400 InvalidArgumentException: The request names more than one loadId";
    let unknown = format!("404 BulkLoadIdNotFoundException: The load with id = {UNKNOWN} does not exist or not active");
    for (target, expected) in [
        ("/loader".to_owned(), missing),
        ("/loader/".to_owned(), missing),
        ("/loader?loadId=".to_owned(), missing),
        ("/loader?all=false".to_owned(), missing),
        ("/loader?details=TRUE".to_owned(), missing),
        (
            "/loader?all=maybe".to_owned(),
            "400 InvalidParameterException: Parameter 'all' must be TRUE or FALSE, found 'maybe'",
        ),
        (format!("/loader/{UNKNOWN}?all=TRUE"), together),
        (format!("/loader?loadId={UNKNOWN}&all=running"), together),
        // `all` comes before ids that differ, and those before their shape.
        (format!("/loader/x?loadId={OTHER}&all=true"), together),
        (format!("/loader/{UNKNOWN}?loadId={OTHER}"), differ),
        (format!("/loader?loadId={UNKNOWN}&loadId={OTHER}"), differ),
        ("/loader/x?loadId=y".to_owned(), differ),
        (format!("/loader/{UNKNOWN}"), &unknown),
        (format!("/loader/{UNKNOWN}/"), &unknown),
        (format!("/loader?loadId={UNKNOWN}"), &unknown),
        (format!("/loader/{UNKNOWN}?loadId={UNKNOWN}&unheardOf=1"), &unknown),
        (format!("/loader/{UNKNOWN}?all=false"), &unknown),
    ] {
        check(&server, &target, expected);
    }
    for (id, exception) in [
        ("x".repeat(257), "400 ConstraintViolationException: "),
        ("%00".to_owned(), "400 ConstraintViolationException: "),
        (format!("{UNKNOWN}%0A"), "400 ConstraintViolationException: "),
        ("x".repeat(256), "400 BadRequestException: Invalid loadId: "),
        ("garbage".to_owned(), "400 BadRequestException: Invalid loadId: garbage"),
        ("%FF".to_owned(), "400 BadRequestException: Invalid loadId: "),
        ("a%2Fb".to_owned(), "400 BadRequestException: Invalid loadId: a/b"),
        (format!("%7B{UNKNOWN}%7D"), "400 BadRequestException: Invalid loadId: "),
        (UNKNOWN.replace('-', ""), "400 BadRequestException: Invalid loadId: "),
    ] {
        for target in [format!("/loader/{id}"), format!("/loader?loadId={id}")] {
            let failure = server.ask("DELETE", &target).failure();
            assert!(failure.starts_with(exception), "{target}: {failure}");
        }
    }
}

#[test]
fn all_that_wait_are_cancelled_and_counted() {
    let (server, gate) = gated();
    let source = server.import("two.nt", "<http://a> <http://b> <http://c> .\n");
    let start = |queue: bool| {
        let body = serde_json::json!({"source": source, "format": "ntriples", "queueRequest": queue, "mode": "NEW"});
        let reply = server.send("POST", "/loader", &[], body.to_string().as_bytes());
        reply.json()["payload"]["loadId"].as_str().unwrap().to_owned()
    };
    let running = start(false);
    gate.reached();
    let waiting = [start(true), start(true)];
    let cancel = |all: &str| server.ask("DELETE", &format!("/loader?all={all}")).json();
    assert_eq!(cancel("True"), serde_json::json!({"status": "200 OK", "cancelled": 2}));
    assert_eq!(cancel("true"), serde_json::json!({"status": "200 OK", "cancelled": 0}));
    assert_eq!(waiting.each_ref().map(|id| state(&server, id)), ["LOAD_CANCELLED_BY_USER"; 2]);
    assert_eq!(state(&server, &running), "LOAD_IN_PROGRESS");
    gate.open();
    server.loader.wait(&running).unwrap();
    assert_eq!(cancel("running"), serde_json::json!({"status": "200 OK", "cancelled": 0}));
}

#[test]
fn a_body_that_cannot_be_read_is_a_bad_request() {
    let server = start();
    let broken = format!(
        "DELETE /loader/{UNKNOWN} HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\nnot a size\r\n",
        server.address
    );
    let failure = server.raw(broken.as_bytes()).failure();
    assert!(failure.starts_with("400 BadRequestException: The request body cannot be read: "), "{failure}");
}

#[test]
fn a_replica_and_a_server_without_loader_refuse_before_they_look_at_the_id() {
    let replica = start_with(|config, _| config.read_replica = true);
    for target in ["/loader", "/loader/garbage"] {
        check(
            &replica,
            target,
            "405 MethodNotAllowedException: Load cancellation is not permitted on a read replica instance.",
        );
    }
    assert_eq!(replica.ask("DELETE", "/loader").header("allow"), Some("GET"));
    assert_eq!(replica.ask("GET", "/loader").status, 200);

    let without = start_with(|config, _| config.loader = false);
    check(
        &without,
        "/loader",
        "400 UnsupportedOperationException: The bulk loader is switched off by this server's configuration",
    );
}

/// Holds loads as they enter a phase while it is closed.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    closed: bool,
    held: bool,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        while state.closed {
            state.held = true;
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap();
        }
        state.held = false;
    }

    /// Waits until a load is held.
    pub(crate) fn reached(&self) {
        let mut state = self.state.lock().unwrap();
        while !state.held {
            state = self.changed.wait(state).unwrap();
        }
    }

    pub(crate) fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    pub(crate) fn open(&self) {
        self.state.lock().unwrap().closed = false;
        self.changed.notify_all();
    }
}

/// A server whose loads are held at a gate, which is open.
pub(crate) fn gated_with(adjust: impl FnOnce(&mut ServerConfig)) -> (Running, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let hook = Arc::clone(&gate);
    let server = start_with(move |config, loads| {
        adjust(config);
        loads.pause = Some(Arc::new(move |_| hook.pass()));
    });
    (server, gate)
}

/// A server whose loads are held at a gate, which is closed.
pub(crate) fn gated() -> (Running, Arc<Gate>) {
    let (server, gate) = gated_with(|_| {});
    gate.close();
    (server, gate)
}

/// Starts a load that takes far longer than a cancel takes from its lane to the job.
fn begin_load(server: &Running) -> String {
    let source = server.import("many.nt", &crate::overload::triples(300_000));
    let body = start_body(&source, "ntriples");
    let reply = server.send("POST", "/loader", &[], body.as_bytes());
    reply.json()["payload"]["loadId"].as_str().unwrap().to_owned()
}

fn state(server: &Running, id: &str) -> String {
    let status = server.ask("GET", &format!("/loader/{id}"));
    status.json()["payload"]["overallStatus"]["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_running_load_is_cancelled_once() {
    let (server, gate) = gated();
    let id = begin_load(&server);
    gate.reached();
    assert_eq!(state(&server, &id), "LOAD_IN_PROGRESS");
    let mut cancel = server.connect();
    cancel.write_all(&server.request("DELETE", &format!("/loader?loadId={id}"), &[], b"")).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"cancels\"} 1");
    gate.open();
    let reply = Reply::read(&read_all(&mut cancel));
    assert_eq!(
        reply.whole(),
        "200\nconnection: close\ncontent-length: 19\ncontent-type: application/json; charset=UTF-8\n\
         x-amzn-requestid: ID\n\n{\"status\":\"200 OK\"}"
    );
    assert_eq!(state(&server, &id), "LOAD_CANCELLED_BY_USER");
    check(
        &server,
        &format!("/loader/{id}"),
        &format!("404 BulkLoadIdNotFoundException: The load with id = {id} does not exist or not active"),
    );
}

#[test]
fn a_client_that_hangs_up_does_not_undo_its_cancel() {
    let (server, gate) = gated();
    let id = begin_load(&server);
    gate.reached();
    let mut stream = server.connect();
    stream.write_all(&server.request("DELETE", &format!("/loader/{id}"), &[], b"")).unwrap();
    drop(stream);
    // The load may go on only when the cancel, which is at work without its client, shows in its lane.
    wait_for(&server, "halimede_lane_running{lane=\"cancels\"} 1");
    gate.open();
    server.loader.wait(&id).unwrap();
    assert_eq!(state(&server, &id), "LOAD_CANCELLED_BY_USER");
}

#[test]
fn a_repeated_attempt_gets_the_first_answer_and_a_new_call_does_not() {
    let (server, gate) = gated();
    let id = begin_load(&server);
    gate.reached();
    let target = format!("/loader/{id}");
    let mut first = server.connect();
    first.write_all(&server.request("DELETE", &target, &[("amz-sdk-invocation-id", "call-1")], b"")).unwrap();
    wait_for(&server, "halimede_lane_running{lane=\"cancels\"} 1");
    drop(first);
    gate.open();
    let again = server.send("DELETE", &target, &[("amz-sdk-invocation-id", "call-1")], b"");
    assert_eq!((again.status, again.body.as_str()), (200, "{\"status\":\"200 OK\"}"));
    let other = server.send("DELETE", &target, &[("amz-sdk-invocation-id", "call-2")], b"");
    assert_eq!(other.status, 404);
    assert_eq!(server.ask("DELETE", &target).status, 404);
}

/// Asks for the metrics until they have this line.
pub(crate) fn wait_for(server: &Running, line: &str) {
    while !server.ask("GET", "/metrics").body.lines().any(|found| found == line) {
        std::thread::yield_now();
    }
}
