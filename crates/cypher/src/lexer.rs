//! Text to tokens.
//!
//! All tokens are made before parsing begins, since brackets find their partners on the way: whether `(` opens a pattern
//! or an expression is then seen by looking behind its partner, and no text is ever parsed twice. A token is a kind and
//! a place; what a number or string says is looked at when the parser takes it, so that `{1x: 2}` is a map with a wrong
//! key and not a wrong number.

mod keyword;
mod token;

pub(crate) use keyword::Keyword;
pub(crate) use token::{Token, TokenKind};

use crate::tree::Span;
use crate::{Error, ErrorKind};

/// The tokens of a text, with [`TokenKind::End`] behind the last. Where the text cannot be read the list ends with
/// [`TokenKind::Invalid`] and `End`, and the error is beside it: it counts only when the parser comes there.
pub(crate) fn lex(text: &str) -> (Vec<Token>, Option<Error>) {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::with_capacity(text.len() / 4 + 2), open: Vec::new() };
    let error = lexer.run().err();
    if error.is_some() {
        lexer.push(TokenKind::Invalid, lexer.at);
    }
    lexer.at = text.len();
    lexer.push(TokenKind::End, text.len());
    (lexer.tokens, error)
}

struct Lexer<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    tokens: Vec<Token>,
    /// Brackets without a partner yet, as positions in `tokens`.
    open: Vec<usize>,
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), Error> {
        loop {
            self.skip_blanks()?;
            let start = self.at;
            let Some(first) = self.peek() else { return Ok(()) };
            let kind = match first {
                '0'..='9' => self.number(),
                '.' if self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit) => self.number(),
                '\'' | '"' => self.string(first)?,
                '`' => self.quoted()?,
                '$' => self.parameter()?,
                _ if is_word_start(first) => self.word(),
                _ => self.symbol(first)?,
            };
            self.push(kind, start);
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take_while(&mut self, accepts: impl Fn(char) -> bool) {
        self.at += self.rest().find(|next| !accepts(next)).unwrap_or(self.text.len() - self.at);
    }

    /// Adds the token from `start` to here, and joins it with its partner if it is a closing bracket.
    fn push(&mut self, kind: TokenKind, start: usize) {
        let here = self.tokens.len();
        self.tokens.push(Token::new(kind, span(start, self.at)));
        if kind.closer().is_some() {
            self.open.push(here);
        } else if let Some(&opener) = self.open.last()
            && self.tokens[opener].kind.closer() == Some(kind)
        {
            self.open.pop();
            self.tokens[opener].partner = here as u32;
        }
    }

    fn error(&self, kind: ErrorKind, start: usize, message: impl Into<Box<str>>) -> Error {
        Error::new(kind, self.text, span(start, self.at), message)
    }

    fn skip_blanks(&mut self) -> Result<(), Error> {
        loop {
            self.take_while(is_blank);
            let rest = self.rest();
            if rest.starts_with("//") {
                self.take_while(|next| next != '\n');
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let start = self.at;
                match comment.find("*/") {
                    Some(length) => self.at += length + 4,
                    None => {
                        return Err(self.error(
                            ErrorKind::UnexpectedSyntax,
                            start,
                            "Invalid input: the comment that begins here has no end, expected '*/'",
                        ));
                    }
                }
            } else {
                return Ok(());
            }
        }
    }

    /// A number, with all letters that stick to it: the parser says what is wrong with them.
    fn number(&mut self) -> TokenKind {
        let is_plain = !(self.rest().starts_with("0x") || self.rest().starts_with("0X"));
        self.take_while(|next| next.is_ascii_digit());
        let bytes = self.text.as_bytes();
        let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        if is_plain && bytes.get(self.at) == Some(&b'.') && digit_at(self.at + 1) {
            self.at += 1;
            self.take_while(|next| next.is_ascii_digit());
        }
        if is_plain
            && matches!(bytes.get(self.at), Some(b'e' | b'E'))
            && matches!(bytes.get(self.at + 1), Some(b'+' | b'-'))
            && digit_at(self.at + 2)
        {
            self.at += 2;
        }
        self.take_while(is_word_part);
        TokenKind::Number
    }

    fn string(&mut self, quote: char) -> Result<TokenKind, Error> {
        let start = self.at;
        self.at += 1;
        loop {
            self.take_while(|next| next != quote && next != '\\');
            match self.peek() {
                Some('\\') => {
                    self.at += 1;
                    self.at += self.peek().map_or(0, char::len_utf8);
                }
                Some(_) => {
                    self.at += 1;
                    return Ok(TokenKind::String);
                }
                None => {
                    let message = format!("Invalid input: the string that begins here has no end, expected {quote}");
                    return Err(self.error(ErrorKind::UnexpectedSyntax, start, message));
                }
            }
        }
    }

    /// A name between backticks; two backticks inside stand for one.
    fn quoted(&mut self) -> Result<TokenKind, Error> {
        let start = self.at;
        self.at += 1;
        loop {
            self.take_while(|next| next != '`');
            if self.rest().starts_with("``") {
                self.at += 2;
            } else if self.peek().is_some() {
                self.at += 1;
                if self.at == start + 2 {
                    let message = "Invalid input '``': a name between backticks has at least one character";
                    return Err(self.error(ErrorKind::UnexpectedSyntax, start, message));
                }
                return Ok(TokenKind::Quoted);
            } else {
                let message = "Invalid input: the name that begins here has no end, expected '`'";
                return Err(self.error(ErrorKind::UnexpectedSyntax, start, message));
            }
        }
    }

    /// `$` and a name or number right behind it.
    fn parameter(&mut self) -> Result<TokenKind, Error> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some('`') => {
                self.quoted()?;
            }
            Some(next) if is_word_part(next) => self.take_while(is_word_part),
            _ => {
                let message = "Invalid input '$': expected the name of a parameter right behind it, as in $name";
                return Err(self.error(ErrorKind::UnexpectedSyntax, start, message));
            }
        }
        Ok(TokenKind::Parameter)
    }

    fn word(&mut self) -> TokenKind {
        let start = self.at;
        self.take_while(is_word_part);
        Keyword::of(&self.text[start..self.at]).map_or(TokenKind::Word, TokenKind::Keyword)
    }

    fn symbol(&mut self, first: char) -> Result<TokenKind, Error> {
        let start = self.at;
        let (kind, length) = TokenKind::of_symbol(self.rest());
        self.at += length;
        if let Some(kind) = kind {
            return Ok(kind);
        }
        let kind = if first.is_ascii() { ErrorKind::UnexpectedSyntax } else { ErrorKind::InvalidUnicodeCharacter };
        let message = format!("Invalid input '{}': this character means nothing here", first.escape_debug());
        Err(self.error(kind, start, message))
    }
}

const fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}' | '\u{180e}' | '\u{feff}')
}

/// Whether an identifier may begin so.
fn is_word_start(character: char) -> bool {
    character == '_' || unicode_ident::is_xid_start(character)
}

/// Whether an identifier may go on so.
fn is_word_part(character: char) -> bool {
    unicode_ident::is_xid_continue(character)
}

/// Whether a name can stand without backticks.
pub(crate) fn is_word(name: &str) -> bool {
    name.starts_with(is_word_start) && name.chars().all(is_word_part)
}

/// Whether the name of a parameter can stand without backticks.
pub(crate) fn is_parameter_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_word_part)
}
