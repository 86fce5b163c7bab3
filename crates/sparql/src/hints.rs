//! Neptune's query hints, taken out of the algebra.
//!
//! A hint looks like a triple pattern whose predicate is in the hint namespace. It speaks to the engine and never
//! matches data, so it must be gone before evaluation. None of the hints changes which rows a query has; this engine
//! orders joins by itself, so for now they are all passed over.
//!
//! **Source**: spec/sparql.md §6.

use spargebra::Query;
use spargebra::algebra::GraphPattern;
use spargebra::term::NamedNodePattern;

use crate::query;
use crate::walk::walk;

/// The namespace of hints.
const NAMESPACE: &str = "http://aws.amazon.com/neptune/vocab/v01/QueryHints#";

/// Removes every hint from a query. Recurses as deep as the query is nested.
pub(crate) fn strip(query: &mut Query) {
    strip_pattern(query::pattern(query));
    // `CONSTRUCT WHERE { … }` repeats the pattern as its template.
    if let Query::Construct { template, .. } = query {
        template.retain(|triple| !is_hint(&triple.predicate));
    }
}

/// Whether a pattern with this predicate is one.
pub(crate) fn is_hint(predicate: &NamedNodePattern) -> bool {
    matches!(predicate, NamedNodePattern::NamedNode(predicate) if predicate.as_str().starts_with(NAMESPACE))
}

/// Removes every hint from a pattern. One inside SERVICE goes too: the other server may take it for data.
pub(crate) fn strip_pattern(pattern: &mut GraphPattern) {
    walk(
        pattern,
        &mut |pattern| {
            if let GraphPattern::Bgp { patterns } = pattern {
                patterns.retain(|triple| !is_hint(&triple.predicate));
            }
        },
        &mut |_| {},
    );
}

#[cfg(test)]
mod tests {
    use spargebra::SparqlParser;

    /// What is left of `text` equals `expected`, both after parsing.
    fn check(text: &str, expected: &str) {
        let parse = |text: &str| {
            SparqlParser::new()
                .with_prefix("hint", super::NAMESPACE)
                .and_then(|parser| parser.with_prefix("", "http://ex.test/"))
                .unwrap()
                .parse_query(text)
                .unwrap()
        };
        let mut query = parse(text);
        super::strip(&mut query);
        assert_eq!(query.to_sse(), parse(expected).to_sse(), "{text}");
    }

    #[test]
    fn hints_leave_no_trace() {
        check("SELECT * { hint:Query hint:joinOrder 'Ordered' . ?s ?p ?o }", "SELECT * { ?s ?p ?o }");
        check("ASK { ?s :p ?o . hint:Prior hint:rangeSafe true }", "ASK { ?s :p ?o }");
        check("ASK { hint:Query hint:queryTimeout 100 }", "ASK { }");
        check(
            "SELECT ?s { ?s :p 1 FILTER NOT EXISTS { ?s :q 2 . hint:Group hint:joinOrder 'Auto' } }",
            "SELECT ?s { ?s :p 1 FILTER NOT EXISTS { ?s :q 2 } }",
        );
        check(
            "SELECT ?s { { SELECT ?s { hint:SubQuery hint:evaluationStrategy 'BottomUp' . ?s :p 1 } } UNION { ?s :q 2 } }",
            "SELECT ?s { { SELECT ?s { ?s :p 1 } } UNION { ?s :q 2 } }",
        );
        check(
            "CONSTRUCT WHERE { ?s :p ?o . hint:Query hint:useDFE true }",
            "CONSTRUCT { ?s :p ?o } WHERE { ?s :p ?o }",
        );
    }
}
