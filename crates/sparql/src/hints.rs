//! Neptune's query hints, taken out of the algebra.
//!
//! A hint looks like a triple pattern whose predicate is in the hint namespace. It speaks to the engine and never
//! matches data, so it must be gone before evaluation. None of the hints changes which rows a query has; this engine
//! orders joins by itself, so for now they are all passed over.
//!
//! **Source**: spec/sparql.md §6.

use spargebra::Query;
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression};
use spargebra::term::NamedNodePattern;

/// The namespace of hints.
const NAMESPACE: &str = "http://aws.amazon.com/neptune/vocab/v01/QueryHints#";

/// Removes every hint from a query. Recurses as deep as the query is nested.
pub(crate) fn strip(query: &mut Query) {
    match query {
        Query::Select { pattern, .. }
        | Query::Ask { pattern, .. }
        | Query::Construct { pattern, .. }
        | Query::Describe { pattern, .. } => strip_pattern(pattern),
    }
    // `CONSTRUCT WHERE { … }` repeats the pattern as its template.
    if let Query::Construct { template, .. } = query {
        template.retain(|triple| !is_hint(&triple.predicate));
    }
}

/// Whether a pattern with this predicate is one.
pub(crate) fn is_hint(predicate: &NamedNodePattern) -> bool {
    matches!(predicate, NamedNodePattern::NamedNode(predicate) if predicate.as_str().starts_with(NAMESPACE))
}

/// Removes every hint from a pattern.
pub(crate) fn strip_pattern(pattern: &mut GraphPattern) {
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.retain(|triple| !is_hint(&triple.predicate)),
        GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            strip_pattern(left);
            strip_pattern(right);
        }
        GraphPattern::LeftJoin { left, right, expression } => {
            strip_pattern(left);
            strip_pattern(right);
            expression.iter_mut().for_each(strip_expression);
        }
        GraphPattern::Filter { expr, inner } => {
            strip_expression(expr);
            strip_pattern(inner);
        }
        GraphPattern::Extend { inner, expression, .. } => {
            strip_expression(expression);
            strip_pattern(inner);
        }
        GraphPattern::OrderBy { inner, expression } => {
            for key in expression {
                let (OrderExpression::Asc(key) | OrderExpression::Desc(key)) = key;
                strip_expression(key);
            }
            strip_pattern(inner);
        }
        GraphPattern::Group { inner, aggregates, .. } => {
            for (_, aggregate) in aggregates {
                if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                    strip_expression(expr);
                }
            }
            strip_pattern(inner);
        }
        GraphPattern::Graph { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        // A hint inside SERVICE would speak to the other server: it goes too, as that one may take it for data.
        | GraphPattern::Service { inner, .. } => strip_pattern(inner),
    }
}

fn strip_expression(expression: &mut Expression) {
    match expression {
        Expression::Exists(pattern) => strip_pattern(pattern),
        Expression::NamedNode(_) | Expression::Literal(_) | Expression::Variable(_) | Expression::Bound(_) => {}
        Expression::Or(a, b)
        | Expression::And(a, b)
        | Expression::Equal(a, b)
        | Expression::SameTerm(a, b)
        | Expression::Greater(a, b)
        | Expression::GreaterOrEqual(a, b)
        | Expression::Less(a, b)
        | Expression::LessOrEqual(a, b)
        | Expression::Add(a, b)
        | Expression::Subtract(a, b)
        | Expression::Multiply(a, b)
        | Expression::Divide(a, b) => {
            strip_expression(a);
            strip_expression(b);
        }
        Expression::In(a, list) => {
            strip_expression(a);
            list.iter_mut().for_each(strip_expression);
        }
        Expression::UnaryPlus(a) | Expression::UnaryMinus(a) | Expression::Not(a) => {
            strip_expression(a);
        }
        Expression::If(a, b, c) => {
            strip_expression(a);
            strip_expression(b);
            strip_expression(c);
        }
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => {
            list.iter_mut().for_each(strip_expression);
        }
    }
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
