//! Every pattern and every expression of a tree, those in EXISTS too, operands before their operators.
//!
//! Recurses as deep as the algebra is nested.

use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression};

/// Calls `on_pattern` for each pattern and `on_expression` for each expression.
pub(crate) fn walk(
    pattern: &mut GraphPattern,
    on_pattern: &mut dyn FnMut(&mut GraphPattern),
    on_expression: &mut dyn FnMut(&mut Expression),
) {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            walk(left, on_pattern, on_expression);
            walk(right, on_pattern, on_expression);
        }
        GraphPattern::LeftJoin { left, right, expression } => {
            walk(left, on_pattern, on_expression);
            walk(right, on_pattern, on_expression);
            if let Some(expression) = expression {
                walk_expression(expression, on_pattern, on_expression);
            }
        }
        GraphPattern::Filter { expr, inner } => {
            walk(inner, on_pattern, on_expression);
            walk_expression(expr, on_pattern, on_expression);
        }
        GraphPattern::Extend { inner, expression, .. } => {
            walk(inner, on_pattern, on_expression);
            walk_expression(expression, on_pattern, on_expression);
        }
        GraphPattern::OrderBy { inner, expression } => {
            walk(inner, on_pattern, on_expression);
            for OrderExpression::Asc(key) | OrderExpression::Desc(key) in expression {
                walk_expression(key, on_pattern, on_expression);
            }
        }
        GraphPattern::Group { inner, aggregates, .. } => {
            walk(inner, on_pattern, on_expression);
            for (_, aggregate) in aggregates {
                if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                    walk_expression(expr, on_pattern, on_expression);
                }
            }
        }
        GraphPattern::Graph { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Service { inner, .. } => walk(inner, on_pattern, on_expression),
    }
    on_pattern(pattern);
}

fn walk_expression(
    expression: &mut Expression,
    on_pattern: &mut dyn FnMut(&mut GraphPattern),
    on_expression: &mut dyn FnMut(&mut Expression),
) {
    let mut below = |expression: &mut Expression| walk_expression(expression, on_pattern, on_expression);
    match expression {
        Expression::Exists(pattern) => walk(pattern, on_pattern, on_expression),
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
            below(a);
            below(b);
        }
        Expression::In(a, list) => {
            below(a);
            list.iter_mut().for_each(below);
        }
        Expression::UnaryPlus(a) | Expression::UnaryMinus(a) | Expression::Not(a) => below(a),
        Expression::If(a, b, c) => {
            below(a);
            below(b);
            below(c);
        }
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => list.iter_mut().for_each(below),
    }
    on_expression(expression);
}
