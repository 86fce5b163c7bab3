//! Regular expressions that stand in a text as they are, read before the query is run.
//!
//! The evaluator takes one that it cannot compile for an error of the expression: a filter with it is false for every row,
//! and nobody learns why. So each constant is compiled beforehand, within the evaluator's own bound on its size. Matching
//! takes time linear in the text, whatever the pattern.

use oxrdf::Literal;
use regex::RegexBuilder;
use spargebra::algebra::{Expression, Function, GraphPattern};

use crate::Error;
use crate::walk::walk;

/// Bytes of a compiled pattern: the bound of the evaluator.
const MOST_BYTES: usize = 1_000_000;

/// Refuses a pattern that has a regular expression which cannot be evaluated.
///
/// # Errors
///
/// [`Error::Syntax`], which quotes it.
pub(crate) fn check(pattern: &mut GraphPattern) -> Result<(), Error> {
    let mut result = Ok(());
    walk(pattern, &mut |_| {}, &mut |expression| {
        let Expression::FunctionCall(function, arguments) = expression else { return };
        let flags = match function {
            Function::Regex => arguments.get(2),
            Function::Replace => arguments.get(3),
            _ => return,
        };
        let flags = match flags {
            None => "",
            Some(Expression::Literal(flags)) => flags.value(),
            Some(_) => return,
        };
        if let Some(Expression::Literal(pattern)) = arguments.get(1)
            && result.is_ok()
        {
            result = compile(pattern, flags);
        }
    });
    result
}

fn compile(pattern: &Literal, flags: &str) -> Result<(), Error> {
    let shown: String = pattern.value().chars().take(100).collect();
    let refused = |why: String| Error::malformed(format!("the regular expression \"{shown}\" {why}"));
    if let Some(flag) = flags.chars().find(|flag| !"smixq".contains(*flag)) {
        return Err(refused(format!("has the flag '{flag}', expected one of s, m, i, x and q")));
    }
    if flags.contains('q') {
        return Ok(()); // stands for itself
    }
    let mut builder = RegexBuilder::new(pattern.value());
    builder.case_insensitive(flags.contains('i')).ignore_whitespace(flags.contains('x'));
    match builder.size_limit(MOST_BYTES).build() {
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(limit)) => {
            Err(refused(format!("is too large: it takes more than {limit} bytes, expected fewer repetitions")))
        }
        Err(error) => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Err(refused(format!("cannot be read: {reason}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{ParseOptions, Query};

    fn parse(call: &str) -> Result<(), String> {
        let text = format!("ASK {{ ?s ?p ?o FILTER({call}) }}");
        Query::parse(&text, None, ParseOptions::default()).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn constants_are_compiled() {
        for call in ["REGEX(?o, '^a+$', 'i')", "REGEX(?o, ?p)", "REGEX(?o, '(', 'q')", "REPLACE(?o, '(a)', '$1') = 'a'"]
        {
            assert_eq!(parse(call), Ok(()), "{call}");
        }
        for (call, expected) in [
            ("REGEX(?o, '(')", "Malformed query: the regular expression \"(\" cannot be read: unclosed group"),
            ("REGEX(?o, 'a', 'g')", "Malformed query: the regular expression \"a\" has the flag 'g'"),
            ("REGEX(?o, '((a{100}){100}){100}')", "is too large: it takes more than 1000000 bytes"),
            ("REPLACE(?o, '(.)\\\\1', 'x') = 'a'", "cannot be read: backreferences are not supported"),
        ] {
            let error = parse(call).unwrap_err();
            assert!(error.contains(expected), "{call}: {error}");
        }
    }
}
