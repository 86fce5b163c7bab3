//! What keeps a hostile text from exhausting the stack.
//!
//! The parser, the optimiser and the evaluator recurse as deep as a query is nested, and a stack that overflows takes
//! the whole process with it. So they run on a thread whose stack fits the text ([`on_deep_stack`]), and what they hand
//! on is bounded ([`check_text`], [`check_algebra`]): an accepted query can be dropped on any thread.
//!
//! A text can only nest where it has an opening bracket, and can only chain (`1+1+1…`, `{} UNION {} UNION…`) where it
//! has at least two bytes a link: both are counted without lexing, so no trick with quotes or comments gets round it.
//! Stack that is never touched costs address space, no memory.

use std::panic::{self, AssertUnwindSafe};
use std::thread;

use spargebra::Query;
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression, PropertyPathExpression};

use crate::Error;
use crate::syntax::tokens;

/// The longest query text, in bytes.
pub(crate) const MAX_TEXT: usize = 1 << 20;
/// The most opening brackets of a text. Rows of VALUES have one each.
const MAX_BRACKETS: usize = 1 << 15;
/// The longest text of an update, in bytes. What is larger is for the loader.
const MAX_UPDATE_TEXT: usize = 4 << 20;
/// The most opening brackets of an update; literals have them, too.
const MAX_UPDATE_BRACKETS: usize = 1 << 17;
/// The deepest algebra: an operand of an operator is one deeper than it.
const MAX_DEPTH: usize = 1_000;
/// The most triple patterns and paths: the optimiser orders them in a time that grows with the square.
const MAX_PATTERNS: usize = 5_000;

/// The most `!` in a row: the parser's time grows with their square.
const MAX_NEGATIONS: usize = MAX_DEPTH;

/// What a text may need beside [`BASE_STACK`] and still run on any thread: a quarter of what threads have by default, the
/// server's among them.
const SPARE_STACK: usize = 512 << 10;
/// Stack for any text that has a thread of its own.
const BASE_STACK: usize = 64 << 20;
/// Stack for each byte of text: the links of a chain are dropped by recursion.
const STACK_PER_BYTE: usize = 512;
/// Stack for each opening bracket: the parser passes through some twenty rules a level.
const STACK_PER_BRACKET: usize = 16 << 10;

/// Refuses a text that is too large to be looked at.
pub(crate) fn check_text(text: &str) -> Result<(), Error> {
    check(text, MAX_TEXT, MAX_BRACKETS)
}

/// The same for an update, which brings data along.
pub(crate) fn check_update_text(text: &str) -> Result<(), Error> {
    check(text, MAX_UPDATE_TEXT, MAX_UPDATE_BRACKETS)
}

fn check(text: &str, most_bytes: usize, most_brackets: usize) -> Result<(), Error> {
    if text.len() > most_bytes {
        return Err(Error::malformed(format!("the text has {} bytes, at most {most_bytes} are read", text.len())));
    }
    let brackets = count_brackets(text);
    if brackets > most_brackets {
        return Err(Error::malformed(format!(
            "the text has {brackets} opening brackets, at most {most_brackets} are read"
        )));
    }
    if has_long_row_of_negations(text) {
        return Err(Error::malformed(format!("the text has a row of '!', of which at most {MAX_NEGATIONS} are read")));
    }
    Ok(())
}

/// Strings and comments may have any. Hardly a text has so many `!` at all that it need be looked at twice.
fn has_long_row_of_negations(text: &str) -> bool {
    let mut row = 0;
    text.bytes().filter(|byte| *byte == b'!').count() > MAX_NEGATIONS
        && tokens(text).any(|token| {
            let is_string = token.starts_with(['"', '\'']);
            token.bytes().any(|byte| {
                row = if byte == b'!' && !is_string { row + 1 } else { 0 };
                row > MAX_NEGATIONS
            })
        })
}

