//! The table of routes against the service model, and any path at all.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn check(method: &str, path: &str) -> String {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    match find(&method, path) {
        Ok(Matched { route, label: None }) => route.operation.to_owned(),
        Ok(Matched { route, label: Some(label) }) => format!("{} [{label}]", route.operation),
        Err(Mismatch::Path) => "no path".to_owned(),
        Err(Mismatch::Method { allow }) => format!("allow {allow}"),
    }
}

#[test]
fn paths_find_their_operation() {
    for (method, path, expected) in [
        ("GET", "/status", "GetEngineStatus"),
        ("GET", "/status/", "GetEngineStatus"),
        ("GET", "/status//", "no path"),
        ("GET", "//status", "no path"),
        ("GET", "/Status", "no path"),
        ("POST", "/status", "allow GET"),
        ("GET", "/loader", "ListLoaderJobs"),
        ("GET", "/loader/", "ListLoaderJobs"),
        ("POST", "/loader", "StartLoaderJob"),
        ("DELETE", "/loader", "CancelLoaderJob"),
        ("PUT", "/loader", "allow GET, POST, DELETE"),
        ("DELETE", "/loader/abc", "CancelLoaderJob [abc]"),
        ("DELETE", "/loader/abc/", "CancelLoaderJob [abc]"),
        ("GET", "/loader/a%20b%2Fc", "GetLoaderJobStatus [a b/c]"),
        ("GET", "/loader/a+b%zz%4", "GetLoaderJobStatus [a+b%zz%4]"),
        ("GET", "/loader/%FF%00", "GetLoaderJobStatus [\u{FFFD}\0]"),
        ("GET", "/loader/abc/def", "no path"),
        ("POST", "/loader/abc", "allow DELETE, GET"),
        ("GET", "/load%65r", "no path"),
        ("POST", "/openCypher", "ExecuteOpenCypherQuery"),
        ("POST", "/opencypher/", "ExecuteOpenCypherQuery"),
        ("POST", "/OPENCYPHER", "ExecuteOpenCypherQuery"),
        ("DELETE", "/openCypher/status/1", "CancelOpenCypherQuery [1]"),
        ("DELETE", "/OpenCypher/status", "CancelOpenCypherQuery"),
        ("PUT", "/openCypher", "allow POST, GET"),
        ("GET", "/pg/statistics/summary", "GetPropertygraphSummary"),
        ("GET", "/propertygraph/stream/", "GetPropertygraphStream"),
        ("GET", "/sparql", "SparqlQuery"),
        ("POST", "/sparql/", "SparqlQuery"),
        ("PATCH", "/sparql", "allow GET, POST"),
        ("GET", "/halimede/loader/x/rejects", "GetLoaderJobRejects [x]"),
        ("GET", "/", "no path"),
        ("GET", "", "no path"),
        ("OPTIONS", "*", "no path"),
    ] {
        assert_eq!(check(method, path), expected, "{method} {path}");
    }
}

#[test]
fn no_two_rows_have_the_same_method_and_path() {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for route in table::MODEL.iter().chain(table::OTHERS) {
        let row = (route.method.as_str(), route.template);
        assert!(!seen.contains(&row), "{row:?} stands twice");
        seen.push(row);
    }
    assert_eq!(table::MODEL.len(), 48);
}

/// Rows of the specification's operation table: `| Name | METHOD `/path` | …`.
#[test]
fn the_table_is_the_service_model() {
    let shared = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(shared.join("spec/operations.md")) else {
        eprintln!("skipped: no specification at {} (set HALIMEDE_SHARED)", shared.display());
        return;
    };
    let expected: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let (name, request) = (cells.next()?, cells.next()?);
            let (method, path) = request.split_once(" `")?;
            Some(format!("{name} {method} {}", path.strip_suffix('`')?))
        })
        .collect();
    let ours: Vec<String> =
        table::MODEL.iter().map(|route| format!("{} {} {}", route.operation, route.method, route.template)).collect();
    assert_eq!(ours, expected);
}

proptest! {
    /// Clients encode all but letters and digits, or only what they must.
    #[test]
    fn a_label_survives_its_encoding(label in "[^/]{1,20}", all in any::<bool>()) {
        let encoded: String = label
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                b'!'..=b'~' if byte != b'%' && !all => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        let matched = find(&Method::DELETE, &format!("/loader/{encoded}")).unwrap();
        prop_assert_eq!(matched.label, Some(label));
    }

    #[test]
    fn any_path_has_an_answer(path in "[/%a-zA-Z0-9.*]{0,40}") {
        let _ = find(&Method::GET, &path);
    }
}
