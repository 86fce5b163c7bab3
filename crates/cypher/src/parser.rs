//! Tokens to a tree, by recursive descent without a second try.
//!
//! The parser keeps what it has looked for since the last token it took, so that an error can say what was expected
//! without any rule having to know its neighbours.
//!
//! - `statement`: prefixes, hints, UNION, and which clauses may follow which.
//! - `clause`, `projection`, `update`: the clauses.
//! - `pattern`: patterns.
//! - `expression`, `atom`: operators by precedence, and what they stand between.
//! - `literal`: what numbers, strings and quoted names say.

mod atom;
mod clause;
mod expression;
mod literal;
mod pattern;
mod projection;
mod spelling;
mod statement;
mod update;

pub(crate) use expression::Level;

use crate::lexer::{self, Keyword, Token, TokenKind};
use crate::limits::{MAX_HEIGHT, MAX_NESTING, MAX_TEXT};
use crate::tree::{Name, QualifiedName, Span, Statement};
use crate::{Error, ErrorKind};

type Result<T, E = Error> = std::result::Result<T, E>;

/// A text and what it says.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The text: a column without alias is called as its piece of it.
    pub text: Box<str>,
    /// What it says.
    pub statement: Statement,
}

/// Reads one statement; a semicolon may follow it.
///
/// Costs a time linear in the text, and memory for about thirty times as many bytes at worst.
///
/// # Errors
///
/// The first mistake of the text, or that it is too long or too deeply nested: see [`ErrorKind`].
pub fn parse(text: &str) -> Result<Parsed, Error> {
    if text.len() > MAX_TEXT {
        let message = format!("Invalid input: the query has {} bytes, at most {MAX_TEXT} are read", text.len());
        return Err(Error::new(ErrorKind::TextTooLong, text, Span::default(), message));
    }
    let (tokens, lex_error) = lexer::lex(text);
    let mut parser = Parser { text, tokens, lex_error, next: 0, expected: Vec::new(), nesting: 0, height: 0 };
    let statement = parser.statement()?;
    Ok(Parsed { text: text.into(), statement })
}

struct Parser<'a> {
    text: &'a str,
    /// Never empty: [`TokenKind::End`] is the last.
    tokens: Vec<Token>,
    /// What stopped the lexer, if something did.
    lex_error: Option<Error>,
    /// The next token.
    next: usize,
    /// What was looked for at this token and not found.
    expected: Vec<&'static str>,
    /// How deep the parser is inside of itself.
    nesting: u32,
    /// The height of the highest expression that was finished since this was last set to zero.
    height: u32,
}

