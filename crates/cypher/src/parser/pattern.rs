//! Patterns.

use super::{Parser, Result};
use crate::lexer::{Keyword, TokenKind};
use crate::tree::{
    Direction, Length, Literal, Name, NodePattern, PathForm, PathPattern, PatternPart, Properties, RelationshipPattern,
    Span, Step,
};
use crate::{Error, ErrorKind};

impl Parser<'_> {
    /// `[variable =] path`.
    pub(super) fn pattern_part(&mut self) -> Result<PatternPart> {
        let start = self.here();
        let variable = if self.at_variable(0) && self.peek_at(1) == TokenKind::Equal {
            let variable = self.variable()?;
            self.advance();
            Some(variable)
        } else {
            None
        };
        let mut part = self.anonymous_part()?;
        part.variable = variable;
        part.span = self.since(start);
        Ok(part)
    }

    /// A path, or the shortest ones of a path.
    pub(super) fn anonymous_part(&mut self) -> Result<PatternPart> {
        let start = self.here();
        let form = match self.peek() {
            TokenKind::Keyword(Keyword::ShortestPath) => PathForm::Shortest,
            TokenKind::Keyword(Keyword::AllShortestPaths) => PathForm::AllShortest,
            _ => {
                let path = self.path()?;
                return Ok(PatternPart { variable: None, form: PathForm::Any, path, span: self.since(start) });
            }
        };
        let span = self.advance().span;
        self.expect(TokenKind::OpenParen)?;
        let path = self.path()?;
        self.expect(TokenKind::CloseParen)?;
        if path.steps.len() != 1 {
            let found = self.slice(span);
            let message =
                format!("Invalid input: {found} takes one relationship between two nodes, not {}", path.steps.len());
            return Err(self.error(ErrorKind::UnexpectedSyntax, span, message));
        }
        Ok(PatternPart { variable: None, form, path, span: self.since(start) })
    }

    /// Nodes joined by relationships, within brackets or without.
    pub(super) fn path(&mut self) -> Result<PathPattern> {
        let start = self.here();
        // `((a)-->(b))` is the path inside.
        if self.peek() == TokenKind::OpenParen && self.peek_at(1) == TokenKind::OpenParen {
            self.advance();
            let path = self.nested(Self::path)?;
            self.expect(TokenKind::CloseParen)?;
            return Ok(path);
        }
        let first = self.node()?;
        let mut steps = Vec::new();
        while self.at_relationship() {
            let relationship = self.relationship()?;
            let node = self.node()?;
            steps.push(Step { relationship, node });
        }
        Ok(PathPattern { start: first, steps, span: self.since(start) })
    }

    fn node(&mut self) -> Result<NodePattern> {
        let start = self.expect(TokenKind::OpenParen)?;
        let variable = if self.at_variable(0) { Some(self.variable()?) } else { None };
        if variable.is_none() {
            self.expect_also("a variable");
        }
        let labels = self.labels()?;
        let properties = self.properties()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(NodePattern { variable, labels, properties, span: self.since(start) })
    }

    fn properties(&mut self) -> Result<Option<Properties>> {
        if self.at(TokenKind::OpenBrace) {
            let entries = self.nested(Self::map_entries)?;
            Ok(Some(Properties::Map(entries)))
        } else if self.at(TokenKind::Parameter) {
            Ok(Some(Properties::Parameter(self.parameter())))
        } else {
            Ok(None)
        }
    }

    /// `$name`, at which the parser is.
    pub(super) fn parameter(&mut self) -> Name {
        let span = self.advance().span;
        let name = Span::new(span.start() as u32 + 1, span.end() as u32);
        Name { text: super::literal::unquote(self.slice(name)), span }
    }

    fn is_dash(kind: TokenKind) -> bool {
        matches!(kind, TokenKind::Minus | TokenKind::Dash)
    }

    fn is_left_head(kind: TokenKind) -> bool {
        matches!(kind, TokenKind::Less | TokenKind::LeftHead)
    }

    fn is_right_head(kind: TokenKind) -> bool {
        matches!(kind, TokenKind::Greater | TokenKind::RightHead)
    }

    fn at_relationship(&mut self) -> bool {
        let is_there = Self::is_dash(self.peek()) || Self::is_left_head(self.peek()) && Self::is_dash(self.peek_at(1));
        if !is_there {
            self.expect_also("a relationship");
        }
        is_there
    }

    fn dash(&mut self) -> Result<()> {
        if Self::is_dash(self.peek()) {
            self.advance();
            return Ok(());
        }
        self.expect_also("'-'");
        Err(self.unexpected())
    }

    fn relationship(&mut self) -> Result<RelationshipPattern> {
        let start = self.here();
        let goes_left = Self::is_left_head(self.peek());
        if goes_left {
            self.advance();
        }
        self.dash()?;
        let mut relationship = RelationshipPattern {
            variable: None,
            types: Vec::new(),
            length: None,
            properties: None,
            direction: Direction::Either,
            span: start,
        };
        if self.eat(TokenKind::OpenBracket) {
            self.relationship_detail(&mut relationship)?;
            self.expect(TokenKind::CloseBracket)?;
        }
        self.dash()?;
        let goes_right = Self::is_right_head(self.peek());
        if goes_right {
            self.advance();
        } else {
            self.expect_also("'>'");
        }
        relationship.direction = match (goes_left, goes_right) {
            (true, false) => Direction::Left,
            (false, true) => Direction::Right,
            (true, true) | (false, false) => Direction::Either,
        };
        relationship.span = self.since(start);
        Ok(relationship)
    }

    fn relationship_detail(&mut self, relationship: &mut RelationshipPattern) -> Result<()> {
        if self.at_variable(0) {
            relationship.variable = Some(self.variable()?);
        } else {
            self.expect_also("a variable");
        }
        if self.eat(TokenKind::Colon) {
            relationship.types.push(self.name()?);
            while self.eat(TokenKind::Bar) {
                self.eat(TokenKind::Colon);
                relationship.types.push(self.name()?);
            }
        }
        if self.eat(TokenKind::Star) {
            relationship.length = Some(self.length()?);
        } else if matches!(self.peek(), TokenKind::DotDot | TokenKind::Number) {
            return Err(self.not_a_length(self.here()));
        }
        relationship.properties = self.properties()?;
        Ok(())
    }

    /// Behind `*`: nothing, `2`, `1..2`, `1..`, `..2` or `..`.
    fn length(&mut self) -> Result<Length> {
        let min = self.bound()?;
        if self.eat(TokenKind::DotDot) {
            return Ok(Length { min, max: self.bound()? });
        }
        Ok(Length { min, max: min })
    }

    fn bound(&mut self) -> Result<Option<u64>> {
        let span = self.here();
        match self.peek() {
            TokenKind::Number => match self.number(false)? {
                Literal::Integer(number) => Ok(u64::try_from(number).ok()),
                _ => Err(self.not_a_length(span)),
            },
            TokenKind::Minus | TokenKind::Plus => Err(self.not_a_length(span)),
            _ => {
                self.expect_also("a number");
                Ok(None)
            }
        }
    }

    fn not_a_length(&self, span: Span) -> Error {
        let message = format!(
            "Invalid input '{}': expected the length of a relationship, as *, *2, *1..3, *2.. or *..3, \
             in whole numbers of zero or more",
            self.slice(span)
        );
        self.error(ErrorKind::InvalidRelationshipPattern, span, message)
    }

    /// Whether the bracket here opens the first node of a path with at least one relationship.
    ///
    /// `(a)-[b]-(c)` could be a subtraction too; like every openCypher, we take it for a pattern. All that has to be
    /// looked at is the inside of the first node, and what is behind the brackets.
    pub(super) fn at_path(&self, ahead: usize) -> bool {
        if self.peek_at(ahead) != TokenKind::OpenParen {
            return false;
        }
        let Some(behind) = self.behind_partner(ahead) else { return false };
        let close = behind - 1;
        let mut inside = ahead + 1;
        if self.at_variable(inside) {
            inside += 1;
        }
        while self.peek_at(inside) == TokenKind::Colon && self.at_name(inside + 1) {
            inside += 2;
        }
        match self.peek_at(inside) {
            TokenKind::OpenBrace => match self.behind_partner(inside) {
                Some(behind) => inside = behind,
                None => return false,
            },
            TokenKind::Parameter => inside += 1,
            _ => {}
        }
        inside == close && self.is_relationship(behind)
    }

    /// How far ahead the token behind a bracket's partner is.
    fn behind_partner(&self, ahead: usize) -> Option<usize> {
        let partner = self.token(ahead).partner as usize;
        (partner > self.next).then(|| partner - self.next + 1)
    }

    /// Whether the tokens from there are a relationship between two nodes.
    fn is_relationship(&self, mut ahead: usize) -> bool {
        let goes_left = Self::is_left_head(self.peek_at(ahead));
        ahead += usize::from(goes_left);
        if !Self::is_dash(self.peek_at(ahead)) {
            return false;
        }
        ahead += 1;
        if self.peek_at(ahead) == TokenKind::OpenBracket {
            match self.behind_partner(ahead) {
                Some(behind) => ahead = behind,
                None => return false,
            }
        }
        if !Self::is_dash(self.peek_at(ahead)) {
            return false;
        }
        ahead += 1;
        ahead += usize::from(Self::is_right_head(self.peek_at(ahead)));
        self.peek_at(ahead) == TokenKind::OpenParen
    }
}
