//! One line of N-Triples or N-Quads, term by term.
//!
//! Follows the grammars of RDF 1.1 N-Triples and N-Quads. What is wrong is said as `Expected …, found: …`, which is the
//! form Neptune's documentation shows.

use oxilangtag::LanguageTag;

use super::iri;
use crate::format::excerpt;
use crate::format::rows::Refusal;

/// A term as written, escapes resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node<'a> {
    Iri(&'a str),
    Blank(&'a str),
    Literal {
        value: &'a str,
        /// As written; letters in any case.
        language: Option<&'a str>,
        datatype: Option<&'a str>,
    },
}

/// What is left of a line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    rest: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut line = Self { rest: text };
        line.skip_spaces();
        line
    }

    /// Nothing but spaces or a comment.
    pub(super) fn is_blank(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with('#')
    }

    /// An IRI or a blank node. `scratch` is used only if the text has escapes, here and below.
    pub(super) fn subject<'b>(&mut self, scratch: &'b mut String) -> Result<Node<'b>, Refusal>
    where
        'a: 'b,
    {
        match self.first() {
            Some(b'<') => self.iri(scratch).map(Node::Iri),
            Some(b'_') => self.blank().map(Node::Blank),
            _ => Err(self.expected("'<' or '_:' of the subject")),
        }
    }

    /// An IRI.
    pub(super) fn predicate<'b>(&mut self, scratch: &'b mut String) -> Result<Node<'b>, Refusal>
    where
        'a: 'b,
    {
        match self.first() {
            Some(b'<') => self.iri(scratch).map(Node::Iri),
            _ => Err(self.expected("'<'")),
        }
    }

    /// An IRI, a blank node or a literal; `datatype` is for the escapes of the literal's.
    pub(super) fn object<'b>(&mut self, scratch: &'b mut String, datatype: &'b mut String) -> Result<Node<'b>, Refusal>
    where
        'a: 'b,
    {
        match self.first() {
            Some(b'<') => self.iri(scratch).map(Node::Iri),
            Some(b'_') => self.blank().map(Node::Blank),
            Some(b'"') => self.literal(scratch, datatype),
            _ => Err(self.expected("'<', '_:' or '\"' of the object")),
        }
    }

    /// The graph's name, if there is one before the dot.
    pub(super) fn graph<'b>(&mut self, scratch: &'b mut String) -> Result<Option<Node<'b>>, Refusal>
    where
        'a: 'b,
    {
        match self.first() {
            Some(b'<') => self.iri(scratch).map(|iri| Some(Node::Iri(iri))),
            Some(b'_') => self.blank().map(|label| Some(Node::Blank(label))),
            _ => Ok(None),
        }
    }

    /// The dot, and after it nothing but a comment.
    pub(super) fn end(&mut self, with_graph: bool) -> Result<(), Refusal> {
        if self.first() != Some(b'.') {
            let what = if with_graph { "'.' after the statement" } else { "'.' after the triple" };
            return Err(self.expected(what));
        }
        self.advance(1);
        self.skip_spaces();
        if self.is_blank() { Ok(()) } else { Err(self.expected("end of line after the statement")) }
    }

    fn first(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Moves on by `bytes`, which end at a character's end.
    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn expected(&self, what: &str) -> Refusal {
        let found = self.rest.chars().next().map_or("end of line".to_owned(), |found| found.to_string());
        Refusal::parse(format!("Expected {what}, found: {found}"))
    }

    /// `<…>` with an absolute IRI inside.
    fn iri<'b>(&mut self, scratch: &'b mut String) -> Result<&'b str, Refusal>
    where
        'a: 'b,
    {
        let body = self.rest.get(1..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'>', body.as_bytes()) else {
            return Err(Refusal::parse(format!(
                "Expected '>' at the end of the IRI, found: end of line after '<{}'",
                excerpt(body)
            )));
        };
        let written = body.get(..end).unwrap_or_default();
        self.advance(end + 2);
        self.skip_spaces();
        let iri = unescape(written, false, scratch)?;
        iri::check(iri).map_err(|error| {
            Refusal::parse(format!("Expected an absolute IRI, found: <{}> ({error})", excerpt(iri)))
        })?;
        Ok(iri)
    }

    /// `_:label`; gives the label.
    fn blank(&mut self) -> Result<&'a str, Refusal> {
        let Some(body) = self.rest.strip_prefix("_:") else {
            self.advance(1);
            return Err(self.expected("':' after '_'"));
        };
        let long = body.find(|character| !is_label_character(character) && character != '.').unwrap_or(body.len());
        // A dot may stand in a label, but not end it: there it ends the statement.
        let label = body.get(..long).unwrap_or_default().trim_end_matches('.');
        let good = label.chars().next().is_some_and(|first| is_label_start(first) || first.is_ascii_digit());
        if !good {
            self.rest = body;
            return Err(self.expected("a letter, a digit or '_' after '_:'"));
        }
        self.rest = body.get(label.len()..).unwrap_or_default();
        self.skip_spaces();
        Ok(label)
    }

    /// `"…"`, then nothing, a language or a datatype.
    fn literal<'b>(&mut self, scratch: &'b mut String, datatype: &'b mut String) -> Result<Node<'b>, Refusal>
    where
        'a: 'b,
    {
        let body = self.rest.get(1..).unwrap_or_default();
        let Some(end) = closing_quote(body.as_bytes()) else {
            return Err(Refusal::parse(format!(
                "Expected '\"' at the end of the literal, found: end of line after '\"{}'",
                excerpt(body)
            )));
        };
        let written = body.get(..end).unwrap_or_default();
        self.advance(end + 2);
        let value = unescape(written, true, scratch)?;
        self.skip_spaces();
        match self.first() {
            Some(b'@') => {
                let language = self.language()?;
                Ok(Node::Literal { value, language: Some(language), datatype: None })
            }
            Some(b'^') => {
                if !self.rest.starts_with("^^") {
                    self.advance(1);
                    return Err(self.expected("'^' after '^'"));
                }
                self.advance(2);
                self.skip_spaces();
                if self.first() != Some(b'<') {
                    return Err(self.expected("'<' of the datatype"));
                }
                let datatype = self.iri(datatype)?;
                if datatype == oxrdf::vocab::rdf::LANG_STRING.as_str() {
                    return Err(Refusal::parse(format!(
                        "Expected a language tag, found: the datatype <{datatype}> without one"
                    )));
                }
                Ok(Node::Literal { value, language: None, datatype: Some(datatype) })
            }
            _ => Ok(Node::Literal { value, language: None, datatype: None }),
        }
    }

    /// `@en-GB`, as written.
    fn language(&mut self) -> Result<&'a str, Refusal> {
        let body = self.rest.get(1..).unwrap_or_default();
        let end = body.find(|character: char| !character.is_ascii_alphanumeric() && character != '-');
        let tag = body.get(..end.unwrap_or(body.len())).unwrap_or_default();
        if tag.is_empty() || LanguageTag::parse(tag).is_err() {
            return Err(Refusal::parse(format!(
                "Expected a language tag such as en or en-GB, found: @{}",
                excerpt(if tag.is_empty() { body } else { tag })
            )));
        }
        self.advance(tag.len() + 1);
        self.skip_spaces();
        Ok(tag)
    }
}

