//! Where a text stops being a query, in words a person can use.
//!
//! The parser reports the furthest place that any of its rules reached, and what they expected there. Its keyword rules
//! first read as many characters as the keyword has and compare then, so the place can lie some tokens beyond the
//! mistake, and the longest keyword alone is told as expected. So a text that is wrong is parsed some times more:
//!
//! 1. laid out anew with gaps between its tokens that no keyword can cross: the place is now within the wrong token;
//! 2. cut before that token, with as many senseless characters in its place as keywords have: what is expected there.

use std::fmt::Write as _;

use model::Position;
use spargebra::SparqlSyntaxError;

use crate::Error;

/// Longer than any keyword.
const GAP: &str = "                        ";
/// The lengths of keywords, in characters.
const KEYWORDS: std::ops::RangeInclusive<usize> = 2..=14;
/// No token has this character.
const SENSELESS: &str = "\u{1}";
/// Longer texts are not parsed again. Bytes.
const MAX_AGAIN: usize = 64 << 10;
/// How many expectations are told.
const MAX_EXPECTED: usize = 16;

/// Turns the parser's error into one that names the right place and what was expected there.
///
/// `error_of` parses a text again, and says what is wrong with it.
pub(crate) fn explain(text: &str, error_of: &dyn Fn(&str) -> Option<String>, error: &SparqlSyntaxError) -> Error {
    let raw = error.to_string();
    let Some((offset, mut expected)) = split(text, &raw) else {
        return Error::malformed(raw);
    };
    let mut offset = skip_blank(text, offset);
    if text.len() <= MAX_AGAIN {
        let spread = Spread::of(text);
        if let Some((found, items)) = error_of(&spread.text).and_then(|error| split(&spread.text, &error)) {
            offset = spread.original(found);
            expected = items;
        }
        if Expected::of(&expected).sentence.is_none() {
            expected = expected_at(text, offset, error_of);
        }
    }
    let token = token_at(text, offset);
    let expected = Expected::of(&expected);
    let mut message;
    if let Some(sentence) = expected.sentence {
        message = sentence;
        if let Some(token) = token {
            let _ = write!(message, " at {token}");
        }
    } else {
        message = format!("unexpected {}", token.as_deref().unwrap_or("end of the query"));
        if !expected.list.is_empty() {
            let shown = expected.list.len().min(MAX_EXPECTED);
            let more = if expected.list.len() > shown { ", …" } else { "" };
            let _ = write!(message, ", expected {}{more}", expected.list[..shown].join(", "));
        }
    }
    Error::Syntax { at: Some(Position::of(text, offset)), message }
}

/// The parser's expectations, as it lists them, for the token at `offset`.
fn expected_at(text: &str, offset: usize, error_of: impl Fn(&str) -> Option<String>) -> String {
    let mut cut = text.get(..offset).unwrap_or(text).to_owned();
    cut.push(' ');
    let end = cut.len();
    let mut expected = Vec::new();
    match error_of(&cut) {
        None => expected.push(END.to_owned()),
        Some(error) => expected.extend(split(&cut, &error).filter(|(at, _)| *at == end).map(|(_, items)| items)),
    }
    for length in KEYWORDS {
        cut.truncate(end);
        cut.push_str(&SENSELESS.repeat(length));
        if let Some((at, list)) = error_of(&cut).and_then(|error| split(&cut, &error))
            && at == cut.len()
        {
            // Longer keywords that were looked for at a token before end here too.
            let here = items(&list).into_iter().filter(|item| item.len() == length);
            expected.extend(here.map(str::to_owned));
        }
    }
    expected.join(", ")
}

/// The byte offset and the expectations in `error at LINE:COLUMN: expected …`; `None` if the error has no place.
fn split(text: &str, error: &str) -> Option<(usize, String)> {
    let (place, expected) = error.strip_prefix("error at ")?.split_once(": expected ")?;
    let (line, column) = place.split_once(':')?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(start..)?;
    let within = rest.char_indices().nth(column.checked_sub(1)?).map_or(rest.len(), |(at, _)| at);
    Some((start + within, expected.strip_prefix("one of ").unwrap_or(expected).to_owned()))
}

/// Whether the outermost SELECT of a query is `SELECT *`.
pub(crate) fn selects_all(text: &str) -> bool {
    tokens(text)
        .skip_while(|token| !token.eq_ignore_ascii_case("select"))
        .skip(1)
        .find(|token| !token.eq_ignore_ascii_case("distinct") && !token.eq_ignore_ascii_case("reduced"))
        == Some("*")
}

/// The tokens of a text, more or less: where an IRI could also be a comparison, it is taken for an IRI.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut at = skip_blank(text, 0);
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let length = token_length(rest);
        at = skip_blank(text, at + length);
        Some(&rest[..length])
    })
}

/// A text laid out with gaps, and where its tokens came from.
struct Spread {
    text: String,
    /// Where each token starts: here, and in the original. Ascending in both.
    tokens: Vec<(usize, usize)>,
    /// The end of the original.
    end: usize,
}

