//! Neptune's query hints, taken out of the algebra.
//!
//! A hint looks like a triple pattern whose predicate is in the hint namespace. It speaks to the engine and never
//! matches data, so it must be gone before evaluation. No hint changes which rows a query has.
//!
//! **Source**: spec/sparql.md §6.

use std::time::Duration;

use spargebra::Query;
use spargebra::algebra::GraphPattern;
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

use crate::Error;
use crate::query;
use crate::walk::walk;

/// The namespace of hints.
const NAMESPACE: &str = "http://aws.amazon.com/neptune/vocab/v01/QueryHints#";

/// What the hints of a text ask for. What is unknown, and what speaks of another engine's plans, is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `queryTimeout`: the time that the query has, in all. Whether the server allows it is the server's to say.
    pub timeout: Option<Duration>,
    /// `queryId`: how its client calls it.
    pub query_id: Option<String>,
    /// `describeMode` and its limits.
    pub(crate) describe: Describe,
}

/// What DESCRIBE says of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Describe {
    /// Whether triples are told in which it is the object, too.
    pub(crate) symmetric: bool,
    /// Whether blank nodes and reifications are followed.
    pub(crate) closure: bool,
    /// Steps after which a closure may end; 0 for no such limit.
    pub(crate) iterations: u64,
    /// Triples after which it may end; 0 for no such limit. It goes on until both limits are reached.
    pub(crate) statements: u64,
}

impl Default for Describe {
    fn default() -> Self {
        Self { symmetric: true, closure: false, iterations: 5, statements: 5_000 }
    }
}

