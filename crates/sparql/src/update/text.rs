//! What the parser's grammar of updates lacks, written in words that it has.
//!
//! - Neptune's `UNLOAD <url> FROM GRAPH <g>` has the shape of `LOAD <url> INTO GRAPH <g>`, and becomes one; which of the
//!   loads were none is remembered by their order.
//! - Prefixes that are declared between operations are told to the parser beforehand. One that is declared twice with
//!   different IRIs is left to the parser, which refuses it there.
//!
//! Every rewritten text is as long as it was, so that a place in it is a place in the original.

use crate::syntax;

/// A text for the parser.
pub(super) struct Rewritten {
    pub(super) text: String,
    /// Each LOAD and UNLOAD, in the order of the text.
    pub(super) loads: Vec<Load>,
    /// Prefixes and IRIs, declared after the first operation.
    pub(super) prefixes: Vec<(String, String)>,
}

/// What a LOAD of the rewritten text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    Load,
    Unload,
}

/// Where in an update a token stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where a declaration or an operation may begin.
    Start,
    /// Within an UNLOAD.
    Unload,
    Elsewhere,
}

pub(super) fn rewrite(text: &str) -> Rewritten {
    let mut rewritten = Rewritten { text: text.to_owned(), loads: Vec::new(), prefixes: Vec::new() };
    let mut declared: Vec<(&str, &str)> = Vec::new();
    let mut edits: Vec<(usize, usize, &str)> = Vec::new();
    let (mut depth, mut place, mut is_first) = (0_usize, Place::Start, true);
    let mut tokens = syntax::tokens(text).map(|token| (token.as_ptr().addr() - text.as_ptr().addr(), token));
    while let Some((at, token)) = tokens.next() {
        let is = |word: &str| token.eq_ignore_ascii_case(word);
        match token {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ if depth > 0 => continue,
            ";" => {
                is_first = false;
                place = Place::Start;
                continue;
            }
            _ => {}
        }
        place = match place {
            Place::Start if is("PREFIX") => {
                if let (Some((_, name)), Some((end, iri))) = (tokens.next(), tokens.next()) {
                    let known = declared.iter().find(|(known, _)| *known == name);
                    if known.is_none_or(|(_, known)| *known == iri) && !is_first {
                        edits.push((at, end + iri.len(), ""));
                    }
                    if known.is_none() {
                        declared.push((name, iri));
                        let unquoted = iri.strip_prefix('<').and_then(|iri| iri.strip_suffix('>'));
                        if let (false, Some(name), Some(iri)) = (is_first, name.strip_suffix(':'), unquoted) {
                            rewritten.prefixes.push((name.to_owned(), iri.to_owned()));
                        }
                    }
                }
                Place::Start
            }
            Place::Start if is("BASE") => {
                tokens.next();
                Place::Start
            }
            Place::Start if is("LOAD") => {
                rewritten.loads.push(Load::Load);
                Place::Elsewhere
            }
            Place::Start if is("UNLOAD") => {
                rewritten.loads.push(Load::Unload);
                edits.push((at, at + token.len(), "LOAD"));
                Place::Unload
            }
            Place::Unload if is("FROM") => {
                edits.push((at, at + token.len(), "INTO"));
                Place::Elsewhere
            }
            Place::Unload => Place::Unload,
            _ => Place::Elsewhere,
        };
    }
    for (from, to, word) in edits {
        let width = to - from;
        rewritten.text.replace_range(from..to, &format!("{word:<width$}"));
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unload_is_a_load_that_is_told_apart() {
        let text = "PREFIX load: <http://ex.test/> LOAD <a>; unload silent <b#UNLOAD> from graph load:g; \
                    INSERT DATA { load:a load:b 'UNLOAD <x>' } # LOAD";
        let rewritten = rewrite(text);
        assert_eq!(rewritten.loads, [Load::Load, Load::Unload]);
        assert_eq!(
            rewritten.text,
            "PREFIX load: <http://ex.test/> LOAD <a>; LOAD   silent <b#UNLOAD> INTO graph load:g; \
             INSERT DATA { load:a load:b 'UNLOAD <x>' } # LOAD"
        );
    }

    #[test]
    fn prefixes_between_operations_come_first() {
        let text =
            "PREFIX a: <http://ex.test/> CLEAR ALL; PREFIX a: <http://ex.test/> PREFIX b: <http://ex.test/b#> DROP ALL";
        let rewritten = rewrite(text);
        assert_eq!(rewritten.prefixes, [("b".to_owned(), "http://ex.test/b#".to_owned())]);
        assert_eq!(rewritten.text.len(), text.len());
        assert_eq!(rewritten.text.matches("PREFIX").count(), 1);
        // What contradicts itself is the parser's to refuse.
        let text = "PREFIX a: <http://ex.test/> CLEAR ALL; PREFIX a: <http://ex.test/c> DROP ALL";
        assert_eq!(rewrite(text).text, text);
    }
}
