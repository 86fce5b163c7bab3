//! Loads from an S3 that stalls, refuses, or has something else by now. The sockets are real; what breaks is scripted.

use loader::request::{Format, LoadRequest, Mode};
use loader::source::Credentials;
use loader::{LoaderConfig, Phase};
use serde_json::{Value, json};

#[path = "../../src/source/s3/tests/server.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "shared with the tests of sources, which use more of it")]
mod server;

use super::house::{House, names};
use server::{Answer, Request, Server};

/// Every object's size: blank lines fill it up.
const SIZE: usize = 100;

fn listing(keys: &[&str]) -> String {
    let contents = keys.iter().fold(String::new(), |xml, key| {
        xml + "<Contents><Key>" + key + "</Key><ETag>\"e\"</ETag><Size>" + &SIZE.to_string() + "</Size></Contents>"
    });
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
}

/// A key and what is answered for it.
type Object = (&'static str, fn() -> Answer);

/// An S3 with these objects, each answered as told.
fn bucket(objects: &'static [Object]) -> Server {
    Server::start(move |request: &Request| {
        let found = objects.iter().find(|(key, _)| request.line.contains(&format!("/bucket/{key} ")));
        match found {
            Some((_, answer)) => answer(),
            None => Answer::ok(listing(&objects.iter().map(|(key, _)| *key).collect::<Vec<_>>())),
        }
    })
}

fn house(server: &Server) -> House {
    House::hooked(|config: &mut LoaderConfig| {
        config.sources.s3.endpoint = Some(server.endpoint());
        config.sources.s3.credentials = Credentials::Anonymous;
    })
}

fn request(fail_on_error: bool) -> LoadRequest {
    LoadRequest {
        mode: Mode::New,
        fail_on_error,
        region: Some("eu-west-1".to_owned()),
        ..LoadRequest::new("s3://bucket/", Format::Csv)
    }
}

fn vertices(names: &str) -> Answer {
    let text = "~id\n".to_owned() + names;
    Answer::ok(format!("{text:\n<SIZE$}")).header("ETag", "\"e\"")
}

#[test]
fn a_cancel_leaves_a_stalled_socket() {
    let server = bucket(&[("v.csv", || vertices("v\n").stall_at(50))]);
    let house = house(&server);
    let id = house.start(request(true));
    while !server.requests().iter().any(|request| request.line.contains("v.csv")) {
        std::thread::yield_now();
    }
    let progress = house.loader.progress(&id.to_string()).expect("the load");
    assert!(progress.phase <= Phase::Downloading, "{progress:?}");
    house.loader.cancel(&id.to_string(), None).expect("the cancel wins");
    server.wait_until_left();
    let status = house.status(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_CANCELLED_BY_USER");
    assert_eq!(status["feedCount"], json!([{"LOAD_CANCELLED_BY_USER": 1}]));
    house.check();
}

/// An error elsewhere ends a strict load although the next file's socket says nothing.
#[test]
fn an_error_leaves_a_stalled_socket() {
    let server = bucket(&[("a.csv", || vertices("a\nb,surplus\n")), ("b.csv", || vertices("v\n").stall_at(2))]);
    let house = house(&server);
    let status = house.load(LoadRequest { edge_only_load: true, ..request(true) });
    assert_eq!(status["overallStatus"]["status"], "LOAD_CANCELLED_DUE_TO_ERRORS", "{status}");
    assert_eq!(house.vertices(), names(&["a"]));
    server.wait_until_left();
}

#[test]
fn objects_that_cannot_be_read() {
    let objects: &[Object] = &[
        ("a.csv", || vertices("a\n")),
        ("b.csv", || Answer::status(412, "<Error><Code>PreconditionFailed</Code></Error>")),
        ("c.csv", || Answer::status(403, "<Error><Code>AccessDenied</Code></Error>")),
        ("d.csv", || vertices("d\n")),
        ("e.csv", || Answer::status(404, "<Error><Code>NoSuchKey</Code></Error>")),
    ];
    let server = bucket(objects);
    let house = house(&server);
    let status = house.load(request(false));
    let overall = &status["overallStatus"];
    assert_eq!(overall["status"], "LOAD_FAILED", "{status}");
    assert_eq!(
        json!([overall["totalRecords"], overall["parsingErrors"], overall["insertErrors"]]),
        json!([2, 0, 0]),
        "no record was seen of what could not be read"
    );
    assert_eq!(
        status["feedCount"],
        json!([
            {"LOAD_COMPLETED": 2},
            {"LOAD_S3_ACCESS_DENIED_ERROR": 1},
            {"LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED": 2},
        ])
    );
    let logged: Vec<(&Value, &Value, &Value)> = status["errors"]["errorLogs"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|error| (&error["errorCode"], &error["fileName"], &error["recordNum"]))
        .collect();
    let modified = json!("FILE_MODIFICATION_OR_DELETION_ERROR");
    let denied = json!("S3_ACCESS_DENIED_ERROR");
    let [b, c, e] = ["b", "c", "e"].map(|name| json!(format!("s3://bucket/{name}.csv")));
    let none = json!(0);
    assert_eq!(logged, [(&modified, &b, &none), (&denied, &c, &none), (&modified, &e, &none)]);
    assert_eq!(house.vertices(), names(&["a", "d"]));
    house.check();

    let strict = house.load(request(true));
    assert_eq!(strict["overallStatus"]["status"], "LOAD_FAILED");
    assert_eq!(
        strict["feedCount"],
        json!([
            {"LOAD_NOT_STARTED": 3},
            {"LOAD_COMPLETED": 1},
            {"LOAD_DATA_FAILED_DUE_TO_FEED_MODIFIED_OR_DELETED": 1},
        ])
    );
}
