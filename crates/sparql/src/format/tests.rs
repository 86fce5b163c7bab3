//! Accept headers and the formats that they choose.

use super::OutputFormat::*;
use super::QueryKind::*;
use super::*;

#[test]
fn accept_headers_choose_formats() {
    let table = [
        (Select, None, Some(Json)),
        (Select, Some(""), Some(Json)),
        (Select, Some("*/*"), Some(Json)),
        (Select, Some("application/json"), Some(Json)),
        (Select, Some("application/sparql-results+json;charset=utf-8"), Some(Json)),
        (Select, Some("APPLICATION/SPARQL-RESULTS+XML"), Some(Xml)),
        (Select, Some("text/csv"), Some(Csv)),
        (Select, Some("text/tab-separated-values"), Some(Tsv)),
        (Select, Some("text/*"), Some(Csv)),
        (Select, Some("text/csv;q=0.3, application/xml;q=0.7"), Some(Xml)),
        (Select, Some("text/csv; q=1.0 , application/sparql-results+json; q=0.9"), Some(Csv)),
        (Select, Some("*/*;q=0.1, text/csv"), Some(Csv)),
        // Named beats covered, at the same quality.
        (Select, Some("text/tab-separated-values, */*"), Some(Tsv)),
        // An exclusion counts for the format, not for one of its names.
        (Select, Some("application/sparql-results+json;q=0, */*"), Some(Xml)),
        (Select, Some("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"), Some(Xml)),
        (Select, Some("text/html, image/gif, *; q=.2, */*; q=.2"), Some(Json)),
        // An entry that cannot be read is passed over.
        (Select, Some("csv, text/csv;q=7, application/xml;q=0.2"), Some(Xml)),
        (Select, Some("nonsense"), Some(Json)),
        (Select, Some("text/html"), None),
        (Select, Some("*/*;q=0"), None),
        (Select, Some("application/n-quads"), None),
        (Select, Some("application/x-binary-rdf-results-table"), None),
        (Ask, None, Some(Json)),
        (Ask, Some("text/boolean"), Some(Boolean)),
        (Ask, Some("application/xml"), Some(Xml)),
        (Ask, Some("text/csv"), None),
        (Construct, None, Some(NQuads)),
        (Construct, Some("*/*"), Some(NQuads)),
        (Construct, Some("text/x-nquads"), Some(NQuads)),
        (Construct, Some("application/sparql-results+json"), Some(Json)),
        (Construct, Some("application/n-triples"), Some(NTriples)),
        (Construct, Some("text/plain"), Some(NTriples)),
        (Construct, Some("application/x-turtle"), Some(Turtle)),
        (Construct, Some("text/rdf+n3"), Some(N3)),
        (Construct, Some("text/turtle;q=0.9, application/rdf+xml;q=0.8"), Some(Turtle)),
        (Describe, Some("application/rdf+xml"), Some(RdfXml)),
        (Describe, Some("application/trig"), Some(TriG)),
        (Describe, Some("application/ld+json"), Some(JsonLd)),
        (Describe, Some("text/csv"), None),
    ];
    for (kind, accept, expected) in table {
        assert_eq!(negotiate(kind, accept).ok(), expected, "{kind} {accept:?}");
    }
}

#[test]
fn a_refusal_lists_what_is_possible() {
    let error = negotiate(Ask, Some("text/html")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ASK cannot be answered as text/html; possible are application/sparql-results+json, \
         application/sparql-results+xml, text/boolean"
    );
}

#[test]
fn every_offer_can_be_written_and_found_again() {
    for kind in [Select, Ask, Construct, Describe] {
        for (format, names) in offered(kind) {
            assert_eq!(names.first(), Some(&format.media_type()));
            for name in *names {
                assert_eq!(negotiate(kind, Some(name)).ok(), Some(*format), "{kind} {name}");
            }
        }
    }
}