impl Parser<'_> {
    fn token(&self, ahead: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[(self.next + ahead).min(last)]
    }

    fn peek(&self) -> TokenKind {
        self.token(0).kind
    }

    fn peek_at(&self, ahead: usize) -> TokenKind {
        self.token(ahead).kind
    }

    fn peek_keyword(&self, ahead: usize, keyword: Keyword) -> bool {
        self.peek_at(ahead) == TokenKind::Keyword(keyword)
    }

    /// Where the next token stands.
    fn here(&self) -> Span {
        self.token(0).span
    }

    /// Where the last token that was taken stands.
    fn before(&self) -> Span {
        self.tokens[self.next.saturating_sub(1)].span
    }

    /// From the beginning of `start` to the end of what was taken last.
    fn since(&self, start: Span) -> Span {
        start.to(self.before())
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }

    /// Takes the next token, whatever it is.
    fn advance(&mut self) -> Token {
        let token = self.token(0);
        if token.kind != TokenKind::End {
            self.next += 1;
        }
        self.expected.clear();
        token
    }

    /// Whether the next token is of this kind; if not, an error here will say that it could have been.
    fn at(&mut self, kind: TokenKind) -> bool {
        let is_there = self.peek() == kind;
        if !is_there {
            self.expect_also(kind.describe());
        }
        is_there
    }

    /// Lets an error here say that this would have been possible.
    fn expect_also(&mut self, what: &'static str) {
        if !self.expected.contains(&what) {
            self.expected.push(what);
        }
    }

    fn at_keyword(&mut self, keyword: Keyword) -> bool {
        self.at(TokenKind::Keyword(keyword))
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let is_there = self.at(kind);
        if is_there {
            self.advance();
        }
        is_there
    }

    fn eat_keyword(&mut self, keyword: Keyword) -> bool {
        self.eat(TokenKind::Keyword(keyword))
    }

    fn expect(&mut self, kind: TokenKind) -> Result<Span> {
        if self.at(kind) { Ok(self.advance().span) } else { Err(self.unexpected()) }
    }

    fn expect_keyword(&mut self, keyword: Keyword) -> Result<Span> {
        self.expect(TokenKind::Keyword(keyword))
    }

    /// One or more, with commas between them.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.eat(TokenKind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// None or more, with commas between them, up to a bracket, which is taken.
    fn list_until<T>(&mut self, closer: TokenKind, item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        if self.eat(closer) {
            return Ok(Vec::new());
        }
        let items = self.list(item)?;
        self.expect(closer)?;
        Ok(items)
    }

    /// The name of a variable: a word that is not reserved, or any in backticks.
    fn variable(&mut self) -> Result<Name> {
        if self.at_variable(0) {
            return Ok(self.name_here());
        }
        self.expect_also("a variable");
        Err(self.unexpected())
    }

    /// Whether the token so far ahead can name a variable.
    fn at_variable(&self, ahead: usize) -> bool {
        match self.peek_at(ahead) {
            TokenKind::Word | TokenKind::Quoted => true,
            TokenKind::Keyword(keyword) => !keyword.is_reserved(),
            _ => false,
        }
    }

    /// The name of a label, type, key or field: any word.
    fn name(&mut self) -> Result<Name> {
        if self.at_name(0) {
            return Ok(self.name_here());
        }
        self.expect_also("a name");
        Err(self.unexpected())
    }

    fn at_name(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead), TokenKind::Word | TokenKind::Quoted | TokenKind::Keyword(_))
    }

    fn name_here(&mut self) -> Name {
        let span = self.advance().span;
        Name { text: literal::unquote(self.slice(span)), span }
    }

    fn qualified_name(&mut self) -> Result<QualifiedName> {
        let start = self.here();
        let mut parts = vec![self.name()?];
        while self.eat(TokenKind::Dot) {
            parts.push(self.name()?);
        }
        Ok(QualifiedName { parts, span: self.since(start) })
    }

    /// `:Label:Label…`, as far as it goes.
    fn labels(&mut self) -> Result<Vec<Name>> {
        let mut labels = Vec::new();
        while self.eat(TokenKind::Colon) {
            labels.push(self.name()?);
        }
        Ok(labels)
    }

    /// Runs a rule one level further down, and counts what it read as one node above the highest expression inside.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_NESTING {
            let message = format!("Invalid input: brackets are nested more than {MAX_NESTING} levels deep here");
            return Err(self.error(ErrorKind::NestedTooDeeply, self.here(), message));
        }
        self.nesting += 1;
        let highest_beside = std::mem::take(&mut self.height);
        let node = rule(self)?;
        self.grow()?;
        self.height = self.height.max(highest_beside);
        self.nesting -= 1;
        Ok(node)
    }

    /// Counts a node above the highest expression since the height was set to zero.
    fn grow(&mut self) -> Result<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT {
            let message = format!("Invalid input: more than {MAX_HEIGHT} operators stand above one another here");
            return Err(self.error(ErrorKind::NestedTooDeeply, self.before(), message));
        }
        Ok(())
    }

    fn error(&self, kind: ErrorKind, span: Span, message: impl Into<Box<str>>) -> Error {
        Error::new(kind, self.text, span, message)
    }

    /// The next token fits nowhere: says what would have.
    fn unexpected(&mut self) -> Error {
        let Token { kind, span, .. } = self.token(0);
        if kind == TokenKind::Invalid
            && let Some(error) = self.lex_error.take()
        {
            return error;
        }
        let expected = spelling::listed(&self.expected);
        let (error_kind, message) = match kind {
            TokenKind::End => {
                (ErrorKind::UnexpectedSyntax, format!("Invalid input: the query ends where {expected} was expected"))
            }
            TokenKind::Dash | TokenKind::LeftHead | TokenKind::RightHead => (
                ErrorKind::InvalidUnicodeCharacter,
                format!(
                    "Invalid input '{}': this is not the ASCII character {}, expected {expected}",
                    self.slice(span),
                    kind.describe()
                ),
            ),
            _ => {
                let found = spelling::shortened(self.slice(span));
                let hint = match kind {
                    TokenKind::Word => spelling::meant(self.slice(span), &self.expected),
                    TokenKind::Keyword(keyword) if keyword.is_reserved() && self.expected.contains(&"a variable") => {
                        Some(format!(", or `{}` in backticks, as it is a word of the language", self.slice(span)))
                    }
                    _ => None,
                };
                let message = format!("Invalid input {found}: expected {expected}{}", hint.unwrap_or_default());
                (ErrorKind::UnexpectedSyntax, message)
            }
        };
        self.error(error_kind, span, message)
    }
}
