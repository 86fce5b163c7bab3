//! Spellings of the grammar that the parser does not take.

use std::borrow::Cow;

use crate::syntax;

/// The text with `true` and `false` in lower case: like all keywords they may be written in any. As long as it was.
pub(crate) fn lower_booleans(text: &str) -> Cow<'_, str> {
    let is_spelled = |token: &&str| {
        (token.eq_ignore_ascii_case("true") || token.eq_ignore_ascii_case("false"))
            && token.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let places: Vec<(usize, usize)> = syntax::tokens(text)
        .filter(is_spelled)
        .map(|token| (token.as_ptr().addr() - text.as_ptr().addr(), token.len()))
        .collect();
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut lowered = text.to_owned();
    for (at, length) in places {
        lowered.replace_range(at..at + length, &text[at..at + length].to_ascii_lowercase());
    }
    Cow::Owned(lowered)
}

/// Whether a text is an update, by the word that it begins with behind its prologue.
pub fn is_update(text: &str) -> bool {
    const WORDS: [&str; 11] =
        ["insert", "delete", "with", "load", "unload", "clear", "drop", "create", "add", "move", "copy"];
    let mut tokens = syntax::tokens(text);
    while let Some(token) = tokens.next() {
        match token.to_ascii_lowercase().as_str() {
            "prefix" => drop((tokens.next(), tokens.next())),
            "base" => drop(tokens.next()),
            word => return WORDS.contains(&word),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_told_by_its_first_word() {
        assert!(is_update("# SELECT\nPREFIX insert: <http://x/> BASE <a> delete WHERE { ?s ?p ?o }"));
        assert!(is_update("clear all"));
        assert!(!is_update("PREFIX insert: <http://x/> SELECT * { ?s ?p ?o }"));
        assert!(!is_update(""));
    }

    #[test]
    fn only_keywords_are_lowered() {
        let text = "SELECT (TRUE AS ?TRUE) (False as ?f) { ?s ex:TRUE 'TRUE', <TRUE> } # TRUE";
        assert_eq!(lower_booleans(text), "SELECT (true AS ?TRUE) (false as ?f) { ?s ex:TRUE 'TRUE', <TRUE> } # TRUE");
        assert!(matches!(lower_booleans("ASK { ?s ?p true }"), Cow::Borrowed(_)));
    }
}