impl Hints {
    /// Removes every hint from a query and reads it. Recurses as deep as the query is nested.
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`] for a hint that is known and has no meaning.
    pub(crate) fn take(&mut self, query: &mut Query) -> Result<(), Error> {
        self.take_from(query::pattern(query))?;
        // `CONSTRUCT WHERE { … }` repeats the pattern as its template.
        if let Query::Construct { template, .. } = query {
            template.retain(|triple| !is_hint(&triple.predicate));
        }
        Ok(())
    }

    /// Removes every hint from a pattern and reads it. One inside SERVICE goes too: the other server may take it for data.
    ///
    /// # Errors
    ///
    /// As [`Self::take`].
    pub(crate) fn take_from(&mut self, pattern: &mut GraphPattern) -> Result<(), Error> {
        let mut result = Ok(());
        walk(
            pattern,
            &mut |pattern| {
                let GraphPattern::Bgp { patterns } = pattern else { return };
                let mut is_ordered = false;
                patterns.retain(|triple| {
                    let Some(name) = hint(&triple.predicate) else { return true };
                    is_ordered |= name == "joinOrder" && text(&triple.object) == "Ordered";
                    if result.is_ok() {
                        result = self.read(name, &triple.object);
                    }
                    false
                });
                if is_ordered {
                    *pattern = in_order(std::mem::take(patterns));
                }
            },
            &mut |_| {},
        );
        result
    }

    fn read(&mut self, name: &str, object: &TermPattern) -> Result<(), Error> {
        let value = text(object);
        match name {
            "queryTimeout" => {
                let millis: u64 = number(name, value)?;
                if self.timeout.replace(Duration::from_millis(millis)).is_some() {
                    return Err(Error::malformed("Query hint 'queryTimeout' must be set only once"));
                }
            }
            "queryId" => self.query_id = Some(value.to_owned()),
            "describeIterationLimit" => self.describe.iterations = number(name, value)?,
            "describeStatementLimit" => self.describe.statements = number(name, value)?,
            "describeMode" => {
                (self.describe.symmetric, self.describe.closure) = match value {
                    "SymmetricOneStep" => (true, false),
                    "ForwardOneStep" => (false, false),
                    "CBD" => (false, true),
                    "SCBD" => (true, true),
                    _ => {
                        return Err(Error::malformed(format!(
                            "Query hint 'describeMode' is {object}: expected \"SymmetricOneStep\", \"ForwardOneStep\", \
                             \"CBD\" or \"SCBD\""
                        )));
                    }
                };
            }
            _ => {}
        }
        Ok(())
    }
}

fn number(name: &str, value: &str) -> Result<u64, Error> {
    value
        .parse()
        .map_err(|_| Error::malformed(format!("Query hint '{name}' is \"{value}\": expected an integer, 0 or greater")))
}

/// What a hint's object says, whatever its type.
fn text(object: &TermPattern) -> &str {
    match object {
        TermPattern::Literal(literal) => literal.value(),
        TermPattern::NamedNode(iri) => iri.as_str(),
        TermPattern::BlankNode(_) | TermPattern::Variable(_) => "",
    }
}

/// Triple patterns that are matched one after the other, as they are written.
fn in_order(patterns: Vec<TriplePattern>) -> GraphPattern {
    let mut patterns = patterns.into_iter().map(|pattern| GraphPattern::Bgp { patterns: vec![pattern] });
    let first = patterns.next().unwrap_or_default();
    patterns.fold(first, |left, right| GraphPattern::Lateral { left: Box::new(left), right: Box::new(right) })
}

fn hint(predicate: &NamedNodePattern) -> Option<&str> {
    match predicate {
        NamedNodePattern::NamedNode(predicate) => predicate.as_str().strip_prefix(NAMESPACE),
        NamedNodePattern::Variable(_) => None,
    }
}

/// Whether a pattern with this predicate is one.
pub(crate) fn is_hint(predicate: &NamedNodePattern) -> bool {
    hint(predicate).is_some()
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
        super::Hints::default().take(&mut query).unwrap();
        assert_eq!(query.to_sse(), parse(expected).to_sse(), "{text}");
    }

    #[test]
    fn hints_leave_no_trace() {
        check("SELECT * { hint:Query hint:joinOrder 'Auto' . ?s ?p ?o }", "SELECT * { ?s ?p ?o }");
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
    fn hints(text: &str) -> Result<super::Hints, String> {
        let text = format!("PREFIX hint: <{}> {text}", super::NAMESPACE);
        crate::Query::parse(&text, None, crate::ParseOptions::default())
            .map(|query| query.hints().clone())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_hints_say_is_read() {
        let read = hints(
            "DESCRIBE ?s { hint:Query hint:queryTimeout '250'; hint:queryId 'x'; hint:describeMode 'CBD'; \
             hint:describeStatementLimit 7; hint:useDFE true; hint:unknown 1 . ?s ?p ?o }",
        )
        .unwrap();
        assert_eq!(read.timeout, Some(std::time::Duration::from_millis(250)));
        assert_eq!(read.query_id.as_deref(), Some("x"));
        assert!(read.describe.closure && !read.describe.symmetric);
        assert_eq!((read.describe.iterations, read.describe.statements), (5, 7));
    }

    #[test]
    fn a_hint_without_meaning_is_refused() {
        for (text, expected) in [
            ("ASK { hint:Query hint:queryTimeout 1, 2 }", "'queryTimeout' must be set only once"),
            ("ASK { hint:Query hint:queryTimeout 'soon' }", "'queryTimeout' is \"soon\": expected an integer"),
            ("ASK { hint:Query hint:describeMode 'All' }", "'describeMode' is \"All\": expected"),
        ] {
            let error = hints(text).unwrap_err();
            assert!(error.starts_with("Malformed query: Query hint") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_ordered_group_is_matched_as_it_is_written() {
        let mut query = SparqlParser::new()
            .with_prefix("hint", super::NAMESPACE)
            .unwrap()
            .parse_query("ASK { ?a ?b ?c . hint:Query hint:joinOrder 'Ordered' . ?c ?d ?e }")
            .unwrap();
        super::Hints::default().take(&mut query).unwrap();
        let sse = query.to_sse();
        assert!(sse.contains("(lateral (bgp (triple ?a ?b ?c)) (bgp (triple ?c ?d ?e)))"), "{sse}");
    }
}