impl Spread {
    fn of(text: &str) -> Self {
        let mut spread = Self { text: String::with_capacity(text.len() * 2), tokens: Vec::new(), end: text.len() };
        let mut at = skip_blank(text, 0);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let length = token_length(rest);
            let apart = rest.starts_with(|c| "{}()[];,+-*/|&=!".contains(c));
            if apart {
                spread.gap();
            }
            spread.tokens.push((spread.text.len(), at));
            spread.text.push_str(&rest[..length]);
            let next = skip_blank(text, at + length);
            if apart || next > at + length {
                spread.gap();
            }
            at = next;
        }
        spread.gap();
        spread
    }

    fn gap(&mut self) {
        if !self.text.ends_with(GAP) {
            self.text.push_str(GAP);
        }
    }

    /// Where in the original the token starts that this offset is in, or in the gap after.
    fn original(&self, offset: usize) -> usize {
        if offset >= self.text.len() {
            return self.end;
        }
        let next = self.tokens.partition_point(|(start, _)| *start <= offset);
        self.tokens[..next].last().map_or(0, |(_, original)| *original)
    }
}

/// The length of the token that `text` starts with. Bytes.
fn token_length(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '?' | '$' | '@' | '%' | '\\');
    let is_sign = |c: char| matches!(c, '&' | '|' | '=' | '!' | '<' | '>' | '^');
    let first = text.chars().next().unwrap_or(' ');
    match first {
        '"' | '\'' => string_length(text),
        '<' if iri_length(text).is_some() => iri_length(text).unwrap_or(1),
        '-' => 1,
        first if is_word(first) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        first if is_sign(first) => {
            // An IRI may follow a sign without a blank.
            text[1..].find(|c| !is_sign(c) || c == '<').map_or(text.len(), |end| end + 1)
        }
        first => first.len_utf8(),
    }
}

/// The length of the string literal that `text` starts with; of one without end, all of its line or text.
fn string_length(text: &str) -> usize {
    let quote = &text[..1];
    let long = quote.repeat(3);
    let (open, close) = if text.starts_with(&long) { (3, long.as_str()) } else { (1, quote) };
    let mut at = open;
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with(close) {
            return at + close.len();
        }
        if open == 1 && next == '\n' {
            return at;
        }
        at += next.len_utf8();
        if next == '\\' {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the IRI in angle brackets that `text` starts with, if it is one and no less-than sign.
fn iri_length(text: &str) -> Option<usize> {
    let end = text[1..].find(|c: char| matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`') || c <= ' ')? + 1;
    text[end..].starts_with('>').then_some(end + 1)
}

/// The offset of the first token at or after `offset`, which is no place within a token.
fn skip_blank(text: &str, offset: usize) -> usize {
    let mut at = offset;
    while let Some(rest) = text.get(at..) {
        if rest.starts_with('#') {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with(|c: char| c.is_ascii_whitespace()) {
            at += 1;
        } else {
            break;
        }
    }
    at.min(text.len())
}

/// The token at `offset` in quotes, cut when long; `None` at the end.
fn token_at(text: &str, offset: usize) -> Option<String> {
    let rest = text.get(offset..).filter(|rest| !rest.is_empty())?;
    let token = &rest[..token_length(rest)];
    Some(match token.char_indices().nth(40) {
        Some((cut, _)) => format!("‘{}…’", &token[..cut]),
        None => format!("‘{token}’"),
    })
}

/// What is expected where a query may end.
const END: &str = "END";

/// The parser's expectations, sorted out.
struct Expected {
    /// What a rule of the grammar says in a sentence of its own.
    sentence: Option<String>,
    /// Kinds of token, then signs, then keywords.
    list: Vec<String>,
}

impl Expected {
    fn of(text: &str) -> Self {
        let mut sentence = None;
        let (mut kinds, mut signs, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for item in items(text) {
            if let Some(sign) = item.strip_prefix('"').and_then(|item| item.strip_suffix('"')) {
                match sign {
                    "<" => kinds.push("an IRI".to_owned()),
                    "?" | "$" => kinds.push("a variable".to_owned()),
                    "\\\"" | "'" | "\\\"\\\"\\\"" | "'''" => kinds.push("a string".to_owned()),
                    "_:" => kinds.push("a blank node".to_owned()),
                    ":" => kinds.push("a prefixed name".to_owned()),
                    // Escapes, comments, and what is not of SPARQL 1.1.
                    "\\\\" | "\\\\u" | "\\\\U" | "#" | "<<" | "<<(" | "{|" | "~" => {}
                    sign => signs.push(format!("‘{sign}’")),
                }
            } else if item.starts_with('[') {
                match item {
                    "['?' | '$']" => kinds.push("a variable".to_owned()),
                    "['0'..='9']" | "['0' ..= '9']" => kinds.push("a number".to_owned()),
                    _ => {}
                }
            } else if item == END {
                kinds.push("the end of the query".to_owned());
            } else if item.contains(' ') {
                sentence = Some(item.to_owned());
            } else if !matches!(
                item,
                // Not of SPARQL 1.1
                "ADJUST"
                    | "LATERAL"
                    | "TRIPLE"
                    | "SUBJECT"
                    | "PREDICATE"
                    | "OBJECT"
                    | "isTRIPLE"
                    | "LANGDIR"
                    | "hasLANG"
                    | "hasLANGDIR"
                    | "STRLANGDIR"
                    | "VERSION"
                    | "EOF"
            ) {
                words.push(item.to_owned());
            }
        }
        for list in [&mut kinds, &mut signs, &mut words] {
            list.sort_unstable();
            list.dedup();
        }
        kinds.append(&mut signs);
        kinds.append(&mut words);
        Self { sentence, list: kinds }
    }
}

/// Splits a list at its commas, but for those within quotes and brackets.
fn items(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut start, mut quote, mut escaped, mut depth) = (0, None, false, 0_usize);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(text[start..].trim());
    items
}

#[cfg(test)]
mod tests;
