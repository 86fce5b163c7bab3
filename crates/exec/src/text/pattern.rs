//! `=~`: regular expressions, matched in linear time.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use crate::logic::Truth;
use crate::{EvalError, Result, Value};

/// The most bytes that a compiled one may take; and as many again while it matches.
const SIZE: usize = 1 << 20;
/// How many are kept. A query has few; one that makes them row by row must not fill the memory.
const KEPT: usize = 16;

/// Regular expressions that were compiled, by their text.
#[derive(Debug, Default)]
pub(crate) struct Patterns(FxHashMap<Arc<str>, Regex>);

impl Patterns {
    /// `text =~ pattern`: whether the whole text matches; unknown unless both are strings.
    pub(crate) fn matches(&mut self, text: &Value, pattern: &Value) -> Result<Truth> {
        let (Value::String(text), Value::String(pattern)) = (text, pattern) else {
            return Ok(None);
        };
        if let Some(compiled) = self.0.get(pattern) {
            return Ok(Some(compiled.is_match(text)));
        }
        let compiled = compile(pattern)?;
        let matches = compiled.is_match(text);
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.insert(Arc::clone(pattern), compiled);
        Ok(Some(matches))
    }
}

fn compile(pattern: &str) -> Result<Regex> {
    let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(SIZE).dfa_size_limit(SIZE).build();
    // On its own first: `a)|(b` is not right, but would be inside of the brackets.
    let whole = build(pattern).and_then(|_| build(&format!(r"\A(?:{pattern})\z")));
    let expected = "a regular expression of moderate size, without look-around and back-references";
    whole.map_err(|_| EvalError::unreadable("=~", expected, pattern))
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Patterns};
    use crate::Value;

    #[test]
    fn the_whole_of_a_string_matches() {
        let mut patterns = Patterns::default();
        for (text, pattern, expected) in [
            ("Annette", "Ann.*", Some(true)),
            ("Joann", "ann.*", Some(false)),
            ("Joanne", "(?i).*ANN.*", Some(true)),
            ("ab", "a|ab", Some(true)),
            ("a\nb", "a.b", Some(false)),
            ("a\nb", "(?s)a.b", Some(true)),
            ("", "", Some(true)),
            ("é", ".", Some(true)),
        ] {
            assert_eq!(patterns.matches(&text.into(), &pattern.into()), Ok(expected), "{text} =~ {pattern}");
        }
        assert_eq!(patterns.matches(&Value::Null, &"a".into()), Ok(None));
        assert_eq!(patterns.matches(&1.into(), &"a".into()), Ok(None));
    }

    #[test]
    fn what_is_no_pattern_is_refused_and_many_are_not_kept() {
        let mut patterns = Patterns::default();
        for wrong in ["(", "a)|(b", "(?=a)", r"(a)\1", "(a{1000}){1000}"] {
            assert!(patterns.matches(&"a".into(), &wrong.into()).is_err(), "{wrong}");
        }
        for number in 0..3 * KEPT {
            let text = number.to_string();
            assert_eq!(patterns.matches(&text.as_str().into(), &text.as_str().into()), Ok(Some(true)));
        }
        assert!(patterns.0.len() <= KEPT);
    }
}
