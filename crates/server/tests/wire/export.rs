//! Export and check over HTTP.

use crate::harness::start;

#[test]
fn what_was_loaded_comes_back() {
    let server = start();
    let text = "<http://a> <http://b> <http://c> .\n";
    server.load(&server.import("one.nt", text), "ntriples");
    let reply = server.ask("GET", "/halimede/export?format=ntriples");
    assert_eq!(
        reply.whole(),
        format!(
            "200\nconnection: close\ncontent-disposition: attachment; filename=\"statements.nt\"\n\
             content-length: {}\ncontent-type: application/n-triples\nx-amzn-requestid: ID\n\n{text}",
            text.len()
        )
    );
    server.load(&server.import("vertices.csv", "~id,~label,name\nv1,Person,Ada\n"), "csv");
    let vertices = server.ask("GET", "/halimede/export?dataset=pg&format=csv&part=vertices");
    assert_eq!(vertices.header("content-type"), Some("text/csv; charset=UTF-8"));
    assert!(vertices.body.contains("Ada"), "{}", vertices.body);

    let check = server.ask("GET", "/halimede/check");
    assert_eq!(check.header("content-type"), Some("application/json; charset=UTF-8"));
    let datasets = &check.json()["datasets"];
    let quads = |name: &str| {
        let datasets = datasets.as_array().unwrap();
        datasets.iter().find(|dataset| dataset["dataset"] == name).unwrap()["quads"].clone()
    };
    assert_eq!((quads("rdf"), quads("pg")), (1.into(), 2.into()));
}

#[test]
fn exports_that_cannot_be_meant() {
    let server = start();
    for (query, expected) in [
        ("", "400 MissingParameterException: Missing required parameters: [format]"),
        ("?format=csv", "400 MissingParameterException: Missing required parameters: [part]"),
        (
            "?format=csv&part=statements",
            "400 InvalidParameterException: Parameter 'part' must be vertices or edges for format csv, found 'statements'",
        ),
        (
            "?format=turtle&dataset=pg",
            "400 InvalidParameterException: Parameter 'dataset' must be rdf for format turtle, found 'pg'",
        ),
    ] {
        assert_eq!(server.ask("GET", &format!("/halimede/export{query}")).failure(), expected, "{query}");
    }
    let unknown = server.ask("GET", "/halimede/export?format=parquet").failure();
    assert!(unknown.starts_with("400 InvalidParameterException: "), "{unknown}");
}
