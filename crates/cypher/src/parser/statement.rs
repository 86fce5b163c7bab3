//! Prefixes, hints, UNION, and which clauses may follow which.

use super::{Parser, Result};
use crate::ErrorKind;
use crate::lexer::{Keyword, TokenKind};
use crate::tree::{
    Call, Clause, Foreach, Hint, Mode, PlanCache, Query, SingleQuery, Span, Statement, Union, Yield, YieldItems,
};

/// Where a query stands, which decides on what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The statement itself.
    Whole,
    /// `CALL { … }`: reads only, and returns.
    Subquery,
    /// `EXISTS { … }`: reads only, and need not return.
    Exists,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Whole => "a query",
            Self::Subquery => "CALL { … }",
            Self::Exists => "EXISTS { … }",
        }
    }
}

impl Parser<'_> {
    pub(super) fn statement(&mut self) -> Result<Statement> {
        let start = self.here();
        let mut mode = Mode::Run;
        let mut hints = Vec::new();
        loop {
            if mode == Mode::Run && self.eat_keyword(Keyword::Explain) {
                mode = Mode::Explain;
            } else if mode == Mode::Run && self.eat_keyword(Keyword::Profile) {
                mode = Mode::Profile;
            } else if self.eat_keyword(Keyword::Using) {
                hints.push(self.query_hint()?);
            } else {
                break;
            }
        }
        let query = self.query(Place::Whole)?;
        let span = self.since(start);
        self.eat(TokenKind::Semicolon);
        if !self.at(TokenKind::End) {
            return Err(self.unexpected());
        }
        Ok(Statement { mode, hints, query, span })
    }

    /// `QUERY:HINT value`, behind USING. Upper and lower case are one, in the value too.
    fn query_hint(&mut self) -> Result<Hint> {
        self.expect_keyword(Keyword::Query)?;
        self.expect(TokenKind::Colon)?;
        let name = self.name()?;
        let start = self.here();
        let value = match self.peek() {
            TokenKind::String => self.string()?,
            TokenKind::Number | TokenKind::Word | TokenKind::Keyword(Keyword::True | Keyword::False) => {
                let span = self.advance().span;
                self.slice(span).into()
            }
            _ => {
                self.expect_also("the value of the hint");
                return Err(self.unexpected());
            }
        };
        let (hint, values) = match name.text.to_ascii_lowercase().as_str() {
            "plancache" => (
                match value.to_ascii_lowercase().as_str() {
                    "enabled" => Some(Hint::PlanCache(PlanCache::Enabled)),
                    "disabled" => Some(Hint::PlanCache(PlanCache::Disabled)),
                    "auto" => Some(Hint::PlanCache(PlanCache::Auto)),
                    _ => None,
                },
                "\"enabled\", \"disabled\" or \"auto\"",
            ),
            "timeoutmilliseconds" => {
                (value.parse().ok().map(Hint::TimeoutMilliseconds), "a number of milliseconds, zero or more")
            }
            "assumeconsistentdatatypes" => {
                (value.to_ascii_lowercase().parse().ok().map(Hint::AssumeConsistentDataTypes), "\"true\" or \"false\"")
            }
            _ => {
                let message = format!(
                    "Invalid input '{}': expected one of the hints PLANCACHE, TIMEOUTMILLISECONDS and \
                     assumeConsistentDataTypes",
                    name.text
                );
                return Err(self.error(ErrorKind::InvalidHint, name.span, message));
            }
        };
        hint.ok_or_else(|| {
            let message = format!("Invalid input '{value}': the hint {} takes {values}", name.text);
            self.error(ErrorKind::InvalidHint, start, message)
        })
    }

    /// Parts with UNION between them.
    pub(super) fn query(&mut self, place: Place) -> Result<Query> {
        let start = self.here();
        let mut union = None;
        let mut parts = vec![self.single_query(place)?];
        while self.at_keyword(Keyword::Union) {
            let here = self.advance().span;
            let this = if self.eat_keyword(Keyword::All) { Union::All } else { Union::Distinct };
            if union.is_some_and(|union| union != this) {
                let message = "Invalid input 'UNION': UNION and UNION ALL cannot be mixed in a query";
                return Err(self.error(ErrorKind::InvalidClauseComposition, here, message));
            }
            union = Some(this);
            parts.push(self.single_query(place)?);
        }
        Ok(Query { union: union.unwrap_or_default(), parts, span: self.since(start) })
    }

    fn single_query(&mut self, place: Place) -> Result<SingleQuery> {
        let start = self.here();
        let mut clauses: Vec<Clause> = Vec::new();
        while let Some(clause) = self.clause()? {
            let ends = matches!(clause, Clause::Return(_));
            self.check_order(clauses.last(), &clause)?;
            if place != Place::Whole && clause.is_update() {
                let message = format!("Invalid input '{}': {} cannot change the graph", clause.keyword(), place.name());
                return Err(self.error(ErrorKind::InvalidClauseComposition, clause.span(), message));
            }
            clauses.push(clause);
            if ends {
                break;
            }
        }
        if clauses.is_empty() {
            return Err(self.unexpected());
        }
        let span = self.since(start);
        self.check_end(&clauses, place)?;
        self.check_calls(&clauses, place)?;
        Ok(SingleQuery { clauses, span })
    }

    /// Between an update and a clause that reads, there is a WITH.
    fn check_order(&self, before: Option<&Clause>, clause: &Clause) -> Result<()> {
        let Some(before) = before.filter(|before| before.is_update()) else { return Ok(()) };
        match clause {
            Clause::Match(_) | Clause::Unwind(_) | Clause::Call(_) | Clause::Subquery(_) => {
                let (before, keyword) = (before.keyword(), clause.keyword());
                let message = format!("Invalid input '{keyword}': expected WITH between {before} and {keyword}");
                Err(self.error(ErrorKind::InvalidClauseComposition, clause.span(), message))
            }
            _ => Ok(()),
        }
    }

    /// A query ends with RETURN, with an update, or with a procedure that is called for itself.
    fn check_end(&mut self, clauses: &[Clause], place: Place) -> Result<()> {
        let Some(last) = clauses.last() else { return Ok(()) };
        let is_end = match last {
            Clause::Return(_) => true,
            Clause::Call(call) => match place {
                Place::Whole => clauses.len() == 1 || call.yields.is_none(),
                Place::Subquery => false,
                Place::Exists => true,
            },
            _ => last.is_update() || place == Place::Exists,
        };
        if is_end {
            return Ok(());
        }
        // A wrong word behind the last clause is the mistake to tell about, if there is one.
        let ends_here = match place {
            Place::Whole => {
                matches!(self.peek(), TokenKind::End | TokenKind::Semicolon | TokenKind::Keyword(Keyword::Union))
            }
            _ => matches!(self.peek(), TokenKind::CloseBrace | TokenKind::Keyword(Keyword::Union)),
        };
        if !ends_here {
            return Err(self.unexpected());
        }
        let ends = match place {
            Place::Whole => "RETURN or a clause that changes the graph",
            _ => "RETURN",
        };
        let message =
            format!("Invalid input: {} cannot end with {}, expected {ends} behind it", place.name(), last.keyword());
        Err(self.error(ErrorKind::InvalidClauseComposition, last.span(), message))
    }

    /// What only a call that is alone in its query may leave out.
    fn check_calls(&self, clauses: &[Clause], place: Place) -> Result<()> {
        if clauses.len() == 1 && place == Place::Whole {
            return Ok(());
        }
        for clause in clauses {
            let Clause::Call(Call { procedure, arguments, yields, span }) = clause else { continue };
            if let Some(Yield { items: YieldItems::All, span, .. }) = yields {
                let message = "Invalid input '*': expected the names of fields behind YIELD, \
                               as the call is not alone in its query";
                return Err(self.error(ErrorKind::UnexpectedSyntax, *span, message));
            }
            if arguments.is_none() {
                let message = format!(
                    "Invalid input: expected arguments behind {}, as the call is not alone in its query",
                    procedure.joined()
                );
                return Err(self.error(ErrorKind::InvalidArgumentPassingMode, *span, message));
            }
        }
        Ok(())
    }

    /// `(variable IN list | updates)`, behind FOREACH.
    pub(super) fn foreach(&mut self, start: Span) -> Result<Foreach> {
        self.expect(TokenKind::OpenParen)?;
        let variable = self.variable()?;
        self.expect_keyword(Keyword::In)?;
        let list = self.expression()?;
        self.expect(TokenKind::Bar)?;
        let clauses = self.nested(|parser| {
            let mut clauses = Vec::new();
            while let Some(clause) = parser.clause()? {
                if !clause.is_update() {
                    let message = format!(
                        "Invalid input '{}': FOREACH holds only clauses that change the graph",
                        clause.keyword()
                    );
                    return Err(parser.error(ErrorKind::InvalidClauseComposition, clause.span(), message));
                }
                clauses.push(clause);
            }
            Ok(clauses)
        })?;
        if clauses.is_empty() {
            return Err(self.unexpected());
        }
        self.expect(TokenKind::CloseParen)?;
        Ok(Foreach { variable, list, clauses, span: self.since(start) })
    }
}