/// The place of the first quote that is not escaped.
fn closing_quote(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', body.get(at..)?)?;
        if body.get(found) == Some(&b'"') {
            return Some(found);
        }
        at = found + 2; // the backslash and what it escapes
    }
}

/// Resolves `\u`, `\U` and, in literals, the short escapes.
fn unescape<'b, 'a: 'b>(written: &'a str, short: bool, scratch: &'b mut String) -> Result<&'b str, Refusal> {
    if memchr::memchr(b'\\', written.as_bytes()).is_none() {
        return Ok(written);
    }
    scratch.clear();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('\\') {
        scratch.push_str(before);
        let (character, length) = escape(after, short).ok_or_else(|| {
            Refusal::parse(format!(
                "Expected an escape such as \\u00e9{}, found: \\{}",
                if short { " or \\n" } else { "" },
                after.chars().take(9).collect::<String>()
            ))
        })?;
        scratch.push(character);
        rest = after.get(length..).unwrap_or_default();
    }
    scratch.push_str(rest);
    Ok(scratch)
}

/// The character of an escape, and its length without the backslash.
fn escape(after: &str, short: bool) -> Option<(char, usize)> {
    let hex = |digits: usize| {
        let text = after.get(1..=digits)?;
        let valid = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = valid.then(|| u32::from_str_radix(text, 16).ok()).flatten()?;
        Some((char::from_u32(number)?, digits + 1))
    };
    let plain = |character| short.then_some((character, 1));
    match after.bytes().next()? {
        b'u' => hex(4),
        b'U' => hex(8),
        b't' => plain('\t'),
        b'b' => plain('\u{8}'),
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b'f' => plain('\u{c}'),
        b'"' => plain('"'),
        b'\'' => plain('\''),
        b'\\' => plain('\\'),
        _ => None,
    }
}

/// `PN_CHARS_U` of the grammar.
fn is_label_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// `PN_CHARS` of the grammar.
fn is_label_character(character: char) -> bool {
    is_label_start(character)
        || matches!(character, '-' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
