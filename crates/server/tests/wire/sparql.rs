//! SPARQL beyond queries: updates, graphs as a whole, plans, and what runs.

use std::io::Write;

use model::{Dataset, TermRef};

use crate::harness::{Running, read_all, start, start_with};
use crate::queries::fill;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const UPDATE: (&str, &str) = ("content-type", "application/sparql-update");
const QUERY: (&str, &str) = ("content-type", "application/sparql-query");
const TURTLE: (&str, &str) = ("content-type", "text/turtle");
const ID: &str = "4d5c4fae-aa30-41cf-9e1f-91e6b7dd6f47";

fn select(server: &Running, text: &str) -> String {
    let reply = server.send("POST", "/sparql", &[QUERY, ("accept", "text/csv")], text.as_bytes());
    assert_eq!(reply.status, 200, "{text}: {}", reply.body);
    reply.body.replace("\r\n", " ").trim().to_owned()
}

fn ask(server: &Running, text: &str) -> bool {
    let reply = server.send("POST", "/sparql", &[QUERY, ("accept", "text/boolean")], text.as_bytes());
    reply.body == "true"
}

#[test]
fn an_update_is_sent_in_every_form_and_told_by_operation() {
    let server = start();
    let text = "INSERT DATA { <http://s/0> <http://p> 1 }; DELETE DATA { <http://s/9> <http://p> 1 }";
    let reply = server.send("POST", "/sparql", &[UPDATE], text.as_bytes());
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json; charset=UTF-8")));
    let events = reply.json();
    let kinds: Vec<_> = events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["UpdateEvent", "UpdateEvent", "Commit"]);
    for name in [
        "totalElapsedMillis",
        "elapsedMillis",
        "connFlush",
        "batchResolve",
        "whereClause",
        "deleteClause",
        "insertClause",
    ] {
        assert!(events[0][name].is_u64(), "{name}: {events}");
    }
    assert!(events[2]["totalElapsedMillis"].is_u64(), "{events}");
    let form = "update=INSERT%20DATA%20%7B%20%3Chttp%3A%2F%2Fs%2F1%3E%20%3Chttp%3A%2F%2Fp%3E%202%20%7D";
    assert_eq!(server.send("POST", "/sparql/", &[FORM], form.as_bytes()).status, 200);
    assert_eq!(select(&server, "SELECT ?o { ?s <http://p> ?o } ORDER BY ?o"), "o 1 2");
    for (method, target, headers, body, expected) in [
        ("GET", format!("/sparql?{form}"), vec![], "", "400 BadRequestException: An update cannot be sent with GET"),
        (
            "POST",
            "/sparql".to_owned(),
            vec![FORM],
            "",
            "400 MissingParameterException: Missing required parameters: [query]",
        ),
        (
            "POST",
            "/sparql".to_owned(),
            vec![FORM],
            "query=x&update=y",
            "400 BadRequestException: A request has a query or an update, not both",
        ),
        (
            "POST",
            "/sparql?explain=static".to_owned(),
            vec![UPDATE],
            "CLEAR ALL",
            "400 UnsupportedOperationException: Explain of an update is not supported: only SELECT can be explained",
        ),
        (
            "POST",
            "/sparql?using-graph-uri=http://g".to_owned(),
            vec![UPDATE],
            "WITH <http://g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
            "400 MalformedQueryException: Malformed query: the request has using-graph-uri",
        ),
        ("POST", "/sparql".to_owned(), vec![UPDATE], "LOAD <file:///etc/passwd>", "400 "),
    ] {
        let failure = server.send(method, &target, &headers, body.as_bytes()).failure();
        assert!(failure.starts_with(expected), "{method} {target} {body}: {failure}");
    }
    assert_eq!(select(&server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"), "n 2");
}

#[test]
fn an_update_that_fails_leaves_nothing() {
    let server = start();
    fill(&server, 2);
    let text = "INSERT DATA { <http://s/7> <http://p> 7 }; LOAD <http://nowhere.test/a.ttl>";
    assert!(server.send("POST", "/sparql", &[UPDATE], text.as_bytes()).status >= 400);
    assert_eq!(select(&server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"), "n 2");
}

#[test]
fn a_replica_refuses_to_write() {
    let server = start_with(|config, _| config.read_replica = true);
    for (method, target, headers, body) in [
        ("POST", "/sparql", vec![UPDATE], "INSERT DATA { <http://s/7> <http://p> 7 }"),
        ("PUT", "/sparql/gsp?default", vec![TURTLE], "<http://s/7> <http://p> 7 ."),
    ] {
        let failure = server.send(method, target, &headers, body.as_bytes()).failure();
        assert!(failure.starts_with("400 ReadOnlyViolationException"), "{failure}");
    }
}

#[test]
fn a_graph_is_read_and_written_as_a_whole() {
    let server = start();
    let gsp = "/sparql/gsp/?graph=http://g/1";
    let status = |method: &str, target: &str, headers: &[(&str, &str)], body: &str| {
        server.send(method, target, headers, body.as_bytes()).status
    };
    assert_eq!(status("GET", gsp, &[], ""), 404);
    assert_eq!(status("DELETE", gsp, &[], ""), 404);
    assert_eq!(status("PUT", gsp, &[TURTLE], "<http://s/1> <http://p> 1 , 2 ."), 201);
    assert_eq!(status("PUT", gsp, &[TURTLE], "<http://s/1> <http://p> 3 . <a> <b> <c> ."), 204);
    assert_eq!(status("POST", gsp, &[TURTLE], "<http://s/1> <http://p> 4 ."), 204);
    assert_eq!(status("HEAD", gsp, &[], ""), 200);
    let reply = server.send("GET", gsp, &[("accept", "application/n-triples")], b"");
    let mut lines: Vec<&str> = reply.body.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "<http://g/a> <http://g/b> <http://g/c> .",
            "<http://s/1> <http://p> \"3\"^^<http://www.w3.org/2001/XMLSchema#integer> .",
            "<http://s/1> <http://p> \"4\"^^<http://www.w3.org/2001/XMLSchema#integer> .",
        ]
    );
    let quads = "<http://s/2> <http://p> <http://o/2> <http://g/2> .";
    assert_eq!(status("POST", "/sparql/gsp?default", &[("content-type", "application/n-quads")], quads), 204);
    let graphs = "SELECT ?g { GRAPH ?g { <http://s/2> ?p ?o } } ORDER BY ?g";
    assert_eq!(select(&server, graphs), "g http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph http://g/2");
    assert_eq!(status("DELETE", gsp, &[], ""), 204);
    assert!(!ask(&server, "ASK { GRAPH <http://g/1> { ?s ?p ?o } }"));
    for target in ["/sparql/gsp", "/sparql/gsp?default&graph=http://g/1", "/sparql/gsp?graph=a:b&graph=a:c"] {
        assert_eq!(status("GET", target, &[], ""), 400, "{target}");
    }
    assert_eq!(status("PUT", gsp, &[TURTLE], "no turtle"), 400);
    assert_eq!(status("PUT", gsp, &[("content-type", "image/png")], "x"), 400);
}

#[test]
fn a_plan_is_told_in_the_documented_frame() {
    let server = start();
    fill(&server, 3);
    let text = "SELECT ?s { ?s <http://p> ?o FILTER(?o > 0) }";
    let plan = server.send("POST", "/sparql?explain=static", &[QUERY], text.as_bytes());
    assert_eq!(plan.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert!(plan.body.contains("│ Name") && plan.body.contains("SolutionInjection"), "{}", plan.body);
    assert!(plan.body.contains("TermResolution") && !plan.body.contains("Units Out"), "{}", plan.body);
    let details = server.send("POST", "/sparql?explain=details", &[QUERY, ("accept", "text/html")], text.as_bytes());
    assert_eq!(details.header("content-type"), Some("text/html; charset=UTF-8"));
    assert!(details.body.contains("<p>Query:</p>") && details.body.contains("Units Out"), "{}", details.body);
    let failure = server.send("POST", "/sparql?explain=dynamic", &[QUERY], b"ASK { ?s ?p ?o }").failure();
    assert_eq!(
        failure,
        "400 UnsupportedOperationException: Explain of ASK is not supported: only SELECT can be explained"
    );
}

#[test]
fn what_runs_is_listed_and_cancelled() {
    let server = start();
    fill(&server, 300);
    let endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }";
    for silent in [false, true] {
        let mut stream = server.connect();
        let target = format!("/sparql?queryId={ID}");
        stream.write_all(&server.request("POST", &target, &[QUERY], endless.as_bytes())).unwrap();
        let one = format!("/sparql/status?queryId={ID}");
        while server.ask("GET", &one).body.is_empty() {
            std::thread::yield_now();
        }
        // One that waits for its turn does not run.
        let listed = loop {
            let listed = server.ask("GET", "/sparql/status?queryId=").json();
            if listed["runningQueryCount"] == 1 {
                break listed;
            }
            std::thread::yield_now();
        };
        assert_eq!((&listed["runningQueryCount"], &listed["queries"][0]["queryId"]), (&1.into(), &ID.into()));
        assert_eq!(listed["queries"][0]["queryString"], endless);
        let cancel = format!("cancelQuery&queryId={ID}&silent={silent}");
        let reply = server.send("POST", "/sparql/status", &[FORM], cancel.as_bytes());
        assert_eq!((reply.status, reply.json()["queries"].is_array()), (200, true));
        let ended = read_all(&mut stream);
        if silent {
            assert!(ended.starts_with("HTTP/1.1 200") && ended.contains(r#""vars":["n"]"#), "{ended}");
        } else {
            assert!(ended.starts_with("HTTP/1.1 500") && ended.contains("CancelledByUserException"), "{ended}");
        }
    }
    let unknown = server.ask("GET", "/sparql/status?queryId=nonsense");
    assert_eq!((unknown.status, unknown.body.as_str()), (200, ""));
    let malformed = server.ask("GET", "/sparql/status?cancelQuery&queryId=nonsense");
    assert_eq!((malformed.status, malformed.body.as_str()), (400, "Invalid queryId (not a UUID): nonsense"));
    assert_eq!(server.ask("GET", &format!("/sparql/status?cancelQuery&queryId={ID}")).status, 200);
}

#[test]
fn what_was_acknowledged_is_in_the_store() {
    let server = start();
    server.send("POST", "/sparql", &[UPDATE], b"INSERT DATA { <http://s/1> <http://p> <http://o> }");
    let snapshot = server.store.snapshot(Dataset::Rdf);
    let id = |iri| snapshot.encode(TermRef::Iri(iri));
    let quad = model::Quad::in_default_graph(id("http://s/1"), id("http://p"), id("http://o"));
    assert!(snapshot.contains(&quad).unwrap());
}
