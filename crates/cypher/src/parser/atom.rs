//! What operators stand between.

use super::expression::Level;
use super::statement::Place;
use super::{Parser, Result};
use crate::lexer::{Keyword, TokenKind};
use crate::tree::{
    Branch, Clause, Expression, ExpressionKind, FunctionCall, ListComprehension, Literal, MapProjection,
    MapProjectionItem, Match, Name, PatternComprehension, Quantifier, QuantifierKind, Query, Reduce, SingleQuery, Span,
    Union,
};

impl Parser<'_> {
    pub(super) fn atom(&mut self) -> Result<Expression> {
        let start = self.here();
        let kind = match self.peek() {
            TokenKind::Number => ExpressionKind::Literal(self.number(false)?),
            TokenKind::String => ExpressionKind::Literal(Literal::String(self.string()?)),
            TokenKind::Parameter => ExpressionKind::Parameter(self.parameter()),
            TokenKind::OpenBracket => return self.list_atom(start),
            TokenKind::OpenBrace => ExpressionKind::Map(self.nested(Self::map_entries)?),
            TokenKind::OpenParen if self.at_path(0) => return self.path_atom(start),
            TokenKind::OpenParen => {
                self.advance();
                let inside = self.expression()?;
                self.expect(TokenKind::CloseParen)?;
                return Ok(inside);
            }
            TokenKind::Keyword(keyword) => match self.keyword_atom(keyword)? {
                Some(kind) => kind,
                None => return self.named_atom(start),
            },
            _ => return self.named_atom(start),
        };
        Ok(Expression::new(kind, self.since(start)))
    }

    fn path_atom(&mut self, start: Span) -> Result<Expression> {
        let part = self.nested(Self::anonymous_part)?;
        Ok(Expression::new(ExpressionKind::Pattern(Box::new(part)), self.since(start)))
    }

    /// What a keyword begins, unless it is only a name here.
    fn keyword_atom(&mut self, keyword: Keyword) -> Result<Option<ExpressionKind>> {
        let is_call = self.peek_at(1) == TokenKind::OpenParen;
        let kind = match keyword {
            Keyword::True => self.constant(Literal::Boolean(true)),
            Keyword::False => self.constant(Literal::Boolean(false)),
            Keyword::Null => self.constant(Literal::Null),
            Keyword::Case => self.nested(Self::case)?,
            Keyword::Exists if self.peek_at(1) == TokenKind::OpenBrace => self.nested(Self::exists)?,
            Keyword::Count if is_call && self.peek_at(2) == TokenKind::Star => {
                self.advance();
                self.advance();
                self.advance();
                self.expect(TokenKind::CloseParen)?;
                ExpressionKind::CountAll
            }
            Keyword::All if is_call => self.quantifier(QuantifierKind::All)?,
            Keyword::Any if is_call => self.quantifier(QuantifierKind::Any)?,
            Keyword::None if is_call => self.quantifier(QuantifierKind::None)?,
            Keyword::Single if is_call => self.quantifier(QuantifierKind::Single)?,
            Keyword::Reduce if is_call => self.reduce()?,
            // The older names of list comprehensions.
            Keyword::Filter | Keyword::Extract if is_call => {
                self.advance();
                self.advance();
                let comprehension = self.list_comprehension()?;
                self.expect(TokenKind::CloseParen)?;
                comprehension
            }
            Keyword::ShortestPath | Keyword::AllShortestPaths if is_call => {
                ExpressionKind::Pattern(Box::new(self.nested(Self::anonymous_part)?))
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    fn constant(&mut self, literal: Literal) -> ExpressionKind {
        self.advance();
        ExpressionKind::Literal(literal)
    }

    /// A variable, with its map projection if there is one, or the call of a function.
    fn named_atom(&mut self, start: Span) -> Result<Expression> {
        let kind = if self.at_function() {
            self.function_call()?
        } else if self.at_variable(0) {
            let variable = self.variable()?;
            if self.peek() == TokenKind::OpenBrace {
                self.nested(|parser| parser.map_projection(variable))?
            } else {
                ExpressionKind::Variable(variable)
            }
        } else {
            self.expect_also("an expression");
            return Err(self.unexpected());
        };
        Ok(Expression::new(kind, self.since(start)))
    }

    /// Whether a name with dots and then a bracket follow. Reserved words are no functions, but for one.
    fn at_function(&self) -> bool {
        let is_name = self.at_variable(0) || self.peek_keyword(0, Keyword::Exists);
        let mut ahead = 1;
        while is_name && self.peek_at(ahead) == TokenKind::Dot && self.at_name(ahead + 1) {
            ahead += 2;
        }
        is_name && self.peek_at(ahead) == TokenKind::OpenParen
    }

    fn function_call(&mut self) -> Result<ExpressionKind> {
        let name = self.qualified_name()?;
        self.expect(TokenKind::OpenParen)?;
        let distinct = self.eat_keyword(Keyword::Distinct);
        let arguments = self.list_until(TokenKind::CloseParen, Self::expression)?;
        Ok(ExpressionKind::Call(Box::new(FunctionCall { name, distinct, arguments })))
    }

    fn case(&mut self) -> Result<ExpressionKind> {
        self.advance();
        let subject = if self.at_keyword(Keyword::When) { None } else { Some(Box::new(self.expression()?)) };
        let mut branches = Vec::new();
        while self.eat_keyword(Keyword::When) {
            let condition = self.expression()?;
            self.expect_keyword(Keyword::Then)?;
            branches.push(Branch { condition, value: self.expression()? });
        }
        if branches.is_empty() {
            return Err(self.unexpected());
        }
        let otherwise = if self.eat_keyword(Keyword::Else) { Some(Box::new(self.expression()?)) } else { None };
        self.expect_keyword(Keyword::End)?;
        Ok(ExpressionKind::Case { subject, branches, otherwise })
    }

    /// `EXISTS { … }`, with a query inside or a bare pattern.
    fn exists(&mut self) -> Result<ExpressionKind> {
        self.advance();
        self.expect(TokenKind::OpenBrace)?;
        let is_pattern = self.peek() == TokenKind::OpenParen
            || self.at_variable(0) && matches!(self.peek_at(1), TokenKind::Equal | TokenKind::OpenParen);
        let query = if is_pattern {
            let start = self.here();
            let pattern = self.list(Self::pattern_part)?;
            let filter = self.filter()?;
            let span = self.since(start);
            let clause = Clause::Match(Match { optional: false, pattern, hints: Vec::new(), filter, span });
            let part = SingleQuery { clauses: vec![clause], span };
            Query { union: Union::Distinct, parts: vec![part], span }
        } else {
            self.expect_also("a pattern");
            self.query(Place::Exists)?
        };
        self.expect(TokenKind::CloseBrace)?;
        Ok(ExpressionKind::Exists(Box::new(query)))
    }

    fn quantifier(&mut self, kind: QuantifierKind) -> Result<ExpressionKind> {
        self.advance();
        self.expect(TokenKind::OpenParen)?;
        let variable = self.variable()?;
        self.expect_keyword(Keyword::In)?;
        let list = self.expression()?;
        self.expect_keyword(Keyword::Where)?;
        let predicate = self.expression()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(ExpressionKind::Quantifier(Box::new(Quantifier { kind, variable, list, predicate })))
    }

    fn reduce(&mut self) -> Result<ExpressionKind> {
        self.advance();
        self.expect(TokenKind::OpenParen)?;
        let accumulator = self.variable()?;
        self.expect(TokenKind::Equal)?;
        let initial = self.expression()?;
        self.expect(TokenKind::Comma)?;
        let variable = self.variable()?;
        self.expect_keyword(Keyword::In)?;
        let list = self.expression()?;
        self.expect(TokenKind::Bar)?;
        let value = self.expression()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(ExpressionKind::Reduce(Box::new(Reduce { accumulator, initial, variable, list, value })))
    }

    /// A list, or one made from another list or from paths.
    fn list_atom(&mut self, start: Span) -> Result<Expression> {
        self.advance();
        let kind = if self.at_variable(0) && self.peek_keyword(1, Keyword::In) {
            self.list_comprehension()?
        } else if self.at_variable(0) && self.peek_at(1) == TokenKind::Equal && self.at_path(2) {
            let variable = self.variable()?;
            self.advance();
            let path = self.nested(Self::path)?;
            self.pattern_comprehension(Some(variable), path)?
        } else if self.at_path(0) {
            self.list_after_path()?
        } else {
            let elements = self.list_until(TokenKind::CloseBracket, Self::expression)?;
            return Ok(Expression::new(ExpressionKind::List(elements), self.since(start)));
        };
        self.expect(TokenKind::CloseBracket)?;
        Ok(Expression::new(kind, self.since(start)))
    }

    /// A pattern comprehension, or a list whose first element begins with a pattern. All but the bracket at the end.
    fn list_after_path(&mut self) -> Result<ExpressionKind> {
        let start = self.here();
        let part = self.nested(Self::anonymous_part)?;
        if self.at_keyword(Keyword::Where) || self.at(TokenKind::Bar) {
            return self.pattern_comprehension(None, part.path);
        }
        let pattern = Expression::new(ExpressionKind::Pattern(Box::new(part)), self.since(start));
        let mut elements = vec![self.climb_from(start, pattern, Level::Or)?];
        while self.eat(TokenKind::Comma) {
            elements.push(self.expression()?);
        }
        Ok(ExpressionKind::List(elements))
    }

    /// Behind the path.
    fn pattern_comprehension(
        &mut self,
        variable: Option<Name>,
        path: crate::tree::PathPattern,
    ) -> Result<ExpressionKind> {
        let filter = self.filter()?;
        self.expect(TokenKind::Bar)?;
        let value = self.expression()?;
        Ok(ExpressionKind::PatternComprehension(Box::new(PatternComprehension { variable, path, filter, value })))
    }

    fn list_comprehension(&mut self) -> Result<ExpressionKind> {
        let variable = self.variable()?;
        self.expect_keyword(Keyword::In)?;
        let list = self.expression()?;
        let filter = self.filter()?;
        let value = if self.eat(TokenKind::Bar) { Some(self.expression()?) } else { None };
        Ok(ExpressionKind::ListComprehension(Box::new(ListComprehension { variable, list, filter, value })))
    }

    /// `{key: value, …}` with its brackets.
    pub(super) fn map_entries(&mut self) -> Result<Vec<(Name, Expression)>> {
        self.expect(TokenKind::OpenBrace)?;
        self.list_until(TokenKind::CloseBrace, |parser| {
            let key = parser.name()?;
            parser.expect(TokenKind::Colon)?;
            Ok((key, parser.expression()?))
        })
    }

    fn map_projection(&mut self, variable: Name) -> Result<ExpressionKind> {
        self.expect(TokenKind::OpenBrace)?;
        let items = self.list_until(TokenKind::CloseBrace, |parser| {
            if parser.eat(TokenKind::Dot) {
                if parser.eat(TokenKind::Star) {
                    return Ok(MapProjectionItem::AllProperties);
                }
                return Ok(MapProjectionItem::Property(parser.name()?));
            }
            if parser.peek_at(1) == TokenKind::Colon {
                let key = parser.name()?;
                parser.advance();
                return Ok(MapProjectionItem::Entry(key, parser.expression()?));
            }
            Ok(MapProjectionItem::Variable(parser.variable()?))
        })?;
        Ok(ExpressionKind::MapProjection(Box::new(MapProjection { variable, items })))
    }
}