fn count_brackets(text: &str) -> usize {
    text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{')).count()
}

/// The stack that suffices for all that is done with a text which [`check_text`] accepts. Bytes.
pub(crate) fn stack_for(text: &str) -> usize {
    BASE_STACK + STACK_PER_BYTE * text.len() + STACK_PER_BRACKET * count_brackets(text)
}

/// Runs `work` with this much stack: on a thread of its own, unless any thread has enough. A thread costs as much as a
/// short query.
///
/// # Errors
///
/// [`Error::Evaluation`] if there is no thread to be had, or if `work` panics: that is a bug, but it ends one query only.
pub(crate) fn on_deep_stack<T: Send>(
    stack_bytes: usize,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let failed = |_| Err(Error::Evaluation("the evaluator failed".to_owned()));
    if stack_bytes <= BASE_STACK + SPARE_STACK {
        return panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(failed);
    }
    thread::scope(|scope| {
        thread::Builder::new()
            .name("sparql".to_owned())
            .stack_size(stack_bytes)
            .spawn_scoped(scope, work)
            .map_err(|error| Error::Evaluation(format!("no thread for the query: {error}")))?
            .join()
            .unwrap_or_else(failed)
    })
}

/// Refuses an algebra that is nested too deeply or too large to be ordered. Recurses as deep as the algebra.
pub(crate) fn check_algebra(query: &Query) -> Result<(), Error> {
    let (Query::Select { pattern, .. }
    | Query::Ask { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }) = query;
    let mut size = Size::default();
    size.pattern(pattern, 1);
    size.check()
}

/// How large an algebra is.
#[derive(Default)]
pub(crate) struct Size {
    depth: usize,
    patterns: usize,
}

impl Size {
    /// Refuses what is nested too deeply or too large to be ordered.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.depth > MAX_DEPTH {
            return Err(Error::malformed(format!(
                "the query is nested or chained {} levels deep, at most {MAX_DEPTH} are evaluated; \
                 VALUES and IN take long lists without nesting",
                self.depth
            )));
        }
        if self.patterns > MAX_PATTERNS {
            return Err(Error::malformed(format!(
                "the query has {} triple patterns, at most {MAX_PATTERNS} are evaluated",
                self.patterns
            )));
        }
        Ok(())
    }

    /// Adds a pattern, whose own depth is given.
    pub(crate) fn pattern(&mut self, pattern: &GraphPattern, depth: usize) {
        self.depth = self.depth.max(depth);
        let below = depth + 1;
        match pattern {
            GraphPattern::Bgp { patterns } => self.patterns += patterns.len(),
            GraphPattern::Path { path, .. } => {
                self.patterns += 1;
                self.path(path, below);
            }
            GraphPattern::Values { .. } => {}
            GraphPattern::Join { left, right }
            | GraphPattern::Lateral { left, right }
            | GraphPattern::Union { left, right }
            | GraphPattern::Minus { left, right } => {
                self.pattern(left, below);
                self.pattern(right, below);
            }
            GraphPattern::LeftJoin { left, right, expression } => {
                self.pattern(left, below);
                self.pattern(right, below);
                if let Some(expression) = expression {
                    self.expression(expression, below);
                }
            }
            GraphPattern::Filter { expr, inner } => {
                self.expression(expr, below);
                self.pattern(inner, below);
            }
            GraphPattern::Extend { inner, expression, .. } => {
                self.expression(expression, below);
                self.pattern(inner, below);
            }
            GraphPattern::OrderBy { inner, expression } => {
                for OrderExpression::Asc(key) | OrderExpression::Desc(key) in expression {
                    self.expression(key, below);
                }
                self.pattern(inner, below);
            }
            GraphPattern::Group { inner, aggregates, .. } => {
                for (_, aggregate) in aggregates {
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.expression(expr, below);
                    }
                }
                self.pattern(inner, below);
            }
            GraphPattern::Graph { inner, .. }
            | GraphPattern::Project { inner, .. }
            | GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. }
            | GraphPattern::Service { inner, .. } => self.pattern(inner, below),
        }
    }

    fn expression(&mut self, expression: &Expression, depth: usize) {
        self.depth = self.depth.max(depth);
        let below = depth + 1;
        match expression {
            Expression::Exists(pattern) => self.pattern(pattern, below),
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
                self.expression(a, below);
                self.expression(b, below);
            }
            Expression::In(a, list) => {
                self.expression(a, below);
                self.expressions(list, below);
            }
            Expression::UnaryPlus(a) | Expression::UnaryMinus(a) | Expression::Not(a) => {
                self.expression(a, below);
            }
            Expression::If(a, b, c) => {
                self.expression(a, below);
                self.expression(b, below);
                self.expression(c, below);
            }
            Expression::Coalesce(list) | Expression::FunctionCall(_, list) => {
                self.expressions(list, below);
            }
        }
    }

    fn expressions(&mut self, list: &[Expression], depth: usize) {
        for expression in list {
            self.expression(expression, depth);
        }
    }

    fn path(&mut self, path: &PropertyPathExpression, depth: usize) {
        self.depth = self.depth.max(depth);
        let below = depth + 1;
        match path {
            PropertyPathExpression::NamedNode(_) | PropertyPathExpression::NegatedPropertySet(_) => {}
            PropertyPathExpression::Reverse(a)
            | PropertyPathExpression::ZeroOrMore(a)
            | PropertyPathExpression::OneOrMore(a)
            | PropertyPathExpression::ZeroOrOne(a) => self.path(a, below),
            PropertyPathExpression::Sequence(a, b) | PropertyPathExpression::Alternative(a, b) => {
                self.path(a, below);
                self.path(b, below);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negations_in_a_row_are_bounded_but_not_in_strings() {
        let refused = |text: &str| check_text(text).is_err();
        let many = "!".repeat(MAX_NEGATIONS + 1);
        assert!(refused(&format!("ASK {{ FILTER({many}true) }}")));
        assert!(refused(&format!("ASK {{ ?s {} ?p ?o }}", "! ".repeat(MAX_NEGATIONS + 1))));
        assert!(refused(&format!("ASK {{ FILTER(1 <{many}true) }}")));
        assert!(!refused(&format!("ASK {{ FILTER({}true) }}", "!".repeat(MAX_NEGATIONS))));
        assert!(!refused(&format!("ASK {{ ?s ?p '{many}' }} # {many}")));
        assert!(!refused(&"ASK { FILTER(!true) } ".repeat(MAX_NEGATIONS + 1)));
        assert!(!refused(&format!("ASK {{ VALUES ?x {{ {} }} }}", "<http://e.org/#!a> ".repeat(MAX_NEGATIONS + 1))));
        // Looked at in a time that grows with its length, not with the square of it.
        assert!(!refused(&"<!".repeat(MAX_TEXT / 2)));
    }
}
