//! The clauses that read.

use super::statement::Place;
use super::{Parser, Result};
use crate::ErrorKind;
use crate::lexer::{Keyword, TokenKind};
use crate::tree::{
    Call, Clause, Expression, Match, PlanHint, Return, Span, Subquery, Unwind, With, Yield, YieldItem, YieldItems,
};

impl Parser<'_> {
    /// The next clause, if there is one.
    pub(super) fn clause(&mut self) -> Result<Option<Clause>> {
        let start = self.here();
        let TokenKind::Keyword(keyword) = self.peek() else {
            self.expect_also("a clause");
            return Ok(None);
        };
        let clause = match keyword {
            Keyword::Match => {
                self.advance();
                Clause::Match(self.match_clause(start, false)?)
            }
            Keyword::Optional => {
                self.advance();
                self.expect_keyword(Keyword::Match)?;
                Clause::Match(self.match_clause(start, true)?)
            }
            Keyword::Unwind => {
                self.advance();
                let list = self.expression()?;
                self.expect_keyword(Keyword::As)?;
                let variable = self.variable()?;
                Clause::Unwind(Unwind { list, variable, span: self.since(start) })
            }
            Keyword::Call => {
                self.advance();
                self.call(start)?
            }
            Keyword::With => {
                self.advance();
                let projection = self.projection()?;
                let filter = self.filter()?;
                Clause::With(With { projection, filter, span: self.since(start) })
            }
            Keyword::Return => {
                self.advance();
                let projection = self.projection()?;
                Clause::Return(Return { projection, span: self.since(start) })
            }
            Keyword::Mandatory if self.peek_keyword(1, Keyword::Match) => {
                return Err(self.unsupported(start, "MANDATORY MATCH", "MATCH and a look at the number of rows"));
            }
            Keyword::Load => return Err(self.unsupported(start, "LOAD CSV", "the bulk loader")),
            _ => {
                let clause = self.update(keyword)?;
                if clause.is_none() {
                    self.expect_also("a clause");
                }
                return Ok(clause);
            }
        };
        Ok(Some(clause))
    }

    fn unsupported(&self, span: Span, name: &str, instead: &str) -> crate::Error {
        let message = format!("{name} operation/feature unsupported Exception: use {instead} instead");
        self.error(ErrorKind::Unsupported, span, message)
    }

    fn match_clause(&mut self, start: Span, optional: bool) -> Result<Match> {
        let pattern = self.list(Self::pattern_part)?;
        let mut hints = Vec::new();
        while self.eat_keyword(Keyword::Using) {
            hints.push(self.plan_hint()?);
        }
        let filter = self.filter()?;
        Ok(Match { optional, pattern, hints, filter, span: self.since(start) })
    }

    /// `WHERE predicate`, if it is there.
    pub(super) fn filter(&mut self) -> Result<Option<Expression>> {
        if self.eat_keyword(Keyword::Where) { self.expression().map(Some) } else { Ok(None) }
    }

    fn plan_hint(&mut self) -> Result<PlanHint> {
        if self.eat_keyword(Keyword::Index) {
            // `SEEK` may also be the name of the node.
            let seek = self.peek_keyword(0, Keyword::Seek) && self.peek_at(1) != TokenKind::Colon;
            if seek {
                self.advance();
            }
            let variable = self.variable()?;
            self.expect(TokenKind::Colon)?;
            let label = self.name()?;
            self.expect(TokenKind::OpenParen)?;
            let keys = self.list(Self::name)?;
            self.expect(TokenKind::CloseParen)?;
            Ok(PlanHint::Index { seek, variable, label, keys })
        } else if self.eat_keyword(Keyword::Scan) {
            let variable = self.variable()?;
            self.expect(TokenKind::Colon)?;
            Ok(PlanHint::Scan { variable, label: self.name()? })
        } else if self.eat_keyword(Keyword::Join) {
            self.expect_keyword(Keyword::On)?;
            Ok(PlanHint::Join { variables: self.list(Self::variable)? })
        } else {
            Err(self.unexpected())
        }
    }

    fn call(&mut self, start: Span) -> Result<Clause> {
        if self.eat(TokenKind::OpenBrace) {
            let query = self.nested(|parser| parser.query(Place::Subquery))?;
            self.expect(TokenKind::CloseBrace)?;
            return Ok(Clause::Subquery(Subquery { query, span: self.since(start) }));
        }
        let procedure = self.qualified_name()?;
        let arguments = if self.eat(TokenKind::OpenParen) {
            Some(self.list_until(TokenKind::CloseParen, Self::expression)?)
        } else {
            None
        };
        let yields = self.at_keyword(Keyword::Yield).then(|| self.yields()).transpose()?;
        Ok(Clause::Call(Call { procedure, arguments, yields, span: self.since(start) }))
    }

    fn yields(&mut self) -> Result<Yield> {
        let start = self.expect_keyword(Keyword::Yield)?;
        let items = if self.eat(TokenKind::Star) {
            YieldItems::All
        } else {
            YieldItems::Some(self.list(|parser| {
                let field = parser.name()?;
                let alias = if parser.eat_keyword(Keyword::As) { Some(parser.variable()?) } else { None };
                Ok(YieldItem { field, alias })
            })?)
        };
        let filter = self.filter()?;
        Ok(Yield { items, filter, span: self.since(start) })
    }
}
