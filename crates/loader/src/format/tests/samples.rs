//! Real files: the loader samples and the air routes.

use std::fs;

use super::*;

/// A file's outcome in short: kind, records, entries that count, errors.
fn sum(path: &str) -> Option<String> {
    let data = fs::read(shared(path)?).expect("it exists");
    let (kind, out) = read(Format::Csv, &defaults(), &data, 64 << 10);
    let counted = out.batch.entries.iter().filter(|entry| entry.role != Role::Silent).count();
    let kind = kind.map_or("no header".to_owned(), |kind| format!("{kind:?}"));
    Some(format!("{kind}, {} rows, {counted} records, {} errors", out.rows, out.errors.len()))
}

#[test]
fn loader_samples() {
    let cases = [
        ("csv-gremlin/bad-edges.csv", "Edges, 7 rows, 3 records, 4 errors"),
        ("csv-gremlin/bad-edges-with-sets.csv", "no header, 0 rows, 0 records, 1 errors"),
        ("csv-gremlin/bad-vertices.csv", "Vertices, 6 rows, 0 records, 6 errors"),
        ("csv-gremlin/dates.csv", "Vertices, 11 rows, 10 records, 6 errors"),
        ("csv-gremlin/doubles.csv", "Vertices, 1 rows, 4 records, 0 errors"),
        ("csv-gremlin/edges.csv", "Edges, 3 rows, 5 records, 0 errors"),
        ("csv-gremlin/edges-with-bad-header.csv", "no header, 0 rows, 0 records, 1 errors"),
        ("csv-gremlin/edges-with-repeat-ids.csv", "Edges, 5 rows, 5 records, 0 errors"),
        ("csv-gremlin/header-with-spaces.csv", "Vertices, 3 rows, 6 records, 0 errors"),
        ("csv-gremlin/header-with-spaces-edge.csv", "Edges, 2 rows, 2 records, 0 errors"),
        ("csv-gremlin/vertices.csv", "Vertices, 10 rows, 52 records, 0 errors"),
        ("csv-gremlin/vertices-quotes.csv", "Vertices, 8 rows, 14 records, 1 errors"),
        ("csv-gremlin/vertices-with-bad-header.csv", "no header, 0 rows, 0 records, 1 errors"),
        ("csv-gremlin/vertices-with-bools.csv", "Vertices, 3 rows, 24 records, 0 errors"),
        ("csv-gremlin/vertices-with-repeat-ids.csv", "Vertices, 12 rows, 29 records, 0 errors"),
        ("csv-gremlin/vertices-with-sets.csv", "Vertices, 1 rows, 14 records, 0 errors"),
        ("csv-to-rdf/cardinality-test-edges.csv", "Edges, 3 rows, 6 records, 0 errors"),
        ("csv-to-rdf/cardinality-test-nodes.csv", "Vertices, 3 rows, 5 records, 0 errors"),
        ("csv-to-rdf/city-edges.csv", "Edges, 1 rows, 3 records, 0 errors"),
        ("csv-to-rdf/city-nodes.csv", "Vertices, 2 rows, 8 records, 0 errors"),
        ("csv-to-rdf/colon-in-header.csv", "Vertices, 1 rows, 0 records, 1 errors"),
        ("csv-to-rdf/empty.csv", "Vertices, 0 rows, 0 records, 0 errors"),
        ("csv-to-rdf/escaped-semicolon.csv", "Vertices, 1 rows, 4 records, 0 errors"),
        ("csv-to-rdf/integration-test-edges.csv", "Edges, 3 rows, 6 records, 0 errors"),
        ("csv-to-rdf/integration-test-nodes.csv", "Vertices, 4 rows, 16 records, 0 errors"),
        ("csv-to-rdf/iso-8859-15-with-E4-8bit-character.csv", "Vertices, 1 rows, 2 records, 0 errors"),
        ("csv-to-rdf/valid-utf8.csv", "Vertices, 1 rows, 2 records, 0 errors"),
        ("neptune-samples/nCSV_edges_multi_edge.csv", "Edges, 2 rows, 1 records, 1 errors"),
        ("neptune-samples/nCSV_edges_normal.csv", "Edges, 2 rows, 5 records, 0 errors"),
        ("neptune-samples/nCSV_malformed.csv", "no header, 0 rows, 0 records, 1 errors"),
        ("neptune-samples/nCSV_nodes_bad_date.csv", "Vertices, 5 rows, 8 records, 1 errors"),
        ("neptune-samples/nCSV_nodes_normal.csv", "Vertices, 4 rows, 15 records, 0 errors"),
        ("neptune-samples/nCSV_same_prop_names.csv", "Vertices, 1 rows, 4 records, 0 errors"),
        ("neptune-samples/collaborative-filtering/edges.txt", "Edges, 26 rows, 52 records, 0 errors"),
        ("neptune-samples/collaborative-filtering/vertex.txt", "Vertices, 17 rows, 92 records, 1 errors"),
    ];
    let mut wrong = Vec::new();
    for (path, expected) in cases {
        let Some(found) = sum(&format!("data/loader-csv/{path}")) else {
            return;
        };
        if found != expected {
            wrong.push(format!("{path}: {found} (expected {expected})"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn air_routes() {
    let cases = [
        ("nodes", "Vertices, 3749 rows, 46534 records, 0 errors"),
        ("edges", "Edges, 57645 rows, 108282 records, 0 errors"),
    ];
    for (name, expected) in cases {
        if let Some(found) = sum(&format!("data/air-routes/air-routes-latest-{name}.csv")) {
            assert_eq!(found, expected);
        }
    }
}
